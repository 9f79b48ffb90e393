/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Tables rig: the tables that a device and a guest stand on, by the heap.
 */
#ifndef VSK_TESTS_TABLES_RIG_H
#define VSK_TESTS_TABLES_RIG_H

#include "rig.h"

#include "vsk/device.h"
#include "vsk/guest.h"

/** For so many connections, and so many orphans. */
vsk_endpoint_tables tables_of_endpoint(uint32_t conns, uint32_t orphans);

/** The same for a device, with so many spans for each queue. */
vsk_device_tables tables_of_device(uint32_t conns, uint32_t orphans,
                                   uint32_t spans);

/** The same for a guest with queues of a size, an orphan for each slot, so many
 * spans, and so many records for each queue. */
vsk_guest_tables tables_of_guest(uint32_t conns, uint32_t size, uint32_t spans,
                                 uint32_t records);

/** Give back a device's. */
void tables_free_device(vsk_device_tables *tables);

/** Give back a guest's. */
void tables_free_guest(vsk_guest_tables *tables);

#endif
