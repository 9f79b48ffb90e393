/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stdlib.h>

#include "kit/kit.h"

static vsk_status
packets_new(kit_queue *queue, bool driver, uint32_t limit,
            kit_packets **packets)
{
    kit_packets *fresh;
    vsk_status status = kit_queue_check(queue);

    if (status != VSK_OK)
        return status;
    fresh = calloc(1, sizeof *fresh);
    if (fresh == NULL)
        return VSK_ERR_NOMEM;
    *fresh = (kit_packets){kit_queue_ref(queue), driver, limit, NULL};
    *packets = fresh;
    return VSK_OK;
}

vsk_status
kit_device_packets(kit_device *device, uint32_t max_payload,
                   kit_packets **packets)
{
    return packets_new(device->queue, false, max_payload, packets);
}

vsk_status
kit_driver_packets(kit_driver *driver, uint32_t max_payload,
                   kit_packets **packets)
{
    return packets_new(driver->queue, true, max_payload, packets);
}

/* Give the last chain back, unless the script has done so. */
static void
finish_last(kit_packets *packets)
{
    kit_chain *chain = packets->last;

    if (chain == NULL)
        return;
    packets->last = NULL;
    if (packets->driver)
        kit_chain_release(chain);
    else
        (void)kit_device_push(&packets->queue->device, chain, 0);
    kit_chain_unref(chain);
}

void
kit_packets_delete(kit_packets *packets)
{
    finish_last(packets);
    kit_queue_unref(packets->queue);
    free(packets);
}

vsk_status
kit_packets_next(kit_packets *packets, kit_packet **packet, kit_why *why)
{
    kit_queue *queue = packets->queue;
    vsk_status status;

    finish_last(packets);
    /* What came before is the script's, and would have to go back first. */
    if (!packets->driver && queue->device.end.ring.in_order &&
        vsk_queue_held(&queue->device.end) != 0)
        return VSK_ERR_IN_ORDER;
    status = packets->driver ? kit_driver_take(&queue->driver, &packets->last)
                             : kit_device_pop(&queue->device, &packets->last);
    if (status != VSK_OK)
        return status;
    status =
        packets->driver
            ? kit_packet_from_back(packets->last, packets->limit, packet, why)
            : kit_packet_from_tx(packets->last, packets->limit, packet, why);
    /* A bad chain goes back at once; the next call goes on behind it. */
    if (status != VSK_OK)
        finish_last(packets);
    return status;
}
