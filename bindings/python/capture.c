/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "python/glue.h"

static PyTypeObject *record_type;

int
vskpy_capture_setup(PyObject *module)
{
    static PyStructSequence_Field names[] = {
        {"packet", "the packet, with a payload of its own"},
        {"time", "nanoseconds since 1970"},
        {"comment", "the first comment, or None"},
        {"cut", "whether payload is missing that was not captured"},
        {0}};
    static PyStructSequence_Desc desc = {
        "vsk.Record", "A packet as a capture has it.", names, 4};

    record_type = PyStructSequence_NewType(&desc);
    if (record_type == NULL)
        return -1;
    return PyModule_AddObjectRef(module, "Record", (PyObject *)record_type);
}

static PyObject *
comment_text(const kit_record *record)
{
    if (record->comment == NULL)
        return Py_NewRef(Py_None);
    return PyUnicode_DecodeUTF8(record->comment, record->comment_size,
                                "replace");
}

PyObject *
vskpy_record(const kit_record *record)
{
    PyObject *packet = vskpy_wrap(VSKPY_PACKET, record->packet);
    PyObject *tuple = NULL;

    if (packet == NULL)
        kit_packet_delete(record->packet);
    else
        tuple = PyStructSequence_New(record_type);
    if (tuple == NULL) {
        Py_XDECREF(packet);
        return NULL;
    }
    PyStructSequence_SET_ITEM(tuple, 0, packet);
    PyStructSequence_SET_ITEM(tuple, 1,
                              PyLong_FromUnsignedLongLong(record->time));
    PyStructSequence_SET_ITEM(tuple, 2, comment_text(record));
    PyStructSequence_SET_ITEM(tuple, 3, PyBool_FromLong(record->cut));
    if (PyErr_Occurred())
        Py_CLEAR(tuple);
    return tuple;
}

static PyObject *
get_skipped(PyObject *self, void *closure)
{
    const kit_capture *capture = vskpy_self(self);

    (void)closure;
    return capture == NULL ? NULL
                           : PyLong_FromUnsignedLongLong(capture->skipped);
}

PyGetSetDef vskpy_capture_getset[] = {
    {"skipped", get_skipped, NULL,
     "Records read so far that were no packets of virtio-vsock.", NULL},
    {0},
};

int
vskpy_capture_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static const char *const names[] = {NULL};
    kit_capture *capture;

    if (vskpy_fresh(self) < 0 ||
        !PyArg_ParseTupleAndKeywords(args, kwargs, ":Capture",
                                     VSKPY_NAMES(names)) ||
        vskpy_check(kit_capture_new(&capture)) < 0)
        return -1;
    vskpy_own(self, capture);
    return 0;
}

PyObject *
vskpy_capture_repr(PyObject *self)
{
    const kit_capture *capture = ((SwigPyObject *)self)->ptr;

    if (capture == NULL)
        return PyUnicode_FromString("<Capture, not initialised>");
    if (capture->closed)
        return PyUnicode_FromString("<Capture, closed>");
    return PyUnicode_FromFormat("<Capture, %llu records>",
                                (unsigned long long)capture->records);
}
