/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The library that makes calls fail, for Lua: what failing.c says, and
 * how many descriptors are open. */
#include <dirent.h>
#include <lauxlib.h>
#include <lua.h>

int failing_module(const char *part);
void failing_arm(long number, long width);
long failing_disarm(void);
long failing_left(void);
const char *failing_story(void);

static int
module(lua_State *lua)
{
    lua_pushboolean(lua, failing_module(luaL_checkstring(lua, 1)));
    return 1;
}

static int
arm(lua_State *lua)
{
    long number = (long)luaL_checkinteger(lua, 1);

    failing_arm(number, (long)luaL_checkinteger(lua, 2));
    return 0;
}

static int
disarm(lua_State *lua)
{
    lua_pushinteger(lua, failing_disarm());
    return 1;
}

static int
left(lua_State *lua)
{
    lua_pushinteger(lua, failing_left());
    return 1;
}

static int
story(lua_State *lua)
{
    lua_pushstring(lua, failing_story());
    return 1;
}

static int
descriptors(lua_State *lua)
{
    DIR *folder = opendir("/proc/self/fd");
    lua_Integer count = 0;

    if (folder == NULL)
        return luaL_error(lua, "no /proc");
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    lua_pushinteger(lua, count);
    return 1;
}

int luaopen_failing(lua_State *lua);
int
luaopen_failing(lua_State *lua)
{
    static const luaL_Reg functions[] = {
        {"module", module}, {"arm", arm},     {"disarm", disarm},
        {"left", left},     {"story", story}, {"descriptors", descriptors},
        {NULL, NULL},
    };

    luaL_newlib(lua, functions);
    return 1;
}
