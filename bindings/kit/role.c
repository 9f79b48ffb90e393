/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "kit/host.h"

/* Spans beyond one for each descriptor: buffers that cross regions. */
#define MORE_SPANS 16u
/* Account entries of a guest's queue for each of its descriptors. */
#define RECORDS 8u

kit_role_options
kit_role_options_default(void)
{
    return (kit_role_options){
        .policy = vsk_guest_policy_default(),
        .features =
            VSK_BIT(VSK_FEATURE_STREAM) | VSK_BIT(VSK_FEATURE_SEQPACKET) |
            VSK_BIT(VSK_FEATURE_NO_IMPLIED_STREAM) |
            VSK_BIT(VSK_FEATURE_INDIRECT_DESC) |
            VSK_BIT(VSK_FEATURE_EVENT_IDX) | VSK_BIT(VSK_FEATURE_VERSION_1),
        .cid = 3,
        .connections = 1024,
        .send_buffer = 262144,
        .budget = 268435456,
    };
}

/* ---- the arena: all of the core's memory in one block ---- */

/* Hands out pieces of a block; without one it only counts. */
typedef struct arena {
    uint8_t *base;
    size_t size;
} arena;

static void *
piece(arena *from, size_t count, size_t size)
{
    void *at = from->base == NULL ? NULL : from->base + from->size;

    from->size += (count * size + 15) & ~(size_t)15;
    return at;
}

static uint32_t
index_size(uint32_t connections)
{
    uint32_t size = 2;

    while (size < 2 * connections)
        size *= 2;
    return size;
}

static vsk_endpoint_tables
endpoint_tables(arena *from, const kit_role_options *options)
{
    uint32_t capacity = options->connections;
    vsk_endpoint_tables tables = {
        .capacity = capacity,
        .index_size = index_size(capacity),
        .orphan_capacity = options->policy.queue_size,
    };

    tables.slots = piece(from, capacity, sizeof *tables.slots);
    tables.links = piece(from, capacity, sizeof *tables.links);
    tables.heap = piece(from, capacity, sizeof *tables.heap);
    tables.place = piece(from, capacity, sizeof *tables.place);
    tables.index = piece(from, tables.index_size, sizeof *tables.index);
    tables.orphans =
        piece(from, tables.orphan_capacity, sizeof *tables.orphans);
    return tables;
}

static vsk_status
begin_device(kit_role *role, arena *from, uint64_t seed)
{
    const kit_role_options *options = &role->options;
    uint32_t spans = options->policy.queue_size + MORE_SPANS;
    vsk_device_tables tables = {.span_count = spans};
    vsk_device_config config = {
        .policy = options->policy.endpoint,
        .features = options->features,
        .guest_cid = options->cid,
        .local_cid = VSK_CID_HOST,
        .seed = seed,
    };

    role->device = piece(from, 1, sizeof *role->device);
    tables.endpoint = endpoint_tables(from, options);
    for (uint32_t i = 0; i < VSK_QUEUES; i++)
        tables.spans[i] = piece(from, spans, sizeof *tables.spans[i]);
    if (from->base == NULL)
        return VSK_OK;
    role->endpoint = &role->device->endpoint;
    return vsk_device_init(role->device, &config, &tables);
}

static vsk_status
begin_guest(kit_role *role, arena *from, uint64_t seed)
{
    const kit_role_options *options = &role->options;
    uint32_t size = options->policy.queue_size;
    vsk_guest_tables tables = {.span_count = size + MORE_SPANS};

    role->guest = piece(from, 1, sizeof *role->guest);
    tables.endpoint = endpoint_tables(from, options);
    for (uint32_t i = 0; i < VSK_QUEUES; i++) {
        vsk_buffers_tables *buffers = &tables.buffers[i];

        tables.slots[i] = piece(from, size, sizeof *tables.slots[i]);
        buffers->capacity = RECORDS * size;
        buffers->records =
            piece(from, buffers->capacity, sizeof *buffers->records);
        buffers->scratch = piece(from, size, sizeof *buffers->scratch);
    }
    tables.spans = piece(from, tables.span_count, sizeof *tables.spans);
    tables.pieces = piece(from, size, sizeof *tables.pieces);
    role->pool = piece(from, 1, sizeof *role->pool);
    role->pool_table_size = VSK_QUEUES * (size + 1) + MORE_SPANS;
    role->pool_table =
        piece(from, role->pool_table_size, sizeof *role->pool_table);
    if (from->base == NULL)
        return VSK_OK;
    role->endpoint = &role->guest->endpoint;
    return vsk_guest_init(role->guest, &options->policy, &tables, seed);
}

static vsk_status
begin(kit_role *role, arena *from, uint64_t seed)
{
    uint32_t capacity = role->options.connections;
    vsk_timer *heap = piece(from, capacity, sizeof *heap);
    uint32_t *place = piece(from, capacity, sizeof *place);

    if (from->base != NULL)
        (void)vsk_timers_init(&role->lingers, heap, place, capacity);
    return role->is_guest ? begin_guest(role, from, seed)
                          : begin_device(role, from, seed);
}

/* ---- life ---- */

