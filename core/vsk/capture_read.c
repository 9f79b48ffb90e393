/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vsk/capture.h"

#include "vsk/le.h"

#define MAGIC_MICRO 0xa1b2c3d4u
#define MAGIC_NANO 0xa1b23c4du
#define MAGIC_ORDER 0x1a2b3c4du
#define SECOND 1000000000u /* in nanoseconds */
#define PCAP_HEAD 24u      /* bytes of a pcap file's header */
#define PCAP_RECORD 16u    /* bytes in front of a record's data */

/* Types of pcapng blocks; a section's reads the same in either byte order. */
#define SECTION 0x0a0d0d0au
#define INTERFACE 1u
#define PACKET 6u

/* Bytes of the shortest block, and of the shortest of a type. */
#define SHORTEST 12u
#define SECTION_MIN 28u
#define INTERFACE_MIN 20u
#define PACKET_MIN 32u

/* Options. */
#define OPT_END 0u
#define OPT_COMMENT 1u
#define OPT_TSRESOL 9u
#define OPT_TSOFFSET 14u

/* An option's value; NULL where it is not there. */
struct option {
    uint8_t *value;
    uint16_t size;
};

static uint32_t
padded(uint32_t size)
{
    return (size + 3) & ~3u;
}

void
vsk_capture_open(vsk_capture *capture, vsk_capture_interface *interfaces,
                 uint32_t capacity)
{
    *capture = (vsk_capture){.interfaces = interfaces, .capacity = capacity};
}

