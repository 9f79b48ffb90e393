/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Both rig: a guest and a device on the two ends of a vhost-user socket, in one
 * thread; the device's side sends everything back.
 *
 *     party (guest) - frontend -- socket, shared memory -- backend - party
 */
#ifndef VSK_TESTS_BOTH_RIG_H
#define VSK_TESTS_BOTH_RIG_H

#include "device_rig.h"
#include "guest_rig.h"
#include "socket_rig.h"

#include "vhost/backend.h"
#include "vhost/frontend.h"

#define BOTH_SIZE 64u         /* of each queue */
#define BOTH_BYTES (1u << 20) /* that are echoed */
#define BOTH_ROOM (2u << 20)  /* for what comes in */
#define BOTH_PORT 1234u       /* of the host */
#define BOTH_SECONDS 10u      /* that anything may take */

/** An application at one end, with one connection. */
struct party {
    vsk_guest *guest;   /**< or */
    vsk_device *device; /**< the role that it talks to */
    bool echoes;        /**< what comes in goes out again */
    vsk_conn *conn;     /**< NULL: none */
    uint8_t *in;        /**< what came, BOTH_ROOM bytes */
    size_t got;         /**< bytes of it */
    const uint8_t *out; /**< what is to go */
    size_t size;        /**< bytes of it */
    size_t sent;        /**< of them gone */
    uint32_t flags;     /**< of the message; 0: a stream */
    bool ends;          /**< SHUTDOWN of sending once all has gone */
    uint32_t eoms;      /**< messages that came to their end */
    uint32_t seen[VSK_EVENT_RESET + 1]; /**< events by kind */
};

/** A device with its back end. */
struct host {
    struct bench *bench; /**< the device's tables alone */
    vsk_device device;
    vsk_backend backend;
    struct party party;
};

/** Both ends. */
struct both {
    char folder[RIG_FOLDER];
    char path[64];
    vsk_guest_tables tables;
    vsk_guest guest;
    vsk_range *ranges;
    vsk_pool pool;
    vsk_frontend frontend;
    struct party party;
    struct host *hosts[2]; /**< the second one may be NULL */
};

/** The defaults, with less memory. */
vsk_frontend_options both_options(void);

/** Make both ends, connected and LIVE; protocol features more on both. */
struct both *both_live(const vsk_frontend_options *options, uint64_t protocol);

/** Give back all that both hold. */
void both_free(struct both *both);

/** A second back end listens in place of the first one, for this CID. */
void both_second(struct both *both, uint64_t cid);

/** Let both ends go on until this is so, or fail. */
void both_run(struct both *both, bool (*until)(const struct both *both));

/** Run until the front end has a state. */
void both_reach(struct both *both, vsk_frontend_state state);

/** Send what is left, as far as it goes; then perhaps the end. */
void both_send(struct party *party);

/** Begin a connection from the guest, and run until it is there. */
void both_connect(struct both *both, uint16_t type);

/** Send bytes from the guest and run until as many have come back: the same.
 */
void both_echo(struct both *both, const uint8_t *bytes, size_t size,
               uint32_t flags);

/** Bytes that tell their place; free() them. */
uint8_t *both_pattern(size_t size);

#endif
