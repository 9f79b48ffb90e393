/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/backend_parts.h"

#define STEPS                                                                  \
    (VSK_SETUP_ACKNOWLEDGE | VSK_SETUP_DRIVER | VSK_SETUP_FEATURES_OK |        \
     VSK_SETUP_DRIVER_OK)

void
vsk_backend_ring_init(vsk_backend_ring *ring)
{
    *ring = (vsk_backend_ring){
        .base = VSK_BASE_NONE,
        .answered = VSK_BASE_NONE,
        .kick = -1,
        .call = -1,
        .err = -1,
    };
}

/* ---- standing still ---- */

void
vsk_backend_halt(vsk_backend *backend, uint32_t index)
{
    vsk_backend_ring *ring = &backend->rings[index];

    if (!vsk_backend_runs(backend, index))
        return;
    vsk_loop_unwatch(&backend->loop, ring->kick);
    (void)vsk_device_stop_queue(backend->device, vsk_loop_now(), index,
                                &ring->state);
    ring->known = true;
}

void
vsk_backend_halt_all(vsk_backend *backend)
{
    for (uint32_t i = 0; i < VSK_QUEUES; i++)
        vsk_backend_halt(backend, i);
}

vsk_status
vsk_backend_renew(vsk_backend *backend)
{
    vsk_device *device = backend->device;

    for (uint32_t i = 0; i < VSK_QUEUES; i++) {
        vsk_backend_ring *ring = &backend->rings[i];

        /* What runs just now goes on: its driver's life is the new one. */
        if (vsk_backend_runs(backend, i)) {
            vsk_backend_halt(backend, i);
            continue;
        }
        ring->known = false;
        ring->answered = VSK_BASE_NONE;
    }
    if (device->setup.status != 0)
        (void)vsk_device_write_status(device, vsk_loop_now(), 0);
    return vsk_backend_agree(backend);
}

void
vsk_backend_forget_places(vsk_backend *backend)
{
    vsk_backend_halt_all(backend);
    for (uint32_t i = 0; i < VSK_QUEUES; i++)
        backend->rings[i].known = false;
}

/* ---- where it begins ---- */

#define HALF 16u                 /* of a packed ring's base: avail below used */
#define SLOT (VSK_RING_WRAP - 1) /* in a place */

static uint32_t
start_of(const vsk_backend *backend)
{
    return vsk_backend_is_packed(backend) ? VSK_RING_START : 0;
}

uint32_t
vsk_backend_base(const vsk_backend *backend, const vsk_backend_ring *ring)
{
    uint32_t avail = start_of(backend), used = avail;

    if (!ring->known && ring->base != VSK_BASE_NONE && ring->base != 0)
        return (uint32_t)ring->base;
    if (ring->known) {
        avail = ring->state.avail;
        used = ring->state.used;
    }
    return vsk_backend_is_packed(backend) ? avail | used << HALF : avail;
}

/* Where a packed ring begins that this process has not seen before: nothing in
 * memory says it. False where no ring of its size can. */
static bool
read_base(const vsk_backend *backend, const vsk_backend_ring *ring,
          vsk_ring_state *state)
{
    uint32_t base = vsk_backend_base(backend, ring);
    uint16_t used = (uint16_t)(base >> HALF);

    /* What was taken and did not come back is taken again. */
    *state = (vsk_ring_state){.avail = used, .used = used};
    return vsk_backend_is_packed(backend) ? (base & SLOT) < ring->place.size
                                          : base <= VSK_BASE_MAX;
}

/* ---- running ---- */

static bool
is_agreed(const vsk_backend *backend)
{
    return backend->features != 0 &&
           (backend->device->setup.status & VSK_SETUP_FEATURES_OK) != 0;
}

static bool
may_run(const vsk_backend *backend, const vsk_backend_ring *ring)
{
    return ring->started && ring->enabled && ring->has_num && ring->has_addr &&
           is_agreed(backend);
}

static bool
find_place(const vsk_backend *backend, const vsk_backend_ring *ring,
           vsk_ring *place)
{
    const vsk_mappings *mappings = &backend->mappings;

    place->size = ring->place.size;
    return vsk_mappings_guest(mappings, ring->place.desc, &place->desc) ==
               VSK_OK &&
           vsk_mappings_guest(mappings, ring->place.driver, &place->driver) ==
               VSK_OK &&
           vsk_mappings_guest(mappings, ring->place.device, &place->device) ==
               VSK_OK;
}

/* A ring without memory: what is not yet there may come, what was there is
 * gone. */
