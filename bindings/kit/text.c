/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stdlib.h>

#include "kit/kit.h"

typedef size_t (*header_writer)(const vsk_header *, char *, size_t);
typedef size_t (*chain_writer)(const vsk_chain *, char *, size_t);

static char *
header_text(header_writer write, const vsk_header *header)
{
    size_t size = write(header, NULL, 0) + 1;
    char *text = malloc(size);

    if (text != NULL)
        write(header, text, size);
    return text;
}

static char *
chain_text(chain_writer write, const vsk_chain *chain)
{
    size_t size = write(chain, NULL, 0) + 1;
    char *text = malloc(size);

    if (text != NULL)
        write(chain, text, size);
    return text;
}

char *
kit_text_packet(const vsk_header *header)
{
    return header_text(vsk_text_header, header);
}

char *
kit_text_fields(const vsk_header *header)
{
    return header_text(vsk_text_fields, header);
}

char *
kit_text_chain(const kit_chain *chain)
{
    return chain_text(vsk_text_chain, &chain->chain);
}

char *
kit_text_drawing(const kit_chain *chain)
{
    return chain_text(vsk_text_drawing, &chain->chain);
}

void
kit_explain(kit_why *why, vsk_status status, const vsk_chain *chain)
{
    vsk_text_reason(status, chain, why->text, sizeof why->text);
}
