/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Endpoint rig: an endpoint of host 2 with small tables, its only peer guest
 * 42, and what tests say to it: packets of an honest peer, calls, time.
 */
#ifndef VSK_TESTS_ENDPOINT_RIG_H
#define VSK_TESTS_ENDPOINT_RIG_H

#include "rig.h"

#include "vsk/endpoint.h"

#define CONNS 4u          /* connections at most */
#define ORPHANS 3u        /* RSTs that may wait */
#define HOST 2u           /* our CID */
#define GUEST 42u         /* the peer's */
#define PORT 1234u        /* ours, where a test needs one */
#define FROM 40001u       /* the peer's, likewise */
#define BUFFER 4000u      /* bytes of our buffers */
#define PEER_BUFFER 8000u /* bytes of the peer's */
#define BOTH (VSK_SHUTDOWN_RECEIVE | VSK_SHUTDOWN_SEND)

/** An endpoint and its tables; it must not be moved. */
struct end {
    vsk_endpoint endpoint;
    vsk_slot slots[CONNS];
    vsk_link links[CONNS];
    vsk_timer heap[CONNS];
    uint32_t place[CONNS];
    uint32_t index[2 * CONNS];
    vsk_orphan orphans[ORPHANS];
    uint64_t now;
};

static inline vsk_endpoint_tables
end_tables(struct end *end)
{
    return (vsk_endpoint_tables){.slots = end->slots,
                                 .links = end->links,
                                 .heap = end->heap,
                                 .place = end->place,
                                 .index = end->index,
                                 .orphans = end->orphans,
                                 .capacity = CONNS,
                                 .index_size = 2 * CONNS,
                                 .orphan_capacity = ORPHANS};
}

/** A new endpoint that may make connections of both types. */
static inline struct end *
end_new(void)
{
    struct end *end = malloc(sizeof *end);
    vsk_endpoint_tables tables;
    vsk_policy policy = vsk_policy_default();

    assert_non_null(end);
    memset(end, RIG_FILL, sizeof *end);
    end->now = 5 * VSK_SECOND;
    tables = end_tables(end);
    policy.buf_alloc = BUFFER;
    assert_int_equal(
        vsk_endpoint_init(&end->endpoint, &tables, &policy, HOST, GUEST, 7),
        VSK_OK);
    end->endpoint.seqpacket = true;
    return end;
}

static inline int
end_begin(void **state)
{
    *state = end_new();
    return 0;
}

static inline int
end_finish(void **state)
{
    free(*state);
    return 0;
}

/** A case that finds a new endpoint in its state. */
#define WITH_END(name)                                                         \
    cmocka_unit_test_setup_teardown(name, end_begin, end_finish)

/* ---- the peer's packets ---- */

static inline vsk_header
packet_from(uint32_t port, uint16_t op)
{
    return (vsk_header){.src_cid = GUEST,
                        .dst_cid = HOST,
                        .src_port = port,
                        .dst_port = PORT,
                        .type = VSK_TYPE_STREAM,
                        .op = op,
                        .buf_alloc = PEER_BUFFER};
}

static inline vsk_header
packet(uint16_t op)
{
    return packet_from(FROM, op);
}

static inline vsk_header
typed(uint16_t op, uint16_t type)
{
    vsk_header header = packet(op);

    header.type = type;
    return header;
}

static inline vsk_header
payload(uint32_t len)
{
    vsk_header header = packet(VSK_OP_RW);

    header.len = len;
    return header;
}

static inline vsk_header
shutdown(uint32_t flags)
{
    vsk_header header = packet(VSK_OP_SHUTDOWN);

    header.flags = flags;
    return header;
}

/** A CREDIT_UPDATE: the peer has taken so many bytes of ours. */
static inline vsk_header
update(uint32_t fwd_cnt)
{
    vsk_header header = packet(VSK_OP_CREDIT_UPDATE);

    header.fwd_cnt = fwd_cnt;
    return header;
}

/* ---- what goes in ---- */