static vsk_status
misses_memory(vsk_backend *backend, uint32_t index)
{
    vsk_backend_ring *ring = &backend->rings[index];
    char text[VSK_NOTICE_TEXT];
    vsk_print out = {text, sizeof text, 0};

    if (ring->known)
        return VSK_BAD_RING;
    if (ring->noted)
        return VSK_OK;
    ring->noted = true;
    vsk_print_words(&out, "ring ");
    vsk_print_decimal(&out, index);
    vsk_print_words(&out, " waits: its addresses are in no memory region");
    (void)vsk_print_end(&out);
    vsk_backend_note(backend, VSK_NOTICE_NOTE, VSK_BAD_RING, text);
    return VSK_OK;
}

/* A split ring that this process has not seen before begins where its used ring
 * stands, whatever the front end says. */
static void
compare_base(vsk_backend *backend, uint32_t index)
{
    const vsk_backend_ring *ring = &backend->rings[index];
    uint16_t at = backend->device->queues[index].ring.state.avail;
    char text[VSK_NOTICE_TEXT];
    vsk_print out = {text, sizeof text, 0};

    /* Somebody has used it, and what the driver knows of that we do not. */
    if (at != start_of(backend))
        backend->stale = true;
    if (vsk_backend_is_packed(backend) || ring->base == VSK_BASE_NONE ||
        ring->base == at)
        return;
    vsk_print_words(&out, "ring ");
    vsk_print_decimal(&out, index);
    vsk_print_words(&out, " begins at ");
    vsk_print_decimal(&out, at);
    vsk_print_words(&out, ", where its used ring stands, not at ");
    vsk_print_decimal(&out, ring->base);
    (void)vsk_print_end(&out);
    vsk_backend_note(backend, VSK_NOTICE_NOTE, VSK_OK, text);
}

vsk_status
vsk_backend_watch_kick(vsk_backend *backend, uint32_t index)
{
    const vsk_backend_ring *ring = &backend->rings[index];

    if (ring->kick < 0 || !vsk_backend_runs(backend, index))
        return VSK_OK;
    return vsk_loop_watch(&backend->loop, ring->kick, VSK_LOOP_IN,
                          VSK_TAG_KICK + index) == VSK_OK
               ? VSK_OK
               : VSK_BAD_FDS;
}

static vsk_status
begin(vsk_backend *backend, uint32_t index)
{
    vsk_backend_ring *ring = &backend->rings[index];
    bool told = !ring->known && vsk_backend_is_packed(backend);
    vsk_ring_state first;
    vsk_ring place;

    if (!find_place(backend, ring, &place))
        return misses_memory(backend, index);
    if (!read_base(backend, ring, &first))
        return VSK_BAD_RING;
    if (vsk_device_start_queue(backend->device, index, &place,
                               told          ? &first
                               : ring->known ? &ring->state
                                             : NULL) != VSK_OK)
        return VSK_BAD_RING;
    if (!ring->known)
        compare_base(backend, index);
    ring->answered = VSK_BASE_NONE;
    /* Whatever was missed while it stood still. */
    backend->greet |= 1u << index;
    return vsk_backend_watch_kick(backend, index);
}

static void
stand_still(vsk_backend *backend)
{
    vsk_device_pause(backend->device, vsk_loop_now());
    if (backend->live)
        vsk_backend_note(backend, VSK_NOTICE_STOPPED, VSK_OK,
                         "all rings stand still");
    backend->live = false;
}

static void
go_on(vsk_backend *backend)
{
    vsk_device *device = backend->device;
    uint64_t now = vsk_loop_now();

    if ((device->setup.status & VSK_SETUP_DRIVER_OK) == 0)
        (void)vsk_device_write_status(device, now, STEPS);
    vsk_device_resume(device, now);
    if (!backend->live && vsk_backend_runs(backend, VSK_RX) &&
        vsk_backend_runs(backend, VSK_TX)) {
        backend->live = true;
        vsk_backend_note(backend, VSK_NOTICE_LIVE, VSK_OK,
                         "the driver is ready");
    }
    if (backend->stale && vsk_backend_runs(backend, VSK_EVENT)) {
        backend->stale = false;
        (void)vsk_device_reset_transport(device, now, device->setup.guest_cid);
    }
}

vsk_status
vsk_backend_settle(vsk_backend *backend)
{
    vsk_status status = VSK_OK;

    for (uint32_t i = 0; i < VSK_QUEUES; i++) {
        bool may = may_run(backend, &backend->rings[i]);

        if (!may)
            vsk_backend_halt(backend, i);
        else if (status == VSK_OK && !vsk_backend_runs(backend, i))
            status = begin(backend, i);
    }
    if (status != VSK_OK)
        return status;
    if (backend->device->started == 0)
        stand_still(backend);
    else
        go_on(backend);
    return VSK_OK;
}
