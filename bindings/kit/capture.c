/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "kit/capture.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM 4096u    /* bytes at first */
#define INTERFACES 4u /* entries at first */

vsk_status
kit_capture_new(kit_capture **capture)
{
    kit_capture *fresh = calloc(1, sizeof *fresh);
    vsk_capture_interface *interfaces = calloc(INTERFACES, sizeof *interfaces);
    uint8_t *data = malloc(ROOM);

    if (fresh == NULL || interfaces == NULL || data == NULL) {
        free(fresh);
        free(interfaces);
        free(data);
        return VSK_ERR_NOMEM;
    }
    vsk_capture_open(&fresh->capture, interfaces, INTERFACES);
    fresh->data = data;
    fresh->room = ROOM;
    *capture = fresh;
    return VSK_OK;
}

static void
drop(kit_capture *capture)
{
    free(capture->capture.interfaces);
    free(capture->data);
    capture->capture.interfaces = NULL;
    capture->data = NULL;
}

void
kit_capture_delete(kit_capture *capture)
{
    drop(capture);
    free(capture);
}

static vsk_status
check(const kit_capture *capture)
{
    return capture->closed ? VSK_ERR_CLOSED : VSK_OK;
}

vsk_status
kit_capture_close(kit_capture *capture)
{
    drop(capture);
    capture->closed = true;
    return VSK_OK;
}

vsk_status
kit_capture_feed(kit_capture *capture, const void *data, size_t size)
{
    size_t left = capture->end - capture->start;
    vsk_status status = check(capture);

    if (status != VSK_OK || size == 0)
        return status;
    if (size > SIZE_MAX / 4 - left)
        return VSK_ERR_NOMEM;
    if (capture->start != 0) {
        memmove(capture->data, capture->data + capture->start, left);
        capture->start = 0;
        capture->end = left;
    }
    if (left + size > capture->room) {
        size_t room = 2 * (left + size);
        uint8_t *grown = realloc(capture->data, room);

        if (grown == NULL)
            return VSK_ERR_NOMEM;
        capture->data = grown;
        capture->room = room;
    }
    memcpy(capture->data + left, data, size);
    capture->end += size;
    return VSK_OK;
}

vsk_status
kit_capture_wanted(const kit_capture *capture, uint64_t *count)
{
    size_t left = capture->end - capture->start;

    *count =
        capture->capture.wanted > left ? capture->capture.wanted - left : 1;
    return check(capture);
}

/* A file may have any number of interfaces; each took bytes of it. */
static vsk_status
grow(vsk_capture *capture)
{
    uint32_t capacity = 2 * capture->capacity;
    vsk_capture_interface *grown;

    if (capacity < capture->capacity)
        return VSK_ERR_NOMEM;
    grown = realloc(capture->interfaces, capacity * sizeof *grown);
    if (grown == NULL)
        return VSK_ERR_NOMEM;
    capture->interfaces = grown;
    capture->capacity = capacity;
    return VSK_OK;
}

/* Say a rule, and at which record and byte of the file it was broken. */
static vsk_status
blame(kit_why *why, vsk_status status, uint64_t number, uint64_t offset)
{
    (void)snprintf(why->text, sizeof why->text,
                   "record %" PRIu64 ", byte %" PRIu64 ": ", number, offset);
    vsk_text_reason(status, NULL, why->text + strlen(why->text),
                    sizeof why->text - strlen(why->text));
    return status;
}

static vsk_status
next_record(kit_capture *capture, vsk_capture_record *record)
{
    vsk_capture *reader = &capture->capture;
    vsk_status status;

    do {
        status = vsk_capture_next(reader, capture->data + capture->start,
                                  capture->end - capture->start, record);
        capture->start += (size_t)reader->taken;
        capture->offset += reader->taken;
        if (status == VSK_ERR_TABLE && grow(reader) != VSK_OK)
            return VSK_ERR_NOMEM;
    } while (status == VSK_ERR_TABLE);
    return status;
}

