/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Backend: a device on a vhost-user socket; the front end - QEMU, User Mode
 * Linux, a vsk guest - brings memory, rings and kicks.
 *
 *     front end --messages--> vsk_backend_step --events--> application
 *               --kicks---->  vsk_device
 *               <---calls---
 *
 * A session is one front end's connection. What a message asks for is done at
 * once, in any order: a ring runs as soon as all that it needs is there. What
 * breaks a rule ends the session, says so in a notice, and the next front end
 * is welcome; only SET_CONFIG, which may be the guest's doing, and DEVICE_STATE
 * are refused by their answer alone. Status writes are not part of the
 * protocol: the device is given those that a driver makes, DRIVER_OK when the
 * first ring runs.
 *
 *     ring   stopped --SET_VRING_KICK--> started --GET_VRING_BASE--> stopped
 *            only where it is started and enabled it is touched at all
 *
 * A ring goes on where it stood if the front end gives back what it was
 * answered, else where its used ring stands: the device completes in order, and
 * has given everything back by then. Nothing in memory says that of a packed
 * ring: it begins at the used half of the base that is told, and at its start
 * where that is 0, as User Mode Linux has it of new ones. Connections live as long as every ring
 * goes on; a ring that begins anew, other features, RESET_DEVICE and the end of
 * the session end them without a packet. Where the driver may know connections
 * that the device does not - a ring that was used before, a state that was
 * loaded - it is told by TRANSPORT_RESET, if the event queue is ours. While no
 * ring runs the device is paused.
 *
 * Nothing waits. vsk_backend_fileno is readable when vsk_backend_step has
 * something to do; vsk_backend_wake says that a call on the device may have
 * made work.
 */
#ifndef VSK_VHOST_BACKEND_H
#define VSK_VHOST_BACKEND_H

#include "vhost/channel.h"
#include "vhost/loop.h"
#include "vhost/mapping.h"
#include "vhost/notice.h"
#include "vhost/notify.h"
#include "vsk/device.h"

/** Protocol features that a back end offers if nothing else is said. */
#define VSK_BACKEND_PROTOCOL                                                   \
    (VSK_BIT(VSK_PROTOCOL_MQ) | VSK_BIT(VSK_PROTOCOL_REPLY_ACK) |              \
     VSK_BIT(VSK_PROTOCOL_BACKEND_REQ) | VSK_BIT(VSK_PROTOCOL_CONFIG) |        \
     VSK_BIT(VSK_PROTOCOL_RESET_DEVICE) |                                      \
     VSK_BIT(VSK_PROTOCOL_CONFIGURE_MEM_SLOTS) |                               \
     VSK_BIT(VSK_PROTOCOL_DEVICE_STATE))

/** What a back end knows of a ring. */
typedef struct vsk_backend_ring {
    vsk_ring place;       /**< addresses are the front end's own */
    vsk_ring_state state; /**< where it stands while it is not touched */
    uint64_t base;        /**< as told last; UINT64_MAX: never */
    uint64_t answered;    /**< to GET_VRING_BASE; UINT64_MAX: not since it ran
                           */
    int kick;             /**< descriptor, or -1 */
    int call;             /**< descriptor, or -1 */
    int err;              /**< descriptor, or -1 */
    bool has_num;         /**< SET_VRING_NUM came */
    bool has_addr;        /**< SET_VRING_ADDR came */
    bool polled;          /**< KICK came without a descriptor */
    bool started;         /**< by the front end */
    bool enabled;         /**< by the front end */
    bool known;           /**< state says where to go on */
    bool noted;           /**< that it waits for memory was said */
} vsk_backend_ring;

/** How a back end behaves. */
typedef struct vsk_backend_options {
    uint64_t protocol; /**< features offered, VSK_BIT(VSK_PROTOCOL_*) */
    bool once;         /**< the first session is the only one */
} vsk_backend_options;

