/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "plan.h"

#define MOST 65536u

/* The place of a word in a list that NULL ends, or -1. */
static int
place(const char *word, const char *const *list)
{
    for (int i = 0; list[i] != NULL; i++)
        if (strcmp(word, list[i]) == 0)
            return i;
    return -1;
}

static bool
number(const char *word, uint32_t most, uint32_t *value)
{
    char *end;
    unsigned long read = strtoul(word, &end, 10);

    *value = (uint32_t)read;
    return end != word && *end == '\0' && read <= most;
}

static bool
either(const char *word, const char *no, const char *yes, bool *value)
{
    *value = strcmp(word, yes) == 0;
    return *value || strcmp(word, no) == 0;
}

static bool
option(struct plan *plan, const char *name, const char *value)
{
    static const char *const sides[] = {"vsk", "bound", NULL};
    int found;

    if (strcmp(name, "ring") == 0)
        return either(value, "split", "packed", &plan->packed);
    if (strcmp(name, "events") == 0)
        return either(value, "off", "on", &plan->event_idx);
    if (strcmp(name, "publish") == 0)
        return either(value, "single", "batched", &plan->batched);
    if (strcmp(name, "sum") == 0)
        return either(value, "some", "all", &plan->check);
    if (strcmp(name, "regions") == 0)
        return number(value, 8, &plan->regions) && plan->regions != 0;
    if (strcmp(name, "batches") == 0)
        return number(value, UINT32_MAX, &plan->batches);
    if (strcmp(name, "ms") == 0)
        return number(value, UINT32_MAX, &plan->ms);
    if (strcmp(name, "image") == 0) {
        plan->image = value;
        return true;
    }
    found = place(value, sides);
    plan->side = (enum plan_side)found;
    return strcmp(name, "side") == 0 && found >= 0;
}

bool
plan_read(struct plan *plan, int argc, char **argv)
{
    static const char *const cuts[] = {"one", "two", "indirect", "five", NULL};
    int cut;

    *plan = (struct plan){.event_idx = true, .regions = 1, .ms = 20};
    if (argc < 5 || !either(argv[1], "tx", "rx", &plan->rx) ||
        (cut = place(argv[2], cuts)) < 0 ||
        !number(argv[3], MOST, &plan->payload) ||
        !either(argv[4], "untouched", "copied", &plan->copied))
        return false;
    plan->cut = (enum plan_cut)cut;
    for (int i = 5; i < argc; i++) {
        char *value = strchr(argv[i], '=');

        if (value == NULL)
            return false;
        *value++ = '\0';
        if (!option(plan, argv[i], value))
            return false;
    }
    /* The bound knows one model of a chain, one ring, one region. */
    return plan->side != SIDE_BOUND ||
           (plan->cut == CUT_TWO && !plan->packed && plan->regions == 1);
}
