/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "kit/role.h"

#define LEAST 256u

void
kit_fifo_clear(kit_fifo *fifo)
{
    free(fifo->data);
    free(fifo->marks);
    *fifo = (kit_fifo){0};
}

/* Room for so many bytes more, the old ones moved to the front. */
static vsk_status
grow(kit_fifo *fifo, size_t more)
{
    size_t capacity = fifo->capacity != 0 ? fifo->capacity : LEAST;
    size_t part = fifo->capacity - fifo->first;
    uint8_t *data;

    if (more <= fifo->capacity - fifo->count)
        return VSK_OK;
    if (more > SIZE_MAX / 4 - fifo->count)
        return VSK_ERR_NOMEM;
    while (capacity < fifo->count + more)
        capacity *= 2;
    data = malloc(capacity);
    if (data == NULL)
        return VSK_ERR_NOMEM;
    if (part > fifo->count)
        part = fifo->count;
    if (fifo->count != 0) {
        memcpy(data, fifo->data + fifo->first, part);
        memcpy(data + part, fifo->data, fifo->count - part);
    }
    free(fifo->data);
    fifo->data = data;
    fifo->capacity = capacity;
    fifo->first = 0;
    return VSK_OK;
}

/* Room for one mark more. */
static vsk_status
grow_marks(kit_fifo *fifo)
{
    uint32_t capacity = fifo->mark_capacity != 0 ? fifo->mark_capacity * 2 : 16;
    kit_mark *marks;

    if (fifo->mark_count < fifo->mark_capacity)
        return VSK_OK;
    if (capacity > UINT32_MAX / 4)
        return VSK_ERR_NOMEM;
    marks = malloc(capacity * sizeof *marks);
    if (marks == NULL)
        return VSK_ERR_NOMEM;
    for (uint32_t i = 0; i < fifo->mark_count; i++)
        marks[i] = fifo->marks[(fifo->mark_first + i) % fifo->mark_capacity];
    free(fifo->marks);
    fifo->marks = marks;
    fifo->mark_capacity = capacity;
    fifo->mark_first = 0;
    return VSK_OK;
}

vsk_status
kit_fifo_add(kit_fifo *fifo, const vsk_packet *payload)
{
    vsk_status status = grow(fifo, payload->size);
    uint32_t part = payload->size;
    size_t at;

    if (status != VSK_OK || part == 0)
        return status;
    at = (fifo->first + fifo->count) % fifo->capacity;
    if (part > fifo->capacity - at)
        part = (uint32_t)(fifo->capacity - at);
    (void)vsk_packet_read(payload, 0, fifo->data + at, part);
    (void)vsk_packet_read(payload, part, fifo->data, payload->size - part);
    fifo->count += payload->size;
    return VSK_OK;
}

static kit_mark *
last_mark(const kit_fifo *fifo)
{
    uint32_t at =
        (fifo->mark_first + fifo->mark_count - 1) % fifo->mark_capacity;

    return &fifo->marks[at];
}

vsk_status
kit_fifo_add_message(kit_fifo *fifo, const vsk_packet *payload, uint32_t flags)
{
    bool goes_on =
        fifo->mark_count != 0 && (last_mark(fifo)->flags & VSK_SEQ_EOM) == 0;
    vsk_status status = grow_marks(fifo);

    if (status == VSK_OK)
        status = kit_fifo_add(fifo, payload);
    if (status != VSK_OK)
        return status;
    if (!goes_on) {
        fifo->mark_count++;
        *last_mark(fifo) = (kit_mark){0};
    }
    last_mark(fifo)->bytes += payload->size;
    last_mark(fifo)->flags = flags;
    last_mark(fifo)->empty =
        (flags & VSK_SEQ_EOM) != 0 && last_mark(fifo)->bytes == 0;
    if (last_mark(fifo)->empty)
        fifo->empty++;
    return VSK_OK;
}

uint64_t
kit_fifo_cost(const kit_fifo *fifo)
{
    return fifo->count + (uint64_t)fifo->mark_count * sizeof *fifo->marks;
}

bool
kit_fifo_message(const kit_fifo *fifo, uint32_t *bytes)
{
    const kit_mark *mark;

    if (fifo->mark_count == 0)
        return false;
    mark = &fifo->marks[fifo->mark_first];
    *bytes = mark->bytes;
    return (mark->flags & VSK_SEQ_EOM) != 0;
}

void
kit_fifo_spans(const kit_fifo *fifo, size_t bytes, vsk_span spans[2],
               uint32_t *count)
{
    size_t part = fifo->capacity - fifo->first;

    *count = 0;
    if (bytes == 0)
        return;
    if (part > bytes)
        part = bytes;
    spans[(*count)++] =
        (vsk_span){.base = fifo->data + fifo->first, .len = (uint32_t)part};
    if (part < bytes)
        spans[(*count)++] =
            (vsk_span){.base = fifo->data, .len = (uint32_t)(bytes - part)};
}

void
kit_fifo_drop(kit_fifo *fifo, size_t bytes)
{
    fifo->count -= bytes;
    fifo->first = fifo->count == 0 ? 0 : (fifo->first + bytes) % fifo->capacity;
    if (fifo->mark_count != 0)
        fifo->marks[fifo->mark_first].bytes -= (uint32_t)bytes;
}

void
kit_fifo_take(kit_fifo *fifo, uint8_t *data, size_t bytes)
{
    vsk_span spans[2];
    uint32_t count;

    kit_fifo_spans(fifo, bytes, spans, &count);
    for (uint32_t i = 0; i < count; i++) {
        memcpy(data, spans[i].base, spans[i].len);
        data += spans[i].len;
    }
    kit_fifo_drop(fifo, bytes);
}

void
kit_fifo_next(kit_fifo *fifo)
{
    if (fifo->marks[fifo->mark_first].empty)
        fifo->empty--;
    fifo->mark_first = (fifo->mark_first + 1) % fifo->mark_capacity;
    fifo->mark_count--;
}

void
kit_fifo_abandon(kit_fifo *fifo)
{
    if (fifo->mark_count == 0 || (last_mark(fifo)->flags & VSK_SEQ_EOM) != 0)
        return;
    fifo->count -= last_mark(fifo)->bytes;
    fifo->mark_count--;
}

vsk_status
kit_fifo_copy(kit_fifo *fifo, const kit_fifo *source)
{
    kit_fifo copy = *source;

    copy.data = source->capacity != 0 ? malloc(source->capacity) : NULL;
    copy.marks = source->mark_capacity != 0
                     ? malloc(source->mark_capacity * sizeof *copy.marks)
                     : NULL;
    if ((source->capacity != 0 && copy.data == NULL) ||
        (source->mark_capacity != 0 && copy.marks == NULL)) {
        free(copy.data);
        free(copy.marks);
        return VSK_ERR_NOMEM;
    }
    if (source->capacity != 0)
        memcpy(copy.data, source->data, source->capacity);
    if (source->mark_capacity != 0)
        memcpy(copy.marks, source->marks,
               source->mark_capacity * sizeof *copy.marks);
    *fifo = copy;
    return VSK_OK;
}
