/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vsk/guest.h"

#include <stddef.h>

#define CID_FIRST 3u
#define CID_LAST 0xfffffffeu

/* ---- policies ---- */

/* What every Linux since 5.0 accepts. */
#define LINUX_FEATURES                                                         \
    (VSK_F_INDIRECT_DESC | VSK_F_EVENT_IDX | VSK_F_RING_PACKED |               \
     VSK_BIT(VSK_FEATURE_VERSION_1))

/* Linux reports credit where the peer has less than 64 KiB left, counts no
 * packets and asks for nothing. */
#define LINUX_ENDPOINT(answers)                                                \
    {                                                                          \
        .buf_alloc = 262144, .update_at = 262144 - 65536 + 1,                  \
        .payload_max = VSK_PAYLOAD_MAX, .update_idle = false, .ask = false,    \
        .answer = (answers), .meter = false,                                   \
        .connect_timeout = 2 * VSK_SECOND, .close_timeout = 8 * VSK_SECOND,    \
        .drain_timeout = 8 * VSK_SECOND, .ask_first = 100 * VSK_MILLISECOND,   \
        .ask_last = 2 * VSK_SECOND,                                            \
    }

static const vsk_guest_preset presets[] = {
    {"linux-5.10",
     {
         .endpoint = LINUX_ENDPOINT(false),
         .features = LINUX_FEATURES,
         .queue_size = 128,
         .rx_pieces = {44, 4096},
         .event_buffers = 8,
         .rx_indirect = true,
         .tx_indirect = true,
     }},
    {"linux-6.1",
     {
         .endpoint = LINUX_ENDPOINT(true),
         .features = LINUX_FEATURES | VSK_BIT(VSK_FEATURE_SEQPACKET),
         .queue_size = 128,
         .rx_pieces = {3776},
         .event_buffers = 8,
         .tx_indirect = true,
     }},
    {"linux-6.12",
     {
         .endpoint = LINUX_ENDPOINT(true),
         .features = LINUX_FEATURES | VSK_BIT(VSK_FEATURE_SEQPACKET),
         .queue_size = 128,
         .rx_pieces = {3776},
         .event_buffers = 8,
         .tx_piece = 32768,
         .tx_indirect = true,
     }},
};

vsk_guest_policy
vsk_guest_policy_default(void)
{
    return (vsk_guest_policy){
        .endpoint = vsk_policy_default(),
#define FEATURE(name, bit) VSK_BIT(bit) |
        .features = VSK_FEATURE_TABLE(FEATURE) 0,
#undef FEATURE
        .queue_size = 256,
        .rx_pieces = {3776},
        .event_buffers = 8,
    };
}

const vsk_guest_preset *
vsk_guest_preset_at(uint32_t index)
{
    return index < sizeof presets / sizeof *presets ? &presets[index] : NULL;
}

static bool
same_word(const char *one, const char *other)
{
    while (*one != '\0' && *one == *other) {
        one++;
        other++;
    }
    return *one == *other;
}

const vsk_guest_preset *
vsk_guest_preset_find(const char *name)
{
    const vsk_guest_preset *preset;

    for (uint32_t i = 0; (preset = vsk_guest_preset_at(i)) != NULL; i++) {
        if (same_word(preset->name, name))
            return preset;
    }
    return NULL;
}

/* ---- buffers for the device to write into ---- */

static bool
has_indirect(const vsk_guest *guest)
{
    return (guest->features & VSK_BIT(VSK_FEATURE_INDIRECT_DESC)) != 0;
}

/* How RX buffers are cut; their bytes in all. */
static uint64_t
rx_layout(const vsk_guest_policy *policy, vsk_layout *layout)
{
    uint64_t bytes = 0;

    *layout = (vsk_layout){.pieces = policy->rx_pieces,
                           .indirect = policy->rx_indirect};
    while (layout->count < VSK_GUEST_PIECES &&
           policy->rx_pieces[layout->count] != 0)
        bytes += policy->rx_pieces[layout->count++];
    return bytes;
}

