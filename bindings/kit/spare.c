/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stdlib.h>

#include "kit/kit.h"

void *
kit_spare_take(kit_spare **list, size_t size)
{
    kit_spare *first = *list;

    if (first == NULL)
        return malloc(size);
    *list = first->next;
    return first;
}

void
kit_spare_keep(kit_spare **list, void *memory)
{
#ifdef __SANITIZE_ADDRESS__
    /* Kept memory is not watched for who still uses it. */
    (void)list;
    free(memory);
#else
    kit_spare *fresh = memory;

    fresh->next = *list;
    *list = fresh;
#endif
}

void
kit_spare_free(kit_spare **list)
{
    while (*list != NULL) {
        kit_spare *first = *list;

        *list = first->next;
        free(first);
    }
}
