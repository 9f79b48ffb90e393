/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stdlib.h>

#include "glue.h"

/* ---- Ring and Used: values of their own ---- */

void
glue_push_ring(lua_State *L, const vsk_image_ring *ring)
{
    vsk_image_ring *copy = glue_alloc(L, &glue_ring, sizeof *copy);

    *copy = *ring;
}

static void
ring_desc(lua_State *L, void *self)
{
    glue_push_integer(L, ((const vsk_image_ring *)self)->ring.desc);
}

static void
ring_driver(lua_State *L, void *self)
{
    glue_push_integer(L, ((const vsk_image_ring *)self)->ring.driver);
}

static void
ring_device(lua_State *L, void *self)
{
    glue_push_integer(L, ((const vsk_image_ring *)self)->ring.device);
}

static void
ring_features(lua_State *L, void *self)
{
    glue_push_integer(L, ((const vsk_image_ring *)self)->ring.features);
}

static void
ring_size(lua_State *L, void *self)
{
    lua_pushinteger(L, ((const vsk_image_ring *)self)->ring.size);
}

static const glue_field ring_fields[] = {
    {"desc", ring_desc, NULL},         {"driver", ring_driver, NULL},
    {"device", ring_device, NULL},     {"size", ring_size, NULL},
    {"features", ring_features, NULL}, {NULL, NULL, NULL},
};

const glue_type glue_ring = {
    .name = "Ring",
    .release = free,
    .fields = ring_fields,
};

void
glue_push_used(lua_State *L, const vsk_used *used)
{
    vsk_used *copy = glue_alloc(L, &glue_used, sizeof *copy);

    *copy = *used;
}

static void
used_head(lua_State *L, void *self)
{
    lua_pushinteger(L, ((const vsk_used *)self)->head);
}

static void
used_written(lua_State *L, void *self)
{
    lua_pushinteger(L, ((const vsk_used *)self)->written);
}

static const glue_field used_fields[] = {
    {"head", used_head, NULL},
    {"written", used_written, NULL},
    {NULL, NULL, NULL},
};

const glue_type glue_used = {
    .name = "Used",
    .release = free,
    .fields = used_fields,
};

/* ---- the driver's end ---- */

static void
release_driver(void *self)
{
    kit_driver_unref(self);
}

static void
driver_free(lua_State *L, void *self)
{
    lua_pushinteger(L, kit_driver_free(self));
}

static void
driver_outstanding(lua_State *L, void *self)
{
    lua_pushinteger(L, kit_driver_outstanding(self));
}

static const glue_field driver_fields[] = {
    {"free", driver_free, NULL},
    {"outstanding", driver_outstanding, NULL},
    {NULL, NULL, NULL},
};

const glue_type glue_driver = {
    .name = "DriverEnd",
    .release = release_driver,
    .fields = driver_fields,
};

/* ---- the device's end ---- */

static void
release_device(void *self)
{
    kit_device_unref(self);
}

static void
device_held(lua_State *L, void *self)
{
    lua_pushinteger(L, kit_device_held(self));
}

static const glue_field device_fields[] = {
    {"held", device_held, NULL},
    {NULL, NULL, NULL},
};

const glue_type glue_device = {
    .name = "DeviceEnd",
    .release = release_device,
    .fields = device_fields,
};

/* ---- the queue ---- */

static void
release_queue(void *self)
{
    kit_queue_unref(self);
}

static void
queue_driver(lua_State *L, void *self)
{
    void **slot = glue_new(L, &glue_driver);

    *slot = kit_queue_driver(self);
}

static void
queue_device(lua_State *L, void *self)
{
    void **slot = glue_new(L, &glue_device);

    *slot = kit_queue_device(self);
}

static void
queue_memory(lua_State *L, void *self)
{
    kit_queue *queue = self;
    void **slot = glue_new(L, &glue_memory);

    *slot = kit_memory_ref(queue->memory);
}

static void
queue_ring(lua_State *L, void *self)
{
    vsk_image_ring ring = kit_queue_image(self);

    glue_push_ring(L, &ring);
}

static void
queue_size(lua_State *L, void *self)
{
    lua_pushinteger(L, ((const kit_queue *)self)->ring.size);
}

static void
queue_packed(lua_State *L, void *self)
{
    lua_pushboolean(
        L, (((const kit_queue *)self)->ring.features & VSK_F_RING_PACKED) != 0);
}

static const glue_field queue_fields[] = {
    {"driver", queue_driver, NULL},
    {"device", queue_device, NULL},
    {"memory", queue_memory, NULL},
    {"ring", queue_ring, NULL},
    {"size", queue_size, NULL},
    {"packed", queue_packed, NULL},
    {NULL, NULL, NULL},
};

