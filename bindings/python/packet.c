/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "python/glue.h"

/* len is a field like the others, but once set it follows the payload no more.
 */
static int
set_len(PyObject *self, PyObject *value, void *closure)
{
    kit_packet *packet = vskpy_self(self);
    uint64_t wide;

    (void)closure;
    if (packet == NULL)
        return -1;
    if (value == NULL) {
        PyErr_SetString(PyExc_AttributeError, "a field cannot be deleted");
        return -1;
    }
    if (vskpy_integer(value, UINT32_MAX, "len", &wide) < 0)
        return -1;
    packet->packet.header.len = (uint32_t)wide;
    packet->len_set = true;
    return 0;
}

static PyObject *
get_len(PyObject *self, void *closure)
{
    const kit_packet *packet = vskpy_self(self);

    (void)closure;
    return packet == NULL ? NULL
                          : PyLong_FromUnsignedLong(packet->packet.header.len);
}

static PyObject *
get_payload(PyObject *self, void *closure)
{
    kit_packet *packet = vskpy_self(self);
    kit_block *block = NULL;
    uint8_t *base = NULL;
    PyObject *view;

    (void)closure;
    if (packet == NULL || vskpy_check(kit_packet_flat(packet, &block, &base)))
        return NULL;
    if (base != NULL)
        return vskpy_view(block, base, packet->packet.size, true);
    if (vskpy_check(kit_packet_join(packet, &block)) < 0)
        return NULL;
    view = vskpy_view(block, block->data, block->size, true);
    kit_block_unref(block);
    return view;
}

static int
set_payload(PyObject *self, PyObject *value, void *closure)
{
    kit_packet *packet = vskpy_self(self);
    Py_buffer view;
    vsk_status status;

    (void)closure;
    if (packet == NULL)
        return -1;
    if (value == NULL) {
        PyErr_SetString(PyExc_AttributeError, "payload cannot be deleted");
        return -1;
    }
    if (PyObject_GetBuffer(value, &view, PyBUF_SIMPLE) < 0)
        return -1;
    status = kit_packet_set_payload(packet, view.buf, (size_t)view.len);
    PyBuffer_Release(&view);
    return vskpy_check(status);
}

static PyObject *
get_header(PyObject *self, void *closure)
{
    const kit_packet *packet = vskpy_self(self);
    vsk_header *copy;

    (void)closure;
    if (packet == NULL)
        return NULL;
    copy = malloc(sizeof *copy);
    if (copy == NULL)
        return PyErr_NoMemory();
    *copy = packet->packet.header;
    return vskpy_wrap(VSKPY_HEADER, copy);
}

/* A Header, or the 44 bytes of one. */
static int
set_header(PyObject *self, PyObject *value, void *closure)
{
    kit_packet *packet = vskpy_self(self);
    const vsk_header *header;
    Py_buffer view;

    (void)closure;
    if (packet == NULL)
        return -1;
    if (value == NULL) {
        PyErr_SetString(PyExc_AttributeError, "header cannot be deleted");
        return -1;
    }
    if (!PyObject_CheckBuffer(value)) {
        header = vskpy_unwrap(VSKPY_HEADER, value);
        if (header == NULL)
            return -1;
        packet->packet.header = *header;
        packet->len_set = true;
        return 0;
    }
    if (PyObject_GetBuffer(value, &view, PyBUF_SIMPLE) < 0)
        return -1;
    if (view.len == (Py_ssize_t)VSK_HEADER_SIZE) {
        vsk_header_decode(&packet->packet.header, view.buf);
        packet->len_set = true;
    } else {
        vskpy_raise(VSK_ERR_ARGUMENT, "a header is 44 bytes");
    }
    PyBuffer_Release(&view);
    return PyErr_Occurred() ? -1 : 0;
}

static PyObject *
get_room(PyObject *self, void *closure)
{
    const kit_packet *packet = vskpy_self(self);

    (void)closure;
    if (packet == NULL)
        return NULL;
    return PyLong_FromUnsignedLong(
        packet->room ? packet->packet.room - packet->packet.size : 0);
}

