/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vsk/lab_parts.h"

#include <stddef.h>

#define SCRIBBLE_BYTES 8u /* changed at a time, at most */

bool
vsk_lab_chance(vsk_lab *lab, uint32_t of_thousand)
{
    return of_thousand != 0 && vsk_lab_random(lab, 1000) < of_thousand;
}

bool
vsk_lab_meddles(const vsk_faults *faults)
{
    return faults->flip != 0 || faults->duplicate != 0 ||
           faults->reorder != 0 || faults->lie != 0;
}

/* ---- few RX buffers, and buffers that change their size ---- */

/* Let the guest post as many RX buffers as its own policy and the fault say. */
static void
starve(vsk_lab *lab, vsk_lab_pair *pair)
{
    uint32_t *posted = &pair->guest->policy.rx_buffers;
    uint32_t most = lab->faults.starve;

    if (most != 0 && !pair->starved) {
        pair->starved = true;
        pair->rx_buffers = *posted;
        vsk_lab_see(lab, pair, VSK_SEEN_FAULT, VSK_RX, "starve");
    }
    if (!pair->starved)
        return;
    *posted = pair->rx_buffers;
    if (most == 0) {
        pair->starved = false;
        pair->awake[VSK_SIDE_GUEST] = true;
    } else if (*posted == 0 || *posted > most) {
        *posted = most;
    }
}

void
vsk_lab_adjust(vsk_lab *lab, vsk_lab_pair *pair)
{
    bool shows = lab->show_packets || vsk_lab_meddles(&lab->faults);

    pair->device->tap = lab->tap;
    pair->device->show_packets = shows;
    pair->guest->show_packets = shows;
    starve(lab, pair);
}

/* Make the buffer of some stream smaller, or as large as it was. */
static void
resize(vsk_lab *lab, vsk_lab_pair *pair)
{
    vsk_side side = (vsk_side)vsk_lab_random(lab, 2);
    vsk_endpoint *endpoint = side == VSK_SIDE_DEVICE ? &pair->device->endpoint
                                                     : &pair->guest->endpoint;
    uint32_t full = endpoint->policy.buf_alloc;
    uint32_t slot = (uint32_t)vsk_lab_random(lab, endpoint->table.used);
    vsk_conn *conn = vsk_table_at(&endpoint->table, slot);

    /* A message must fit into its reader's buffer: those are left alone. */
    if (conn == NULL || conn->state != VSK_STATE_ESTABLISHED ||
        conn->type != VSK_TYPE_STREAM || full <= VSK_LAB_BUFFER_MIN)
        return;
    if (conn->credit.buf_alloc >= full) {
        full = VSK_LAB_BUFFER_MIN +
               (uint32_t)vsk_lab_random(lab, full - VSK_LAB_BUFFER_MIN);
        vsk_lab_see(lab, pair, VSK_SEEN_FAULT, VSK_RX, "shrink");
    } else {
        vsk_lab_see(lab, pair, VSK_SEEN_FAULT, VSK_RX, "grow");
    }
    vsk_endpoint_resize(endpoint, conn, full);
    pair->awake[side] = true;
}

/* ---- bytes of a ring ---- */

/* Change some bytes of a ring, most of them near the flags and the index. */
static void
scribble(vsk_lab *lab, vsk_lab_pair *pair)
{
    static const char *const words[] = {
        "scribble: descriptors", "scribble: available", "scribble: used"};
    uint32_t queue = (uint32_t)vsk_lab_random(lab, VSK_QUEUES);
    uint32_t part = (uint32_t)vsk_lab_random(lab, 3);
    uint64_t count = 1 + vsk_lab_random(lab, SCRIBBLE_BYTES);
    const vsk_ring *ring = &pair->guest->rings[queue];
    const uint64_t addr[] = {ring->desc, ring->driver, ring->device};
    uint64_t size[3], at;

    vsk_ring_part_bytes(ring, size);
    at = vsk_lab_random(lab, 1 + vsk_lab_random(lab, size[part]));
    if (!pair->guest->open)
        return;
    vsk_lab_see(lab, pair, VSK_SEEN_FAULT, queue, words[part]);
    for (; count != 0 && at < size[part]; count--, at++) {
        uint8_t byte = (uint8_t)vsk_lab_random(lab, 256);

        (void)vsk_memory_write(&pair->device->memory, addr[part] + at, &byte,
                               1);
    }
}