static vsk_status
post(vsk_guest *guest, uint32_t queue, uint32_t bytes, const vsk_layout *layout)
{
    uint16_t head;
    vsk_status status =
        vsk_buffers_post(&guest->buffers[queue], bytes, layout, &head);

    if (status != VSK_OK)
        return status;
    guest->posted[queue]++;
    guest->offered |= (uint8_t)(1u << queue);
    return VSK_OK;
}

static vsk_status
fill_events(vsk_guest *guest)
{
    const vsk_layout one = {NULL, 0, false};
    uint32_t target = guest->policy.event_buffers;
    vsk_status status = VSK_OK;

    if (target > guest->rings[VSK_EVENT].size)
        target = guest->rings[VSK_EVENT].size;
    while (status == VSK_OK && guest->posted[VSK_EVENT] < target)
        status = post(guest, VSK_EVENT, VSK_GUEST_EVENT, &one);
    return status;
}

/* RX buffers that are posted when all are. */
static uint32_t
rx_target(const vsk_guest *guest, const vsk_layout *layout)
{
    uint32_t target = guest->rings[VSK_RX].size;

    if (!layout->indirect && layout->count != 0)
        target /= layout->count;
    if (guest->policy.rx_buffers != 0 && guest->policy.rx_buffers < target)
        target = guest->policy.rx_buffers;
    return target != 0 ? target : 1;
}

/* Post RX buffers where enough of them are missing; a part of the memory is
 * left to TX, without which nothing would be answered. */
static vsk_status
fill_rx(vsk_guest *guest)
{
    vsk_layout layout;
    uint64_t bytes = rx_layout(&guest->policy, &layout);
    uint32_t refill_at = guest->policy.refill_at;
    uint32_t target;
    uint64_t reserve;
    vsk_status status;

    layout.indirect = layout.indirect && has_indirect(guest);
    target = rx_target(guest, &layout);
    if (refill_at == 0)
        refill_at = target / 2 + target % 2;
    if (refill_at > target)
        refill_at = target;
    if (guest->posted[VSK_RX] + refill_at > target)
        return VSK_OK;
    status = vsk_pool_alloc(guest->pool, VSK_GUEST_RESERVE, 1, &reserve);
    if (status != VSK_OK)
        return status;
    /* Above 2^32 bytes they are no layout of what is left of the number. */
    while (status == VSK_OK && guest->posted[VSK_RX] < target)
        status = post(guest, VSK_RX, (uint32_t)bytes, &layout);
    (void)vsk_pool_free(guest->pool, reserve, VSK_GUEST_RESERVE);
    return guest->posted[VSK_RX] != 0 ? VSK_OK : status;
}

void
vsk_guest_refill(vsk_guest *guest)
{
    if (!guest->open)
        return;
    /* Until the CID is read anew the device must not go on. */
    if (!guest->stale)
        (void)fill_events(guest);
    (void)fill_rx(guest);
}

/* ---- begin and end ---- */

vsk_status
vsk_guest_init(vsk_guest *guest, const vsk_guest_policy *policy,
               const vsk_guest_tables *tables, uint64_t seed)
{
    vsk_guest made = {.policy = *policy, .tables = *tables};
    const vsk_ring ring = {.size = policy->queue_size,
                           .features = policy->features & VSK_F_RING};
    vsk_layout layout;
    vsk_status status;

    if (vsk_ring_check_size(&ring) != VSK_OK)
        return VSK_ERR_SIZE;
    if (rx_layout(policy, &layout) < VSK_HEADER_SIZE)
        return VSK_ERR_LAYOUT;
    if (tables->span_count == 0)
        return VSK_ERR_ARGUMENT;
    status = vsk_endpoint_init(&made.endpoint, &tables->endpoint,
                               &policy->endpoint, 0, VSK_CID_ANY, seed);
    if (status == VSK_OK)
        *guest = made;
    return status;
}

uint64_t
vsk_guest_accept(const vsk_guest *guest, uint64_t offered)
{
    return offered & guest->policy.features & VSK_FEATURES;
}

