/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/backend_parts.h"

#include <sys/socket.h>

/* ---- features ---- */

static vsk_status
get_features(vsk_backend *backend, vsk_asked *asked)
{
    asked->message.u64 =
        backend->device->setup.offered | VSK_BIT(VSK_FEATURE_PROTOCOL);
    return VSK_OK;
}

static vsk_status
set_features(vsk_backend *backend, vsk_asked *asked)
{
    const uint64_t mark = VSK_BIT(VSK_FEATURE_PROTOCOL);
    uint64_t features = asked->message.u64;
    uint64_t before = backend->features;

    asked->wrong = features & ~(backend->device->setup.offered | mark);
    asked->names = vsk_feature_text;
    if (asked->wrong != 0)
        return VSK_BAD_FEATURES;
    /* VHU-BE-11 */
    for (uint32_t i = 0; (features & mark) == 0 && i < VSK_QUEUES; i++)
        backend->rings[i].enabled = true;
    if (((features ^ before) & VSK_F_RING_PACKED) != 0)
        vsk_backend_forget_places(backend);
    backend->features = features;
    if (((features ^ before) & ~mark) == 0)
        return VSK_OK;
    return before != 0 ? vsk_backend_renew(backend)
                       : vsk_backend_agree(backend);
}

static vsk_status
get_protocol_features(vsk_backend *backend, vsk_asked *asked)
{
    asked->message.u64 = backend->options.protocol;
    return VSK_OK;
}

static vsk_status
set_protocol_features(vsk_backend *backend, vsk_asked *asked)
{
    uint64_t protocol = asked->message.u64;

    asked->wrong = vsk_protocol_wrong(protocol, backend->options.protocol);
    asked->names = vsk_protocol_text;
    if (asked->wrong != 0)
        return VSK_BAD_PROTOCOL;
    backend->protocol = protocol;
    return VSK_OK;
}

static vsk_status
get_queue_num(vsk_backend *backend, vsk_asked *asked)
{
    (void)backend;
    asked->message.u64 = VSK_QUEUES;
    return VSK_OK;
}

/* ---- the session ---- */

static vsk_status
set_owner(vsk_backend *backend, vsk_asked *asked)
{
    (void)asked;
    backend->owned = true;
    return VSK_OK;
}

/* Deprecated, and without a meaning that all agree on (VHU-BE-27). */
static vsk_status
reset_owner(vsk_backend *backend, vsk_asked *asked)
{
    (void)backend;
    (void)asked;
    return VSK_OK;
}

static vsk_status
reset_device(vsk_backend *backend, vsk_asked *asked)
{
    (void)asked;
    vsk_backend_halt_all(backend);
    for (uint32_t i = 0; i < VSK_QUEUES; i++) {
        vsk_backend_ring *ring = &backend->rings[i];
        int call = ring->call, err = ring->err;

        vsk_backend_drop(backend, &ring->kick);
        vsk_backend_ring_init(ring);
        ring->call = call;
        ring->err = err;
    }
    backend->features = 0;
    backend->status = 0;
    return vsk_backend_renew(backend);
}

static vsk_status
set_status(vsk_backend *backend, vsk_asked *asked)
{
    backend->status = asked->message.u64;
    return VSK_OK;
}

static vsk_status
get_status(vsk_backend *backend, vsk_asked *asked)
{
    asked->message.u64 = backend->status;
    return VSK_OK;
}

static vsk_status
set_backend_req_fd(vsk_backend *backend, vsk_asked *asked)
{
    vsk_channel fresh;
    int type;
    socklen_t size = sizeof type;
    vsk_status status;

    if (getsockopt(asked->fds.fds[0], SOL_SOCKET, SO_TYPE, &type, &size) < 0)
        return VSK_BAD_FDS;
    status = vsk_channel_open(&fresh, asked->fds.fds[0]);
    if (status == VSK_OK)
        status = vsk_loop_watch(&backend->loop, fresh.fd, VSK_LOOP_IN,
                                VSK_TAG_REQUESTS);
    if (status != VSK_OK)
        return VSK_BAD_FDS;
    (void)vsk_fds_take(&asked->fds, 0);
    vsk_loop_unwatch(&backend->loop, backend->requests.fd);
    vsk_channel_close(&backend->requests);
    backend->requests = fresh;
    return VSK_OK;
}

/* ---- the configuration space ---- */

