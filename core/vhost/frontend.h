/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Frontend: a guest on a vhost-user socket; memory, rings and kicks are its
 * own, the device is behind the socket: a vsk back end, or anybody's.
 *
 *     application --calls--> vsk_guest --kicks--> device
 *                 <-events-- vsk_frontend_step <--calls, messages--
 *
 *     CONNECTING -> TALKING: features, memory, CID, rings -> LIVE
 *                                      LIVE -> STOPPING -> STOPPED -> TALKING
 *                                      LIVE -> STOPPING -> TALKING: a reset
 *                                      any -> OVER; status says why
 *
 * Nothing waits: the dialogue goes on in vsk_frontend_step, one request at a
 * time. vsk_frontend_fileno is readable when there is something to do;
 * vsk_frontend_wake says that a call on the guest may have made work.
 *
 * What stands still may go on elsewhere: in STOPPED, another socket may be
 * given, whose back end is told everything anew but where the rings stood.
 */
#ifndef VSK_VHOST_FRONTEND_H
#define VSK_VHOST_FRONTEND_H

#include "vhost/channel.h"
#include "vhost/loop.h"
#include "vhost/mapping.h"
#include "vhost/notice.h"
#include "vhost/notify.h"
#include "vsk/guest.h"

/** Protocol features that a front end accepts if nothing else is said. */
#define VSK_FRONTEND_PROTOCOL                                                  \
    (VSK_BIT(VSK_PROTOCOL_MQ) | VSK_BIT(VSK_PROTOCOL_REPLY_ACK) |              \
     VSK_BIT(VSK_PROTOCOL_BACKEND_REQ) | VSK_BIT(VSK_PROTOCOL_CONFIG) |        \
     VSK_BIT(VSK_PROTOCOL_RESET_DEVICE) | VSK_BIT(VSK_PROTOCOL_DEVICE_STATE))

/** Where a front end stands. */
typedef enum vsk_frontend_state {
    VSK_FRONTEND_CONNECTING, /**< no socket yet */
    VSK_FRONTEND_TALKING,    /**< initialising the device, or its rings */
    VSK_FRONTEND_LIVE,       /**< packets flow */
    VSK_FRONTEND_STOPPING,   /**< asking for the rings' bases */
    VSK_FRONTEND_STOPPED,    /**< rings stand still, connections live on */
    VSK_FRONTEND_OVER        /**< nothing will come any more */
} vsk_frontend_state;

/** How a front end behaves. */
typedef struct vsk_frontend_options {
    uint64_t protocol;    /**< features accepted, VSK_BIT(VSK_PROTOCOL_*);
                             INBAND_NOTIFICATIONS and STATUS are used where
                             they are agreed on */
    uint64_t guest_cid;   /**< own CID where the device tells none: without
                             CONFIG; 0: that is an error */
    uint64_t memory_size; /**< bytes of guest memory, a multiple of 4096 */
    uint64_t memory_base; /**< its guest address, a multiple of 4096 */
    uint32_t queues;      /**< handed over: 2, as QEMU, or 3 */
    bool mem_slots;       /**< CONFIGURE_MEM_SLOTS is accepted: ADD_MEM_REG,
                             not SET_MEM_TABLE */
    uint64_t timeout;     /**< nanoseconds that an answer may take */
} vsk_frontend_options;

/** Where a front end is in a dialogue; private. */
typedef struct vsk_frontend_dialogue {
    uint32_t sequence; /**< of requests that belong together, 0: none */
    uint32_t step;     /**< which of them comes next, or waits for its answer */
    uint32_t queue;    /**< of requests that come once for each */
    bool asked;        /**< an answer is awaited */
    bool full;         /**< the socket took only a part of it */
    bool barrier;      /**< it is to be, or is, that of a GET_FEATURES which
                          shows that the request before it is done */
    uint32_t request;  /**< which one was sent last */
    uint64_t deadline; /**< for it to go, and for the answer */
} vsk_frontend_dialogue;

#define VSK_FRONTEND_CHUNK 4096u /**< bytes of a device's state at a time */

