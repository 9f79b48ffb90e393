/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Guest rig: a guest, and a device that is played by hand with the other ends
 * of the three queues: what it takes and gives, right or forged.
 */
#ifndef VSK_TESTS_GUEST_RIG_H
#define VSK_TESTS_GUEST_RIG_H

#include "tables_rig.h"
#include "trace_rig.h"

#include "vsk/guest.h"

#define BASE 0x10000u
#define CID 3u
#define PORT 1234u /* of the host */
#define CONNS 16u
#define ORPHANS 64u
#define SPANS 64u
#define WINDOW 262144u

/** A guest and the other ends of its queues. */
struct stage {
    vsk_region region;
    vsk_memory memory;
    vsk_range *ranges;
    vsk_pool pool;
    vsk_guest_tables tables;
    vsk_guest guest;
    vsk_queue_device device[VSK_QUEUES];
    vsk_chain chains[VSK_QUEUES];
    vsk_span *spans[VSK_QUEUES];
    vsk_packet packet; /* of the TX chain in hand */
    vsk_event event;
    uint64_t now;
    uint64_t seed;
    uint32_t seen[9]; /* by kind */
    vsk_seen last;
    struct rig_trace trace;
};

/** The lengths of descriptors, a 0 behind them. */
#define LENGTHS(...) ((const uint32_t[]){__VA_ARGS__, 0})

/** The default policy with queues of 16. */
vsk_guest_policy stage_small_policy(void);

/** Tables for a guest with queues of this size. */
vsk_guest_tables stage_tables_new(uint32_t size);

/** Make a guest that is not open, in so much memory; all of it has the fill. */
struct stage *stage_in(const vsk_guest_policy *policy, uint64_t bytes);

/** Open with these features of the device's, and begin at its ends. */
void stage_open(struct stage *stage, uint64_t offered);

/** Make a guest that is open, with all features that it accepts. */
struct stage *stage_new(const vsk_guest_policy *policy);

/** The same with queues of 16. */
struct stage *stage_small(void);

/** The same as a preset behaves. */
struct stage *stage_preset(const char *name);

/** Give back all that a stage holds. */
void stage_free(struct stage *stage);

/* ---- what the guest tells ---- */

/** The next event, which must be of a kind. */
vsk_event *stage_told(struct stage *stage, vsk_event_kind kind);

/** The next event is ERROR, for this rule. */
void stage_told_error(struct stage *stage, vsk_status status);

/** Fail unless there is nothing to tell. */
void stage_quiet(struct stage *stage);

/* ---- what the device does ---- */

/** Take a chain in hand; fails the test unless a sound one is there. */
vsk_chain *stage_pop(struct stage *stage, uint32_t queue);

/** Give the chain in hand back. */
void stage_push(struct stage *stage, uint32_t queue, uint32_t written);

/** Whether the guest has posted nothing that was not taken. */
bool stage_is_empty(struct stage *stage, uint32_t queue);

/** The next packet that the guest has sent; its chain is in hand. */
vsk_packet *stage_look(struct stage *stage);

/** The next packet that the guest has sent, of an op; its chain went back. */
vsk_header *stage_took(struct stage *stage, vsk_op op);

/** A packet of the host's for the guest's port 1024, or another. */
vsk_packet stage_from_host(vsk_op op, uint16_t type);

/** Put a packet into the next RX buffer. */
void stage_give(struct stage *stage, const vsk_packet *source);

/** Put a packet without payload into the next RX buffer. */
void stage_give_op(struct stage *stage, vsk_op op);

/** Put payload into the next RX buffer. */
void stage_give_data(struct stage *stage, uint16_t type, void *data,
                     uint32_t size);

/** Let the guest learn of credit: the host has forwarded so much. */
void stage_give_credit(struct stage *stage, uint16_t type, uint32_t buf_alloc,
                       uint32_t fwd_cnt);

/** Give payload from a port of the host's that nobody is connected to. */
void stage_give_stray(struct stage *stage, uint32_t port);

/** Write into the next event buffer. */
void stage_give_event(struct stage *stage, uint32_t id, uint32_t written);

/** Find the used ring of a queue. */
uint8_t *stage_used_ring(struct stage *stage, uint32_t queue);

/** Show a used element that nobody checks. */
void stage_forge(struct stage *stage, uint32_t queue, uint32_t id,
                 uint32_t written);

/** Let the used idx of a queue jump. */
void stage_jump(struct stage *stage, uint32_t queue);

/** Fail unless the descriptors of a chain have these lengths; 0 ends them. */
void stage_assert_cut(const vsk_chain *chain, bool indirect,
                      const uint32_t *lengths);

/* ---- connections ---- */

/** Begin to connect from port 1024 and up to what the host has seen of it. */
vsk_conn *stage_connecting(struct stage *stage, uint16_t type);

/** Connected, with a peer that has so large a buffer. */
vsk_conn *stage_connected_to(struct stage *stage, uint16_t type,
                             uint32_t buf_alloc);

/** Connected, on a stream with a peer that has WINDOW bytes. */
vsk_conn *stage_connected(struct stage *stage);

/** Send a message, or a part of it. */
vsk_status stage_send(struct stage *stage, vsk_conn *conn, void *data,
                      uint32_t size, uint32_t flags, uint64_t *sent);

/** Send on a stream; how many bytes went. */
uint64_t stage_sent(struct stage *stage, vsk_conn *conn, void *data,
                    uint32_t size);

#endif
