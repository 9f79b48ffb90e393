/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The requests up to the CID: what each one says, and what its answer means. */
#include "vhost/frontend_parts.h"

#include <sys/socket.h>
#include <unistd.h>

#define CID_BYTES 8u
#define CID_FIRST 3u
#define CID_LAST 0xfffffffeu

/* ---- features ---- */

uint64_t
vsk_frontend_accepted(const vsk_frontend *frontend)
{
    return frontend->guest->open
               ? frontend->guest->features
               : vsk_guest_accept(frontend->guest, frontend->offered);
}

static vsk_status
take_features(vsk_frontend *frontend, const vsk_message *message)
{
    const uint64_t needs = VSK_BIT(VSK_FEATURE_VERSION_1);

    frontend->offered = message->u64;
    return ((vsk_frontend_accepted(frontend) | needs) & ~frontend->offered) == 0
               ? VSK_OK
               : VSK_BAD_FEATURES;
}

bool
vsk_frontend_speaks(const vsk_frontend *frontend)
{
    return (frontend->offered & VSK_BIT(VSK_FEATURE_PROTOCOL)) != 0;
}

static vsk_status
take_protocol(vsk_frontend *frontend, const vsk_message *message)
{
    const uint64_t needs =
        VSK_BIT(VSK_PROTOCOL_REPLY_ACK) | VSK_BIT(VSK_PROTOCOL_BACKEND_REQ);
    uint64_t both = message->u64 & frontend->options.protocol;

    /* VHU-BOTH-10 */
    if ((both & needs) != needs)
        both &= ~VSK_BIT(VSK_PROTOCOL_INBAND_NOTIFICATIONS);
    frontend->protocol_offered = message->u64;
    frontend->protocol = both;
    return VSK_OK;
}

static vsk_status
fill_protocol(vsk_frontend *frontend, vsk_message *message, int *fd)
{
    (void)fd;
    message->u64 = frontend->protocol;
    return VSK_OK;
}

/* Bit 30 too: without it rings would be enabled from the start. */
static vsk_status
fill_features(vsk_frontend *frontend, vsk_message *message, int *fd)
{
    (void)fd;
    message->u64 = vsk_frontend_accepted(frontend) |
                   (frontend->offered & VSK_BIT(VSK_FEATURE_PROTOCOL));
    return VSK_OK;
}

/* ---- status, where it is agreed on (VHU-FE-20) ---- */

static bool
has_status(const vsk_frontend *frontend)
{
    return vsk_frontend_has(frontend, VSK_PROTOCOL_STATUS);
}

/* A device that was ready once is so still. */
static bool
is_not_ready(const vsk_frontend *frontend)
{
    return has_status(frontend) &&
           (frontend->device_status & VSK_SETUP_DRIVER_OK) == 0;
}

static vsk_status
fill_status(vsk_frontend *frontend, vsk_message *message, int *fd)
{
    (void)fd;
    if (frontend->device_status == 0)
        frontend->device_status = VSK_SETUP_ACKNOWLEDGE | VSK_SETUP_DRIVER;
    else if ((frontend->device_status & VSK_SETUP_FEATURES_OK) == 0)
        frontend->device_status |= VSK_SETUP_FEATURES_OK;
    else
        frontend->device_status |= VSK_SETUP_DRIVER_OK;
    message->u64 = frontend->device_status;
    return VSK_OK;
}

static vsk_status
fill_no_status(vsk_frontend *frontend, vsk_message *message, int *fd)
{
    (void)message;
    (void)fd;
    frontend->device_status = 0;
    return VSK_OK;
}

static vsk_status
take_status(vsk_frontend *frontend, const vsk_message *message)
{
    (void)frontend;
    return (message->u64 & VSK_SETUP_FEATURES_OK) != 0 ? VSK_OK
                                                       : VSK_BAD_FEATURES;
}

/* ---- queues, the back end's own requests ---- */

/* VHU-FE-04, VHU-FE-05 */
static vsk_status
take_queues(vsk_frontend *frontend, const vsk_message *message)
{
    if (message->u64 < 2) {
        vsk_frontend_end(frontend, VSK_BAD_RING, "GET_QUEUE_NUM",
                         "the back end has %u, and 2 are needed",
                         (unsigned)message->u64);
        return VSK_BAD_RING;
    }
    if (message->u64 < frontend->queues)
        frontend->queues = (uint32_t)message->u64;
    return VSK_OK;
}

static vsk_status
fill_requests(vsk_frontend *frontend, vsk_message *message, int *fd)
{
    int ends[2];

    (void)message;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return VSK_ERR_SYSTEM;
    if (vsk_channel_open(&frontend->requests, ends[0]) != VSK_OK ||
        vsk_loop_watch(&frontend->loop, ends[0], VSK_LOOP_IN, TAG_REQUESTS) !=
            VSK_OK) {
        vsk_channel_init(&frontend->requests);
        (void)close(ends[0]);
        (void)close(ends[1]);
        return VSK_ERR_SYSTEM;
    }
    *fd = ends[1];
    return VSK_OK;
}

