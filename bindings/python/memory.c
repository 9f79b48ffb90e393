/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "python/glue.h"

/* Memory(size) is one region at address 0; else regions lists them. */
static int
region_list(PyObject *size, PyObject *regions, vsk_range **ranges,
            uint32_t *count)
{
    if ((size == Py_None) == (regions == Py_None)) {
        PyErr_SetString(PyExc_TypeError,
                        "Memory takes either a size or regions=");
        return -1;
    }
    if (regions != Py_None)
        return vskpy_ranges(regions, ranges, count);
    *ranges = calloc(1, sizeof **ranges);
    *count = 1;
    if (*ranges == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    return vskpy_integer(size, UINT64_MAX, "size", &(*ranges)->size);
}

int
vskpy_memory_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static const char *const names[] = {"size", "fill", "regions", NULL};
    PyObject *size = Py_None, *fill = NULL, *regions = Py_None;
    vsk_range *ranges = NULL;
    uint64_t pattern = 0;
    uint32_t count = 0;
    kit_memory *memory;
    int done = -1;

    if (vskpy_fresh(self) < 0 ||
        !PyArg_ParseTupleAndKeywords(args, kwargs, "|O$OO:Memory",
                                     VSKPY_NAMES(names), &size, &fill,
                                     &regions))
        return -1;
    if (fill != NULL && vskpy_integer(fill, UINT8_MAX, "fill", &pattern) < 0)
        return -1;
    if (region_list(size, regions, &ranges, &count) == 0)
        done =
            vskpy_check(kit_memory_new(ranges, count, (int)pattern, &memory));
    free(ranges);
    /* A value's __index__ may have called __init__ on this very object. */
    if (done == 0 && vskpy_fresh(self) < 0) {
        kit_memory_unref(memory);
        return -1;
    }
    if (done == 0)
        vskpy_own(self, memory);
    return done;
}

static PyObject *
view(PyObject *self, PyObject *args)
{
    kit_memory *memory = vskpy_self(self);
    PyObject *addr_object, *len_object;
    uint64_t addr, len;
    kit_block *block;
    uint8_t *base;

    if (memory == NULL ||
        !PyArg_ParseTuple(args, "OO:view", &addr_object, &len_object) ||
        vskpy_integer(addr_object, UINT64_MAX, "addr", &addr) < 0 ||
        vskpy_integer(len_object, SIZE_MAX / 2, "len", &len) < 0 ||
        vskpy_check(kit_memory_locate(memory, addr, len, &block, &base)) < 0)
        return NULL;
    return vskpy_view(block, base, (size_t)len, false);
}

/* The front of an image; save in memory.py writes the bytes behind it. */
static PyObject *
head(PyObject *self, PyObject *unused)
{
    kit_memory *memory = vskpy_self(self);
    kit_bytes bytes = {0};
    PyObject *result = NULL;

    (void)unused;
    if (memory == NULL)
        return NULL;
    if (vskpy_check(kit_memory_head(memory, &bytes)) == 0)
        result = PyBytes_FromStringAndSize((const char *)bytes.data,
                                           (Py_ssize_t)bytes.size);
    free(bytes.data);
    return result;
}

/* Become the memory of an image's front, its bytes still to come; total is
 * the size of the whole image. */
static PyObject *
begin_load(PyObject *self, PyObject *args)
{
    kit_memory *memory = NULL;
    Py_buffer front;
    unsigned long long total;
    vsk_status status;

    if (vskpy_fresh(self) < 0 ||
        !PyArg_ParseTuple(args, "y*K:_begin_load", &front, &total))
        return NULL;
    status = kit_image_fits(front.buf, (size_t)front.len, total);
    if (status == VSK_OK)
        status = kit_memory_load(front.buf, (size_t)front.len, &memory);
    PyBuffer_Release(&front);
    if (vskpy_check(status) < 0)
        return NULL;
    vskpy_own(self, memory);
    Py_RETURN_NONE;
}

static PyObject *
end_load(PyObject *self, PyObject *unused)
{
    kit_memory *memory = vskpy_self(self);

    (void)unused;
    if (memory == NULL || vskpy_check(kit_memory_adopt(memory)) < 0)
        return NULL;
    Py_RETURN_NONE;
}

/* Become another name of the memory that a lab has made. */
static PyObject *
share(PyObject *self, PyObject *other)
{
    kit_memory *memory;

    if (vskpy_fresh(self) < 0)
        return NULL;
    memory = vskpy_unwrap(VSKPY_MEMORY, other);
    if (memory == NULL)
        return NULL;
    vskpy_own(self, kit_memory_ref(memory));
    Py_RETURN_NONE;
}

PyMethodDef vskpy_memory_methods[] = {
    {"view", view, METH_VARARGS,
     "Give guest memory from addr on, len bytes of one region, as a writable "
     "memoryview without a copy."},
    {"_head", head, METH_NOARGS, "The front of the memory's image."},
    {"_begin_load", begin_load, METH_VARARGS, "Become the memory of an image."},
    {"_share", share, METH_O, "Become another name of a memory."},
    {"_end_load", end_load, METH_NOARGS, "Keep what the image's rings use."},
    {0},
};

