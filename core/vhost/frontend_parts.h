/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * What the sources of the front end have in common.
 *
 *     frontend           life: begin, end, what the caller asks for
 *     frontend_step      what there is to do
 *     frontend_dialogue  which request comes next
 *     frontend_begin     requests up to the CID, in tables
 *     frontend_rings     requests about rings and state, in tables
 *     frontend_answers   what comes back
 *     frontend_requests  what the back end asks for
 *     frontend_transfer  the device's state
 */
#ifndef VSK_VHOST_FRONTEND_PARTS_H
#define VSK_VHOST_FRONTEND_PARTS_H

#include "vhost/frontend.h"
#include "vsk/print.h"

/** Tags of what the loop waits for. */
enum {
    TAG_CHANNEL,  /**< the socket */
    TAG_REQUESTS, /**< the back end's own requests */
    TAG_TRANSFER, /**< an end of the device's state */
    TAG_CALL      /**< of queue 0; the others follow */
};

/** Sequences of requests that belong together. */
enum {
    SEQUENCE_NONE,
    SEQUENCE_BEGIN,  /**< up to the CID */
    SEQUENCE_RINGS,  /**< for each queue */
    SEQUENCE_START,  /**< once the rings are told */
    SEQUENCE_STOP,   /**< for each queue */
    SEQUENCE_RESET,  /**< the device, whose rings stand still */
    SEQUENCE_CONFIG, /**< the CID again */
    SEQUENCE_STATE,  /**< the device's state is to go */
    SEQUENCE_CHECK,  /**< it has gone */
    SEQUENCE_KICK,   /**< a queue by message */
    SEQUENCES
};

/** Stages of a transfer. */
enum {
    TRANSFER_NONE,
    TRANSFER_ASKED,  /**< the back end is to be told, and to agree */
    TRANSFER_FLOWS,  /**< bytes pass */
    TRANSFER_CHECKED /**< the back end is to say how it went */
};

/** Whether a protocol feature is agreed on. */
static inline bool
vsk_frontend_has(const vsk_frontend *frontend, uint32_t protocol)
{
    return protocol == VSK_PROTOCOL_NONE ||
           (frontend->protocol & VSK_BIT(protocol)) != 0;
}

/** Whether there are no eventfds: kicks and calls are messages. */
static inline bool
vsk_frontend_is_inband(const vsk_frontend *frontend)
{
    return vsk_frontend_has(frontend, VSK_PROTOCOL_INBAND_NOTIFICATIONS);
}

/** A time that far from now. */
static inline uint64_t
vsk_frontend_until(const vsk_frontend *frontend, uint64_t now)
{
    uint64_t timeout = frontend->options.timeout;

    return timeout > UINT64_MAX - now ? UINT64_MAX : now + timeout;
}

/* ---- frontend.c ---- */

/** Close a descriptor that may be watched; -1 is none. */
void vsk_frontend_drop(vsk_frontend *frontend, int *fd);

/** End, with a notice: words after the name of the request, if one is given. */
__attribute__((format(printf, 4, 5))) void vsk_frontend_end(
    vsk_frontend *frontend, vsk_status status, const char *request,
    const char *format, ...);

/* ---- frontend_dialogue.c ---- */

/** Begin the dialogue with a back end that is there. */
void vsk_frontend_begin(vsk_frontend *frontend);

/** Go on to the next request; behind the last one the sequence is done. */
void vsk_frontend_advance(vsk_frontend *frontend);

/** Send what comes next, as long as nothing is awaited. */
void vsk_frontend_talk(vsk_frontend *frontend, uint64_t now);

/* ---- frontend_answers.c ---- */

/** Name the request that was sent last; NULL: there was none. */
const char *vsk_frontend_asked(const vsk_frontend *frontend);

/** The socket is readable: take answers. */
void vsk_frontend_hear(vsk_frontend *frontend);

/** End where an answer takes too long. */
void vsk_frontend_limit(vsk_frontend *frontend, uint64_t now);

/* ---- frontend_begin.c, frontend_rings.c ---- */

/** A request of a sequence. */
typedef struct vsk_frontend_step_of {
    uint32_t request; /**< VSK_REQUEST_* */
    /** Whether it is to be sent at all; NULL: always. */
    bool (*wanted)(const vsk_frontend *frontend);
    /** Fill in the payload, and a descriptor to go with it; NULL: none. */
    vsk_status (*fill)(vsk_frontend *frontend, vsk_message *message, int *fd);
    /** Take its own answer; NULL: it has none. */
    vsk_status (*take)(vsk_frontend *frontend, const vsk_message *message);
    bool barrier; /**< not to be passed before it is done */
    bool gives;   /**< the descriptor is for the back end alone */
} vsk_frontend_step_of;

/** A request of a table, with what is not NULL or false of its members. */
#define ASK(name, ...)                                                         \
    {                                                                          \
        .request = VSK_REQUEST_##name, __VA_ARGS__                             \
    }
/** The end of a table. */
#define END                                                                    \
    {                                                                          \
        .request = 0                                                           \
    }

extern const vsk_frontend_step_of vsk_frontend_steps_begin[];
extern const vsk_frontend_step_of vsk_frontend_steps_start[];
extern const vsk_frontend_step_of vsk_frontend_steps_reset[];
extern const vsk_frontend_step_of vsk_frontend_steps_config[];

/** The request at a place of a sequence; NULL behind its last one. */
const vsk_frontend_step_of *vsk_frontend_step_at(uint32_t sequence,
                                                 uint32_t step);

/** Features to be accepted: what the guest has agreed on already, where another
 * back end takes over. */
uint64_t vsk_frontend_accepted(const vsk_frontend *frontend);

/** Whether there are protocol features at all (VHU-FE-07). */
bool vsk_frontend_speaks(const vsk_frontend *frontend);

/** Take the CID that was read into the guest, where it waits for it. */
void vsk_frontend_renew(vsk_frontend *frontend);

/** Make what the rings need: the guest's queues, eventfds. */
vsk_status vsk_frontend_prepare(vsk_frontend *frontend);

/* ---- frontend_requests.c ---- */

/** Serve what the back end asks for. */
void vsk_frontend_serve(vsk_frontend *frontend);

/* ---- frontend_transfer.c ---- */

/** Make a pipe; the back end's end of it. */
vsk_status vsk_frontend_transfer_pipe(vsk_frontend *frontend, int *fd);

/** The back end has answered to it. */
vsk_status vsk_frontend_transfer_agreed(vsk_frontend *frontend,
                                        uint64_t answer);

/** Let bytes pass. */
void vsk_frontend_transfer_flow(vsk_frontend *frontend, uint64_t now);

/** It is over: close what belongs to it, and say how it went. */
void vsk_frontend_transfer_end(vsk_frontend *frontend, vsk_status status);

/** Close what belongs to it. */
void vsk_frontend_transfer_close(vsk_frontend *frontend);

#endif
