/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "kit/kit.h"

vsk_status
kit_header_parse(const void *data, size_t size, vsk_header **header)
{
    vsk_header *fresh;

    if (size < VSK_HEADER_SIZE)
        return VSK_BAD_SHORT;
    fresh = malloc(sizeof *fresh);
    if (fresh == NULL)
        return VSK_ERR_NOMEM;
    vsk_header_decode(fresh, data);
    *header = fresh;
    return VSK_OK;
}

vsk_status
kit_packet_new(kit_packet **packet)
{
    kit_packet *fresh = calloc(1, sizeof *fresh);

    if (fresh == NULL)
        return VSK_ERR_NOMEM;
    vsk_packet_init(&fresh->packet, NULL, 0);
    *packet = fresh;
    return VSK_OK;
}

/* Let go of what the payload stands in. */
static void
drop_payload(kit_packet *packet)
{
    kit_chain_unref(packet->chain);
    kit_block_unref(packet->storage);
    packet->chain = NULL;
    packet->storage = NULL;
    packet->room = false;
}

void
kit_packet_delete(kit_packet *packet)
{
    kit_chain *chain;

    if (packet == NULL)
        return;
    chain = packet->chain;
    packet->chain = NULL;
    drop_payload(packet);
    if (chain == NULL) {
        free(packet);
        return;
    }
    kit_spare_keep(&chain->queue->spare_packets, packet);
    kit_chain_unref(chain);
}

vsk_status
kit_packet_set_payload(kit_packet *packet, const void *data, size_t size)
{
    vsk_header header = packet->packet.header;
    kit_block *block;

    if (packet->room)
        return VSK_ERR_ROOM;
    if (size > UINT32_MAX - VSK_HEADER_SIZE)
        return VSK_ERR_ARGUMENT;
    block = kit_block_new(size);
    if (block == NULL)
        return VSK_ERR_NOMEM;
    if (size != 0)
        memcpy(block->data, data, size);
    drop_payload(packet);
    packet->storage = block;
    vsk_packet_init(&packet->packet, block->data, (uint32_t)size);
    if (!packet->len_set)
        header.len = (uint32_t)size;
    packet->packet.header = header;
    return VSK_OK;
}

vsk_status
kit_packet_parse(const void *data, size_t size, uint32_t max_payload,
                 kit_packet **packet)
{
    kit_packet *fresh = NULL;
    kit_block *block;
    vsk_status status;

    /* What is behind the largest packet is ignored in any case. */
    if (max_payload < UINT32_MAX - VSK_HEADER_SIZE &&
        size > max_payload + VSK_HEADER_SIZE)
        size = max_payload + VSK_HEADER_SIZE;
    if (size > UINT32_MAX)
        size = UINT32_MAX;
    block = kit_block_new(size);
    if (block == NULL)
        return VSK_ERR_NOMEM;
    if (block->size != 0)
        memcpy(block->data, data, block->size);
    status = kit_packet_new(&fresh);
    if (status == VSK_OK)
        status = vsk_packet_parse(&fresh->packet, block->data,
                                  (uint32_t)block->size, max_payload);
    if (status != VSK_OK) {
        kit_block_unref(block);
        free(fresh);
        return status;
    }
    fresh->storage = block;
    *packet = fresh;
    return VSK_OK;
}

typedef vsk_status (*reader)(vsk_packet *packet, const vsk_chain *chain,
                             uint32_t max_payload);

/* A packet that borrows a chain's spans, made by one of the core's calls. */
static vsk_status
from_chain(reader read, kit_chain *chain, uint32_t max_payload,
           kit_packet **packet, kit_why *why)
{
    kit_packet *fresh;
    vsk_status status = kit_chain_check(chain);

    if (status != VSK_OK)
        return status;
    fresh = kit_spare_take(&chain->queue->spare_packets, sizeof *fresh);
    if (fresh == NULL)
        return VSK_ERR_NOMEM;
    *fresh = (kit_packet){0};
    status = read(&fresh->packet, &chain->chain, max_payload);
    if (status != VSK_OK) {
        kit_spare_keep(&chain->queue->spare_packets, fresh);
        kit_explain(why, status, &chain->chain);
        return status;
    }
    fresh->chain = kit_chain_ref(chain);
    *packet = fresh;
    return VSK_OK;
}

vsk_status
kit_packet_from_tx(kit_chain *chain, uint32_t max_payload, kit_packet **packet,
                   kit_why *why)
{
    return from_chain(vsk_packet_from_tx, chain, max_payload, packet, why);
}

