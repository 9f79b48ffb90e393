/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vsk/text.h"

#include "vsk/print.h"

static void
put_name(vsk_print *out, const char *name, const char *kind, uint64_t value)
{
    if (name != NULL) {
        vsk_print_words(out, name);
        return;
    }
    vsk_print_words(out, kind);
    vsk_print_char(out, '(');
    vsk_print_decimal(out, value);
    vsk_print_char(out, ')');
}

static void
put_flags(vsk_print *out, const vsk_header *header)
{
    uint32_t rest = header->flags;
    const char *separator = "";

    for (uint32_t mask = 1; mask != 0; mask <<= 1) {
        const char *name = vsk_header_flag_name(header, mask);

        if ((rest & mask) == 0 || name == NULL)
            continue;
        vsk_print_words(out, separator);
        vsk_print_words(out, name);
        separator = "|";
        rest &= ~mask;
    }
    if (rest != 0) {
        vsk_print_words(out, separator);
        vsk_print_hex(out, rest);
    }
}

static void
put_address(vsk_print *out, uint64_t cid, uint32_t port)
{
    vsk_print_decimal(out, cid);
    vsk_print_char(out, ':');
    vsk_print_decimal(out, port);
}

size_t
vsk_text_header(const vsk_header *header, char *text, size_t size)
{
    vsk_print out = {text, size, 0};

    put_address(&out, header->src_cid, header->src_port);
    vsk_print_words(&out, " > ");
    put_address(&out, header->dst_cid, header->dst_port);
    vsk_print_char(&out, ' ');
    put_name(&out, vsk_type_name(header->type), "type", header->type);
    vsk_print_char(&out, ' ');
    put_name(&out, vsk_op_name(header->op), "op", header->op);
    if (header->flags != 0) {
        vsk_print_char(&out, ' ');
        put_flags(&out, header);
    }
    vsk_print_words(&out, " len=");
    vsk_print_decimal(&out, header->len);
    vsk_print_words(&out, " buf_alloc=");
    vsk_print_decimal(&out, header->buf_alloc);
    vsk_print_words(&out, " fwd_cnt=");
    vsk_print_decimal(&out, header->fwd_cnt);
    return vsk_print_end(&out);
}

/* One line of the table; meaning comes after it. */
static void
put_field(vsk_print *out, uint32_t offset, uint32_t bits, const char *name,
          uint64_t value)
{
    size_t start;

    vsk_print_char(out, '\n');
    start = out->length;
    vsk_print_char(out, ' ');
    vsk_print_decimal(out, offset);
    vsk_print_column(out, start, 8);
    vsk_print_decimal(out, bits / 8);
    vsk_print_column(out, start, 14);
    vsk_print_words(out, name);
    vsk_print_column(out, start, 25);
    vsk_print_decimal(out, value);
    vsk_print_column(out, start, 38);
}

