/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "rig.h"

#include <cjson/cJSON.h>

static void
add_region(struct rig *rig, uint64_t addr, uint64_t size)
{
    uint8_t *base = malloc((size_t)size);

    assert_non_null(base);
    assert_true(rig->region_count < RIG_REGIONS);
    memset(base, RIG_FILL, size);
    rig->regions[rig->region_count++] = (vsk_region){addr, size, base};
}

void *
rig_zeroed(size_t count, size_t size)
{
    void *table = calloc(count, size);

    assert_non_null(table);
    return table;
}

/* Both ends of a ring at RIG_RING, once the regions are there. */
static void
begin(struct rig *rig, uint32_t size, uint64_t features)
{
    vsk_buffers_tables tables;

    assert_int_equal(
        vsk_memory_init(&rig->memory, rig->regions, rig->region_count), VSK_OK);
    rig->ring = (vsk_ring){.size = size, .features = features};
    vsk_ring_place(&rig->ring, RIG_RING);
    assert_int_equal(vsk_ring_map(&rig->ring, &rig->memory, &rig->parts),
                     VSK_OK);
    rig->slots = rig_zeroed(size, sizeof *rig->slots);
    assert_int_equal(vsk_queue_driver_init(&rig->driver, &rig->memory,
                                           &rig->ring, rig->slots),
                     VSK_OK);
    assert_int_equal(
        vsk_queue_device_init(&rig->device, &rig->memory, &rig->ring, NULL),
        VSK_OK);

    rig->capacity = 2 * size;
    rig->spans = rig_zeroed(rig->capacity, sizeof *rig->spans);
    vsk_chain_init(&rig->chain, rig->spans, rig->capacity);
    rig->ranges = rig_zeroed(size + RIG_REGIONS, sizeof *rig->ranges);
    assert_int_equal(vsk_pool_init(&rig->pool, &rig->memory, rig->ranges,
                                   size + RIG_REGIONS),
                     VSK_OK);
    assert_int_equal(
        vsk_pool_reserve(&rig->pool, RIG_RING, vsk_ring_bytes(&rig->ring)),
        VSK_OK);
    rig->records = rig_zeroed(2 * size, sizeof *rig->records);
    rig->scratch = rig_zeroed(size, sizeof *rig->scratch);
    tables = (vsk_buffers_tables){rig->records, 2 * size, rig->scratch};
    vsk_buffers_init(&rig->buffers, &rig->driver, &rig->memory, &rig->pool,
                     size, &tables);
}

uint64_t
rig_format(void)
{
    static const struct {
        const char *name;
        uint64_t features;
    } formats[] = {
        {"split", 0},
        {"packed", VSK_F_RING_PACKED},
        {"split-in-order", VSK_F_IN_ORDER},
        {"packed-in-order", VSK_F_RING_PACKED | VSK_F_IN_ORDER},
    };
    const char *name = getenv("VSK_RING");

    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (strcmp(name != NULL ? name : "split", formats[i].name) == 0)
            return formats[i].features;
    fail_msg("VSK_RING is no ring: %s", name);
    return 0;
}

struct rig *
rig_new(uint32_t size, uint64_t features)
{
    const vsk_ring ring = {.size = size, .features = features};
    struct rig *rig = rig_zeroed(1, sizeof *rig);

    add_region(rig, RIG_RING, vsk_ring_bytes(&ring));
    add_region(rig, RIG_DATA, RIG_DATA_SIZE);
    add_region(rig, RIG_NEXT, RIG_DATA_SIZE);
    add_region(rig, RIG_TABLE, 16 * ((uint64_t)size + 16));
    begin(rig, size, features);
    return rig;
}

static int
by_address(const void *one, const void *other)
{
    uint64_t a = ((const vsk_buffer *)one)->addr;
    uint64_t b = ((const vsk_buffer *)other)->addr;

    return a < b ? -1 : a > b;
}

struct rig *
rig_around(const struct rig_recorded *recorded)
{
    struct rig *rig = rig_zeroed(1, sizeof *rig);
    struct rig_recorded sorted = *recorded;
    uint32_t done = 0;

    qsort(sorted.list, sorted.count, sizeof sorted.list[0], by_address);
    add_region(rig, RIG_RING, 0x10000);
    for (uint32_t i = 0; i < sorted.count;) {
        uint64_t first = sorted.list[i].addr, end = first;

        /* A cluster: buffers that touch. */
        for (; i < sorted.count && sorted.list[i].addr <= end; i++)
            if (sorted.list[i].addr + sorted.list[i].len > end)
                end = sorted.list[i].addr + sorted.list[i].len;
        add_region(rig, first, end - first);
    }
    begin(rig, 256, VSK_F_INDIRECT_DESC);
    for (uint32_t i = 0; i < recorded->count && recorded->tx; i++) {
        const vsk_buffer *buffer = &recorded->list[i];

        assert_true(buffer->len <= recorded->size - done);
        memcpy(rig_at(rig, buffer->addr), recorded->bytes + done, buffer->len);
        done += buffer->len;
    }
    return rig;
}

