/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The module's state and what all script types have in common. */
#include "python/glue.h"

#define OPS 8   /* values 0 to 7 have names */
#define TYPES 3 /* values 1 and 2 */

static vskpy_class classes[VSKPY_TYPES];
static PyObject *op_members[OPS];
static PyObject *type_members[TYPES];
static PyObject *status_enum;
static PyObject *shower;

/* SWIG's own ends of objects. */
static destructor ends[VSKPY_TYPES];

static PyTypeObject *
type_object(vskpy_kind kind)
{
    const SwigPyClientData *data = classes[kind].info->clientdata;

    return data->pytype;
}

PyObject *
vskpy_wrap(vskpy_kind kind, void *pointer)
{
    PyObject *object = SWIG_Python_NewPointerObj(
        NULL, pointer, classes[kind].info, SWIG_POINTER_OWN);

    /* Without memory SWIG gives None, beside the exception. */
    if (object != Py_None)
        return object;
    Py_DECREF(object);
    classes[kind].drop(pointer);
    return NULL;
}

int
vskpy_is(vskpy_kind kind, PyObject *object)
{
    PyTypeObject *type = type_object(kind);

    if (PyObject_TypeCheck(object, type))
        return 0;
    PyErr_Format(PyExc_TypeError, "%s expected, not %s", type->tp_name,
                 Py_TYPE(object)->tp_name);
    return -1;
}

void *
vskpy_unwrap(vskpy_kind kind, PyObject *object)
{
    return vskpy_is(kind, object) < 0 ? NULL : vskpy_self(object);
}

int
vskpy_fresh(PyObject *self)
{
    if (((SwigPyObject *)self)->ptr == NULL)
        return 0;
    PyErr_SetString(PyExc_TypeError, "__init__ may be called only once");
    return -1;
}

void
vskpy_own(PyObject *self, void *pointer)
{
    ((SwigPyObject *)self)->ptr = pointer;
    ((SwigPyObject *)self)->own = SWIG_POINTER_OWN;
}

void
vskpy_disown(PyObject *self)
{
    ((SwigPyObject *)self)->ptr = NULL;
    ((SwigPyObject *)self)->own = 0;
}

/* Whether objects of a type may have any attribute: a Python class below one
 * of ours may, but for those that say __slots__. */
static bool
is_open(const PyTypeObject *type)
{
    for (; type != NULL; type = type->tp_base) {
        for (int kind = 0; kind < VSKPY_TYPES; kind++)
            if (type == type_object((vskpy_kind)kind))
                return false;
        if (PyDict_GetItemString(type->tp_dict, "__slots__") == NULL)
            return true;
    }
    return true;
}

/* A misspelt field is an error, although SWIG's objects have a __dict__. */
int
vskpy_setattro(PyObject *self, PyObject *name, PyObject *value)
{
    PyTypeObject *type = Py_TYPE(self);
    const PyObject *found;

    if (!PyUnicode_Check(name) || is_open(type))
        return PyObject_GenericSetAttr(self, name, value);
    found = _PyType_Lookup(type, name);
    if (found != NULL && Py_TYPE(found)->tp_descr_set != NULL)
        return PyObject_GenericSetAttr(self, name, value);
    PyErr_Format(PyExc_AttributeError,
                 found == NULL ? "%s has no attribute %R"
                               : "%s has %R, but not to be set",
                 type->tp_name, name);
    return -1;
}

/* Packets and headers change: no hash. All other objects are themselves. */
Py_hash_t
vskpy_hash(PyObject *self)
{
    if (PyObject_TypeCheck(self, type_object(VSKPY_PACKET)) ||
        PyObject_TypeCheck(self, type_object(VSKPY_HEADER)))
        return PyObject_HashNotImplemented(self);
    return (Py_hash_t)((uintptr_t)self >> 4);
}