vsk_status
kit_packet_into_rx(kit_chain *chain, uint32_t max_payload, kit_packet **packet,
                   kit_why *why)
{
    vsk_status status =
        from_chain(vsk_packet_into_rx, chain, max_payload, packet, why);

    if (status == VSK_OK)
        (*packet)->room = true;
    return status;
}

static vsk_status
read_written(vsk_packet *packet, const vsk_chain *chain, uint32_t max_payload)
{
    return vsk_packet_from_spans(packet, chain->spans, chain->count,
                                 max_payload);
}

vsk_status
kit_packet_from_back(kit_chain *chain, uint32_t max_payload,
                     kit_packet **packet, kit_why *why)
{
    return from_chain(read_written, chain, max_payload, packet, why);
}

vsk_status
kit_packet_live(const kit_packet *packet)
{
    return packet->chain == NULL ? VSK_OK : kit_chain_check(packet->chain);
}

vsk_status
kit_packet_check(const kit_packet *packet)
{
    return vsk_header_check(&packet->packet.header);
}

vsk_status
kit_packet_write(kit_packet *packet, const void *data, size_t size)
{
    uint32_t len = packet->packet.header.len;
    vsk_status status = kit_packet_live(packet);

    if (status != VSK_OK)
        return status;
    if (!packet->room || size > packet->packet.room)
        return VSK_ERR_ROOM;
    status = vsk_packet_write(&packet->packet, data, (uint32_t)size);
    if (packet->len_set)
        packet->packet.header.len = len;
    return status;
}

vsk_status
kit_packet_commit(kit_packet *packet, uint32_t *written)
{
    vsk_status status = kit_packet_live(packet);

    if (status != VSK_OK)
        return status;
    if (!packet->room)
        return VSK_ERR_ROOM;
    return vsk_packet_commit(&packet->packet, &packet->chain->chain, written);
}

vsk_status
kit_packet_encode(kit_packet *packet, kit_bytes *bytes)
{
    vsk_status status = kit_packet_live(packet);

    if (status != VSK_OK)
        return status;
    bytes->size = (size_t)VSK_HEADER_SIZE + packet->packet.size;
    bytes->data = malloc(bytes->size);
    if (bytes->data == NULL)
        return VSK_ERR_NOMEM;
    return vsk_packet_encode(&packet->packet, bytes->data, bytes->size);
}

vsk_status
kit_packet_flat(kit_packet *packet, kit_block **block, uint8_t **base)
{
    const vsk_span *first = &packet->packet.first;
    kit_memory *memory;
    vsk_status status = kit_packet_live(packet);

    *base = NULL;
    if (status != VSK_OK || packet->packet.size == 0 ||
        first->len < packet->packet.size)
        return status;
    if (packet->chain == NULL) {
        *block = packet->storage;
        *base = first->base;
        return VSK_OK;
    }
    memory = packet->chain->queue->memory;
    return kit_memory_locate(memory, first->addr, packet->packet.size, block,
                             base);
}

vsk_status
kit_packet_join(kit_packet *packet, kit_block **block)
{
    vsk_status status = kit_packet_live(packet);

    if (status != VSK_OK)
        return status;
    *block = kit_block_new(packet->packet.size);
    if (*block == NULL)
        return VSK_ERR_NOMEM;
    vsk_packet_read(&packet->packet, 0, (*block)->data, packet->packet.size);
    return VSK_OK;
}

bool
kit_packet_equal(kit_packet *packet, kit_packet *other)
{
    if (kit_packet_live(packet) != VSK_OK || kit_packet_live(other) != VSK_OK)
        return packet == other;
    return vsk_packet_equal(&packet->packet, &other->packet);
}

vsk_status
kit_packet_copy(const vsk_packet *packet, kit_packet **copy)
{
    kit_block *block = kit_block_new(packet->size);
    kit_packet *fresh;
    vsk_status status = block == NULL ? VSK_ERR_NOMEM : kit_packet_new(&fresh);

    if (status != VSK_OK) {
        kit_block_unref(block);
        return status;
    }
    (void)vsk_packet_read(packet, 0, block->data, packet->size);
    vsk_packet_init(&fresh->packet, block->data, packet->size);
    fresh->packet.header = packet->header;
    fresh->storage = block;
    fresh->len_set = packet->header.len != packet->size;
    *copy = fresh;
    return VSK_OK;
}
