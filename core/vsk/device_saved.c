/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <string.h>

#include "vsk/device_parts.h"
#include "vsk/le.h"

static const uint8_t MAGIC[8] = {'V', 'S', 'K', 'D', 'E', 'V', '0', '1'};

/* magic, offered, accepted, guest_cid, six counters, generation, next_port,
 * counts of connections and orphans, status, config_read, gate, used, gate_at
 */
#define HEAD (8 + 9 * 8 + 4 * 4 + 4 + 2)
/* flow, credit, five bytes of state, three of the link, a timer */
#define CONN (4 * 4 + 12 * 4 + 5 + 3 + 8)
/* flow, type, stale */
#define ORPHAN (4 * 4 + 2 + 1)

#define BOTH (VSK_SHUTDOWN_RECEIVE | VSK_SHUTDOWN_SEND)

/* Fields go through here one after the other, in either direction, so that
 * each is named once: out to `to`, or in from `from`. */
typedef struct codec {
    uint8_t *to;
    const uint8_t *from;
} codec;

static void
byte(codec *io, uint8_t *value)
{
    if (io->to != NULL)
        *io->to++ = *value;
    else
        *value = *io->from++;
}

static void
flag(codec *io, bool *value)
{
    uint8_t wire = *value;

    byte(io, &wire);
    *value = wire != 0;
}

static void
half(codec *io, uint16_t *value)
{
    uint8_t low = (uint8_t)*value, high = (uint8_t)(*value >> 8);

    byte(io, &low);
    byte(io, &high);
    *value = (uint16_t)(low | high << 8);
}

static void
word(codec *io, uint32_t *value)
{
    if (io->to != NULL) {
        vsk_le_store32(io->to, *value);
        io->to += sizeof *value;
    } else {
        *value = vsk_le_load32(io->from);
        io->from += sizeof *value;
    }
}

static void
wide(codec *io, uint64_t *value)
{
    uint32_t low = (uint32_t)*value, high = (uint32_t)(*value >> 32);

    word(io, &low);
    word(io, &high);
    *value = low | (uint64_t)high << 32;
}

static void
flow_fields(codec *io, vsk_flow *flow)
{
    word(io, &flow->local_cid);
    word(io, &flow->local_port);
    word(io, &flow->peer_cid);
    word(io, &flow->peer_port);
}

static void
credit_fields(codec *io, vsk_credit *credit)
{
    word(io, &credit->tx_cnt);
    word(io, &credit->peer_fwd_cnt);
    word(io, &credit->peer_buf_alloc);
    word(io, &credit->mark);
    word(io, &credit->older);
    word(io, &credit->newer);
    word(io, &credit->rx_cnt);
    word(io, &credit->fwd_cnt);
    word(io, &credit->buf_alloc);
    word(io, &credit->told_fwd_cnt);
    word(io, &credit->told_buf_alloc);
    word(io, &credit->edge);
}

/* A connection, what waits for it, and nanoseconds to its deadline + 1. */
typedef struct entry {
    vsk_conn conn;
    vsk_link link;
    uint64_t timer;
} entry;

static void
entry_fields(codec *io, entry *saved)
{
    flow_fields(io, &saved->conn.flow);
    credit_fields(io, &saved->conn.credit);
    byte(io, &saved->conn.state);
    byte(io, &saved->conn.reason);
    byte(io, &saved->conn.type);
    byte(io, &saved->conn.shut_sent);
    byte(io, &saved->conn.shut_received);
    byte(io, &saved->link.owes);
    byte(io, &saved->link.marks);
    byte(io, &saved->link.asked);
    wide(io, &saved->timer);
}

static void
orphan_fields(codec *io, vsk_orphan *orphan)
{
    flow_fields(io, &orphan->flow);
    half(io, &orphan->type);
    flag(io, &orphan->stale);
}

/* What stands in front of the connections. */
typedef struct head {
    vsk_setup setup;
    vsk_counters counters;
    uint32_t next_port;
    uint32_t conns;
    uint32_t orphans;
    bool gate;
    uint8_t used;
    uint16_t gate_at;
} head;

