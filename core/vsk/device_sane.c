/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What a saved image may say: nothing that a device would not come to. */
#include "vsk/device_parts.h"

#define BOTH (VSK_SHUTDOWN_RECEIVE | VSK_SHUTDOWN_SEND)

/* What a connection may owe and be marked with in each state. */
#define OWES_OPEN                                                              \
    (VSK_OWES_RESPONSE | VSK_OWES_SHUTDOWN | VSK_OWES_CREDIT | VSK_OWES_ASK)
#define OWES_KNOWN (VSK_OWES_RST | VSK_OWES_REQUEST | OWES_OPEN)
#define MARKS_LATE (VSK_MARK_WANTS | VSK_MARK_MIDWAY | VSK_MARK_UNPAID)

static const struct {
    uint8_t owes;
    uint8_t marks;
} ALLOWED[] = {
    [VSK_STATE_CLOSED] = {VSK_OWES_RST, 0},
    [VSK_STATE_CONNECTING] = {VSK_OWES_REQUEST, VSK_MARK_WANTS},
    [VSK_STATE_REQUESTED] = {0, VSK_MARK_WANTS},
    [VSK_STATE_ESTABLISHED] = {OWES_OPEN, MARKS_LATE | VSK_MARK_STARVED},
    [VSK_STATE_CLOSING] = {OWES_OPEN, MARKS_LATE},
    [VSK_STATE_DRAINING] = {OWES_OPEN, MARKS_LATE},
};

/* Steps in their order, and features before them. */
static bool
setup_is_sane(const vsk_setup *setup)
{
    const uint8_t driver = VSK_SETUP_ACKNOWLEDGE | VSK_SETUP_DRIVER;
    const uint8_t agreed = driver | VSK_SETUP_FEATURES_OK;
    uint8_t steps = setup->status & (agreed | VSK_SETUP_DRIVER_OK);

    if ((setup->accepted & ~setup->offered) != 0 ||
        setup->guest_cid <= VSK_CID_HOST || setup->guest_cid >= VSK_CID_ANY)
        return false;
    if (steps >= agreed)
        return setup->accepted != 0 &&
               (steps == agreed || steps == (agreed | VSK_SETUP_DRIVER_OK));
    return steps == 0 || steps == VSK_SETUP_ACKNOWLEDGE || steps == driver;
}

bool
vsk_device_head_is_sane(const vsk_device *device, const vsk_device_head *front)
{
    const vsk_endpoint *endpoint = &device->endpoint;

    return front->setup.offered == device->setup.offered &&
           setup_is_sane(&front->setup) && front->next_port >= VSK_PORT_FIRST &&
           front->next_port != VSK_PORT_ANY &&
           front->orphans <= endpoint->orphan_capacity;
}

/* Neither side was told, or has sent, more than there is. */
static bool
credit_is_sane(const vsk_credit *credit)
{
    uint32_t received = credit->rx_cnt - credit->told_fwd_cnt;

    return credit->fwd_cnt - credit->told_fwd_cnt <= received &&
           received <= credit->edge - credit->told_fwd_cnt &&
           credit->tx_cnt - credit->mark <=
               credit->tx_cnt - credit->peer_fwd_cnt;
}

/* What was shut brings a connection into the state in which it is. */
static bool
shut_is_sane(const vsk_conn *conn)
{
    bool sent = conn->shut_sent == BOTH;
    bool received = conn->shut_received == BOTH;

    if (conn->shut_sent > BOTH || conn->shut_received > BOTH)
        return false;
    if (conn->state == VSK_STATE_CLOSED)
        return true;
    if (conn->state == VSK_STATE_CONNECTING ||
        conn->state == VSK_STATE_REQUESTED)
        return conn->shut_sent == 0 && conn->shut_received == 0;
    return sent == (conn->state == VSK_STATE_CLOSING) &&
           received == (conn->state == VSK_STATE_DRAINING);
}

/* No state that ends by a timer goes on for ever, and none that does not is
 * ended by one. */
static bool
timer_is_sane(const vsk_device_entry *saved)
{
    bool runs = saved->timer != 0;

    switch (saved->conn.state) {
    case VSK_STATE_ESTABLISHED:
        return true;
    case VSK_STATE_CLOSING:
        return runs != ((saved->link.owes & VSK_OWES_SHUTDOWN) != 0);
    case VSK_STATE_CONNECTING:
    case VSK_STATE_DRAINING:
        return runs;
    default:
        return !runs;
    }
}

/* A REQUEST is owed no more once the peer has answered. What is over owes the
 * RST: without it nobody would ever let it go. */
static bool
owes_are_sane(vsk_device_entry *saved)
{
    uint8_t state = saved->conn.state;

    saved->link.owes &= OWES_KNOWN;
    if (state != VSK_STATE_CONNECTING)
        saved->link.owes &= (uint8_t)~VSK_OWES_REQUEST;
    if ((saved->link.owes & ~ALLOWED[state].owes) != 0)
        return false;
    if ((saved->link.owes & VSK_OWES_SHUTDOWN) != 0 &&
        saved->conn.shut_sent == 0)
        return false;
    return state != VSK_STATE_CLOSED || saved->link.owes != 0;
}

bool
vsk_device_entry_is_sane(const vsk_device *device, const vsk_device_head *front,
                         vsk_device_entry *saved)
{
    const vsk_conn *conn = &saved->conn;

    if (conn->flow.local_cid != device->endpoint.local_cid ||
        conn->flow.peer_cid != front->setup.guest_cid ||
        conn->state > VSK_STATE_DRAINING ||
        conn->reason > VSK_REASON_TRANSPORT ||
        (conn->state == VSK_STATE_CLOSED) != (conn->reason != VSK_REASON_NONE))
        return false;
    if (conn->type != VSK_TYPE_STREAM &&
        !vsk_setup_allows(&front->setup, conn->type))
        return false;
    saved->link.marks &= ALLOWED[conn->state].marks;
    if (conn->type == VSK_TYPE_STREAM)
        saved->link.marks &= (uint8_t)~VSK_MARK_MIDWAY;
    return credit_is_sane(&conn->credit) && shut_is_sane(conn) &&
           owes_are_sane(saved) && timer_is_sane(saved);
}