/* Give back what a queue has in the pool: what is posted, then the ring. */
static void
let_queue_go(vsk_guest *guest, uint32_t queue)
{
    const vsk_ring *ring = &guest->rings[queue];
    const vsk_ring_slot *slots = guest->tables.slots[queue];

    for (uint32_t i = 0; i < ring->size; i++) {
        vsk_used used = {.token = slots[i].token};

        if (slots[i].count != 0)
            vsk_buffers_release(&guest->buffers[queue], &used);
    }
    (void)vsk_pool_free(guest->pool, ring->desc, vsk_ring_bytes(ring));
    guest->posted[queue] = 0;
    guest->offered &= (uint8_t) ~(1u << queue);
    guest->stuck &= (uint8_t) ~(1u << queue);
}

/* The first queues, and all that the guest had to do with them. */
static void
let_go(vsk_guest *guest, uint32_t queues)
{
    for (uint32_t queue = 0; queue < queues; queue++)
        let_queue_go(guest, queue);
    if (guest->stage != VSK_STAGE_IDLE)
        vsk_buffers_release(&guest->buffers[VSK_RX], &guest->used);
    guest->stage = VSK_STAGE_IDLE;
    guest->open = false;
    guest->stale = false;
    guest->cramped = false;
}

/* Place a queue in the pool and begin at its driver's end. */
static vsk_status
begin_queue(vsk_guest *guest, const vsk_memory *memory, uint32_t queue,
            uint32_t size)
{
    vsk_ring *ring = &guest->rings[queue];
    uint64_t bytes, addr;
    vsk_status status;

    *ring = (vsk_ring){.size = size, .features = guest->features & VSK_F_RING};
    bytes = vsk_ring_bytes(ring);
    status = vsk_pool_alloc(guest->pool, bytes, 16, &addr);
    if (status != VSK_OK)
        return status;
    vsk_ring_place(ring, addr);
    status = vsk_queue_driver_init(&guest->queues[queue], memory, ring,
                                   guest->tables.slots[queue]);
    if (status != VSK_OK) {
        (void)vsk_pool_free(guest->pool, addr, bytes);
        return status;
    }
    vsk_buffers_init(&guest->buffers[queue], &guest->queues[queue], memory,
                     guest->pool, ring->size, &guest->tables.buffers[queue]);
    return VSK_OK;
}

static bool
is_cid(uint64_t cid)
{
    return cid >= CID_FIRST && cid <= CID_LAST;
}

vsk_status
vsk_guest_open(vsk_guest *guest, const vsk_memory *memory, vsk_pool *pool,
               uint64_t features, uint64_t cid)
{
    const vsk_setup setup = {.accepted = features};
    vsk_status status = VSK_OK;
    uint32_t queue = 0;

    if (guest->open)
        return VSK_ERR_STATE;
    if (!is_cid(cid))
        return VSK_ERR_CID;
    guest->pool = pool;
    guest->features = features;
    while (queue < VSK_QUEUES &&
           (status = begin_queue(guest, memory, queue,
                                 guest->policy.queue_size)) == VSK_OK)
        queue++;
    /* VSOCK-DRV-05, VSOCK-DRV-06: in this order */
    if (status == VSK_OK)
        status = fill_events(guest);
    if (status == VSK_OK)
        status = fill_rx(guest);
    if (status != VSK_OK) {
        let_go(guest, queue);
        return status;
    }
    vsk_endpoint_allow(&guest->endpoint, &setup);
    guest->endpoint.local_cid = (uint32_t)cid;
    guest->stuck = 0;
    guest->resets = 0;
    guest->open = true;
    return VSK_OK;
}

void
vsk_guest_close(vsk_guest *guest)
{
    if (!guest->open)
        return;
    vsk_endpoint_abandon(&guest->endpoint);
    let_go(guest, VSK_QUEUES);
}

vsk_status
vsk_guest_renew(vsk_guest *guest, uint64_t cid)
{
    if (!guest->open || !guest->stale)
        return VSK_ERR_STATE;
    if (!is_cid(cid))
        return VSK_ERR_CID;
    guest->endpoint.local_cid = (uint32_t)cid;
    guest->stale = false;
    vsk_guest_refill(guest);
    return VSK_OK;
}

/* ---- one queue ---- */

void
vsk_guest_renew_queue(vsk_guest *guest, const vsk_memory *memory,
                      uint32_t queue, uint32_t size)
{
    let_queue_go(guest, queue);
    /* Where a ring was there is room for one that is not larger. */
    (void)begin_queue(guest, memory, queue, size);
    vsk_guest_refill(guest);
}
