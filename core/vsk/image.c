/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vsk/image.h"

#include <string.h>

#include "vsk/le.h"

/* More than these are no guest: they bound what a damaged file asks for. */
#define REGIONS_MAX 65536u
#define RINGS_MAX 4096u

static const char MAGIC[8] = {'V', 'S', 'K', 'I', 'M', 'G', '0', '1'};

uint64_t
vsk_image_bytes(const vsk_image *image)
{
    return VSK_IMAGE_HEAD + (uint64_t)image->region_count * VSK_IMAGE_REGION +
           (uint64_t)image->ring_count * VSK_IMAGE_RING;
}

static void
state_store(uint8_t *at, const vsk_ring_state *state)
{
    vsk_le_store16(at, state->avail);
    vsk_le_store16(at + 2, state->used);
    vsk_le_store16(at + 4, state->notified);
}

static vsk_ring_state
state_load(const uint8_t *at)
{
    return (vsk_ring_state){vsk_le_load16(at), vsk_le_load16(at + 2),
                            vsk_le_load16(at + 4)};
}

static void
ring_store(uint8_t *at, const vsk_image_ring *entry)
{
    vsk_le_store64(at, entry->ring.desc);
    vsk_le_store64(at + 8, entry->ring.driver);
    vsk_le_store64(at + 16, entry->ring.device);
    vsk_le_store64(at + 24, entry->ring.features);
    vsk_le_store32(at + 32, entry->ring.size);
    state_store(at + 36, &entry->driver);
    state_store(at + 42, &entry->device);
}

static vsk_image_ring
ring_load(const uint8_t *at)
{
    return (vsk_image_ring){
        .ring = {.desc = vsk_le_load64(at),
                 .driver = vsk_le_load64(at + 8),
                 .device = vsk_le_load64(at + 16),
                 .features = vsk_le_load64(at + 24),
                 .size = vsk_le_load32(at + 32)},
        .driver = state_load(at + 36),
        .device = state_load(at + 42),
    };
}

vsk_status
vsk_image_encode(const vsk_image *image, uint8_t *wire, uint64_t capacity)
{
    uint8_t *at = wire + VSK_IMAGE_HEAD;

    if (capacity < vsk_image_bytes(image))
        return VSK_ERR_SPACE;
    memcpy(wire, MAGIC, sizeof MAGIC);
    vsk_le_store32(wire + 8, image->region_count);
    vsk_le_store32(wire + 12, image->ring_count);
    for (uint32_t i = 0; i < image->region_count; i++) {
        vsk_le_store64(at, image->regions[i].addr);
        vsk_le_store64(at + 8, image->regions[i].size);
        at += VSK_IMAGE_REGION;
    }
    for (uint32_t i = 0; i < image->ring_count; i++) {
        ring_store(at, &image->rings[i]);
        at += VSK_IMAGE_RING;
    }
    return VSK_OK;
}

vsk_status
vsk_image_counts(vsk_image *image, const uint8_t *wire)
{
    uint32_t regions = vsk_le_load32(wire + 8);
    uint32_t rings = vsk_le_load32(wire + 12);

    if (memcmp(wire, MAGIC, sizeof MAGIC) != 0 || regions > REGIONS_MAX ||
        rings > RINGS_MAX)
        return VSK_ERR_IMAGE;
    image->region_count = regions;
    image->ring_count = rings;
    return VSK_OK;
}

void
vsk_image_decode(vsk_image *image, const uint8_t *wire)
{
    const uint8_t *at = wire + VSK_IMAGE_HEAD;

    for (uint32_t i = 0; i < image->region_count; i++) {
        image->regions[i] =
            (vsk_range){vsk_le_load64(at), vsk_le_load64(at + 8)};
        at += VSK_IMAGE_REGION;
    }
    for (uint32_t i = 0; i < image->ring_count; i++) {
        image->rings[i] = ring_load(at);
        at += VSK_IMAGE_RING;
    }
}
