/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/backlog.h"

#include <stdlib.h>
#include <string.h>

#define LEAST 4096u /* bytes of memory that are taken first */

/* Room for more bytes behind those that wait. */
static vsk_status
make_room(vsk_backlog *backlog, size_t more)
{
    size_t wanted = backlog->size + more;
    size_t capacity = backlog->capacity != 0 ? backlog->capacity : LEAST;
    uint8_t *bytes;

    if (backlog->capacity - backlog->first >= wanted)
        return VSK_OK;
    if (backlog->first != 0) {
        memmove(backlog->bytes, backlog->bytes + backlog->first, backlog->size);
        backlog->first = 0;
    }
    while (capacity < wanted)
        capacity *= 2;
    if (capacity == backlog->capacity)
        return VSK_OK;
    bytes = realloc(backlog->bytes, capacity);
    if (bytes == NULL)
        return VSK_ERR_NOMEM;
    backlog->bytes = bytes;
    backlog->capacity = capacity;
    return VSK_OK;
}

static uint8_t *
end(const vsk_backlog *backlog)
{
    return backlog->bytes + backlog->first + backlog->size;
}

vsk_status
vsk_backlog_add(vsk_backlog *backlog, const uint8_t *bytes, size_t size)
{
    vsk_status status = make_room(backlog, size);

    if (status != VSK_OK)
        return status;
    memcpy(end(backlog), bytes, size);
    backlog->size += size;
    return VSK_OK;
}

vsk_status
vsk_backlog_add_packet(vsk_backlog *backlog, const vsk_packet *packet,
                       uint32_t offset)
{
    uint32_t size = packet->size - offset;
    vsk_status status = make_room(backlog, size);

    if (status != VSK_OK)
        return status;
    backlog->size += vsk_packet_read(packet, offset, end(backlog), size);
    return VSK_OK;
}

/* ---- messages ---- */

static uint32_t
size_at(const vsk_backlog *backlog, size_t at)
{
    uint32_t size;

    memcpy(&size, backlog->bytes + backlog->first + at, sizeof size);
    return size;
}

vsk_status
vsk_backlog_add_part(vsk_backlog *backlog, const vsk_packet *packet,
                     bool complete)
{
    const uint32_t none = 0;
    uint32_t size;
    vsk_status status = make_room(backlog, sizeof none + packet->size);

    if (status != VSK_OK)
        return status;
    if (!backlog->open) {
        backlog->last = backlog->size;
        (void)vsk_backlog_add(backlog, (const uint8_t *)&none, sizeof none);
    }
    size = size_at(backlog, backlog->last) + packet->size;
    (void)vsk_backlog_add_packet(backlog, packet, 0);
    memcpy(backlog->bytes + backlog->first + backlog->last, &size, sizeof size);
    backlog->open = !complete;
    return VSK_OK;
}

const uint8_t *
vsk_backlog_message(const vsk_backlog *backlog, uint32_t *size)
{
    if (backlog->size == 0 || (backlog->open && backlog->last == 0))
        return NULL;
    *size = size_at(backlog, 0);
    return backlog->bytes + backlog->first + VSK_BACKLOG_HEAD;
}

uint32_t
vsk_backlog_cut(vsk_backlog *backlog)
{
    uint32_t size;

    if (!backlog->open)
        return 0;
    size = size_at(backlog, backlog->last);
    backlog->open = false;
    backlog->size = backlog->last;
    if (backlog->size == 0)
        vsk_backlog_clear(backlog);
    return size;
}

/* ---- both ---- */

const uint8_t *
vsk_backlog_bytes(const vsk_backlog *backlog)
{
    return backlog->bytes + backlog->first;
}

void
vsk_backlog_take(vsk_backlog *backlog, size_t size)
{
    backlog->first += size;
    backlog->size -= size;
    if (backlog->open)
        backlog->last -= size;
    if (backlog->size == 0)
        vsk_backlog_clear(backlog);
}

void
vsk_backlog_clear(vsk_backlog *backlog)
{
    free(backlog->bytes);
    *backlog = (vsk_backlog){0};
}