PyObject *
vskpy_compare(PyObject *self, PyObject *other, int operation)
{
    if (PyObject_TypeCheck(self, type_object(VSKPY_PACKET)) &&
        PyObject_TypeCheck(other, type_object(VSKPY_PACKET)))
        return vskpy_packet_compare(self, other, operation);
    if (PyObject_TypeCheck(self, type_object(VSKPY_HEADER)) &&
        PyObject_TypeCheck(other, type_object(VSKPY_HEADER)))
        return vskpy_header_compare(self, other, operation);
    if (operation == Py_EQ && self == other)
        Py_RETURN_TRUE;
    if (operation == Py_NE && self == other)
        Py_RETURN_FALSE;
    Py_RETURN_NOTIMPLEMENTED;
}

static PyObject *
member(PyObject *const *members, uint16_t count, uint16_t value)
{
    if (value < count && members[value] != NULL)
        return Py_NewRef(members[value]);
    return PyLong_FromLong(value);
}

PyObject *
vskpy_op(uint16_t op)
{
    return member(op_members, OPS, op);
}

PyObject *
vskpy_type(uint16_t type)
{
    return member(type_members, TYPES, type);
}

PyObject *
vskpy_status(vsk_status status)
{
    return PyObject_CallFunction(status_enum, "i", (int)status);
}

PyObject *
vskpy_text(char *text)
{
    PyObject *string;

    if (text == NULL)
        return PyErr_NoMemory();
    string = PyUnicode_FromString(text);
    free(text);
    return string;
}

PyObject *
vskpy_show(char *text)
{
    PyObject *string = vskpy_text(text);
    PyObject *result;

    if (string == NULL)
        return NULL;
    result = PyObject_CallFunctionObjArgs(shower, string, NULL);
    Py_DECREF(string);
    return result;
}

PyObject *
vskpy_view_of(const char *name, PyObject *self)
{
    PyObject *module = PyImport_ImportModule("vsk.view");
    PyObject *result =
        module == NULL ? NULL : PyObject_CallMethod(module, name, "O", self);

    Py_XDECREF(module);
    return result;
}

PyObject *
vskpy_reduce(const char *name, PyObject *wire)
{
    PyObject *module =
        wire == NULL ? NULL : PyImport_ImportModule("vsk.packet");
    PyObject *rebuild =
        module == NULL ? NULL : PyObject_GetAttrString(module, name);
    PyObject *result =
        rebuild == NULL ? NULL : Py_BuildValue("O(O)", rebuild, wire);

    Py_XDECREF(wire);
    Py_XDECREF(module);
    Py_XDECREF(rebuild);
    return result;
}

/* Keep the members of an enum by their value. */
static int
keep_members(PyObject *type, PyObject **members, long count)
{
    for (long value = 0; value < count; value++) {
        PyObject *found = PyObject_CallFunction(type, "l", value);

        /* There is no type 0. */
        if (found == NULL && value == 0)
            PyErr_Clear();
        else if (found == NULL)
            return -1;
        Py_XSETREF(members[value], found);
    }
    return 0;
}

/* The package hands over what the module needs of it. */
static PyObject *
connect(PyObject *module, PyObject *args)
{
    PyObject *op, *type, *status, *show;

    (void)module;
    if (!PyArg_ParseTuple(args, "OOOO", &op, &type, &status, &show) ||
        keep_members(op, op_members, OPS) < 0 ||
        keep_members(type, type_members, TYPES) < 0)
        return NULL;
    Py_XSETREF(status_enum, Py_NewRef(status));
    Py_XSETREF(shower, Py_NewRef(show));
    Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
    {"connect", connect, METH_VARARGS,
     "Take the enums Op, Type and Status and the function that shows texts."},
    {0},
};

