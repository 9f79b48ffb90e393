/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vsk/packet.h"

#include "vsk/hot_parts.h"
#include "vsk/le.h"
#include "vsk/shared.h"

/* Make a packet's pieces from what follows the header in some spans. */
STEP void
borrow(vsk_packet *packet, const vsk_span *spans, uint32_t count)
{
    uint32_t skip = VSK_HEADER_SIZE;

    while (count != 0 && spans->len <= skip) {
        skip -= spans->len;
        spans++;
        count--;
    }
    packet->end = (vsk_cursor){0};
    if (RARE(count == 0)) {
        packet->first = (vsk_span){0};
        packet->rest = NULL;
        packet->rest_count = 0;
        return;
    }
    packet->first = *spans;
    packet->first.base += skip;
    packet->first.addr += skip;
    packet->first.len -= skip;
    packet->rest = spans + 1;
    packet->rest_count = count - 1;
}

/* Copy the header out of spans that hold it in pieces. */
static void
gather(uint8_t *wire, const vsk_span *spans)
{
    for (uint32_t done = 0, at = 0; done < VSK_HEADER_SIZE; at++) {
        uint32_t part = VSK_HEADER_SIZE - done;

        if (part > spans[at].len)
            part = spans[at].len;
        if (part != 0)
            vsk_shared_copy(wire + done, spans[at].base, part);
        done += part;
    }
}

void
vsk_packet_init(vsk_packet *packet, uint8_t *payload, uint32_t size)
{
    *packet = (vsk_packet){
        .header = {.type = VSK_TYPE_STREAM, .len = size},
        .first = {.base = payload, .len = size},
        .size = size,
        .room = size,
    };
}

/* Read a packet whose header was copied out of spans that hold so much. */
STEP vsk_status
read_packet(vsk_packet *packet, const uint8_t *wire, const vsk_span *spans,
            uint32_t count, uint64_t bytes, uint32_t max_payload)
{
    uint32_t len = vsk_le_load32(wire + offsetof(vsk_header, len));

    if (RARE(len > max_payload))
        return VSK_BAD_LIMIT;
    if (RARE(len > bytes - VSK_HEADER_SIZE))
        return VSK_BAD_LEN;
    vsk_header_decode(&packet->header, wire);
    packet->size = len;
    packet->room = len;
    borrow(packet, spans, count);
    return VSK_OK;
}

/* Read a packet whose header lies in pieces. */
static APART vsk_status
parse_pieces(vsk_packet *packet, const vsk_span *spans, uint32_t count,
             uint64_t bytes, uint32_t max_payload)
{
    uint8_t wire[VSK_HEADER_SIZE];

    gather(wire, spans);
    return read_packet(packet, wire, spans, count, bytes, max_payload);
}

/* Read a packet from spans that hold this many bytes. */
STEP vsk_status
parse(vsk_packet *packet, const vsk_span *spans, uint32_t count, uint64_t bytes,
      uint32_t max_payload)
{
    uint8_t wire[VSK_HEADER_SIZE];

    if (RARE(bytes < VSK_HEADER_SIZE))
        return VSK_BAD_SHORT;
    if (RARE(spans[0].len < VSK_HEADER_SIZE))
        return parse_pieces(packet, spans, count, bytes, max_payload);
    vsk_shared_copy(wire, spans[0].base, VSK_HEADER_SIZE);
    return read_packet(packet, wire, spans, count, bytes, max_payload);
}

vsk_status
vsk_packet_from_spans(vsk_packet *packet, const vsk_span *spans, uint32_t count,
                      uint32_t max_payload)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < count; i++)
        bytes += spans[i].len;
    return parse(packet, spans, count, bytes, max_payload);
}

vsk_status
vsk_packet_parse(vsk_packet *packet, uint8_t *wire, uint32_t size,
                 uint32_t max_payload)
{
    vsk_span span = {.base = wire, .len = size};

    return parse(packet, &span, 1, size, max_payload);
}

vsk_status
vsk_packet_from_tx(vsk_packet *packet, const vsk_chain *chain,
                   uint32_t max_payload)
{
    if (chain->status != VSK_OK)
        return chain->status;
    if (chain->writable != 0)
        return VSK_BAD_TX_WRITABLE;
    return parse(packet, chain->spans, chain->count, chain->readable,
                 max_payload);
}

vsk_status
vsk_packet_into_rx(vsk_packet *packet, const vsk_chain *chain,
                   uint32_t max_payload)
{
    uint64_t room;

    if (chain->status != VSK_OK)
        return chain->status;
    if (chain->readable != 0)
        return VSK_BAD_RX_READABLE;
    if (chain->writable < VSK_HEADER_SIZE)
        return VSK_BAD_RX_SHORT;

    room = chain->writable - VSK_HEADER_SIZE;
    /* The used length, header and all, has 32 bits. */
    if (max_payload > UINT32_MAX - VSK_HEADER_SIZE)
        max_payload = UINT32_MAX - VSK_HEADER_SIZE;
    packet->header = (vsk_header){.type = VSK_TYPE_STREAM};
    borrow(packet, chain->spans, chain->count);
    packet->size = 0;
    packet->room = room < max_payload ? (uint32_t)room : max_payload;
    return VSK_OK;
}

static vsk_span
piece_at(const vsk_packet *packet, uint32_t index)
{
    return index == 0 ? packet->first : packet->rest[index - 1];
}