static vsk_status
get_config(vsk_backend *backend, vsk_asked *asked)
{
    vsk_config_part *config = &asked->message.config;

    /* Behind the CID all is 0, up to where offsets end (VHU-BE-38). */
    if ((uint64_t)config->offset + config->size > UINT64_C(1) << 32)
        asked->answer = VSK_PAYLOAD_NONE;
    else
        vsk_setup_read_config(&backend->device->setup, config->offset,
                              config->data, config->size);
    return VSK_OK;
}

/* The space as it would be with what is written; 0: it cannot be. */
static uint64_t
written_cid(const vsk_setup *setup, const vsk_config_part *config)
{
    uint64_t cid = setup->guest_cid;

    if (config->offset > VSK_CONFIG_SIZE ||
        config->size > VSK_CONFIG_SIZE - config->offset)
        return 0;
    for (uint32_t i = 0; i < config->size; i++) {
        uint32_t shift = 8 * (config->offset + i);

        cid &= ~((uint64_t)0xff << shift);
        cid |= (uint64_t)config->data[i] << shift;
    }
    return cid;
}

static vsk_status
set_config(vsk_backend *backend, vsk_asked *asked)
{
    const vsk_setup *setup = &backend->device->setup;
    const vsk_config_part *config = &asked->message.config;
    uint64_t cid = written_cid(setup, config);

    /* All of it is read-only to a driver (VHU-BE-40). */
    if (config->flags != VSK_CONFIG_MIGRATION || cid == 0)
        asked->refused = VSK_BAD_CONFIG;
    else if (cid != setup->guest_cid &&
             vsk_backend_reset_transport(backend, cid) != VSK_OK)
        asked->refused = VSK_BAD_CONFIG;
    return VSK_OK;
}

/* ---- all of them ---- */

vsk_status
vsk_backend_serve(vsk_backend *backend, vsk_asked *asked)
{
    static vsk_status (*const served[])(vsk_backend *, vsk_asked *) = {
        [VSK_REQUEST_GET_FEATURES] = get_features,
        [VSK_REQUEST_SET_FEATURES] = set_features,
        [VSK_REQUEST_SET_OWNER] = set_owner,
        [VSK_REQUEST_RESET_OWNER] = reset_owner,
        [VSK_REQUEST_SET_MEM_TABLE] = vsk_backend_set_mem_table,
        [VSK_REQUEST_SET_VRING_NUM] = vsk_backend_set_vring_num,
        [VSK_REQUEST_SET_VRING_ADDR] = vsk_backend_set_vring_addr,
        [VSK_REQUEST_SET_VRING_BASE] = vsk_backend_set_vring_base,
        [VSK_REQUEST_GET_VRING_BASE] = vsk_backend_get_vring_base,
        [VSK_REQUEST_SET_VRING_KICK] = vsk_backend_set_vring_kick,
        [VSK_REQUEST_SET_VRING_CALL] = vsk_backend_set_vring_call,
        [VSK_REQUEST_SET_VRING_ERR] = vsk_backend_set_vring_err,
        [VSK_REQUEST_GET_PROTOCOL_FEATURES] = get_protocol_features,
        [VSK_REQUEST_SET_PROTOCOL_FEATURES] = set_protocol_features,
        [VSK_REQUEST_GET_QUEUE_NUM] = get_queue_num,
        [VSK_REQUEST_SET_VRING_ENABLE] = vsk_backend_set_vring_enable,
        [VSK_REQUEST_SET_BACKEND_REQ_FD] = set_backend_req_fd,
        [VSK_REQUEST_GET_CONFIG] = get_config,
        [VSK_REQUEST_SET_CONFIG] = set_config,
        [VSK_REQUEST_RESET_DEVICE] = reset_device,
        [VSK_REQUEST_VRING_KICK] = vsk_backend_vring_kick,
        [VSK_REQUEST_GET_MAX_MEM_SLOTS] = vsk_backend_get_mem_slots,
        [VSK_REQUEST_ADD_MEM_REG] = vsk_backend_add_mem_reg,
        [VSK_REQUEST_REM_MEM_REG] = vsk_backend_rem_mem_reg,
        [VSK_REQUEST_SET_STATUS] = set_status,
        [VSK_REQUEST_GET_STATUS] = get_status,
        [VSK_REQUEST_SET_DEVICE_STATE_FD] = vsk_backend_set_state_fd,
        [VSK_REQUEST_CHECK_DEVICE_STATE] = vsk_backend_check_state,
    };

    /* It has a shape, and so a row here. */
    return served[asked->message.request](backend, asked);
}
