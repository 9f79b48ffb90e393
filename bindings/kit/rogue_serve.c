/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What a device that attacks a guest answers to its messages. */
#include "kit/rogue_parts.h"

#include <string.h>
#include <unistd.h>

/* ---- messages ---- */

static const rogue_lie *
lie_of(const kit_rogue *rogue, uint32_t request)
{
    for (uint32_t i = 0; i < rogue->lie_count; i++)
        if (rogue->lies[i].request == request)
            return &rogue->lies[i];
    return NULL;
}

static rogue_end
reply(kit_rogue *rogue, uint32_t request, const void *payload, uint32_t size)
{
    uint8_t wire[VSK_MESSAGE_HEADER + VSK_MESSAGE_PAYLOAD];
    const uint32_t header[3] = {request,
                                VSK_MESSAGE_VERSION | VSK_MESSAGE_REPLY, size};

    memcpy(wire, header, sizeof header);
    memcpy(wire + sizeof header, payload, size);
    return rogue_send(rogue, wire, sizeof header + size, NULL, 0);
}

/* What a good device answers to a request that has a number for an answer. */
static uint64_t
truth(const kit_rogue *rogue, const vsk_message *message)
{
    switch (message->request) {
    case VSK_REQUEST_GET_FEATURES:
        return VSK_BIT(32) | VSK_BIT(VSK_FEATURE_PROTOCOL) | VSK_BIT(0);
    case VSK_REQUEST_GET_PROTOCOL_FEATURES:
        return VSK_BIT(VSK_PROTOCOL_MQ) | VSK_BIT(VSK_PROTOCOL_CONFIG) |
               VSK_BIT(VSK_PROTOCOL_REPLY_ACK);
    case VSK_REQUEST_GET_QUEUE_NUM:
        return ROGUE_RINGS;
    case VSK_REQUEST_GET_VRING_BASE:
        return (uint64_t)rogue->rings[message->state.index % ROGUE_RINGS].seen
                   << 32 |
               message->state.index;
    default:
        return 0;
    }
}

static rogue_end
answer_config(kit_rogue *rogue, vsk_message *message)
{
    uint8_t payload[12 + VSK_CONFIG_BYTES] = {0};
    const uint64_t cid = rogue->cid;

    memcpy(payload, &message->config, 12);
    if (message->config.offset == 0 && message->config.size >= sizeof cid)
        memcpy(payload + 12, &cid, sizeof cid);
    return reply(rogue, message->request, payload, 12 + message->config.size);
}

static rogue_end
answer_one(kit_rogue *rogue, vsk_message *message,
           const vsk_request_shape *shape)
{
    const rogue_lie *lie = lie_of(rogue, message->request);
    uint64_t number = truth(rogue, message);

    if (lie != NULL && lie->kind == LIE_MUTE)
        return ROGUE_GO;
    if (lie != NULL && lie->kind == LIE_DROP) {
        vsk_channel_close(&rogue->channel);
        return ROGUE_GO;
    }
    if (lie != NULL && lie->kind == LIE_BYTES)
        return rogue_send(rogue, lie->bytes, lie->size, NULL, 0);
    if (shape->answer == VSK_PAYLOAD_NONE &&
        (message->flags & VSK_MESSAGE_NEED_REPLY) == 0)
        return ROGUE_GO;
    if (shape->answer == VSK_PAYLOAD_CONFIG && lie == NULL)
        return answer_config(rogue, message);
    number = lie != NULL ? lie->number : number;
    return reply(rogue, message->request, &number, sizeof number);
}

static void
learn_memory(kit_rogue *rogue, const vsk_message *message, vsk_fds *fds)
{
    vsk_mappings_clear(&rogue->mappings);
    for (uint32_t i = 0; i < message->memory.count && i < fds->count; i++) {
        vsk_mapping *mapping;

        if (vsk_mapping_new(&message->memory.regions[i], fds->fds[i],
                            &mapping) != VSK_OK)
            continue;
        if (vsk_mappings_add(&rogue->mappings, mapping) != VSK_OK)
            vsk_mapping_unref(mapping);
    }
}

