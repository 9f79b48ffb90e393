/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The fields of a ring as they stand in guest memory, under the names that the
 * specification has for them. Neither end of the queue hears of what is
 * written here. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kit/kit.h"
#include "vsk/le.h"

typedef enum area { DESC, DRIVER, DEVICE } area;

/* A field; where stride is not 0 there is one for each slot. One that is behind
 * has that offset from the end of the slots of its area. */
typedef struct ring_field {
    const char *name;
    area area;
    uint8_t offset;
    uint8_t bytes;
    uint8_t first; /* bit */
    uint8_t bits;
    uint8_t stride;
    uint8_t behind; /* bytes of a slot before it */
} ring_field;

static const ring_field SPLIT[] = {
    {"desc.addr", DESC, 0, 8, 0, 64, VSK_DESC_SIZE, 0},
    {"desc.len", DESC, 8, 4, 0, 32, VSK_DESC_SIZE, 0},
    {"desc.flags", DESC, 12, 2, 0, 16, VSK_DESC_SIZE, 0},
    {"desc.next", DESC, 14, 2, 0, 16, VSK_DESC_SIZE, 0},
    {"avail.flags", DRIVER, 0, 2, 0, 16, 0, 0},
    {"avail.idx", DRIVER, 2, 2, 0, 16, 0, 0},
    {"avail.ring", DRIVER, 4, 2, 0, 16, 2, 0},
    {"avail.used_event", DRIVER, 4, 2, 0, 16, 0, 2},
    {"used.flags", DEVICE, 0, 2, 0, 16, 0, 0},
    {"used.idx", DEVICE, 2, 2, 0, 16, 0, 0},
    {"used.ring.id", DEVICE, 4, 4, 0, 32, 8, 0},
    {"used.ring.len", DEVICE, 8, 4, 0, 32, 8, 0},
    {"used.avail_event", DEVICE, 4, 2, 0, 16, 0, 8},
};

static const ring_field PACKED[] = {
    {"desc.addr", DESC, 0, 8, 0, 64, VSK_DESC_SIZE, 0},
    {"desc.len", DESC, 8, 4, 0, 32, VSK_DESC_SIZE, 0},
    {"desc.id", DESC, 12, 2, 0, 16, VSK_DESC_SIZE, 0},
    {"desc.flags", DESC, 14, 2, 0, 16, VSK_DESC_SIZE, 0},
    {"driver_event.off", DRIVER, 0, 2, 0, 15, 0, 0},
    {"driver_event.wrap", DRIVER, 0, 2, 15, 1, 0, 0},
    {"driver_event.flags", DRIVER, 2, 2, 0, 16, 0, 0},
    {"device_event.off", DEVICE, 0, 2, 0, 15, 0, 0},
    {"device_event.wrap", DEVICE, 0, 2, 15, 1, 0, 0},
    {"device_event.flags", DEVICE, 2, 2, 0, 16, 0, 0},
};

#define COUNT(table) ((uint32_t)(sizeof(table) / sizeof(table)[0]))

static bool
is_packed(const kit_queue *queue)
{
    return (queue->ring.features & VSK_F_RING_PACKED) != 0;
}

static const ring_field *
fields_of(const kit_queue *queue, uint32_t *count)
{
    *count = is_packed(queue) ? COUNT(PACKED) : COUNT(SPLIT);
    return is_packed(queue) ? PACKED : SPLIT;
}

const char *
kit_queue_field(const kit_queue *queue, uint32_t index, bool *slots)
{
    uint32_t count;
    const ring_field *fields = fields_of(queue, &count);

    if (index >= count)
        return NULL;
    *slots = fields[index].stride != 0;
    return fields[index].name;
}

/* A mistake in words; names of scripts are cut where they are long. */
static vsk_status
refuse(kit_why *why, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    (void)vsnprintf(why->text, sizeof why->text, format, values);
    va_end(values);
    return VSK_ERR_ARGUMENT;
}

static vsk_status
unknown(const kit_queue *queue, const char *name, kit_why *why)
{
    uint32_t count;
    const ring_field *fields = fields_of(queue, &count);
    vsk_status status = refuse(why, "no field '%.20s' in a %s ring, but", name,
                               is_packed(queue) ? "packed" : "split");

    for (uint32_t i = 0; i < count; i++) {
        size_t used = strlen(why->text);

        (void)snprintf(why->text + used, sizeof why->text - used, "%s %s",
                       i == 0 ? "" : ",", fields[i].name);
    }
    return status;
}

/* Find a field, and where it stands in guest memory. */
static vsk_status
find(const kit_queue *queue, const char *name, uint32_t slot,
     const ring_field **found, uint64_t *addr, kit_why *why)
{
    const uint64_t areas[] = {queue->ring.desc, queue->ring.driver,
                              queue->ring.device};
    uint32_t size = queue->ring.size, count;
    const ring_field *one = fields_of(queue, &count);
    const ring_field *end = one + count;

    while (one != end && strcmp(one->name, name) != 0)
        one++;
    if (one == end)
        return unknown(queue, name, why);
    if (one->stride == 0 && slot != 0)
        return refuse(why, "there is one %s alone, no slot %u", name, slot);
    if (slot >= size)
        return refuse(why, "%s has the slots 0 to %u, not %u", name, size - 1,
                      slot);
    *found = one;
    *addr = areas[one->area] + one->offset + (uint64_t)slot * one->stride +
            (uint64_t)size * one->behind;
    return kit_queue_check(queue);
}

static uint64_t
mask_of(const ring_field *field)
{
    return UINT64_MAX >> (64 - field->bits);
}

/* The whole number that a field is in, or a part of. */
static vsk_status
load(const kit_queue *queue, const ring_field *field, uint64_t addr,
     uint64_t *whole)
{
    uint8_t wire[8] = {0};
    vsk_status status =
        vsk_memory_read(&queue->memory->memory, addr, wire, field->bytes);

    if (status == VSK_OK)
        *whole = vsk_le_load64(wire);
    return status;
}

vsk_status
kit_queue_get(kit_queue *queue, const char *name, uint32_t slot,
              uint64_t *value, kit_why *why)
{
    const ring_field *field;
    uint64_t addr, whole;
    vsk_status status = find(queue, name, slot, &field, &addr, why);

    if (status == VSK_OK)
        status = load(queue, field, addr, &whole);
    if (status == VSK_OK)
        *value = whole >> field->first & mask_of(field);
    return status;
}

vsk_status
kit_queue_set(kit_queue *queue, const char *name, uint64_t value, uint32_t slot,
              kit_why *why)
{
    const ring_field *field;
    uint64_t addr, whole;
    uint8_t wire[8];
    vsk_status status = find(queue, name, slot, &field, &addr, why);

    if (status != VSK_OK)
        return status;
    if (value > mask_of(field))
        return refuse(why, "%s has %u bits: 0x%llx is too much", name,
                      field->bits, (unsigned long long)value);
    status = load(queue, field, addr, &whole);
    if (status != VSK_OK)
        return status;
    whole &= ~(mask_of(field) << field->first);
    vsk_le_store64(wire, whole | value << field->first);
    return vsk_memory_write(&queue->memory->memory, addr, wire, field->bytes);
}
