/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "glue.h"

static void
release(void *self)
{
    kit_memory_unref(self);
}

/* At the end of a block views may live on: then it stays open. */
static void
close_memory(void *self)
{
    (void)kit_memory_close(self);
}

static void
get_closed(lua_State *L, void *self)
{
    lua_pushboolean(L, ((const kit_memory *)self)->closed);
}

static uint64_t
memory_size(const kit_memory *memory)
{
    uint64_t size = 0;

    for (uint32_t i = 0; i < memory->memory.count; i++)
        size += memory->regions[i].size;
    return size;
}

static void
get_size(lua_State *L, void *self)
{
    glue_push_integer(L, memory_size(self));
}

static int
memory_regions(lua_State *L)
{
    const kit_memory *memory = glue_check(L, 1, &glue_memory);

    lua_newtable(L);
    for (uint32_t i = 0; i < memory->memory.count; i++) {
        lua_createtable(L, 2, 0);
        glue_push_integer(L, memory->regions[i].addr);
        lua_rawseti(L, -2, 1);
        glue_push_integer(L, memory->regions[i].size);
        lua_rawseti(L, -2, 2);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static int
memory_rings(lua_State *L)
{
    kit_memory *memory = glue_check(L, 1, &glue_memory);
    vsk_image_ring ring;

    lua_newtable(L);
    for (uint32_t i = 0; kit_memory_ring(memory, i, &ring) == VSK_OK; i++) {
        glue_push_ring(L, &ring);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static int
memory_view(lua_State *L)
{
    kit_memory *memory = glue_check(L, 1, &glue_memory);
    uint64_t addr = glue_argument(L, 2, 64);
    uint64_t len = glue_argument(L, 3, 64);
    kit_block *block = NULL;
    uint8_t *base = NULL;

    glue_must(L, kit_memory_locate(memory, addr, len, &block, &base));
    glue_push_buffer(L, block, base, (size_t)len, true);
    return 1;
}

/* The option regions at the top: ranges in a userdata in its place. */
static const vsk_range *
region_list(lua_State *L, uint32_t *count)
{
    int list = lua_gettop(L);
    vsk_range *ranges;

    if (!lua_istable(L, list))
        luaL_error(L, "regions: table expected, got %s",
                   luaL_typename(L, list));
    *count = (uint32_t)lua_rawlen(L, list);
    ranges = lua_newuserdatauv(L, *count * sizeof *ranges + 1, 0);
    for (uint32_t i = 0; i < *count; i++) {
        if (lua_rawgeti(L, list, (lua_Integer)i + 1) != LUA_TTABLE)
            luaL_error(L, "regions: {addr, size} expected, got %s",
                       luaL_typename(L, -1));
        lua_rawgeti(L, -1, 1);
        lua_rawgeti(L, -2, 2);
        ranges[i].addr = glue_value(L, -2, "regions", 64);
        ranges[i].size = glue_value(L, -1, "regions", 64);
        lua_pop(L, 3);
    }
    lua_replace(L, list);
    return ranges;
}

static int
push_memory(lua_State *L, const vsk_range *ranges, uint32_t count, int fill)
{
    void **slot = glue_new(L, &glue_memory);
    kit_memory *memory = NULL;

    glue_must(L, kit_memory_new(ranges, count, fill, &memory));
    *slot = memory;
    glue_account(L, memory_size(memory));
    return 1;
}

static int
fill_option(lua_State *L, int index)
{
    int fill = 0;

    if (glue_option(L, index, "fill")) {
        fill = (int)glue_value(L, -1, "fill", 8);
        lua_pop(L, 1);
    }
    return fill;
}

/* memory(size, {fill=}) or memory{regions=, fill=} */
int
glue_memory_new(lua_State *L)
{
    static const char *const sized[] = {"fill", NULL};
    static const char *const listed[] = {"fill", "regions", NULL};
    vsk_range whole = {0, 0};
    const vsk_range *ranges;
    uint32_t count = 0;
    int fill = 0;

    if (lua_istable(L, 1)) {
        lua_settop(L, 1);
        glue_options(L, 1, listed);
        fill = fill_option(L, 1);
        if (!glue_option(L, 1, "regions"))
            return luaL_error(L, "a size or regions expected");
        ranges = region_list(L, &count);
        return push_memory(L, ranges, count, fill);
    }
    whole.size = glue_argument(L, 1, 64);
    if (!lua_isnoneornil(L, 2)) {
        glue_options(L, 2, sized);
        fill = fill_option(L, 2);
    }
    return push_memory(L, &whole, 1, fill);
}

/* image_head(bytes): how many bytes stand in front of an image's own, from
 * its first 16. */
int
glue_image_head(lua_State *L)
{
    size_t size;
    const void *data = glue_bytes(L, 1, &size);
    vsk_image image = {0};

    if (size < VSK_IMAGE_HEAD || vsk_image_counts(&image, data) != VSK_OK)
        return glue_outcome(L, VSK_ERR_IMAGE, "");
    glue_push_integer(L, vsk_image_bytes(&image));
    return 1;
}

/* image_fits(front, size): whether a file of that size is the whole image. */
int
glue_image_fits(lua_State *L)
{
    size_t size;
    const void *front = glue_bytes(L, 1, &size);
    uint64_t total = glue_argument(L, 2, 64);
    vsk_status status = kit_image_fits(front, size, total);

    if (status != VSK_OK)
        return glue_outcome(L, status, "");
    lua_pushboolean(L, true);
    return 1;
}

static const glue_field fields[] = {
    {"closed", get_closed, NULL},
    {"size", get_size, NULL},
    {NULL, NULL, NULL},
};

static const luaL_Reg methods[] = {
    {"regions", memory_regions},
    {"rings", memory_rings},
    {"view", memory_view},
    {NULL, NULL},
};

static int
memory_len(lua_State *L)
{
    glue_push_integer(L, memory_size(glue_check(L, 1, &glue_memory)));
    return 1;
}

static const luaL_Reg meta[] = {
    {"__len", memory_len},
    {NULL, NULL},
};

const glue_type glue_memory = {
    .name = "Memory",
    .release = release,
    .close = close_memory,
    .fields = fields,
    .methods = methods,
    .meta = meta,
};
