/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Parts of the device that its sources share and nobody else sees.
 */
#ifndef VSK_DEVICE_PARTS_H
#define VSK_DEVICE_PARTS_H

#include <stddef.h>

#include "vsk/device.h"
#include "vsk/hot_parts.h"

/* A queue's bit in started and used. */
#define VSK_QUEUE_BIT(queue) ((uint8_t)(1u << (queue)))

/* Whether a queue may be touched. */
bool vsk_device_live(const vsk_device *device, uint32_t queue);

/* Let the tap that is there see what passes a queue, in the chain in hand. */
APART void vsk_device_show_tap(const vsk_device *device, uint64_t now,
                               vsk_seen_kind kind, uint32_t queue,
                               const vsk_packet *packet, vsk_status status);

static inline void
vsk_device_show(const vsk_device *device, uint64_t now, vsk_seen_kind kind,
                uint32_t queue, const vsk_packet *packet, vsk_status status)
{
    if (RARE(device->tap.see != NULL))
        vsk_device_show_tap(device, now, kind, queue, packet, status);
}

/* Count and tell what is wrong with a queue, or the chain in hand. */
void vsk_device_refuse(vsk_device *device, uint64_t now, uint32_t queue,
                       vsk_status status);

/* Take a chain into the hand, if none is there. */
bool vsk_device_have(vsk_device *device, uint64_t now, uint32_t queue);

/* Give the chain in hand back. */
void vsk_device_give(vsk_device *device, uint64_t now, uint32_t queue,
                     uint32_t written);

/* Have an RX buffer in hand, and begin a packet in it. */
bool vsk_device_have_room(vsk_device *device, uint64_t now, vsk_packet *packet);

/* Whose turn it is to send, with an RX buffer in hand and no reply waiting. */
bool vsk_device_writable(vsk_device *device, uint64_t now, vsk_event *event);

/* Look whether the driver has seen TRANSPORT_RESET. */
void vsk_device_look_at_gate(vsk_device *device);

/* Ask for a kick when it has; true where it has already. */
bool vsk_device_watch_gate(vsk_device *device);

/* What stands in front of the connections. */
typedef struct vsk_device_head {
    vsk_setup setup;
    vsk_counters counters;
    uint32_t next_port;
    uint32_t conns;
    uint32_t orphans;
    bool gate;
    uint8_t used;
    uint16_t gate_at;
} vsk_device_head;

/* A connection, what waits for it, and nanoseconds to its deadline + 1. */
typedef struct vsk_device_entry {
    vsk_conn conn;
    vsk_link link;
    uint64_t timer;
} vsk_device_entry;

/* Whether a device can have come to this, and this device go on there. */
bool vsk_device_head_is_sane(const vsk_device *device,
                             const vsk_device_head *front);

/* Check a connection; what means nothing is taken away from it. */
bool vsk_device_entry_is_sane(const vsk_device *device,
                              const vsk_device_head *front,
                              vsk_device_entry *saved);

#endif