static void
head_fields(codec *io, head *front)
{
    wide(io, &front->setup.offered);
    wide(io, &front->setup.accepted);
    wide(io, &front->setup.guest_cid);
    wide(io, &front->counters.rx_packets);
    wide(io, &front->counters.tx_packets);
    wide(io, &front->counters.rx_bytes);
    wide(io, &front->counters.tx_bytes);
    wide(io, &front->counters.errors);
    wide(io, &front->counters.foreign);
    word(io, &front->setup.generation);
    word(io, &front->next_port);
    word(io, &front->conns);
    word(io, &front->orphans);
    byte(io, &front->setup.status);
    flag(io, &front->setup.config_read);
    flag(io, &front->gate);
    byte(io, &front->used);
    half(io, &front->gate_at);
}

/* ---- out ---- */

uint64_t
vsk_device_saved_bytes(const vsk_device *device)
{
    const vsk_endpoint *endpoint = &device->endpoint;

    return HEAD + (uint64_t)endpoint->table.count * CONN +
           (uint64_t)endpoint->orphan_count * ORPHAN;
}

/* Whether something is under way that bytes cannot hold. */
static bool
is_busy(const vsk_device *device)
{
    const vsk_endpoint *endpoint = &device->endpoint;

    return device->started != 0 || device->stage != VSK_STAGE_IDLE ||
           endpoint->reset || endpoint->fault != VSK_OK ||
           endpoint->replaced != 0 || endpoint->current != VSK_TABLE_NONE ||
           vsk_links_first(&endpoint->links, VSK_LINE_TOLD) != VSK_TABLE_NONE;
}

static uint64_t
timer_left(const vsk_timers *timers, uint32_t slot, uint64_t now)
{
    uint64_t deadline;

    if (!vsk_timers_pending(timers, slot))
        return 0;
    deadline = timers->heap[timers->place[slot] - 1].deadline;
    if (timers->stopped)
        now = timers->stopped_at;
    deadline = deadline > now ? deadline - now : 0;
    return deadline < UINT64_MAX ? deadline + 1 : deadline;
}

vsk_status
vsk_device_save(const vsk_device *device, uint64_t now, uint8_t *wire,
                uint64_t capacity)
{
    const vsk_endpoint *endpoint = &device->endpoint;
    head front = {.setup = device->setup,
                  .counters = endpoint->counters,
                  .next_port = endpoint->next_port,
                  .conns = endpoint->table.count,
                  .orphans = endpoint->orphan_count,
                  .gate = device->gate,
                  .used = device->used,
                  .gate_at = device->gate_at};
    codec out = {0};
    uint32_t cursor = 0;
    const vsk_conn *conn;

    if (is_busy(device))
        return VSK_ERR_BUSY;
    if (capacity < vsk_device_saved_bytes(device))
        return VSK_ERR_SPACE;
    memcpy(wire, MAGIC, sizeof MAGIC);
    out.to = wire + sizeof MAGIC;
    head_fields(&out, &front);
    while ((conn = vsk_table_next(&endpoint->table, &cursor)) != NULL) {
        uint32_t slot = vsk_table_slot(&endpoint->table, conn);
        entry saved = {*conn, endpoint->links.links[slot],
                       timer_left(&endpoint->timers, slot, now)};

        entry_fields(&out, &saved);
    }
    for (uint32_t i = 0; i < endpoint->orphan_count; i++) {
        vsk_orphan orphan = endpoint->orphans[(endpoint->orphan_first + i) %
                                              endpoint->orphan_capacity];

        orphan_fields(&out, &orphan);
    }
    return VSK_OK;
}

/* ---- in ---- */

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

