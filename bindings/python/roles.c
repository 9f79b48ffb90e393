/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Events of a lab as the frontends get them. */
#include "python/glue.h"

/* What an event is about: a view, a packet, (status, text), or None. */
static PyObject *
value_of(kit_event *event)
{
    PyObject *value;

    switch (event->kind) {
    case KIT_TOLD_DATA:
        return vskpy_view(event->block, event->data, event->size,
                          !event->writable);
    case KIT_TOLD_PACKET:
        value = vskpy_wrap(VSKPY_PACKET, event->packet);
        if (value != NULL)
            event->packet = NULL;
        return value;
    case KIT_TOLD_ERROR:
        return Py_BuildValue("is", (int)event->status, event->why.text);
    case KIT_TOLD_PROGRESS:
    case KIT_TOLD_REQUEST:
    case KIT_TOLD_CONNECT:
    case KIT_TOLD_WRITABLE:
    case KIT_TOLD_EOF:
    case KIT_TOLD_CLOSE:
    case KIT_TOLD_RESET:
    case KIT_TOLD_AFTER:
        break;
    }
    return Py_NewRef(Py_None);
}

PyObject *
vskpy_event(kit_event *event)
{
    PyObject *value = value_of(event);

    if (value == NULL)
        return NULL;
    return Py_BuildValue("iIOKN", (int)event->kind, (unsigned)event->pair,
                         event->guest ? Py_True : Py_False,
                         (unsigned long long)event->id, value);
}

/* None in place of what an entry has not. */
static PyObject *
number_or_none(bool there, long number)
{
    return there ? PyLong_FromLong(number) : Py_NewRef(Py_None);
}

PyObject *
vskpy_entry(const kit_entry *entry)
{
    bool refused = entry->kind == VSK_SEEN_REFUSED;

    return Py_BuildValue(
        "KssIzNIN", (unsigned long long)entry->now, vsk_seen_name(entry->kind),
        entry->line, (unsigned)entry->guest_cid,
        entry->has_queue ? vsk_queue_name(entry->queue) : NULL,
        number_or_none(entry->has_head, entry->head), (unsigned)entry->written,
        refused ? vskpy_status(entry->status) : Py_NewRef(Py_None));
}

static PyObject *
ring_of(const kit_stand *stand)
{
    if (stand->size == 0)
        return Py_NewRef(Py_None);
    return Py_BuildValue("IONNNN", (unsigned)stand->size,
                         stand->packed ? Py_True : Py_False,
                         number_or_none(stand->has_driver, stand->driver.avail),
                         number_or_none(stand->has_driver, stand->driver.used),
                         number_or_none(stand->has_device, stand->device.avail),
                         number_or_none(stand->has_device, stand->device.used));
}

PyObject *
vskpy_stand(const kit_entry *entry)
{
    return Py_BuildValue("NN", ring_of(&entry->stand),
                         vskpy_spans(entry->spans, entry->span_count));
}

PyObject *
vskpy_ids(const uint64_t *ids, uint32_t count)
{
    PyObject *list = PyList_New(count);

    for (uint32_t i = 0; list != NULL && i < count; i++) {
        PyObject *id = PyLong_FromUnsignedLongLong(ids[i]);

        if (id == NULL)
            Py_CLEAR(list);
        else
            PyList_SET_ITEM(list, i, id);
    }
    return list;
}
