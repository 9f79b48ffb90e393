/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Bridge: the host side of a device for programs that know nothing of vsk, as
 * Firecracker, Cloud Hypervisor and vhost-device-vsock have it.
 *
 *     guest connects to port 52        -> Unix socket PATH_52
 *     PATH <- "CONNECT 52\n"           -> guest's port 52
 *          -> "OK 3221225472\n"           the host's own port; closed where
 *                                         the guest refuses
 *     SEQPACKET: the same with PATH.seq and PATH.seq_52, of SOCK_SEQPACKET;
 *     the two lines are messages of their own
 *
 * A connection of the guest is accepted when the program has been connected
 * to, and reset where nobody listens. The end of what one side sends is passed
 * on alone: the other direction goes on. Bytes count as forwarded when the
 * program's socket took them, so a program that does not read holds back its
 * own connection and no other; what waits for it is never more than the
 * device's buffer. A program's socket is read as far as the guest takes it:
 * the rest stays in there. Where the guest has closed, what waits is kept for
 * ten seconds after the last byte was taken.
 *
 * A SEQPACKET message goes through whole, or ends its connection: to the guest
 * where it is longer than the guest's buffer, to a program where the kernel
 * takes no message of that length (net.core.wmem_max); a notice says so. An
 * end of record (EOR) is not passed on: Unix sockets have none.
 */
#ifndef VSK_VHOST_BRIDGE_H
#define VSK_VHOST_BRIDGE_H

#include "vhost/backend.h"
#include "vhost/backlog.h"
#include "vhost/dial.h"

#define VSK_BRIDGE_PATH 92u   /**< bytes of a path at most */
#define VSK_BRIDGE_TURN 65536 /**< bytes that a socket is read at once */
#define VSK_BRIDGE_SEQ ".seq" /**< behind the path, for SEQPACKET */

/** Where a link stands. */
typedef enum vsk_bridge_state {
    VSK_BRIDGE_FREE,     /**< there is none */
    VSK_BRIDGE_DIALLING, /**< a program is about to say a port */
    VSK_BRIDGE_ASKING,   /**< the guest was asked */
    VSK_BRIDGE_CALLING,  /**< a program's queue is full: tried again */
    VSK_BRIDGE_OPEN,     /**< both sides are connected */
    VSK_BRIDGE_LINGERING /**< the guest's side is over, the program reads */
} vsk_bridge_state;

/** A program's socket, and the connection that it is one end of. */
typedef struct vsk_bridge_link {
    vsk_bridge_state state; /**< where it stands */
    int fd;                 /**< the program's socket, -1: none yet */
    uint32_t watched;       /**< VSK_LOOP_*, what is waited for */
    uint16_t type;          /**< VSK_TYPE_* */
    bool in_loop;           /**< its socket is waited for, or was */
    bool ended;             /**< the guest sends no more */
    bool shut;              /**< the program knows that */
    bool mute;              /**< the program sends no more */
    bool deaf;              /**< the program reads no more */
    bool gone;              /**< both: its socket is not waited for */
    bool stalled;           /**< the guest takes no more: WRITABLE follows */
    uint64_t handle;        /**< of the connection, 0: none */
    uint64_t sent;          /**< bytes of the program's message that went */
    uint64_t deadline;      /**< of CALLING and LINGERING, else UINT64_MAX */
    uint64_t limit;         /**< when CALLING is given up */
    vsk_dial dial;          /**< the program's line */
    vsk_backlog backlog;    /**< for the program */
    uint32_t next;          /**< free link */
} vsk_bridge_link;

/** How a bridge behaves. */
typedef struct vsk_bridge_options {
    const char *path;     /**< of the socket for programs, VSK_BRIDGE_PATH bytes
                             at most; copied */
    uint32_t connections; /**< links at most, 1 or more */
} vsk_bridge_options;

/** A socket on which programs come. */
typedef struct vsk_bridge_door {
    int fd;         /**< it listens; -1: closed */
    uint16_t type;  /**< VSK_TYPE_* */
    char path[108]; /**< of its file */
    uint64_t node;  /**< the file's number: another one is left alone */
} vsk_bridge_door;

