/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "python/glue.h"

static PyTypeObject *span_type;

int
vskpy_chain_setup(PyObject *module)
{
    static PyStructSequence_Field names[] = {
        {"addr", "guest address of the first byte"},
        {"len", "bytes"},
        {"write", "whether the device writes it"},
        {"slot", "the descriptor's place in its table"},
        {"indirect", "whether it stood in an indirect table"},
        {0}};
    static PyStructSequence_Desc desc = {
        "vsk.Span", "A descriptor's buffer, or a part of it in one region.",
        names, 5};

    span_type = PyStructSequence_NewType(&desc);
    if (span_type == NULL)
        return -1;
    return PyModule_AddObjectRef(module, "Span", (PyObject *)span_type);
}

/* The chain in self while it is held. */
static const kit_chain *
held_chain(PyObject *self)
{
    const kit_chain *chain = vskpy_self(self);

    if (chain == NULL || vskpy_check(kit_chain_check(chain)) < 0)
        return NULL;
    return chain;
}

static PyObject *
get_head(PyObject *self, void *closure)
{
    const kit_chain *chain = held_chain(self);

    (void)closure;
    return chain == NULL ? NULL : PyLong_FromLong(chain->chain.head);
}

static PyObject *
get_readable(PyObject *self, void *closure)
{
    const kit_chain *chain = held_chain(self);

    (void)closure;
    return chain == NULL ? NULL
                         : PyLong_FromUnsignedLongLong(chain->chain.readable);
}

static PyObject *
get_writable(PyObject *self, void *closure)
{
    const kit_chain *chain = held_chain(self);

    (void)closure;
    return chain == NULL ? NULL
                         : PyLong_FromUnsignedLongLong(chain->chain.writable);
}

static PyObject *
get_indirect(PyObject *self, void *closure)
{
    const kit_chain *chain = held_chain(self);

    (void)closure;
    return chain == NULL ? NULL : PyBool_FromLong(chain->chain.indirect);
}

static PyObject *
get_status(PyObject *self, void *closure)
{
    const kit_chain *chain = held_chain(self);

    (void)closure;
    return chain == NULL ? NULL : vskpy_status(chain->chain.status);
}

static PyObject *
get_held(PyObject *self, void *closure)
{
    const kit_chain *chain = ((SwigPyObject *)self)->ptr;

    (void)closure;
    return PyBool_FromLong(chain != NULL && kit_chain_check(chain) == VSK_OK);
}

static PyObject *
span_tuple(const vsk_span *span)
{
    PyObject *tuple = PyStructSequence_New(span_type);

    if (tuple == NULL)
        return NULL;
    PyStructSequence_SET_ITEM(tuple, 0,
                              PyLong_FromUnsignedLongLong(span->addr));
    PyStructSequence_SET_ITEM(tuple, 1, PyLong_FromUnsignedLong(span->len));
    PyStructSequence_SET_ITEM(
        tuple, 2, PyBool_FromLong((span->flags & VSK_SPAN_WRITE) != 0));
    PyStructSequence_SET_ITEM(tuple, 3, PyLong_FromLong(span->slot));
    PyStructSequence_SET_ITEM(
        tuple, 4, PyBool_FromLong((span->flags & VSK_SPAN_TABLE) != 0));
    if (PyErr_Occurred())
        Py_CLEAR(tuple);
    return tuple;
}

PyObject *
vskpy_spans(const vsk_span *spans, uint32_t count)
{
    PyObject *tuple = PyTuple_New(count);

    for (uint32_t i = 0; tuple != NULL && i < count; i++) {
        PyObject *span = span_tuple(&spans[i]);

        if (span == NULL)
            Py_CLEAR(tuple);
        else
            PyTuple_SET_ITEM(tuple, i, span);
    }
    return tuple;
}

static PyObject *
get_spans(PyObject *self, void *closure)
{
    const kit_chain *chain = held_chain(self);

    (void)closure;
    return chain == NULL ? NULL
                         : vskpy_spans(chain->chain.spans, chain->chain.count);
}

PyGetSetDef vskpy_chain_getset[] = {
    {"head", get_head, NULL, "Slot of the first descriptor.", NULL},
    {"readable", get_readable, NULL, "Bytes that the device reads.", NULL},
    {"writable", get_writable, NULL, "Bytes that the device may write.", NULL},
    {"indirect", get_indirect, NULL,
     "Whether the chain goes through an indirect table.", NULL},
    {"status", get_status, NULL, "OK, or the rule that the chain breaks.",
     NULL},
    {"held", get_held, NULL,
     "Whether the chain was popped and not given back yet.", NULL},
    {"spans", get_spans, NULL,
     "The buffers, readable ones first; one that crosses the edge of a region "
     "is two.",
     NULL},
    {0},
};

static PyObject *
chain_show(PyObject *self, PyObject *unused)
{
    const kit_chain *chain = held_chain(self);

    (void)unused;
    return chain == NULL ? NULL : vskpy_show(kit_text_drawing(chain));
}

PyMethodDef vskpy_chain_methods[] = {
    {"show", chain_show, METH_NOARGS,
     "Draw the chain: a line for each descriptor, with its part of a packet."},
    {0},
};

PyObject *
vskpy_chain_str(PyObject *self)
{
    const kit_chain *chain = held_chain(self);

    return chain == NULL ? NULL : vskpy_text(kit_text_chain(chain));
}

PyObject *
vskpy_chain_repr(PyObject *self)
{
    const kit_chain *chain = ((SwigPyObject *)self)->ptr;
    PyObject *text, *result;

    if (chain == NULL)
        return PyUnicode_FromString("<Chain, not initialised>");
    if (kit_chain_check(chain) != VSK_OK)
        return PyUnicode_FromFormat("<Chain %u, given back>",
                                    chain->chain.head);
    text = vskpy_text(kit_text_chain(chain));
    if (text == NULL)
        return NULL;
    result = PyUnicode_FromFormat("<Chain: %U>", text);
    Py_DECREF(text);
    return result;
}

PyObject *
vskpy_chain_iter(PyObject *self)
{
    PyObject *spans = get_spans(self, NULL);
    PyObject *iterator;

    if (spans == NULL)
        return NULL;
    iterator = PyObject_GetIter(spans);
    Py_DECREF(spans);
    return iterator;
}
