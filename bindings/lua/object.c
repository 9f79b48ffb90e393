/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stdlib.h>

#include "glue.h"

/* What stands in a userdata. SWIG's own conversion looks at the first word
 * and refuses: only the glue trusts these objects. */
typedef struct object {
    const void *swig_type; /* NULL */
    void *self;            /* NULL: closed */
    const glue_type *type;
    const struct object *seal; /* the object itself: nobody else's has this */
} object;

/* Told by what it holds, which no script can change and no other library's
 * userdata has: a look at its metatable would cost five times as much. */
static object *
object_at(lua_State *L, int index, const glue_type *type)
{
    object *found = lua_touserdata(L, index);

    if (found == NULL || lua_rawlen(L, index) != sizeof *found)
        return NULL;
    return found->seal == found && found->type == type ? found : NULL;
}

void *
glue_test(lua_State *L, int index, const glue_type *type)
{
    object *found = object_at(L, index, type);

    if (found != NULL && found->self == NULL)
        glue_outcome(L, VSK_ERR_CLOSED, "");
    return found != NULL ? found->self : NULL;
}

void *
glue_check(lua_State *L, int index, const glue_type *type)
{
    void *self = glue_test(L, index, type);

    if (self == NULL)
        luaL_typeerror(L, index, type->name);
    return self;
}

bool
glue_is_open(lua_State *L, int index, const glue_type *type)
{
    const object *found = object_at(L, index, type);

    if (found == NULL)
        luaL_typeerror(L, index, type->name);
    return found != NULL && found->self != NULL;
}

void **
glue_new(lua_State *L, const glue_type *type)
{
    object *fresh = lua_newuserdatauv(L, sizeof *fresh, 0);

    *fresh = (object){NULL, NULL, type, fresh};
    lua_rawgetp(L, LUA_REGISTRYINDEX, type);
    lua_setmetatable(L, -2);
    return &fresh->self;
}

void
glue_release(lua_State *L, int index, const glue_type *type)
{
    object *found = object_at(L, index, type);
    void *self;

    if (found == NULL) {
        luaL_typeerror(L, index, type->name);
        return;
    }
    if (found->self == NULL)
        return;
    self = found->self;
    found->self = NULL;
    type->release(self);
}

void *
glue_alloc(lua_State *L, const glue_type *type, size_t size)
{
    void **slot = glue_new(L, type);

    *slot = malloc(size);
    if (*slot == NULL)
        glue_must(L, VSK_ERR_NOMEM);
    return *slot;
}

void
glue_account(lua_State *L, uint64_t bytes)
{
    uint64_t step = bytes / 1024;

    /* A step would start a collector that the script has stopped. */
    if (step != 0 && lua_gc(L, LUA_GCISRUNNING))
        lua_gc(L, LUA_GCSTEP, (int)(step < 65536 ? step : 65536));
}

/* The metamethods have their class as upvalues. Who calls one by hand with
 * something else gets an error. */
enum { UP_METHODS = 1, UP_FIELDS, UP_TYPE };

static const glue_type *
upvalue_type(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(UP_TYPE));
}

static object *
own_object(lua_State *L)
{
    const glue_type *type = upvalue_type(L);
    object *own = object_at(L, 1, type);

    if (own == NULL) {
        luaL_typeerror(L, 1, type->name);
        abort(); /* does not come back, which its declaration hides */
    }
    return own;
}

/* Methods of a closed object can be looked up: they look at it themselves,
 * and closing twice is no error. */
static void *
open_self(lua_State *L, const object *own)
{
    if (own->self == NULL)
        glue_outcome(L, VSK_ERR_CLOSED, "");
    return own->self;
}

static const glue_field *
own_field(lua_State *L)
{
    const glue_field *field;

    lua_pushvalue(L, 2);
    lua_rawget(L, lua_upvalueindex(UP_FIELDS));
    field = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return field;
}

static int
no_field(lua_State *L)
{
    return luaL_error(L, "%s has no field '%s'", upvalue_type(L)->name,
                      luaL_tolstring(L, 2, NULL));
}

static int
object_index(lua_State *L)
{
    const object *own = own_object(L);
    const glue_field *field = own_field(L);

    if (field != NULL) {
        field->get(L, open_self(L, own));
        return 1;
    }
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(UP_METHODS)) == LUA_TNIL)
        return no_field(L);
    return 1;
}

