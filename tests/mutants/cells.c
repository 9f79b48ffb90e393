/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* conn_rules.c with a table that can be changed: VSK_CELL="state input field
 * value" changes one field of one cell before main; VSK_CELL=list prints them
 * all. */
#include RULES_C

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
list(void)
{
    for (int state = 0; state < STATES; state++)
        for (int in = 0; in < CONN_INPUTS; in++) {
            const vsk_conn_rule *cell = &RULES[state][in];

            printf("%d %d %d %d %d %d\n", state, in, cell->next, cell->reason,
                   cell->actions, cell->status);
        }
    exit(0);
}

__attribute__((constructor)) static void
change(void)
{
    const char *wish = getenv("VSK_CELL");
    int state, in, value;
    char field[16];

    if (wish == NULL)
        return;
    if (strcmp(wish, "list") == 0)
        list();
    if (sscanf(wish, "%d %d %15s %d", &state, &in, field, &value) != 4)
        abort();
    if (strcmp(field, "next") == 0)
        RULES[state][in].next = (uint8_t)value;
    if (strcmp(field, "reason") == 0)
        RULES[state][in].reason = (uint8_t)value;
    if (strcmp(field, "actions") == 0)
        RULES[state][in].actions = (uint16_t)value;
    if (strcmp(field, "status") == 0)
        RULES[state][in].status = (int16_t)value;
}
