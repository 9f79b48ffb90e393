/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What stands behind every memoryview of the kit: it keeps the block of bytes
 * alive, whatever becomes of the packet, chain or memory it was taken from. */
#include "python/glue.h"

typedef struct view {
    PyObject_HEAD kit_block *block;
    uint8_t *base;
    size_t size;
    int readonly;
} view;

static void
view_dealloc(PyObject *self)
{
    view *it = (view *)self;

    it->block->views--;
    kit_block_unref(it->block);
    PyObject_Free(self);
}

static int
view_getbuffer(PyObject *self, Py_buffer *buffer, int flags)
{
    const view *it = (const view *)self;

    return PyBuffer_FillInfo(buffer, self, it->base, (Py_ssize_t)it->size,
                             it->readonly, flags);
}

static PyBufferProcs view_buffer = {view_getbuffer, NULL};

static PyTypeObject view_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "vsk._core.View",
    .tp_basicsize = sizeof(view),
    .tp_dealloc = view_dealloc,
    .tp_as_buffer = &view_buffer,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .tp_doc = "Owner of the bytes behind a memoryview of the kit.",
};

int
vskpy_view_setup(void)
{
    return PyType_Ready(&view_type);
}

PyObject *
vskpy_view(kit_block *block, uint8_t *base, size_t size, bool readonly)
{
    view *owner = PyObject_New(view, &view_type);
    PyObject *result;

    if (owner == NULL)
        return NULL;
    owner->block = kit_block_ref(block);
    owner->block->views++;
    owner->base = base;
    owner->size = size;
    owner->readonly = readonly;
    result = PyMemoryView_FromObject((PyObject *)owner);
    Py_DECREF(owner);
    return result;
}
