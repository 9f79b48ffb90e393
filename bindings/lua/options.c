/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <string.h>

#include "glue.h"

static bool
is_listed(const char *key, const char *const *names)
{
    while (*names != NULL)
        if (strcmp(*names++, key) == 0)
            return true;
    return false;
}

void
glue_options(lua_State *L, int index, const char *const *names)
{
    luaL_checktype(L, index, LUA_TTABLE);
    lua_pushnil(L);
    while (lua_next(L, index) != 0) {
        if (lua_type(L, -2) != LUA_TSTRING ||
            !is_listed(lua_tostring(L, -2), names))
            luaL_error(L, "unknown option '%s'", luaL_tolstring(L, -2, NULL));
        lua_pop(L, 1);
    }
}

bool
glue_option(lua_State *L, int index, const char *name)
{
    lua_pushstring(L, name);
    if (lua_rawget(L, index) != LUA_TNIL)
        return true;
    lua_pop(L, 1);
    return false;
}

bool
glue_flag(lua_State *L, int index, const char *name, bool otherwise)
{
    bool flag;

    if (!glue_option(L, index, name))
        return otherwise;
    if (!lua_isboolean(L, -1))
        luaL_error(L, "%s: boolean expected, got %s", name,
                   luaL_typename(L, -1));
    flag = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return flag;
}

const void *
glue_bytes(lua_State *L, int index, size_t *size)
{
    luaL_checktype(L, index, LUA_TSTRING);
    return lua_tolstring(L, index, size);
}

const kit_layout *
glue_layout(lua_State *L, int index, bool *indirect)
{
    static const char *const names[] = {"layout", "indirect", NULL};
    kit_layout *layout;
    lua_Unsigned count;

    *indirect = false;
    if (lua_isnoneornil(L, index))
        return NULL;
    glue_options(L, index, names);
    *indirect = glue_flag(L, index, "indirect", false);
    if (!glue_option(L, index, "layout"))
        return NULL;
    if (!lua_istable(L, -1))
        luaL_error(L, "layout: table expected, got %s", luaL_typename(L, -1));
    count = lua_rawlen(L, -1);
    layout = lua_newuserdatauv(L, sizeof *layout + count * sizeof(uint32_t), 0);
    *layout = (kit_layout){(uint32_t *)(layout + 1), (uint32_t)count};
    for (uint32_t i = 0; i < layout->count; i++) {
        lua_rawgeti(L, -2, (lua_Integer)i + 1);
        layout->pieces[i] = (uint32_t)glue_value(L, -1, "layout", 32);
        lua_pop(L, 1);
    }
    lua_replace(L, index);
    lua_pop(L, 1);
    return layout;
}

/* One {addr, len, "r" or "w"}, on top of the stack. */
static vsk_buffer
buffer_value(lua_State *L)
{
    int table = lua_gettop(L);
    vsk_buffer buffer;
    const char *way;

    if (!lua_istable(L, table))
        luaL_error(L, "buffer: {addr, len, \"r\" or \"w\"} expected, got %s",
                   luaL_typename(L, table));
    lua_rawgeti(L, table, 1);
    buffer.addr = glue_value(L, -1, "addr", 64);
    lua_rawgeti(L, table, 2);
    buffer.len = (uint32_t)glue_value(L, -1, "len", 32);
    way = lua_rawgeti(L, table, 3) == LUA_TSTRING ? lua_tostring(L, -1) : "";
    if (strcmp(way, "r") != 0 && strcmp(way, "w") != 0)
        luaL_error(L, "buffer: \"r\" or \"w\" expected");
    buffer.write = way[0] == 'w';
    lua_settop(L, table);
    return buffer;
}

/* How many buffers, from the last, go into a table: true is all. */
static uint32_t
indirect_value(lua_State *L, int index, uint32_t count)
{
    uint32_t indirect = 0;

    lua_pushliteral(L, "indirect");
    lua_rawget(L, index);
    if (lua_isboolean(L, -1))
        indirect = lua_toboolean(L, -1) ? count : 0;
    else if (!lua_isnil(L, -1))
        indirect = (uint32_t)glue_value(L, -1, "indirect", 32);
    lua_pop(L, 1);
    return indirect;
}

/* Refuse what is neither a buffer nor the option. */
static void
check_list_keys(lua_State *L, int index, lua_Unsigned count)
{
    lua_pushnil(L);
    while (lua_next(L, index) != 0) {
        bool known = lua_type(L, -2) == LUA_TSTRING
                         ? strcmp(lua_tostring(L, -2), "indirect") == 0
                         : lua_isinteger(L, -2) &&
                               (lua_Unsigned)lua_tointeger(L, -2) - 1 < count;

        if (!known)
            luaL_error(L, "unknown option '%s'", luaL_tolstring(L, -2, NULL));
        lua_pop(L, 1);
    }
}

const kit_list *
glue_list(lua_State *L, int index)
{
    lua_Unsigned count;
    kit_list *list;

    luaL_checktype(L, index, LUA_TTABLE);
    count = lua_rawlen(L, index);
    check_list_keys(L, index, count);
    list = lua_newuserdatauv(L, sizeof *list + count * sizeof(vsk_buffer), 0);
    *list = (kit_list){(vsk_buffer *)(list + 1), (uint32_t)count, 0};
    list->indirect = indirect_value(L, index, list->count);
    for (uint32_t i = 0; i < list->count; i++) {
        lua_rawgeti(L, index, (lua_Integer)i + 1);
        list->buffers[i] = buffer_value(L);
        lua_pop(L, 1);
    }
    lua_replace(L, index);
    return list;
}

uint32_t
glue_max_payload(lua_State *L, int index)
{
    static const char *const names[] = {"max_payload", NULL};
    uint32_t limit = VSK_PAYLOAD_MAX;

    if (lua_isnoneornil(L, index))
        return limit;
    glue_options(L, index, names);
    if (glue_option(L, index, names[0])) {
        limit = (uint32_t)glue_value(L, -1, names[0], 32);
        lua_pop(L, 1);
    }
    return limit;
}

/* A number of a descriptor; 0 where it is left out. */
static uint64_t
desc_value(lua_State *L, int index, const char *name, unsigned bits)
{
    uint64_t value;

    if (!glue_option(L, index, name))
        return 0;
    value = glue_value(L, -1, name, bits);
    lua_pop(L, 1);
    return value;
}

vsk_desc
glue_desc(lua_State *L, int index)
{
    static const char *const names[] = {"addr", "len", "flags", "next", NULL};

    glue_options(L, index, names);
    return (vsk_desc){
        .addr = desc_value(L, index, "addr", 64),
        .len = (uint32_t)desc_value(L, index, "len", 32),
        .flags = (uint16_t)desc_value(L, index, "flags", 16),
        .next = (uint16_t)desc_value(L, index, "next", 16),
    };
}
