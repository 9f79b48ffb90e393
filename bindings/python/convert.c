/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Python values into C ones, exactly or not at all. */
#include "python/glue.h"

static int
out_of_range(const char *name, uint64_t max)
{
    char words[128];

    PyOS_snprintf(words, sizeof words, "%s must be from 0 to %llu", name,
                  (unsigned long long)max);
    vskpy_raise(VSK_ERR_ARGUMENT, words);
    return -1;
}

int
vskpy_integer(PyObject *object, uint64_t max, const char *name, uint64_t *value)
{
    PyObject *number = PyNumber_Index(object);
    unsigned long long wide;

    if (number == NULL)
        return -1;
    wide = PyLong_AsUnsignedLongLong(number);
    Py_DECREF(number);
    if (wide == (unsigned long long)-1 && PyErr_Occurred()) {
        if (!PyErr_ExceptionMatches(PyExc_OverflowError))
            return -1;
        PyErr_Clear();
        return out_of_range(name, max);
    }
    if (wide > max)
        return out_of_range(name, max);
    *value = wide;
    return 0;
}

/* The items of a sequence that is no longer than a chain can be, as a tuple of
 * our own: an item's __index__ may do anything, to the sequence too. */
static PyObject *
sequence(PyObject *object, const char *words)
{
    Py_ssize_t size;

    if (!PySequence_Check(object) || PyUnicode_Check(object) ||
        PyBytes_Check(object)) {
        PyErr_SetString(PyExc_TypeError, words);
        return NULL;
    }
    size = PySequence_Size(object);
    if (size > 2 * (Py_ssize_t)VSK_RING_MAX)
        vskpy_raise(VSK_ERR_LONG, "");
    return PyErr_Occurred() ? NULL : PySequence_Tuple(object);
}

int
vskpy_layout(PyObject *object, kit_layout *layout)
{
    PyObject *items = sequence(object, "layout must be a list of lengths");
    Py_ssize_t count;

    if (items == NULL)
        return -1;
    count = PyTuple_GET_SIZE(items);
    layout->count = (uint32_t)count;
    layout->pieces = calloc((size_t)count + 1, sizeof *layout->pieces);
    if (layout->pieces == NULL)
        PyErr_NoMemory();
    for (Py_ssize_t i = 0; i < count && !PyErr_Occurred(); i++) {
        uint64_t wide = 0;

        if (vskpy_integer(PyTuple_GET_ITEM(items, i), UINT32_MAX,
                          "a length in layout", &wide) == 0)
            layout->pieces[i] = (uint32_t)wide;
    }
    Py_DECREF(items);
    return PyErr_Occurred() ? -1 : 0;
}

static int
buffer_from(PyObject *object, vsk_buffer *buffer)
{
    PyObject *addr, *len;
    const char *kind;
    uint64_t wide;

    if (!PyTuple_Check(object)) {
        PyErr_SetString(PyExc_TypeError,
                        "a buffer is (address, length, 'r' or 'w')");
        return -1;
    }
    if (!PyArg_ParseTuple(object, "OOs;a buffer is (address, length, kind)",
                          &addr, &len, &kind))
        return -1;
    if (strcmp(kind, "r") != 0 && strcmp(kind, "w") != 0) {
        vskpy_raise(VSK_ERR_ARGUMENT, "a buffer's kind is 'r' or 'w'");
        return -1;
    }
    if (vskpy_integer(addr, UINT64_MAX, "address", &buffer->addr) < 0 ||
        vskpy_integer(len, UINT32_MAX, "length", &wide) < 0)
        return -1;
    buffer->len = (uint32_t)wide;
    buffer->write = kind[0] == 'w';
    return 0;
}

int
vskpy_list(PyObject *object, kit_list *list)
{
    PyObject *items = sequence(object, "buffers must be a list of tuples");
    Py_ssize_t count;

    if (items == NULL)
        return -1;
    count = PyTuple_GET_SIZE(items);
    list->count = (uint32_t)count;
    list->buffers = calloc((size_t)count + 1, sizeof *list->buffers);
    if (list->buffers == NULL)
        PyErr_NoMemory();
    for (Py_ssize_t i = 0; i < count && !PyErr_Occurred(); i++)
        (void)buffer_from(PyTuple_GET_ITEM(items, i), &list->buffers[i]);
    Py_DECREF(items);
    return PyErr_Occurred() ? -1 : 0;
}

static int
range_from(PyObject *object, vsk_range *range)
{
    PyObject *addr, *size;

    if (!PyTuple_Check(object)) {
        PyErr_SetString(PyExc_TypeError, "a region is (address, size)");
        return -1;
    }
    if (!PyArg_ParseTuple(object, "OO;a region is (address, size)", &addr,
                          &size))
        return -1;
    if (vskpy_integer(addr, UINT64_MAX, "address", &range->addr) < 0)
        return -1;
    return vskpy_integer(size, UINT64_MAX, "size", &range->size);
}

int
vskpy_ranges(PyObject *object, vsk_range **ranges, uint32_t *count)
{
    PyObject *items = sequence(object, "regions must be a list of tuples");
    Py_ssize_t size;

    if (items == NULL)
        return -1;
    size = PyTuple_GET_SIZE(items);
    *count = (uint32_t)size;
    *ranges = calloc((size_t)size + 1, sizeof **ranges);
    if (*ranges == NULL)
        PyErr_NoMemory();
    for (Py_ssize_t i = 0; i < size && !PyErr_Occurred(); i++)
        (void)range_from(PyTuple_GET_ITEM(items, i), &(*ranges)[i]);
    Py_DECREF(items);
    return PyErr_Occurred() ? -1 : 0;
}
