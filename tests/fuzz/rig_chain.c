/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What a chain may be, found out from the bytes of its tables alone. */
#include "rig.h"

#include "vsk/text.h"

/* The descriptor that a span names; NULL where its table is no memory. */
static const uint8_t *
desc_of(const struct fuzz_memory *memory, const uint8_t *table, uint32_t size,
        const vsk_chain *chain, const vsk_span *span)
{
    if ((span->flags & VSK_SPAN_TABLE) == 0) {
        FUZZ_CHECK(span->slot < size);
        return table + VSK_DESC_SIZE * span->slot;
    }
    FUZZ_CHECK(chain->indirect);
    return fuzz_at(memory, chain->table + VSK_DESC_SIZE * span->slot,
                   VSK_DESC_SIZE);
}

static void
check_span(const struct fuzz_memory *memory, bool packed, const uint8_t *desc,
           const vsk_span *span)
{
    uint64_t addr = fuzz_get(desc, 8), len = fuzz_get(desc + 8, 4);
    /* A packed descriptor has its flags where a split one has next. */
    uint64_t flags = fuzz_get(desc + (packed ? 14 : 12), 2);
    uint8_t *at = fuzz_at(memory, span->addr, span->len);

    FUZZ_CHECK(span->len != 0);
    FUZZ_CHECK(span->addr - addr < len &&
               len - (span->addr - addr) >= span->len);
    FUZZ_CHECK((span->flags & VSK_SPAN_REST) != 0 || span->addr == addr);
    FUZZ_CHECK(span->base == at ||
               (at == NULL && span->addr - FUZZ_HUGE < FUZZ_HUGE_SIZE));
    FUZZ_CHECK(((flags & VSK_DESC_F_WRITE) != 0) ==
               ((span->flags & VSK_SPAN_WRITE) != 0));
    /* A packed ring's tables have no flag but WRITE; others are ignored. */
    FUZZ_CHECK((flags & VSK_DESC_F_INDIRECT) == 0 ||
               (packed && (span->flags & VSK_SPAN_TABLE) != 0));
}

void
fuzz_check_chain(const struct fuzz_memory *memory, bool packed,
                 const uint8_t *table, uint32_t size, const vsk_chain *chain)
{
    uint64_t readable = 0, writable = 0;

    FUZZ_CHECK(chain->count <= chain->capacity);
    FUZZ_CHECK(chain->read_count <= chain->count);
    for (uint32_t i = 0; i < chain->count; i++) {
        const vsk_span *span = &chain->spans[i];
        const uint8_t *desc = desc_of(memory, table, size, chain, span);
        bool write = (span->flags & VSK_SPAN_WRITE) != 0;

        /* Spans of FUZZ_HUGE may come from a table that is there. */
        if (desc != NULL)
            check_span(memory, packed, desc, span);
        FUZZ_CHECK(write == (i >= chain->read_count));
        *(write ? &writable : &readable) += span->len;
    }
    if (chain->status != VSK_OK)
        return;
    FUZZ_CHECK(chain->readable == readable);
    FUZZ_CHECK(chain->writable == writable);
    FUZZ_CHECK(readable + writable <= VSK_CHAIN_MAX);
}

uint32_t
fuzz_gather(const vsk_chain *chain, bool writable, uint8_t *to, uint32_t size)
{
    uint32_t first = writable ? chain->read_count : 0;
    uint32_t end = writable ? chain->count : chain->read_count;
    uint32_t done = 0;

    for (uint32_t i = first; i < end && done < size; i++) {
        const vsk_span *span = &chain->spans[i];
        uint32_t part = span->len < size - done ? span->len : size - done;

        memcpy(to + done, span->base, part);
        done += part;
    }
    return done;
}

void
fuzz_print_chain(const vsk_chain *chain)
{
    char text[700];

    (void)vsk_text_chain(chain, text, sizeof text);
    (void)vsk_text_drawing(chain, text, sizeof text);
    (void)vsk_text_drawing(chain, text, 20);
    (void)vsk_text_reason(chain->status, chain, text, sizeof text);
}