size_t
vsk_text_fields(const vsk_header *header, char *text, size_t size)
{
    vsk_print out = {text, size, 0};

    vsk_print_words(&out, "offset  size  field      value        meaning");
#define FIELD(name, bits, offset, words)                                       \
    put_field(&out, offset, bits, #name, header->name);                        \
    if ((offset) == 28)                                                        \
        put_name(&out, vsk_type_name(header->type), "unknown type",            \
                 header->type);                                                \
    else if ((offset) == 30)                                                   \
        put_name(&out, vsk_op_name(header->op), "unknown op", header->op);     \
    else if ((offset) == 32 && header->flags != 0)                             \
        put_flags(&out, header);                                               \
    else                                                                       \
        vsk_print_words(&out, words);
    VSK_HEADER_TABLE(FIELD)
#undef FIELD
    return vsk_print_end(&out);
}

/* Where a chain broke, as far as its status has a place. */
static void
put_place(vsk_print *out, const vsk_chain *chain)
{
    vsk_print_words(out, " (");
    if (chain->indirect) {
        vsk_print_words(out, "table ");
        vsk_print_hex(out, chain->table);
        vsk_print_char(out, ' ');
    }
    vsk_print_words(out, "descriptor ");
    vsk_print_decimal(out, chain->slot);
    if (chain->status != VSK_BAD_NEXT && chain->status != VSK_BAD_LOOP) {
        vsk_print_words(out, ": ");
        vsk_print_hex(out, chain->desc.addr);
        vsk_print_char(out, '+');
        vsk_print_decimal(out, chain->desc.len);
    }
    vsk_print_char(out, ')');
}

/* A rule that the chain breaks as a whole. */
static void
put_whole(vsk_print *out, const vsk_chain *chain)
{
    vsk_print_words(out, " (chain ");
    vsk_print_decimal(out, chain->head);
    vsk_print_words(out, ", readable ");
    vsk_print_decimal(out, chain->readable);
    vsk_print_words(out, ", writable ");
    vsk_print_decimal(out, chain->writable);
    vsk_print_char(out, ')');
}

static void
put_reason(vsk_print *out, vsk_status status, const vsk_chain *chain)
{
    const char *clause = vsk_status_clause(status);

    vsk_print_words(out, vsk_status_text(status));
    if (chain != NULL && chain->status == status && status != VSK_OK)
        put_place(out, chain);
    else if (chain != NULL)
        put_whole(out, chain);
    if (clause[0] != '\0') {
        vsk_print_words(out, " [");
        vsk_print_words(out, clause);
        vsk_print_char(out, ']');
    }
}

size_t
vsk_text_reason(vsk_status status, const vsk_chain *chain, char *text,
                size_t size)
{
    vsk_print out = {text, size, 0};

    put_reason(&out, status, chain);
    return vsk_print_end(&out);
}

static void
put_parts(vsk_print *out, const vsk_chain *chain)
{
    if (chain->readable != 0 || chain->writable == 0) {
        vsk_print_words(out, " readable ");
        vsk_print_decimal(out, chain->readable);
    }
    if (chain->readable != 0 && chain->writable != 0)
        vsk_print_char(out, ',');
    if (chain->writable != 0) {
        vsk_print_words(out, " writable ");
        vsk_print_decimal(out, chain->writable);
    }
}

static void
put_title(vsk_print *out, const vsk_chain *chain)
{
    vsk_print_words(out, "chain ");
    vsk_print_decimal(out, chain->head);
    vsk_print_words(out, ": ");
    vsk_print_decimal(out, chain->buffers);
    vsk_print_words(out, chain->buffers == 1 ? " descriptor" : " descriptors");
    if (chain->indirect) {
        vsk_print_words(out, " in table ");
        vsk_print_hex(out, chain->table);
    }
    vsk_print_char(out, ',');
    put_parts(out, chain);
}

static void
put_bad(vsk_print *out, const vsk_chain *chain)
{
    vsk_print_words(out, vsk_status_name(chain->status));
    vsk_print_words(out, ": ");
    put_reason(out, chain->status, chain);
}

size_t
vsk_text_chain(const vsk_chain *chain, char *text, size_t size)
{
    vsk_print out = {text, size, 0};

    put_title(&out, chain);
    for (uint32_t i = 0; i < chain->count; i++) {
        const vsk_span *span = &chain->spans[i];

        vsk_print_words(&out, i == 0 ? ": " : ", ");
        vsk_print_words(&out,
                        (span->flags & VSK_SPAN_WRITE) != 0 ? "w " : "r ");
        vsk_print_hex(&out, span->addr);
        vsk_print_char(&out, '+');
        vsk_print_decimal(&out, span->len);
    }
    if (chain->status != VSK_OK) {
        vsk_print_words(&out, "; ");
        put_bad(&out, chain);
    }
    return vsk_print_end(&out);
}

/* Bytes first..first+len of a packet: which of them are header. */
static void
put_share(vsk_print *out, uint64_t first, uint64_t len)
{
    uint64_t header = first < 44 ? 44 - first : 0;

    if (header > len)
        header = len;
    if (header != 0) {
        vsk_print_words(out, "header ");
        vsk_print_decimal(out, first);
        vsk_print_words(out, "..");
        vsk_print_decimal(out, first + header - 1);
    }
    if (header != 0 && header < len)
        vsk_print_words(out, ", ");
    if (header < len) {
        vsk_print_words(out, "payload ");
        vsk_print_decimal(out, first + header - 44);
        vsk_print_words(out, "..");
        vsk_print_decimal(out, first + len - 45);
    }
}

static void
put_span(vsk_print *out, const vsk_span *span, uint64_t offset)
{
    size_t start;

    vsk_print_char(out, '\n');
    start = out->length;
    vsk_print_words(out, (span->flags & VSK_SPAN_TABLE) != 0 ? "  table["
                                                             : "  desc[");
    vsk_print_decimal(out, span->slot);
    vsk_print_words(out, (span->flags & VSK_SPAN_REST) != 0 ? "]+" : "]");
    vsk_print_column(out, start, 14);
    vsk_print_words(out, (span->flags & VSK_SPAN_WRITE) != 0 ? "w" : "r");
    vsk_print_column(out, start, 17);
    vsk_print_hex(out, span->addr);
    vsk_print_char(out, '+');
    vsk_print_decimal(out, span->len);
    vsk_print_column(out, start, 38);
    put_share(out, offset, span->len);
}

size_t
vsk_text_drawing(const vsk_chain *chain, char *text, size_t size)
{
    vsk_print out = {text, size, 0};
    uint64_t offset = 0;

    put_title(&out, chain);
    for (uint32_t i = 0; i < chain->count; i++) {
        /* The writable part is a packet of its own. */
        if (i == chain->read_count)
            offset = 0;
        put_span(&out, &chain->spans[i], offset);
        offset += chain->spans[i].len;
    }
    if (chain->status != VSK_OK) {
        vsk_print_words(&out, "\n  ");
        put_bad(&out, chain);
    }
    return vsk_print_end(&out);
}
