/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "driver_parts.h"

static void
send(struct world *w, struct fuzz_input *input, vsk_conn *conn)
{
    vsk_span spans[2];
    vsk_outgoing outgoing = role_outgoing(input, spans);
    uint64_t sent = 0, bytes = vsk_outgoing_bytes(&outgoing);
    vsk_status status =
        vsk_guest_send(&w->guest, w->now, conn, &outgoing, &sent);

    FUZZ_CHECK(sent <= bytes);
    FUZZ_CHECK(status != VSK_OK || sent == bytes);
}

/* The transport was reset: the CID may be another one. */
static void
renew(struct world *w, uint32_t cid)
{
    if (vsk_guest_renew(&w->guest, cid) == VSK_OK)
        w->role.sender_cid = cid;
}

/* Any packet, right or wrong, in any cut. */
static void
put(struct world *w, struct fuzz_input *input)
{
    vsk_packet packet = role_packet(input, true);
    uint32_t kind = fuzz_u8(input);
    const uint32_t pieces[] = {kind & 63, VSK_HEADER_SIZE + packet.size,
                               kind >> 6};
    const vsk_layout layout = {pieces, kind % 4, (kind & 0x10) != 0};

    w->role.experiment = true;
    (void)vsk_guest_put(&w->guest, w->now, &packet,
                        (kind & 0x20) != 0 ? &layout : NULL);
    w->role.experiment = false;
    /* A layout may have bytes behind the packet, which say nothing. */
    w->honest &= (kind & 0x20) == 0;
}

static void
ask_conn(struct world *w, struct fuzz_input *input, uint32_t kind)
{
    vsk_conn *conn = role_conn(&w->role, input);

    if (conn == NULL)
        return;
    switch (kind) {
    case 0:
    case 1:
        send(w, input, conn);
        break;
    case 2:
        role_call(&w->role, input, w->now, conn);
        break;
    case 3:
        role_forward(&w->role, w->now, conn, fuzz_edge(input));
        break;
    default:
        role_resize(&w->role, input, conn);
        break;
    }
}

void
driver_ask(struct world *w, struct fuzz_input *input)
{
    uint32_t kind = fuzz_below(input, 10), port;
    vsk_conn *conn;

    switch (kind) {
    case 5:
    case 6:
        port = fuzz_u8(input);
        (void)vsk_guest_connect(
            &w->guest, w->now, (port & 8) != 0 ? ROLE_GUEST_PORT : VSK_PORT_ANY,
            VSK_CID_HOST, ROLE_HOST_PORT + (port & 1), (uint16_t)(port >> 6),
            &conn);
        break;
    case 7:
        put(w, input);
        break;
    case 8:
        role_change(&w->role, input);
        w->guest.show_packets = (fuzz_u8(input) & 1) != 0;
        break;
    case 9:
        vsk_guest_flush(&w->guest, w->now);
        (void)vsk_guest_room(&w->guest);
        (void)vsk_guest_notify(&w->guest);
        break;
    default:
        ask_conn(w, input, kind);
        break;
    }
}

/* What the owner makes of an event: the next byte says, 0 is the usual. */
static void
answer(struct world *w, struct fuzz_input *input)
{
    const vsk_event *event = &w->event;
    uint32_t choice = fuzz_u8(input);
    vsk_packet packet;

    if (event->kind == VSK_EVENT_REQUEST && choice < 0xc0)
        (void)vsk_endpoint_call(
            &w->guest.endpoint, w->now, event->conn,
            choice < 0x80 ? VSK_CALL_ACCEPT : VSK_CALL_RESET, 0);
    else if (event->kind == VSK_EVENT_DATA && choice < 0x80)
        role_forward(&w->role, w->now, event->conn,
                     event->packet->size >> (choice >> 5));
    else if (event->kind == VSK_EVENT_WRITABLE && choice >= 0x80)
        send(w, input, event->conn);
    else if (event->kind == VSK_EVENT_EOF && choice >= 0x80)
        role_call(&w->role, input, w->now, event->conn);
    else if (event->kind == VSK_EVENT_RESET && choice < 0x80)
        renew(w, ROLE_GUEST);
    else if (event->kind == VSK_EVENT_PACKET && choice >= 0xc0)
        vsk_guest_swallow(&w->guest);
    else if (event->kind == VSK_EVENT_PACKET && choice >= 0x80) {
        packet = role_packet(input, false);
        packet.header.len = packet.size;
        if (packet.header.buf_alloc > w->role.peer_most)
            w->role.peer_most = packet.header.buf_alloc;
        vsk_guest_replace(&w->guest, &packet);
    }
}

void
driver_run(struct world *w, struct fuzz_input *input)
{
    vsk_status status = VSK_OK;

    for (uint32_t i = 0; status == VSK_OK; i++) {
        FUZZ_CHECK(i < EVENTS_MAX);
        driver_enter(w);
        fuzz_poison(&w->event, sizeof w->event);
        status = vsk_guest_poll(&w->guest, w->now, &w->event);
        if (status == VSK_OK) {
            role_told(&w->role, &w->event);
            answer(w, input);
        }
        driver_leave(w);
    }
    (void)vsk_guest_notify(&w->guest);
}

static void
reset_queue(struct world *w, struct fuzz_input *input)
{
    uint32_t kind = fuzz_u8(input), queue = kind % VSK_QUEUES;
    uint32_t size = kind >> 4;

    if (vsk_guest_check_reset(&w->guest, queue, size) != VSK_OK)
        return;
    vsk_guest_renew_queue(&w->guest, &w->memory->memory, queue, size);
    driver_begin_device(w, queue);
}

void
driver_transport(struct world *w, struct fuzz_input *input)
{
    uint32_t kind = fuzz_below(input, 5);

    switch (kind) {
    case 0:
        driver_close(w);
        break;
    case 1:
        if (!w->guest.open)
            driver_open(w);
        break;
    case 2:
        reset_queue(w, input);
        break;
    case 3:
        renew(w, fuzz_edge(input));
        break;
    default:
        if (w->guest.open) {
            vsk_guest_refill(&w->guest);
            (void)vsk_guest_notification(&w->guest, VSK_TX);
        }
        break;
    }
}
