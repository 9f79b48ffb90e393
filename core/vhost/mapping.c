/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/mapping.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vhost/guard.h"

/* ---- one mapping ---- */

/* Whether first + size stays within 2^64; the end may be 2^64 itself. */
static bool
ends(uint64_t first, uint64_t size)
{
    return size == 0 || first <= UINT64_MAX - (size - 1);
}

static bool
in_file(const vsk_shared_region *region, int fd)
{
    struct stat about;

    if (fstat(fd, &about) < 0 || about.st_size < 0)
        return false;
    return region->offset <= (uint64_t)about.st_size &&
           region->size <= (uint64_t)about.st_size - region->offset;
}

vsk_status
vsk_mapping_new(const vsk_shared_region *region, int fd, vsk_mapping **mapping)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t skip = region->offset % page;
    vsk_mapping *fresh;
    vsk_status status;

    if (region->size == 0 || region->size > SIZE_MAX / 2 ||
        !ends(region->guest, region->size) ||
        !ends(region->user, region->size) || !in_file(region, fd))
        return VSK_BAD_REGION;
    fresh = calloc(1, sizeof *fresh);
    if (fresh == NULL)
        return VSK_ERR_NOMEM;
    fresh->region = *region;
    fresh->references = 1;
    fresh->length = (size_t)(region->size + skip);
    fresh->start = mmap(NULL, fresh->length, PROT_READ | PROT_WRITE, MAP_SHARED,
                        fd, (off_t)(region->offset - skip));
    if (fresh->start == MAP_FAILED) {
        free(fresh);
        return VSK_BAD_REGION;
    }
    status = vsk_guard_watch(fresh->start, fresh->length, &fresh->guard);
    if (status != VSK_OK) {
        (void)munmap(fresh->start, fresh->length);
        free(fresh);
        return status;
    }
    fresh->base = (uint8_t *)fresh->start + skip;
    *mapping = fresh;
    return VSK_OK;
}

vsk_status
vsk_mapping_create(uint64_t guest, uint64_t size, int *fd,
                   vsk_mapping **mapping)
{
    const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
    vsk_shared_region region = {.guest = guest, .size = size};
    vsk_mapping *fresh = NULL;
    vsk_status status;
    int made;

    if (size == 0 || size % 4096 != 0 || guest % 4096 != 0 ||
        size > INT64_MAX || !ends(guest, size))
        return VSK_ERR_REGION;
    made = memfd_create("vsk", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (made < 0)
        return VSK_ERR_SYSTEM;
    status = ftruncate(made, (off_t)size) == 0 &&
                     fcntl(made, F_ADD_SEALS, seals) == 0
                 ? vsk_mapping_new(&region, made, &fresh)
                 : VSK_ERR_SYSTEM;
    if (status != VSK_OK) {
        (void)close(made);
        return status == VSK_BAD_REGION ? VSK_ERR_SYSTEM : status;
    }
    fresh->region.user = (uint64_t)(uintptr_t)fresh->base;
    *fd = made;
    *mapping = fresh;
    return VSK_OK;
}

vsk_mapping *
vsk_mapping_ref(vsk_mapping *mapping)
{
    mapping->references++;
    return mapping;
}

void
vsk_mapping_unref(vsk_mapping *mapping)
{
    if (mapping == NULL || --mapping->references != 0)
        return;
    vsk_guard_unwatch(mapping->guard);
    (void)munmap(mapping->start, mapping->length);
    free(mapping);
}

/* ---- the table ---- */

/* Two ranges that are not empty, and do not pass 2^64. */
static bool
overlap(uint64_t first, uint64_t size, uint64_t other, uint64_t other_size)
{
    return first <= other ? other - first < size : first - other < other_size;
}

vsk_status
vsk_mappings_add(vsk_mappings *mappings, vsk_mapping *mapping)
{
    const vsk_shared_region *region = &mapping->region;
    uint32_t at = 0;
    uint32_t behind;

    if (mappings->count == VSK_MAPPING_SLOTS)
        return VSK_ERR_TABLE;
    for (uint32_t i = 0; i < mappings->count; i++) {
        const vsk_shared_region *other = &mappings->slots[i]->region;

        if (overlap(region->guest, region->size, other->guest, other->size) ||
            overlap(region->user, region->size, other->user, other->size))
            return VSK_BAD_REGION;
        if (other->guest < region->guest)
            at = i + 1;
    }
    behind = mappings->count - at;
    memmove(&mappings->slots[at + 1], &mappings->slots[at],
            behind * sizeof *mappings->slots);
    memmove(&mappings->regions[at + 1], &mappings->regions[at],
            behind * sizeof *mappings->regions);
    mappings->slots[at] = mapping;
    mappings->regions[at] =
        (vsk_region){region->guest, region->size, mapping->base};
    mappings->count++;
    return VSK_OK;
}

vsk_status
vsk_mappings_remove(vsk_mappings *mappings, const vsk_shared_region *region)
{
    for (uint32_t i = 0; i < mappings->count; i++) {
        const vsk_shared_region *own = &mappings->slots[i]->region;
        uint32_t behind = mappings->count - i - 1;

        if (own->guest != region->guest || own->user != region->user ||
            own->size != region->size)
            continue;
        vsk_mapping_unref(mappings->slots[i]);
        memmove(&mappings->slots[i], &mappings->slots[i + 1],
                behind * sizeof *mappings->slots);
        memmove(&mappings->regions[i], &mappings->regions[i + 1],
                behind * sizeof *mappings->regions);
        mappings->count--;
        return VSK_OK;
    }
    return VSK_BAD_REGION;
}

void
vsk_mappings_clear(vsk_mappings *mappings)
{
    for (uint32_t i = 0; i < mappings->count; i++)
        vsk_mapping_unref(mappings->slots[i]);
    mappings->count = 0;
}

bool
vsk_mappings_are_cut(const vsk_mappings *mappings)
{
    for (uint32_t i = 0; i < mappings->count; i++)
        if (vsk_guard_is_cut(mappings->slots[i]->guard))
            return true;
    return false;
}

vsk_status
vsk_mappings_guest(const vsk_mappings *mappings, uint64_t user, uint64_t *guest)
{
    for (uint32_t i = 0; i < mappings->count; i++) {
        const vsk_shared_region *own = &mappings->slots[i]->region;

        if (user >= own->user && user - own->user < own->size) {
            *guest = own->guest + (user - own->user);
            return VSK_OK;
        }
    }
    return VSK_BAD_REGION;
}

vsk_status
vsk_mappings_user(const vsk_mappings *mappings, uint64_t guest, uint64_t *user)
{
    for (uint32_t i = 0; i < mappings->count; i++) {
        const vsk_shared_region *own = &mappings->slots[i]->region;

        if (guest >= own->guest && guest - own->guest < own->size) {
            *user = own->user + (guest - own->guest);
            return VSK_OK;
        }
    }
    return VSK_BAD_REGION;
}
