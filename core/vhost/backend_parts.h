/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Parts of the back end that its sources share and nobody else sees.
 *
 *     backend           life, and the order of a step
 *     backend_socket    how front ends come: listening, dialling
 *     backend_session   one front end: its messages one by one, its end
 *     backend_messages  what each request does
 *     backend_memory    those about guest memory
 *     backend_vrings    those about rings
 *     backend_rings     which rings run, and where they begin
 *     backend_calls     kicks, calls, and messages of our own
 *     backend_state     DEVICE_STATE on its way
 */
#ifndef VSK_BACKEND_PARTS_H
#define VSK_BACKEND_PARTS_H

#include "vhost/backend.h"
#include "vsk/print.h"

#define VSK_BASE_NONE UINT64_MAX /* no base was told, or answered */
#define VSK_BASE_MAX 0xffffu     /* of a split ring */
#define VSK_BACKEND_RETRY UINT64_C(100000000) /* nanoseconds */

/* Tags of what the loop waits for; a ring's kick is VSK_TAG_KICK + index. */
enum {
    VSK_TAG_LISTENER,
    VSK_TAG_CHANNEL,
    VSK_TAG_REQUESTS,
    VSK_TAG_TRANSFER,
    VSK_TAG_KICK
};

/* A message that is being served. */
typedef struct vsk_asked {
    vsk_message message;            /* the request, then its answer */
    const vsk_request_shape *shape; /* NULL: none is known */
    vsk_payload said;               /* how much of it may be said in words */
    vsk_payload answer;             /* how its answer is written */
    vsk_status refused;             /* not done; no reason to end the session */
    uint64_t
        wrong; /* features, of the protocol or not, that were set wrongly */
    uint32_t (*names)(uint64_t, char *, uint32_t); /* of those */
    vsk_fds fds;                                   /* that came with it */
} vsk_asked;

/* Whether the device touches a ring. */
static inline bool
vsk_backend_runs(const vsk_backend *backend, uint32_t index)
{
    return (backend->device->started & (1u << index)) != 0;
}

/* Whether rings are packed, by what was agreed on. */
static inline bool
vsk_backend_is_packed(const vsk_backend *backend)
{
    return (backend->features & VSK_F_RING_PACKED) != 0;
}

/* Whether a protocol feature was agreed on. */
static inline bool
vsk_backend_has(const vsk_backend *backend, vsk_protocol feature)
{
    return (backend->protocol & VSK_BIT(feature)) != 0;
}

/* Close a descriptor that the loop may wait for; it becomes -1. */
void vsk_backend_drop(vsk_backend *backend, int *fd);

/* ---- backend_socket ---- */

/* Somebody comes to the listener. */
void vsk_backend_accept(vsk_backend *backend);

/* Connect, or accept, again where it is time; true where a session began. */
bool vsk_backend_try_again(vsk_backend *backend, uint64_t now);

/* Nobody else is welcome: the listener goes, with its file. */
void vsk_backend_leave(vsk_backend *backend);

/* ---- backend_session ---- */

/* Write a notice of words alone. */
void vsk_backend_note(vsk_backend *backend, vsk_notice_kind kind,
                      vsk_status status, const char *text);

/* Begin with a front end, whose socket is the back end's on success. */
vsk_status vsk_backend_begin(vsk_backend *backend, int fd);

/* End with it: rings, descriptors, memory and connections go. */
void vsk_backend_end(vsk_backend *backend, vsk_status status, const char *text);

/* Look at the front end's socket: send what waits, or serve one message. */
void vsk_backend_channel(vsk_backend *backend);

/* Let the device have the front end's features, by a driver's steps. */
vsk_status vsk_backend_agree(vsk_backend *backend);

/* ---- backend_messages ---- */

/* Do what a request asks for; its descriptors may be taken. */
vsk_status vsk_backend_serve(vsk_backend *backend, vsk_asked *asked);

/* ---- backend_memory ---- */

vsk_status vsk_backend_set_mem_table(vsk_backend *backend, vsk_asked *asked);
vsk_status vsk_backend_add_mem_reg(vsk_backend *backend, vsk_asked *asked);
vsk_status vsk_backend_rem_mem_reg(vsk_backend *backend, vsk_asked *asked);
vsk_status vsk_backend_get_mem_slots(vsk_backend *backend, vsk_asked *asked);

/* Forget guest memory; no ring runs. */
void vsk_backend_forget_memory(vsk_backend *backend);

/* ---- backend_vrings ---- */

vsk_status vsk_backend_set_vring_num(vsk_backend *backend, vsk_asked *asked);
vsk_status vsk_backend_set_vring_addr(vsk_backend *backend, vsk_asked *asked);
vsk_status vsk_backend_set_vring_base(vsk_backend *backend, vsk_asked *asked);
vsk_status vsk_backend_get_vring_base(vsk_backend *backend, vsk_asked *asked);
vsk_status vsk_backend_set_vring_kick(vsk_backend *backend, vsk_asked *asked);
vsk_status vsk_backend_set_vring_call(vsk_backend *backend, vsk_asked *asked);
vsk_status vsk_backend_set_vring_err(vsk_backend *backend, vsk_asked *asked);
vsk_status vsk_backend_set_vring_enable(vsk_backend *backend, vsk_asked *asked);
vsk_status vsk_backend_vring_kick(vsk_backend *backend, vsk_asked *asked);

/* ---- backend_rings ---- */

/* Stopped, disabled, unknown, without descriptors. */
void vsk_backend_ring_init(vsk_backend_ring *ring);

/* Where a ring stands, or is to begin, as the front end is told. */
uint32_t vsk_backend_base(const vsk_backend *backend,
                          const vsk_backend_ring *ring);

/* Nobody knows where rings stand any more: they have another format. */
void vsk_backend_forget_places(vsk_backend *backend);

/* Let rings run that can, and no others. */
vsk_status vsk_backend_settle(vsk_backend *backend);

/* Let a ring, or all, stand still until vsk_backend_settle. */
void vsk_backend_halt(vsk_backend *backend, uint32_t index);
void vsk_backend_halt_all(vsk_backend *backend);

/* The driver begins anew: connections are over, rings that stand still begin
 * where their used rings stand. */
vsk_status vsk_backend_renew(vsk_backend *backend);

/* Wait for a ring's kicks, where it runs. */
vsk_status vsk_backend_watch_kick(vsk_backend *backend, uint32_t index);

/* ---- backend_calls ---- */

/* A kick is there. */
void vsk_backend_kicked(vsk_backend *backend, uint32_t index);

/* Notify the driver of what it wants to hear, and of what it must. */
void vsk_backend_notify(vsk_backend *backend);

/* Tell the front end that a ring has an error (SET_VRING_ERR). */
void vsk_backend_blame(vsk_backend *backend, uint32_t index);

/* Look at the socket of SET_BACKEND_REQ_FD: answers are of no use. */
void vsk_backend_requests(vsk_backend *backend);

/* The front end is to hear that the configuration space has changed. */
void vsk_backend_owe_config(vsk_backend *backend);

/* ---- backend_state ---- */

/* SET_DEVICE_STATE_FD and CHECK_DEVICE_STATE. */
vsk_status vsk_backend_set_state_fd(vsk_backend *backend, vsk_asked *asked);
vsk_status vsk_backend_check_state(vsk_backend *backend, vsk_asked *asked);

/* Move some of the state; true where it got on. */
bool vsk_backend_pump(vsk_backend *backend);

/* No transfer any more; the result of the last one stays. */
void vsk_backend_cancel(vsk_backend *backend);

#endif
