/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Two pairs of a device and a guest in a lab, with its faults: benign ones
 * break no rule, under malign ones only safety is promised.
 *
 *     format  seed  faults  operations ...
 *
 * format: as in driver.c, 0x80 malign faults; a third byte chooses faults.
 */
#include "lab_parts.h"

static struct world world;

/* ---- applications ---- */

static void
forward(struct world *w, uint32_t pair, vsk_side side, vsk_conn *conn,
        uint32_t len)
{
    vsk_status status = vsk_endpoint_forwarded(lab_endpoint(w, pair, side),
                                               w->lab.now, conn, len);

    FUZZ_CHECK(w->malign || status == VSK_OK);
}

static void
send(struct world *w, struct fuzz_input *input, uint32_t pair, vsk_side side,
     vsk_conn *conn)
{
    struct machine *m = &w->machines[pair];
    vsk_span spans[2];
    vsk_outgoing outgoing = role_outgoing(input, spans);
    uint64_t sent = 0;

    if (side == VSK_SIDE_DEVICE)
        (void)vsk_device_send(&m->device, w->lab.now, conn, &outgoing, &sent);
    else
        (void)vsk_guest_send(&m->guest, w->lab.now, conn, &outgoing, &sent);
    FUZZ_CHECK(sent <= vsk_outgoing_bytes(&outgoing));
}

static void
hear(struct world *w, struct fuzz_input *input, uint32_t pair, vsk_side side,
     const vsk_event *event)
{
    uint32_t choice = fuzz_u8(input);
    vsk_endpoint *endpoint = lab_endpoint(w, pair, side);

    if (event->kind == VSK_EVENT_REQUEST)
        (void)vsk_endpoint_call(
            endpoint, w->lab.now, event->conn,
            choice < 0xe0 ? VSK_CALL_ACCEPT : VSK_CALL_RESET, 0);
    else if (event->kind == VSK_EVENT_DATA && event->conn != NULL)
        forward(w, pair, side, event->conn, event->packet->size);
    else if (event->kind == VSK_EVENT_WRITABLE || choice >= 0xe0) {
        if (event->conn != NULL && event->conn->state == VSK_STATE_ESTABLISHED)
            send(w, input, pair, side, event->conn);
    } else if (event->kind == VSK_EVENT_EOF && choice < 0x40)
        (void)vsk_endpoint_call(endpoint, w->lab.now, event->conn,
                                VSK_CALL_CLOSE, 0);
    /* Honest sides under honest faults never find each other at fault, but for
     * a packet on its way to a connection that was reset. */
    FUZZ_CHECK(w->malign || event->kind != VSK_EVENT_ERROR ||
               event->status == VSK_BAD_FLOW);
    vsk_lab_wake(&w->lab, pair, side);
}

static void
run(struct world *w, struct fuzz_input *input)
{
    uint64_t limit =
        w->lab.now + (uint64_t)fuzz_u8(input) * 20 * VSK_MILLISECOND;
    uint32_t pair;
    vsk_side side;
    vsk_event event;

    for (uint32_t i = 0; i < EVENTS_MAX; i++) {
        fuzz_poison(&event, sizeof event);
        if (vsk_lab_poll(&w->lab, limit, &pair, &side, &event) != VSK_OK) {
            FUZZ_CHECK(w->lab.now == limit);
            return;
        }
        FUZZ_CHECK(pair < PAIRS && w->lab.now <= limit);
        role_told(&w->machines[pair].roles[side], &event);
        hear(w, input, pair, side, &event);
        w->seen = 0;
    }
    FUZZ_CHECK(w->malign);
}

static void
begin_connection(struct world *w, struct fuzz_input *input, uint32_t pair)
{
    uint32_t kind = fuzz_u8(input);
    uint16_t type = (kind & 1) != 0 ? VSK_TYPE_SEQPACKET : VSK_TYPE_STREAM;
    struct machine *m = &w->machines[pair];
    vsk_conn *conn;

    if ((kind & 2) != 0)
        (void)vsk_device_connect(&m->device, w->lab.now, VSK_PORT_ANY,
                                 ROLE_GUEST_PORT, type, &conn);
    else
        (void)vsk_guest_connect(&m->guest, w->lab.now, VSK_PORT_ANY,
                                VSK_CID_HOST, ROLE_HOST_PORT, type, &conn);
    vsk_lab_wake(&w->lab, pair,
                 (kind & 2) != 0 ? VSK_SIDE_DEVICE : VSK_SIDE_GUEST);
}

static void
use_connection(struct world *w, struct fuzz_input *input, uint32_t pair)
{
    vsk_side side = (vsk_side)fuzz_below(input, 2);
    vsk_conn *conn = role_conn(&w->machines[pair].roles[side], input);

    if (conn == NULL)
        return;
    if (fuzz_u8(input) < 0xc0)
        send(w, input, pair, side, conn);
    else
        role_call(&w->machines[pair].roles[side], input, w->lab.now, conn);
    vsk_lab_wake(&w->lab, pair, side);
}

static void
operate(struct world *w, struct fuzz_input *input)
{
    uint32_t kind = fuzz_u8(input), pair = kind >> 7;

    switch (kind & 7) {
    case 0:
    case 1:
        begin_connection(w, input, pair);
        break;
    case 2:
    case 3:
        use_connection(w, input, pair);
        break;
    case 4:
        lab_faults(w, fuzz_u8(input));
        break;
    case 5:
        if ((kind & 0x70) == 0x70)
            lab_restart(w, pair);
        else if ((kind & 0x40) != 0)
            (void)vsk_device_reset_transport(&w->machines[pair].device,
                                             w->lab.now, ROLE_GUEST + pair);
        else
            (void)vsk_lab_reset_queue(&w->lab, pair, &w->machines[pair].memory,
                                      (kind >> 3) % VSK_QUEUES,
                                      fuzz_below(input, 17));
        vsk_lab_wake(&w->lab, pair, VSK_SIDE_DEVICE);
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

    lab_begin(&world, &input);
    for (uint32_t i = 0; input.left != 0 && i < 60; i++)
        operate(&world, &input);
    run(&world, &input);
    lab_end(&world);
    return 0;
}