static PyObject *
get_closed(PyObject *self, void *closure)
{
    const kit_memory *memory = ((SwigPyObject *)self)->ptr;

    (void)closure;
    return PyBool_FromLong(memory == NULL || memory->closed);
}

static PyObject *
get_size(PyObject *self, void *closure)
{
    const kit_memory *memory = vskpy_self(self);
    uint64_t size = 0;

    (void)closure;
    if (memory == NULL)
        return NULL;
    for (uint32_t i = 0; i < memory->memory.count; i++)
        size += memory->regions[i].size;
    return PyLong_FromUnsignedLongLong(size);
}

static PyObject *
get_regions(PyObject *self, void *closure)
{
    const kit_memory *memory = vskpy_self(self);
    PyObject *tuple;

    (void)closure;
    if (memory == NULL)
        return NULL;
    tuple = PyTuple_New(memory->memory.count);
    for (uint32_t i = 0; tuple != NULL && i < memory->memory.count; i++) {
        PyObject *pair = Py_BuildValue("KK", memory->regions[i].addr,
                                       memory->regions[i].size);

        if (pair == NULL)
            Py_CLEAR(tuple);
        else
            PyTuple_SET_ITEM(tuple, i, pair);
    }
    return tuple;
}

static PyObject *
ring_object(kit_memory *memory, uint32_t index)
{
    vsk_image_ring *ring = malloc(sizeof *ring);

    if (ring == NULL)
        return PyErr_NoMemory();
    (void)kit_memory_ring(memory, index, ring);
    return vskpy_wrap(VSKPY_RING, ring);
}

static PyObject *
get_rings(PyObject *self, void *closure)
{
    kit_memory *memory = vskpy_self(self);
    PyObject *tuple;

    (void)closure;
    if (memory == NULL)
        return NULL;
    tuple = PyTuple_New(memory->ring_count);
    for (uint32_t i = 0; tuple != NULL && i < memory->ring_count; i++) {
        PyObject *ring = ring_object(memory, i);

        if (ring == NULL)
            Py_CLEAR(tuple);
        else
            PyTuple_SET_ITEM(tuple, i, ring);
    }
    return tuple;
}

PyGetSetDef vskpy_memory_getset[] = {
    {"closed", get_closed, NULL, "Whether close was called.", NULL},
    {"size", get_size, NULL, "Bytes in all regions together.", NULL},
    {"regions", get_regions, NULL, "Every region: (address, size).", NULL},
    {"rings", get_rings, NULL,
     "The rings in this memory: of open queues, and of the image it was loaded "
     "from.",
     NULL},
    {0},
};

PyObject *
vskpy_memory_repr(PyObject *self)
{
    const kit_memory *memory = ((SwigPyObject *)self)->ptr;

    if (memory == NULL)
        return PyUnicode_FromString("<Memory, not initialised>");
    if (memory->closed)
        return PyUnicode_FromString("<Memory, closed>");
    return PyUnicode_FromFormat("<Memory, %u regions, %u rings>",
                                memory->memory.count, memory->ring_count);
}

#define RING_FIELD(name)                                                       \
    static PyObject *ring_##name(PyObject *self, void *closure)                \
    {                                                                          \
        const vsk_image_ring *ring = vskpy_self(self);                         \
                                                                               \
        (void)closure;                                                         \
        return ring == NULL ? NULL                                             \
                            : PyLong_FromUnsignedLongLong(ring->ring.name);    \
    }
RING_FIELD(desc)
RING_FIELD(driver)
RING_FIELD(device)
RING_FIELD(features)
RING_FIELD(size)

PyGetSetDef vskpy_ring_getset[] = {
    {"desc", ring_desc, NULL, "Guest address of the descriptor area.", NULL},
    {"driver", ring_driver, NULL,
     "Guest address of the driver area: the available ring.", NULL},
    {"device", ring_device, NULL,
     "Guest address of the device area: the used ring.", NULL},
    {"features", ring_features, NULL, "Negotiated feature bits.", NULL},
    {"size", ring_size, NULL, "Number of descriptors.", NULL},
    {0},
};

PyObject *
vskpy_ring_repr(PyObject *self)
{
    const vsk_image_ring *ring = ((SwigPyObject *)self)->ptr;
    char words[128];

    if (ring == NULL)
        return PyUnicode_FromString("<Ring, not initialised>");
    PyOS_snprintf(words, sizeof words,
                  "<Ring of %lu, %s, desc 0x%llx, driver 0x%llx, "
                  "device 0x%llx>",
                  (unsigned long)ring->ring.size,
                  (ring->ring.features & VSK_F_RING_PACKED) != 0 ? "packed"
                                                                 : "split",
                  (unsigned long long)ring->ring.desc,
                  (unsigned long long)ring->ring.driver,
                  (unsigned long long)ring->ring.device);
    return PyUnicode_FromString(words);
}
