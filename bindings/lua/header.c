/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "glue.h"

/* The field of a name; the last one counts. */
static const glue_field *
find(const glue_field *fields, const char *name)
{
    const glue_field *found = NULL;

    for (; fields != NULL && fields->name != NULL; fields++)
        if (strcmp(fields->name, name) == 0)
            found = fields;
    return found;
}

/* Set a field, the value at 3. */
static void
set_field(lua_State *L, const glue_type *type, void *self, const char *name)
{
    const glue_field *field = find(type->fields, name);

    if (field == NULL)
        field = find(type->base, name);
    if (field == NULL || field->set == NULL)
        luaL_error(L, "%s has no field '%s' to set", type->name, name);
    else
        field->set(L, self);
}

static const char *
field_name(lua_State *L, int index, const glue_type *type)
{
    if (lua_type(L, index) != LUA_TSTRING)
        luaL_error(L, "%s has no field '%s' to set", type->name,
                   luaL_tolstring(L, index, NULL));
    return lua_tostring(L, index);
}

void
glue_set_fields(lua_State *L, const glue_type *type, void *self)
{
    /* Addresses first: a cid or a port beside them says more. */
    static const char *const first[] = {"src", "dst"};

    for (int i = 0; i < 2; i++) {
        lua_settop(L, 2);
        if (glue_option(L, 1, first[i]))
            set_field(L, type, self, first[i]);
    }
    lua_settop(L, 2);
    lua_pushnil(L);
    while (lua_next(L, 1) != 0) {
        const char *name = field_name(L, 3, type);

        /* The value goes to 3, where setters take it, the key behind it. */
        lua_insert(L, 3);
        if (strcmp(name, "src") != 0 && strcmp(name, "dst") != 0)
            set_field(L, type, self, name);
        lua_remove(L, 3);
    }
}

vsk_header *
glue_push_header(lua_State *L)
{
    vsk_header *header = glue_alloc(L, &glue_header, sizeof *header);

    *header = (vsk_header){0};
    return header;
}

int
glue_header_new(lua_State *L)
{
    vsk_header *header;

    lua_settop(L, 1);
    if (!lua_isnil(L, 1))
        luaL_checktype(L, 1, LUA_TTABLE);
    header = glue_push_header(L);
    header->type = VSK_TYPE_STREAM;
    if (!lua_isnil(L, 1))
        glue_set_fields(L, &glue_header, header);
    lua_settop(L, 2);
    return 1;
}

/* Header or Packet: both begin with the header. */
static vsk_header *
check_header(lua_State *L)
{
    vsk_header *header = glue_test(L, 1, &glue_packet);

    return header != NULL ? header : glue_check(L, 1, &glue_header);
}

int
glue_header_numbers(lua_State *L)
{
    const vsk_header *header = check_header(L);

#define PUSH_FIELD(name, bits, offset, words)                                  \
    glue_push_integer(L, header->name);
    VSK_HEADER_TABLE(PUSH_FIELD)
#undef PUSH_FIELD
    return VSK_HEADER_FIELDS;
}

int
glue_header_text(lua_State *L)
{
    glue_push_fields(L, check_header(L));
    return 1;
}

/* The iterator of pairs: the field behind the one named at 2. */
static int
next_field(lua_State *L)
{
    const char *last = lua_tostring(L, 2);
    uint32_t at = 0;

    check_header(L);
    while (last != NULL && at < VSK_HEADER_FIELDS)
        if (strcmp(glue_header_fields[at++].name, last) == 0)
            last = NULL;
    if (at == VSK_HEADER_FIELDS)
        return 0;
    lua_pushstring(L, glue_header_fields[at].name);
    lua_getfield(L, 1, glue_header_fields[at].name);
    return 2;
}

int
glue_header_pairs(lua_State *L)
{
    check_header(L);
    lua_pushcfunction(L, next_field);
    lua_pushvalue(L, 1);
    return 2;
}

static int
header_copy(lua_State *L)
{
    const vsk_header *header = glue_check(L, 1, &glue_header);

    *glue_push_header(L) = *header;
    return 1;
}

static int
header_bytes(lua_State *L)
{
    uint8_t wire[VSK_HEADER_SIZE];

    vsk_header_encode(glue_check(L, 1, &glue_header), wire);
    lua_pushlstring(L, (const char *)wire, sizeof wire);
    return 1;
}

static int
header_eq(lua_State *L)
{
    const vsk_header *one = glue_test(L, 1, &glue_header);
    const vsk_header *other = glue_test(L, 2, &glue_header);

    lua_pushboolean(L, one != NULL && other != NULL &&
                           vsk_header_equal(one, other));
    return 1;
}

static int
header_len(lua_State *L)
{
    glue_check(L, 1, &glue_header);
    lua_pushinteger(L, VSK_HEADER_SIZE);
    return 1;
}

static void
header_text(lua_State *L, void *self)
{
    glue_push_line(L, self);
}

static const luaL_Reg methods[] = {
    {"bytes", header_bytes},
    {"copy", header_copy},
    {"fields", glue_header_numbers},
    {"_drawing", glue_header_text},
    {NULL, NULL},
};

static const luaL_Reg meta[] = {
    {"__eq", header_eq},
    {"__len", header_len},
    {"__pairs", glue_header_pairs},
    {NULL, NULL},
};

const glue_type glue_header = {
    .name = "Header",
    .release = free,
    .text = header_text,
    .fields = glue_header_fields,
    .methods = methods,
    .meta = meta,
};