/** The device's state on its way; private. */
typedef struct vsk_frontend_flow {
    uint32_t stage;    /**< 0: there is none */
    bool loads;        /**< from the file to the back end, else back */
    bool more;         /**< it could go on at once */
    int brought;       /**< the back end's own channel, -1 */
    int channel;       /**< own end of a pipe, or what was brought, -1 */
    int file;          /**< the caller's, copied, -1 */
    uint32_t size;     /**< bytes in chunk */
    uint32_t done;     /**< of them written */
    uint64_t bytes;    /**< written in all */
    uint64_t deadline; /**< for the back end to go on */
    vsk_status status; /**< first thing that went wrong */
    uint8_t chunk[VSK_FRONTEND_CHUNK]; /**< on its way */
} vsk_frontend_flow;

/** A guest on a socket. It stays where it is while it is open. */
typedef struct vsk_frontend {
    vsk_guest *guest;               /**< the caller's */
    vsk_pool *pool;                 /**< the caller's, begun here */
    vsk_frontend_options options;   /**< how to behave */
    vsk_loop loop;                  /**< all that it waits for */
    vsk_frontend_state state;       /**< where it stands */
    vsk_status status;              /**< why it is OVER; VSK_EOF: closed */
    vsk_channel channel;            /**< to the back end */
    vsk_channel requests;           /**< the back end's own requests */
    vsk_mappings mappings;          /**< own memory */
    vsk_memory memory;              /**< the same */
    int memory_fd;                  /**< its file */
    uint64_t offered;               /**< GET_FEATURES */
    uint64_t protocol_offered;      /**< GET_PROTOCOL_FEATURES */
    uint64_t protocol;              /**< what both sides know */
    uint64_t device_status;         /**< SET_STATUS, where it is agreed on */
    uint64_t guest_cid;             /**< read from the device */
    uint32_t queues;                /**< handed over */
    int kicks[VSK_QUEUES];          /**< to be signalled, -1 */
    int calls[VSK_QUEUES];          /**< to be waited for, -1 */
    uint32_t bases[VSK_QUEUES];     /**< answered when it stopped, or where
                                       new rings begin */
    uint32_t kicked;                /**< queues to be kicked by message */
    uint32_t turns;                 /**< events since the sockets were seen */
    bool reread;                    /**< the CID is to be read anew */
    bool resets;                    /**< it stops for a reset */
    vsk_frontend_dialogue dialogue; /**< private */
    vsk_frontend_flow transfer;     /**< private */
    vsk_notices notices;            /**< to be read */
} vsk_frontend;

/**
 * Say how a front end behaves if nothing else is said.
 *
 * @return VSK_FRONTEND_PROTOCOL, 8 MiB at 0x100000, 3 queues, 5 s
 */
VSK_API vsk_frontend_options vsk_frontend_options_default(void);

/**
 * Begin without a socket; the guest's memory is made.
 *
 * @param frontend written on success
 * @param guest as vsk_guest_init leaves it; must outlive the front end
 * @param pool written on success: the guest's memory; must outlive the guest
 * @param table for the pool
 * @param capacity entries in table
 * @param options how to behave; copied
 * @return VSK_OK; VSK_ERR_ARGUMENT; VSK_ERR_PROTOCOL for a protocol feature
 * that is not known, or INBAND_NOTIFICATIONS without REPLY_ACK and BACKEND_REQ
 * (VHU-BOTH-10); VSK_ERR_REGION, VSK_ERR_TABLE, VSK_ERR_SYSTEM or VSK_ERR_NOMEM
 */
VSK_API vsk_status vsk_frontend_init(vsk_frontend *frontend, vsk_guest *guest,
                                     vsk_pool *pool, vsk_range *table,
                                     uint32_t capacity,
                                     const vsk_frontend_options *options);

/**
 * End: the socket is closed, connections are over, guest memory is gone.
 * Events that the guest still has to tell can be polled from it.
 *
 * @param frontend changed; twice is no error
 */
VSK_API void vsk_frontend_close(vsk_frontend *frontend);