/* The chain that the payload is borrowed from, or None. */
static PyObject *
get_chain(PyObject *self, void *closure)
{
    const kit_packet *packet = vskpy_self(self);

    (void)closure;
    if (packet == NULL)
        return NULL;
    if (packet->chain == NULL)
        return Py_NewRef(Py_None);
    return vskpy_wrap(VSKPY_CHAIN, kit_chain_ref(packet->chain));
}

PyGetSetDef vskpy_packet_getset[] = {
    {"_chain", get_chain, NULL, NULL, NULL},
    {"len", get_len, set_len,
     "payload bytes after the header; follows the payload until it is set",
     NULL},
    {"payload", get_payload, set_payload,
     "The payload as a read-only memoryview; without a copy where it lies in "
     "one piece. Bytes set here are copied.",
     NULL},
    {"header", get_header, set_header,
     "A copy of the header; set it from a Header or from 44 bytes.", NULL},
    {"room", get_room, NULL,
     "Payload bytes that write may still append; 0 unless begun by into_rx.",
     NULL},
    {0},
};

/* One payload piece as a view that keeps its memory. */
static PyObject *
piece_view(kit_packet *packet, const vsk_span *piece)
{
    kit_block *block = packet->storage;
    uint8_t *base = piece->base;

    if (packet->chain != NULL &&
        vskpy_check(kit_memory_locate(packet->chain->queue->memory, piece->addr,
                                      piece->len, &block, &base)) < 0)
        return NULL;
    return vskpy_view(block, base, piece->len, true);
}

static PyObject *
segments(PyObject *self, PyObject *unused)
{
    kit_packet *packet = vskpy_self(self);
    vsk_cursor cursor = {0};
    vsk_span piece;
    PyObject *list, *tuple;

    (void)unused;
    if (packet == NULL || vskpy_check(kit_packet_live(packet)) < 0)
        return NULL;
    list = PyList_New(0);
    while (list != NULL && vsk_packet_next(&packet->packet, &cursor, &piece)) {
        PyObject *view = piece_view(packet, &piece);

        if (view == NULL || PyList_Append(list, view) < 0)
            Py_CLEAR(list);
        Py_XDECREF(view);
    }
    if (list == NULL)
        return NULL;
    tuple = PyList_AsTuple(list);
    Py_DECREF(list);
    return tuple;
}

static PyObject *
packet_bytes(PyObject *self, PyObject *unused)
{
    kit_packet *packet = vskpy_self(self);
    kit_bytes bytes = {0};
    PyObject *result = NULL;

    (void)unused;
    if (packet == NULL)
        return NULL;
    if (vskpy_check(kit_packet_encode(packet, &bytes)) == 0)
        result = PyBytes_FromStringAndSize((const char *)bytes.data,
                                           (Py_ssize_t)bytes.size);
    free(bytes.data);
    return result;
}

static PyObject *
packet_show(PyObject *self, PyObject *unused)
{
    const kit_packet *packet = vskpy_self(self);

    (void)unused;
    return packet == NULL ? NULL
                          : vskpy_show(kit_text_fields(&packet->packet.header));
}

static PyObject *
packet_hexdump(PyObject *self, PyObject *unused)
{
    (void)unused;
    return vskpy_view_of("hexdump", self);
}

static PyObject *
packet_html(PyObject *self, PyObject *unused)
{
    (void)unused;
    return vskpy_view_of("packet_html", self);
}

/* A packet with a payload of its own. */
static PyObject *
packet_copy(PyObject *self, PyObject *unused)
{
    kit_packet *packet = vskpy_self(self);
    kit_packet *copy = NULL;
    kit_block *block;

    (void)unused;
    if (packet == NULL || vskpy_check(kit_packet_join(packet, &block)) < 0)
        return NULL;
    if (vskpy_check(kit_packet_new(&copy)) < 0) {
        kit_block_unref(block);
        return NULL;
    }
    vsk_packet_init(&copy->packet, block->data, (uint32_t)block->size);
    copy->packet.header = packet->packet.header;
    copy->len_set = packet->len_set;
    copy->storage = block;
    return vskpy_wrap(VSKPY_PACKET, copy);
}