uint16_t
rig_post(struct rig *rig, const struct rig_recorded *recorded)
{
    uint16_t head;

    assert_int_equal(
        vsk_buffers_add(&rig->buffers, recorded->list, recorded->count,
                        recorded->indirect ? recorded->count : 0, &head),
        VSK_OK);
    return head;
}

void
rig_free(struct rig *rig)
{
    for (uint32_t i = 0; i < rig->region_count; i++)
        free(rig->regions[i].base);
    free(rig->slots);
    free(rig->spans);
    free(rig->ranges);
    free(rig->records);
    free(rig->scratch);
    free(rig);
}

uint8_t *
rig_at(const struct rig *rig, uint64_t addr)
{
    for (uint32_t i = 0; i < rig->region_count; i++)
        if (addr - rig->regions[i].addr < rig->regions[i].size)
            return rig->regions[i].base + (addr - rig->regions[i].addr);
    fail_msg("the test uses address 0x%llx", (unsigned long long)addr);
    abort();
}

static uint64_t
get(const struct rig *rig, uint64_t addr, unsigned bytes)
{
    uint64_t value = 0;

    while (bytes-- > 0)
        value = value << 8 | *rig_at(rig, addr + bytes);
    return value;
}

static void
put(const struct rig *rig, uint64_t addr, unsigned bytes, uint64_t value)
{
    for (unsigned i = 0; i < bytes; i++)
        *rig_at(rig, addr + i) = (uint8_t)(value >> (8 * i));
}

uint16_t
rig_get16(const struct rig *rig, uint64_t addr)
{
    return (uint16_t)get(rig, addr, 2);
}

uint32_t
rig_get32(const struct rig *rig, uint64_t addr)
{
    return (uint32_t)get(rig, addr, 4);
}

void
rig_put16(const struct rig *rig, uint64_t addr, uint16_t value)
{
    put(rig, addr, 2, value);
}

void
rig_put32(const struct rig *rig, uint64_t addr, uint32_t value)
{
    put(rig, addr, 4, value);
}

uint64_t
rig_avail_flags(const struct rig *rig)
{
    return rig->ring.driver;
}

uint64_t
rig_avail_idx(const struct rig *rig)
{
    return rig->ring.driver + 2;
}

uint64_t
rig_avail_slot(const struct rig *rig, uint32_t slot)
{
    return rig->ring.driver + 4 + 2 * (uint64_t)slot;
}

uint64_t
rig_used_event(const struct rig *rig)
{
    return rig_avail_slot(rig, rig->ring.size);
}

uint64_t
rig_used_flags(const struct rig *rig)
{
    return rig->ring.device;
}

uint64_t
rig_used_idx(const struct rig *rig)
{
    return rig->ring.device + 2;
}

uint64_t
rig_used_slot(const struct rig *rig, uint32_t slot)
{
    return rig->ring.device + 4 + 8 * (uint64_t)slot;
}

uint64_t
rig_avail_event(const struct rig *rig)
{
    return rig_used_slot(rig, rig->ring.size);
}

void
rig_desc(const struct rig *rig, uint64_t table, uint32_t slot, uint64_t addr,
         uint32_t len, unsigned flags, uint16_t next)
{
    uint64_t at = table + 16 * (uint64_t)slot;

    put(rig, at, 8, addr);
    put(rig, at + 8, 4, len);
    put(rig, at + 12, 2, flags);
    put(rig, at + 14, 2, next);
}

uint16_t
rig_add(struct rig *rig, const vsk_buffer *buffers, uint32_t count,
        uint32_t indirect, uint64_t token)
{
    vsk_offer offer = {buffers, count, indirect, RIG_TABLE, token};
    uint16_t head = 0;

    assert_int_equal(vsk_queue_add(&rig->driver, &offer, &head), VSK_OK);
    return head;
}

uint16_t
rig_add_one(struct rig *rig, uint64_t token)
{
    vsk_buffer buffer = {RIG_DATA, 44, false};

    return rig_add(rig, &buffer, 1, 0, token);
}