static uint32_t
get32(const vsk_capture *capture, const uint8_t *at)
{
    return capture->big ? (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
                              (uint32_t)at[2] << 8 | at[3]
                        : vsk_le_load32(at);
}

static uint16_t
get16(const vsk_capture *capture, const uint8_t *at)
{
    if (capture->big)
        return (uint16_t)(at[0] << 8 | at[1]);
    return vsk_le_load16(at);
}

/* Two halves, the upper one first. */
static uint64_t
get_halves(const vsk_capture *capture, const uint8_t *at)
{
    return (uint64_t)get32(capture, at) << 32 | get32(capture, at + 4);
}

/* Walk all options; give the first of this code. Sizes are multiples of 4. */
static bool
find(const vsk_capture *capture, uint8_t *at, uint32_t size, uint16_t code,
     struct option *found)
{
    *found = (struct option){0};
    while (size != 0) {
        uint16_t here = get16(capture, at), bytes = get16(capture, at + 2);

        if (padded(bytes) > size - 4)
            return false;
        if (here == OPT_END)
            break;
        if (here == code && found->value == NULL)
            *found = (struct option){at + 4, bytes};
        at += 4 + padded(bytes);
        size -= 4 + padded(bytes);
    }
    return true;
}

static uint64_t
nanoseconds(const vsk_capture_interface *from, uint64_t ticks)
{
    uint32_t power = from->resolution & 0x7fu;
    uint64_t time = ticks, part;

    if ((from->resolution & 0x80u) == 0) {
        for (; power < 9; power++)
            time *= 10;
        for (; power > 9 && time != 0; power--)
            time /= 10;
    } else {
        part = power < 64 ? ticks & (((uint64_t)1 << power) - 1) : ticks;
        time = power < 64 ? (ticks >> power) * SECOND : 0;
        /* A fraction of 34 bits has room for the factor. */
        for (; power > 34; power--)
            part >>= 1;
        time += part * SECOND >> power;
    }
    return time + from->offset * SECOND;
}

static vsk_status
take_interface(vsk_capture *capture, uint8_t *at, uint32_t bytes)
{
    uint32_t size = bytes - INTERFACE_MIN;
    vsk_capture_interface entry = {.resolution = 6};
    struct option resolution, offset;

    if (bytes < INTERFACE_MIN ||
        !find(capture, at + 16, size, OPT_TSRESOL, &resolution) ||
        !find(capture, at + 16, size, OPT_TSOFFSET, &offset) ||
        (resolution.value != NULL && resolution.size != 1) ||
        (offset.value != NULL && offset.size != 8))
        return VSK_BAD_CAPTURE;
    entry.link = get16(capture, at + 8);
    if (resolution.value != NULL)
        entry.resolution = *resolution.value;
    if (offset.value != NULL)
        entry.offset = capture->big ? get_halves(capture, offset.value)
                                    : vsk_le_load64(offset.value);
    if (capture->count == capture->capacity)
        return VSK_ERR_TABLE;
    capture->interfaces[capture->count++] = entry;
    return VSK_NONE;
}

static vsk_status
take_packet(const vsk_capture *capture, uint8_t *at, uint32_t bytes,
            vsk_capture_record *record)
{
    const vsk_capture_interface *from;
    struct option comment;
    uint32_t size, original;

    if (bytes < PACKET_MIN || get32(capture, at + 8) >= capture->count)
        return VSK_BAD_CAPTURE;
    from = &capture->interfaces[get32(capture, at + 8)];
    size = get32(capture, at + 20);
    original = get32(capture, at + 24);
    if (size > bytes - PACKET_MIN || size > original ||
        !find(capture, at + 28 + padded(size),
              bytes - PACKET_MIN - padded(size), OPT_COMMENT, &comment))
        return VSK_BAD_CAPTURE;
    *record = (vsk_capture_record){
        .time = nanoseconds(from, get_halves(capture, at + 12)),
        .link = from->link,
        .original = original,
        .size = size,
        .comment_size = comment.size,
        .data = at + 28,
        .comment = (const char *)comment.value,
    };
    return VSK_OK;
}

static vsk_status
take_block(vsk_capture *capture, uint8_t *at, uint32_t bytes,
           vsk_capture_record *record)
{
    if (get32(capture, at + bytes - 4) != bytes)
        return VSK_BAD_CAPTURE;
    switch (get32(capture, at)) {
    case SECTION:
        if (bytes < SECTION_MIN || get16(capture, at + 12) != 1)
            return VSK_BAD_CAPTURE;
        capture->count = 0;
        return VSK_NONE;
    case INTERFACE:
        return take_interface(capture, at, bytes);
    case PACKET:
        return take_packet(capture, at, bytes, record);
    default:
        return VSK_NONE;
    }
}

/* The header of a pcap file: all that an interface of pcapng says. */
static vsk_status
take_head(vsk_capture *capture, const uint8_t *at)
{
    uint32_t magic;

    capture->big = at[0] == 0xa1;
    magic = get32(capture, at);
    if ((magic != MAGIC_MICRO && magic != MAGIC_NANO) ||
        get16(capture, at + 4) != 2)
        return VSK_BAD_CAPTURE;
    if (capture->capacity == 0)
        return VSK_ERR_TABLE;
    capture->format = VSK_CAPTURE_PCAP;
    capture->count = 1;
    capture->interfaces[0] = (vsk_capture_interface){
        .link = get32(capture, at + 20) & 0x0fffffff, /* above: FCS */
        .resolution = magic == MAGIC_NANO ? 9 : 6,
    };
    return VSK_NONE;
}

static vsk_status
take_record(const vsk_capture *capture, uint8_t *at, uint32_t bytes,
            vsk_capture_record *record)
{
    const vsk_capture_interface *from = capture->interfaces;
    uint64_t second = from->resolution == 9 ? SECOND : 1000000;
    uint32_t original = get32(capture, at + 12);

    if (bytes - PCAP_RECORD > original)
        return VSK_BAD_CAPTURE;
    *record = (vsk_capture_record){
        .time = nanoseconds(from, get32(capture, at) * second +
                                      get32(capture, at + 4)),
        .link = from->link,
        .original = original,
        .size = bytes - PCAP_RECORD,
        .data = at + PCAP_RECORD,
    };
    return VSK_OK;
}

/* Find the bytes of the pcapng block here, of which 12 are there. */
static vsk_status
measure_block(vsk_capture *capture, const uint8_t *at, uint32_t *bytes)
{
    if (vsk_le_load32(at) == SECTION) {
        capture->big = at[8] == 0x1a;
        if (get32(capture, at + 8) != MAGIC_ORDER)
            return VSK_BAD_CAPTURE;
        capture->format = VSK_CAPTURE_PCAPNG;
    }
    *bytes = get32(capture, at + 4);
    if (*bytes < SHORTEST || *bytes % 4 != 0 || *bytes > VSK_CAPTURE_BLOCK_MAX)
        return VSK_BAD_CAPTURE;
    return VSK_OK;
}

/* Find the bytes of what comes next, or the bytes needed to find them. */
static vsk_status
measure(vsk_capture *capture, const uint8_t *at, uint64_t left, uint32_t *bytes)
{
    static const uint8_t least[] = {PCAP_HEAD, PCAP_RECORD, SHORTEST};

    *bytes = least[capture->format];
    if (left < *bytes)
        return VSK_OK;
    if (capture->format == VSK_CAPTURE_PCAP) {
        if (get32(capture, at + 8) > VSK_CAPTURE_BLOCK_MAX - PCAP_RECORD)
            return VSK_BAD_CAPTURE;
        *bytes += get32(capture, at + 8);
        return VSK_OK;
    }
    if (capture->format == VSK_CAPTURE_START && vsk_le_load32(at) != SECTION)
        return VSK_OK;
    return measure_block(capture, at, bytes);
}

vsk_status
vsk_capture_next(vsk_capture *capture, uint8_t *data, uint64_t size,
                 vsk_capture_record *record)
{
    vsk_status status;

    capture->taken = capture->wanted = 0;
    do {
        uint8_t *at = data + capture->taken;
        uint64_t left = size - capture->taken;
        uint32_t bytes;

        status = measure(capture, at, left, &bytes);
        if (status != VSK_OK)
            return status;
        if (bytes > left) {
            capture->wanted = bytes;
            return VSK_NONE;
        }
        if (capture->format == VSK_CAPTURE_START)
            status = take_head(capture, at);
        else if (capture->format == VSK_CAPTURE_PCAP)
            status = take_record(capture, at, bytes, record);
        else
            status = take_block(capture, at, bytes, record);
        if (status >= VSK_OK)
            capture->taken += bytes;
    } while (status == VSK_NONE);
    return status;
}
