/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "glue.h"

/* The chain in self while it is held. */
static const vsk_chain *
held_chain(lua_State *L, const kit_chain *chain)
{
    glue_must(L, kit_chain_check(chain));
    return &chain->chain;
}

static void
release(void *self)
{
    kit_chain_unref(self);
}

static void
get_head(lua_State *L, void *self)
{
    lua_pushinteger(L, held_chain(L, self)->head);
}

static void
get_readable(lua_State *L, void *self)
{
    glue_push_integer(L, held_chain(L, self)->readable);
}

static void
get_writable(lua_State *L, void *self)
{
    glue_push_integer(L, held_chain(L, self)->writable);
}

static void
get_indirect(lua_State *L, void *self)
{
    lua_pushboolean(L, held_chain(L, self)->indirect);
}

static void
get_status(lua_State *L, void *self)
{
    lua_pushstring(L, vsk_status_name(held_chain(L, self)->status));
}

static void
get_held(lua_State *L, void *self)
{
    lua_pushboolean(L, kit_chain_check(self) == VSK_OK);
}

static void
push_span(lua_State *L, const vsk_span *span)
{
    lua_createtable(L, 0, 5);
    glue_push_integer(L, span->addr);
    lua_setfield(L, -2, "addr");
    lua_pushinteger(L, span->len);
    lua_setfield(L, -2, "len");
    lua_pushboolean(L, (span->flags & VSK_SPAN_WRITE) != 0);
    lua_setfield(L, -2, "write");
    lua_pushinteger(L, span->slot);
    lua_setfield(L, -2, "slot");
    lua_pushboolean(L, (span->flags & VSK_SPAN_TABLE) != 0);
    lua_setfield(L, -2, "indirect");
}

static void
get_spans(lua_State *L, void *self)
{
    const vsk_chain *chain = held_chain(L, self);

    lua_newtable(L);
    for (uint32_t i = 0; i < chain->count; i++) {
        push_span(L, &chain->spans[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

static const glue_field fields[] = {
    {"head", get_head, NULL},         {"readable", get_readable, NULL},
    {"writable", get_writable, NULL}, {"indirect", get_indirect, NULL},
    {"status", get_status, NULL},     {"held", get_held, NULL},
    {"spans", get_spans, NULL},       {NULL, NULL, NULL},
};

static int
chain_drawing(lua_State *L)
{
    glue_push_drawing(L, held_chain(L, glue_check(L, 1, &glue_chain)));
    return 1;
}

static int
chain_len(lua_State *L)
{
    lua_pushinteger(L, held_chain(L, glue_check(L, 1, &glue_chain))->count);
    return 1;
}

/* Never raises: a chain that was given back can still be printed. */
static void
chain_text(lua_State *L, void *self)
{
    const kit_chain *chain = self;

    if (kit_chain_check(chain) == VSK_OK)
        glue_push_chain(L, &chain->chain);
    else
        lua_pushfstring(L, "chain %d: given back", (int)chain->chain.head);
}

static const luaL_Reg methods[] = {
    {"_drawing", chain_drawing},
    {NULL, NULL},
};

static const luaL_Reg meta[] = {
    {"__len", chain_len},
    {NULL, NULL},
};

const glue_type glue_chain = {
    .name = "Chain",
    .release = release,
    .text = chain_text,
    .fields = fields,
    .methods = methods,
    .meta = meta,
};
