/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost_user_parts.h"

static const uint32_t requests[] = {
#define REQUEST_ID(name, id, payload, answer, least, most, needs) id,
    VSK_REQUEST_TABLE(REQUEST_ID)
#undef REQUEST_ID
};

#define REQUESTS (sizeof requests / sizeof requests[0])

static vsk_shared_region
region(struct fuzz_input *input, uint32_t which)
{
    vsk_shared_region part = {
        .guest = (which & 1) != 0 ? USER_HIGH : USER_LOW,
        .size = USER_PART,
        .offset = (which & 1) != 0 ? USER_PART : 0,
    };

    part.user = USER_BASE + part.guest;
    switch (which >> 1 & 7) {
    case 1:
        part.guest = fuzz_u64(input);
        break;
    case 2:
        part.size = fuzz_edge(input);
        break;
    case 3:
        part.user = fuzz_u64(input);
        break;
    case 4:
        part.offset = fuzz_edge(input);
        break;
    default:
        break;
    }
    return part;
}

static vsk_ring_address
address(const struct world *w, uint32_t queue)
{
    const vsk_ring *ring = &w->rings[queue % VSK_QUEUES];

    return (vsk_ring_address){
        .index = queue,
        .desc = USER_BASE + ring->desc,
        .used = USER_BASE + ring->device,
        .avail = USER_BASE + ring->driver,
    };
}

/* A number that the request may have, or is near to it. */
static uint64_t
draw_u64(const struct world *w, struct fuzz_input *input, uint32_t request)
{
    uint32_t kind = fuzz_u8(input);

    if (kind >= 0xf0)
        return fuzz_u64(input);
    switch (request) {
    case VSK_REQUEST_SET_FEATURES:
        return (kind & 1) != 0
                   ? w->features | VSK_BIT(VSK_FEATURE_PROTOCOL)
                   : VSK_BIT(kind >> 2 & 63) | VSK_BIT(VSK_FEATURE_VERSION_1);
    case VSK_REQUEST_SET_PROTOCOL_FEATURES:
        return (kind & 1) != 0 ? VSK_PROTOCOL_KNOWN
                               : VSK_BACKEND_PROTOCOL & ~VSK_BIT(kind >> 3);
    case VSK_REQUEST_SET_STATUS:
        return kind;
    default:
        return (kind & 3) | ((kind & 0x40) != 0 ? VSK_MESSAGE_NO_FD : 0);
    }
}

static uint32_t
draw_number(struct fuzz_input *input, uint32_t request)
{
    uint32_t kind = fuzz_u8(input);

    if (kind >= 0xe0)
        return fuzz_edge(input);
    if (request == VSK_REQUEST_SET_VRING_NUM)
        return (kind & 1) != 0 ? QUEUE_SIZE : kind;
    if (request == VSK_REQUEST_SET_VRING_ENABLE)
        return kind & 1;
    return (kind & 1) != 0 ? 0x80008000u : kind >> 5;
}

static void
draw_config(vsk_config_part *part, struct fuzz_input *input)
{
    *part = (vsk_config_part){.offset = fuzz_edge(input),
                              .size = fuzz_u8(input),
                              .flags = fuzz_below(input, 3)};
    fuzz_take(input, part->data, 8);
}

