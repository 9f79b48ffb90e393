/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "glue.h"

typedef size_t (*header_writer)(const vsk_header *, char *, size_t);
typedef size_t (*chain_writer)(const vsk_chain *, char *, size_t);

static void
push_header_text(lua_State *L, header_writer write, const vsk_header *header)
{
    size_t size = write(header, NULL, 0);
    luaL_Buffer text;

    write(header, luaL_buffinitsize(L, &text, size + 1), size + 1);
    luaL_pushresultsize(&text, size);
}

static void
push_chain_text(lua_State *L, chain_writer write, const vsk_chain *chain)
{
    size_t size = write(chain, NULL, 0);
    luaL_Buffer text;

    write(chain, luaL_buffinitsize(L, &text, size + 1), size + 1);
    luaL_pushresultsize(&text, size);
}

void
glue_push_line(lua_State *L, const vsk_header *header)
{
    push_header_text(L, vsk_text_header, header);
}

void
glue_push_fields(lua_State *L, const vsk_header *header)
{
    push_header_text(L, vsk_text_fields, header);
}

void
glue_push_chain(lua_State *L, const vsk_chain *chain)
{
    push_chain_text(L, vsk_text_chain, chain);
}

void
glue_push_drawing(lua_State *L, const vsk_chain *chain)
{
    push_chain_text(L, vsk_text_drawing, chain);
}
