/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <string.h>

#include "glue.h"

/* The ten fields, each with a way out and a way in. */
#define FIELD_FUNCTIONS(name, bits, offset, words)                             \
    static void get_##name(lua_State *L, void *self)                           \
    {                                                                          \
        const vsk_header *header = self;                                       \
        glue_push_integer(L, header->name);                                    \
    }                                                                          \
    static void set_##name(lua_State *L, void *self)                           \
    {                                                                          \
        vsk_header *header = self;                                             \
        header->name = (uint##bits##_t)glue_value(L, 3, #name, bits);          \
    }
VSK_HEADER_TABLE(FIELD_FUNCTIONS)

typedef const char *(*namer)(uint16_t value);

/* A name where the value has one. */
static void
push_name(lua_State *L, namer name, uint16_t value)
{
    const char *text = name(value);

    if (text != NULL)
        lua_pushstring(L, text);
    else
        lua_pushinteger(L, value);
}

/* The value at 3, by name or number. */
static uint16_t
named_value(lua_State *L, const char *field, namer name)
{
    const char *given;
    size_t size;

    if (lua_type(L, 3) != LUA_TSTRING)
        return (uint16_t)glue_value(L, 3, field, 16);
    given = lua_tolstring(L, 3, &size);
    /* The names are those of small numbers; none has a zero byte in it. */
    for (uint16_t value = 0; value < 16 && strlen(given) == size; value++)
        if (name(value) != NULL && strcmp(name(value), given) == 0)
            return value;
    return (uint16_t)luaL_error(L, "%s: no such name: %s", field,
                                lua_tostring(L, 3));
}

static void
get_op_name(lua_State *L, void *self)
{
    push_name(L, vsk_op_name, ((const vsk_header *)self)->op);
}

static void
set_op_name(lua_State *L, void *self)
{
    ((vsk_header *)self)->op = named_value(L, "op", vsk_op_name);
}

static void
get_type_name(lua_State *L, void *self)
{
    push_name(L, vsk_type_name, ((const vsk_header *)self)->type);
}

static void
set_type_name(lua_State *L, void *self)
{
    ((vsk_header *)self)->type = named_value(L, "type", vsk_type_name);
}

static void
push_address(lua_State *L, uint64_t cid, uint32_t port)
{
    lua_createtable(L, 2, 0);
    glue_push_integer(L, cid);
    lua_rawseti(L, -2, 1);
    glue_push_integer(L, port);
    lua_rawseti(L, -2, 2);
}

/* The value at 3 as {cid, port}; nothing is changed where one is wrong. */
static void
address_value(lua_State *L, const char *field, uint64_t *cid, uint32_t *port)
{
    uint64_t number = 0;

    if (!lua_istable(L, 3) || lua_rawlen(L, 3) != 2)
        luaL_error(L, "%s: {cid, port} expected", field);
    lua_rawgeti(L, 3, 1);
    number = glue_value(L, -1, field, 64);
    lua_rawgeti(L, 3, 2);
    *port = (uint32_t)glue_value(L, -1, field, 32);
    *cid = number;
    lua_pop(L, 2);
}

static void
get_src(lua_State *L, void *self)
{
    const vsk_header *header = self;

    push_address(L, header->src_cid, header->src_port);
}

static void
set_src(lua_State *L, void *self)
{
    vsk_header *header = self;

    address_value(L, "src", &header->src_cid, &header->src_port);
}

static void
get_dst(lua_State *L, void *self)
{
    const vsk_header *header = self;

    push_address(L, header->dst_cid, header->dst_port);
}

static void
set_dst(lua_State *L, void *self)
{
    vsk_header *header = self;

    address_value(L, "dst", &header->dst_cid, &header->dst_port);
}

static void
get_flag_names(lua_State *L, void *self)
{
    const vsk_header *header = self;
    lua_Integer count = 0;

    lua_newtable(L);
    for (uint32_t bit = 0; bit < 32; bit++) {
        uint32_t mask = header->flags & UINT32_C(1) << bit;
        const char *name = vsk_header_flag_name(header, mask);

        if (mask == 0 || name == NULL)
            continue;
        lua_pushstring(L, name);
        lua_rawseti(L, -2, ++count);
    }
}

/* Ten as on the wire, then what is made of them; op and type come again: the
 * last of a name counts. */
const glue_field glue_header_fields[] = {
#define FIELD(name, bits, offset, words) {#name, get_##name, set_##name},
    VSK_HEADER_TABLE(FIELD)
#undef FIELD
        {"op", get_op_name, set_op_name},
    {"type", get_type_name, set_type_name},
    {"src", get_src, set_src},
    {"dst", get_dst, set_dst},
    {"flag_names", get_flag_names, NULL},
    {NULL, NULL, NULL},
};
