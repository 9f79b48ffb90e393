/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "kit/rogue_parts.h"

#include <stdlib.h>
#include <string.h>

const kit_attack *
kit_attack_at(uint32_t index)
{
    const kit_attack *const tables[] = {kit_ring_attacks, kit_packet_attacks,
                                        kit_vhost_attacks, kit_guest_attacks};

    for (uint32_t i = 0; i < sizeof tables / sizeof *tables; i++)
        for (const kit_attack *attack = tables[i]; attack->name != NULL;
             attack++)
            if (index-- == 0)
                return attack;
    return NULL;
}

vsk_status
kit_attack_text(uint32_t index, kit_bytes *bytes)
{
    const kit_attack *attack = kit_attack_at(index);
    const char *words[8];
    const size_t count = sizeof words / sizeof *words;
    size_t size = 0;

    if (attack == NULL)
        return VSK_NONE;
    words[0] = attack->name;
    words[1] = attack->family;
    words[2] = attack->role;
    words[3] = attack->clauses;
    words[4] = attack->wanted;
    words[5] = attack->right;
    words[6] = attack->report;
    words[7] = attack->steps;
    for (size_t i = 0; i < count; i++)
        size += strlen(words[i]) + 1;
    bytes->data = malloc(size);
    if (bytes->data == NULL)
        return VSK_ERR_NOMEM;
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(words[i]) + 1;

        memcpy(bytes->data + bytes->size, words[i], length);
        bytes->size += length;
    }
    return VSK_OK;
}