void
vsk_lab_disturb(vsk_lab *lab, vsk_lab_pair *pair)
{
    if (vsk_lab_chance(lab, lab->faults.shrink))
        resize(lab, pair);
    if (vsk_lab_chance(lab, lab->faults.scribble))
        scribble(lab, pair);
}

/* ---- packets ---- */

/* A number that is wrong: one bit, a small one, or any. */
static uint64_t
wrong(vsk_lab *lab, uint64_t value, uint32_t bits)
{
    switch (vsk_lab_random(lab, 3)) {
    case 0:
        return value ^ (uint64_t)1 << vsk_lab_random(lab, bits);
    case 1:
        return vsk_lab_random(lab, 10);
    default:
        return vsk_lab_random(lab, UINT64_MAX);
    }
}

/* Change one field; which. */
static const char *
lie_about(vsk_lab *lab, vsk_header *header)
{
#define OFFSET(name, bits, offset, words) offset,
    static const uint8_t fields[] = {VSK_HEADER_TABLE(OFFSET)};
#undef OFFSET

    switch (fields[vsk_lab_random(lab, VSK_HEADER_FIELDS)]) {
#define CASE(name, bits, offset, words)                                        \
    case offset:                                                               \
        header->name = (uint##bits##_t)wrong(lab, header->name, bits);         \
        return "lie: " #name;
        VSK_HEADER_TABLE(CASE)
#undef CASE
    default:
        return "lie";
    }
}

static void
lie(vsk_lab *lab, vsk_lab_pair *pair, vsk_side side, const vsk_packet *packet)
{
    vsk_packet other = *packet;
    const char *words = lie_about(lab, &other.header);

    /* A len beyond the bytes there would not have been read at all. */
    if (other.header.len != packet->header.len) {
        other.header.len =
            (uint32_t)vsk_lab_random(lab, (uint64_t)packet->size + 1);
        other.size = other.header.len;
    }
    if (side == VSK_SIDE_DEVICE)
        vsk_device_replace(pair->device, &other);
    else
        vsk_guest_replace(pair->guest, &other);
    vsk_lab_see(lab, pair, VSK_SEEN_FAULT,
                side == VSK_SIDE_DEVICE ? VSK_TX : VSK_RX, words);
}

/* Change bytes in the memory that a packet came in. */
static void
flip(vsk_lab *lab, vsk_lab_pair *pair, vsk_side side)
{
    const vsk_chain *chain = side == VSK_SIDE_DEVICE
                                 ? &pair->device->chains[VSK_TX]
                                 : &pair->guest->chain;

    for (uint64_t n = 1 + vsk_lab_random(lab, 8); n != 0; n--) {
        const vsk_span *span = &chain->spans[vsk_lab_random(lab, chain->count)];

        if (span->len != 0)
            span->base[vsk_lab_random(lab, span->len)] ^=
                (uint8_t)(1 + vsk_lab_random(lab, 255));
    }
    vsk_lab_see(lab, pair, VSK_SEEN_FAULT,
                side == VSK_SIDE_DEVICE ? VSK_TX : VSK_RX, "flip");
}

/* Let its sender send a packet once more. */
static bool
send_again(vsk_lab *lab, vsk_lab_pair *pair, vsk_side side,
           const vsk_packet *packet, const char *words)
{
    bool down = side == VSK_SIDE_GUEST;
    vsk_status status =
        down ? vsk_device_put(pair->device, lab->now, packet)
             : vsk_guest_put(pair->guest, lab->now, packet, NULL);

    if (status != VSK_OK)
        return false;
    pair->awake[down ? VSK_SIDE_DEVICE : VSK_SIDE_GUEST] = true;
    vsk_lab_see(lab, pair, VSK_SEEN_FAULT, down ? VSK_RX : VSK_TX, words);
    return true;
}

bool
vsk_lab_meddle(vsk_lab *lab, vsk_lab_pair *pair, vsk_side side,
               const vsk_packet *packet)
{
    const vsk_faults *faults = &lab->faults;

    if (vsk_lab_chance(lab, faults->reorder) &&
        send_again(lab, pair, side, packet, "reorder")) {
        if (side == VSK_SIDE_DEVICE)
            vsk_device_swallow(pair->device);
        else
            vsk_guest_swallow(pair->guest);
        return false;
    }
    if (vsk_lab_chance(lab, faults->duplicate))
        (void)send_again(lab, pair, side, packet, "duplicate");
    if (vsk_lab_chance(lab, faults->flip))
        flip(lab, pair, side);
    if (vsk_lab_chance(lab, faults->lie))
        lie(lab, pair, side, packet);
    return true;
}
