/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vsk/trace.h"

#include "vsk/print.h"
#include "vsk/text.h"

#define SECOND 1000000000u

const char *
vsk_queue_name(uint32_t queue)
{
    static const char *const names[] = {"rx", "tx", "event", "configuration"};

    return queue < sizeof names / sizeof names[0] ? names[queue] : "queue";
}

static void
put_queue(vsk_print *out, const vsk_seen *seen, const char *kind)
{
    vsk_print_words(out, vsk_queue_name(seen->queue));
    vsk_print_words(out, kind);
}

static void
put_head(vsk_print *out, const vsk_seen *seen)
{
    vsk_print_words(out, " head ");
    vsk_print_decimal(out, seen->head);
}

/* The lengths of the descriptors; a buffer that regions cut is one. */
static void
put_cut(vsk_print *out, const vsk_chain *chain)
{
    vsk_print_words(out, chain->indirect ? " indirect" : " direct");
    for (uint32_t i = 0; i < chain->count;) {
        uint64_t len = chain->spans[i].len;

        vsk_print_char(out, i == 0 ? ' ' : '+');
        for (i++;
             i < chain->count && (chain->spans[i].flags & VSK_SPAN_REST) != 0;
             i++)
            len += chain->spans[i].len;
        vsk_print_decimal(out, len);
    }
}

static void
put_place(vsk_print *out, const vsk_seen *seen)
{
    put_head(out, seen);
    if (seen->chain != NULL)
        put_cut(out, seen->chain);
}

static void
put_packet(vsk_print *out, const vsk_packet *packet)
{
    size_t size;
    char *text;

    if (packet == NULL)
        return;
    vsk_print_words(out, ": ");
    text = vsk_print_rest(out, &size);
    out->length += vsk_text_header(&packet->header, text, size);
}

static void
put_reason(vsk_print *out, const vsk_seen *seen)
{
    size_t size;
    char *text;

    /* Where there is a packet, it is to blame, and the chain is sound. */
    vsk_print_words(out, ": ");
    text = vsk_print_rest(out, &size);
    out->length += vsk_text_reason(
        seen->status, seen->packet == NULL ? seen->chain : NULL, text, size);
}

static void
put_words(vsk_print *out, const char *kind, const char *words)
{
    vsk_print_words(out, kind);
    if (words == NULL)
        return;
    vsk_print_char(out, ' ');
    vsk_print_words(out, words);
}

/* What a kick carries behind the queue (NOTIF-DRV-02). */
static void
put_data(vsk_print *out, uint32_t data)
{
    vsk_print_words(out, " next ");
    vsk_print_decimal(out, data >> 16 & 0x7fff);
    vsk_print_words(out, " wrap ");
    vsk_print_decimal(out, data >> 31);
}

static void
put_seen(vsk_print *out, const vsk_seen *seen)
{
    switch (seen->kind) {
    case VSK_SEEN_PACKET:
        put_queue(out, seen, " packet");
        put_place(out, seen);
        put_packet(out, seen->packet);
        break;
    case VSK_SEEN_USED:
        put_queue(out, seen, " used");
        put_head(out, seen);
        vsk_print_words(out, " written ");
        vsk_print_decimal(out, seen->written);
        break;
    case VSK_SEEN_KICK:
        put_queue(out, seen, " kick");
        if (seen->with_data)
            put_data(out, seen->written);
        break;
    case VSK_SEEN_INTERRUPT:
        put_queue(out, seen, " interrupt");
        break;
    case VSK_SEEN_TIMER:
        put_words(out, "timer", seen->words);
        break;
    case VSK_SEEN_EVENT:
        put_words(out, "event", "TRANSPORT_RESET");
        break;
    case VSK_SEEN_REFUSED:
        put_queue(out, seen, " refused");
        put_head(out, seen);
        put_reason(out, seen);
        put_packet(out, seen->packet);
        break;
    case VSK_SEEN_STATUS:
        vsk_print_words(out, "status 0x");
        vsk_print_digits(out, seen->written, 16, 2);
        break;
    case VSK_SEEN_RENEWED:
        put_queue(out, seen, " renewed size ");
        vsk_print_decimal(out, seen->written);
        break;
    case VSK_SEEN_FAULT:
        put_words(out, "fault", seen->words);
        break;
    }
}

size_t
vsk_trace_line(const vsk_seen *seen, char *text, size_t size)
{
    vsk_print out = {text, size, 0};

    vsk_print_decimal(&out, seen->now / SECOND);
    vsk_print_char(&out, '.');
    vsk_print_digits(&out, seen->now % SECOND, 10, 9);
    vsk_print_char(&out, ' ');
    vsk_print_decimal(&out, seen->guest_cid);
    vsk_print_char(&out, ' ');
    put_seen(&out, seen);
    return vsk_print_end(&out);
}

size_t
vsk_trace_place(const vsk_seen *seen, char *text, size_t size)
{
    vsk_print out = {text, size, 0};

    put_queue(&out, seen, "");
    put_place(&out, seen);
    return vsk_print_end(&out);
}

const char *
vsk_seen_name(uint32_t kind)
{
    switch (kind) {
#define CASE(name, words)                                                      \
    case VSK_SEEN_##name:                                                      \
        return #name;
        VSK_SEEN_TABLE(CASE)
#undef CASE
    default:
        return "UNKNOWN";
    }
}