static void
draw_payload(struct world *w, struct fuzz_input *input, vsk_message *message,
             vsk_payload payload)
{
    switch (payload) {
    case VSK_PAYLOAD_U64:
        message->u64 = draw_u64(w, input, message->request);
        break;
    case VSK_PAYLOAD_STATE:
        message->state.index = fuzz_below(input, 4);
        message->state.num = draw_number(input, message->request);
        break;
    case VSK_PAYLOAD_ADDR:
        message->addr = address(w, fuzz_below(input, 4));
        message->addr.flags = fuzz_u8(input) >= 0xf0;
        if (fuzz_u8(input) >= 0xc0)
            message->addr.desc += fuzz_u16(input);
        break;
    case VSK_PAYLOAD_MEMORY:
        message->memory.count = fuzz_below(input, VSK_MESSAGE_REGIONS + 1);
        for (uint32_t i = 0; i < message->memory.count; i++)
            message->memory.regions[i] = region(input, fuzz_u8(input));
        break;
    case VSK_PAYLOAD_REGION:
        message->region = region(input, fuzz_u8(input));
        break;
    case VSK_PAYLOAD_CONFIG:
        draw_config(&message->config, input);
        break;
    case VSK_PAYLOAD_TRANSFER:
        message->transfer.direction = fuzz_below(input, 3);
        message->transfer.phase = fuzz_u8(input) >= 0xf0;
        break;
    case VSK_PAYLOAD_NONE:
    case VSK_PAYLOAD_ANY:
        break;
    }
}

void
user_draw(struct world *w, struct fuzz_input *input)
{
    uint32_t kind = fuzz_u8(input), choice = fuzz_u8(input);
    vsk_message message = {.request = requests[kind % REQUESTS]};
    const vsk_request_shape *shape = vsk_request_find(message.request);
    uint32_t count = shape->fds_least;
    int fds[FDS];
    char text[200];

    message.flags = (choice & 1) != 0 ? VSK_MESSAGE_NEED_REPLY : 0;
    draw_payload(w, input, &message, (vsk_payload)shape->payload);
    if (shape->payload == VSK_PAYLOAD_MEMORY)
        count = message.memory.count;
    else if ((choice & 2) != 0 && shape->fds_most != 0)
        count = 1;
    if ((choice & 0xe0) == 0xe0)
        count = choice >> 2 & 7;
    if (count > FDS)
        count = FDS;
    for (uint32_t i = 0; i < count; i++)
        fds[i] = w->fds[shape->payload == VSK_PAYLOAD_MEMORY ||
                                shape->payload == VSK_PAYLOAD_REGION
                            ? 0
                            : (choice >> 2) % FDS];
    (void)vsk_message_text(&message, shape, (vsk_payload)shape->payload, text,
                           sizeof text);
    user_post(w, &message, (vsk_payload)shape->payload, fds, count);
}

static void
say(struct world *w, uint32_t request, vsk_message message, int fd)
{
    const vsk_request_shape *shape = vsk_request_find(request);

    message.request = request;
    user_post(w, &message, (vsk_payload)shape->payload, &fd, fd >= 0);
}

void
user_bring_up(struct world *w)
{
    const uint32_t base =
        (w->features & VSK_F_RING_PACKED) != 0 ? 0x80008000u : 0;
    struct fuzz_input none = {(const uint8_t *)"", 0};

    say(w, VSK_REQUEST_SET_PROTOCOL_FEATURES,
        (vsk_message){.u64 = VSK_BACKEND_PROTOCOL}, -1);
    say(w, VSK_REQUEST_SET_FEATURES,
        (vsk_message){.u64 = w->features | VSK_BIT(VSK_FEATURE_PROTOCOL)}, -1);
    say(w, VSK_REQUEST_ADD_MEM_REG, (vsk_message){.region = region(&none, 0)},
        w->fds[0]);
    for (uint32_t i = 0; i < VSK_QUEUES; i++) {
        say(w, VSK_REQUEST_SET_VRING_NUM,
            (vsk_message){.state = {i, QUEUE_SIZE}}, -1);
        say(w, VSK_REQUEST_SET_VRING_BASE, (vsk_message){.state = {i, base}},
            -1);
        say(w, VSK_REQUEST_SET_VRING_ADDR, (vsk_message){.addr = address(w, i)},
            -1);
        say(w, VSK_REQUEST_SET_VRING_CALL, (vsk_message){.u64 = i}, w->fds[2]);
        say(w, VSK_REQUEST_SET_VRING_KICK, (vsk_message){.u64 = i}, w->fds[1]);
        say(w, VSK_REQUEST_SET_VRING_ENABLE, (vsk_message){.state = {i, 1}},
            -1);
    }
}
