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

static void
entry_fields(codec *io, vsk_device_entry *saved)
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

static void
head_fields(codec *io, vsk_device_head *front)
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

static uint64_t
bytes_of(uint32_t conns, uint32_t orphans)
{
    return HEAD + (uint64_t)conns * CONN + (uint64_t)orphans * ORPHAN;
}

uint64_t
vsk_device_saved_bytes(const vsk_device *device)
{
    const vsk_endpoint *endpoint = &device->endpoint;

    return bytes_of(endpoint->table.count, endpoint->orphan_count);
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
    vsk_device_head front = {.setup = device->setup,
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
        vsk_device_entry saved = {*conn, endpoint->links.links[slot],
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

/* Put a connection into the table, with what waits for it. */
static bool
put_back(vsk_endpoint *endpoint, uint64_t now, const vsk_device_entry *saved)
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
read_flows(vsk_device *device, uint64_t now, codec *in,
           const vsk_device_head *front)
{
    vsk_endpoint *endpoint = &device->endpoint;

    for (uint32_t i = 0; i < front->conns; i++) {
        vsk_device_entry saved = {0};

        entry_fields(in, &saved);
        if (!vsk_device_entry_is_sane(device, front, &saved) ||
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
    vsk_device_head front = {0};

    if (is_busy(device) || endpoint->table.count != 0 ||
        endpoint->orphan_count != 0)
        return VSK_ERR_BUSY;
    if (size < HEAD || memcmp(wire, MAGIC, sizeof MAGIC) != 0)
        return VSK_ERR_IMAGE;
    in.from = wire + sizeof MAGIC;
    head_fields(&in, &front);
    if (size != bytes_of(front.conns, front.orphans) ||
        !vsk_device_head_is_sane(device, &front))
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
