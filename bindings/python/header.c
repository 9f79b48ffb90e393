/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The ten fields, of Header and of Packet alike: a kit_packet begins with its
 * header, so that one set of accessors serves both. */
#include "python/glue.h"

typedef struct field_info {
    const char *name;
    uint32_t bits;
    size_t offset;
} field_info;

static const field_info fields[] = {
#define FIELD(name, bits, offset, words)                                       \
    {#name, bits, offsetof(vsk_header, name)},
    VSK_HEADER_TABLE(FIELD)
#undef FIELD
};

static PyTypeObject *fields_type;

static uint64_t
load(const vsk_header *header, const field_info *field)
{
    const uint8_t *at = (const uint8_t *)header + field->offset;
    uint64_t wide = 0;
    uint32_t middle;
    uint16_t small;

    if (field->bits == 64) {
        memcpy(&wide, at, sizeof wide);
    } else if (field->bits == 32) {
        memcpy(&middle, at, sizeof middle);
        wide = middle;
    } else {
        memcpy(&small, at, sizeof small);
        wide = small;
    }
    return wide;
}

static void
store(vsk_header *header, const field_info *field, uint64_t wide)
{
    uint8_t *at = (uint8_t *)header + field->offset;
    uint32_t middle = (uint32_t)wide;
    uint16_t small = (uint16_t)wide;

    if (field->bits == 64)
        memcpy(at, &wide, sizeof wide);
    else if (field->bits == 32)
        memcpy(at, &middle, sizeof middle);
    else
        memcpy(at, &small, sizeof small);
}

static PyObject *
get_field(PyObject *self, void *closure)
{
    const vsk_header *header = vskpy_self(self);

    return header == NULL ? NULL
                          : PyLong_FromUnsignedLongLong(load(header, closure));
}

static PyObject *
get_op(PyObject *self, void *closure)
{
    const vsk_header *header = vskpy_self(self);

    (void)closure;
    return header == NULL ? NULL : vskpy_op(header->op);
}

static PyObject *
get_type(PyObject *self, void *closure)
{
    const vsk_header *header = vskpy_self(self);

    (void)closure;
    return header == NULL ? NULL : vskpy_type(header->type);
}

/* The value of a name such as "RW"; -1 where there is none. */
static int
named(const field_info *field, const char *name)
{
    bool op = strcmp(field->name, "op") == 0;

    for (uint16_t value = 0; value < 8; value++) {
        const char *known = op ? vsk_op_name(value) : vsk_type_name(value);

        if (known != NULL && strcmp(known, name) == 0)
            return value;
    }
    return -1;
}

static int
set_named(vsk_header *header, const field_info *field, PyObject *value)
{
    Py_ssize_t size;
    const char *name = PyUnicode_AsUTF8AndSize(value, &size);
    char words[128];
    int number;

    if (name == NULL)
        return -1;
    /* A name with a zero byte in it is none. */
    number = strlen(name) == (size_t)size ? named(field, name) : -1;
    if (number < 0) {
        PyOS_snprintf(words, sizeof words, "%.40s is no %s", name, field->name);
        vskpy_raise(VSK_ERR_ARGUMENT, words);
        return -1;
    }
    store(header, field, (uint64_t)number);
    return 0;
}

static int
set_value(vsk_header *header, const field_info *field, PyObject *value)
{
    uint64_t max =
        field->bits == 64 ? UINT64_MAX : ((uint64_t)1 << field->bits) - 1;
    uint64_t wide;

    if (PyUnicode_Check(value) && field->bits == 16)
        return set_named(header, field, value);
    if (vskpy_integer(value, max, field->name, &wide) < 0)
        return -1;
    store(header, field, wide);
    return 0;
}

static int
refuse_delete(PyObject *value)
{
    if (value != NULL)
        return 0;
    PyErr_SetString(PyExc_AttributeError, "a field cannot be deleted");
    return -1;
}

static int
set_field(PyObject *self, PyObject *value, void *closure)
{
    vsk_header *header = vskpy_self(self);

    if (header == NULL || refuse_delete(value) < 0)
        return -1;
    return set_value(header, closure, value);
}

/* src and dst: (cid, port) */
static PyObject *
get_src(PyObject *self, void *closure)
{
    const vsk_header *header = vskpy_self(self);

    (void)closure;
    return header == NULL
               ? NULL
               : Py_BuildValue("KI", header->src_cid, header->src_port);
}

static PyObject *
get_dst(PyObject *self, void *closure)
{
    const vsk_header *header = vskpy_self(self);

    (void)closure;
    return header == NULL
               ? NULL
               : Py_BuildValue("KI", header->dst_cid, header->dst_port);
}

static int
set_address(PyObject *value, uint64_t *cid, uint32_t *port)
{
    PyObject *cid_object, *port_object;
    uint64_t wide_cid, wide_port;

    if (!PyTuple_Check(value)) {
        PyErr_SetString(PyExc_TypeError, "an address is (cid, port)");
        return -1;
    }
    if (!PyArg_ParseTuple(value, "OO;an address is (cid, port)", &cid_object,
                          &port_object) ||
        vskpy_integer(cid_object, UINT64_MAX, "cid", &wide_cid) < 0 ||
        vskpy_integer(port_object, UINT32_MAX, "port", &wide_port) < 0)
        return -1;
    *cid = wide_cid;
    *port = (uint32_t)wide_port;
    return 0;
}

static int
set_src(PyObject *self, PyObject *value, void *closure)
{
    vsk_header *header = vskpy_self(self);

    (void)closure;
    if (header == NULL || refuse_delete(value) < 0)
        return -1;
    return set_address(value, &header->src_cid, &header->src_port);
}

static int
set_dst(PyObject *self, PyObject *value, void *closure)
{
    vsk_header *header = vskpy_self(self);

    (void)closure;
    if (header == NULL || refuse_delete(value) < 0)
        return -1;
    return set_address(value, &header->dst_cid, &header->dst_port);
}

/* The names of the flags that are set and have one here. */
static PyObject *
get_flag_names(PyObject *self, void *closure)
{
    const vsk_header *header = vskpy_self(self);
    PyObject *list, *tuple;

    (void)closure;
    if (header == NULL)
        return NULL;
    list = PyList_New(0);
    for (uint32_t mask = 1; mask != 0 && list != NULL; mask <<= 1) {
        const char *name = vsk_header_flag_name(header, mask);
        PyObject *string;

        if ((header->flags & mask) == 0 || name == NULL)
            continue;
        string = PyUnicode_FromString(name);
        if (string == NULL || PyList_Append(list, string) < 0)
            Py_CLEAR(list);
        Py_XDECREF(string);
    }
    if (list == NULL)
        return NULL;
    tuple = PyList_AsTuple(list);
    Py_DECREF(list);
    return tuple;
}

#define ADDRESSES                                                              \
    {"src", get_src, set_src, "Source address: (src_cid, src_port).", NULL},   \
        {"dst", get_dst, set_dst, "Destination address: (dst_cid, dst_port).", \
         NULL},                                                                \
    {                                                                          \
        "flag_names", get_flag_names, NULL,                                    \
            "Names of the flags that are set, as op and type mean them.", NULL \
    }

#define GET_src_cid get_field
#define GET_dst_cid get_field
#define GET_src_port get_field
#define GET_dst_port get_field
#define GET_len get_field
#define GET_type get_type
#define GET_op get_op
#define GET_flags get_field
#define GET_buf_alloc get_field
#define GET_fwd_cnt get_field

/* Closures are the entries of fields, which live as long as the module. */
#define ACCESSOR(name, bits, offset, words)                                    \
    {#name, GET_##name, set_field, words,                                      \
     (void *)(uintptr_t)&fields[FIELD_##name]},
enum {
#define NUMBER(name, bits, offset, words) FIELD_##name,
    VSK_HEADER_TABLE(NUMBER)
#undef NUMBER
};

PyGetSetDef vskpy_header_getset[] = {
    VSK_HEADER_TABLE(ACCESSOR) ADDRESSES,
    {0},
};

int
vskpy_header_set(vsk_header *header, PyObject *name, PyObject *value)
{
    const char *key = PyUnicode_AsUTF8(name);

    if (key == NULL)
        return -1;
    if (strcmp(key, "src") == 0)
        return set_address(value, &header->src_cid, &header->src_port) < 0 ? -1
                                                                           : 1;
    if (strcmp(key, "dst") == 0)
        return set_address(value, &header->dst_cid, &header->dst_port) < 0 ? -1
                                                                           : 1;
    for (size_t i = 0; i < VSK_HEADER_FIELDS; i++)
        if (strcmp(key, fields[i].name) == 0)
            return set_value(header, &fields[i], value) < 0 ? -1 : 1;
    return 0;
}

static int
set_all(vsk_header *header, PyObject *kwargs)
{
    PyObject *name, *value;
    Py_ssize_t at = 0;

    while (kwargs != NULL && PyDict_Next(kwargs, &at, &name, &value)) {
        int done = vskpy_header_set(header, name, value);

        if (done < 0)
            return -1;
        if (done == 0) {
            PyErr_Format(PyExc_TypeError, "Header has no field %R", name);
            return -1;
        }
    }
    return 0;
}

int
vskpy_header_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
    vsk_header *header;

    if (vskpy_fresh(self) < 0 || !PyArg_ParseTuple(args, ":Header"))
        return -1;
    header = calloc(1, sizeof *header);
    if (header == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    header->type = VSK_TYPE_STREAM;
    /* A value's __index__ may have called __init__ on this very object. */
    if (set_all(header, kwargs) < 0 || vskpy_fresh(self) < 0) {
        free(header);
        return -1;
    }
    vskpy_own(self, header);
    return 0;
}

PyObject *
vskpy_header_str(PyObject *self)
{
    const vsk_header *header = vskpy_self(self);

    return header == NULL ? NULL : vskpy_text(kit_text_packet(header));
}

PyObject *
vskpy_header_repr(PyObject *self)
{
    const vsk_header *header = ((SwigPyObject *)self)->ptr;
    PyObject *text, *result;

    if (header == NULL)
        return PyUnicode_FromString("<Header, not initialised>");
    text = vskpy_text(kit_text_packet(header));
    if (text == NULL)
        return NULL;
    result = PyUnicode_FromFormat("<Header %U>", text);
    Py_DECREF(text);
    return result;
}

PyObject *
vskpy_header_compare(PyObject *self, PyObject *other, int operation)
{
    const vsk_header *mine = vskpy_self(self);
    const vsk_header *theirs = mine == NULL ? NULL : vskpy_self(other);

    if (theirs == NULL)
        return NULL;
    if (operation != Py_EQ && operation != Py_NE)
        Py_RETURN_NOTIMPLEMENTED;
    return PyBool_FromLong(vsk_header_equal(mine, theirs) ==
                           (operation == Py_EQ));
}

PyObject *
vskpy_fields(PyObject *self, PyObject *unused)
{
    const vsk_header *header = vskpy_self(self);
    PyObject *tuple;
    Py_ssize_t at = 0;

    (void)unused;
    if (header == NULL)
        return NULL;
    tuple = PyStructSequence_New(fields_type);
    if (tuple == NULL)
        return NULL;
#define ITEM(name, bits, offset, words)                                        \
    PyStructSequence_SET_ITEM(tuple, at++,                                     \
                              PyLong_FromUnsignedLongLong(header->name));
    VSK_HEADER_TABLE(ITEM)
#undef ITEM
    if (PyErr_Occurred())
        Py_CLEAR(tuple);
    return tuple;
}

static PyObject *
header_bytes(PyObject *self, PyObject *unused)
{
    const vsk_header *header = vskpy_self(self);
    uint8_t wire[VSK_HEADER_SIZE];

    (void)unused;
    if (header == NULL)
        return NULL;
    vsk_header_encode(header, wire);
    return PyBytes_FromStringAndSize((const char *)wire, sizeof wire);
}

static PyObject *
header_copy(PyObject *self, PyObject *unused)
{
    const vsk_header *header = vskpy_self(self);
    vsk_header *copy;

    (void)unused;
    if (header == NULL)
        return NULL;
    copy = malloc(sizeof *copy);
    if (copy == NULL)
        return PyErr_NoMemory();
    *copy = *header;
    return vskpy_wrap(VSKPY_HEADER, copy);
}

static PyObject *
header_show(PyObject *self, PyObject *unused)
{
    const vsk_header *header = vskpy_self(self);

    (void)unused;
    return header == NULL ? NULL : vskpy_show(kit_text_fields(header));
}

static PyObject *
header_reduce(PyObject *self, PyObject *unused)
{
    return vskpy_reduce("rebuild_header", header_bytes(self, unused));
}

PyMethodDef vskpy_header_methods[] = {
    {"fields", vskpy_fields, METH_NOARGS,
     "Give all ten fields as a named tuple of integers, in wire order."},
    {"show", header_show, METH_NOARGS,
     "Print the header as a table: offset, size, field, value, meaning."},
    {"copy", header_copy, METH_NOARGS, "Make a header of the same fields."},
    {"__copy__", header_copy, METH_NOARGS, "Make a header of the same fields."},
    {"__bytes__", header_bytes, METH_NOARGS, "The 44 bytes of the wire."},
    {"__reduce__", header_reduce, METH_NOARGS, "Pickle by the wire's bytes."},
    {0},
};

int
vskpy_header_setup(PyObject *module)
{
    static PyStructSequence_Field names[] = {
#define NAME(name, bits, offset, words) {#name, words},
        VSK_HEADER_TABLE(NAME)
#undef NAME
            {0}};
    static PyStructSequence_Desc desc = {
        "vsk.HeaderFields", "The ten fields of a header, in wire order.", names,
        VSK_HEADER_FIELDS};

    fields_type = PyStructSequence_NewType(&desc);
    if (fields_type == NULL)
        return -1;
    return PyModule_AddObjectRef(module, "HeaderFields",
                                 (PyObject *)fields_type);
}
