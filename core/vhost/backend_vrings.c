/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/backend_parts.h"

/* What rings may have in common; features may come after them. */
static uint64_t
format(const vsk_backend *backend)
{
    uint64_t features = backend->features != 0 ? backend->features
                                               : backend->device->setup.offered;

    return features & VSK_F_RING_PACKED;
}

static vsk_backend_ring *
find_ring(vsk_backend *backend, uint32_t index)
{
    return index < VSK_QUEUES ? &backend->rings[index] : NULL;
}

vsk_status
vsk_backend_set_vring_num(vsk_backend *backend, vsk_asked *asked)
{
    const vsk_ring_number *state = &asked->message.state;
    const vsk_ring place = {.size = state->num, .features = format(backend)};
    vsk_backend_ring *ring = find_ring(backend, state->index);

    if (ring == NULL || vsk_ring_check_size(&place) != VSK_OK)
        return VSK_BAD_RING;
    vsk_backend_halt(backend, state->index);
    ring->place.size = state->num;
    ring->has_num = true;
    return VSK_OK;
}

vsk_status
vsk_backend_set_vring_addr(vsk_backend *backend, vsk_asked *asked)
{
    const vsk_ring_address *addr = &asked->message.addr;
    vsk_backend_ring *ring = find_ring(backend, addr->index);

    if (ring == NULL)
        return VSK_BAD_RING;
    vsk_backend_halt(backend, addr->index);
    ring->place.desc = addr->desc;
    ring->place.driver = addr->avail;
    ring->place.device = addr->used;
    ring->has_addr = true;
    ring->noted = false;
    return VSK_OK;
}

vsk_status
vsk_backend_set_vring_base(vsk_backend *backend, vsk_asked *asked)
{
    const vsk_ring_number *state = &asked->message.state;
    vsk_backend_ring *ring = find_ring(backend, state->index);
    bool begins_anew;

    if (ring == NULL || (state->num > VSK_BASE_MAX && format(backend) == 0))
        return VSK_BAD_RING;
    vsk_backend_halt(backend, state->index);
    begins_anew = ring->known && state->num != ring->answered;
    ring->base = state->num;
    return begins_anew ? vsk_backend_renew(backend) : VSK_OK;
}

vsk_status
vsk_backend_get_vring_base(vsk_backend *backend, vsk_asked *asked)
{
    vsk_ring_number *state = &asked->message.state;
    vsk_backend_ring *ring = find_ring(backend, state->index);

    if (ring == NULL)
        return VSK_BAD_RING;
    vsk_backend_halt(backend, state->index);
    vsk_backend_drop(backend, &ring->kick);
    ring->started = false;
    state->num = vsk_backend_base(backend, ring);
    /* What was told and never used is no word of ours. */
    if (ring->known)
        ring->answered = state->num;
    return VSK_OK;
}

/* The ring and the descriptor of KICK, CALL or ERR; -1: none is attached. */
static vsk_status
take_ring_fd(vsk_backend *backend, vsk_asked *asked, vsk_backend_ring **ring,
             int *fd)
{
    uint64_t word = asked->message.u64;
    bool none = (word & VSK_MESSAGE_NO_FD) != 0;
    vsk_status status = VSK_OK;

    if ((word & ~(uint64_t)(VSK_MESSAGE_NO_FD | VSK_MESSAGE_RING_MASK)) != 0)
        return VSK_BAD_RING;
    *ring = find_ring(backend, (uint32_t)word & VSK_MESSAGE_RING_MASK);
    if (*ring == NULL)
        return VSK_BAD_RING;
    if (asked->fds.count != (none ? 0u : 1u))
        return VSK_BAD_FDS;
    *fd = -1;
    if (!none)
        status = vsk_notify_prepare(asked->fds.fds[0]);
    if (!none && status == VSK_OK)
        *fd = vsk_fds_take(&asked->fds, 0);
    return status;
}

vsk_status
vsk_backend_set_vring_kick(vsk_backend *backend, vsk_asked *asked)
{
    bool inband = vsk_backend_has(backend, VSK_PROTOCOL_INBAND_NOTIFICATIONS);
    vsk_backend_ring *ring;
    int fd;
    vsk_status status = take_ring_fd(backend, asked, &ring, &fd);

    if (status != VSK_OK)
        return status;
    vsk_backend_drop(backend, &ring->kick);
    ring->kick = fd;
    ring->polled = fd < 0 && !inband;
    /* With messages instead of kicks the first one starts it. */
    ring->started |= fd >= 0 || ring->polled;
    return vsk_backend_watch_kick(backend, (uint32_t)(ring - backend->rings));
}

vsk_status
vsk_backend_set_vring_call(vsk_backend *backend, vsk_asked *asked)
{
    vsk_backend_ring *ring;
    int fd;
    vsk_status status = take_ring_fd(backend, asked, &ring, &fd);

    if (status != VSK_OK)
        return status;
    vsk_backend_drop(backend, &ring->call);
    ring->call = fd;
    return VSK_OK;
}

vsk_status
vsk_backend_set_vring_err(vsk_backend *backend, vsk_asked *asked)
{
    vsk_backend_ring *ring;
    int fd;
    vsk_status status = take_ring_fd(backend, asked, &ring, &fd);

    if (status != VSK_OK)
        return status;
    vsk_backend_drop(backend, &ring->err);
    ring->err = fd;
    return VSK_OK;
}

vsk_status
vsk_backend_set_vring_enable(vsk_backend *backend, vsk_asked *asked)
{
    const vsk_ring_number *state = &asked->message.state;
    vsk_backend_ring *ring = find_ring(backend, state->index);

    if (ring == NULL || state->num > 1)
        return VSK_BAD_RING;
    ring->enabled = state->num != 0;
    return VSK_OK;
}

/* An in-band kick: every turn looks at the rings that run. */
vsk_status
vsk_backend_vring_kick(vsk_backend *backend, vsk_asked *asked)
{
    vsk_backend_ring *ring = find_ring(backend, asked->message.state.index);

    if (ring == NULL)
        return VSK_BAD_RING;
    ring->started = true;
    return VSK_OK;
}
