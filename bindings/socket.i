/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The shared interface of sockets, which only the frontends see.
 *
 *   vsk_notice *notice         nothing to pass; becomes (kind, status, text)
 */
%{
#include "kit/socket.h"
%}

%rename(Socket) kit_socket;

/**
 * A device or a guest at its end of a vhost-user socket, below the frontends.
 */
typedef struct {} kit_socket;

VSK_HOST(kit_socket)

%extend kit_socket {
    /** Make a device's end. @return the socket */
    static vsk_status serve(kit_role_options *device, uint64_t protocol,
                            uint64_t trace_limit, kit_socket **socket,
                            kit_why *why) {
        return kit_socket_new_server(device, protocol, trace_limit, socket,
                                     why);
    }

    /** Make a guest's end; timeout in nanoseconds. @return the socket */
    static vsk_status attach(kit_role_options *guest, uint64_t protocol,
                             uint64_t trace_limit, uint64_t memory_size,
                             uint64_t guest_cid, uint32_t queues,
                             bool mem_slots, uint64_t timeout,
                             kit_socket **socket, kit_why *why) {
        const kit_attach how = {
            .memory_size = memory_size,
            .timeout = timeout,
            .guest_cid = guest_cid,
            .protocol = protocol,
            .queues = queues,
            .mem_slots = mem_slots,
        };

        return kit_socket_new_client(guest, &how, trace_limit, socket, why);
    }

    /** The device or the guest. @return a Role */
    vsk_status role(kit_role **role) {
        *role = kit_socket_own($self);
        return VSK_OK;
    }

    /** Wait for front ends on a socket file. */
    vsk_status listen(const char *name, kit_why *why);

    /** Connect to who listens on a socket file. */
    vsk_status dial(const char *name, kit_why *why);

    /** Let programs have the device's connections, at a path. */
    vsk_status bridge(const char *name, kit_why *why);

    /** Go on with a descriptor, which is the socket's from then on. */
    vsk_status adopt(uint32_t descriptor);

    /** The descriptor that is readable when there is something to do. */
    uint32_t fileno();

#ifdef SWIGLUA /* Python waits by itself, so that its other threads run */
    /** Wait for it, nanoseconds at most. @return whether it is readable */
    vsk_status wait(uint64_t timeout, bool *yes);
#endif

    /** Send and signal what calls have left behind. */
    void flush();

    /** End it. Twice is no error. */
    void close();

    /** Take the oldest notice. @return (kind, status, text), None */
    vsk_status notice(vsk_notice *notice);

    /** Read a number by its name. @return it */
    vsk_status count(const char *name, uint64_t *count);

#ifdef SWIGLUA
    /** From now on SIGTERM and SIGINT do nothing but wake it. */
    vsk_status heed();
#endif

    /** Stop a guest's rings, as a machine that is paused. */
    vsk_status stop();

    /** Let a guest's rings go on. */
    vsk_status resume();
}