static void
learn_place(kit_rogue *rogue, const vsk_ring_address *addr)
{
    rogue_ring *ring = &rogue->rings[addr->index % ROGUE_RINGS];

    (void)vsk_mappings_guest(&rogue->mappings, addr->desc, &ring->desc);
    (void)vsk_mappings_guest(&rogue->mappings, addr->avail, &ring->avail);
    (void)vsk_mappings_guest(&rogue->mappings, addr->used, &ring->used);
}

static void
learn_fd(int *place, vsk_fds *fds)
{
    if (*place >= 0)
        (void)close(*place);
    *place = fds->count != 0 ? vsk_fds_take(fds, 0) : -1;
}

static void
learn(kit_rogue *rogue, const vsk_message *message, vsk_fds *fds)
{
    rogue_ring *ring = &rogue->rings[message->state.index % ROGUE_RINGS];
    rogue_ring *named = &rogue->rings[message->u64 % 256 % ROGUE_RINGS];

    if (message->request == VSK_REQUEST_SET_MEM_TABLE)
        learn_memory(rogue, message, fds);
    else if (message->request == VSK_REQUEST_SET_VRING_NUM)
        ring->size = message->state.num;
    else if (message->request == VSK_REQUEST_SET_VRING_BASE)
        ring->seen = ring->next = (uint16_t)message->state.num;
    else if (message->request == VSK_REQUEST_SET_VRING_ADDR)
        learn_place(rogue, &message->addr);
    else if (message->request == VSK_REQUEST_SET_VRING_ENABLE)
        ring->on = message->state.num != 0;
    else if (message->request == VSK_REQUEST_SET_VRING_CALL)
        learn_fd(&named->call, fds);
    else if (message->request == VSK_REQUEST_SET_VRING_KICK) {
        learn_fd(&named->kick, fds);
        named->started = true;
    }
}

/* Serve a message. */
static rogue_end
serve(kit_rogue *rogue, uint64_t deadline)
{
    const vsk_request_shape *shape;
    vsk_message message;
    vsk_fds fds;
    rogue_end ended = rogue_receive(rogue, &message, &fds, deadline);

    if (ended != ROGUE_GO)
        return ended;
    shape = vsk_request_find(message.request);
    if (shape == NULL ||
        vsk_message_decode(&message, shape->payload,
                           vsk_channel_payload(&rogue->channel)) != VSK_OK) {
        vsk_fds_close(&fds);
        return rogue_say(rogue, ROGUE_FAIL, "request %u cannot be read",
                         message.request);
    }
    learn(rogue, &message, &fds);
    ended = answer_one(rogue, &message, shape);
    vsk_fds_close(&fds);
    return ended;
}

void
rogue_tend(kit_rogue *rogue)
{
    bool more = true;

    while (more)
        more = rogue->channel.fd >= 0 && rogue_wait(rogue->channel.fd, -1, 0) &&
               !rogue_is_over(rogue) && serve(rogue, 0) == ROGUE_GO;
}

static bool
runs(const kit_rogue *rogue)
{
    for (uint32_t i = 0; i < 2; i++)
        if (!rogue->rings[i].started || !rogue->rings[i].on)
            return false;
    return true;
}

/* Up to where packets flow. */
rogue_end
rogue_serve(kit_rogue *rogue)
{
    uint64_t deadline = rogue_deadline(rogue);
    rogue_end ended = ROGUE_GO;

    while (ended == ROGUE_GO && !runs(rogue))
        ended =
            rogue->channel.fd < 0 ? rogue_over(rogue) : serve(rogue, deadline);
    return ended;
}

rogue_end
rogue_lie_at(kit_rogue *rogue)
{
    rogue_lie *fresh = &rogue->lies[rogue->lie_count % 4];
    const char *kind = rogue_word(rogue->step, "how");
    const char *digits = rogue_word(rogue->step, "hex");

    rogue->lie_count += rogue->lie_count < 4;
    *fresh = (rogue_lie){
        .request = (uint32_t)rogue_number(rogue->step, "id", 0),
        .kind = LIE_NUMBER,
        .number = rogue_number(rogue->step, "u64", 0),
    };
    if (kind != NULL)
        fresh->kind = strcmp(kind, "drop") == 0 ? LIE_DROP : LIE_MUTE;
    if (digits != NULL) {
        fresh->kind = LIE_BYTES;
        fresh->size = rogue_hex(digits, fresh->bytes, sizeof fresh->bytes);
    }
    return ROGUE_GO;
}