/* Names of the ring's fields, each with whether all slots have one. */
static int
queue_names(lua_State *L)
{
    const kit_queue *queue = glue_check(L, 1, &glue_queue);
    const char *name;
    bool slots;

    lua_newtable(L);
    for (uint32_t i = 0; (name = kit_queue_field(queue, i, &slots)) != NULL;
         i++) {
        lua_pushboolean(L, slots);
        lua_setfield(L, -2, name);
    }
    return 1;
}

/* Where both ends stand: offered, reaped, popped, used; and the descriptors of
 * each chain that has not come back to the driver, by its head or id. */
static int
queue_ends(lua_State *L)
{
    const kit_queue *queue = glue_check(L, 1, &glue_queue);
    const vsk_ring_driver *driver = &queue->driver.end.ring;
    const vsk_ring_device *device = &queue->device.end.ring;

    glue_must(L, kit_queue_check(queue));
    lua_pushinteger(L, driver->state.avail);
    lua_pushinteger(L, driver->state.used);
    lua_pushinteger(L, device->state.avail);
    lua_pushinteger(L, device->state.used);
    lua_newtable(L);
    for (uint32_t i = 0; i < queue->ring.size; i++) {
        if (queue->slots[i].count == 0)
            continue;
        lua_pushinteger(L, queue->slots[i].count);
        lua_rawseti(L, -2, (lua_Integer)i);
    }
    return 5;
}

static void
queue_text(lua_State *L, void *self)
{
    const kit_queue *queue = self;

    lua_pushfstring(L, "Queue, %s, size %d, %d free, %d held",
                    (queue->ring.features & VSK_F_RING_PACKED) != 0 ? "packed"
                                                                    : "split",
                    (int)queue->ring.size, (int)kit_driver_free(&queue->driver),
                    (int)kit_device_held(&queue->device));
}

static const luaL_Reg queue_methods[] = {
    {"_ends", queue_ends},
    {"_fields", queue_names},
    {NULL, NULL},
};

const glue_type glue_queue = {
    .name = "Queue",
    .release = release_queue,
    .text = queue_text,
    .fields = queue_fields,
    .methods = queue_methods,
};

static int
open_queue(lua_State *L, kit_memory *memory)
{
    static const char *const names[] = {"ring", NULL};
    kit_queue *queue = NULL;
    const vsk_image_ring *ring = glue_test(L, -1, &glue_ring);
    vsk_status status;
    void **slot;

    if (ring == NULL)
        return luaL_error(L, "ring: Ring expected, got %s",
                          luaL_typename(L, -1));
    glue_options(L, 2, names);
    slot = glue_new(L, &glue_queue);
    status = kit_queue_open(memory, ring, &queue);
    *slot = queue;
    return status == VSK_OK ? 1 : glue_outcome(L, status, "");
}

/* queue(memory, {size=, indirect=, event_idx=, packed=, in_order=}) or
 * queue(memory, {ring=}) */
int
glue_queue_new(lua_State *L)
{
    static const struct {
        const char *name;
        uint64_t feature;
        bool by_default;
    } flags[] = {
        {"indirect", VSK_F_INDIRECT_DESC, true},
        {"event_idx", VSK_F_EVENT_IDX, true},
        {"packed", VSK_F_RING_PACKED, false},
        {"in_order", VSK_F_IN_ORDER, false},
    };
    static const char *const names[] = {
        "size", "indirect", "event_idx", "packed", "in_order", "ring", NULL};
    kit_memory *memory = glue_check(L, 1, &glue_memory);
    uint64_t features = VSK_F_INDIRECT_DESC | VSK_F_EVENT_IDX;
    uint32_t size = 256;
    kit_queue *queue = NULL;
    vsk_status status;
    void **slot;

    if (!lua_isnoneornil(L, 2)) {
        glue_options(L, 2, names);
        if (glue_option(L, 2, "ring"))
            return open_queue(L, memory);
        if (glue_option(L, 2, "size"))
            size = (uint32_t)glue_value(L, -1, "size", 32);
        for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
            features &= ~flags[i].feature;
            if (glue_flag(L, 2, flags[i].name, flags[i].by_default))
                features |= flags[i].feature;
        }
    }
    slot = glue_new(L, &glue_queue);
    status = kit_queue_new(memory, size, features, &queue);
    *slot = queue;
    return status == VSK_OK ? 1 : glue_outcome(L, status, "");
}