/* Put native descriptors over SWIG's: faster, and del is an error. */
static int
install(vskpy_kind kind, PyGetSetDef *getset, PyMethodDef *methods)
{
    PyTypeObject *type = type_object(kind);

    for (; getset != NULL && getset->name != NULL; getset++) {
        PyObject *descr = PyDescr_NewGetSet(type, getset);

        if (descr == NULL ||
            PyDict_SetItemString(type->tp_dict, getset->name, descr) < 0)
            return -1;
        Py_DECREF(descr);
    }
    for (; methods != NULL && methods->ml_name != NULL; methods++) {
        PyObject *descr = PyDescr_NewMethod(type, methods);

        if (descr == NULL ||
            PyDict_SetItemString(type->tp_dict, methods->ml_name, descr) < 0)
            return -1;
        Py_DECREF(descr);
    }
    PyType_Modified(type);
    return 0;
}

/* SWIG's own attributes would undo the account of owners and lead its loops
 * in a circle: neither our types nor their base have them. */
static int
strip(PyTypeObject *type)
{
    static const char *const names[] = {"this",   "thisown", "own",
                                        "disown", "acquire", "append",
                                        "next",   "__int__"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (PyDict_GetItemString(type->tp_dict, names[i]) != NULL &&
            PyDict_DelItemString(type->tp_dict, names[i]) < 0)
            return -1;
    if (type->tp_as_number != NULL)
        type->tp_as_number->nb_int = NULL;
    PyType_Modified(type);
    return 0;
}

/* The struct of an object goes with it. SWIG would look for it as for any
 * method's self, and put an exception aside that nothing here touches. */
static void
end(PyObject *self)
{
    SwigPyObject *object = (SwigPyObject *)self;
    void *pointer = object->ptr;
    int kind = 0;

    while (classes[kind].info != object->ty)
        kind++;
    object->ptr = NULL;
    if (object->own != 0 && pointer != NULL)
        classes[kind].drop(pointer);
    object->own = 0;
    ends[kind](self);
}

/* One base has one C struct: a class of two of our types is refused, because
 * they differ in size. */
static int
shield(vskpy_kind kind)
{
    PyTypeObject *type = type_object(kind);

    type->tp_basicsize += (Py_ssize_t)sizeof(void *);
    ends[kind] = type->tp_dealloc;
    type->tp_dealloc = end;
    return strip(type);
}

/* SWIG's own type below ours is nothing to make or to derive from. */
static int
seal(PyTypeObject *base)
{
    base->tp_new = NULL;
    base->tp_flags &= ~Py_TPFLAGS_BASETYPE;
    return strip(base);
}

int
vskpy_setup(PyObject *module, const vskpy_class *table)
{
    memcpy(classes, table, sizeof classes);
    if (PyModule_AddFunctions(module, functions) < 0 ||
        vskpy_view_setup() < 0 || vskpy_header_setup(module) < 0 ||
        vskpy_queue_setup(module) < 0 || vskpy_chain_setup(module) < 0 ||
        vskpy_capture_setup(module) < 0)
        return -1;
    for (int kind = 0; kind < VSKPY_TYPES; kind++)
        if (shield((vskpy_kind)kind) < 0)
            return -1;
    if (seal(type_object(VSKPY_PACKET)->tp_base) < 0)
        return -1;
    if (install(VSKPY_HEADER, vskpy_header_getset, vskpy_header_methods) < 0 ||
        install(VSKPY_PACKET, vskpy_header_getset, NULL) < 0 ||
        install(VSKPY_PACKET, vskpy_packet_getset, vskpy_packet_methods) < 0 ||
        install(VSKPY_MEMORY, vskpy_memory_getset, vskpy_memory_methods) < 0 ||
        install(VSKPY_CHAIN, vskpy_chain_getset, vskpy_chain_methods) < 0 ||
        install(VSKPY_QUEUE, vskpy_queue_getset, NULL) < 0 ||
        install(VSKPY_DRIVER, vskpy_driver_getset, NULL) < 0 ||
        install(VSKPY_DEVICE, vskpy_device_getset, NULL) < 0 ||
        install(VSKPY_RING, vskpy_ring_getset, NULL) < 0 ||
        install(VSKPY_CAPTURE, vskpy_capture_getset, NULL) < 0)
        return -1;
    return install(VSKPY_USED, vskpy_used_getset, NULL);
}
