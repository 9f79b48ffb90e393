/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Python values into C ones, exactly or not at all. */
#include "python/glue.h"

/* Whether a format of Os, those behind a bar optional, takes so many. */
static bool
takes(const char *format, Py_ssize_t count)
{
    Py_ssize_t least = -1, most = 0;

    for (; *format != ':'; format++) {
        if (*format == '|')
            least = most;
        else
            most++;
    }
    return count <= most && count >= (least < 0 ? most : least);
}

/* Python's own call looks each keyword up, also where none is given; it says
 * what is wrong, too. */
int
vskpy_arguments(PyObject *args, PyObject *kwargs, const char *format,
                char **names, ...)
{
    Py_ssize_t count = PyTuple_GET_SIZE(args);
    int done = 1;
    va_list list;

    va_start(list, names);
    if (kwargs == NULL && takes(format, count)) {
        for (Py_ssize_t i = 0; i < count; i++)
            *va_arg(list, PyObject **) = PyTuple_GET_ITEM(args, i);
    } else {
        done = PyArg_VaParseTupleAndKeywords(args, kwargs, format, names, list);
    }
    va_end(list);
    return done;
}

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

/* Make one entry of a table; -1 with an exception set. */
typedef int (*converter)(PyObject *object, void *item);

/* A table, malloc'd, of what a sequence holds; NULL with an exception set. */
static void *
table_from(PyObject *object, const char *words, converter convert, size_t size,
           uint32_t *count)
{
    PyObject *items = sequence(object, words);
    uint8_t *table;

    if (items == NULL)
        return NULL;
    *count = (uint32_t)PyTuple_GET_SIZE(items);
    table = calloc((size_t)*count + 1, size);
    if (table == NULL)
        PyErr_NoMemory();
    for (uint32_t i = 0; i < *count && !PyErr_Occurred(); i++)
        (void)convert(PyTuple_GET_ITEM(items, i), table + i * size);
    Py_DECREF(items);
    if (!PyErr_Occurred())
        return table;
    free(table);
    return NULL;
}

static int
length_from(PyObject *object, void *item)
{
    uint32_t *length = item;
    uint64_t wide;

    if (vskpy_integer(object, UINT32_MAX, "a length in layout", &wide) < 0)
        return -1;
    *length = (uint32_t)wide;
    return 0;
}

int
vskpy_layout(PyObject *object, kit_layout *layout)
{
    layout->pieces =
        table_from(object, "layout must be a list of lengths", length_from,
                   sizeof *layout->pieces, &layout->count);
    return layout->pieces == NULL ? -1 : 0;
}

static int
buffer_from(PyObject *object, void *item)
{
    vsk_buffer *buffer = item;
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
    list->buffers =
        table_from(object, "buffers must be a list of tuples", buffer_from,
                   sizeof *list->buffers, &list->count);
    return list->buffers == NULL ? -1 : 0;
}

static int
range_from(PyObject *object, void *item)
{
    vsk_range *range = item;
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
    *ranges = table_from(object, "regions must be a list of tuples", range_from,
                         sizeof **ranges, count);
    return *ranges == NULL ? -1 : 0;
}