static vsk_status
copy_packet(const vsk_packet *packet, bool cut, kit_packet **copy)
{
    kit_block *block = kit_block_new(packet->size);
    kit_packet *fresh = NULL;

    if (block == NULL || kit_packet_new(&fresh) != VSK_OK) {
        kit_block_unref(block);
        return VSK_ERR_NOMEM;
    }
    vsk_packet_read(packet, 0, block->data, packet->size);
    vsk_packet_init(&fresh->packet, block->data, packet->size);
    fresh->packet.header = packet->header;
    fresh->len_set = cut;
    fresh->storage = block;
    *copy = fresh;
    return VSK_OK;
}

vsk_status
kit_capture_next(kit_capture *capture, kit_record *record, kit_why *why)
{
    vsk_capture_record found = {0};
    vsk_packet packet;
    vsk_status status = check(capture);
    bool cut = false;

    while (status == VSK_OK) {
        status = next_record(capture, &found);
        if (status < 0 && status != VSK_ERR_NOMEM)
            return blame(why, status, capture->records + 1, capture->offset);
        if (status != VSK_OK)
            return status;
        capture->records++;
        status = vsk_capture_packet(&found, &packet, &cut);
        if (status < 0)
            return blame(why, status, capture->records,
                         capture->offset - capture->start +
                             (uint64_t)(found.data - capture->data));
        if (status == VSK_OK)
            break;
        capture->skipped++;
        status = VSK_OK;
    }
    if (status == VSK_OK)
        status = copy_packet(&packet, cut, &record->packet);
    if (status != VSK_OK)
        return status;
    record->time = found.time;
    record->comment = found.comment;
    record->comment_size = found.comment_size;
    record->cut = cut;
    return VSK_OK;
}

vsk_status
kit_capture_end(const kit_capture *capture, kit_why *why)
{
    size_t left = capture->end - capture->start;
    vsk_status status = check(capture);

    if (status != VSK_OK)
        return status;
    if (capture->capture.format != VSK_CAPTURE_START && left == 0)
        return VSK_OK;
    if (capture->offset == 0 && left == 0)
        (void)snprintf(why->text, sizeof why->text, "the file is empty");
    else
        (void)snprintf(why->text, sizeof why->text,
                       "record %" PRIu64 ", byte %" PRIu64
                       ": the file ends %zu bytes behind, in the middle",
                       capture->records + 1, capture->offset, left);
    return VSK_BAD_CAPTURE;
}

vsk_status
kit_capture_begin(const kit_capture *capture, kit_bytes *bytes)
{
    vsk_status status = check(capture);

    if (status != VSK_OK)
        return status;
    bytes->size = VSK_CAPTURE_HEAD;
    bytes->data = malloc(bytes->size);
    if (bytes->data == NULL)
        return VSK_ERR_NOMEM;
    return vsk_capture_begin(bytes->data, bytes->size);
}

vsk_status
kit_capture_encode(const kit_capture *capture, const kit_packet *packet,
                   uint64_t time, const void *comment, size_t size,
                   kit_bytes *bytes, kit_why *why)
{
    vsk_status status = check(capture);

    if (status == VSK_OK)
        status = kit_packet_live(packet);
    if (status != VSK_OK)
        return status;
    if (size > UINT16_MAX) {
        (void)snprintf(why->text, sizeof why->text,
                       "a comment has 65535 bytes at most, not %zu", size);
        return VSK_ERR_ARGUMENT;
    }
    bytes->size = (size_t)vsk_capture_bytes(&packet->packet, (uint16_t)size);
    bytes->data = malloc(bytes->size);
    if (bytes->data == NULL)
        return VSK_ERR_NOMEM;
    return vsk_capture_encode(&packet->packet, time, comment, (uint16_t)size,
                              bytes->data, bytes->size);
}
