/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Front end rig: a front end, and a back end that is played by hand at the
 * other end of a socket pair: it keeps a trace of what was asked, answers as it
 * is told to, right or wrong, and holds the descriptors that came.
 */
#ifndef VSK_TESTS_FRONTEND_RIG_H
#define VSK_TESTS_FRONTEND_RIG_H

#include "guest_rig.h"

#include "vhost/frontend.h"

#define FRONT_LINES 128u
#define FRONT_LINE 64u
#define FRONT_FEATURES                                                         \
    (VSK_BIT(VSK_FEATURE_VERSION_1) | VSK_BIT(VSK_FEATURE_SEQPACKET) |         \
     VSK_BIT(VSK_FEATURE_EVENT_IDX) | VSK_BIT(VSK_FEATURE_INDIRECT_DESC) |     \
     VSK_BIT(VSK_FEATURE_PROTOCOL))
#define FRONT_SIZE 16u /* of each queue */

/** What is wrong with the answer to one request. */
struct twist {
    uint32_t request;  /**< which one; 0: none */
    uint32_t other_id; /**< added to the request's number */
    uint32_t flags;    /**< instead of 5; 0: 5 */
    int32_t more;      /**< bytes more than there should be */
    uint32_t cut;      /**< send only so many bytes, then hang up; 0: all */
    uint32_t fds;      /**< descriptors that come with it */
    uint64_t number;   /**< of an acknowledgement, or a u64: added to it */
    bool silent;       /**< none at all */
    bool hangs_up;     /**< close instead */
    bool bytewise;     /**< a byte in each packet of the socket */
};

/** A front end and its scripted back end. */
struct front {
    vsk_guest_tables tables;
    vsk_guest guest;
    vsk_range ranges[256];
    vsk_pool pool;
    vsk_frontend frontend;
    vsk_event event;
    vsk_notice notice; /* taken last */

    int fd;            /* the back end's end of the socket */
    uint64_t features; /* what it answers */
    uint64_t protocol;
    uint64_t cid;
    uint64_t queues;
    uint64_t slots;
    uint64_t status;
    uint32_t bases[VSK_QUEUES];
    struct twist twist;
    int brings;            /* a channel of its own for the device's state; -1 */
    uint64_t state_answer; /* added to the answer about it */

    uint64_t agreed; /* SET_PROTOCOL_FEATURES */
    uint64_t accepted;
    vsk_shared_region region;
    vsk_ring_address addr[VSK_QUEUES];
    int kicks[VSK_QUEUES]; /* what came, -1 */
    int calls[VSK_QUEUES];
    int requests;
    int memory;
    int state;

    char trace[FRONT_LINES][FRONT_LINE];
    uint32_t lines;
    uint32_t fds_before; /* of the process */
};

/** Options with a short timeout. */
vsk_frontend_options front_options(void);

/** Make a front end that is not connected; NULL: front_options. */
struct front *front_made(const vsk_frontend_options *options);

/** The same on a socket pair, nothing said yet. */
struct front *front_new(const vsk_frontend_options *options);

/** Give it the one end of a new socket pair; the other is the back end's. */
vsk_status front_adopt(struct front *front);

/** Give back all; fails where a descriptor was left over. */
void front_free(struct front *front);

/** Step to VSK_NONE; events are counted and dropped. */
uint32_t front_step(struct front *front);

/** Answer what was asked; how many requests. */
uint32_t front_answer(struct front *front);

/** Step and answer until there is nothing more to say. */
void front_talk(struct front *front);

/** Talk until it is live; fails the test where that is not reached. */
struct front *front_live(const vsk_frontend_options *options);

/** Forget the trace. */
void front_forget(struct front *front);

/** Fail unless the trace is this: lines with a blank line's end each. */
void front_said(const struct front *front, const char *const *lines);
#define SAID(front, ...)                                                       \
    front_said(front, (const char *const[]){__VA_ARGS__, NULL})

/** Whether a request was made at all. */
bool front_asked(const struct front *front, const char *name);

/** The next notice of a kind; others are dropped. */
const vsk_notice *front_noticed(struct front *front, vsk_notice_kind kind);

/** Fail unless it is over for this reason, with a notice that has the words. */
void front_over(struct front *front, vsk_status status, const char *words);

/** Send bytes and descriptors. */
void front_send(int fd, const void *bytes, size_t size, const int *fds,
                uint32_t count);

/** Close a descriptor and mark it as closed. */
void front_close(int *fd);

#endif
