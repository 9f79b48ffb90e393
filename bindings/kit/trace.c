/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Entry n stands at n mod capacity. An entry's line, place and bytes are one
 * allocation, which the line begins. */
#include <stdlib.h>
#include <string.h>

#include "kit/host.h"
#include "vsk/capture.h"

#define ROOM 512u    /* bytes in which most texts fit */
#define ENTRIES 256u /* at first */
/* Held by entries at most; older ones go. */
#define BYTES (UINT64_C(256) << 20)

static kit_entry *
entry_of(const kit_trace *trace, uint64_t number)
{
    return &trace->entries[number % trace->capacity];
}

static void
drop_oldest(kit_trace *trace)
{
    trace->bytes -= entry_of(trace, trace->first)->held;
    free(entry_of(trace, trace->first)->line);
    trace->first++;
    trace->count--;
}

void
kit_trace_clear(kit_trace *trace)
{
    while (trace->count != 0)
        drop_oldest(trace);
    free(trace->entries);
    trace->entries = NULL;
    trace->capacity = 0;
}

/* Room for one entry more, below the limit. */
static bool
grow(kit_trace *trace)
{
    uint64_t capacity = trace->capacity != 0 ? 2 * trace->capacity : ENTRIES;
    kit_trace grown = *trace;

    if (trace->count < trace->capacity)
        return true;
    if (capacity > trace->limit)
        capacity = trace->limit;
    if (capacity > SIZE_MAX / sizeof(kit_entry))
        return false;
    grown.entries = malloc((size_t)capacity * sizeof *grown.entries);
    if (grown.entries == NULL)
        return false;
    grown.capacity = capacity;
    for (uint64_t i = 0; i < trace->count; i++)
        *entry_of(&grown, trace->first + i) =
            *entry_of(trace, trace->first + i);
    free(trace->entries);
    *trace = grown;
    return true;
}

typedef size_t (*writer)(const vsk_seen *seen, char *text, size_t size);

/* Write a text again where it did not fit into the room, else copy it. */
static void
write_text(writer write, const vsk_seen *seen, const char *room, char *text,
           size_t length)
{
    if (length < ROOM)
        memcpy(text, room, length + 1);
    else
        (void)write(seen, text, length + 1);
}

/* What was seen, but for texts and bytes. */
static kit_entry
facts_of(const vsk_seen *seen)
{
    bool chain = seen->kind == VSK_SEEN_PACKET || seen->kind == VSK_SEEN_USED ||
                 seen->kind == VSK_SEEN_REFUSED;

    return (kit_entry){
        .kind = seen->kind,
        .now = seen->now,
        .guest_cid = seen->guest_cid,
        .queue = seen->queue,
        .written = seen->written,
        .head = seen->head,
        .has_queue = chain || seen->kind == VSK_SEEN_KICK ||
                     seen->kind == VSK_SEEN_INTERRUPT ||
                     seen->kind == VSK_SEEN_RENEWED,
        .has_head = chain,
        .status = seen->kind == VSK_SEEN_REFUSED ? seen->status : VSK_OK,
    };
}

/* Where the first spans of the chain go, behind texts: aligned as a line is. */
static size_t
add_spans(kit_entry *entry, const vsk_seen *seen, size_t texts)
{
    size_t align = _Alignof(vsk_span);

    if (seen->chain != NULL)
        entry->span_count =
            seen->chain->count < KIT_SPANS ? seen->chain->count : KIT_SPANS;
    return (texts + align - 1) / align * align;
}

static void
copy_spans(kit_entry *entry, const vsk_seen *seen, size_t at)
{
    if (entry->span_count == 0)
        return;
    entry->spans = (vsk_span *)(void *)(entry->line + at);
    memcpy(entry->spans, seen->chain->spans,
           entry->span_count * sizeof *entry->spans);
}

/* A copy of what was seen; entry->line is NULL where memory is short. */
static void
copy_seen(kit_entry *entry, const vsk_seen *seen)
{
    char line[ROOM], place[ROOM];
    bool packet = seen->kind == VSK_SEEN_PACKET && seen->packet != NULL;
    size_t line_length = vsk_trace_line(seen, line, sizeof line);
    size_t place_length =
        packet ? vsk_trace_place(seen, place, sizeof place) : 0;
    size_t texts = line_length + 1 + place_length + 1;
    size_t spans;

    *entry = facts_of(seen);
    spans = add_spans(entry, seen, texts);
    texts = spans + entry->span_count * sizeof *entry->spans;
    if (packet && seen->packet->size > UINT32_MAX - VSK_HEADER_SIZE)
        return;
    if (packet)
        entry->size = VSK_HEADER_SIZE + seen->packet->size;
    /* Texts of a chain are as long as its descriptors are many. */
    if (entry->has_head)
        entry->held = texts + entry->size;
    entry->line = malloc(texts + entry->size);
    if (entry->line == NULL)
        return;
    write_text(vsk_trace_line, seen, line, entry->line, line_length);
    copy_spans(entry, seen, spans);
    if (!packet)
        return;
    entry->place = entry->line + line_length + 1;
    write_text(vsk_trace_place, seen, place, entry->place, place_length);
    entry->wire = (uint8_t *)entry->line + texts;
    (void)vsk_packet_encode(seen->packet, entry->wire, entry->size);
}

