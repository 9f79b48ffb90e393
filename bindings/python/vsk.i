/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The Python module vsk._core: typemaps and slots in front of the shared
 * interface. What SWIG's own output is too slow or too loose for stands in
 * the C files beside this one. */
%module(package="vsk") _core

%begin %{
/* Objects alive at exit are Python's business: no lines on stderr. */
#define SWIG_PYTHON_SILENT_MEMLEAK
/* Nothing is shared with other modules that SWIG made. */
#define SWIG_TYPE_TABLE vsk
%}

%{
#include "python/glue.h"

#undef PyArg_ParseTupleAndKeywords
#define PyArg_ParseTupleAndKeywords vskpy_arguments

/* Where a failed call says more than its status: calls that take a kit_why
 * declare their own, all others see this one, which stays empty. */
static const kit_why why[1];
%}

%feature("kwargs");
/* Of calls that take nothing SWIG makes ones that ignore any keyword. */
%define VSK_NO_ARGUMENTS(CALL)
%feature("kwargs", "0") CALL;
%enddef
VSK_NO_ARGUMENTS(vsk_header::check)
VSK_NO_ARGUMENTS(kit_packet::commit)
VSK_NO_ARGUMENTS(kit_packet::encode)
VSK_NO_ARGUMENTS(kit_packet::check)
VSK_NO_ARGUMENTS(kit_memory::available)
VSK_NO_ARGUMENTS(kit_memory::close)
VSK_NO_ARGUMENTS(kit_driver::reap)
VSK_NO_ARGUMENTS(kit_driver::should_kick)
VSK_NO_ARGUMENTS(kit_driver::enable_interrupts)
VSK_NO_ARGUMENTS(kit_driver::disable_interrupts)
VSK_NO_ARGUMENTS(kit_device::pop)
VSK_NO_ARGUMENTS(kit_device::publish)
VSK_NO_ARGUMENTS(kit_device::should_interrupt)
VSK_NO_ARGUMENTS(kit_device::enable_kicks)
VSK_NO_ARGUMENTS(kit_device::disable_kicks)
VSK_NO_ARGUMENTS(kit_device::reset)
VSK_NO_ARGUMENTS(kit_capture::_wanted)
VSK_NO_ARGUMENTS(kit_capture::_next)
VSK_NO_ARGUMENTS(kit_capture::_end)
VSK_NO_ARGUMENTS(kit_capture::_begin)
VSK_NO_ARGUMENTS(kit_capture::_close)
%feature("autodoc", "0");

/* ---- integers: exact, ranged, never floats ---- */

%define VSK_INTEGER(TYPE, MAX)
%typemap(in) TYPE (uint64_t wide) {
    if (vskpy_integer($input, MAX, "$1_name", &wide) < 0) SWIG_fail;
    $1 = (TYPE)wide;
}
%typemap(out) TYPE %{ $result = PyLong_FromUnsignedLongLong($1); %}
%typemap(in, numinputs=0) TYPE *OUTPUT (TYPE number) %{ $1 = &number; %}
%typemap(argout) TYPE *OUTPUT %{
    if (result == VSK_OK) {
        Py_DECREF($result);
        $result = PyLong_FromUnsignedLongLong(*$1);
    }
%}
%enddef
VSK_INTEGER(uint8_t, UINT8_MAX)
VSK_INTEGER(uint16_t, UINT16_MAX)
VSK_INTEGER(uint32_t, UINT32_MAX)
VSK_INTEGER(uint64_t, UINT64_MAX)
%apply uint16_t *OUTPUT { uint16_t *head };
%apply uint32_t *OUTPUT { uint32_t *written };
%apply uint64_t *OUTPUT { uint64_t *addr };

/* True: all buffers, a number: that many of the last ones. */
%typemap(in) uint32_t indirect (uint64_t wide) {
    wide = UINT32_MAX;
    if ($input == Py_False) wide = 0;
    else if ($input != Py_True &&
             vskpy_integer($input, UINT32_MAX, "indirect", &wide) < 0)
        SWIG_fail;
    $1 = (uint32_t)wide;
}

