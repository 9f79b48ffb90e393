/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Bridge rig: programs on Unix sockets, a bridge, a device, a guest, all in
 * one thread; the guest's applications are buffers here.
 *
 *     program ==socket==> bridge -> device ==rings==> guest -> application
 *                                   by a lab, or by a back end and a front end
 */
#ifndef VSK_TESTS_BRIDGE_RIG_H
#define VSK_TESTS_BRIDGE_RIG_H

#include "socket_rig.h"
#include "tables_rig.h"

#include "vhost/bridge.h"
#include "vhost/frontend.h"
#include "vsk/lab.h"

#define CAPACITY 256u /* connections of device and guest */
#define RING 64u
#define SPANS 256u
#define RECORDS 512u
#define RAM 0x1000000u
#define GUEST 42u
#define BUFFER 65536u /* of device and guest, for each connection */
#define PATIENCE (20 * VSK_SECOND) /* of a case */

/** What the guest's application has of a connection. */
struct app {
    uint64_t handle; /* 0: never used */
    uint8_t *in;     /* what came */
    size_t in_size;
    uint32_t messages;    /* ends of messages */
    uint32_t sizes[1100]; /* bytes that had come with each of them */
    const uint8_t *out;   /* what is to be sent: one message on SEQPACKET */
    size_t out_size;
    size_t out_done;
    bool asks;   /* it shuts its sending side when all has gone */
    bool holds;  /* it reads nothing: no credit comes back */
    bool opened; /* connected */
    bool ended;  /* EOF came */
    bool closed; /* CLOSE came */
    vsk_reason reason;
};

/** Everything. */
struct world {
    vsk_lab lab;
    vsk_lab_pair pair;
    vsk_region region;
    vsk_memory memory;
    vsk_range ranges[1024];
    vsk_pool pool;
    vsk_device device;
    vsk_guest guest;
    vsk_device_tables device_tables;
    vsk_guest_tables guest_tables;
    uint8_t *ram;
    struct app apps[CAPACITY]; /* by slot of the guest's table */
    struct app *last;          /* the one that came or was called last */
    bool refuse;               /* the guest resets who asks */
    bool hesitate;             /* the guest answers nobody who asks */
    bool blind;                /* the bridge is not let look at sockets */
    bool echo;                 /* its applications send back what comes */
    uint32_t asked;            /* REQUESTs that came */
    char folder[RIG_FOLDER];
    char path[64];
    vsk_bridge bridge;
    bool served; /* by the two ends that follow, not by the lab */
    vsk_backend backend;
    vsk_frontend frontend;
    uint32_t held; /* descriptors before all this */
    uint32_t steps;
};

/** Make a world with buffers of this size on both sides, and so many links. */
struct world *world_sized(uint32_t buffer, uint32_t connections);

/** The same behind a vhost-user socket; a step that waits in vain fails. */
struct world *world_served(void);

/** Fail where a descriptor or a file is left, and give all back. */
void world_free(struct world *w);

/** Do one step of everything; wait a moment where nothing was to be done. */
void world_step(struct world *w);

/** Let everything that goes by itself happen: so many steps. */
void world_run(struct world *w, uint32_t steps);

/** Step until something is true; fail where it takes too long. */
#define UNTIL(w, what)                                                         \
    for (uint64_t end = vsk_loop_now() + PATIENCE; !(what); world_step(w))     \
    assert_true(vsk_loop_now() < end)

/** Initialise the device as a driver does. */
void world_boot(struct world *w);

/* ---- the guest's applications ---- */

/** Connect to a port of the host. */
struct app *guest_calls(struct world *w, uint32_t port, uint16_t type);

/** Send; the bytes must live on. */
void guest_sends(struct world *w, struct app *app, const void *bytes,
                 size_t size, bool asks);

/** Send a message, or a part of it, at once: all of it must fit. */
void guest_sends_part(struct world *w, struct app *app, const void *bytes,
                      size_t size, uint32_t flags);

/** VSK_CALL_*, as a process does that exits or shuts a socket. */
void guest_does(struct world *w, struct app *app, vsk_call call,
                uint32_t flags);

/** Read what was held back, and hold nothing back any more. */
void guest_reads(struct world *w, struct app *app);

/* ---- programs ---- */

/** Listen at the path of a port. */
int program_listens(struct world *w, uint32_t port, int type);

/** Accept who calls. */
int program_accepts(struct world *w, int listener);

/** Connect to the bridge. */
int program_connects(struct world *w, int type);

/** Say a line. */
void program_says(int fd, const char *line);

/** Connect, dial, and read the OK. */
int program_dials(struct world *w, uint32_t port, int type);

/** Send all, as far as the guest takes it. */
void program_sends(struct world *w, int fd, const void *bytes, size_t size);

/** Read so many bytes; fails where the end comes before. */
void program_reads(struct world *w, int fd, void *bytes, size_t size);

/** Read one message, or what is there; -1 with errno, as recv. */
ssize_t program_takes(struct world *w, int fd, void *bytes, size_t size);

/** Fail unless the next thing to read is the end. */
void program_expects_end(struct world *w, int fd);

/** Fail unless some notice says this. */
void world_noted(struct world *w, vsk_status status, const char *words);

#endif
