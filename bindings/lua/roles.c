/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Roles and labs as the frontend gets them, and their events. */
#include <stdlib.h>
#include <string.h>

#include "lua/glue.h"

static void
release_options(void *self)
{
    free(self);
}

static void
release_role(void *self)
{
    kit_role_unref(self);
}

static void
release_host(void *self)
{
    kit_host_unref(self);
}

static void
release_snapshot(void *self)
{
    kit_snapshot_delete(self);
}

static const glue_field no_fields[] = {{NULL, NULL, NULL}};

const glue_type glue_role_options = {
    .name = "Options",
    .release = release_options,
    .fields = no_fields,
};

const glue_type glue_role = {
    .name = "Role",
    .release = release_role,
    .fields = no_fields,
};

const glue_type glue_lab = {
    .name = "Lab",
    .release = release_host,
    .fields = no_fields,
};

const glue_type glue_socket = {
    .name = "Socket",
    .release = release_host,
    .fields = no_fields,
};

const glue_type glue_snapshot = {
    .name = "Snapshot",
    .release = release_snapshot,
    .fields = no_fields,
};

const char *
glue_name(lua_State *L, int index)
{
    const char *name;
    size_t length;

    luaL_checktype(L, index, LUA_TSTRING);
    name = lua_tolstring(L, index, &length);
    luaL_argcheck(L, strlen(name) == length, index, "embedded zero");
    return name;
}

bool
glue_bool(lua_State *L, int index)
{
    luaL_checktype(L, index, LUA_TBOOLEAN);
    return lua_toboolean(L, index);
}

/* What an event is about: a packet, bytes, message and code, or nothing. */
static int
push_value(lua_State *L, kit_event *event)
{
    void **slot;

    switch (event->kind) {
    case KIT_TOLD_PACKET:
        slot = glue_new(L, &glue_packet);
        *slot = event->packet;
        event->packet = NULL;
        return 1;
    case KIT_TOLD_DATA:
        lua_pushlstring(L, (const char *)event->data, event->size);
        return 1;
    case KIT_TOLD_ERROR:
        lua_pushstring(L, event->why.text);
        lua_pushstring(L, vsk_status_name(event->status));
        return 2;
    case KIT_TOLD_PROGRESS:
    case KIT_TOLD_REQUEST:
    case KIT_TOLD_CONNECT:
    case KIT_TOLD_WRITABLE:
    case KIT_TOLD_EOF:
    case KIT_TOLD_CLOSE:
    case KIT_TOLD_RESET:
    case KIT_TOLD_AFTER:
        break;
    }
    return 0;
}

static void
release_told(void *self)
{
    kit_event_clear(self);
    free(self);
}

static void
release_block(void *self)
{
    kit_block_unref(self);
}

const glue_type glue_raw = {.name = "raw", .release = free};
const glue_type glue_block = {.name = "block", .release = release_block};
const glue_type glue_told = {.name = "told", .release = release_told};

static const char told; /* its address is the event's in the registry */

void
glue_roles_setup(lua_State *L)
{
    glue_hide(L, &glue_raw);
    glue_hide(L, &glue_block);
    glue_hide(L, &glue_told);
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &told) == LUA_TNIL) {
        kit_event *event = glue_alloc(L, &glue_told, sizeof *event);

        *event = (kit_event){0};
        lua_rawsetp(L, LUA_REGISTRYINDEX, &told);
    }
    lua_pop(L, 1);
}

kit_event *
glue_event(lua_State *L)
{
    kit_event *event;

    lua_rawgetp(L, LUA_REGISTRYINDEX, &told);
    event = glue_check(L, -1, &glue_told);
    lua_pop(L, 1);
    kit_event_clear(event);
    return event;
}

int
glue_push_event(lua_State *L, kit_event *event)
{
    uint64_t bytes = event->size;
    int count;

    glue_push_integer(L, (uint64_t)event->kind);
    glue_push_integer(L, event->pair);
    lua_pushboolean(L, event->guest);
    glue_push_integer(L, event->id);
    count = push_value(L, event);
    kit_event_clear(event);
    glue_account(L, bytes);
    return 4 + count;
}

uint64_t
glue_lab_bytes(const kit_lab *lab)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < lab->lab.count; i++) {
        const kit_memory *memory = lab->host.roles[2 * i]->memory;

        for (uint32_t j = 0; j < memory->memory.count; j++)
            bytes += memory->blocks[j]->size;
    }
    return bytes;
}

int
glue_push_entry(lua_State *L, const kit_entry *entry)
{
    glue_push_integer(L, entry->now);
    lua_pushstring(L, vsk_seen_name(entry->kind));
    lua_pushstring(L, entry->line);
    glue_push_integer(L, entry->guest_cid);
    lua_pushstring(L, entry->has_queue ? vsk_queue_name(entry->queue) : NULL);
    if (entry->has_head)
        glue_push_integer(L, entry->head);
    else
        lua_pushnil(L);
    glue_push_integer(L, entry->written);
    lua_pushstring(L, entry->kind == VSK_SEEN_REFUSED
                          ? vsk_status_name(entry->status)
                          : NULL);
    return 8;
}

int
glue_push_ids(lua_State *L, const uint64_t *ids, uint32_t count)
{
    lua_createtable(L, (int)count, 0);
    for (uint32_t i = 0; i < count; i++) {
        glue_push_integer(L, ids[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}