/* ---- memory ---- */

static bool
adds_regions(const vsk_frontend *frontend)
{
    return frontend->options.mem_slots &&
           vsk_frontend_has(frontend, VSK_PROTOCOL_CONFIGURE_MEM_SLOTS);
}

static bool
sets_table(const vsk_frontend *frontend)
{
    return !adds_regions(frontend);
}

static vsk_status
fill_memory(vsk_frontend *frontend, vsk_message *message, int *fd)
{
    message->memory.count = 1;
    message->memory.regions[0] = frontend->mappings.slots[0]->region;
    *fd = frontend->memory_fd;
    return VSK_OK;
}

static vsk_status
take_slots(vsk_frontend *frontend, const vsk_message *message)
{
    return message->u64 >= frontend->mappings.count ? VSK_OK : VSK_BAD_REGION;
}

static vsk_status
fill_region(vsk_frontend *frontend, vsk_message *message, int *fd)
{
    message->region = frontend->mappings.slots[0]->region;
    *fd = frontend->memory_fd;
    return VSK_OK;
}

/* ---- the CID ---- */

static vsk_status
fill_config(vsk_frontend *frontend, vsk_message *message, int *fd)
{
    (void)frontend;
    (void)fd;
    message->config.size = CID_BYTES;
    return VSK_OK;
}

static vsk_status
take_cid(vsk_frontend *frontend, const vsk_message *message)
{
    uint64_t cid = 0;

    if (message->config.offset != 0 || message->config.size != CID_BYTES)
        return VSK_BAD_REPLY;
    for (uint32_t i = CID_BYTES; i-- != 0;)
        cid = cid << 8 | message->config.data[i];
    if (cid < CID_FIRST || cid > CID_LAST) {
        vsk_frontend_end(frontend, VSK_BAD_CID, "GET_CONFIG",
                         "a guest's CID cannot be 0x%llx",
                         (unsigned long long)cid);
        return VSK_BAD_CID;
    }
    frontend->guest_cid = cid;
    return VSK_OK;
}

void
vsk_frontend_renew(vsk_frontend *frontend)
{
    vsk_guest *guest = frontend->guest;

    if (!guest->open || frontend->guest_cid == 0)
        return;
    if (guest->stale)
        (void)vsk_guest_renew(guest, frontend->guest_cid);
    if (guest->endpoint.local_cid != frontend->guest_cid)
        vsk_notices_say(&frontend->notices, VSK_NOTICE_NOTE, VSK_OK,
                        "the CID is %llu now; the guest keeps %u until its "
                        "transport is reset",
                        (unsigned long long)frontend->guest_cid,
                        guest->endpoint.local_cid);
}

/* ---- the tables ---- */

const vsk_frontend_step_of vsk_frontend_steps_begin[] = {
    ASK(GET_FEATURES, .take = take_features),
    ASK(GET_PROTOCOL_FEATURES, vsk_frontend_speaks, .take = take_protocol),
    ASK(SET_PROTOCOL_FEATURES, vsk_frontend_speaks, fill_protocol),
    ASK(SET_OWNER, .barrier = false),
    ASK(SET_STATUS, has_status, fill_status),
    ASK(GET_QUEUE_NUM, .take = take_queues),
    ASK(SET_BACKEND_REQ_FD, .fill = fill_requests, .gives = true),
    ASK(SET_FEATURES, .fill = fill_features),
    ASK(SET_STATUS, has_status, fill_status),
    ASK(GET_STATUS, .take = take_status),
    ASK(SET_MEM_TABLE, sets_table, fill_memory, .barrier = true),
    ASK(GET_MAX_MEM_SLOTS, adds_regions, .take = take_slots),
    ASK(ADD_MEM_REG, adds_regions, fill_region, .barrier = true),
    ASK(GET_CONFIG, .fill = fill_config, .take = take_cid),
    END,
};
/* What the device forgets at a reset: not memory, nor who owns it. */
const vsk_frontend_step_of vsk_frontend_steps_reset[] = {
    ASK(RESET_DEVICE, .barrier = true),
    ASK(SET_STATUS, has_status, fill_no_status),
    ASK(SET_STATUS, has_status, fill_status),
    ASK(SET_FEATURES, .fill = fill_features),
    ASK(SET_STATUS, has_status, fill_status),
    ASK(GET_STATUS, .take = take_status),
    ASK(GET_CONFIG, .fill = fill_config, .take = take_cid),
    END,
};
const vsk_frontend_step_of vsk_frontend_steps_config[] = {
    ASK(GET_CONFIG, .fill = fill_config, .take = take_cid),
    END,
};
const vsk_frontend_step_of vsk_frontend_steps_start[] = {
    ASK(SET_STATUS, is_not_ready, fill_status),
    END,
};