static bool
sane(const kit_role_options *options)
{
    uint32_t size = options->policy.queue_size;

    /* Whether split rings may have it is asked when features are agreed on. */
    return options->connections != 0 && options->connections <= 1u << 24 &&
           size != 0 && size <= VSK_RING_MAX;
}

vsk_status
kit_role_new(const kit_role_options *options, bool is_guest, uint64_t seed,
             kit_role **role)
{
    arena count = {0}, given = {0};
    kit_role *fresh;
    vsk_status status;

    if (!sane(options))
        return VSK_ERR_ARGUMENT;
    fresh = calloc(1, sizeof *fresh);
    if (fresh == NULL)
        return VSK_ERR_NOMEM;
    fresh->references = 1;
    fresh->is_guest = is_guest;
    fresh->options = *options;
    fresh->slot_count = options->connections;
    fresh->way.most = options->policy.endpoint.payload_max;
    fresh->slots = calloc(options->connections, sizeof *fresh->slots);
    (void)begin(fresh, &count, seed);
    fresh->arena = kit_block_new(count.size);
    status = VSK_ERR_NOMEM;
    if (fresh->slots != NULL && fresh->arena != NULL) {
        given.base = fresh->arena->data;
        status = begin(fresh, &given, seed);
    }
    if (status != VSK_OK) {
        kit_role_unref(fresh);
        return status;
    }
    *role = fresh;
    return VSK_OK;
}

kit_role *
kit_role_ref(kit_role *role)
{
    role->references++;
    return role;
}

void
kit_role_unref(kit_role *role)
{
    if (role == NULL || --role->references != 0)
        return;
    if (role->slots != NULL)
        for (uint32_t i = 0; i < role->slot_count; i++)
            while (role->slots[i] != NULL)
                kit_conn_free(role, role->slots[i]);
    while (role->seen_count != 0)
        (void)kit_role_unsee(role, 0);
    for (uint32_t i = 0; i < role->listener_count; i++)
        free(role->listeners[i].ids);
    kit_packet_delete(role->replacement);
    kit_way_drop(&role->way);
    free(role->listeners);
    free(role->raw_ports);
    free(role->slots);
    kit_block_unref(role->arena);
    if (role->shared)
        role->memory->blocks[0]->views--;
    kit_memory_unref(role->memory);
    free(role);
}

/* ---- guest memory for scripts ---- */

vsk_status
kit_role_share(kit_role *role)
{
    kit_memory *memory = role->memory;
    uint64_t first = memory->regions[0].addr;
    uint64_t size = memory->regions[0].size;
    uint64_t part = size / KIT_SHARE;
    vsk_status status;

    if (!role->shared) {
        memory->rings = calloc(VSK_QUEUES, sizeof *memory->rings);
        if (memory->rings == NULL)
            return VSK_ERR_NOMEM;
        memory->ring_count = VSK_QUEUES;
        for (uint32_t i = 0; i < VSK_QUEUES; i++)
            memory->rings[i].loaded = true;
        /* The core knows where it stands: it must not be closed. */
        memory->blocks[0]->views++;
        role->shared = true;
    }
    status = kit_memory_prepare(memory);
    if (status == VSK_OK)
        status = vsk_pool_reserve(&memory->pool, first, size - part);
    if (status == VSK_OK)
        status = vsk_pool_reserve(role->pool, first + size - part, part);
    return status;
}

vsk_status
kit_role_memory(kit_role *role, kit_memory **memory)
{
    if (!role->is_guest || role->host == NULL || !role->shared ||
        !role->guest->open)
        return VSK_ERR_STATE;
    for (uint32_t i = 0; i < VSK_QUEUES; i++) {
        vsk_image_ring *image = &role->memory->rings[i].image;

        image->ring = role->guest->rings[i];
        image->driver = vsk_queue_driver_state(&role->guest->queues[i]);
        role->host->kind->device_state(role->host, role, i, &image->device);
    }
    *memory = kit_memory_ref(role->memory);
    return VSK_OK;
}

uint64_t
kit_role_now(const kit_role *role)
{
    return role->host == NULL ? 0 : role->host->kind->now(role->host);
}

void
kit_role_wake(kit_role *role)
{
    if (role->host != NULL)
        role->host->kind->wake(role->host, role);
}

vsk_status
kit_role_reset_transport(kit_role *role, uint64_t guest_cid)
{
    vsk_status status;

    if (role->is_guest || role->host == NULL)
        return VSK_ERR_ARGUMENT;
    status = role->host->kind->reset(role->host, role, guest_cid);
    kit_role_wake(role);
    return status;
}

/* A connection with hooks is there until they have heard of its end. */
static bool
is_there(const kit_conn *conn)
{
    if (conn->hooks)
        return !conn->ended;
    return !conn->over;
}

vsk_status
kit_role_connections(const kit_role *role, uint64_t **ids, uint32_t *count)
{
    uint64_t *list = calloc(role->slot_count, sizeof *list);
    uint32_t found = 0;

    if (list == NULL)
        return VSK_ERR_NOMEM;
    for (uint32_t i = 0; i < role->slot_count; i++)
        for (const kit_conn *conn = role->slots[i];
             conn != NULL && found < role->slot_count; conn = conn->next)
            if (is_there(conn))
                list[found++] = conn->id;
    *ids = list;
    *count = found;
    return VSK_OK;
}
