/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "python/glue.h"

static PyTypeObject *desc_type;

int
vskpy_queue_setup(PyObject *module)
{
    static PyStructSequence_Field names[] = {
        {"addr", "guest address of a buffer, or of an indirect table"},
        {"len", "bytes"},
        {"flags", "NEXT 1, WRITE 2, INDIRECT 4, packed: AVAIL 128, USED 32768"},
        {"next", "slot that follows, where NEXT is set; packed: the buffer id"},
        {0}};
    static PyStructSequence_Desc desc = {
        "vsk.Desc", "A descriptor as it stands in memory.", names, 4};

    desc_type = PyStructSequence_NewType(&desc);
    if (desc_type == NULL)
        return -1;
    return PyModule_AddObjectRef(module, "Desc", (PyObject *)desc_type);
}

PyObject *
vskpy_desc(const vsk_desc *desc)
{
    PyObject *tuple = PyStructSequence_New(desc_type);

    if (tuple == NULL)
        return NULL;
    PyStructSequence_SET_ITEM(tuple, 0,
                              PyLong_FromUnsignedLongLong(desc->addr));
    PyStructSequence_SET_ITEM(tuple, 1, PyLong_FromUnsignedLong(desc->len));
    PyStructSequence_SET_ITEM(tuple, 2, PyLong_FromLong(desc->flags));
    PyStructSequence_SET_ITEM(tuple, 3, PyLong_FromLong(desc->next));
    if (PyErr_Occurred())
        Py_CLEAR(tuple);
    return tuple;
}

PyObject *
vskpy_used(const vsk_used *used)
{
    vsk_used *copy = malloc(sizeof *copy);

    if (copy == NULL)
        return PyErr_NoMemory();
    *copy = *used;
    return vskpy_wrap(VSKPY_USED, copy);
}

int
vskpy_queue_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static const char *const names[] = {"memory",    "size",   "indirect",
                                        "event_idx", "packed", "in_order",
                                        "ring",      NULL};
    PyObject *memory_object, *size_object = NULL, *ring_object = Py_None;
    int indirect = 1, event_idx = 1, packed = 0, in_order = 0;
    uint64_t size = 256, features;
    kit_memory *memory;
    kit_queue *queue;
    const vsk_image_ring *ring;
    vsk_status status;

    if (vskpy_fresh(self) < 0 ||
        !PyArg_ParseTupleAndKeywords(args, kwargs, "O|O$ppppO:Queue",
                                     VSKPY_NAMES(names), &memory_object,
                                     &size_object, &indirect, &event_idx,
                                     &packed, &in_order, &ring_object))
        return -1;
    memory = vskpy_unwrap(VSKPY_MEMORY, memory_object);
    if (memory == NULL)
        return -1;
    if (size_object != NULL &&
        vskpy_integer(size_object, UINT32_MAX, "size", &size) < 0)
        return -1;
    if (ring_object != Py_None) {
        ring = vskpy_unwrap(VSKPY_RING, ring_object);
        if (ring == NULL)
            return -1;
        status = kit_queue_open(memory, ring, &queue);
    } else {
        features = (indirect ? VSK_F_INDIRECT_DESC : 0u) |
                   (event_idx ? VSK_F_EVENT_IDX : 0u) |
                   (packed ? VSK_F_RING_PACKED : 0u) |
                   (in_order ? VSK_F_IN_ORDER : 0u);
        status = kit_queue_new(memory, (uint32_t)size, features, &queue);
    }
    if (vskpy_check(status) < 0)
        return -1;
    /* A value's __index__ may have called __init__ on this very object. */
    if (vskpy_fresh(self) < 0) {
        kit_queue_unref(queue);
        return -1;
    }
    vskpy_own(self, queue);
    return 0;
}

/* The queue that an end is asked for. */
static kit_queue *
queue_argument(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static const char *const names[] = {"queue", NULL};
    PyObject *queue;

    if (vskpy_fresh(self) < 0 ||
        !PyArg_ParseTupleAndKeywords(args, kwargs, "O", VSKPY_NAMES(names),
                                     &queue))
        return NULL;
    return vskpy_unwrap(VSKPY_QUEUE, queue);
}

