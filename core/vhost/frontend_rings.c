/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The requests about rings and the device's state: what each one says, and
 * what its answer means. */
#include "vhost/frontend_parts.h"

/* Where a packed ring begins: avail, and used in the upper half. */
#define PACKED_START (VSK_RING_START | VSK_RING_START << 16)

/* ---- rings ---- */

static bool
has_eventfds(const vsk_frontend *frontend)
{
    return !vsk_frontend_is_inband(frontend);
}

static vsk_status
make_eventfds(vsk_frontend *frontend, uint32_t queue)
{
    vsk_status status = VSK_OK;

    if (frontend->kicks[queue] < 0)
        status = vsk_notify_new(&frontend->kicks[queue]);
    if (status != VSK_OK || frontend->calls[queue] >= 0)
        return status;
    status = vsk_notify_new(&frontend->calls[queue]);
    if (status != VSK_OK)
        return status;
    return vsk_loop_watch(&frontend->loop, frontend->calls[queue], VSK_LOOP_IN,
                          TAG_CALL + queue);
}

static bool
is_packed(const vsk_frontend *frontend)
{
    return (frontend->guest->features & VSK_F_RING_PACKED) != 0;
}

/* New rings begin at their start. */
static vsk_status
make_rings(vsk_frontend *frontend)
{
    vsk_status status;

    if (!vsk_frontend_has(frontend, VSK_PROTOCOL_CONFIG))
        frontend->guest_cid = frontend->options.guest_cid;
    status =
        vsk_guest_open(frontend->guest, &frontend->memory, frontend->pool,
                       vsk_frontend_accepted(frontend), frontend->guest_cid);
    for (uint32_t queue = 0; queue < VSK_QUEUES; queue++)
        frontend->bases[queue] = is_packed(frontend) ? PACKED_START : 0;
    return status;
}

vsk_status
vsk_frontend_prepare(vsk_frontend *frontend)
{
    vsk_status status = VSK_OK;

    if (!frontend->guest->open)
        status = make_rings(frontend);
    for (uint32_t queue = 0; queue < frontend->queues; queue++) {
        if (status == VSK_OK && has_eventfds(frontend))
            status = make_eventfds(frontend, queue);
    }
    return status;
}

static vsk_status
fill_call(vsk_frontend *frontend, vsk_message *message, int *fd)
{
    message->u64 = frontend->dialogue.queue;
    *fd = frontend->calls[frontend->dialogue.queue];
    return VSK_OK;
}

static vsk_status
fill_num(vsk_frontend *frontend, vsk_message *message, int *fd)
{
    uint32_t queue = frontend->dialogue.queue;

    (void)fd;
    message->state.index = queue;
    message->state.num = frontend->guest->rings[queue].size;
    return VSK_OK;
}

static vsk_status
fill_base(vsk_frontend *frontend, vsk_message *message, int *fd)
{
    uint32_t queue = frontend->dialogue.queue;

    (void)fd;
    message->state.index = queue;
    message->state.num = frontend->bases[queue];
    return VSK_OK;
}

/* VHU-FE-11, VHU-BOTH-07 */
static vsk_status
fill_addr(vsk_frontend *frontend, vsk_message *message, int *fd)
{
    uint32_t queue = frontend->dialogue.queue;
    const vsk_ring *ring = &frontend->guest->rings[queue];
    const vsk_mappings *mappings = &frontend->mappings;
    vsk_status status;

    (void)fd;
    message->addr.index = queue;
    status = vsk_mappings_user(mappings, ring->desc, &message->addr.desc);
    if (status == VSK_OK)
        status = vsk_mappings_user(mappings, ring->device, &message->addr.used);
    if (status == VSK_OK)
        status =
            vsk_mappings_user(mappings, ring->driver, &message->addr.avail);
    return status;
}

static vsk_status
fill_kick(vsk_frontend *frontend, vsk_message *message, int *fd)
{
    message->u64 = frontend->dialogue.queue;
    *fd = frontend->kicks[frontend->dialogue.queue];
    return VSK_OK;
}

