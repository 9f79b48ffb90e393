/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A vhost-user back end, fed with messages, descriptors and memory.
 *
 *     format  operations ...
 *
 * format: 1 packed, 2 packets flow at the start, 4 all protocol features.
 */
#include "vhost_user_parts.h"

#include <sys/socket.h>
#include <unistd.h>

/* Every answer is whole and asked for. */
static void
check_answers(struct world *w)
{
    uint8_t wire[VSK_MESSAGE_HEADER + VSK_MESSAGE_PAYLOAD];
    vsk_message message;

    while (w->front >= 0 && recv(w->front, wire, VSK_MESSAGE_HEADER,
                                 MSG_DONTWAIT) == (ssize_t)VSK_MESSAGE_HEADER) {
        FUZZ_CHECK(vsk_message_header(&message, wire) == VSK_OK);
        FUZZ_CHECK(message.flags == (VSK_MESSAGE_VERSION | VSK_MESSAGE_REPLY));
        FUZZ_CHECK(message.size == sizeof(uint64_t) ||
                   vsk_request_find(message.request) != NULL);
        FUZZ_CHECK(message.size == 0 ||
                   recv(w->front, wire, message.size, MSG_DONTWAIT) ==
                       (ssize_t)message.size);
        fuzz_shown(wire, message.size);
        w->answered++;
    }
    FUZZ_CHECK(w->answered <= w->asked);
}

static void
run(struct world *w, struct fuzz_input *input)
{
    vsk_notice notice;

    for (uint32_t i = 0; vsk_backend_step(&w->backend, &w->event) == VSK_OK;
         i++) {
        FUZZ_CHECK(i < 3000);
        if (w->event.kind == VSK_EVENT_REQUEST)
            (void)vsk_endpoint_call(&w->device.endpoint, vsk_loop_now(),
                                    w->event.conn, VSK_CALL_ACCEPT, 0);
        else if (w->event.kind == VSK_EVENT_DATA && fuzz_u8(input) < 0x80)
            (void)vsk_endpoint_forwarded(&w->device.endpoint, vsk_loop_now(),
                                         w->event.conn, w->event.packet->size);
        check_answers(w);
    }
    check_answers(w);
    while (vsk_notices_take(&w->backend.notices, &notice) == VSK_OK)
        FUZZ_CHECK(memchr(notice.text, 0, sizeof notice.text) != NULL);
}

/* A packet, or a buffer for one, and a kick. */
static void
drive(struct world *w, struct fuzz_input *input)
{
    uint32_t queue = fuzz_below(input, VSK_QUEUES);
    vsk_header header = role_header(input, true);
    vsk_buffer buffer = {
        .addr = USER_LOW + 0x1000 + 0x200 * fuzz_below(input, 12),
        .len = VSK_HEADER_SIZE + (header.len & 0xff),
        .write = queue != VSK_TX,
    };
    const vsk_offer offer = {.buffers = &buffer, .count = 1, .token = 1};
    const uint64_t one = 1;
    uint64_t offset = buffer.addr - USER_LOW;
    uint16_t head;
    vsk_used used;

    vsk_header_encode(&header, w->base + offset);
    (void)vsk_queue_add(&w->drivers[queue], &offer, &head);
    while (vsk_queue_reap(&w->drivers[queue], &used) == VSK_OK)
        ;
    FUZZ_CHECK(write(w->fds[1 + (queue & 1)], &one, sizeof one) >= 0);
}

static void
raw(struct world *w, struct fuzz_input *input)
{
    uint32_t kind = fuzz_u8(input);
    uint8_t bytes[64];
    uint32_t size = 1 + (kind & 31);

    fuzz_take(input, bytes, size);
    w->asked++;
    user_send(w, bytes, size, w->fds, kind >> 5 & 3);
}

static void
operate(struct world *w, struct fuzz_input *input)
{
    switch (fuzz_u8(input) & 7) {
    case 0:
    case 1:
    case 2:
        user_draw(w, input);
        break;
    case 3:
        raw(w, input);
        break;
    case 4:
        drive(w, input);
        break;
    case 5:
        w->base[fuzz_u16(input) % (2 * USER_PART)] = fuzz_u8(input);
        break;
    case 6:
        if (fuzz_u8(input) < 0x20)
            (void)vsk_backend_reset_transport(&w->backend, ROLE_GUEST);
        else
            user_bring_up(w);
        break;
    default:
        run(w, input);
        break;
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    struct world *w = user_begin(&input);

    for (uint32_t i = 0; input.left != 0 && i < 60; i++)
        operate(w, &input);
    run(w, &input);
    user_end(w);
    return 0;
}
