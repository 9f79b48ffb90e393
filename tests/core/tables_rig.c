/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tables_rig.h"

vsk_endpoint_tables
tables_of_endpoint(uint32_t conns, uint32_t orphans)
{
    return (vsk_endpoint_tables){
        .slots = rig_zeroed(conns, sizeof(vsk_slot)),
        .links = rig_zeroed(conns, sizeof(vsk_link)),
        .heap = rig_zeroed(conns, sizeof(vsk_timer)),
        .place = rig_zeroed(conns, sizeof(uint32_t)),
        .index = rig_zeroed(2 * conns, sizeof(uint32_t)),
        .orphans = rig_zeroed(orphans, sizeof(vsk_orphan)),
        .capacity = conns,
        .index_size = 2 * conns,
        .orphan_capacity = orphans,
    };
}

vsk_device_tables
tables_of_device(uint32_t conns, uint32_t orphans, uint32_t spans)
{
    vsk_device_tables tables = {
        .endpoint = tables_of_endpoint(conns, orphans),
        .span_count = spans,
    };

    for (uint32_t i = 0; i < VSK_QUEUES; i++)
        tables.spans[i] = rig_zeroed(spans, sizeof(vsk_span));
    return tables;
}

vsk_guest_tables
tables_of_guest(uint32_t conns, uint32_t size, uint32_t spans, uint32_t records)
{
    vsk_guest_tables tables = {
        .endpoint = tables_of_endpoint(conns, size),
        .spans = rig_zeroed(spans, sizeof(vsk_span)),
        .span_count = spans,
        .pieces = rig_zeroed(size, sizeof(uint32_t)),
    };

    for (uint32_t i = 0; i < VSK_QUEUES; i++) {
        tables.slots[i] = rig_zeroed(size, sizeof(vsk_ring_slot));
        tables.buffers[i] = (vsk_buffers_tables){
            .records = rig_zeroed(records, sizeof(vsk_record)),
            .capacity = records,
            .scratch = rig_zeroed(size, sizeof(vsk_buffer)),
        };
    }
    return tables;
}

static void
free_endpoint(vsk_endpoint_tables *tables)
{
    free(tables->slots);
    free(tables->links);
    free(tables->heap);
    free(tables->place);
    free(tables->index);
    free(tables->orphans);
}

void
tables_free_device(vsk_device_tables *tables)
{
    free_endpoint(&tables->endpoint);
    for (uint32_t i = 0; i < VSK_QUEUES; i++)
        free(tables->spans[i]);
}

void
tables_free_guest(vsk_guest_tables *tables)
{
    free_endpoint(&tables->endpoint);
    free(tables->spans);
    free(tables->pieces);
    for (uint32_t i = 0; i < VSK_QUEUES; i++) {
        free(tables->slots[i]);
        free(tables->buffers[i].records);
        free(tables->buffers[i].scratch);
    }
}
