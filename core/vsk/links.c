/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vsk/links.h"

#include <string.h>

#define IN_LINES ((1u << VSK_LINES) - 1)

void
vsk_links_init(vsk_links *links, vsk_link *table, uint32_t capacity)
{
    links->links = table;
    memset(table, 0, capacity * sizeof *table);
    for (uint32_t i = 0; i < VSK_LINES; i++)
        links->lines[i] = (vsk_line){VSK_TABLE_NONE, VSK_TABLE_NONE};
}

void
vsk_links_begin(vsk_links *links, uint32_t slot)
{
    vsk_link *link = &links->links[slot];

    link->tells = 0;
    link->owes = 0;
    link->asked = 0;
    link->marks &= IN_LINES;
}

void
vsk_links_add(vsk_links *links, vsk_line_name line, uint32_t slot)
{
    vsk_link *link = &links->links[slot];
    vsk_line *found = &links->lines[line];

    if ((link->marks & 1u << line) != 0)
        return;
    link->marks |= (uint8_t)(1u << line);
    link->next[line] = VSK_TABLE_NONE;
    if (found->first == VSK_TABLE_NONE)
        found->first = slot;
    else
        links->links[found->last].next[line] = slot;
    found->last = slot;
}

uint32_t
vsk_links_first(const vsk_links *links, vsk_line_name line)
{
    return links->lines[line].first;
}

uint32_t
vsk_links_take(vsk_links *links, vsk_line_name line)
{
    uint32_t slot = links->lines[line].first;
    vsk_link *link = &links->links[slot];

    links->lines[line].first = link->next[line];
    link->marks &= (uint8_t) ~(1u << line);
    return slot;
}

void
vsk_links_owe(vsk_links *links, uint32_t slot, uint32_t owes)
{
    links->links[slot].owes |= (uint8_t)owes;
    if (owes != 0)
        vsk_links_add(links, VSK_LINE_OWING, slot);
}