%typemap(in, numinputs=0) bool *yes (bool flag) %{ $1 = &flag; %}
%typemap(argout) bool *yes %{
    if (result == VSK_OK) {
        Py_DECREF($result);
        $result = PyBool_FromLong(*$1);
    }
%}
%typemap(in) bool (int truth) {
    truth = PyObject_IsTrue($input);
    if (truth < 0) SWIG_fail;
    $1 = truth != 0;
}

/* ---- status: the one place where failures become exceptions ---- */

/* Statuses of the functions that name them are plain numbers. */
%typemap(in) vsk_status (int number) {
    number = (int)PyLong_AsLong($input);
    if (number == -1 && PyErr_Occurred()) SWIG_fail;
    $1 = (vsk_status)number;
}
%typemap(out) vsk_status %{
    if ($1 < 0) {
        vskpy_raise_why($1, why);
        SWIG_fail;
    }
    $result = Py_NewRef(Py_None);
%}
%typemap(in, numinputs=0, noblock=1) kit_why *why {
    kit_why why[1];
    why->text[0] = '\0';
    why->number = 0;
    $1 = why;
}

/* What docstrings call the types. */
%typemap(doctype) vsk_status "None, or what is described"
%typemap(doctype) uint8_t, uint16_t, uint32_t, uint64_t "int"
%typemap(doctype) bool "bool"
%typemap(doctype) kit_packet * "Packet"
%typemap(doctype) kit_chain * "Chain"
%typemap(doctype) const void *data "bytes-like"
%typemap(doctype) const kit_layout *layout "sequence of int"
%typemap(doctype) const kit_list *buffers "sequence of (int, int, str)"

/* ---- bytes ---- */

/* Released after the call, not before it: nothing may move meanwhile. */
%typemap(in) (const void *data, size_t size) (Py_buffer view, int have = 0) {
    if (PyObject_GetBuffer($input, &view, PyBUF_SIMPLE) < 0) SWIG_fail;
    have = 1;
    $1 = view.buf;
    $2 = (size_t)view.len;
}
%typemap(freearg) (const void *data, size_t size) %{
    if (have$argnum) PyBuffer_Release(&view$argnum);
%}
%typemap(in, numinputs=0) kit_bytes *bytes (kit_bytes raw = {0}) %{
    $1 = &raw;
%}
%typemap(argout) kit_bytes *bytes %{
    if (result != VSK_NONE) {
        Py_DECREF($result);
        $result = PyBytes_FromStringAndSize((const char *)$1->data,
                                            (Py_ssize_t)$1->size);
    }
%}
%typemap(freearg) kit_bytes *bytes %{ free($1->data); %}

/* ---- layouts and buffers ---- */

%typemap(in) const kit_layout *layout (kit_layout cut = {0}) {
    if ($input != Py_None) {
        if (vskpy_layout($input, &cut) < 0) SWIG_fail;
        $1 = &cut;
    }
}
%typemap(freearg) const kit_layout *layout %{ free(cut$argnum.pieces); %}
%typemap(in) const kit_list *buffers (kit_list list = {0}) {
    if (vskpy_list($input, &list) < 0) SWIG_fail;
    $1 = &list;
}
%typemap(freearg) const kit_list *buffers %{ free(list$argnum.buffers); %}
%typemap(in, numinputs=0) vsk_desc *desc (vsk_desc found) %{ $1 = &found; %}
%typemap(argout) vsk_desc *desc %{
    Py_DECREF($result);
    $result = vskpy_desc($1);
%}
%typemap(in, numinputs=0) vsk_used *used (vsk_used found) %{ $1 = &found; %}
%typemap(argout) vsk_used *used %{
    if (result == VSK_OK) {
        Py_DECREF($result);
        $result = vskpy_used($1);
    }
%}

/* ---- objects: made by calls, checked when they come back ---- */

%define VSK_OBJECT(TYPE, KIND)
%wrapper %{
SWIGINTERN void delete_##TYPE(TYPE *self);

static void
drop_##TYPE(void *pointer)
{
    delete_##TYPE(pointer);
}
%}
/* The type pointer is set when an object is made, so that SWIG's conversion
 * does not trip over one whose __init__ was never called. */
