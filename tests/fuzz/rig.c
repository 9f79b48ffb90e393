/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "rig.h"

#include <sys/mman.h>

#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#include <sanitizer/msan_interface.h>
#define FUZZ_MSAN
#endif
#endif

#define LINE 64u
#define UNCHECKED __attribute__((no_sanitize("address", "undefined")))

_Noreturn void
fuzz_fail(const char *truth, const char *file, int line)
{
    fprintf(stderr, "%s:%d: not so: %s\n", file, line, truth);
    abort();
}

/* ---- the fuzzer's bytes ---- */

void
fuzz_take(struct fuzz_input *input, void *to, size_t size)
{
    size_t there = size < input->left ? size : input->left;

    if (there != 0)
        memcpy(to, input->at, there);
    memset((uint8_t *)to + there, 0, size - there);
    input->at += there;
    input->left -= there;
}

static uint64_t
number(struct fuzz_input *input, unsigned bytes)
{
    uint8_t wire[8];

    fuzz_take(input, wire, bytes);
    return fuzz_get(wire, bytes);
}

uint8_t
fuzz_u8(struct fuzz_input *input)
{
    return (uint8_t)number(input, 1);
}

uint16_t
fuzz_u16(struct fuzz_input *input)
{
    return (uint16_t)number(input, 2);
}

uint32_t
fuzz_u32(struct fuzz_input *input)
{
    return (uint32_t)number(input, 4);
}

uint64_t
fuzz_u64(struct fuzz_input *input)
{
    return number(input, 8);
}

uint32_t
fuzz_below(struct fuzz_input *input, uint32_t below)
{
    return fuzz_u8(input) % below;
}

uint32_t
fuzz_edge(struct fuzz_input *input)
{
    static const uint32_t edges[] = {0xff,       0x200,      0x1000,
                                     0xffff,     0x10000,    0x40000,
                                     0x7fffffff, 0x80000000, 0xffffffff};
    uint32_t choice = fuzz_u8(input);

    if (choice < 0xc0)
        return choice;
    if (choice < 0xe0)
        return fuzz_u16(input);
    if (choice == 0xe0)
        return fuzz_u32(input);
    return edges[choice % 9] - 1 + choice % 3;
}

uint64_t
fuzz_addr(struct fuzz_input *input)
{
    uint32_t choice = fuzz_u8(input);

    switch (choice & 7) {
    case 0:
        return FUZZ_DATA + (choice >> 3) * 16;
    case 1:
        return FUZZ_DATA + (fuzz_u16(input) & 0xfff);
    case 2:
        return FUZZ_NEXT - (choice >> 3);
    case 3:
        return FUZZ_NEXT + FUZZ_DATA_SIZE - (choice >> 3);
    case 4:
        return FUZZ_RINGS + (fuzz_u16(input) & (FUZZ_RINGS_SIZE - 1));
    case 5:
        return FUZZ_RINGS + FUZZ_RINGS_SIZE - (choice >> 3);
    case 6:
        return FUZZ_HUGE + (uint64_t)(choice >> 3) * 0x10000000;
    default:
        return fuzz_u64(input);
    }
}

vsk_buffer
fuzz_buffer(struct fuzz_input *input)
{
    uint32_t place = fuzz_u8(input), len = fuzz_u8(input);

    return (vsk_buffer){
        .addr = FUZZ_DATA + (place & 0x7f) * 28,
        .len = 2 * len,
        .write = (place & 0x80) != 0,
    };
}

/* ---- guest memory ---- */

static void
add_region(struct fuzz_memory *memory, uint32_t at, uint64_t addr,
           uint32_t size)
{
    memory->regions[at] = (vsk_region){addr, size, malloc(size)};
    memory->before[at] = malloc(size);
    memory->granted[at] = malloc(size);
    FUZZ_CHECK(memory->regions[at].base != NULL);
    FUZZ_CHECK(memory->before[at] != NULL && memory->granted[at] != NULL);
}

