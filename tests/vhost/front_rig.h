/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Front rig: a back end with a device, and a front end that is played message
 * by message over a socket pair; a guest drives the rings in memory that both
 * share.
 *
 *     guest addresses   FRONT_LOW [1 MiB]       FRONT_HIGH [1 MiB]
 *     one file          offset 0                offset 1 MiB
 *     user addresses    guest address + FRONT_USER
 */
#ifndef VSK_TESTS_FRONT_RIG_H
#define VSK_TESTS_FRONT_RIG_H

#include "device_rig.h"
#include "guest_rig.h"
#include "socket_rig.h"

#include "vhost/backend.h"

#define FRONT_LOW 0x100000u
#define FRONT_HIGH 0x40000000u
#define FRONT_BYTES 0x100000u
#define FRONT_USER UINT64_C(0x550000000000)
#define FRONT_SIZE 64u /* of each ring */
#define FRONT_LOG 64u

/** What one end's role told. */
struct front_told {
    vsk_event_kind kinds[FRONT_LOG]; /**< in order */
    uint32_t count;                  /**< of them */
    vsk_conn *conn;                  /**< of the last REQUEST or CONNECT */
    uint8_t bytes[4096];             /**< of DATA, one after the other */
    uint32_t size;                   /**< of them */
};

/** A back end and its front end. */
struct front {
    struct bench *bench; /**< the device's tables alone */
    vsk_device device;
    vsk_backend backend;
    struct front_told host; /**< by the device */
    vsk_channel channel;    /**< the front end's socket */
    vsk_channel requests;   /**< SET_BACKEND_REQ_FD's other end */
    int memory_fd;
    vsk_mapping *mapping;
    vsk_region regions[2];
    vsk_memory memory;
    vsk_range *ranges;
    vsk_pool pool;
    vsk_guest_tables tables;
    vsk_guest guest;
    struct front_told told; /**< by the guest */
    int kicks[VSK_QUEUES];
    int calls[VSK_QUEUES];
    uint64_t calls_seen[VSK_QUEUES];
    bool silent; /**< the guest kicks nobody */
};

/** Make a back end without a front end. */
struct front *front_bare(const vsk_backend_options *options);

/** The same with a session that nothing was said in yet. */
struct front *front_new(void);

/** The same with some protocol features more. */
struct front *front_with(uint64_t protocol);

/** Give back all that a front holds. */
void front_free(struct front *front);

/** Another device and back end, as a process started anew has; the front end's
 * memory and guest stay. */
void front_new_process(struct front *front);

/* ---- messages ---- */

/** Begin a session on a new socket pair. */
void front_connect(struct front *front);

/** The front end goes. */
void front_hang_up(struct front *front);

/** A request without a payload. */
vsk_message front_message(vsk_request request);

/** Requests with a payload. */
vsk_message front_u64(vsk_request request, uint64_t value);
vsk_message front_state(vsk_request request, uint32_t index, uint32_t num);
vsk_message front_addr(const struct front *front, uint32_t index);
vsk_message front_config(vsk_request request, uint32_t offset, uint32_t size,
                         uint32_t flags);
vsk_shared_region front_region(const struct front *front, uint32_t which);

/** Send, and let the back end do what it will. */
void front_post(struct front *front, vsk_message *message, const int *fds,
                uint32_t count);

/** Send bytes that may be no message. */
void front_raw(struct front *front, const void *bytes, size_t size,
               const int *fds, uint32_t count);

/** Take an answer; its payload is read as told. False: none is there. */
bool front_answer(struct front *front, vsk_payload payload,
                  vsk_message *message);

/** Send with need_reply: the acknowledgement must be 0. */
void front_do(struct front *front, vsk_message message);
void front_do_fd(struct front *front, vsk_message message, int fd);

/** Send a request that has a u64 for an answer. */
uint64_t front_ask(struct front *front, vsk_request request);

/** Send with need_reply what breaks a rule: the acknowledgement says so, the
 * session ends with a notice that names the message, and another front end is
 * welcome. */
void front_refused(struct front *front, vsk_message message, const int *fds,
                   uint32_t count, vsk_status status);

/** The session is over, by this rule; a new one begins. */
void front_over(struct front *front, vsk_status status, const char *name);

/** Take notices until one of a kind comes; its status. Fails where none does.
 */
vsk_status front_noticed(struct front *front, vsk_notice_kind kind,
                         const char *text);

/** Forget all notices. */
void front_forget_notices(struct front *front);

/* ---- a driver's life ---- */

/** All that a front end says before its rings: protocol features, features,
 * memory. */
void front_agree(struct front *front, uint64_t protocol, uint64_t features);
void front_set_memory(struct front *front);

/** The guest posts its buffers: its rings are in memory. */
void front_open(struct front *front);

/** Tell of a ring: call, size, base, place; not of its kick. */
void front_tell_ring(struct front *front, uint32_t index, uint32_t base);

/** Give a ring its kick. */
void front_kick(struct front *front, uint32_t index);

/** Enable or disable a ring. */
void front_enable(struct front *front, uint32_t index, bool on);

/** Stop a ring: what the back end answers. */
uint32_t front_stop(struct front *front, uint32_t index);

/** Disable and stop all rings: what the back end answers. */
void front_stop_all(struct front *front, uint32_t *bases);

/** Start all rings where that was, and let both sides go on. */
void front_go_on(struct front *front, const uint32_t *bases);

/** Tell of a ring, start and enable it. */
void front_start(struct front *front, uint32_t index, uint32_t base);

/** Everything up to packets that flow, with so many queues. */
struct front *front_live(uint32_t queues);

/* ---- packets ---- */

/** Let both sides go on until neither has anything to do. */
void front_run(struct front *front);

/** Let the device's side alone go on. */
void front_run_host(struct front *front);

/** Let the guest's side alone go on; what it wants to kick, it kicks. */
void front_run_guest(struct front *front);

/** How often a ring was called since the last time. */
uint64_t front_called(struct front *front, uint32_t index);

/** Fail unless an event of a kind was told; forgets what was told. */
void front_told(struct front_told *told, vsk_event_kind kind);

/** Fail if an event of a kind was told. */
void front_not_told(const struct front_told *told, vsk_event_kind kind);

/** Connect a guest to the host; the guest's connection. */
vsk_conn *front_connected(struct front *front);

/** The guest sends bytes; the host must get them. */
void front_echo(struct front *front, vsk_conn *conn, const char *text);

/** The used idx of a ring, as it stands in memory; of a packed one, the slot of
 * the device's account. */
uint16_t front_used(const struct front *front, uint32_t index);

#endif
