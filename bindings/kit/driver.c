/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stdlib.h>

#include "kit/kit.h"

kit_driver *
kit_queue_driver(kit_queue *queue)
{
    return &kit_queue_ref(queue)->driver;
}

void
kit_driver_unref(kit_driver *driver)
{
    kit_queue_unref(driver->queue);
}

static vsk_layout
layout_of(const kit_layout *layout, bool indirect)
{
    if (layout == NULL)
        return (vsk_layout){NULL, 0, indirect};
    return (vsk_layout){layout->pieces, layout->count, indirect};
}

vsk_status
kit_driver_send(kit_driver *driver, kit_packet *packet,
                const kit_layout *layout, bool indirect, uint16_t *head)
{
    vsk_layout cut = layout_of(layout, indirect);
    vsk_status status = kit_memory_prepare(driver->queue->memory);

    if (status == VSK_OK)
        status = kit_packet_live(packet);
    if (status != VSK_OK)
        return status;
    return vsk_buffers_send(&driver->buffers, &packet->packet, &cut, head);
}

vsk_status
kit_driver_post(kit_driver *driver, uint32_t size, const kit_layout *layout,
                bool indirect, uint16_t *head)
{
    vsk_layout cut = layout_of(layout, indirect);
    vsk_status status = kit_memory_prepare(driver->queue->memory);

    if (status != VSK_OK)
        return status;
    return vsk_buffers_post(&driver->buffers, size, &cut, head);
}

vsk_status
kit_driver_add(kit_driver *driver, const kit_list *buffers, uint16_t *head)
{
    vsk_status status = kit_memory_prepare(driver->queue->memory);

    if (status != VSK_OK)
        return status;
    return vsk_buffers_add(&driver->buffers, buffers->buffers, buffers->count,
                           buffers->indirect, head);
}

vsk_status
kit_driver_offer(kit_driver *driver, uint16_t head)
{
    vsk_status status = kit_queue_check(driver->queue);

    if (status != VSK_OK)
        return status;
    vsk_queue_stage_head(&driver->end, head);
    vsk_queue_offer(&driver->end);
    return VSK_OK;
}

/* Take back one chain. When nothing is on its way any more, whatever order
 * chains went back in is history. */
static vsk_status
reap(kit_driver *driver, vsk_used *used)
{
    kit_queue *queue = driver->queue;
    vsk_status status = kit_memory_prepare(queue->memory);

    if (status == VSK_OK)
        status = vsk_buffers_reap(&driver->buffers, used);
    if (status == VSK_OK && driver->end.ring.outstanding == 0)
        queue->unordered = false;
    return status;
}

vsk_status
kit_driver_reap(kit_driver *driver, vsk_used *used)
{
    vsk_status status = reap(driver, used);

    if (status != VSK_OK)
        return status;
    vsk_buffers_release(&driver->buffers, used);
    return used->status;
}

vsk_status
kit_driver_take(kit_driver *driver, kit_chain **chain)
{
    kit_queue *queue = driver->queue;
    vsk_used used = {0};
    vsk_chain found;
    vsk_status status = reap(driver, &used);

    if (status != VSK_OK)
        return status;
    vsk_chain_init(&found, queue->spans, queue->span_count);
    status = vsk_buffers_written(&driver->buffers, &used, &found);
    if (status == VSK_OK)
        status = kit_chain_new(queue, &found, chain);
    if (status != VSK_OK) {
        vsk_buffers_release(&driver->buffers, &used);
        return status;
    }
    (*chain)->came_back = true;
    (*chain)->used = used;
    return VSK_OK;
}

static vsk_status
ask(kit_driver *driver, bool (*question)(vsk_queue_driver *), bool *yes)
{
    vsk_status status = kit_queue_check(driver->queue);

    if (status == VSK_OK)
        *yes = question(&driver->end);
    return status;
}

vsk_status
kit_driver_should_kick(kit_driver *driver, bool *yes)
{
    return ask(driver, vsk_queue_should_kick, yes);
}

vsk_status
kit_driver_enable_interrupts(kit_driver *driver, bool *yes)
{
    return ask(driver, vsk_queue_enable_interrupts, yes);
}

vsk_status
kit_driver_disable_interrupts(kit_driver *driver)
{
    vsk_status status = kit_queue_check(driver->queue);

    if (status == VSK_OK)
        vsk_queue_disable_interrupts(&driver->end);
    return status;
}

uint32_t
kit_driver_free(const kit_driver *driver)
{
    return driver->end.ring.free_count;
}

uint32_t
kit_driver_outstanding(const kit_driver *driver)
{
    return driver->end.ring.outstanding;
}
