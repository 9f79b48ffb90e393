/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vsk/buffers.h"

#include "vsk/shared.h"

/* Ranges begin and end at multiples of it: what lay between two of them would
 * stay free for ever, too short for any chain, and be looked at each time. */
#define ALIGN 16u

/* Tokens are record numbers plus one: 0 is a chain without an account. */
static uint64_t
token_of(uint32_t record)
{
    return (uint64_t)record + 1;
}

void
vsk_buffers_init(vsk_buffers *buffers, vsk_queue_driver *driver,
                 const vsk_memory *memory, vsk_pool *pool, uint32_t size,
                 const vsk_buffers_tables *tables)
{
    *buffers = (vsk_buffers){
        .driver = driver,
        .pool = pool,
        .memory = *memory,
        .records = tables->records,
        .scratch = tables->scratch,
        .size = size,
        .free = tables->capacity != 0 ? 0 : VSK_RECORD_NONE,
    };
    for (uint32_t i = 0; i < tables->capacity; i++)
        tables->records[i].next =
            i + 1 < tables->capacity ? i + 1 : VSK_RECORD_NONE;
}

static uint32_t
record_take(vsk_buffers *buffers)
{
    uint32_t record = buffers->free;

    if (record != VSK_RECORD_NONE)
        buffers->free = buffers->records[record].next;
    return record;
}

static void
records_free(vsk_buffers *buffers, uint32_t record)
{
    while (record != VSK_RECORD_NONE) {
        uint32_t next = buffers->records[record].next;

        buffers->records[record].next = buffers->free;
        buffers->free = record;
        record = next;
    }
}

/* Write down a range and the scratch buffers; VSK_RECORD_NONE if no room. */
static uint32_t
record_chain(vsk_buffers *buffers, vsk_range range, uint32_t count)
{
    uint32_t first = record_take(buffers);
    uint32_t last = first;

    if (first == VSK_RECORD_NONE)
        return first;
    buffers->records[first] =
        (vsk_record){range.addr, range.size, VSK_RECORD_NONE, false};
    for (uint32_t i = 0; i < count; i++) {
        const vsk_buffer *buffer = &buffers->scratch[i];
        uint32_t record = record_take(buffers);

        if (record == VSK_RECORD_NONE) {
            records_free(buffers, first);
            return VSK_RECORD_NONE;
        }
        buffers->records[record] = (vsk_record){buffer->addr, buffer->len,
                                                VSK_RECORD_NONE, buffer->write};
        buffers->records[last].next = record;
        last = record;
    }
    return first;
}

/* Free what a chain has: its range and its records. */
static void
forget(vsk_buffers *buffers, uint32_t first)
{
    const vsk_record *range = &buffers->records[first];

    if (range->size != 0)
        (void)vsk_pool_free(buffers->pool, range->addr, range->size);
    records_free(buffers, first);
}

/* Take a range for the pieces of a layout and list them in scratch. */
static vsk_status
cut(vsk_buffers *buffers, const vsk_layout *layout, bool write,
    vsk_range *range)
{
    uint64_t table =
        layout->indirect ? (uint64_t)layout->count * VSK_DESC_SIZE : 0;
    uint64_t addr;
    vsk_status status;

    if (layout->count == 0)
        return VSK_ERR_LAYOUT;
    if (layout->count > buffers->size)
        return VSK_ERR_LONG;
    range->size = table;
    for (uint32_t i = 0; i < layout->count; i++) {
        if (layout->pieces[i] == 0)
            return VSK_ERR_LAYOUT;
        range->size += (uint64_t)layout->pieces[i] + VSK_BUFFERS_GAP;
    }
    range->size = (range->size + ALIGN - 1) & ~(uint64_t)(ALIGN - 1);
    status = vsk_pool_alloc(buffers->pool, range->size, ALIGN, &range->addr);
    if (status != VSK_OK)
        return status;

    addr = range->addr + table;
    for (uint32_t i = 0; i < layout->count; i++) {
        buffers->scratch[i] = (vsk_buffer){addr, layout->pieces[i], write};
        addr += (uint64_t)layout->pieces[i] + VSK_BUFFERS_GAP;
    }
    return VSK_OK;
}

static uint64_t
layout_bytes(const vsk_layout *layout)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < layout->count; i++)
        bytes += layout->pieces[i];
    return bytes;
}

/* Copy bytes into the scratch buffers, from a place in them onwards. */
static void
scatter(vsk_buffers *buffers, vsk_cursor *at, const uint8_t *from, uint32_t len)
{
    while (len != 0) {
        const vsk_buffer *buffer = &buffers->scratch[at->index];
        uint32_t part = buffer->len - at->done;
        uint8_t *base;

        if (part > len)
            part = len;
        /* A pool's range lies in one region: this cannot fail. */
        if (vsk_memory_map(&buffers->memory, buffer->addr + at->done, part,
                           &base) != VSK_OK)
            return;
        vsk_shared_write(base, from, part);
        from += part;
        len -= part;
        at->done += part;
        if (at->done == buffer->len)
            *at = (vsk_cursor){at->index + 1, 0};
    }
}