static bool
head_is_sane(const vsk_device *device, const head *front, uint64_t size)
{
    const vsk_endpoint *endpoint = &device->endpoint;

    return front->setup.offered == device->setup.offered &&
           setup_is_sane(&front->setup) && front->next_port >= VSK_PORT_FIRST &&
           front->next_port != VSK_PORT_ANY &&
           front->orphans <= endpoint->orphan_capacity &&
           size == HEAD + (uint64_t)front->conns * CONN +
                       (uint64_t)front->orphans * ORPHAN;
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
timer_is_sane(const entry *saved)
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
owes_are_sane(entry *saved)
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

/* Check a connection; what means nothing is taken away from it. */
static bool
entry_is_sane(const vsk_device *device, const head *front, entry *saved)
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

/* Put a connection into the table, with what waits for it. */
static bool
put_back(vsk_endpoint *endpoint, uint64_t now, const entry *saved)
{
    vsk_links *links = &endpoint->links;
    uint8_t marks = saved->link.marks;
    vsk_conn *conn;
    uint32_t slot;

    if (vsk_table_add(&endpoint->table, &saved->conn.flow, &conn) != VSK_OK)
        return false;
    *conn = saved->conn;
    slot = vsk_table_slot(&endpoint->table, conn);
    vsk_links_begin(links, slot);
    links->links[slot].marks |= marks;
    links->links[slot].asked = saved->link.asked;
    vsk_links_owe(links, slot, saved->link.owes);
    if ((marks & VSK_MARK_WANTS) != 0)
        vsk_links_add(links, VSK_LINE_WANTED, slot);
    if ((marks & VSK_MARK_UNPAID) != 0)
        vsk_links_add(links, VSK_LINE_UNPAID, slot);
    if (saved->timer != 0)
        (void)vsk_timers_set(&endpoint->timers, slot, now, saved->timer - 1);
    return true;
}

/* Connections, then RSTs for unknown flows; false where one cannot be. */
static bool
read_flows(vsk_device *device, uint64_t now, codec *in, const head *front)
{
    vsk_endpoint *endpoint = &device->endpoint;

    for (uint32_t i = 0; i < front->conns; i++) {
        entry saved = {0};

        entry_fields(in, &saved);
        if (!entry_is_sane(device, front, &saved) ||
            !put_back(endpoint, now, &saved))
            return false;
    }
    for (uint32_t i = 0; i < front->orphans; i++) {
        vsk_orphan orphan = {0};

        orphan_fields(in, &orphan);
        if (orphan.flow.peer_cid != front->setup.guest_cid)
            return false;
        endpoint->orphans[i] = orphan;
    }
    return true;
}

/* Forget the connections of an image that is none. */
static void
take_away(vsk_endpoint *endpoint)
{
    uint32_t cursor = 0;
    const vsk_conn *conn;

    while ((conn = vsk_table_next(&endpoint->table, &cursor)) != NULL) {
        vsk_timers_cancel(&endpoint->timers,
                          vsk_table_slot(&endpoint->table, conn));
        (void)vsk_table_remove(&endpoint->table, conn);
    }
    vsk_links_init(&endpoint->links, endpoint->links.links,
                   endpoint->table.capacity);
}

vsk_status
vsk_device_restore(vsk_device *device, uint64_t now, const uint8_t *wire,
                   uint64_t size)
{
    vsk_endpoint *endpoint = &device->endpoint;
    codec in = {0};
    head front = {0};

    if (is_busy(device) || endpoint->table.count != 0 ||
        endpoint->orphan_count != 0)
        return VSK_ERR_BUSY;
    if (size < HEAD || memcmp(wire, MAGIC, sizeof MAGIC) != 0)
        return VSK_ERR_IMAGE;
    in.from = wire + sizeof MAGIC;
    head_fields(&in, &front);
    if (!head_is_sane(device, &front, size))
        return VSK_ERR_IMAGE;
    if (!read_flows(device, now, &in, &front)) {
        take_away(endpoint);
        return VSK_ERR_IMAGE;
    }
    endpoint->orphan_first = 0;
    endpoint->orphan_count = front.orphans;
    endpoint->next_port = front.next_port;
    endpoint->peer_cid = (uint32_t)front.setup.guest_cid;
    endpoint->counters = front.counters;
    device->setup = front.setup;
    device->gate = front.gate;
    device->gate_at = front.gate_at;
    device->used = front.used & (VSK_NOTIFY_CONFIG | (VSK_NOTIFY_CONFIG - 1));
    vsk_endpoint_allow(endpoint, &device->setup);
    return VSK_OK;
}

void
vsk_device_reset_connections(vsk_device *device, uint64_t now)
{
    uint32_t cursor = 0;
    vsk_conn *conn;

    while ((conn = vsk_table_next(&device->endpoint.table, &cursor)) != NULL)
        (void)vsk_endpoint_call(&device->endpoint, now, conn, VSK_CALL_RESET,
                                0);
}
