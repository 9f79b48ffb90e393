/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * What the hand-written parts of the Python module share.
 *
 * Script objects are SWIG's: a SwigPyObject whose ptr is the kit's struct, or
 * NULL while __init__ has not run. Every function that begins with vskpy_ and
 * gives an int or a pointer follows Python's rule: -1 or NULL with an
 * exception set.
 */
#ifndef VSK_PYTHON_GLUE_H
#define VSK_PYTHON_GLUE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#ifndef SWIG_RUNTIME_VERSION
#define SWIG_TYPE_TABLE vsk /* as in vsk.i */
#include "swigpyrun.h"
#endif

#include "kit/capture.h"
#include "kit/lab.h"
#include "kit/socket.h"

/* Keyword lists are not const in Python's own declaration. */
#define VSKPY_NAMES(names) ((char **)(uintptr_t)(names))

/* The script types, in the order of the table in vsk.i's %init. */
typedef enum vskpy_kind {
    VSKPY_HEADER,
    VSKPY_PACKET,
    VSKPY_MEMORY,
    VSKPY_QUEUE,
    VSKPY_DRIVER,
    VSKPY_DEVICE,
    VSKPY_CHAIN,
    VSKPY_PACKETS,
    VSKPY_RING,
    VSKPY_USED,
    VSKPY_CAPTURE,
    VSKPY_OPTIONS,
    VSKPY_ROLE,
    VSKPY_LAB,
    VSKPY_SNAPSHOT,
    VSKPY_SOCKET,
    VSKPY_TYPES
} vskpy_kind;

/* What SWIG knows of a kind, and what ends a struct of it. */
typedef struct vskpy_class {
    swig_type_info *info;
    void (*drop)(void *pointer);
} vskpy_class;

/* setup.c */
int vskpy_setup(PyObject *module, const vskpy_class *types);
/* A script object around a kit struct, which it owns; the struct ends where
 * there is no memory for one. */
PyObject *vskpy_wrap(vskpy_kind kind, void *pointer);
/* 0 where an object is of a kind, else -1: TypeError. */
int vskpy_is(vskpy_kind kind, PyObject *object);
/* The kit's struct in an object of a kind; TypeError or ERR_CLOSED. */
void *vskpy_unwrap(vskpy_kind kind, PyObject *object);
/* Put a struct into self, whose __init__ this is; -1 the second time. */
int vskpy_fresh(PyObject *self);
void vskpy_own(PyObject *self, void *pointer);
void vskpy_disown(PyObject *self);
int vskpy_setattro(PyObject *self, PyObject *name, PyObject *value);
Py_hash_t vskpy_hash(PyObject *self);
PyObject *vskpy_compare(PyObject *self, PyObject *other, int operation);
/* Members of an enum of the package for a value; a number where unknown. */
PyObject *vskpy_op(uint16_t op);
PyObject *vskpy_type(uint16_t type);
PyObject *vskpy_status(vsk_status status);
/* Print a text as the package does. */
PyObject *vskpy_show(char *text);
/* Call a function of vsk.view, which is loaded when it is used first. */
PyObject *vskpy_view_of(const char *name, PyObject *self);
/* What __reduce__ gives: a function of vsk.packet and the bytes it takes. */
PyObject *vskpy_reduce(const char *name, PyObject *wire);
/* A str of a text that is freed. */
PyObject *vskpy_text(char *text);

/* errors.c */
void vskpy_raise(vsk_status status, const char *text);
void vskpy_raise_why(vsk_status status, const kit_why *why);
void vskpy_not_open(const char *name);
/* -1 with an exception set where a status is a failure, else 0. */
int vskpy_check(vsk_status status);

/* convert.c */
/* As PyArg_ParseTupleAndKeywords, of objects alone: all that SWIG asks for. */
int vskpy_arguments(PyObject *args, PyObject *kwargs, const char *format,
                    char **names, ...);
int vskpy_integer(PyObject *object, uint64_t max, const char *name,
                  uint64_t *value);
int vskpy_layout(PyObject *object, kit_layout *layout);
int vskpy_list(PyObject *object, kit_list *list);
/* A table of (address, size): malloc'd. */
int vskpy_ranges(PyObject *object, vsk_range **ranges, uint32_t *count);

/* view.c */
int vskpy_view_setup(void);
/* A memoryview that keeps a block alive. */
PyObject *vskpy_view(kit_block *block, uint8_t *base, size_t size,
                     bool readonly);