/* Pickled as header and payload: a len that lies survives. */
static PyObject *
packet_reduce(PyObject *self, PyObject *unused)
{
    return vskpy_reduce("rebuild", packet_bytes(self, unused));
}

PyMethodDef vskpy_packet_methods[] = {
    {"fields", vskpy_fields, METH_NOARGS,
     "Give all ten fields as a named tuple of integers, in wire order."},
    {"segments", segments, METH_NOARGS,
     "Give the payload's pieces as a tuple of memoryviews, without a copy."},
    {"show", packet_show, METH_NOARGS,
     "Print the header as a table: offset, size, field, value, meaning."},
    {"hexdump", packet_hexdump, METH_NOARGS,
     "Print every byte with its field, and in a chain with the descriptor and "
     "the guest address where it stands."},
    {"_repr_html_", packet_html, METH_NOARGS, "The bytes, for notebooks."},
    {"copy", packet_copy, METH_NOARGS,
     "Make a packet of the same fields with a payload of its own."},
    {"__copy__", packet_copy, METH_NOARGS, "As copy."},
    {"__bytes__", packet_bytes, METH_NOARGS, "Header and payload."},
    {"__reduce__", packet_reduce, METH_NOARGS, "Pickle fields and payload."},
    {0},
};

/* One keyword of the constructor. */
static int
set_keyword(PyObject *self, kit_packet *packet, PyObject *name, PyObject *value)
{
    int done;

    if (PyUnicode_CompareWithASCIIString(name, "payload") == 0)
        return set_payload(self, value, NULL);
    if (PyUnicode_CompareWithASCIIString(name, "len") == 0)
        return set_len(self, value, NULL);
    done = vskpy_header_set(&packet->packet.header, name, value);
    if (done == 0)
        PyErr_Format(PyExc_TypeError, "Packet has no field %R", name);
    return done == 1 ? 0 : -1;
}

int
vskpy_packet_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
    PyObject *name, *value;
    Py_ssize_t at = 0;
    kit_packet *packet;

    if (vskpy_fresh(self) < 0 || !PyArg_ParseTuple(args, ":Packet") ||
        vskpy_check(kit_packet_new(&packet)) < 0)
        return -1;
    vskpy_own(self, packet);
    while (kwargs != NULL && PyDict_Next(kwargs, &at, &name, &value)) {
        if (set_keyword(self, packet, name, value) < 0) {
            vskpy_disown(self);
            kit_packet_delete(packet);
            return -1;
        }
    }
    return 0;
}

PyObject *
vskpy_packet_repr(PyObject *self)
{
    const kit_packet *packet = ((SwigPyObject *)self)->ptr;
    PyObject *text, *result;

    if (packet == NULL)
        return PyUnicode_FromString("<Packet, not initialised>");
    text = vskpy_text(kit_text_packet(&packet->packet.header));
    if (text == NULL)
        return NULL;
    result = PyUnicode_FromFormat(kit_packet_live(packet) == VSK_OK
                                      ? "<Packet %U>"
                                      : "<Packet %U, given back>",
                                  text);
    Py_DECREF(text);
    return result;
}

PyObject *
vskpy_packet_compare(PyObject *self, PyObject *other, int operation)
{
    kit_packet *mine = vskpy_self(self);
    kit_packet *theirs = mine == NULL ? NULL : vskpy_self(other);

    if (theirs == NULL)
        return NULL;
    if (operation != Py_EQ && operation != Py_NE)
        Py_RETURN_NOTIMPLEMENTED;
    return PyBool_FromLong(kit_packet_equal(mine, theirs) ==
                           (operation == Py_EQ));
}