static void
scatter_packet(vsk_buffers *buffers, const vsk_packet *packet)
{
    uint8_t wire[VSK_HEADER_SIZE];
    vsk_cursor at = {0}, cursor = {0};
    vsk_span piece;

    vsk_header_encode(&packet->header, wire);
    scatter(buffers, &at, wire, sizeof wire);
    while (vsk_packet_next(packet, &cursor, &piece))
        scatter(buffers, &at, piece.base, piece.len);
}

/* Offer the scratch buffers, with a packet in them or without; the range is
 * freed when the chain comes back, or at once where the offer is refused. */
static vsk_status
offer(vsk_buffers *buffers, uint32_t count, uint32_t indirect, vsk_range range,
      const vsk_packet *packet, uint16_t *head)
{
    uint32_t first = record_chain(buffers, range, count);
    vsk_offer offer = {buffers->scratch, count, indirect, range.addr,
                       token_of(first)};
    vsk_status status;

    if (first == VSK_RECORD_NONE) {
        if (range.size != 0)
            (void)vsk_pool_free(buffers->pool, range.addr, range.size);
        return VSK_ERR_TABLE;
    }
    /* Memory that nobody owns is not written to: first look, then write. */
    status = vsk_queue_check(buffers->driver, &offer);
    if (status == VSK_OK && packet != NULL)
        scatter_packet(buffers, packet);
    if (status == VSK_OK)
        status = vsk_queue_add(buffers->driver, &offer, head);
    if (status != VSK_OK)
        forget(buffers, first);
    return status;
}

vsk_status
vsk_buffers_send(vsk_buffers *buffers, const vsk_packet *packet,
                 const vsk_layout *layout, uint16_t *head)
{
    uint32_t linux_pieces[] = {VSK_HEADER_SIZE, packet->size};
    vsk_layout chosen = *layout;
    vsk_range range;
    vsk_status status;

    if (chosen.pieces == NULL) {
        chosen.pieces = linux_pieces;
        chosen.count = packet->size != 0 ? 2 : 1;
    }
    if (layout_bytes(&chosen) < (uint64_t)VSK_HEADER_SIZE + packet->size)
        return VSK_ERR_LAYOUT;
    status = cut(buffers, &chosen, false, &range);
    if (status != VSK_OK)
        return status;
    return offer(buffers, chosen.count, chosen.indirect ? chosen.count : 0,
                 range, packet, head);
}

vsk_status
vsk_buffers_post(vsk_buffers *buffers, uint32_t size, const vsk_layout *layout,
                 uint16_t *head)
{
    vsk_layout chosen = *layout;
    vsk_range range;
    vsk_status status;

    if (chosen.pieces == NULL) {
        chosen.pieces = &size;
        chosen.count = 1;
    }
    if (layout_bytes(&chosen) != size)
        return VSK_ERR_LAYOUT;
    status = cut(buffers, &chosen, true, &range);
    if (status != VSK_OK)
        return status;
    return offer(buffers, chosen.count, chosen.indirect ? chosen.count : 0,
                 range, NULL, head);
}

vsk_status
vsk_buffers_add(vsk_buffers *buffers, const vsk_buffer *list, uint32_t count,
                uint32_t indirect, uint16_t *head)
{
    vsk_range range = {0};

    if (count > buffers->size)
        return VSK_ERR_LONG;
    if (indirect != 0) {
        vsk_status status;

        range.size = (uint64_t)indirect * VSK_DESC_SIZE;
        status = vsk_pool_alloc(buffers->pool, range.size, ALIGN, &range.addr);
        if (status != VSK_OK)
            return status;
    }
    for (uint32_t i = 0; i < count; i++)
        buffers->scratch[i] = list[i];
    return offer(buffers, count, indirect, range, NULL, head);
}

vsk_status
vsk_buffers_reap(vsk_buffers *buffers, vsk_used *used)
{
    return vsk_queue_reap(buffers->driver, used);
}

vsk_status
vsk_buffers_written(vsk_buffers *buffers, const vsk_used *used,
                    vsk_chain *chain)
{
    uint32_t left = used->written;
    uint32_t at;

    if (used->status != VSK_OK)
        return used->status;
    chain->count = 0;
    chain->writable = used->written;
    chain->head = used->head;
    if (used->token == 0)
        return VSK_OK;
    at = buffers->records[used->token - 1].next;
    for (; left != 0 && at != VSK_RECORD_NONE; at = buffers->records[at].next) {
        const vsk_record *record = &buffers->records[at];
        uint64_t addr = record->addr;
        uint32_t len = record->size < left ? (uint32_t)record->size : left;

        if (!record->write)
            continue;
        left -= len;
        while (len != 0) {
            vsk_span *span = &chain->spans[chain->count];

            if (chain->count == chain->capacity)
                return VSK_ERR_SPANS;
            if (vsk_memory_span(&buffers->memory, addr, len, span) != VSK_OK)
                return VSK_BAD_ADDRESS;
            span->slot = 0; /* nobody remembers it */
            span->flags = VSK_SPAN_WRITE;
            if (addr != record->addr)
                span->flags |= VSK_SPAN_REST;
            chain->count++;
            addr += span->len;
            len -= span->len;
            /* The address space ends at 2^64. */
            if (len != 0 && addr == 0)
                return VSK_BAD_ADDRESS;
        }
    }
    return VSK_OK;
}

void
vsk_buffers_release(vsk_buffers *buffers, const vsk_used *used)
{
    if (used->token != 0)
        forget(buffers, (uint32_t)(used->token - 1));
}
