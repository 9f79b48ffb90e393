/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vsk/text.h"

/* A text being written: cut at size, counted in full. */
typedef struct writer {
    char *text;
    size_t size;
    size_t length;
} writer;

static void
put_char(writer *out, char c)
{
    if (out->length + 1 < out->size)
        out->text[out->length] = c;
    out->length++;
}

static void
put(writer *out, const char *words)
{
    while (*words != '\0')
        put_char(out, *words++);
}

static void
put_number(writer *out, uint64_t value, uint32_t base)
{
    char digits[20];
    uint32_t count = 0;

    do {
        digits[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    while (count != 0)
        put_char(out, digits[--count]);
}

static void
put_decimal(writer *out, uint64_t value)
{
    put_number(out, value, 10);
}

static void
put_hex(writer *out, uint64_t value)
{
    put(out, "0x");
    put_number(out, value, 16);
}

/* Fill with blanks up to a column of the line that began at start. */
static void
put_column(writer *out, size_t start, size_t column)
{
    do
        put_char(out, ' ');
    while (out->length < start + column);
}

static size_t
finish(writer *out)
{
    if (out->size != 0)
        out->text[out->length < out->size ? out->length : out->size - 1] = '\0';
    return out->length;
}

static void
put_name(writer *out, const char *name, const char *kind, uint64_t value)
{
    if (name != NULL) {
        put(out, name);
        return;
    }
    put(out, kind);
    put_char(out, '(');
    put_decimal(out, value);
    put_char(out, ')');
}

static void
put_flags(writer *out, const vsk_header *header)
{
    uint32_t rest = header->flags;
    const char *separator = "";

    for (uint32_t mask = 1; mask != 0; mask <<= 1) {
        const char *name = vsk_header_flag_name(header, mask);

        if ((rest & mask) == 0 || name == NULL)
            continue;
        put(out, separator);
        put(out, name);
        separator = "|";
        rest &= ~mask;
    }
    if (rest != 0) {
        put(out, separator);
        put_hex(out, rest);
    }
}

static void
put_address(writer *out, uint64_t cid, uint32_t port)
{
    put_decimal(out, cid);
    put_char(out, ':');
    put_decimal(out, port);
}

size_t
vsk_text_header(const vsk_header *header, char *text, size_t size)
{
    writer out = {text, size, 0};

    put_address(&out, header->src_cid, header->src_port);
    put(&out, " > ");
    put_address(&out, header->dst_cid, header->dst_port);
    put_char(&out, ' ');
    put_name(&out, vsk_type_name(header->type), "type", header->type);
    put_char(&out, ' ');
    put_name(&out, vsk_op_name(header->op), "op", header->op);
    if (header->flags != 0) {
        put_char(&out, ' ');
        put_flags(&out, header);
    }
    put(&out, " len=");
    put_decimal(&out, header->len);
    put(&out, " buf_alloc=");
    put_decimal(&out, header->buf_alloc);
    put(&out, " fwd_cnt=");
    put_decimal(&out, header->fwd_cnt);
    return finish(&out);
}

/* One line of the table; meaning comes after it. */
static void
put_field(writer *out, uint32_t offset, uint32_t bits, const char *name,
          uint64_t value)
{
    size_t start;

    put_char(out, '\n');
    start = out->length;
    put_char(out, ' ');
    put_decimal(out, offset);
    put_column(out, start, 8);
    put_decimal(out, bits / 8);
    put_column(out, start, 14);
    put(out, name);
    put_column(out, start, 25);
    put_decimal(out, value);
    put_column(out, start, 38);
}

size_t
vsk_text_fields(const vsk_header *header, char *text, size_t size)
{
    writer out = {text, size, 0};

    put(&out, "offset  size  field      value        meaning");
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
        put(&out, words);
    VSK_HEADER_TABLE(FIELD)
#undef FIELD
    return finish(&out);
}

/* Where a chain broke, as far as its status has a place. */
static void
put_place(writer *out, const vsk_chain *chain)
{
    put(out, " (");
    if (chain->indirect) {
        put(out, "table ");
        put_hex(out, chain->table);
        put_char(out, ' ');
    }
    put(out, "descriptor ");
    put_decimal(out, chain->slot);
    if (chain->status != VSK_BAD_NEXT && chain->status != VSK_BAD_LOOP) {
        put(out, ": ");
        put_hex(out, chain->desc.addr);
        put_char(out, '+');
        put_decimal(out, chain->desc.len);
    }
    put_char(out, ')');
}

/* A rule that the chain breaks as a whole. */
static void
put_whole(writer *out, const vsk_chain *chain)
{
    put(out, " (chain ");
    put_decimal(out, chain->head);
    put(out, ", readable ");
    put_decimal(out, chain->readable);
    put(out, ", writable ");
    put_decimal(out, chain->writable);
    put_char(out, ')');
}

static void
put_reason(writer *out, vsk_status status, const vsk_chain *chain)
{
    const char *clause = vsk_status_clause(status);

    put(out, vsk_status_text(status));
    if (chain != NULL && chain->status == status && status != VSK_OK)
        put_place(out, chain);
    else if (chain != NULL)
        put_whole(out, chain);
    if (clause[0] != '\0') {
        put(out, " [");
        put(out, clause);
        put_char(out, ']');
    }
}

size_t
vsk_text_reason(vsk_status status, const vsk_chain *chain, char *text,
                size_t size)
{
    writer out = {text, size, 0};

    put_reason(&out, status, chain);
    return finish(&out);
}

static void
put_parts(writer *out, const vsk_chain *chain)
{
    if (chain->readable != 0 || chain->writable == 0) {
        put(out, " readable ");
        put_decimal(out, chain->readable);
    }
    if (chain->readable != 0 && chain->writable != 0)
        put_char(out, ',');
    if (chain->writable != 0) {
        put(out, " writable ");
        put_decimal(out, chain->writable);
    }
}

static void
put_title(writer *out, const vsk_chain *chain)
{
    put(out, "chain ");
    put_decimal(out, chain->head);
    put(out, ": ");
    put_decimal(out, chain->buffers);
    put(out, chain->buffers == 1 ? " descriptor" : " descriptors");
    if (chain->indirect) {
        put(out, " in table ");
        put_hex(out, chain->table);
    }
    put_char(out, ',');
    put_parts(out, chain);
}

static void
put_bad(writer *out, const vsk_chain *chain)
{
    put(out, vsk_status_name(chain->status));
    put(out, ": ");
    put_reason(out, chain->status, chain);
}

size_t
vsk_text_chain(const vsk_chain *chain, char *text, size_t size)
{
    writer out = {text, size, 0};

    put_title(&out, chain);
    for (uint32_t i = 0; i < chain->count; i++) {
        const vsk_span *span = &chain->spans[i];

        put(&out, i == 0 ? ": " : ", ");
        put(&out, (span->flags & VSK_SPAN_WRITE) != 0 ? "w " : "r ");
        put_hex(&out, span->addr);
        put_char(&out, '+');
        put_decimal(&out, span->len);
    }
    if (chain->status != VSK_OK) {
        put(&out, "; ");
        put_bad(&out, chain);
    }
    return finish(&out);
}

/* Bytes first..first+len of a packet: which of them are header. */
static void
put_share(writer *out, uint64_t first, uint64_t len)
{
    uint64_t header = first < 44 ? 44 - first : 0;

    if (header > len)
        header = len;
    if (header != 0) {
        put(out, "header ");
        put_decimal(out, first);
        put(out, "..");
        put_decimal(out, first + header - 1);
    }
    if (header != 0 && header < len)
        put(out, ", ");
    if (header < len) {
        put(out, "payload ");
        put_decimal(out, first + header - 44);
        put(out, "..");
        put_decimal(out, first + len - 45);
    }
}

static void
put_span(writer *out, const vsk_span *span, uint64_t offset)
{
    size_t start;

    put_char(out, '\n');
    start = out->length;
    put(out, (span->flags & VSK_SPAN_TABLE) != 0 ? "  table[" : "  desc[");
    put_decimal(out, span->slot);
    put(out, (span->flags & VSK_SPAN_REST) != 0 ? "]+" : "]");
    put_column(out, start, 14);
    put(out, (span->flags & VSK_SPAN_WRITE) != 0 ? "w" : "r");
    put_column(out, start, 17);
    put_hex(out, span->addr);
    put_char(out, '+');
    put_decimal(out, span->len);
    put_column(out, start, 38);
    put_share(out, offset, span->len);
}

size_t
vsk_text_drawing(const vsk_chain *chain, char *text, size_t size)
{
    writer out = {text, size, 0};
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
        put(&out, "\n  ");
        put_bad(&out, chain);
    }
    return finish(&out);
}