/** A device on a socket. It stays where it is while it is open. */
typedef struct vsk_backend {
    vsk_device *device;          /**< the caller's */
    vsk_backend_options options; /**< how to behave */
    vsk_loop loop;               /**< all that it waits for */
    int listener;                /**< -1: none */
    char path[108];              /**< of the listener's socket, to be removed;
                                    or of the server to connect to */
    uint64_t file[2];            /**< device and inode of the listener's file */
    uint64_t retry_at;           /**< to connect or accept again; UINT64_MAX */
    bool dials;                  /**< it is the socket's client */
    vsk_channel channel;         /**< to the front end */
    vsk_channel requests;        /**< SET_BACKEND_REQ_FD's */
    vsk_mappings mappings;       /**< guest memory */
    vsk_memory memory;           /**< the same */
    vsk_backend_ring rings[VSK_QUEUES]; /**< by index */
    uint64_t features;                  /**< SET_FEATURES, bit 30 included */
    uint64_t protocol;                  /**< SET_PROTOCOL_FEATURES */
    uint64_t status;                    /**< SET_STATUS, stored and echoed */
    uint64_t sessions;                  /**< how many there were */
    bool connected;                     /**< one is there now */
    bool owned;                         /**< SET_OWNER came */
    bool live;                          /**< rx and tx run: LIVE was told */
    bool stale;                         /**< the driver may know connections
                                           that the device does not */
    uint32_t told;                      /**< events since messages were looked
                                           for */
    uint32_t greet;                     /**< rings to be notified whatever they
                                           say, a bit each */
    uint32_t owed;                      /**< requests to the front end; private
                                         */
    int transfer;                       /**< DEVICE_STATE's descriptor, -1 */
    bool loads;                         /**< it is read, else written */
    bool eager;                         /**< it is a file: always ready */
    uint8_t *state;                     /**< the device's state on its way */
    uint64_t state_size;                /**< bytes of it; room, where it loads
                                         */
    uint64_t state_done;                /**< of them gone or come */
    vsk_status state_result;            /**< of the last transfer; VSK_NONE: it
                                           goes on, or there was none */
    vsk_notices notices;                /**< to be read */
} vsk_backend;

/**
 * Say how a back end behaves if nothing else is said.
 *
 * @return VSK_BACKEND_PROTOCOL, any number of sessions
 */
VSK_API vsk_backend_options vsk_backend_options_default(void);

/**
 * Begin without a socket.
 *
 * @param backend written on success
 * @param device as vsk_device_init leaves it; must outlive the back end
 * @param options how to behave; copied
 * @return VSK_OK, VSK_ERR_PROTOCOL for a protocol feature that is not known, or
 * INBAND_NOTIFICATIONS without what it needs (VHU-BOTH-10); VSK_ERR_SYSTEM
 */
VSK_API vsk_status vsk_backend_init(vsk_backend *backend, vsk_device *device,
                                    const vsk_backend_options *options);

/**
 * End: the session is closed, connections are over, the socket's file is
 * removed. Events that the device still has to tell can be polled from it.
 *
 * @param backend changed; twice is no error
 */
VSK_API void vsk_backend_close(vsk_backend *backend);

/**
 * Wait for front ends on a socket file; what is left of a dead server there is
 * replaced.
 *
 * @param backend changed on success
 * @param path of the file, 107 bytes at most
 * @return VSK_OK; VSK_ERR_ARGUMENT for the path; VSK_ERR_BUSY where somebody
 * listens there, or the back end has a socket already; VSK_ERR_SYSTEM: errno
 * says more
 */
VSK_API vsk_status vsk_backend_listen(vsk_backend *backend, const char *path);

/**
 * Be the client of a front end that listens, such as QEMU with server=on; tried
 * again each 100 ms where nobody does, and after the session. So that a process
 * that starts again can go on, CONFIGURE_MEM_SLOTS is not offered.
 *
 * @param backend changed on success
 * @param path of the front end's socket file, 107 bytes at most
 * @return VSK_OK, VSK_ERR_ARGUMENT or VSK_ERR_BUSY
 */
VSK_API vsk_status vsk_backend_dial(vsk_backend *backend, const char *path);

/**
 * Begin a session on a socket that is connected, or go on listening on one
 * that listens already.
 *
 * @param backend changed on success
 * @param fd the back end's from then on
 * @return VSK_OK, VSK_ERR_BUSY or VSK_ERR_SYSTEM
 */
VSK_API vsk_status vsk_backend_adopt(vsk_backend *backend, int fd);

/**
 * Name the descriptor that becomes readable when there is something to do.
 *
 * @param backend to look at
 * @return the descriptor; it stays the back end's, and the same
 */
VSK_API int vsk_backend_fileno(const vsk_backend *backend);

/**
 * Say that a call on the device may have made work.
 *
 * @param backend its descriptor becomes readable
 */
VSK_API void vsk_backend_wake(vsk_backend *backend);

/**
 * Do what there is to do, up to the next event of the device; what the last
 * one pointed at is void. The driver is notified before VSK_NONE.
 *
 * @param backend changed
 * @param event written on success
 * @return VSK_OK, or VSK_NONE: wait for vsk_backend_fileno
 */
VSK_API vsk_status vsk_backend_step(vsk_backend *backend, vsk_event *event);

/**
 * Send what is owed and notify the driver, without looking for anything: after
 * calls on the device, where nobody steps soon.
 *
 * @param backend changed
 */
VSK_API void vsk_backend_flush(vsk_backend *backend);

/**
 * Give the guest another CID, as vsk_device_reset_transport, and tell the front
 * end of it where it can hear (VHU-BE-49).
 *
 * @param backend changed on success
 * @param guest_cid the guest's CID from now on
 * @return as vsk_device_reset_transport
 */
VSK_API vsk_status vsk_backend_reset_transport(vsk_backend *backend,
                                               uint64_t guest_cid);

#endif