/**
 * Connect to a back end that listens, and begin; or, in STOPPED, let it take
 * over from the one before it: STOPPED follows again.
 *
 * @param frontend changed on success
 * @param path of its socket file, 107 bytes at most
 * @return VSK_OK; VSK_ERR_ARGUMENT; VSK_ERR_STATE where it has a socket and is
 * not STOPPED, or OVER; VSK_ERR_SYSTEM: errno says more
 */
VSK_API vsk_status vsk_frontend_connect(vsk_frontend *frontend,
                                        const char *path);

/**
 * Begin on a socket that is connected; in STOPPED as vsk_frontend_connect.
 *
 * @param frontend changed on success
 * @param fd the front end's on success
 * @return VSK_OK, VSK_ERR_STATE or VSK_ERR_SYSTEM
 */
VSK_API vsk_status vsk_frontend_adopt(vsk_frontend *frontend, int fd);

/**
 * Name the descriptor that becomes readable when there is something to do.
 *
 * @param frontend to look at
 * @return the descriptor; it stays the front end's, and the same
 */
VSK_API int vsk_frontend_fileno(const vsk_frontend *frontend);

/**
 * Say that a call on the guest may have made work.
 *
 * @param frontend its descriptor becomes readable
 */
VSK_API void vsk_frontend_wake(vsk_frontend *frontend);

/**
 * Do what there is to do, up to the next event of the guest; what the last one
 * pointed at is void. The device is kicked before VSK_NONE.
 *
 * @param frontend changed
 * @param event written on success
 * @return VSK_OK: call again before you wait; VSK_NONE: wait for
 * vsk_frontend_fileno
 */
VSK_API vsk_status vsk_frontend_step(vsk_frontend *frontend, vsk_event *event);

/**
 * Send what is owed and kick the device, without looking for anything: after
 * calls on the guest, where nobody steps soon.
 *
 * @param frontend changed
 */
VSK_API void vsk_frontend_flush(vsk_frontend *frontend);

/**
 * Kick the device, asked for or not.
 *
 * @param frontend that is LIVE
 * @param queue VSK_RX, VSK_TX or VSK_EVENT
 * @return VSK_OK, VSK_ERR_ARGUMENT or VSK_ERR_STATE
 */
VSK_API vsk_status vsk_frontend_kick(vsk_frontend *frontend, uint32_t queue);

/**
 * Begin to stop the rings, as a machine that is paused: STOPPED follows.
 *
 * @param frontend that is LIVE
 * @return VSK_OK or VSK_ERR_STATE
 */
VSK_API vsk_status vsk_frontend_stop(vsk_frontend *frontend);

/**
 * Begin to let the rings go on where they stood: LIVE follows.
 *
 * @param frontend that is STOPPED
 * @return VSK_OK or VSK_ERR_STATE
 */
VSK_API vsk_status vsk_frontend_resume(vsk_frontend *frontend);

/**
 * Begin to reset the device, as a driver that starts anew: connections are
 * over, and LIVE follows with features and rings that begin again. Where
 * RESET_DEVICE or STATUS are agreed on the back end is told; elsewhere, as QEMU
 * has it, that its rings begin at 0 tells it.
 *
 * @param frontend that is LIVE
 * @return VSK_OK or VSK_ERR_STATE
 */
VSK_API vsk_status vsk_frontend_reset(vsk_frontend *frontend);

/**
 * Begin to have the device's state saved or loaded, in STOPPED: a notice of
 * the kind STATE says how it went. The back end gets a pipe; what passes
 * through it goes to or comes from the caller's file as steps are made.
 *
 * @param frontend that is STOPPED, with DEVICE_STATE agreed on
 * @param fd a pipe's end, a socket or a file; copied
 * @param loads it is read up to its end, else written
 * @return VSK_OK, VSK_ERR_STATE, also where a transfer is under way; or
 * VSK_ERR_SYSTEM
 */
VSK_API vsk_status vsk_frontend_transfer(vsk_frontend *frontend, int fd,
                                         bool loads);

/**
 * Name a state.
 *
 * @param state any value
 * @return a constant string, "UNKNOWN" for a value that is none
 */
VSK_API const char *vsk_frontend_state_name(uint32_t state);

#endif