/* header.c */
extern PyGetSetDef vskpy_header_getset[];
extern PyMethodDef vskpy_header_methods[];
int vskpy_header_setup(PyObject *module);
int vskpy_header_init(PyObject *self, PyObject *args, PyObject *kwargs);
PyObject *vskpy_header_repr(PyObject *self);
PyObject *vskpy_header_str(PyObject *self);
PyObject *vskpy_header_compare(PyObject *self, PyObject *other, int operation);
/* Set a field, src or dst by name: 1 done, 0 no such field, -1. */
int vskpy_header_set(vsk_header *header, PyObject *name, PyObject *value);
PyObject *vskpy_fields(PyObject *self, PyObject *unused);

/* packet.c */
extern PyGetSetDef vskpy_packet_getset[];
extern PyMethodDef vskpy_packet_methods[];
int vskpy_packet_init(PyObject *self, PyObject *args, PyObject *kwargs);
PyObject *vskpy_packet_repr(PyObject *self);
PyObject *vskpy_packet_compare(PyObject *self, PyObject *other, int operation);

/* memory.c */
extern PyGetSetDef vskpy_memory_getset[];
extern PyMethodDef vskpy_memory_methods[];
extern PyGetSetDef vskpy_ring_getset[];
int vskpy_memory_init(PyObject *self, PyObject *args, PyObject *kwargs);
PyObject *vskpy_memory_repr(PyObject *self);
PyObject *vskpy_ring_repr(PyObject *self);

/* queue.c */
extern PyGetSetDef vskpy_queue_getset[];
extern PyGetSetDef vskpy_driver_getset[];
extern PyGetSetDef vskpy_device_getset[];
extern PyGetSetDef vskpy_used_getset[];
int vskpy_queue_setup(PyObject *module);
int vskpy_queue_init(PyObject *self, PyObject *args, PyObject *kwargs);
int vskpy_driver_init(PyObject *self, PyObject *args, PyObject *kwargs);
int vskpy_device_init(PyObject *self, PyObject *args, PyObject *kwargs);
PyObject *vskpy_queue_repr(PyObject *self);
PyObject *vskpy_driver_repr(PyObject *self);
PyObject *vskpy_device_repr(PyObject *self);
PyObject *vskpy_used_repr(PyObject *self);
PyObject *vskpy_desc(const vsk_desc *desc);
PyObject *vskpy_used(const vsk_used *used);
PyObject *vskpy_packets_repr(PyObject *self);
PyObject *vskpy_packets_iter(PyObject *self);
PyObject *vskpy_packets_next(PyObject *self);

/* chain.c */
extern PyGetSetDef vskpy_chain_getset[];
extern PyMethodDef vskpy_chain_methods[];
int vskpy_chain_setup(PyObject *module);
PyObject *vskpy_chain_repr(PyObject *self);
PyObject *vskpy_chain_str(PyObject *self);
PyObject *vskpy_chain_iter(PyObject *self);
/* A tuple of Span. */
PyObject *vskpy_spans(const vsk_span *spans, uint32_t count);

/* capture.c */
extern PyGetSetDef vskpy_capture_getset[];
int vskpy_capture_setup(PyObject *module);
int vskpy_capture_init(PyObject *self, PyObject *args, PyObject *kwargs);
PyObject *vskpy_capture_repr(PyObject *self);
/* The record as a named tuple, which owns the packet; NULL: nobody does. */
PyObject *vskpy_record(const kit_record *record);

/* roles.c */
/* (kind, pair, guest, id, value); takes the packet out of the event. */
PyObject *vskpy_event(kit_event *event);
/* (time, kind, line, guest, queue, head, written, status) */
PyObject *vskpy_entry(const kit_entry *entry);
/* (ring, spans); ring is None where nothing is known of it, or (size, packed,
 * offered, reaped, popped, published), with None for an end elsewhere. */
PyObject *vskpy_stand(const kit_entry *entry);
PyObject *vskpy_ids(const uint64_t *ids, uint32_t count);

/* The struct in self; ERR_CLOSED where there is none. Here, as each field that
 * is read asks for it. */
static inline void *
vskpy_self(PyObject *self)
{
    void *pointer = ((SwigPyObject *)self)->ptr;

    if (pointer == NULL)
        vskpy_not_open("self");
    return pointer;
}

#endif
