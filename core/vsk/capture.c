/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vsk/capture.h"

#include "vsk/le.h"

#define PACKET_MIN 32u /* bytes of a packet's block without data */
#define WIRE_HEAD (VSK_CAPTURE_MONITOR + VSK_HEADER_SIZE)
#define VIRTIO 2u /* the transport */

static uint32_t
padded(uint32_t size)
{
    return (size + 3) & ~3u;
}

static uint32_t
captured(const vsk_packet *packet)
{
    return packet->size < VSK_CAPTURE_SNAPLEN - WIRE_HEAD
               ? packet->size + WIRE_HEAD
               : VSK_CAPTURE_SNAPLEN;
}

vsk_status
vsk_capture_begin(uint8_t *wire, uint64_t capacity)
{
    if (capacity < VSK_CAPTURE_HEAD)
        return VSK_ERR_SPACE;
    memset(wire, 0, VSK_CAPTURE_HEAD);
    vsk_le_store32(wire, 0x0a0d0d0a); /* section */
    vsk_le_store32(wire + 4, 28);
    vsk_le_store32(wire + 8, 0x1a2b3c4d);
    vsk_le_store16(wire + 12, 1);
    vsk_le_store64(wire + 16, UINT64_MAX);
    vsk_le_store32(wire + 24, 28);
    wire += 28;
    vsk_le_store32(wire, 1); /* interface */
    vsk_le_store32(wire + 4, 32);
    vsk_le_store16(wire + 8, VSK_CAPTURE_LINK);
    vsk_le_store32(wire + 12, VSK_CAPTURE_SNAPLEN);
    vsk_le_store16(wire + 16, 9); /* if_tsresol */
    vsk_le_store16(wire + 18, 1);
    wire[20] = 9;
    vsk_le_store32(wire + 28, 32);
    return VSK_OK;
}

uint64_t
vsk_capture_bytes(const vsk_packet *packet, uint16_t comment_size)
{
    uint32_t options = comment_size != 0 ? 8 + padded(comment_size) : 0;

    return PACKET_MIN + padded(captured(packet)) + options;
}

/* What vsockmon calls an op: connect, disconnect, control, payload. */
static uint16_t
monitor_op(uint16_t op)
{
    static const uint8_t ops[] = {0, 1, 1, 2, 2, 4, 3, 3};

    return op < sizeof ops ? ops[op] : 0;
}

static void
monitor_store(uint8_t *at, const vsk_header *header)
{
    vsk_le_store64(at, header->src_cid);
    vsk_le_store64(at + 8, header->dst_cid);
    vsk_le_store32(at + 16, header->src_port);
    vsk_le_store32(at + 20, header->dst_port);
    vsk_le_store16(at + 24, monitor_op(header->op));
    vsk_le_store16(at + 26, VIRTIO);
    vsk_le_store16(at + 28, VSK_HEADER_SIZE);
    vsk_le_store16(at + 30, 0);
}

vsk_status
vsk_capture_encode(const vsk_packet *packet, uint64_t now, const char *comment,
                   uint16_t comment_size, uint8_t *wire, uint64_t capacity)
{
    uint32_t bytes = (uint32_t)vsk_capture_bytes(packet, comment_size);
    uint32_t size = captured(packet);
    uint8_t *data = wire + 28, *option = data + padded(size);

    if (capacity < bytes)
        return VSK_ERR_SPACE;
    vsk_le_store32(wire, 6); /* enhanced packet */
    vsk_le_store32(wire + 4, bytes);
    vsk_le_store32(wire + 8, 0);
    vsk_le_store32(wire + 12, (uint32_t)(now >> 32));
    vsk_le_store32(wire + 16, (uint32_t)now);
    vsk_le_store32(wire + 20, size);
    vsk_le_store32(wire + 24, packet->size < UINT32_MAX - WIRE_HEAD
                                  ? packet->size + WIRE_HEAD
                                  : UINT32_MAX);
    monitor_store(data, &packet->header);
    vsk_header_encode(&packet->header, data + VSK_CAPTURE_MONITOR);
    vsk_packet_read(packet, 0, data + WIRE_HEAD, size - WIRE_HEAD);
    memset(data + size, 0, padded(size) - size);
    if (comment_size != 0) {
        memset(option, 0, 8 + padded(comment_size));
        vsk_le_store16(option, 1); /* opt_comment */
        vsk_le_store16(option + 2, comment_size);
        memcpy(option + 4, comment, comment_size);
    }
    vsk_le_store32(wire + bytes - 4, bytes);
    return VSK_OK;
}

vsk_status
vsk_capture_packet(const vsk_capture_record *record, vsk_packet *packet,
                   bool *cut)
{
    uint8_t *wire;
    uint32_t size;
    vsk_status status;

    if (record->link != VSK_CAPTURE_LINK)
        return VSK_NONE;
    if (record->size < VSK_CAPTURE_MONITOR)
        return VSK_BAD_CAPTURE;
    if (vsk_le_load16(record->data + 26) != VIRTIO)
        return VSK_NONE;
    if (vsk_le_load16(record->data + 28) != VSK_HEADER_SIZE)
        return VSK_BAD_CAPTURE;
    wire = record->data + VSK_CAPTURE_MONITOR;
    size = record->size - VSK_CAPTURE_MONITOR;
    status = vsk_packet_parse(packet, wire, size, UINT32_MAX);
    if (status == VSK_BAD_LEN && record->size < record->original) {
        vsk_packet_init(packet, wire + VSK_HEADER_SIZE, size - VSK_HEADER_SIZE);
        vsk_header_decode(&packet->header, wire);
        *cut = true;
        return VSK_OK;
    }
    if (status == VSK_OK)
        *cut = false;
    return status;
}
