/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Role rig: what the targets of whole roles share. Tables for an endpoint, the
 * headers that a peer may send, and what must hold for its connections: no
 * byte beyond the credit, no byte that the application did not give.
 */
#ifndef VSK_TESTS_FUZZ_RIG_ROLE_H
#define VSK_TESTS_FUZZ_RIG_ROLE_H

#include "rig.h"

#include "vsk/endpoint.h"
#include "vsk/trace.h"

#define ROLE_CONNS 4u
#define ROLE_ORPHANS 16u
#define ROLE_GUEST 3u        /* the guest's CID */
#define ROLE_HOST_PORT 1234u /* and two more */
#define ROLE_GUEST_PORT 1024u
#define ROLE_LINES 24u      /* made in an input: they cost more than the rest */
#define ROLE_SEEN_MAX 8192u /* things seen in one call at most */

/** The tables of an endpoint. */
struct role_tables {
    vsk_slot slots[ROLE_CONNS];
    vsk_link links[ROLE_CONNS];
    vsk_timer heap[ROLE_CONNS];
    uint32_t place[ROLE_CONNS];
    uint32_t index[2 * ROLE_CONNS];
    vsk_orphan orphans[ROLE_ORPHANS];
};

/** A connection, counted from outside. */
struct role_flow {
    uint64_t handle;
    uint32_t tx_first; /* its tx_cnt when it was seen first */
    uint32_t sent;     /* payload bytes seen since */
    uint64_t got;      /* payload bytes told */
    uint64_t taken;    /* of them forwarded */
};

/** A role from outside. */
struct role {
    vsk_endpoint *endpoint;
    struct role_flow flows[ROLE_CONNS];
    uint32_t own_most;   /* bytes of an own buffer, ever */
    uint32_t peer_most;  /* of a peer's */
    uint32_t seen;       /* in this call */
    bool experiment;     /* any packet may be sent: it is the caller's */
    uint32_t lines;      /* still to be made of what is seen */
    uint64_t sender_cid; /* of what the role sends */
};

/** Poison the tables, and show them as an endpoint wants them. */
vsk_endpoint_tables role_tables(struct role_tables *tables);

/** A policy with buffers as small as guest memory, and choices as said. */
vsk_policy role_policy(uint32_t choices);

/** Begin to watch. */
void role_watch(struct role *role, vsk_endpoint *endpoint, uint64_t sender_cid);

/** Draw a packet's header as a peer of the role sends it, or nearly so. */
vsk_header role_header(struct fuzz_input *input, bool to_host);

/** See what the role's tap shows; sends: the queue that its packets go into. */
void role_see(struct role *role, const vsk_seen *seen, uint32_t sends);

/** Hear an event: DATA is counted. */
void role_told(struct role *role, const vsk_event *event);

/** Say that the application has taken bytes. */
void role_forward(struct role *role, uint64_t now, vsk_conn *conn,
                  uint32_t len);

/** Draw one of the connections; NULL: there is none. */
vsk_conn *role_conn(const struct role *role, struct fuzz_input *input);

/** Draw a call of VSK_CALL_*, and make it. */
void role_call(struct role *role, struct fuzz_input *input, uint64_t now,
               vsk_conn *conn);

/** Draw another size of a connection's own buffer. */
void role_resize(struct role *role, struct fuzz_input *input, vsk_conn *conn);

/** Draw another policy. */
void role_change(struct role *role, struct fuzz_input *input);

/** Draw a packet with a header as a peer's, and up to 64 bytes of payload. */
vsk_packet role_packet(struct fuzz_input *input, bool to_host);

/** Draw payload to send: spans of FUZZ_PAYLOAD. */
vsk_outgoing role_outgoing(struct fuzz_input *input, vsk_span spans[2]);

/** What must hold between two calls. */
void role_check(struct role *role);

#endif
