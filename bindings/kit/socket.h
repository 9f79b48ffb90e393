/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Sockets for scripts: one device, or one guest, at its end of a vhost-user
 * socket and on the system's clock.
 */
#ifndef KIT_SOCKET_H
#define KIT_SOCKET_H

#include "kit/host.h"
#include "vhost/bridge.h"
#include "vhost/frontend.h"

/* Ends of a socket: script type Socket. */
typedef struct kit_socket {
    kit_host host;
    bool is_guest;
    bool closed;
    bool still; /* rings do not run, nor do deadlines */
    bool busy;  /* whoever steps has not come to the end: it is flushed there */
    bool bridged;   /* programs have the device's connections, not scripts */
    vsk_loop loop;  /* the end's descriptor, and the script's timers */
    uint64_t began; /* on the system's clock: time 0 of the trace */
    int signals;    /* signalfd in the loop; -1: signals are not heeded */
    bool was_blocked[2]; /* signals, before they were heeded */
    union {
        struct {
            vsk_backend backend;
            vsk_bridge bridge;
        };
        vsk_frontend frontend;
    };
} kit_socket;

/* What a guest's end is made with. */
typedef struct kit_attach {
    uint64_t memory_size; /* bytes */
    uint64_t timeout;     /* nanoseconds for an answer */
    uint64_t guest_cid;   /* where the device tells none */
    uint64_t protocol;    /* features accepted */
    uint32_t queues;      /* 2 or 3 */
    bool mem_slots;       /* ADD_MEM_REG */
} kit_attach;

/* A device's end, without a socket; protocol features offered. */
vsk_status kit_socket_new_server(const kit_role_options *options,
                                 uint64_t protocol, uint64_t trace_limit,
                                 kit_socket **socket, kit_why *why);
/* A guest's end, without a socket. */
vsk_status kit_socket_new_client(const kit_role_options *options,
                                 const kit_attach *attach, uint64_t trace_limit,
                                 kit_socket **socket, kit_why *why);
/* The role, a new reference. */
kit_role *kit_socket_own(kit_socket *socket);
/* Listen, be the client of a front end that listens, or connect. */
vsk_status kit_socket_listen(kit_socket *socket, const char *path,
                             kit_why *why);
vsk_status kit_socket_dial(kit_socket *socket, const char *path, kit_why *why);
/* Let programs have the device's connections, on Unix sockets at a path. */
vsk_status kit_socket_bridge(kit_socket *socket, const char *path,
                             kit_why *why);
/* A descriptor, which becomes the socket's. */
vsk_status kit_socket_adopt(kit_socket *socket, uint32_t fd);
/* Readable when kit_host_step has something to do. */
int kit_socket_fileno(const kit_socket *socket);
/* Wait for that, so many nanoseconds at most; whether it is. */
vsk_status kit_socket_wait(const kit_socket *socket, uint64_t timeout,
                           bool *yes);
/* Send and signal what calls have left behind: for who stops to step. */
void kit_socket_flush(kit_socket *socket);
/* End it; twice is no error. Connections are over. */
void kit_socket_close(kit_socket *socket);
/* The oldest notice. */
vsk_status kit_socket_notice(kit_socket *socket, vsk_notice *notice);
/* Numbers by name. */
vsk_status kit_socket_count(const kit_socket *socket, const char *name,
                            uint64_t *count);
/* signals.c: until it is closed SIGTERM and SIGINT do nothing but wake it. */
vsk_status kit_socket_heed(kit_socket *socket);
bool kit_socket_signalled(const kit_socket *socket);
void kit_socket_unheed(kit_socket *socket);
/* Of a guest's end. */
vsk_status kit_socket_stop(kit_socket *socket);
vsk_status kit_socket_resume(kit_socket *socket);

#endif