/** Let a packet come that may break a rule. */
static inline vsk_status
take_any(struct end *end, vsk_header header, vsk_conn **data)
{
    assert_true(vsk_endpoint_ready(&end->endpoint));
    return vsk_endpoint_packet(&end->endpoint, end->now, &header, data);
}

/** Let a packet come that breaks none; whose data it brings. */
static inline vsk_conn *
take(struct end *end, vsk_header header)
{
    vsk_conn *data;

    assert_int_equal(take_any(end, header, &data), VSK_OK);
    return data;
}

/** Let a packet come that breaks a rule: which. */
static inline vsk_status
fault(struct end *end, vsk_header header)
{
    vsk_conn *data = &end->slots[0].conn;
    vsk_status status = take_any(end, header, &data);

    assert_null(data);
    return status;
}

/** Do what the state allows. */
static inline void
ask(struct end *end, vsk_conn *conn, vsk_call call, uint32_t flags)
{
    assert_int_equal(
        vsk_endpoint_call(&end->endpoint, end->now, conn, call, flags), VSK_OK);
}

static inline void
hand_on(struct end *end, vsk_conn *conn, uint32_t len)
{
    assert_int_equal(
        vsk_endpoint_forwarded(&end->endpoint, end->now, conn, len), VSK_OK);
}

/** Let payload come and be taken by the application. */
static inline void
pass(struct end *end, vsk_conn *conn, uint32_t len)
{
    assert_ptr_equal(take(end, payload(len)), conn);
    hand_on(end, conn, len);
}

/** Let time pass; how many timers ran out. */
static inline uint32_t
wait_for(struct end *end, uint64_t delay)
{
    uint32_t count = 0;

    end->now += delay;
    while (vsk_endpoint_expire(&end->endpoint, end->now) == VSK_OK)
        count++;
    return count;
}

/* ---- what comes out ---- */

/** The next event must be of a kind. */
static inline vsk_event
expect(struct end *end, vsk_event_kind kind)
{
    vsk_event event;

    assert_int_equal(vsk_endpoint_event(&end->endpoint, &event), VSK_OK);
    assert_string_equal(vsk_event_name(event.kind), vsk_event_name(kind));
    assert_null(event.packet);
    return event;
}

/** The next event must be the end, and why. */
static inline vsk_event
expect_close(struct end *end, vsk_reason reason)
{
    vsk_event event = expect(end, VSK_EVENT_CLOSE);

    assert_string_equal(vsk_reason_name(event.conn->reason),
                        vsk_reason_name(reason));
    assert_int_equal(event.conn->state, VSK_STATE_CLOSED);
    return event;
}

/** The next event must name a broken rule. */
static inline vsk_event
expect_error(struct end *end, vsk_status status)
{
    vsk_event event = expect(end, VSK_EVENT_ERROR);

    assert_int_equal(event.status, status);
    return event;
}

/** There must be no more events. */
static inline void
expect_quiet(struct end *end)
{
    vsk_event event;

    assert_int_equal(vsk_endpoint_event(&end->endpoint, &event), VSK_NONE);
}

/** Somebody must be told that it may send; the next events come first. */
static inline vsk_conn *
expect_writable(struct end *end)
{
    vsk_event event;

    expect_quiet(end);
    assert_int_equal(vsk_endpoint_writable(&end->endpoint, &event), VSK_OK);
    assert_int_equal(event.kind, VSK_EVENT_WRITABLE);
    assert_int_equal(event.handle,
                     vsk_table_handle(&end->endpoint.table, event.conn));
    return event.conn;
}

static inline void
expect_nobody_writable(struct end *end)
{
    vsk_event event;

    assert_int_equal(vsk_endpoint_writable(&end->endpoint, &event), VSK_NONE);
}

/** The next packet owed must have an op; it goes into the ring. */
static inline vsk_header
expect_reply(struct end *end, vsk_op op)
{
    vsk_header header;

    assert_int_equal(vsk_endpoint_reply(&end->endpoint, &header), VSK_OK);
    assert_string_equal(vsk_op_name(header.op), vsk_op_name((uint16_t)op));
    assert_int_equal(header.len, 0);
    vsk_endpoint_replied(&end->endpoint, end->now);
    return header;
}

