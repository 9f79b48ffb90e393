/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "glue.h"

static void
get_payload(lua_State *L, void *self)
{
    kit_packet *packet = self;
    luaL_Buffer text;
    char *room;

    glue_must(L, kit_packet_live(packet));
    room = luaL_buffinitsize(L, &text, packet->packet.size);
    vsk_packet_read(&packet->packet, 0, room, packet->packet.size);
    luaL_pushresultsize(&text, packet->packet.size);
}

static void
set_payload(lua_State *L, void *self)
{
    size_t size;
    const char *data;

    if (lua_type(L, 3) != LUA_TSTRING)
        luaL_error(L, "payload: string expected, got %s", luaL_typename(L, 3));
    data = lua_tolstring(L, 3, &size);
    glue_must(L, kit_packet_set_payload(self, data, size));
    glue_account(L, size);
}

static void
get_len(lua_State *L, void *self)
{
    glue_push_integer(L, ((const kit_packet *)self)->packet.header.len);
}

static void
set_len(lua_State *L, void *self)
{
    kit_packet *packet = self;

    packet->packet.header.len = (uint32_t)glue_value(L, 3, "len", 32);
    packet->len_set = true;
}

static void
get_header(lua_State *L, void *self)
{
    *glue_push_header(L) = ((const kit_packet *)self)->packet.header;
}

/* Its len does not follow the payload any more: it was given. */
static void
set_header(lua_State *L, void *self)
{
    kit_packet *packet = self;

    packet->packet.header = *(vsk_header *)glue_check(L, 3, &glue_header);
    packet->len_set = true;
}

static void
get_room(lua_State *L, void *self)
{
    const kit_packet *packet = self;

    glue_push_integer(
        L, packet->room ? packet->packet.room - packet->packet.size : 0);
}

static const glue_field fields[] = {
    {"payload", get_payload, set_payload},
    {"header", get_header, set_header},
    {"room", get_room, NULL},
    {"len", get_len, set_len},
    {NULL, NULL, NULL},
};

static void
release(void *self)
{
    kit_packet_delete(self);
}

int
glue_packet_new(lua_State *L)
{
    kit_packet *packet = NULL;
    void **slot;

    lua_settop(L, 1);
    if (!lua_isnil(L, 1))
        luaL_checktype(L, 1, LUA_TTABLE);
    slot = glue_new(L, &glue_packet);
    glue_must(L, kit_packet_new(&packet));
    *slot = packet;
    if (!lua_isnil(L, 1))
        glue_set_fields(L, &glue_packet, packet);
    lua_settop(L, 2);
    return 1;
}

/* A piece of a packet's payload as a buffer. */
static void
push_piece(lua_State *L, kit_packet *packet, const vsk_span *piece)
{
    kit_block *block = packet->storage;
    uint8_t *base = piece->base;

    if (packet->chain != NULL)
        glue_must(L, kit_memory_locate(packet->chain->queue->memory,
                                       piece->addr, piece->len, &block, &base));
    glue_push_buffer(L, block, base, piece->len, false);
}

static int
packet_segments(lua_State *L)
{
    kit_packet *packet = glue_check(L, 1, &glue_packet);
    vsk_cursor cursor = {0};
    vsk_span piece;
    lua_Integer count = 0;

    glue_must(L, kit_packet_live(packet));
    lua_newtable(L);
    while (vsk_packet_next(&packet->packet, &cursor, &piece)) {
        push_piece(L, packet, &piece);
        lua_rawseti(L, -2, ++count);
    }
    return 1;
}

static int
packet_buffer(lua_State *L)
{
    kit_packet *packet = glue_check(L, 1, &glue_packet);
    uint32_t size = packet->packet.size;
    kit_block *block = NULL;
    uint8_t *base;
    void **slot;

    glue_must(L, kit_packet_flat(packet, &block, &base));
    if (base == NULL) {
        slot = glue_new(L, &glue_block);
        glue_must(L, kit_packet_join(packet, &block));
        *slot = block;
        base = block->data;
    }
    glue_push_buffer(L, block, base, size, false);
    return 1;
}

/* The chain that the payload is borrowed from, or nil. */
static int
packet_chain(lua_State *L)
{
    const kit_packet *packet = glue_check(L, 1, &glue_packet);
    void **slot;

    if (packet->chain == NULL) {
        lua_pushnil(L);
        return 1;
    }
    slot = glue_new(L, &glue_chain);
    *slot = kit_chain_ref(packet->chain);
    return 1;
}

/* A packet of the same fields with a payload of its own. */
static int
packet_copy(lua_State *L)
{
    kit_packet *packet = glue_check(L, 1, &glue_packet);
    kit_packet *copy = NULL;
    luaL_Buffer text;
    size_t size = packet->packet.size;
    char *payload;
    void **slot;

    glue_must(L, kit_packet_live(packet));
    payload = luaL_buffinitsize(L, &text, size);
    vsk_packet_read(&packet->packet, 0, payload, packet->packet.size);
    luaL_pushresultsize(&text, size);
    slot = glue_new(L, &glue_packet);
    glue_must(L, kit_packet_new(&copy));
    *slot = copy;
    glue_must(L, kit_packet_set_payload(copy, lua_tostring(L, -2), size));
    copy->packet.header = packet->packet.header;
    copy->len_set = packet->len_set;
    return 1;
}

static int
packet_eq(lua_State *L)
{
    kit_packet *one = glue_test(L, 1, &glue_packet);
    kit_packet *other = glue_test(L, 2, &glue_packet);

    lua_pushboolean(L, one != NULL && other != NULL &&
                           kit_packet_equal(one, other));
    return 1;
}

static int
packet_len(lua_State *L)
{
    const kit_packet *packet = glue_check(L, 1, &glue_packet);

    glue_push_integer(L, (uint64_t)VSK_HEADER_SIZE + packet->packet.size);
    return 1;
}

static void
packet_text(lua_State *L, void *self)
{
    glue_push_line(L, &((const kit_packet *)self)->packet.header);
}

static const luaL_Reg methods[] = {
    {"buffer", packet_buffer},
    {"copy", packet_copy},
    {"fields", glue_header_numbers},
    {"segments", packet_segments},
    {"_drawing", glue_header_text},
    {"_chain", packet_chain},
    {NULL, NULL},
};

static const luaL_Reg meta[] = {
    {"__eq", packet_eq},
    {"__len", packet_len},
    {"__pairs", glue_header_pairs},
    {NULL, NULL},
};

const glue_type glue_packet = {
    .name = "Packet",
    .release = release,
    .text = packet_text,
    .base = glue_header_fields,
    .fields = fields,
    .methods = methods,
    .meta = meta,
};

static void
release_packets(void *self)
{
    kit_packets_delete(self);
}

static const glue_field no_fields[] = {{NULL, NULL, NULL}};

const glue_type glue_packets = {
    .name = "Packets",
    .release = release_packets,
    .fields = no_fields,
};
