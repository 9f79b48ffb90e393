/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Front end rig: a front end, and a back end that is played by hand at the
 * other end of a socket pair: it keeps a trace of what was asked, answers as it
 * is told to, right or wrong, and holds the descriptors that came.
 */
#ifndef VSK_TESTS_FRONTEND_RIG_H
#define VSK_TESTS_FRONTEND_RIG_H

#include "guest_rig.h"
#include "socket_rig.h"

#include "vhost/frontend.h"

#define PLAY_LINES 128u
#define PLAY_LINE 64u
#define PLAY_FEATURES                                                          \
    (VSK_BIT(VSK_FEATURE_VERSION_1) | VSK_BIT(VSK_FEATURE_SEQPACKET) |         \
     VSK_BIT(VSK_FEATURE_EVENT_IDX) | VSK_BIT(VSK_FEATURE_INDIRECT_DESC) |     \
     VSK_BIT(VSK_FEATURE_PROTOCOL))
#define PLAY_SIZE 16u /* of each queue */

/** What is wrong with the answer to one request. */
struct twist {
    uint32_t request;  /**< which one; 0: none */
    uint32_t other_id; /**< added to the request's number */
    uint32_t flags;    /**< instead of 5; 0: 5 */
    int32_t more;      /**< bytes more than there should be */
    uint32_t cut;      /**< send only so many bytes, then hang up; 0: all */
    uint32_t fds;      /**< descriptors that come with it */
    uint64_t number;   /**< of an acknowledgement, or a u64: added to it */
    uint32_t flip;     /**< bit that is wrong, from 1; 0: none */
    bool silent;       /**< none at all */
    bool hangs_up;     /**< close instead */
    bool bytewise;     /**< a byte in each packet of the socket */
};

/** A front end and its scripted back end. */
struct play {
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

    char trace[PLAY_LINES][PLAY_LINE];
    uint32_t lines;
    uint32_t fds_before; /* of the process */
};

/** The defaults, with less memory and more patience. */
vsk_frontend_options play_options(void);

/** Make a front end that is not connected; NULL: play_options. */
struct play *play_made(const vsk_frontend_options *options);

/** The same on a socket pair, nothing said yet. */
struct play *play_new(const vsk_frontend_options *options);

/** Give it the one end of a new socket pair; the other is the back end's. */
vsk_status play_adopt(struct play *play);

/** Give back all; fails where a descriptor was left over. */
void play_free(struct play *play);

/** Step to VSK_NONE; events are counted and dropped. */
uint32_t play_step(struct play *play);

/** Answer what was asked; how many requests. */
uint32_t play_answer(struct play *play);

/** Step and answer until there is nothing more to say. */
void play_talk(struct play *play);

/** Talk until it is live; fails the test where that is not reached. */
struct play *play_live(const vsk_frontend_options *options);

/** Forget the trace. */
void play_forget(struct play *play);

/** Fail unless the trace is this: lines with a blank line's end each. */
void play_said(const struct play *play, const char *const *lines);
#define SAID(play, ...)                                                        \
    play_said(play, (const char *const[]){__VA_ARGS__, NULL})

/** Whether a request was made at all. */
bool play_asked(const struct play *play, const char *name);

/** The next notice of a kind; others are dropped. */
const vsk_notice *play_noticed(struct play *play, vsk_notice_kind kind);

/** Fail unless it is over for this reason, with a notice that has the words. */
void play_over(struct play *play, vsk_status status, const char *words);

/** Send bytes and descriptors. */
void play_send(int fd, const void *bytes, size_t size, const int *fds,
               uint32_t count);

/** Close a descriptor and mark it as closed. */
void play_close(int *fd);

#endif