/** A device's host side. It stays where it is while it is open. */
typedef struct vsk_bridge {
    vsk_device *device;             /**< the caller's */
    vsk_backend *backend;           /**< of vsk_bridge_step, or NULL */
    vsk_loop loop;                  /**< all that it waits for */
    vsk_bridge_door doors[2];       /**< STREAM, SEQPACKET */
    char path[VSK_BRIDGE_PATH + 1]; /**< of the options */
    vsk_bridge_link *links;         /**< capacity of them */
    uint32_t capacity;              /**< links */
    uint32_t count;                 /**< that are not free */
    uint32_t free;                  /**< first of those that are */
    uint32_t *by_slot;              /**< links, by slot of the device's
                                           table */
    uint8_t *scratch;               /**< what a program has sent */
    size_t room;                    /**< bytes of scratch */
    uint64_t alarm;                 /**< the earliest deadline */
    uint64_t closed_until;          /**< no descriptors are left: nobody is
                                           let in; 0: open */
    vsk_notices notices;            /**< to be read */
} vsk_bridge;

/**
 * Say how a bridge behaves if nothing else is said.
 *
 * @return no path, 1024 connections
 */
VSK_API vsk_bridge_options vsk_bridge_options_default(void);

/**
 * Begin: programs may come. What a dead server left at a path is replaced.
 *
 * @param bridge written on success
 * @param device as vsk_device_init leaves it, or at work, without connections;
 * must outlive the bridge
 * @param options how to behave
 * @return VSK_OK; VSK_ERR_ARGUMENT for the path or the count; VSK_ERR_BUSY
 * where somebody listens there; VSK_ERR_NOMEM; VSK_ERR_SYSTEM: errno says more
 */
VSK_API vsk_status vsk_bridge_open(vsk_bridge *bridge, vsk_device *device,
                                   const vsk_bridge_options *options);

/**
 * End: programs' sockets are closed, their connections reset, the files
 * removed.
 *
 * @param bridge changed; twice is no error
 */
VSK_API void vsk_bridge_close(vsk_bridge *bridge);

/**
 * Name the descriptor that becomes readable when there is something to do.
 *
 * @param bridge to look at
 * @return the descriptor; it stays the bridge's, and the same
 */
VSK_API int vsk_bridge_fileno(const vsk_bridge *bridge);

/**
 * Do what programs and deadlines ask for, a bounded piece of it; the device is
 * to be polled afterwards. vsk_bridge_step does it by itself.
 *
 * @param bridge changed
 * @param now time in nanoseconds, on vsk_loop_now
 * @return VSK_OK: something was done; VSK_NONE
 */
VSK_API vsk_status vsk_bridge_sockets(vsk_bridge *bridge, uint64_t now);

/**
 * Do what an event of the device asks for, before the next one is asked for.
 * vsk_bridge_step does it by itself.
 *
 * @param bridge changed
 * @param now time in nanoseconds, the device's
 * @param event of the device, any
 */
VSK_API void vsk_bridge_event(vsk_bridge *bridge, uint64_t now,
                              const vsk_event *event);

/**
 * Serve the device on a back end's socket as well: behind the bridge's
 * descriptor, by vsk_bridge_step.
 *
 * @param bridge changed on success
 * @param backend of the same device; closed after the bridge
 * @return VSK_OK, VSK_ERR_ARGUMENT for another device's, VSK_ERR_BUSY where
 * there is one, or VSK_ERR_SYSTEM
 */
VSK_API vsk_status vsk_bridge_serve(vsk_bridge *bridge, vsk_backend *backend);

/**
 * Do what there is to do, a bounded piece of it: programs, then the back end.
 *
 * @param bridge that serves a back end
 * @return VSK_OK: call again; VSK_NONE: wait for vsk_bridge_fileno
 */
VSK_API vsk_status vsk_bridge_step(vsk_bridge *bridge);

#endif