/* What is left of the piece that takes the next byte written. */
STEP vsk_span
tail(const vsk_packet *packet)
{
    vsk_span piece = piece_at(packet, packet->end.index);
    uint32_t used = packet->size - packet->end.done;

    piece.base += used;
    piece.len -= used;
    return piece;
}

/* Write what the piece that takes the next byte has room for. */
STEP void
write_piece(vsk_packet *packet, const uint8_t *from, uint32_t size)
{
    uint8_t *to = tail(packet).base;

    packet->size += size;
    packet->header.len = packet->size;
    if (size != 0)
        vsk_shared_write(to, from, size);
}

/* Fill up the pieces that are too short for what is still to be written. */
static APART void
write_pieces(vsk_packet *packet, const uint8_t *from, uint32_t size)
{
    for (;;) {
        uint32_t room = tail(packet).len;

        if (room >= size)
            break;
        write_piece(packet, from, room);
        packet->end.done = packet->size;
        packet->end.index++;
        from += room;
        size -= room;
    }
    write_piece(packet, from, size);
}

vsk_status
vsk_packet_write(vsk_packet *packet, const void *data, uint32_t size)
{
    if (RARE(size > packet->room - packet->size))
        return VSK_ERR_ROOM;
    /* Where there is no room, there is no piece either. */
    if (size == 0)
        packet->header.len = packet->size;
    else if (RARE(packet->end.index != 0 || tail(packet).len < size))
        write_pieces(packet, data, size);
    else
        write_piece(packet, data, size);
    return VSK_OK;
}

vsk_status
vsk_packet_append(vsk_packet *packet, const vsk_packet *source)
{
    vsk_cursor cursor = {0};
    vsk_span piece;

    if (source->size > packet->room - packet->size)
        return VSK_ERR_ROOM;
    while (vsk_packet_next(source, &cursor, &piece)) {
        vsk_status status = vsk_packet_write(packet, piece.base, piece.len);

        if (status != VSK_OK)
            return status;
    }
    return VSK_OK;
}

/* Store a header in pieces. */
static APART void
scatter(const vsk_header *header, const vsk_chain *chain)
{
    uint8_t wire[VSK_HEADER_SIZE];

    vsk_header_encode(header, wire);
    vsk_chain_write(chain, wire, VSK_HEADER_SIZE);
}

vsk_status
vsk_packet_commit(const vsk_packet *packet, const vsk_chain *chain,
                  uint32_t *written)
{
    if (RARE(chain->status != VSK_OK || chain->readable != 0 ||
             chain->writable < (uint64_t)VSK_HEADER_SIZE + packet->size))
        return VSK_ERR_ROOM;
    *written = VSK_HEADER_SIZE + packet->size;
    if (RARE(chain->spans[0].len < VSK_HEADER_SIZE)) {
        scatter(&packet->header, chain);
    } else {
        uint8_t wire[VSK_HEADER_SIZE];

        vsk_header_encode(&packet->header, wire);
        vsk_shared_write(chain->spans[0].base, wire, VSK_HEADER_SIZE);
    }
    return VSK_OK;
}

bool
vsk_packet_next(const vsk_packet *packet, vsk_cursor *cursor, vsk_span *piece)
{
    uint32_t left = packet->size - cursor->done;

    if (left == 0)
        return false;
    do
        *piece = piece_at(packet, cursor->index++);
    while (piece->len == 0);
    if (piece->len > left)
        piece->len = left;
    cursor->done += piece->len;
    return true;
}

uint32_t
vsk_packet_read(const vsk_packet *packet, uint32_t offset, void *data,
                uint32_t size)
{
    vsk_cursor cursor = {0};
    vsk_span piece;
    uint8_t *to = data;
    uint32_t copied = 0;

    while (copied < size && vsk_packet_next(packet, &cursor, &piece)) {
        uint32_t part = piece.len;

        if (offset >= part) {
            offset -= part;
            continue;
        }
        part -= offset;
        if (part > size - copied)
            part = size - copied;
        vsk_shared_copy(to + copied, piece.base + offset, part);
        copied += part;
        offset = 0;
    }
    return copied;
}

vsk_status
vsk_packet_encode(const vsk_packet *packet, uint8_t *wire, uint64_t capacity)
{
    if (capacity < (uint64_t)VSK_HEADER_SIZE + packet->size)
        return VSK_ERR_SPACE;
    vsk_header_encode(&packet->header, wire);
    vsk_packet_read(packet, 0, wire + VSK_HEADER_SIZE, packet->size);
    return VSK_OK;
}

bool
vsk_packet_equal(const vsk_packet *packet, const vsk_packet *other)
{
    vsk_cursor mine = {0}, theirs = {0};
    vsk_span a = {0}, b = {0};

    if (!vsk_header_equal(&packet->header, &other->header) ||
        packet->size != other->size)
        return false;
    for (uint32_t left = packet->size; left != 0;) {
        uint32_t part;

        if (a.len == 0)
            vsk_packet_next(packet, &mine, &a);
        if (b.len == 0)
            vsk_packet_next(other, &theirs, &b);
        part = a.len < b.len ? a.len : b.len;
        if (memcmp(a.base, b.base, part) != 0)
            return false;
        a.base += part;
        b.base += part;
        a.len -= part;
        b.len -= part;
        left -= part;
    }
    return true;
}
