/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "glue.h"

/* Whether the script made the mistake: the other failures are what the peer
 * or the world did, and a script goes on after them. */
static bool
is_misuse(vsk_status status)
{
    switch ((int)status) {
    case VSK_ERR_SPANS:
    case VSK_ERR_FULL:
    case VSK_ERR_ROOM:
    case VSK_ERR_POOL:
    case VSK_ERR_TABLE:
    case VSK_ERR_IMAGE:
    case VSK_ERR_BUSY:
    case VSK_ERR_SYSTEM:
    case VSK_RESET:
    case VSK_TIMEOUT:
    case VSK_PIPE:
        return false;
    default:
        return status < 0 && !vsk_status_is_peer(status);
    }
}

int
glue_outcome(lua_State *L, vsk_status status, const char *why)
{
    const char *name = vsk_status_name(status);
    char text[256];

    if (why[0] == '\0') {
        vsk_text_reason(status, NULL, text, sizeof text);
        why = text;
    }
    if (is_misuse(status))
        return luaL_error(L, "%s: %s", name, why);
    lua_pushnil(L);
    lua_pushstring(L, why);
    lua_pushstring(L, name);
    return 3;
}

void
glue_must(lua_State *L, vsk_status status)
{
    if (status == VSK_OK)
        return;
    glue_outcome(L, status, "");
    luaL_error(L, "%s: %s", lua_tostring(L, -1), lua_tostring(L, -2));
}
