/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/message.h"

#include <string.h>

#include "vsk/print.h"

/* Bytes of a payload on the wire. */
#define REGION_BYTES 32u
#define TABLE_HEAD 8u  /* count and padding in front of regions */
#define REGION_HEAD 8u /* padding in front of a single one */
#define CONFIG_HEAD 12u

/* ---- shapes ---- */

#define SHAPE(name, id, payload, answer, least, most, needs)                   \
    {#name, id,   VSK_PAYLOAD_##payload, VSK_PAYLOAD_##answer,                 \
     least, most, VSK_PROTOCOL_##needs},

static const vsk_request_shape front[] = {VSK_REQUEST_TABLE(SHAPE)};
static const vsk_request_shape back[] = {VSK_BACKEND_TABLE(SHAPE)};

static const vsk_request_shape *
find(const vsk_request_shape *shapes, size_t count, uint32_t request)
{
    for (size_t i = 0; i < count; i++)
        if (shapes[i].id == request)
            return &shapes[i];
    return NULL;
}

const vsk_request_shape *
vsk_request_find(uint32_t request)
{
    return find(front, sizeof front / sizeof *front, request);
}

const vsk_request_shape *
vsk_backend_request_find(uint32_t request)
{
    return find(back, sizeof back / sizeof *back, request);
}

/* ---- fields, one after the other ---- */

static uint32_t
get32(const uint8_t **wire)
{
    uint32_t value;

    memcpy(&value, *wire, sizeof value);
    *wire += sizeof value;
    return value;
}

static uint64_t
get64(const uint8_t **wire)
{
    uint64_t value;

    memcpy(&value, *wire, sizeof value);
    *wire += sizeof value;
    return value;
}

static void
put32(uint8_t **wire, uint32_t value)
{
    memcpy(*wire, &value, sizeof value);
    *wire += sizeof value;
}

static void
put64(uint8_t **wire, uint64_t value)
{
    memcpy(*wire, &value, sizeof value);
    *wire += sizeof value;
}

static void
get_region(const uint8_t **wire, vsk_shared_region *region)
{
    region->guest = get64(wire);
    region->size = get64(wire);
    region->user = get64(wire);
    region->offset = get64(wire);
}

static void
put_region(uint8_t **wire, const vsk_shared_region *region)
{
    put64(wire, region->guest);
    put64(wire, region->size);
    put64(wire, region->user);
    put64(wire, region->offset);
}

/* ---- reading ---- */

vsk_status
vsk_message_header(vsk_message *message, const uint8_t *wire)
{
    message->request = get32(&wire);
    message->flags = get32(&wire);
    message->size = get32(&wire);
    if ((message->flags & 3) != VSK_MESSAGE_VERSION)
        return VSK_BAD_MESSAGE;
    return message->size <= VSK_MESSAGE_PAYLOAD ? VSK_OK : VSK_BAD_MESSAGE_SIZE;
}

/* The size that a payload has; what varies is looked at by its reader. */
static bool
fits(vsk_payload payload, uint32_t size)
{
    switch (payload) {
    case VSK_PAYLOAD_NONE:
        return size == 0;
    case VSK_PAYLOAD_U64:
    case VSK_PAYLOAD_STATE:
    case VSK_PAYLOAD_TRANSFER:
        return size == 8;
    case VSK_PAYLOAD_ADDR:
        return size == 40;
    case VSK_PAYLOAD_MEMORY:
        return size >= TABLE_HEAD;
    case VSK_PAYLOAD_REGION:
        return size == REGION_HEAD + REGION_BYTES;
    case VSK_PAYLOAD_CONFIG:
        return size >= CONFIG_HEAD;
    case VSK_PAYLOAD_ANY:
        break;
    }
    return true;
}

static vsk_status
decode_memory(vsk_message *message, const uint8_t *wire)
{
    vsk_shared_regions *memory = &message->memory;
    uint32_t count = get32(&wire);

    (void)get32(&wire);
    if (count > VSK_MESSAGE_REGIONS)
        return VSK_BAD_REGION;
    /* User Mode Linux sends room for two regions with the one that it has. */
    if (message->size < TABLE_HEAD + count * REGION_BYTES)
        return VSK_BAD_MESSAGE_SIZE;
    memory->count = count;
    for (uint32_t i = 0; i < count; i++)
        get_region(&wire, &memory->regions[i]);
    return VSK_OK;
}

static vsk_status
decode_config(vsk_message *message, const uint8_t *wire)
{
    vsk_config_part *config = &message->config;
    uint32_t offset = get32(&wire);
    uint32_t size = get32(&wire);
    uint32_t flags = get32(&wire);

    if (size != message->size - CONFIG_HEAD)
        return VSK_BAD_MESSAGE_SIZE;
    config->offset = offset;
    config->size = size;
    config->flags = flags;
    memcpy(config->data, wire, size);
    return VSK_OK;
}

vsk_status
vsk_message_decode(vsk_message *message, vsk_payload payload,
                   const uint8_t *wire)
{
    if (!fits(payload, message->size))
        return VSK_BAD_MESSAGE_SIZE;
    switch (payload) {
    case VSK_PAYLOAD_U64:
        message->u64 = get64(&wire);
        break;
    case VSK_PAYLOAD_STATE:
        message->state.index = get32(&wire);
        message->state.num = get32(&wire);
        break;
    case VSK_PAYLOAD_TRANSFER:
        message->transfer.direction = get32(&wire);
        message->transfer.phase = get32(&wire);
        break;
    case VSK_PAYLOAD_ADDR:
        message->addr.index = get32(&wire);
        message->addr.flags = get32(&wire);
        message->addr.desc = get64(&wire);
        message->addr.used = get64(&wire);
        message->addr.avail = get64(&wire);
        message->addr.log = get64(&wire);
        break;
    case VSK_PAYLOAD_MEMORY:
        return decode_memory(message, wire);
    case VSK_PAYLOAD_REGION:
        (void)get64(&wire);
        get_region(&wire, &message->region);
        break;
    case VSK_PAYLOAD_CONFIG:
        return decode_config(message, wire);
    case VSK_PAYLOAD_NONE:
    case VSK_PAYLOAD_ANY:
        break;
    }
    return VSK_OK;
}

/* ---- writing ---- */

static void
put_payload(uint8_t **wire, const vsk_message *message, vsk_payload payload)
{
    switch (payload) {
    case VSK_PAYLOAD_U64:
        put64(wire, message->u64);
        break;
    case VSK_PAYLOAD_STATE:
        put32(wire, message->state.index);
        put32(wire, message->state.num);
        break;
    case VSK_PAYLOAD_TRANSFER:
        put32(wire, message->transfer.direction);
        put32(wire, message->transfer.phase);
        break;
    case VSK_PAYLOAD_ADDR:
        put32(wire, message->addr.index);
        put32(wire, message->addr.flags);
        put64(wire, message->addr.desc);
        put64(wire, message->addr.used);
        put64(wire, message->addr.avail);
        put64(wire, message->addr.log);
        break;
    case VSK_PAYLOAD_MEMORY:
        put32(wire, message->memory.count);
        put32(wire, 0);
        for (uint32_t i = 0; i < message->memory.count; i++)
            put_region(wire, &message->memory.regions[i]);
        break;
    case VSK_PAYLOAD_REGION:
        put64(wire, 0);
        put_region(wire, &message->region);
        break;
    case VSK_PAYLOAD_CONFIG:
        put32(wire, message->config.offset);
        put32(wire, message->config.size);
        put32(wire, message->config.flags);
        memcpy(*wire, message->config.data, message->config.size);
        *wire += message->config.size;
        break;
    case VSK_PAYLOAD_NONE:
    case VSK_PAYLOAD_ANY:
        break;
    }
}

uint32_t
vsk_message_encode(vsk_message *message, vsk_payload payload, uint8_t *wire)
{
    uint8_t *at = wire + VSK_MESSAGE_HEADER;

    put_payload(&at, message, payload);
    message->size = (uint32_t)(at - wire) - VSK_MESSAGE_HEADER;
    at = wire;
    put32(&at, message->request);
    put32(&at, message->flags);
    put32(&at, message->size);
    return VSK_MESSAGE_HEADER + message->size;
}

/* ---- protocol features ---- */

uint64_t
vsk_protocol_wrong(uint64_t chosen, uint64_t offered)
{
    const uint64_t inband = VSK_BIT(VSK_PROTOCOL_INBAND_NOTIFICATIONS);
    const uint64_t needed =
        VSK_BIT(VSK_PROTOCOL_BACKEND_REQ) | VSK_BIT(VSK_PROTOCOL_REPLY_ACK);

    if ((chosen & ~offered) != 0)
        return chosen & ~offered;
    return (chosen & needed) != needed ? chosen & inband : 0;
}

/* Name bits; those without a name by their number. */
static uint32_t
say_bits(uint64_t bits, const char *const names[64], char *text, uint32_t size)
{
    vsk_print out = {text, size, 0};
    const char *between = "";

    for (uint32_t bit = 0; bit < 64; bit++) {
        if ((bits & VSK_BIT(bit)) == 0)
            continue;
        vsk_print_words(&out, between);
        vsk_print_words(&out, names[bit] != NULL ? names[bit] : "bit ");
        if (names[bit] == NULL)
            vsk_print_decimal(&out, bit);
        between = ", ";
    }
    return (uint32_t)vsk_print_end(&out);
}

#define NAME(name, bit) [bit] = #name,

uint32_t
vsk_protocol_text(uint64_t features, char *text, uint32_t size)
{
    static const char *const names[64] = {VSK_PROTOCOL_TABLE(NAME)};

    return say_bits(features, names, text, size);
}

uint32_t
vsk_feature_text(uint64_t features, char *text, uint32_t size)
{
    static const char *const names[64] = {VSK_FEATURE_TABLE(NAME)};

    return say_bits(features, names, text, size);
}

/* ---- words ---- */

static void
say_number(vsk_print *out, const char *name, uint64_t value)
{
    vsk_print_words(out, name);
    vsk_print_decimal(out, value);
}

static void
say_address(vsk_print *out, const char *name, uint64_t value)
{
    vsk_print_words(out, name);
    vsk_print_hex(out, value);
}

static void
say_region(vsk_print *out, const vsk_shared_region *region)
{
    say_address(out, " guest=", region->guest);
    say_address(out, " size=", region->size);
    say_address(out, " user=", region->user);
    say_address(out, " offset=", region->offset);
}

static void
say_payload(vsk_print *out, const vsk_message *message, vsk_payload payload)
{
    switch (payload) {
    case VSK_PAYLOAD_U64:
        say_address(out, " ", message->u64);
        break;
    case VSK_PAYLOAD_STATE:
        say_number(out, " ring=", message->state.index);
        say_number(out, " num=", message->state.num);
        break;
    case VSK_PAYLOAD_TRANSFER:
        say_number(out, " direction=", message->transfer.direction);
        say_number(out, " phase=", message->transfer.phase);
        break;
    case VSK_PAYLOAD_ADDR:
        say_number(out, " ring=", message->addr.index);
        say_address(out, " desc=", message->addr.desc);
        say_address(out, " used=", message->addr.used);
        say_address(out, " avail=", message->addr.avail);
        break;
    case VSK_PAYLOAD_MEMORY:
        for (uint32_t i = 0; i < message->memory.count; i++)
            say_region(out, &message->memory.regions[i]);
        break;
    case VSK_PAYLOAD_REGION:
        say_region(out, &message->region);
        break;
    case VSK_PAYLOAD_CONFIG:
        say_number(out, " offset=", message->config.offset);
        say_number(out, " size=", message->config.size);
        break;
    case VSK_PAYLOAD_NONE:
    case VSK_PAYLOAD_ANY:
        break;
    }
}

uint32_t
vsk_message_text(const vsk_message *message, const vsk_request_shape *shape,
                 vsk_payload payload, char *text, uint32_t size)
{
    vsk_print out = {text, size, 0};

    if (shape != NULL)
        vsk_print_words(&out, shape->name);
    else
        say_number(&out, "request ", message->request);
    if ((message->flags & VSK_MESSAGE_REPLY) != 0)
        vsk_print_words(&out, " reply");
    if ((message->flags & VSK_MESSAGE_NEED_REPLY) != 0)
        vsk_print_words(&out, " need_reply");
    if (shape != NULL)
        say_payload(&out, message, payload);
    return (uint32_t)vsk_print_end(&out);
}