static vsk_status
fill_enable(vsk_frontend *frontend, vsk_message *message, int *fd)
{
    (void)fd;
    message->state.index = frontend->dialogue.queue;
    message->state.num = 1;
    return VSK_OK;
}

/* A ring and 0: VHU-FE-12, VHU-FE-17 */
static vsk_status
fill_ring(vsk_frontend *frontend, vsk_message *message, int *fd)
{
    (void)fd;
    message->state.index = frontend->dialogue.queue;
    return VSK_OK;
}

/* Whether a ring of ours may stand there; a packed one says it twice. */
static bool
is_base(const vsk_frontend *frontend, uint32_t queue, uint32_t base)
{
    const uint32_t slot = VSK_RING_WRAP - 1;
    uint32_t size = frontend->guest->rings[queue].size;

    if (!is_packed(frontend))
        return base <= UINT16_MAX;
    return (base & slot) < size && (base >> 16 & slot) < size;
}

static vsk_status
take_base(vsk_frontend *frontend, const vsk_message *message)
{
    uint32_t queue = frontend->dialogue.queue;

    if (message->state.index != queue)
        return VSK_BAD_REPLY;
    if (!is_base(frontend, queue, message->state.num))
        return VSK_BAD_RING;
    frontend->bases[queue] = message->state.num;
    return VSK_OK;
}

/* ---- the device's state ---- */

static vsk_status
fill_state(vsk_frontend *frontend, vsk_message *message, int *fd)
{
    message->transfer.direction = frontend->transfer.loads ? 1 : 0;
    return vsk_frontend_transfer_pipe(frontend, fd);
}

static vsk_status
take_state(vsk_frontend *frontend, const vsk_message *message)
{
    return vsk_frontend_transfer_agreed(frontend, message->u64);
}

static vsk_status
take_check(vsk_frontend *frontend, const vsk_message *message)
{
    vsk_frontend_transfer_end(frontend,
                              message->u64 == 0 ? VSK_OK : VSK_BAD_ACK);
    return VSK_OK;
}

/* ---- the tables ---- */

static const vsk_frontend_step_of rings[] = {
    ASK(SET_VRING_CALL, has_eventfds, fill_call),
    ASK(SET_VRING_NUM, .fill = fill_num),
    ASK(SET_VRING_BASE, .fill = fill_base),
    ASK(SET_VRING_ADDR, .fill = fill_addr),
    ASK(SET_VRING_KICK, has_eventfds, fill_kick),
    ASK(SET_VRING_ENABLE, vsk_frontend_speaks, fill_enable, .barrier = true),
    END,
};
static const vsk_frontend_step_of stop[] = {
    ASK(GET_VRING_BASE, .fill = fill_ring, .take = take_base),
    END,
};
static const vsk_frontend_step_of state[] = {
    ASK(SET_DEVICE_STATE_FD, .fill = fill_state, .take = take_state,
        .gives = true),
    END,
};
static const vsk_frontend_step_of check[] = {
    ASK(CHECK_DEVICE_STATE, .take = take_check),
    END,
};
static const vsk_frontend_step_of kick[] = {
    ASK(VRING_KICK, .fill = fill_ring),
    END,
};
static const vsk_frontend_step_of *const sequences[SEQUENCES] = {
    [SEQUENCE_BEGIN] = vsk_frontend_steps_begin,
    [SEQUENCE_RINGS] = rings,
    [SEQUENCE_START] = vsk_frontend_steps_start,
    [SEQUENCE_STOP] = stop,
    [SEQUENCE_RESET] = vsk_frontend_steps_reset,
    [SEQUENCE_CONFIG] = vsk_frontend_steps_config,
    [SEQUENCE_STATE] = state,
    [SEQUENCE_CHECK] = check,
    [SEQUENCE_KICK] = kick,
};

const vsk_frontend_step_of *
vsk_frontend_step_at(uint32_t sequence, uint32_t step)
{
    const vsk_frontend_step_of *found = &sequences[sequence][step];

    return found->request != 0 ? found : NULL;
}