static inline void
expect_no_reply(struct end *end)
{
    vsk_header header;

    assert_int_equal(vsk_endpoint_reply(&end->endpoint, &header), VSK_NONE);
}

/** Nothing is to be told, and nothing to be sent. */
static inline void
expect_nothing(struct end *end)
{
    expect_quiet(end);
    expect_no_reply(end);
}

/** It must be over, why, and the last packet a RST. */
static inline void
expect_over(struct end *end, vsk_reason reason)
{
    expect_close(end, reason);
    expect_quiet(end);
    expect_reply(end, VSK_OP_RST);
    expect_no_reply(end);
}

/* ---- connections ---- */

/** A REQUEST that was told and not answered. */
static inline vsk_conn *
requested_from(struct end *end, uint32_t port)
{
    vsk_conn *conn;

    assert_null(take(end, packet_from(port, VSK_OP_REQUEST)));
    conn = expect(end, VSK_EVENT_REQUEST).conn;
    expect_quiet(end);
    return conn;
}

static inline vsk_conn *
requested(struct end *end)
{
    return requested_from(end, FROM);
}

static inline vsk_conn *
established_from(struct end *end, uint32_t port)
{
    vsk_conn *conn = requested_from(end, port);

    ask(end, conn, VSK_CALL_ACCEPT, 0);
    expect_reply(end, VSK_OP_RESPONSE);
    expect_no_reply(end);
    return conn;
}

static inline vsk_conn *
established(struct end *end)
{
    return established_from(end, FROM);
}

/** A connection for messages. */
static inline vsk_conn *
messages(struct end *end)
{
    vsk_conn *conn;

    assert_null(take(end, typed(VSK_OP_REQUEST, VSK_TYPE_SEQPACKET)));
    conn = expect(end, VSK_EVENT_REQUEST).conn;
    expect_quiet(end);
    ask(end, conn, VSK_CALL_ACCEPT, 0);
    expect_reply(end, VSK_OP_RESPONSE);
    return conn;
}

static inline vsk_status
connect_to(struct end *end, uint32_t local, uint32_t peer, vsk_conn **conn)
{
    const vsk_flow flow = {HOST, local, GUEST, peer};

    return vsk_endpoint_connect(&end->endpoint, end->now, &flow,
                                VSK_TYPE_STREAM, conn);
}

/** Our REQUEST, which waits. */
static inline vsk_conn *
calling(struct end *end)
{
    vsk_conn *conn = NULL;

    assert_int_equal(connect_to(end, PORT, FROM, &conn), VSK_OK);
    return conn;
}

/** Our REQUEST, in the ring. */
static inline vsk_conn *
connecting(struct end *end)
{
    vsk_conn *conn = calling(end);

    expect_reply(end, VSK_OP_REQUEST);
    return conn;
}

/* ---- payload ---- */

/** Plan a packet where any number of bytes has room. */
static inline vsk_status
plan(struct end *end, vsk_conn *conn, uint64_t left, vsk_header *header)
{
    return vsk_endpoint_plan(&end->endpoint, end->now, conn, left, UINT32_MAX,
                             VSK_SEQ_EOM, header);
}

/** Send a packet of so many bytes, with these flags. */
static inline vsk_header
send_flags(struct end *end, vsk_conn *conn, uint32_t len, uint32_t flags)
{
    vsk_header header;

    assert_int_equal(vsk_endpoint_plan(&end->endpoint, end->now, conn, len, len,
                                       flags, &header),
                     VSK_OK);
    assert_int_equal(header.len, len);
    vsk_endpoint_sent(&end->endpoint, conn, &header);
    return header;
}

static inline vsk_header
send_one(struct end *end, vsk_conn *conn, uint32_t len)
{
    return send_flags(end, conn, len, 0);
}

/** Send until the peer's buffer is full, then find no credit. */
static inline void
starve(struct end *end, vsk_conn *conn)
{
    vsk_header header;

    send_one(end, conn, PEER_BUFFER);
    assert_int_equal(plan(end, conn, 1, &header), VSK_NONE);
}

#endif
