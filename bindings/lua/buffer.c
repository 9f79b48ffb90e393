/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "glue.h"

/* Bytes of a block that scripts look at without a copy. */
typedef struct buffer {
    kit_block *block;
    uint8_t *base;
    size_t size;
    bool writable;
} buffer;

void
glue_push_buffer(lua_State *L, kit_block *block, uint8_t *base, size_t size,
                 bool writable)
{
    buffer *fresh = glue_alloc(L, &glue_buffer, sizeof *fresh);

    *fresh = (buffer){kit_block_ref(block), base, size, writable};
    block->views++;
}

static void
release(void *self)
{
    buffer *gone = self;

    gone->block->views--;
    kit_block_unref(gone->block);
    free(gone);
}

/* The first of a range of positions, counted as string.sub does. */
static size_t
first_at(lua_State *L, int index, lua_Integer otherwise, size_t size)
{
    lua_Integer at = otherwise;

    if (!lua_isnoneornil(L, index))
        at = (lua_Integer)glue_argument(L, index, 64);
    if (at > 0)
        return (size_t)at;
    return at < -(lua_Integer)size || at == 0 ? 1 : size + (size_t)(at + 1);
}

static size_t
last_at(lua_State *L, int index, lua_Integer otherwise, size_t size)
{
    lua_Integer at = otherwise;

    if (!lua_isnoneornil(L, index))
        at = (lua_Integer)glue_argument(L, index, 64);
    if (at > (lua_Integer)size)
        return size;
    if (at >= 0)
        return (size_t)at;
    return at < -(lua_Integer)size ? 0 : size + (size_t)(at + 1);
}

static int
buffer_sub(lua_State *L)
{
    const buffer *self = glue_check(L, 1, &glue_buffer);
    size_t first = first_at(L, 2, 1, self->size);
    size_t last = last_at(L, 3, -1, self->size);
    size_t count = first <= last ? last - first + 1 : 0;
    const uint8_t *from = count != 0 ? self->base + (first - 1) : self->base;

    lua_pushlstring(L, (const char *)from, count);
    return 1;
}

static int
buffer_byte(lua_State *L)
{
    const buffer *self = glue_check(L, 1, &glue_buffer);
    lua_Integer at =
        lua_isnoneornil(L, 2) ? 1 : (lua_Integer)glue_argument(L, 2, 64);

    if (at < 0)
        at += (lua_Integer)self->size + 1;
    if (at < 1 || at > (lua_Integer)self->size)
        return 0;
    lua_pushinteger(L, self->base[at - 1]);
    return 1;
}

static int
buffer_set(lua_State *L)
{
    const buffer *self = glue_check(L, 1, &glue_buffer);
    uint64_t at = glue_argument(L, 2, 64);
    size_t size;
    const void *data = glue_bytes(L, 3, &size);

    if (!self->writable)
        return luaL_error(L, "Buffer is read-only");
    luaL_argcheck(
        L, at >= 1 && at - 1 <= self->size && size <= self->size - (at - 1), 2,
        "outside the buffer");
    if (size != 0)
        memcpy(self->base + (at - 1), data, size);
    return 0;
}

static int
buffer_close(lua_State *L)
{
    glue_release(L, 1, &glue_buffer);
    return 0;
}

static void
buffer_text(lua_State *L, void *self)
{
    const buffer *shown = self;

    lua_pushlstring(L, (const char *)shown->base, shown->size);
}

static int
buffer_len(lua_State *L)
{
    const buffer *self = glue_check(L, 1, &glue_buffer);

    glue_push_integer(L, self->size);
    return 1;
}

static int
buffer_eq(lua_State *L)
{
    const buffer *one = glue_test(L, 1, &glue_buffer);
    const buffer *other = glue_test(L, 2, &glue_buffer);

    lua_pushboolean(L, one != NULL && other != NULL &&
                           one->size == other->size &&
                           memcmp(one->base, other->base, one->size) == 0);
    return 1;
}

static void
get_writable(lua_State *L, void *self)
{
    lua_pushboolean(L, ((const buffer *)self)->writable);
}

static const glue_field fields[] = {
    {"writable", get_writable, NULL},
    {NULL, NULL, NULL},
};

static const luaL_Reg methods[] = {
    {"byte", buffer_byte}, {"close", buffer_close}, {"len", buffer_len},
    {"set", buffer_set},   {"sub", buffer_sub},     {NULL, NULL},
};

static const luaL_Reg meta[] = {
    {"__eq", buffer_eq},
    {"__len", buffer_len},
    {NULL, NULL},
};

const glue_type glue_buffer = {
    .name = "Buffer",
    .release = release,
    .text = buffer_text,
    .fields = fields,
    .methods = methods,
    .meta = meta,
};