static void
make(struct fuzz_memory *memory)
{
    void *huge = mmap(NULL, FUZZ_HUGE_SIZE, PROT_READ,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    FUZZ_CHECK(huge != MAP_FAILED);
    add_region(memory, 0, FUZZ_RINGS, FUZZ_RINGS_SIZE);
    add_region(memory, 1, FUZZ_DATA, FUZZ_DATA_SIZE);
    add_region(memory, 2, FUZZ_NEXT, FUZZ_DATA_SIZE);
    memory->regions[FUZZ_REGIONS] =
        (vsk_region){FUZZ_HUGE, FUZZ_HUGE_SIZE, huge};
}

struct fuzz_memory *
fuzz_memory_begin(bool huge)
{
    static struct fuzz_memory memory;

    if (memory.regions[0].base == NULL)
        make(&memory);
    for (uint32_t i = 0; i < FUZZ_REGIONS; i++)
        memset(memory.regions[i].base, FUZZ_FILL, memory.regions[i].size);
    FUZZ_CHECK(vsk_memory_init(&memory.memory, memory.regions,
                               FUZZ_REGIONS + huge) == VSK_OK);
    return &memory;
}

uint8_t *
fuzz_at(const struct fuzz_memory *memory, uint64_t addr, uint64_t size)
{
    for (uint32_t i = 0; i < FUZZ_REGIONS; i++) {
        const vsk_region *region = &memory->regions[i];
        uint64_t offset = addr - region->addr;

        if (offset < region->size && size <= region->size - offset)
            return region->base + offset;
    }
    return NULL;
}

void
fuzz_memory_mark(struct fuzz_memory *memory)
{
    for (uint32_t i = 0; i < FUZZ_REGIONS; i++) {
        memcpy(memory->before[i], memory->regions[i].base,
               memory->regions[i].size);
        memset(memory->granted[i], 0, memory->regions[i].size);
    }
}

/* The part of a range that lies in a region, as an offset and a length. */
static uint64_t
clip(const vsk_region *region, uint64_t addr, uint64_t len, uint64_t *offset)
{
    uint64_t end = addr + len < addr ? UINT64_MAX : addr + len;
    uint64_t low = addr > region->addr ? addr : region->addr;
    uint64_t high = region->addr + region->size;

    if (end < high)
        high = end;
    *offset = low - region->addr;
    return low < high ? high - low : 0;
}

static void
set_granted(struct fuzz_memory *memory, uint64_t addr, uint64_t len, int value)
{
    for (uint32_t i = 0; i < FUZZ_REGIONS; i++) {
        uint64_t offset, part = clip(&memory->regions[i], addr, len, &offset);

        if (part != 0)
            memset(memory->granted[i] + offset, value, part);
    }
}

void
fuzz_memory_grant(struct fuzz_memory *memory, uint64_t addr, uint64_t len)
{
    set_granted(memory, addr, len, 1);
}

void
fuzz_memory_deny(struct fuzz_memory *memory, uint64_t addr, uint64_t len)
{
    set_granted(memory, addr, len, 0);
}

bool
fuzz_memory_granted(const struct fuzz_memory *memory, uint64_t addr,
                    uint64_t len)
{
    for (uint32_t i = 0; i < FUZZ_REGIONS; i++) {
        uint64_t offset, part = clip(&memory->regions[i], addr, len, &offset);

        if (part != 0 && memchr(memory->granted[i] + offset, 1, part) != NULL)
            return true;
    }
    return false;
}

/* A sanitizer's memcmp looks at the arguments for longer than at the bytes. */
UNCHECKED static bool
same_line(const uint8_t *a, const uint8_t *b)
{
    uint8_t differ = 0;

    for (uint32_t i = 0; i < LINE; i++)
        differ |= a[i] ^ b[i];
    return differ == 0;
}

/* Most lines are as they were: that is seen faster than byte by byte. */
static void
check_line(const uint8_t *before, const uint8_t *now, const uint8_t *granted)
{
    if (same_line(before, now))
        return;
    for (uint32_t i = 0; i < LINE; i++)
        FUZZ_CHECK(now[i] == before[i] || granted[i] != 0);
}

void
fuzz_memory_check(const struct fuzz_memory *memory)
{
    for (uint32_t i = 0; i < FUZZ_REGIONS; i++) {
        const vsk_region *region = &memory->regions[i];

        if (memcmp(memory->before[i], region->base, region->size) == 0)
            continue;
        for (uint64_t k = 0; k < region->size; k += LINE)
            check_line(memory->before[i] + k, region->base + k,
                       memory->granted[i] + k);
    }
}

void
fuzz_scribble(struct fuzz_memory *memory, struct fuzz_input *input,
              uint64_t addr, uint32_t size)
{
    uint32_t offset = fuzz_u16(input) % size;
    uint32_t len = 1 + fuzz_below(input, 16);
    uint8_t *at;

    if (len > size - offset)
        len = size - offset;
    at = fuzz_at(memory, addr + offset, len);
    FUZZ_CHECK(at != NULL);
    fuzz_take(input, at, len);
}

void
fuzz_poison(void *at, size_t size)
{
    memset(at, 0xC5, size);
#ifdef FUZZ_MSAN
    __msan_poison(at, size);
#endif
}

void
fuzz_shown(const void *at, size_t size)
{
#ifdef FUZZ_MSAN
    __msan_check_mem_is_initialized(at, size);
#endif
    (void)at;
    (void)size;
}
