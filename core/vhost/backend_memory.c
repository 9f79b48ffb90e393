/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The table moves when memory comes and goes, and queues know their places in
 * it: all of them stand still meanwhile, and go on as if nothing had been. */
#include "vhost/backend_parts.h"

/* Let the device see the table; no ring runs. */
static void
show(vsk_backend *backend)
{
    /* The table is in order, with nothing empty or twice. */
    (void)vsk_memory_init(&backend->memory, backend->mappings.regions,
                          backend->mappings.count);
    vsk_device_set_memory(backend->device, &backend->memory);
    for (uint32_t i = 0; i < VSK_QUEUES; i++)
        backend->rings[i].noted = false;
}

void
vsk_backend_forget_memory(vsk_backend *backend)
{
    vsk_mappings_clear(&backend->mappings);
    show(backend);
}

/* Map a region into a table. */
static vsk_status
add(vsk_mappings *mappings, const vsk_shared_region *region, int fd)
{
    vsk_mapping *mapping;
    vsk_status status = vsk_mapping_new(region, fd, &mapping);

    if (status != VSK_OK)
        return status;
    status = vsk_mappings_add(mappings, mapping);
    if (status != VSK_OK)
        vsk_mapping_unref(mapping);
    return status;
}

vsk_status
vsk_backend_set_mem_table(vsk_backend *backend, vsk_asked *asked)
{
    const vsk_shared_regions *memory = &asked->message.memory;
    vsk_mappings fresh = {.count = 0};
    vsk_status status = VSK_OK;

    if (asked->fds.count != memory->count)
        return VSK_BAD_FDS;
    for (uint32_t i = 0; status == VSK_OK && i < memory->count; i++)
        status = add(&fresh, &memory->regions[i], asked->fds.fds[i]);
    if (status != VSK_OK) {
        vsk_mappings_clear(&fresh);
        return status;
    }
    vsk_backend_halt_all(backend);
    vsk_mappings_clear(&backend->mappings);
    backend->mappings = fresh;
    show(backend);
    return VSK_OK;
}

vsk_status
vsk_backend_add_mem_reg(vsk_backend *backend, vsk_asked *asked)
{
    vsk_status status;

    vsk_backend_halt_all(backend);
    status = add(&backend->mappings, &asked->message.region, asked->fds.fds[0]);
    show(backend);
    return status;
}

vsk_status
vsk_backend_rem_mem_reg(vsk_backend *backend, vsk_asked *asked)
{
    vsk_status status;

    vsk_backend_halt_all(backend);
    status = vsk_mappings_remove(&backend->mappings, &asked->message.region);
    show(backend);
    return status;
}

vsk_status
vsk_backend_get_mem_slots(vsk_backend *backend, vsk_asked *asked)
{
    (void)backend;
    asked->message.u64 = VSK_MAPPING_SLOTS;
    return VSK_OK;
}
