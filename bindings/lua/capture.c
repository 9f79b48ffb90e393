/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "glue.h"

static void
release(void *self)
{
    kit_capture_delete(self);
}

static void
get_skipped(lua_State *L, void *self)
{
    glue_push_integer(L, ((const kit_capture *)self)->skipped);
}

/* {packet=, time=, comment=, cut=} */
void
glue_push_record(lua_State *L, int packet, const kit_record *record)
{
    lua_createtable(L, 0, 4);
    lua_pushvalue(L, packet);
    lua_setfield(L, -2, "packet");
    glue_push_integer(L, record->time);
    lua_setfield(L, -2, "time");
    if (record->comment != NULL) {
        lua_pushlstring(L, record->comment, record->comment_size);
        lua_setfield(L, -2, "comment");
    }
    lua_pushboolean(L, record->cut);
    lua_setfield(L, -2, "cut");
    glue_account(L, record->packet->packet.size);
}

/* The frontend has the file: its method closes both. */
static int
capture_close(lua_State *L)
{
    if (!glue_is_open(L, 1, &glue_capture))
        return 0;
    lua_settop(L, 1);
    lua_getfield(L, 1, "close");
    lua_insert(L, 1);
    lua_call(L, 1, 0);
    return 0;
}

static const glue_field fields[] = {
    {"skipped", get_skipped, NULL},
    {NULL, NULL, NULL},
};

static const luaL_Reg meta[] = {
    {"__close", capture_close},
    {NULL, NULL},
};

const glue_type glue_capture = {
    .name = "Capture",
    .release = release,
    .fields = fields,
    .meta = meta,
};

int
glue_capture_new(lua_State *L)
{
    void **slot = glue_new(L, &glue_capture);
    kit_capture *capture = NULL;

    glue_must(L, kit_capture_new(&capture));
    *slot = capture;
    return 1;
}
