/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "glue.h"

/* Floats from 2^63 on are integers of 64 bits, though none of Lua's. */
static bool
from_float(lua_Number number, uint64_t *value)
{
    if (!(number >= 0x1p63 && number < 0x1p64))
        return false;
    *value = (uint64_t)number;
    return true;
}

bool
glue_integer(lua_State *L, int index, unsigned bits, uint64_t *value)
{
    lua_Integer integer;
    int fits;

    if (lua_type(L, index) != LUA_TNUMBER)
        return false;
    integer = lua_tointegerx(L, index, &fits);
    *value = (uint64_t)integer;
    if (!fits)
        return bits == 64 && from_float(lua_tonumber(L, index), value);
    /* A negative integer is what Lua shows of 2^63 and more. */
    return bits == 64 ? integer >= 0 || lua_isinteger(L, index)
                      : *value >> bits == 0;
}

/* Push what was wanted and what came. */
static const char *
wanted(lua_State *L, int index, unsigned bits)
{
    const char *got = lua_type(L, index) == LUA_TNUMBER
                          ? luaL_tolstring(L, index, NULL)
                          : luaL_typename(L, index);

    if (bits == 64)
        return lua_pushfstring(L, "integer of 64 bits expected, got %s", got);
    return lua_pushfstring(L, "integer from 0 to %I expected, got %s",
                           (LUAI_UACINT)((UINT64_C(1) << bits) - 1), got);
}

uint64_t
glue_argument(lua_State *L, int index, unsigned bits)
{
    uint64_t value = 0;

    if (!glue_integer(L, index, bits, &value))
        luaL_argerror(L, index, wanted(L, index, bits));
    return value;
}

uint64_t
glue_value(lua_State *L, int index, const char *name, unsigned bits)
{
    uint64_t value = 0;

    if (!glue_integer(L, index, bits, &value))
        luaL_error(L, "%s: %s", name, wanted(L, index, bits));
    return value;
}

void
glue_push_integer(lua_State *L, uint64_t value)
{
    lua_pushinteger(L, (lua_Integer)value);
}