static int
object_newindex(lua_State *L)
{
    const object *own = own_object(L);
    const glue_field *field = own_field(L);

    if (field == NULL)
        return no_field(L);
    if (field->set == NULL)
        return luaL_error(L, "%s.%s is read-only", upvalue_type(L)->name,
                          field->name);
    field->set(L, open_self(L, own));
    return 0;
}

static int
object_gc(lua_State *L)
{
    object *own = own_object(L);
    void *self = own->self;

    own->self = NULL;
    if (self != NULL)
        upvalue_type(L)->release(self);
    return 0;
}

static int
object_close(lua_State *L)
{
    object *own = own_object(L);
    const glue_type *type = upvalue_type(L);

    if (type->close == NULL)
        return object_gc(L);
    if (own->self != NULL)
        type->close(own->self);
    return 0;
}

static int
object_eq(lua_State *L)
{
    const glue_type *type = upvalue_type(L);
    const object *one = object_at(L, 1, type);
    const object *other = object_at(L, 2, type);

    lua_pushboolean(L, one != NULL && other != NULL && one->self != NULL &&
                           one->self == other->self);
    return 1;
}

static int
object_tostring(lua_State *L)
{
    const object *own = own_object(L);
    const glue_type *type = upvalue_type(L);

    if (own->self == NULL)
        lua_pushfstring(L, "%s: closed", type->name);
    else if (type->text != NULL)
        type->text(L, own->self);
    else
        lua_pushfstring(L, "%s: %p", type->name, own->self);
    return 1;
}

static const luaL_Reg metamethods[] = {
    {"__index", object_index},
    {"__newindex", object_newindex},
    {"__gc", object_gc},
    {"__close", object_close},
    {"__eq", object_eq},
    {"__tostring", object_tostring},
    {NULL, NULL},
};

/* Put fields into the table on top, by their names; the last one counts. */
static void
set_fields(lua_State *L, const glue_field *field)
{
    for (; field != NULL && field->name != NULL; field++) {
        lua_pushlightuserdata(L, (void *)(uintptr_t)field);
        lua_setfield(L, -2, field->name);
    }
}

static void
push_fields(lua_State *L, const glue_type *type)
{
    lua_newtable(L);
    set_fields(L, type->base);
    set_fields(L, type->fields);
}

/* module[list][type's name] = the value on top, which is popped */
static void
tell(lua_State *L, int module, const char *list, const glue_type *type)
{
    luaL_getsubtable(L, module, list);
    lua_insert(L, -2);
    lua_setfield(L, -2, type->name);
    lua_pop(L, 1);
}

/* The table of a type's methods: the same one for as long as the state lives,
 * so that a module that is loaded again shares its classes. */
static void
push_methods(lua_State *L, const glue_type *type)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &type->methods) != LUA_TNIL)
        return;
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &type->methods);
}

/* Copy all of the table under the top into the table on top. */
static void
merge(lua_State *L)
{
    lua_pushnil(L);
    while (lua_next(L, -3) != 0) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, -4);
    }
}

/* Push the metatable of a type whose methods are below the top. */
static void
push_metatable(lua_State *L, const glue_type *type)
{
    int methods = lua_gettop(L) - 1;

    lua_newtable(L);
    for (const luaL_Reg *meta = metamethods; meta->name != NULL; meta++) {
        lua_pushvalue(L, methods);
        push_fields(L, type);
        lua_pushlightuserdata(L, (void *)(uintptr_t)type);
        lua_pushcclosure(L, meta->func, UP_TYPE);
        lua_setfield(L, -2, meta->name);
    }
    if (type->meta != NULL)
        luaL_setfuncs(L, type->meta, 0);
    lua_pushstring(L, type->name);
    lua_setfield(L, -2, "__name");
    lua_pushboolean(L, false);
    lua_setfield(L, -2, "__metatable");
}

/* Let objects of a type be made, whose methods are on top. */
static void
enable(lua_State *L, const glue_type *type)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, type) == LUA_TNIL) {
        push_metatable(L, type);
        lua_rawsetp(L, LUA_REGISTRYINDEX, type);
    }
    lua_pop(L, 1);
}

void
glue_hide(lua_State *L, const glue_type *type)
{
    lua_newtable(L);
    enable(L, type);
    lua_pop(L, 1);
}

void
glue_register(lua_State *L, int module, const glue_type *type)
{
    module = lua_absindex(L, module);
    push_methods(L, type);
    merge(L);
    lua_remove(L, -2);
    if (type->methods != NULL)
        luaL_setfuncs(L, type->methods, 0);
    enable(L, type);
    tell(L, module, "classes", type);
    push_fields(L, type);
    tell(L, module, "fields", type);
}