int
vskpy_driver_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
    kit_queue *queue = queue_argument(self, args, kwargs);

    if (queue == NULL)
        return -1;
    vskpy_own(self, kit_queue_driver(queue));
    return 0;
}

int
vskpy_device_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
    kit_queue *queue = queue_argument(self, args, kwargs);

    if (queue == NULL)
        return -1;
    vskpy_own(self, kit_queue_device(queue));
    return 0;
}

static PyObject *
get_size(PyObject *self, void *closure)
{
    const kit_queue *queue = vskpy_self(self);

    (void)closure;
    return queue == NULL ? NULL : PyLong_FromUnsignedLong(queue->ring.size);
}

static PyObject *
get_ring(PyObject *self, void *closure)
{
    const kit_queue *queue = vskpy_self(self);
    vsk_image_ring *ring;

    (void)closure;
    if (queue == NULL || vskpy_check(kit_queue_check(queue)) < 0)
        return NULL;
    ring = malloc(sizeof *ring);
    if (ring == NULL)
        return PyErr_NoMemory();
    *ring = kit_queue_image(queue);
    return vskpy_wrap(VSKPY_RING, ring);
}

/* Names of the ring's fields, each with whether all slots have one. */
static PyObject *
get_fields(PyObject *self, void *closure)
{
    const kit_queue *queue = vskpy_self(self);
    const char *name;
    PyObject *names;
    bool slots;

    (void)closure;
    names = queue == NULL ? NULL : PyDict_New();
    for (uint32_t i = 0;
         names != NULL && (name = kit_queue_field(queue, i, &slots)) != NULL;
         i++)
        if (PyDict_SetItemString(names, name, slots ? Py_True : Py_False) < 0)
            Py_CLEAR(names);
    return names;
}

/* Descriptors of each chain that has not come back to the driver, by its head
 * or buffer id. */
static PyObject *
outstanding(const kit_queue *queue)
{
    PyObject *chains = PyDict_New();

    for (uint32_t i = 0; chains != NULL && i < queue->ring.size; i++) {
        PyObject *name, *count;

        if (queue->slots[i].count == 0)
            continue;
        name = PyLong_FromUnsignedLong(i);
        count = PyLong_FromUnsignedLong(queue->slots[i].count);
        if (name == NULL || count == NULL ||
            PyDict_SetItem(chains, name, count) < 0)
            Py_CLEAR(chains);
        Py_XDECREF(name);
        Py_XDECREF(count);
    }
    return chains;
}

/* Where both ends stand: (offered, reaped, popped, used, outstanding). */
static PyObject *
get_ends(PyObject *self, void *closure)
{
    const kit_queue *queue = vskpy_self(self);
    const vsk_ring_driver *driver;
    const vsk_ring_device *device;

    (void)closure;
    if (queue == NULL || vskpy_check(kit_queue_check(queue)) < 0)
        return NULL;
    driver = &queue->driver.end.ring;
    device = &queue->device.end.ring;
    return Py_BuildValue("iiiiN", driver->state.avail, driver->state.used,
                         device->state.avail, device->state.used,
                         outstanding(queue));
}

static PyObject *
get_packed(PyObject *self, void *closure)
{
    const kit_queue *queue = vskpy_self(self);

    (void)closure;
    return queue == NULL ? NULL
                         : PyBool_FromLong(
                               (queue->ring.features & VSK_F_RING_PACKED) != 0);
}

PyGetSetDef vskpy_queue_getset[] = {
    {"_ends", get_ends, NULL, NULL, NULL},
    {"_fields", get_fields, NULL, NULL, NULL},
    {"packed", get_packed, NULL, "Whether it is a packed ring.", NULL},
    {"size", get_size, NULL, "Number of descriptors.", NULL},
    {"ring", get_ring, NULL, "Where the ring stands in guest memory.", NULL},
    {0},
};

static PyObject *
get_free(PyObject *self, void *closure)
{
    const kit_driver *driver = vskpy_self(self);

    (void)closure;
    return driver == NULL ? NULL
                          : PyLong_FromUnsignedLong(kit_driver_free(driver));
}