vsk_chain *
rig_pop(struct rig *rig)
{
    assert_int_equal(vsk_queue_pop(&rig->device, &rig->chain), VSK_OK);
    assert_int_equal(rig->chain.status, VSK_OK);
    return &rig->chain;
}

vsk_status
rig_add_status(struct rig *rig, const vsk_buffer *buffers, uint32_t count,
               uint32_t indirect)
{
    const vsk_offer offer = {buffers, count, indirect, RIG_TABLE, 1};
    uint16_t head;

    return vsk_queue_add(&rig->driver, &offer, &head);
}

vsk_used
rig_reap(struct rig *rig)
{
    vsk_used used;

    assert_int_equal(vsk_queue_reap(&rig->driver, &used), VSK_OK);
    return used;
}

vsk_status
rig_reap_status(struct rig *rig)
{
    vsk_used used;

    return vsk_queue_reap(&rig->driver, &used);
}

void
rig_complete_one(struct rig *rig)
{
    assert_int_equal(vsk_queue_push(&rig->device, rig_pop(rig), 0), VSK_OK);
}

void
rig_assert_fill(const struct rig *rig, uint64_t addr, uint64_t len)
{
    for (uint64_t i = 0; i < len; i++)
        if (*rig_at(rig, addr + i) != RIG_FILL)
            fail_msg("byte 0x%llx was written", (unsigned long long)(addr + i));
}

void
rig_pattern(uint8_t *data, size_t size, uint8_t start)
{
    /* 251 is prime: the pattern does not repeat at powers of two. */
    for (size_t i = 0; i < size; i++)
        data[i] = (uint8_t)((start + i) % 251);
}

rig_random
rig_seed(void)
{
    rig_random seed = rig_setting("VSK_SEED", 20240501);

    printf("VSK_SEED=%llu\n", (unsigned long long)seed);
    /* The state must not be 0; seeds that differ in one bit must differ. */
    return (seed + 1) * 0x9e3779b97f4a7c15u | 1;
}

uint32_t
rig_draw(rig_random *random, uint32_t below)
{
    uint64_t x = *random;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *random = x;
    return (uint32_t)((x * 0x2545f4914f6cdd1du >> 32) * below >> 32);
}

uint64_t
rig_setting(const char *name, uint64_t without)
{
    const char *value = getenv(name);

    return value != NULL ? strtoull(value, NULL, 0) : without;
}

char *
rig_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    size_t size = 0, got;

    if (file == NULL)
        fail_msg("cannot open %s", path);
    do {
        text = realloc(text, size + 65536 + 1);
        assert_non_null(text);
        got = fread(text + size, 1, 65536, file);
        size += got;
    } while (got != 0);
    fclose(file);
    text[size] = '\0';
    return text;
}

char *
rig_vector(const char *name)
{
    char path[1024];

    snprintf(path, sizeof path, "%s/%s", VSK_VECTORS_DIR, name);
    return rig_file(path);
}

static const cJSON *
field(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

    if (item == NULL)
        fail_msg("a recorded chain without %s", name);
    return item;
}

static uint8_t
digit(char c)
{
    return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

bool
rig_recorded_next(const char **text, struct rig_recorded *recorded)
{
    const char *end;
    const cJSON *desc;
    cJSON *line = cJSON_ParseWithOpts(*text, &end, false);

    if (line == NULL)
        return false;
    *text = end;
    *recorded = (struct rig_recorded){
        .tx = strcmp(field(line, "queue")->valuestring, "tx") == 0,
        .indirect = cJSON_IsTrue(field(line, "indirect")),
        .head = (uint16_t)field(line, "head")->valueint,
    };
    cJSON_ArrayForEach(desc, field(line, "descs"))
    {
        vsk_buffer *buffer = &recorded->list[recorded->count++];

        assert_true(recorded->count <= 24);
        buffer->addr = (uint64_t)cJSON_GetArrayItem(desc, 0)->valuedouble;
        buffer->len = (uint32_t)cJSON_GetArrayItem(desc, 1)->valuedouble;
        buffer->write = cJSON_GetArrayItem(desc, 2)->valuestring[0] == 'w';
    }
    if (recorded->tx) {
        const char *hex = field(line, "bytes")->valuestring;

        recorded->size = (uint32_t)(strlen(hex) / 2);
        recorded->bytes = rig_zeroed(recorded->size, 1);
        for (uint32_t i = 0; i < recorded->size; i++)
            recorded->bytes[i] =
                (uint8_t)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
    }
    cJSON_Delete(line);
    return true;
}