void
kit_trace_see(void *user, const vsk_seen *seen)
{
    kit_trace *trace = user;
    kit_entry entry;

    if (trace->limit == 0) {
        trace->first++;
        return;
    }
    copy_seen(&entry, seen);
    if (entry.line == NULL || (trace->count < trace->limit && !grow(trace))) {
        free(entry.line);
        trace->failed = true;
        return;
    }
    if (trace->host != NULL && entry.has_queue)
        kit_host_stand(trace->host, seen, &entry.stand);
    trace->bytes += entry.held;
    while (trace->count == trace->limit ||
           (trace->count != 0 && trace->bytes > BYTES))
        drop_oldest(trace);
    *entry_of(trace, trace->first + trace->count) = entry;
    trace->count++;
}

void
kit_trace_cut(kit_trace *trace, uint64_t end)
{
    while (trace->count != 0 && trace->first + trace->count > end) {
        kit_entry *newest = entry_of(trace, trace->first + trace->count - 1);

        trace->bytes -= newest->held;
        free(newest->line);
        trace->count--;
    }
    /* Of what is older than all that was kept nothing is left. */
    if (trace->first > end)
        trace->first = end;
}

const kit_entry *
kit_trace_at(const kit_trace *trace, uint64_t number)
{
    if (number < trace->first || number - trace->first >= trace->count)
        return NULL;
    return entry_of(trace, number);
}

/* The packet of an entry that has one; borrows the entry's bytes. */
static vsk_packet
packet_of(const kit_entry *entry)
{
    vsk_packet packet;

    vsk_packet_init(&packet, entry->wire + VSK_HEADER_SIZE,
                    entry->size - VSK_HEADER_SIZE);
    vsk_header_decode(&packet.header, entry->wire);
    return packet;
}

vsk_status
kit_trace_packet(const kit_trace *trace, uint64_t number, kit_packet **packet)
{
    const kit_entry *entry = kit_trace_at(trace, number);
    kit_packet *fresh = NULL;
    vsk_header header;
    vsk_status status;

    if (entry == NULL || entry->wire == NULL)
        return VSK_NONE;
    status = kit_packet_new(&fresh);
    if (status != VSK_OK)
        return status;
    status = kit_packet_set_payload(fresh, entry->wire + VSK_HEADER_SIZE,
                                    entry->size - VSK_HEADER_SIZE);
    if (status != VSK_OK) {
        kit_packet_delete(fresh);
        return status;
    }
    vsk_header_decode(&header, entry->wire);
    fresh->packet.header = header;
    fresh->len_set = header.len != fresh->packet.size;
    *packet = fresh;
    return VSK_OK;
}

/* ---- all of it as bytes ---- */

/* A long chain's place is cut at what a comment holds. */
static uint16_t
comment_size(const kit_entry *entry)
{
    size_t length = strlen(entry->place);

    return (uint16_t)(length < UINT16_MAX ? length : UINT16_MAX);
}

static size_t
block_size(const kit_entry *entry)
{
    vsk_packet packet;

    if (entry->wire == NULL)
        return 0;
    packet = packet_of(entry);
    return (size_t)vsk_capture_bytes(&packet, comment_size(entry));
}

static vsk_status
write_block(const kit_entry *entry, uint64_t epoch, uint8_t *wire, size_t size)
{
    vsk_packet packet = packet_of(entry);

    return vsk_capture_encode(&packet, epoch + entry->now, entry->place,
                              comment_size(entry), wire, size);
}

vsk_status
kit_trace_pcapng(const kit_trace *trace, uint64_t number, bool head,
                 kit_bytes *bytes)
{
    uint64_t end = trace->first + trace->count;
    uint64_t begin = number > trace->first ? number : trace->first;
    size_t size = head ? VSK_CAPTURE_HEAD : 0;
    vsk_status status = VSK_OK;
    uint8_t *data;

    for (uint64_t i = begin; i < end; i++)
        size += block_size(entry_of(trace, i));
    data = malloc(size != 0 ? size : 1);
    if (data == NULL)
        return VSK_ERR_NOMEM;
    *bytes = (kit_bytes){data, size};
    if (head) {
        status = vsk_capture_begin(data, VSK_CAPTURE_HEAD);
        data += VSK_CAPTURE_HEAD;
    }
    for (uint64_t i = begin; i < end && status == VSK_OK; i++) {
        const kit_entry *entry = entry_of(trace, i);
        size_t block = block_size(entry);

        if (block != 0)
            status = write_block(entry, trace->epoch, data, block);
        data += block;
    }
    return status;
}

vsk_status
kit_trace_text(const kit_trace *trace, kit_bytes *bytes)
{
    uint64_t end = trace->first + trace->count;
    size_t size = 0;
    uint8_t *text;

    for (uint64_t i = trace->first; i < end; i++)
        size += strlen(entry_of(trace, i)->line) + 1;
    text = malloc(size != 0 ? size : 1);
    if (text == NULL)
        return VSK_ERR_NOMEM;
    *bytes = (kit_bytes){text, size};
    for (uint64_t i = trace->first; i < end; i++) {
        const char *line = entry_of(trace, i)->line;
        size_t length = strlen(line);

        memcpy(text, line, length);
        text[length] = '\n';
        text += length + 1;
    }
    return VSK_OK;
}