%{
static PyObject *
new_##TYPE(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    PyObject *self = PyType_GenericNew(type, args, kwargs);

    if (self != NULL)
        ((SwigPyObject *)self)->ty = SWIGTYPE_p_##TYPE;
    return self;
}
%}
%feature("python:tp_new", functype="newfunc") TYPE "new_" #TYPE;
%feature("python:tp_setattro", functype="setattrofunc") TYPE "vskpy_setattro";
%feature("python:tp_hash", functype="hashfunc") TYPE "vskpy_hash";
%feature("python:tp_richcompare", functype="richcmpfunc") TYPE "vskpy_compare";
%typemap(check) TYPE * %{
    if ($1 == NULL) {
        vskpy_not_open("$1_name");
        SWIG_fail;
    }
%}
/* Python has looked at the type of self when it found the method. */
%typemap(in) TYPE *self %{ $1 = ((SwigPyObject *)$input)->ptr; %}
%typemap(in, numinputs=0) TYPE **OUTPUT (TYPE *made = NULL) %{ $1 = &made; %}
%typemap(argout) TYPE **OUTPUT %{
    if (result == VSK_OK) {
        Py_DECREF($result);
        $result = vskpy_wrap(VSKPY_##KIND, *$1);
    }
%}
%enddef
VSK_OBJECT(vsk_header, HEADER)
VSK_OBJECT(kit_packet, PACKET)
VSK_OBJECT(kit_memory, MEMORY)
VSK_OBJECT(kit_queue, QUEUE)
VSK_OBJECT(kit_driver, DRIVER)
VSK_OBJECT(kit_device, DEVICE)
VSK_OBJECT(kit_chain, CHAIN)
VSK_OBJECT(kit_packets, PACKETS)
VSK_OBJECT(vsk_image_ring, RING)
VSK_OBJECT(vsk_used, USED)

/* SWIG's conversion takes any class of the name SwigPyObject for its own. */
%define VSK_ARGUMENT(KIND, TYPE, NAME)
%typemap(in) TYPE *NAME %{
    if ($input != Py_None) {
        if (vskpy_is(KIND, $input) < 0) SWIG_fail;
        $1 = ((SwigPyObject *)$input)->ptr;
    }
%}
%enddef
VSK_ARGUMENT(VSKPY_PACKET, kit_packet, packet)
VSK_ARGUMENT(VSKPY_CHAIN, kit_chain, chain)
%apply vsk_header **OUTPUT { vsk_header **header };
%apply kit_packet **OUTPUT { kit_packet **packet };
%apply kit_chain **OUTPUT { kit_chain **chain };
%apply kit_packets **OUTPUT { kit_packets **packets };

%define VSK_SLOT(TYPE, SLOT, KIND, FUNCTION)
%feature("python:" #SLOT, functype=#KIND) TYPE #FUNCTION;
%enddef
VSK_SLOT(vsk_header, tp_init, initproc, vskpy_header_init)
VSK_SLOT(vsk_header, tp_repr, reprfunc, vskpy_header_repr)
VSK_SLOT(vsk_header, tp_str, reprfunc, vskpy_header_str)
VSK_SLOT(kit_packet, tp_init, initproc, vskpy_packet_init)
VSK_SLOT(kit_packet, tp_repr, reprfunc, vskpy_packet_repr)
VSK_SLOT(kit_packet, tp_str, reprfunc, vskpy_header_str)
VSK_SLOT(kit_memory, tp_init, initproc, vskpy_memory_init)
VSK_SLOT(kit_memory, tp_repr, reprfunc, vskpy_memory_repr)
VSK_SLOT(kit_queue, tp_init, initproc, vskpy_queue_init)
VSK_SLOT(kit_queue, tp_repr, reprfunc, vskpy_queue_repr)
VSK_SLOT(kit_driver, tp_init, initproc, vskpy_driver_init)
VSK_SLOT(kit_driver, tp_repr, reprfunc, vskpy_driver_repr)
VSK_SLOT(kit_device, tp_init, initproc, vskpy_device_init)
VSK_SLOT(kit_device, tp_repr, reprfunc, vskpy_device_repr)
VSK_SLOT(kit_chain, tp_repr, reprfunc, vskpy_chain_repr)
VSK_SLOT(kit_chain, tp_str, reprfunc, vskpy_chain_str)
VSK_SLOT(kit_chain, tp_iter, getiterfunc, vskpy_chain_iter)
VSK_SLOT(kit_packets, tp_repr, reprfunc, vskpy_packets_repr)
VSK_SLOT(kit_packets, tp_iter, getiterfunc, vskpy_packets_iter)
VSK_SLOT(kit_packets, tp_iternext, iternextfunc, vskpy_packets_next)
VSK_SLOT(vsk_image_ring, tp_repr, reprfunc, vskpy_ring_repr)
VSK_SLOT(vsk_used, tp_repr, reprfunc, vskpy_used_repr)

/* Python has a keyword for how many buffers go into an indirect table. */
%ignore kit_driver::add(const kit_list *buffers, uint16_t *head);
%rename(add) kit_driver::add_list;

/* ---- captures ---- */

VSK_OBJECT(kit_capture, CAPTURE)
VSK_SLOT(kit_capture, tp_init, initproc, vskpy_capture_init)
VSK_SLOT(kit_capture, tp_repr, reprfunc, vskpy_capture_repr)
%apply uint64_t *OUTPUT { uint64_t *count };
%typemap(in, numinputs=0) kit_record *record (kit_record found) %{
    $1 = &found;
%}
%typemap(argout) kit_record *record %{
    if (result == VSK_OK) {
        Py_DECREF($result);
        $result = vskpy_record($1);
    }
%}

%include "roles.i"
%include "../vsk.i"
%include "../captures.i"
%include "../roles.i"
%include "../socket.i"
%extend kit_lab {
    vsk_status trace_stood(uint64_t number, const kit_entry **stood) {
        *stood = kit_trace_at(&$self->host.trace, number);
        return *stood == NULL ? VSK_ERR_ARGUMENT : VSK_OK;
    }
}
%extend kit_socket {
    vsk_status trace_stood(uint64_t number, const kit_entry **stood) {
        *stood = kit_trace_at(&$self->host.trace, number);
        return *stood == NULL ? VSK_ERR_ARGUMENT : VSK_OK;
    }
}
/* It waits for the other side: other threads run meanwhile. */
%exception rogue_run %{
    Py_BEGIN_ALLOW_THREADS
    $action
    Py_END_ALLOW_THREADS
%}
%include "../rogue.i"

%extend kit_driver {
    /**
     * Offer buffers anywhere, also where there is no memory.
     *
     * @param buffers each (address, length, "r" or "w")
     * @param indirect how many, from the last, go into an indirect table;
     * True: all
     * @return head: slot of the first descriptor; packed: buffer id
     */
    vsk_status add_list(const kit_list *buffers, uint32_t indirect = 0,
                        uint16_t *head) {
        kit_list list = *buffers;

        list.indirect = indirect == UINT32_MAX ? list.count : indirect;
        return kit_driver_add($self, &list, head);
    }
}

%constant char *VERSION = VSK_VERSION;

%wrapper %{
#define VSKPY_CLASS(type) { SWIGTYPE_p_##type, drop_##type }
%}
%init %{
    const vskpy_class classes[VSKPY_TYPES] = {
        VSKPY_CLASS(vsk_header),       VSKPY_CLASS(kit_packet),
        VSKPY_CLASS(kit_memory),       VSKPY_CLASS(kit_queue),
        VSKPY_CLASS(kit_driver),       VSKPY_CLASS(kit_device),
        VSKPY_CLASS(kit_chain),        VSKPY_CLASS(kit_packets),
        VSKPY_CLASS(vsk_image_ring),   VSKPY_CLASS(vsk_used),
        VSKPY_CLASS(kit_capture),      VSKPY_CLASS(kit_role_options),
        VSKPY_CLASS(kit_role),         VSKPY_CLASS(kit_lab),
        VSKPY_CLASS(kit_snapshot),     VSKPY_CLASS(kit_socket),
    };
    /* From 4.4 on SWIG initialises in a slot function, which gives an int. */
    if (vskpy_setup(m, classes) < 0)
#if SWIG_VERSION < 0x040400
        return NULL;
#else
        return -1;
#endif
%}
