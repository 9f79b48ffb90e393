/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "device_parts.h"

/* ---- the device's owner ---- */

static void
send(struct world *w, struct fuzz_input *input, vsk_conn *conn)
{
    vsk_span spans[2];
    vsk_outgoing outgoing = role_outgoing(input, spans);
    uint64_t sent = 0, bytes = vsk_outgoing_bytes(&outgoing);
    vsk_status status =
        vsk_device_send(&w->device, w->now, conn, &outgoing, &sent);

    FUZZ_CHECK(sent <= bytes);
    FUZZ_CHECK(status != VSK_OK || sent == bytes);
}

/* Any packet, right or wrong. */
static void
put(struct world *w, struct fuzz_input *input)
{
    vsk_packet packet = role_packet(input, false);

    w->role.experiment = true;
    (void)vsk_device_put(&w->device, w->now, &packet);
    w->role.experiment = false;
}

static void
set_policy(struct world *w, struct fuzz_input *input)
{
    uint32_t kind = fuzz_u8(input);

    w->device.hold = (kind & 1) != 0;
    w->device.show_packets = (kind & 2) != 0;
    role_change(&w->role, input);
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
device_ask(struct world *w, struct fuzz_input *input)
{
    uint32_t kind = fuzz_below(input, 10), port;
    vsk_conn *conn;

    switch (kind) {
    case 5:
        port = fuzz_u8(input);
        (void)vsk_device_connect(
            &w->device, w->now, (port & 8) != 0 ? ROLE_HOST_PORT : VSK_PORT_ANY,
            ROLE_GUEST_PORT + (port & 3), (uint16_t)(port >> 6), &conn);
        break;
    case 6:
        put(w, input);
        break;
    case 7:
        set_policy(w, input);
        break;
    case 8:
        vsk_device_flush(&w->device, w->now);
        (void)vsk_device_notify(&w->device);
        break;
    case 9:
        vsk_device_publish(&w->device);
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
    vsk_event *event = &w->event;
    uint32_t choice = fuzz_u8(input);
    vsk_packet packet;

    if (event->kind == VSK_EVENT_REQUEST && choice < 0xc0)
        (void)vsk_endpoint_call(
            &w->device.endpoint, w->now, event->conn,
            choice < 0x80 ? VSK_CALL_ACCEPT : VSK_CALL_RESET, 0);
    else if (event->kind == VSK_EVENT_DATA && choice < 0x80)
        role_forward(&w->role, w->now, event->conn,
                     event->packet->size >> (choice >> 5));
    else if (event->kind == VSK_EVENT_WRITABLE && choice >= 0x80)
        send(w, input, event->conn);
    else if (event->kind == VSK_EVENT_EOF && choice >= 0x80)
        role_call(&w->role, input, w->now, event->conn);
    else if (event->kind == VSK_EVENT_PACKET && choice >= 0xc0)
        vsk_device_swallow(&w->device);
    else if (event->kind == VSK_EVENT_PACKET && choice >= 0x80) {
        packet = role_packet(input, true);
        packet.header.len = packet.size;
        if (packet.header.buf_alloc > w->role.peer_most)
            w->role.peer_most = packet.header.buf_alloc;
        vsk_device_replace(&w->device, &packet);
    }
}

void
device_run(struct world *w, struct fuzz_input *input)
{
    vsk_status status = VSK_OK;

    for (uint32_t i = 0; status == VSK_OK; i++) {
        FUZZ_CHECK(i < EVENTS_MAX);
        device_enter(w);
        fuzz_poison(&w->event, sizeof w->event);
        status = vsk_device_poll(&w->device, w->now, &w->event);
        if (status == VSK_OK) {
            role_told(&w->role, &w->event);
            answer(w, input);
        }
        device_leave(w);
    }
    device_enter(w);
    (void)vsk_device_notify(&w->device);
    device_leave(w);
}

/* ---- the transport ---- */

static void
turn_queue(struct world *w, struct fuzz_input *input, uint32_t kind)
{
    uint32_t queue = fuzz_below(input, VSK_QUEUES + 1);
    vsk_ring_state state;
    vsk_status status;

    if (kind == 0)
        status = vsk_device_reset_queue(&w->device, queue);
    else
        status = vsk_device_stop_queue(&w->device, w->now, queue, &state);
    if (queue >= VSK_QUEUES) {
        FUZZ_CHECK(status != VSK_OK);
        return;
    }
    if (kind == 2 && status != VSK_OK)
        return; /* it did not stand anywhere */
    status = vsk_device_start_queue(&w->device, queue, &w->rings[queue],
                                    kind == 2 ? &state : NULL);
    if (status == VSK_OK)
        device_forget(w, queue);
}

/* Stop, save, spoil a byte or none, and go on with what was saved. */
static void
save(struct world *w, struct fuzz_input *input)
{
    static uint8_t wire[4096];
    uint64_t bytes = vsk_device_saved_bytes(&w->device);
    uint32_t spoil = fuzz_u8(input);
    vsk_ring_state states[VSK_QUEUES];
    bool on[VSK_QUEUES];
    vsk_status status;

    for (uint32_t i = 0; i < VSK_QUEUES; i++)
        on[i] =
            vsk_device_stop_queue(&w->device, w->now, i, &states[i]) == VSK_OK;
    fuzz_poison(wire, sizeof wire);
    FUZZ_CHECK(bytes <= sizeof wire);
    FUZZ_CHECK(vsk_device_save(&w->device, w->now, wire, bytes - 1) != VSK_OK);
    status = vsk_device_save(&w->device, w->now, wire, bytes);
    for (uint32_t i = 0; i < VSK_QUEUES; i++)
        w->watched[i].on = false;
    if (status != VSK_OK)
        return;
    fuzz_shown(wire, bytes);
    device_init(w);
    memset(w->role.flows, 0, sizeof w->role.flows); /* handles begin anew */
    if (spoil >= 0x40) {
        wire[fuzz_u16(input) % bytes] ^= fuzz_u8(input);
        bytes -= spoil >= 0xf0;
        w->role.own_most = w->role.peer_most = UINT32_MAX;
    }
    status = vsk_device_restore(&w->device, w->now, wire, bytes);
    FUZZ_CHECK(status == VSK_OK || spoil >= 0x40);
    if ((spoil & 1) != 0)
        vsk_device_reset_connections(&w->device, w->now);
    for (uint32_t i = 0; i < VSK_QUEUES; i++) {
        if (on[i])
            (void)vsk_device_start_queue(&w->device, i, &w->rings[i],
                                         &states[i]);
        device_forget(w, i);
    }
}

void
device_transport(struct world *w, struct fuzz_input *input)
{
    uint32_t kind = fuzz_below(input, 12);

    switch (kind) {
    case 0:
    case 1:
    case 2:
        turn_queue(w, input, kind);
        break;
    case 3:
    case 4:
        vsk_device_pause(&w->device, w->now);
        break;
    case 5:
    case 6:
        vsk_device_resume(&w->device, w->now);
        break;
    case 7:
        save(w, input);
        break;
    case 8:
        (void)vsk_device_reset_transport(&w->device, w->now,
                                         ROLE_GUEST + fuzz_below(input, 2));
        break;
    case 9:
        (void)vsk_device_write_status(&w->device, w->now, fuzz_u8(input));
        break;
    case 10:
        (void)vsk_device_accept(&w->device, VSK_BIT(VSK_FEATURE_VERSION_1) |
                                                fuzz_u64(input));
        break;
    default:
        if (vsk_device_write_status(&w->device, w->now, 0) == VSK_OK)
            device_live(w, w->rings[0].features |
                               VSK_BIT(VSK_FEATURE_VERSION_1) |
                               (fuzz_u8(input) & 7));
        for (uint32_t i = 0; i < VSK_QUEUES; i++)
            device_forget(w, i);
        break;
    }
}