static PyObject *
get_outstanding(PyObject *self, void *closure)
{
    const kit_driver *driver = vskpy_self(self);

    (void)closure;
    return driver == NULL
               ? NULL
               : PyLong_FromUnsignedLong(kit_driver_outstanding(driver));
}

PyGetSetDef vskpy_driver_getset[] = {
    {"free", get_free, NULL, "Descriptors that are free.", NULL},
    {"outstanding", get_outstanding, NULL, "Chains that have not come back.",
     NULL},
    {0},
};

static PyObject *
get_held(PyObject *self, void *closure)
{
    const kit_device *device = vskpy_self(self);

    (void)closure;
    return device == NULL ? NULL
                          : PyLong_FromUnsignedLong(kit_device_held(device));
}

PyGetSetDef vskpy_device_getset[] = {
    {"held", get_held, NULL, "Chains popped and not given back.", NULL},
    {0},
};

static PyObject *
used_head(PyObject *self, void *closure)
{
    const vsk_used *used = vskpy_self(self);

    (void)closure;
    return used == NULL ? NULL : PyLong_FromLong(used->head);
}

static PyObject *
used_written(PyObject *self, void *closure)
{
    const vsk_used *used = vskpy_self(self);

    (void)closure;
    return used == NULL ? NULL : PyLong_FromUnsignedLong(used->written);
}

PyGetSetDef vskpy_used_getset[] = {
    {"head", used_head, NULL,
     "Slot of the chain's first descriptor; packed: its buffer id.", NULL},
    {"written", used_written, NULL, "Bytes that the device has written.", NULL},
    {0},
};

PyObject *
vskpy_used_repr(PyObject *self)
{
    const vsk_used *used = ((SwigPyObject *)self)->ptr;

    if (used == NULL)
        return PyUnicode_FromString("<Used, not initialised>");
    return PyUnicode_FromFormat("<Used head=%u written=%u>", used->head,
                                used->written);
}

PyObject *
vskpy_queue_repr(PyObject *self)
{
    const kit_queue *queue = ((SwigPyObject *)self)->ptr;

    if (queue == NULL)
        return PyUnicode_FromString("<Queue, not initialised>");
    return PyUnicode_FromFormat(
        "<Queue, %s, size %u, %u free, %u held>",
        (queue->ring.features & VSK_F_RING_PACKED) != 0 ? "packed" : "split",
        queue->ring.size, kit_driver_free(&queue->driver),
        kit_device_held(&queue->device));
}

PyObject *
vskpy_driver_repr(PyObject *self)
{
    const kit_driver *driver = ((SwigPyObject *)self)->ptr;

    if (driver == NULL)
        return PyUnicode_FromString("<DriverEnd, not initialised>");
    return PyUnicode_FromFormat("<DriverEnd, %u descriptors free, %u chains "
                                "outstanding>",
                                kit_driver_free(driver),
                                kit_driver_outstanding(driver));
}

PyObject *
vskpy_device_repr(PyObject *self)
{
    const kit_device *device = ((SwigPyObject *)self)->ptr;

    if (device == NULL)
        return PyUnicode_FromString("<DeviceEnd, not initialised>");
    return PyUnicode_FromFormat("<DeviceEnd, %u chains held>",
                                kit_device_held(device));
}

PyObject *
vskpy_packets_repr(PyObject *self)
{
    const kit_packets *packets = ((SwigPyObject *)self)->ptr;

    if (packets == NULL)
        return PyUnicode_FromString("<Packets, not initialised>");
    return PyUnicode_FromFormat("<Packets at the %s's end>",
                                packets->driver ? "driver" : "device");
}

PyObject *
vskpy_packets_iter(PyObject *self)
{
    return Py_NewRef(self);
}

PyObject *
vskpy_packets_next(PyObject *self)
{
    kit_packets *packets = vskpy_self(self);
    kit_packet *packet = NULL;
    kit_why why;
    vsk_status status;

    if (packets == NULL)
        return NULL;
    why.text[0] = '\0';
    status = kit_packets_next(packets, &packet, &why);
    if (status < 0)
        vskpy_raise(status, why.text);
    return status == VSK_OK ? vskpy_wrap(VSKPY_PACKET, packet) : NULL;
}
