/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "rig.h"

#include "vsk/conn.h"

#define BUFFER 1000u      /* our own */
#define PEER_BUFFER 500u  /* the peer's */
#define HELD 10u          /* bytes that a reader has yet to take */
#define UNTOUCHED 0xdeadu /* actions before a call */
#define BOTH (VSK_SHUTDOWN_RECEIVE | VSK_SHUTDOWN_SEND)

static const vsk_flow flow = {2, 1234, 42, 40001};

/* A packet of an honest peer that has taken nothing of ours. */
static vsk_header
packet(uint16_t op)
{
    return (vsk_header){.src_cid = flow.peer_cid,
                        .dst_cid = flow.local_cid,
                        .src_port = flow.peer_port,
                        .dst_port = flow.local_port,
                        .len = op == VSK_OP_RW ? HELD : 0,
                        .type = VSK_TYPE_STREAM,
                        .op = op,
                        .buf_alloc = PEER_BUFFER};
}

static vsk_header
shutdown(uint32_t flags)
{
    vsk_header header = packet(VSK_OP_SHUTDOWN);

    header.flags = flags;
    return header;
}

static vsk_header
typed(uint16_t op, uint16_t type)
{
    vsk_header header = packet(op);

    header.type = type;
    return header;
}

/* More taken than we have sent. */
static vsk_header
lie(uint16_t op)
{
    vsk_header header = packet(op);

    header.fwd_cnt = 1;
    return header;
}

static vsk_header
sized(uint32_t len)
{
    vsk_header header = packet(VSK_OP_RW);

    header.len = len;
    return header;
}

/* Take a packet that breaks no rule; what to do. */
static uint32_t
take(vsk_conn *conn, vsk_header header)
{
    uint32_t actions = UNTOUCHED;

    assert_int_equal(vsk_conn_packet(conn, &header, &actions), VSK_OK);
    return actions;
}

/* Take a packet that breaks a rule: which. */
static vsk_status
fault(vsk_conn *conn, vsk_header header)
{
    uint32_t actions = UNTOUCHED;

    return vsk_conn_packet(conn, &header, &actions);
}

/* Ask for something that the state allows; what to do. */
static uint32_t
ask(vsk_conn *conn, vsk_call call, uint32_t flags)
{
    uint32_t actions = UNTOUCHED;

    assert_int_equal(vsk_conn_call(conn, call, flags, &actions), VSK_OK);
    return actions;
}

/* Send a packet: it tells our account. */
static void
tell(vsk_conn *conn)
{
    uint32_t buf_alloc, fwd_cnt;

    vsk_credit_tell(&conn->credit, &buf_alloc, &fwd_cnt);
}

static void
hold(vsk_conn *conn)
{
    assert_int_equal(vsk_credit_received(&conn->credit, HELD), VSK_OK);
}

static void
hand_on(vsk_conn *conn)
{
    assert_int_equal(
        vsk_credit_forwarded(&conn->credit, vsk_credit_held(&conn->credit)),
        VSK_OK);
}

static vsk_conn
closed(void)
{
    vsk_conn conn;

    memset(&conn, RIG_FILL, sizeof conn);
    vsk_conn_init(&conn, &flow, VSK_TYPE_STREAM, BUFFER);
    tell(&conn);
    return conn;
}

static vsk_conn
connecting(void)
{
    vsk_conn conn;

    memset(&conn, RIG_FILL, sizeof conn);
    vsk_conn_connect(&conn, &flow, VSK_TYPE_STREAM, BUFFER);
    tell(&conn);
    return conn;
}

static vsk_conn
requested(void)
{
    vsk_conn conn = closed();

    take(&conn, packet(VSK_OP_REQUEST));
    tell(&conn);
    return conn;
}

/* Established as who sent the REQUEST, or as who answered it. */
static vsk_conn
established_as(bool caller)
{
    vsk_conn conn = caller ? connecting() : requested();

    if (caller)
        take(&conn, packet(VSK_OP_RESPONSE));
    else
        ask(&conn, VSK_CALL_ACCEPT, 0);
    tell(&conn);
    return conn;
}

static vsk_conn
established(void)
{
    return established_as(false);
}

static vsk_conn
closing(void)
{
    vsk_conn conn = established();

    ask(&conn, VSK_CALL_CLOSE, 0);
    return conn;
}

static vsk_conn
draining(void)
{
    vsk_conn conn = established();

    hold(&conn);
    take(&conn, shutdown(BOTH));
    return conn;
}

/* A connection in any state; every state behind ESTABLISHED by both ways. */
static vsk_conn
conn_in(uint32_t state, bool caller)
{
    vsk_conn conn;

    switch (state) {
    case VSK_STATE_CLOSED:
        return closed();
    case VSK_STATE_CONNECTING:
        return connecting();
    case VSK_STATE_REQUESTED:
        return requested();
    default:
        conn = established_as(caller);
    }
    if (state == VSK_STATE_CLOSING)
        ask(&conn, VSK_CALL_CLOSE, 0);
    if (state == VSK_STATE_DRAINING) {
        hold(&conn);
        take(&conn, shutdown(BOTH));
    }
    assert_int_equal(conn.state, state);
    return conn;
}

/* Every packet and every call that the table below is asked about. */
#define INPUTS(X)                                                              \
    X(OP_0, packet(VSK_OP_INVALID))                                            \
    X(OP_8, packet(8))                                                         \
    X(OP_65535, packet(0xffff))                                                \
    X(REQUEST, packet(VSK_OP_REQUEST))                                         \
    X(REQUEST_SEQPACKET, typed(VSK_OP_REQUEST, VSK_TYPE_SEQPACKET))            \
    X(REQUEST_TYPE_0, typed(VSK_OP_REQUEST, 0))                                \
    X(REQUEST_TYPE_257, typed(VSK_OP_REQUEST, 257))                            \
    X(RESPONSE, packet(VSK_OP_RESPONSE))                                       \
    X(RESPONSE_SEQPACKET, typed(VSK_OP_RESPONSE, VSK_TYPE_SEQPACKET))          \
    X(RESPONSE_LIE, lie(VSK_OP_RESPONSE))                                      \
    X(RST, packet(VSK_OP_RST))                                                 \
    X(RST_SEQPACKET, typed(VSK_OP_RST, VSK_TYPE_SEQPACKET))                    \
    X(RST_TYPE_3, typed(VSK_OP_RST, 3))                                        \
    X(RST_LIE, lie(VSK_OP_RST))                                                \
    X(SHUTDOWN_0, shutdown(0))                                                 \
    X(SHUTDOWN_RECEIVE, shutdown(VSK_SHUTDOWN_RECEIVE))                        \
    X(SHUTDOWN_SEND, shutdown(VSK_SHUTDOWN_SEND))                              \
    X(SHUTDOWN_BOTH, shutdown(BOTH))                                           \
    X(SHUTDOWN_BOTH_HELD, shutdown(BOTH)) /* the reader is behind */           \
    X(RW, packet(VSK_OP_RW))                                                   \
    X(RW_EMPTY, sized(0))                                                      \
    X(RW_OVERRUN, sized(BUFFER + 1))                                           \
    X(RW_SEQPACKET, typed(VSK_OP_RW, VSK_TYPE_SEQPACKET))                      \
    X(RW_TYPE_3, typed(VSK_OP_RW, 3))                                          \
    X(UPDATE, packet(VSK_OP_CREDIT_UPDATE))                                    \
    X(UPDATE_LIE, lie(VSK_OP_CREDIT_UPDATE))                                   \
    X(CREDIT_REQUEST, packet(VSK_OP_CREDIT_REQUEST))

#define CALLS(X)                                                               \
    X(ACCEPT, VSK_CALL_ACCEPT, 0)                                              \
    X(SHUT_RECEIVE, VSK_CALL_SHUTDOWN, VSK_SHUTDOWN_RECEIVE)                   \
    X(SHUT_SEND, VSK_CALL_SHUTDOWN, VSK_SHUTDOWN_SEND)                         \
    X(SHUT_BOTH, VSK_CALL_SHUTDOWN, BOTH)                                      \
    X(CLOSE, VSK_CALL_CLOSE, 0)                                                \
    X(RESET, VSK_CALL_RESET, 0)                                                \
    X(BLAME, VSK_CALL_BLAME, 0)                                                \
    X(DRAINED, VSK_CALL_DRAINED, 0)                                            \
    X(TIMEOUT, VSK_CALL_TIMEOUT, 0)

enum put_in {
#define ENUMERATOR(name, header) PUT_##name,
    INPUTS(ENUMERATOR)
#undef ENUMERATOR
#define ENUMERATOR(name, call, flags) PUT_##name,
        CALLS(ENUMERATOR)
#undef ENUMERATOR
            PUTS
};

#define STATES (VSK_STATE_DRAINING + 1)

static vsk_status
put_in(vsk_conn *conn, enum put_in what, uint32_t *actions)
{
    vsk_header header;

    switch (what) {
#define CASE(name, made)                                                       \
    case PUT_##name:                                                           \
        header = made;                                                         \
        break;
        INPUTS(CASE)
#undef CASE
#define CASE(name, call, flags)                                                \
    case PUT_##name:                                                           \
        return vsk_conn_call(conn, call, flags, actions);
        CALLS(CASE)
#undef CASE
    case PUTS:
    default:
        abort();
    }
    return vsk_conn_packet(conn, &header, actions);
}

/* What follows, in short. */
#define NOTHING 0u
#define CONNECT VSK_DO_TELL_CONNECT
#define REQUEST VSK_DO_TELL_REQUEST
#define DATA VSK_DO_TELL_DATA
#define END VSK_DO_TELL_EOF
#define CLOSE VSK_DO_TELL_CLOSE
#define DROP VSK_DO_DROP
#define RESPOND VSK_DO_SEND_RESPONSE
#define UPDATE VSK_DO_SEND_CREDIT
#define SHUT VSK_DO_SEND_SHUTDOWN
#define RST VSK_DO_SEND_RST
#define BREAK (RST | CLOSE)
#define REPLACE (CLOSE | REQUEST)

/* A state, what is put in, and what must follow: the next state, the actions,
 * the status, the reason. As the design and the specification say it; nothing
 * here is looked up in conn_rules.c. */
static struct row {
    uint32_t state;
    enum put_in what;
    uint32_t next, actions;
    vsk_status status;
    vsk_reason reason;
    const char *name; /* of its case */
} rows[] = {
#define ROW(state, what, next, actions, status, reason)                        \
    {                                                                          \
        VSK_STATE_##state, PUT_##what, VSK_STATE_##next, actions,              \
            VSK_##status, VSK_REASON_##reason, #state " gets " #what           \
    }
    /* Nobody knows the flow: RST, but never to an RST, and a REQUEST may begin
     * one. There is nothing that an application could ask of it. */
    ROW(CLOSED, RST, CLOSED, NOTHING, OK, NONE),
    ROW(CLOSED, RST_SEQPACKET, CLOSED, NOTHING, OK, NONE),
    ROW(CLOSED, RST_LIE, CLOSED, NOTHING, OK, NONE),
    ROW(CLOSED, ACCEPT, CLOSED, UNTOUCHED, ERR_STATE, NONE),
    ROW(CLOSED, SHUT_RECEIVE, CLOSED, UNTOUCHED, ERR_STATE, NONE),
    ROW(CLOSED, SHUT_SEND, CLOSED, UNTOUCHED, ERR_STATE, NONE),
    ROW(CLOSED, SHUT_BOTH, CLOSED, UNTOUCHED, ERR_STATE, NONE),
    ROW(CLOSED, CLOSE, CLOSED, UNTOUCHED, ERR_STATE, NONE),
    ROW(CLOSED, RESET, CLOSED, UNTOUCHED, ERR_STATE, NONE),
    ROW(CLOSED, BLAME, CLOSED, UNTOUCHED, ERR_STATE, NONE),
    ROW(CLOSED, DRAINED, CLOSED, UNTOUCHED, ERR_STATE, NONE),
    ROW(CLOSED, TIMEOUT, CLOSED, UNTOUCHED, ERR_STATE, NONE),
    /* VSOCK-BOTH-11: it belongs to no connection */
    ROW(CLOSED, OP_0, CLOSED, RST, BAD_FLOW, NONE),
    ROW(CLOSED, OP_8, CLOSED, RST, BAD_FLOW, NONE),
    ROW(CLOSED, OP_65535, CLOSED, RST, BAD_FLOW, NONE),
    ROW(CLOSED, RESPONSE, CLOSED, RST, BAD_FLOW, NONE),
    ROW(CLOSED, RESPONSE_SEQPACKET, CLOSED, RST, BAD_FLOW, NONE),
    ROW(CLOSED, RESPONSE_LIE, CLOSED, RST, BAD_FLOW, NONE),
    ROW(CLOSED, SHUTDOWN_0, CLOSED, RST, BAD_FLOW, NONE),
    ROW(CLOSED, SHUTDOWN_RECEIVE, CLOSED, RST, BAD_FLOW, NONE),
    ROW(CLOSED, SHUTDOWN_SEND, CLOSED, RST, BAD_FLOW, NONE),
    ROW(CLOSED, SHUTDOWN_BOTH, CLOSED, RST, BAD_FLOW, NONE),
    ROW(CLOSED, SHUTDOWN_BOTH_HELD, CLOSED, RST, BAD_FLOW, NONE),
    ROW(CLOSED, RW, CLOSED, RST, BAD_FLOW, NONE),
    ROW(CLOSED, RW_EMPTY, CLOSED, RST, BAD_FLOW, NONE),
    ROW(CLOSED, RW_OVERRUN, CLOSED, RST, BAD_FLOW, NONE),
    ROW(CLOSED, RW_SEQPACKET, CLOSED, RST, BAD_FLOW, NONE),
    ROW(CLOSED, UPDATE, CLOSED, RST, BAD_FLOW, NONE),
    ROW(CLOSED, UPDATE_LIE, CLOSED, RST, BAD_FLOW, NONE),
    ROW(CLOSED, CREDIT_REQUEST, CLOSED, RST, BAD_FLOW, NONE),
    /* VSOCK-BOTH-24 */
    ROW(CLOSED, REQUEST, REQUESTED, REQUEST, OK, NONE),
    ROW(CLOSED, REQUEST_SEQPACKET, REQUESTED, REQUEST, OK, NONE),
    /* VSOCK-BOTH-12, VSOCK-DRV-14, VSOCK-DEV-13: no such type */
    ROW(CLOSED, REQUEST_TYPE_0, CLOSED, RST, BAD_TYPE, NONE),
    ROW(CLOSED, REQUEST_TYPE_257, CLOSED, RST, BAD_TYPE, NONE),
    ROW(CLOSED, RW_TYPE_3, CLOSED, RST, BAD_TYPE, NONE),
    /* VSOCK-DRV-14, VSOCK-DEV-13: RST is exempt, or both would go on */
    ROW(CLOSED, RST_TYPE_3, CLOSED, NOTHING, OK, NONE),

    /* RESPONSE establishes, RST refuses, op 0 is passed over, all else breaks
     * the connect. Who gives up says so by RST: there is nothing to shut down
     * yet. */
    ROW(CONNECTING, OP_0, CONNECTING, NOTHING, OK, NONE),
    ROW(CONNECTING, ACCEPT, CONNECTING, UNTOUCHED, ERR_STATE, NONE),
    ROW(CONNECTING, SHUT_RECEIVE, CONNECTING, UNTOUCHED, ERR_STATE, NONE),
    ROW(CONNECTING, SHUT_SEND, CONNECTING, UNTOUCHED, ERR_STATE, NONE),
    ROW(CONNECTING, SHUT_BOTH, CLOSED, BREAK, OK, LOCAL),
    ROW(CONNECTING, CLOSE, CLOSED, BREAK, OK, LOCAL),
    ROW(CONNECTING, RESET, CLOSED, BREAK, OK, LOCAL),
    ROW(CONNECTING, BLAME, CLOSED, BREAK, OK, PROTOCOL),
    ROW(CONNECTING, DRAINED, CONNECTING, UNTOUCHED, ERR_STATE, NONE),
    ROW(CONNECTING, TIMEOUT, CLOSED, BREAK, OK, TIMEOUT),
    /* VSOCK-BOTH-07: no such op */
    ROW(CONNECTING, OP_8, CLOSED, BREAK, BAD_OP, PROTOCOL),
    ROW(CONNECTING, OP_65535, CLOSED, BREAK, BAD_OP, PROTOCOL),
    /* VSOCK-BOTH-25: nothing but RESPONSE establishes */
    ROW(CONNECTING, REQUEST, CLOSED, BREAK, BAD_STATE, PROTOCOL),
    ROW(CONNECTING, REQUEST_SEQPACKET, CLOSED, BREAK, BAD_STATE, PROTOCOL),
    ROW(CONNECTING, SHUTDOWN_0, CLOSED, BREAK, BAD_STATE, PROTOCOL),
    ROW(CONNECTING, SHUTDOWN_RECEIVE, CLOSED, BREAK, BAD_STATE, PROTOCOL),
    ROW(CONNECTING, SHUTDOWN_SEND, CLOSED, BREAK, BAD_STATE, PROTOCOL),
    ROW(CONNECTING, SHUTDOWN_BOTH, CLOSED, BREAK, BAD_STATE, PROTOCOL),
    ROW(CONNECTING, SHUTDOWN_BOTH_HELD, CLOSED, BREAK, BAD_STATE, PROTOCOL),
    ROW(CONNECTING, RW, CLOSED, BREAK, BAD_STATE, PROTOCOL),
    ROW(CONNECTING, RW_EMPTY, CLOSED, BREAK, BAD_STATE, PROTOCOL),
    ROW(CONNECTING, RW_OVERRUN, CLOSED, BREAK, BAD_STATE, PROTOCOL),
    ROW(CONNECTING, UPDATE, CLOSED, BREAK, BAD_STATE, PROTOCOL),
    ROW(CONNECTING, UPDATE_LIE, CLOSED, BREAK, BAD_STATE, PROTOCOL),
    ROW(CONNECTING, CREDIT_REQUEST, CLOSED, BREAK, BAD_STATE, PROTOCOL),
    /* VSOCK-BOTH-12, VSOCK-DRV-14, VSOCK-DEV-13: no such type */
    ROW(CONNECTING, REQUEST_TYPE_0, CLOSED, BREAK, BAD_TYPE, PROTOCOL),
    ROW(CONNECTING, REQUEST_TYPE_257, CLOSED, BREAK, BAD_TYPE, PROTOCOL),
    ROW(CONNECTING, RW_TYPE_3, CLOSED, BREAK, BAD_TYPE, PROTOCOL),
    /* VSOCK-BOTH-25 */
    ROW(CONNECTING, RESPONSE, ESTABLISHED, CONNECT, OK, NONE),
    /* VSOCK-BOTH-12: not this connection's type */
    ROW(CONNECTING, RESPONSE_SEQPACKET, CLOSED, BREAK, BAD_TYPE, PROTOCOL),
    ROW(CONNECTING, RW_SEQPACKET, CLOSED, BREAK, BAD_TYPE, PROTOCOL),
    /* VSOCK-BOTH-18: taken before it was sent */
    ROW(CONNECTING, RESPONSE_LIE, ESTABLISHED, CONNECT, BAD_FWD_CNT, NONE),
    /* VSOCK-BOTH-31 */
    ROW(CONNECTING, RST, CLOSED, CLOSE, OK, REFUSED),
    ROW(CONNECTING, RST_SEQPACKET, CLOSED, CLOSE, OK, REFUSED),
    ROW(CONNECTING, RST_TYPE_3, CLOSED, CLOSE, OK, REFUSED),
    ROW(CONNECTING, RST_LIE, CLOSED, CLOSE, OK, REFUSED),

    /* The peer waits for RESPONSE or RST and gets nothing else. It has nothing
     * to say meanwhile but RST, or REQUEST: that is a new one in the old one's
     * place. */
    ROW(REQUESTED, REQUEST, REQUESTED, REPLACE, OK, REPLACED),
    ROW(REQUESTED, REQUEST_SEQPACKET, REQUESTED, REPLACE, OK, REPLACED),
    ROW(REQUESTED, SHUT_RECEIVE, REQUESTED, UNTOUCHED, ERR_STATE, NONE),
    ROW(REQUESTED, SHUT_SEND, REQUESTED, UNTOUCHED, ERR_STATE, NONE),
    ROW(REQUESTED, SHUT_BOTH, CLOSED, BREAK, OK, LOCAL),
    ROW(REQUESTED, CLOSE, CLOSED, BREAK, OK, LOCAL),
    ROW(REQUESTED, RESET, CLOSED, BREAK, OK, LOCAL),
    ROW(REQUESTED, BLAME, CLOSED, BREAK, OK, PROTOCOL),
    ROW(REQUESTED, DRAINED, REQUESTED, UNTOUCHED, ERR_STATE, NONE),
    ROW(REQUESTED, TIMEOUT, CLOSED, BREAK, OK, TIMEOUT),
    /* VSOCK-BOTH-07: no such op */
    ROW(REQUESTED, OP_0, CLOSED, BREAK, BAD_OP, PROTOCOL),
    ROW(REQUESTED, OP_8, CLOSED, BREAK, BAD_OP, PROTOCOL),
    ROW(REQUESTED, OP_65535, CLOSED, BREAK, BAD_OP, PROTOCOL),
    /* VSOCK-BOTH-12, VSOCK-DRV-14, VSOCK-DEV-13: no such type */
    ROW(REQUESTED, REQUEST_TYPE_0, CLOSED, BREAK, BAD_TYPE, PROTOCOL),
    ROW(REQUESTED, REQUEST_TYPE_257, CLOSED, BREAK, BAD_TYPE, PROTOCOL),
    ROW(REQUESTED, RW_TYPE_3, CLOSED, BREAK, BAD_TYPE, PROTOCOL),
    /* VSOCK-BOTH-25: nothing but RESPONSE establishes */
    ROW(REQUESTED, RESPONSE, CLOSED, BREAK, BAD_STATE, PROTOCOL),
    ROW(REQUESTED, RESPONSE_LIE, CLOSED, BREAK, BAD_STATE, PROTOCOL),
    ROW(REQUESTED, SHUTDOWN_0, CLOSED, BREAK, BAD_STATE, PROTOCOL),
    ROW(REQUESTED, SHUTDOWN_RECEIVE, CLOSED, BREAK, BAD_STATE, PROTOCOL),
    ROW(REQUESTED, SHUTDOWN_SEND, CLOSED, BREAK, BAD_STATE, PROTOCOL),
    ROW(REQUESTED, SHUTDOWN_BOTH, CLOSED, BREAK, BAD_STATE, PROTOCOL),
    ROW(REQUESTED, SHUTDOWN_BOTH_HELD, CLOSED, BREAK, BAD_STATE, PROTOCOL),
    ROW(REQUESTED, RW, CLOSED, BREAK, BAD_STATE, PROTOCOL),
    ROW(REQUESTED, RW_EMPTY, CLOSED, BREAK, BAD_STATE, PROTOCOL),
    ROW(REQUESTED, RW_OVERRUN, CLOSED, BREAK, BAD_STATE, PROTOCOL),
    ROW(REQUESTED, UPDATE, CLOSED, BREAK, BAD_STATE, PROTOCOL),
    ROW(REQUESTED, UPDATE_LIE, CLOSED, BREAK, BAD_STATE, PROTOCOL),
    ROW(REQUESTED, CREDIT_REQUEST, CLOSED, BREAK, BAD_STATE, PROTOCOL),
    /* VSOCK-BOTH-12: not this connection's type */
    ROW(REQUESTED, RESPONSE_SEQPACKET, CLOSED, BREAK, BAD_TYPE, PROTOCOL),
    ROW(REQUESTED, RW_SEQPACKET, CLOSED, BREAK, BAD_TYPE, PROTOCOL),
    /* VSOCK-BOTH-31 */
    ROW(REQUESTED, RST, CLOSED, CLOSE, OK, RESET),
    ROW(REQUESTED, RST_SEQPACKET, CLOSED, CLOSE, OK, RESET),
    ROW(REQUESTED, RST_TYPE_3, CLOSED, CLOSE, OK, RESET),
    ROW(REQUESTED, RST_LIE, CLOSED, CLOSE, OK, RESET),
    /* VSOCK-BOTH-25 */
    ROW(REQUESTED, ACCEPT, ESTABLISHED, RESPOND, OK, NONE),

    /* Payload goes to the application, a CREDIT_REQUEST is answered, a
     * CREDIT_UPDATE is not; both bits of SHUTDOWN are answered by RST once all
     * is read. The only timer is that of who closes and cannot send the rest. */
    ROW(ESTABLISHED, SHUTDOWN_0, ESTABLISHED, NOTHING, OK, NONE),
    ROW(ESTABLISHED, SHUTDOWN_RECEIVE, ESTABLISHED, NOTHING, OK, NONE),
    ROW(ESTABLISHED, RW, ESTABLISHED, DATA, OK, NONE),
    ROW(ESTABLISHED, RW_EMPTY, ESTABLISHED, DATA, OK, NONE),
    ROW(ESTABLISHED, ACCEPT, ESTABLISHED, UNTOUCHED, ERR_STATE, NONE),
    ROW(ESTABLISHED, SHUT_RECEIVE, ESTABLISHED, SHUT, OK, NONE),
    ROW(ESTABLISHED, SHUT_SEND, ESTABLISHED, SHUT, OK, NONE),
    ROW(ESTABLISHED, RESET, CLOSED, BREAK, OK, LOCAL),
    ROW(ESTABLISHED, BLAME, CLOSED, BREAK, OK, PROTOCOL),
    ROW(ESTABLISHED, DRAINED, ESTABLISHED, NOTHING, OK, NONE),
    ROW(ESTABLISHED, TIMEOUT, CLOSED, BREAK, OK, TIMEOUT),
    /* VSOCK-BOTH-07: no such op */
    ROW(ESTABLISHED, OP_0, CLOSED, BREAK, BAD_OP, PROTOCOL),
    ROW(ESTABLISHED, OP_8, CLOSED, BREAK, BAD_OP, PROTOCOL),
    ROW(ESTABLISHED, OP_65535, CLOSED, BREAK, BAD_OP, PROTOCOL),
    /* VSOCK-BOTH-25: it is established already */
    ROW(ESTABLISHED, REQUEST, CLOSED, BREAK, BAD_STATE, PROTOCOL),
    ROW(ESTABLISHED, REQUEST_SEQPACKET, CLOSED, BREAK, BAD_STATE, PROTOCOL),
    ROW(ESTABLISHED, RESPONSE, CLOSED, BREAK, BAD_STATE, PROTOCOL),
    ROW(ESTABLISHED, RESPONSE_LIE, CLOSED, BREAK, BAD_STATE, PROTOCOL),
    /* VSOCK-BOTH-12, VSOCK-DRV-14, VSOCK-DEV-13: no such type */
    ROW(ESTABLISHED, REQUEST_TYPE_0, CLOSED, BREAK, BAD_TYPE, PROTOCOL),
    ROW(ESTABLISHED, REQUEST_TYPE_257, CLOSED, BREAK, BAD_TYPE, PROTOCOL),
    ROW(ESTABLISHED, RW_TYPE_3, CLOSED, BREAK, BAD_TYPE, PROTOCOL),
    /* VSOCK-BOTH-12: not this connection's type */
    ROW(ESTABLISHED, RESPONSE_SEQPACKET, CLOSED, BREAK, BAD_TYPE, PROTOCOL),
    ROW(ESTABLISHED, RW_SEQPACKET, CLOSED, BREAK, BAD_TYPE, PROTOCOL),
    /* VSOCK-BOTH-31 */
    ROW(ESTABLISHED, RST, CLOSED, CLOSE, OK, RESET),
    ROW(ESTABLISHED, RST_SEQPACKET, CLOSED, CLOSE, OK, RESET),
    ROW(ESTABLISHED, RST_TYPE_3, CLOSED, CLOSE, OK, RESET),
    ROW(ESTABLISHED, RST_LIE, CLOSED, CLOSE, OK, RESET),
    /* VSOCK-BOTH-29 */
    ROW(ESTABLISHED, SHUTDOWN_SEND, ESTABLISHED, END, OK, NONE),
    /* VSOCK-BOTH-32 */
    ROW(ESTABLISHED, SHUTDOWN_BOTH, CLOSED, END | BREAK, OK, CLOSED),
    ROW(ESTABLISHED, SHUTDOWN_BOTH_HELD, DRAINING, END, OK, NONE),
    ROW(ESTABLISHED, SHUT_BOTH, CLOSING, SHUT, OK, NONE),
    ROW(ESTABLISHED, CLOSE, CLOSING, SHUT, OK, NONE),
    /* VSOCK-DRV-09, VSOCK-DEV-11: no room for it was advertised */
    ROW(ESTABLISHED, RW_OVERRUN, CLOSED, BREAK, BAD_CREDIT, PROTOCOL),
    /* VSOCK-BOTH-22 */
    ROW(ESTABLISHED, UPDATE, ESTABLISHED, NOTHING, OK, NONE),
    /* VSOCK-BOTH-18: taken before it was sent */
    ROW(ESTABLISHED, UPDATE_LIE, ESTABLISHED, NOTHING, BAD_FWD_CNT, NONE),
    /* VSOCK-BOTH-21 */
    ROW(ESTABLISHED, CREDIT_REQUEST, ESTABLISHED, UPDATE, OK, NONE),

    /* The application is gone: what was on its way is counted and dropped, no
     * credit is reported any more. RST is the clean end, without it the timer
     * sends ours. */
    ROW(CLOSING, REQUEST, REQUESTED, REPLACE, OK, REPLACED),
    ROW(CLOSING, REQUEST_SEQPACKET, REQUESTED, REPLACE, OK, REPLACED),
    ROW(CLOSING, SHUTDOWN_0, CLOSING, NOTHING, OK, NONE),
    ROW(CLOSING, SHUTDOWN_RECEIVE, CLOSING, NOTHING, OK, NONE),
    ROW(CLOSING, SHUTDOWN_SEND, CLOSING, NOTHING, OK, NONE),
    ROW(CLOSING, SHUTDOWN_BOTH, CLOSED, BREAK, OK, CLOSED),
    ROW(CLOSING, SHUTDOWN_BOTH_HELD, CLOSED, BREAK, OK, CLOSED),
    ROW(CLOSING, RW, CLOSING, DROP, OK, NONE),
    ROW(CLOSING, RW_EMPTY, CLOSING, DROP, OK, NONE),
    ROW(CLOSING, UPDATE, CLOSING, NOTHING, OK, NONE),
    ROW(CLOSING, CREDIT_REQUEST, CLOSING, NOTHING, OK, NONE),
    ROW(CLOSING, ACCEPT, CLOSING, UNTOUCHED, ERR_STATE, NONE),
    ROW(CLOSING, SHUT_RECEIVE, CLOSING, NOTHING, OK, NONE),
    ROW(CLOSING, SHUT_SEND, CLOSING, NOTHING, OK, NONE),
    ROW(CLOSING, SHUT_BOTH, CLOSING, NOTHING, OK, NONE),
    ROW(CLOSING, CLOSE, CLOSING, NOTHING, OK, NONE),
    ROW(CLOSING, RESET, CLOSED, BREAK, OK, LOCAL),
    ROW(CLOSING, BLAME, CLOSED, BREAK, OK, PROTOCOL),
    ROW(CLOSING, DRAINED, CLOSING, NOTHING, OK, NONE),
    /* VSOCK-BOTH-07: no such op */
    ROW(CLOSING, OP_0, CLOSED, BREAK, BAD_OP, PROTOCOL),
    ROW(CLOSING, OP_8, CLOSED, BREAK, BAD_OP, PROTOCOL),
    ROW(CLOSING, OP_65535, CLOSED, BREAK, BAD_OP, PROTOCOL),
    /* VSOCK-BOTH-12, VSOCK-DRV-14, VSOCK-DEV-13: no such type */
    ROW(CLOSING, REQUEST_TYPE_0, CLOSED, BREAK, BAD_TYPE, PROTOCOL),
    ROW(CLOSING, REQUEST_TYPE_257, CLOSED, BREAK, BAD_TYPE, PROTOCOL),
    ROW(CLOSING, RW_TYPE_3, CLOSED, BREAK, BAD_TYPE, PROTOCOL),
    /* VSOCK-BOTH-25: it is established already */
    ROW(CLOSING, RESPONSE, CLOSED, BREAK, BAD_STATE, PROTOCOL),
    ROW(CLOSING, RESPONSE_LIE, CLOSED, BREAK, BAD_STATE, PROTOCOL),
    /* VSOCK-BOTH-12: not this connection's type */
    ROW(CLOSING, RESPONSE_SEQPACKET, CLOSED, BREAK, BAD_TYPE, PROTOCOL),
    ROW(CLOSING, RW_SEQPACKET, CLOSED, BREAK, BAD_TYPE, PROTOCOL),
    /* VSOCK-BOTH-31, VSOCK-BOTH-32: the clean end */
    ROW(CLOSING, RST, CLOSED, CLOSE, OK, CLOSED),
    ROW(CLOSING, RST_SEQPACKET, CLOSED, CLOSE, OK, CLOSED),
    ROW(CLOSING, RST_TYPE_3, CLOSED, CLOSE, OK, CLOSED),
    ROW(CLOSING, RST_LIE, CLOSED, CLOSE, OK, CLOSED),
    /* VSOCK-DRV-09, VSOCK-DEV-11: no room for it was advertised */
    ROW(CLOSING, RW_OVERRUN, CLOSED, BREAK, BAD_CREDIT, PROTOCOL),
    /* VSOCK-BOTH-18: taken before it was sent */
    ROW(CLOSING, UPDATE_LIE, CLOSING, NOTHING, BAD_FWD_CNT, NONE),
    /* VSOCK-BOTH-33 */
    ROW(CLOSING, TIMEOUT, CLOSED, BREAK, OK, TIMEOUT),

    /* The peer is done and waits for RST, which it gets when all is read, when
     * nobody wants the rest, or from the timer. */
    ROW(DRAINING, REQUEST, REQUESTED, REPLACE, OK, REPLACED),
    ROW(DRAINING, REQUEST_SEQPACKET, REQUESTED, REPLACE, OK, REPLACED),
    ROW(DRAINING, SHUTDOWN_0, DRAINING, NOTHING, OK, NONE),
    ROW(DRAINING, SHUTDOWN_RECEIVE, DRAINING, NOTHING, OK, NONE),
    ROW(DRAINING, SHUTDOWN_SEND, DRAINING, NOTHING, OK, NONE),
    ROW(DRAINING, SHUTDOWN_BOTH, CLOSED, BREAK, OK, CLOSED),
    ROW(DRAINING, SHUTDOWN_BOTH_HELD, DRAINING, NOTHING, OK, NONE),
    ROW(DRAINING, UPDATE, DRAINING, NOTHING, OK, NONE),
    ROW(DRAINING, CREDIT_REQUEST, DRAINING, NOTHING, OK, NONE),
    ROW(DRAINING, ACCEPT, DRAINING, UNTOUCHED, ERR_STATE, NONE),
    ROW(DRAINING, SHUT_RECEIVE, DRAINING, NOTHING, OK, NONE),
    ROW(DRAINING, SHUT_SEND, DRAINING, NOTHING, OK, NONE),
    ROW(DRAINING, SHUT_BOTH, CLOSED, BREAK, OK, CLOSED),
    ROW(DRAINING, CLOSE, CLOSED, BREAK, OK, CLOSED),
    ROW(DRAINING, RESET, CLOSED, BREAK, OK, LOCAL),
    ROW(DRAINING, BLAME, CLOSED, BREAK, OK, PROTOCOL),
    ROW(DRAINING, TIMEOUT, CLOSED, BREAK, OK, TIMEOUT),
    /* VSOCK-BOTH-07: no such op */
    ROW(DRAINING, OP_0, CLOSED, BREAK, BAD_OP, PROTOCOL),
    ROW(DRAINING, OP_8, CLOSED, BREAK, BAD_OP, PROTOCOL),
    ROW(DRAINING, OP_65535, CLOSED, BREAK, BAD_OP, PROTOCOL),
    /* VSOCK-BOTH-12, VSOCK-DRV-14, VSOCK-DEV-13: no such type */
    ROW(DRAINING, REQUEST_TYPE_0, CLOSED, BREAK, BAD_TYPE, PROTOCOL),
    ROW(DRAINING, REQUEST_TYPE_257, CLOSED, BREAK, BAD_TYPE, PROTOCOL),
    ROW(DRAINING, RW_TYPE_3, CLOSED, BREAK, BAD_TYPE, PROTOCOL),
    /* VSOCK-BOTH-25: it is established already */
    ROW(DRAINING, RESPONSE, CLOSED, BREAK, BAD_STATE, PROTOCOL),
    ROW(DRAINING, RESPONSE_LIE, CLOSED, BREAK, BAD_STATE, PROTOCOL),
    /* VSOCK-BOTH-12: not this connection's type */
    ROW(DRAINING, RESPONSE_SEQPACKET, CLOSED, BREAK, BAD_TYPE, PROTOCOL),
    ROW(DRAINING, RW_SEQPACKET, CLOSED, BREAK, BAD_TYPE, PROTOCOL),
    /* VSOCK-BOTH-31 */
    ROW(DRAINING, RST, CLOSED, CLOSE, OK, CLOSED),
    ROW(DRAINING, RST_SEQPACKET, CLOSED, CLOSE, OK, CLOSED),
    ROW(DRAINING, RST_TYPE_3, CLOSED, CLOSE, OK, CLOSED),
    ROW(DRAINING, RST_LIE, CLOSED, CLOSE, OK, CLOSED),
    /* VSOCK-BOTH-29: there was to be no more */
    ROW(DRAINING, RW, CLOSED, BREAK, BAD_SHUT, PROTOCOL),
    ROW(DRAINING, RW_EMPTY, CLOSED, BREAK, BAD_SHUT, PROTOCOL),
    ROW(DRAINING, RW_OVERRUN, CLOSED, BREAK, BAD_SHUT, PROTOCOL),
    /* VSOCK-BOTH-18: taken before it was sent */
    ROW(DRAINING, UPDATE_LIE, DRAINING, NOTHING, BAD_FWD_CNT, NONE),
    /* VSOCK-BOTH-32 */
    ROW(DRAINING, DRAINED, CLOSED, BREAK, OK, CLOSED),
#undef ROW
};

#define ROWS (sizeof rows / sizeof rows[0])

/* A case of its own for each row, named by it; both ways to the state. */
static void
the_row_holds(void **state)
{
    const struct row *row = *state;

    for (int caller = 0; caller < 2; caller++) {
        vsk_conn conn = conn_in(row->state, caller == 1);
        uint32_t actions = UNTOUCHED;

        if (row->what == PUT_SHUTDOWN_BOTH)
            hand_on(&conn);
        if (row->what == PUT_SHUTDOWN_BOTH_HELD)
            hold(&conn);

        assert_int_equal(put_in(&conn, row->what, &actions), row->status);

        assert_int_equal(conn.state, row->next);
        assert_int_equal(actions, row->actions);
        assert_int_equal(conn.reason, row->reason);
    }
}

static void
every_pair_has_one_row(void **state)
{
    uint32_t count[STATES][PUTS] = {{0}};
    (void)state;

    for (size_t i = 0; i < ROWS; i++)
        count[rows[i].state][rows[i].what]++;

    for (uint32_t from = 0; from < STATES; from++)
        for (uint32_t what = 0; what < PUTS; what++)
            assert_int_equal(count[from][what], 1);
}

static void
a_connection_begins_as_it_is_told(void **state)
{
    vsk_conn conn = connecting();
    (void)state;

    assert_memory_equal(&conn.flow, &flow, sizeof flow);
    assert_int_equal(conn.type, VSK_TYPE_STREAM);
    assert_int_equal(conn.reason, VSK_REASON_NONE);
    assert_int_equal(conn.credit.buf_alloc, BUFFER);
    assert_int_equal(conn.shut_sent, 0);
    assert_int_equal(conn.shut_received, 0);
}

static void
a_connection_takes_at_most_128_bytes(void **state)
{
    (void)state;

    assert_true(sizeof(vsk_conn) <= 128);
}

static void
credit_is_learned_from_every_packet(void **state)
{
    static const uint16_t ops[] = {VSK_OP_SHUTDOWN, VSK_OP_RW,
                                   VSK_OP_CREDIT_UPDATE, VSK_OP_CREDIT_REQUEST};
    (void)state;

    /* VSOCK-BOTH-20, VSOCK-BOTH-22 */
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
        vsk_conn conn = established();
        vsk_header header = packet(ops[i]);

        vsk_credit_sent(&conn.credit, 400);
        header.buf_alloc = 700;
        header.fwd_cnt = 300;
        take(&conn, header);

        assert_int_equal(vsk_credit_available(&conn.credit), 600);
    }
}

static void
credit_is_learned_from_request_and_response(void **state)
{
    vsk_conn answering = established_as(false);
    vsk_conn calling = established_as(true);
    (void)state;

    assert_int_equal(vsk_credit_available(&answering.credit), PEER_BUFFER);
    assert_int_equal(vsk_credit_available(&calling.credit), PEER_BUFFER);
}

static void
an_early_update_teaches_no_credit(void **state)
{
    vsk_conn conn = connecting();
    (void)state;

    /* VSOCK-BOTH-25 */
    assert_int_equal(fault(&conn, packet(VSK_OP_CREDIT_UPDATE)), VSK_BAD_STATE);

    assert_int_equal(vsk_credit_available(&conn.credit), 0);
}

static void
credit_of_a_reset_is_not_learned(void **state)
{
    vsk_conn conn = established();
    vsk_header header = packet(VSK_OP_RST);
    (void)state;
    header.buf_alloc = 0; /* as Linux sends it */

    take(&conn, header);

    assert_int_equal(vsk_credit_available(&conn.credit), PEER_BUFFER);
}

static void
payload_is_counted_as_held(void **state)
{
    vsk_conn conn = established();
    (void)state;

    take(&conn, packet(VSK_OP_CREDIT_UPDATE));
    take(&conn, packet(VSK_OP_CREDIT_REQUEST));
    take(&conn, packet(VSK_OP_RW));

    /* VSOCK-BOTH-16: of all packets only its bytes count */
    assert_int_equal(vsk_credit_held(&conn.credit), HELD);
}

static void
two_connections_keep_two_accounts(void **state)
{
    vsk_conn one = established(), other = established();
    vsk_conn before;
    (void)state;
    memcpy(&before, &other, sizeof before);

    take(&one, packet(VSK_OP_RW));
    vsk_credit_sent(&one.credit, 100);

    /* VSOCK-BOTH-15 */
    assert_memory_equal(&other, &before, sizeof before);
    assert_int_equal(vsk_credit_available(&one.credit), PEER_BUFFER - 100);
}

static void
payload_may_fill_the_buffer_and_not_pass_it(void **state)
{
    vsk_conn conn = established();
    (void)state;
    take(&conn, sized(BUFFER));

    /* VSOCK-DRV-09, VSOCK-DEV-11 */
    assert_int_equal(fault(&conn, sized(1)), VSK_BAD_CREDIT);
}

static void
payload_that_is_dropped_still_keeps_to_the_buffer(void **state)
{
    vsk_conn conn = closing();
    (void)state;
    assert_int_equal(take(&conn, sized(BUFFER)), VSK_DO_DROP);

    /* VSOCK-DRV-09, VSOCK-DEV-11 */
    assert_int_equal(fault(&conn, sized(1)), VSK_BAD_CREDIT);
}

static void
flags_of_shutdown_add_up(void **state)
{
    vsk_conn conn = established();
    (void)state;

    /* VSOCK-BOTH-30: 1, 0, then 2 */
    assert_int_equal(take(&conn, shutdown(VSK_SHUTDOWN_RECEIVE)), 0);
    assert_int_equal(take(&conn, shutdown(0)), 0);
    assert_int_equal(conn.shut_received, VSK_SHUTDOWN_RECEIVE);
    assert_int_equal(take(&conn, shutdown(VSK_SHUTDOWN_SEND)), END | BREAK);

    assert_int_equal(conn.shut_received, BOTH);
    assert_int_equal(conn.reason, VSK_REASON_CLOSED);
}

static void
flags_of_shutdown_add_up_in_the_other_order(void **state)
{
    vsk_conn conn = established();
    (void)state;

    /* VSOCK-BOTH-30 */
    assert_int_equal(take(&conn, shutdown(VSK_SHUTDOWN_SEND)), VSK_DO_TELL_EOF);
    assert_int_equal(take(&conn, shutdown(0)), 0);
    assert_int_equal(take(&conn, shutdown(VSK_SHUTDOWN_RECEIVE)), BREAK);

    assert_int_equal(conn.reason, VSK_REASON_CLOSED);
}

static void
flags_of_shutdown_add_up_while_closing(void **state)
{
    vsk_conn conn = closing();
    (void)state;

    /* VSOCK-BOTH-30 */
    assert_int_equal(take(&conn, shutdown(VSK_SHUTDOWN_SEND)), 0);
    assert_int_equal(take(&conn, shutdown(VSK_SHUTDOWN_RECEIVE)), BREAK);
}

static void
flags_that_shutdown_does_not_have_are_passed_over(void **state)
{
    vsk_conn conn = established();
    (void)state;

    assert_int_equal(take(&conn, shutdown(0xfffffffc)), 0);

    assert_int_equal(conn.shut_received, 0);
}

static void
our_shutdown_does_not_count_as_the_peers(void **state)
{
    vsk_conn conn = established();
    (void)state;
    ask(&conn, VSK_CALL_SHUTDOWN, VSK_SHUTDOWN_RECEIVE);

    assert_int_equal(take(&conn, shutdown(VSK_SHUTDOWN_SEND)), VSK_DO_TELL_EOF);

    assert_int_equal(conn.state, VSK_STATE_ESTABLISHED);
}

static void
the_end_of_data_is_told_once(void **state)
{
    vsk_conn conn = established();
    (void)state;
    hold(&conn);
    assert_int_equal(take(&conn, shutdown(VSK_SHUTDOWN_SEND)), VSK_DO_TELL_EOF);

    /* VSOCK-BOTH-29 */
    assert_int_equal(take(&conn, shutdown(VSK_SHUTDOWN_SEND)), 0);
    assert_int_equal(take(&conn, shutdown(BOTH)), 0);

    assert_int_equal(conn.state, VSK_STATE_DRAINING);
}

static void
a_peer_that_sends_no_more_is_still_sent_to(void **state)
{
    vsk_conn conn = established();
    (void)state;

    take(&conn, shutdown(VSK_SHUTDOWN_SEND));

    assert_true(vsk_conn_may_send(&conn));
    assert_int_equal(take(&conn, packet(VSK_OP_CREDIT_REQUEST)),
                     VSK_DO_SEND_CREDIT);
}

static void
payload_behind_the_end_of_data_breaks_the_connection(void **state)
{
    vsk_conn conn = established();
    (void)state;
    take(&conn, shutdown(VSK_SHUTDOWN_SEND));

    /* VSOCK-BOTH-29 */
    assert_int_equal(fault(&conn, packet(VSK_OP_RW)), VSK_BAD_SHUT);

    assert_int_equal(conn.reason, VSK_REASON_PROTOCOL);
    assert_int_equal(vsk_credit_held(&conn.credit), 0);
}

static void
payload_behind_the_end_of_data_breaks_a_closing_connection(void **state)
{
    vsk_conn conn = closing();
    (void)state;
    take(&conn, shutdown(VSK_SHUTDOWN_SEND));

    /* VSOCK-BOTH-29 */
    assert_int_equal(fault(&conn, packet(VSK_OP_RW)), VSK_BAD_SHUT);
}

static void
a_peer_that_receives_no_more_still_sends(void **state)
{
    vsk_conn conn = established();
    (void)state;

    take(&conn, shutdown(VSK_SHUTDOWN_RECEIVE));

    /* VSOCK-BOTH-28 */
    assert_false(vsk_conn_may_send(&conn));
    assert_true(vsk_conn_may_update(&conn));
    assert_int_equal(take(&conn, packet(VSK_OP_RW)), VSK_DO_TELL_DATA);
}

static void
who_sends_no_more_still_receives(void **state)
{
    vsk_conn conn = established();
    (void)state;

    /* VSOCK-BOTH-29 */
    assert_int_equal(ask(&conn, VSK_CALL_SHUTDOWN, VSK_SHUTDOWN_SEND),
                     VSK_DO_SEND_SHUTDOWN);

    assert_int_equal(conn.shut_sent, VSK_SHUTDOWN_SEND);
    assert_false(vsk_conn_may_send(&conn));
    assert_true(vsk_conn_may_update(&conn));
    assert_int_equal(take(&conn, packet(VSK_OP_RW)), VSK_DO_TELL_DATA);
}

static void
who_receives_no_more_still_sends(void **state)
{
    vsk_conn conn = established();
    (void)state;

    assert_int_equal(ask(&conn, VSK_CALL_SHUTDOWN, VSK_SHUTDOWN_RECEIVE),
                     VSK_DO_SEND_SHUTDOWN);

    assert_int_equal(conn.shut_sent, VSK_SHUTDOWN_RECEIVE);
    assert_true(vsk_conn_may_send(&conn));
}

static void
who_receives_no_more_is_not_told_of_payload(void **state)
{
    vsk_conn conn = established();
    (void)state;
    ask(&conn, VSK_CALL_SHUTDOWN, VSK_SHUTDOWN_RECEIVE);

    /* VSOCK-BOTH-28 */
    assert_int_equal(take(&conn, sized(10)), VSK_DO_DROP);

    assert_int_equal(vsk_credit_held(&conn.credit), 10);
}

static void
shutting_one_direction_after_the_other_is_a_close(void **state)
{
    vsk_conn conn = established();
    (void)state;
    ask(&conn, VSK_CALL_SHUTDOWN, VSK_SHUTDOWN_SEND);

    assert_int_equal(ask(&conn, VSK_CALL_SHUTDOWN, VSK_SHUTDOWN_RECEIVE),
                     VSK_DO_SEND_SHUTDOWN);

    assert_int_equal(conn.state, VSK_STATE_CLOSING);
    assert_int_equal(conn.shut_sent, BOTH);
}

static void
a_close_shuts_both_directions(void **state)
{
    vsk_conn conn = closing();
    (void)state;

    assert_int_equal(conn.shut_sent, BOTH);
}

static void
shutting_with_other_flags_changes_nothing(void **state)
{
    vsk_conn conn = established();
    (void)state;
    ask(&conn, VSK_CALL_SHUTDOWN, VSK_SHUTDOWN_SEND);

    ask(&conn, VSK_CALL_SHUTDOWN, 4);

    assert_int_equal(conn.shut_sent, VSK_SHUTDOWN_SEND);
    assert_int_equal(conn.state, VSK_STATE_ESTABLISHED);
}

static void
a_refused_call_changes_nothing(void **state)
{
    (void)state;

    for (size_t i = 0; i < ROWS; i++) {
        vsk_conn conn = conn_in(rows[i].state, false);
        vsk_conn before;
        uint32_t actions = UNTOUCHED;

        memcpy(&before, &conn, sizeof before);
        if (rows[i].status != VSK_ERR_STATE)
            continue;
        put_in(&conn, rows[i].what, &actions);

        assert_memory_equal(&conn, &before, sizeof before);
    }
}

static void
a_reset_behind_the_end_of_data_is_the_end(void **state)
{
    vsk_conn conn = established();
    (void)state;
    take(&conn, shutdown(VSK_SHUTDOWN_SEND));

    assert_int_equal(take(&conn, packet(VSK_OP_RST)), VSK_DO_TELL_CLOSE);

    assert_int_equal(conn.reason, VSK_REASON_CLOSED);
}

static void
a_reset_of_a_peer_that_only_stopped_reading_is_a_reset(void **state)
{
    vsk_conn conn = established();
    (void)state;
    take(&conn, shutdown(VSK_SHUTDOWN_RECEIVE));

    assert_int_equal(take(&conn, packet(VSK_OP_RST)), VSK_DO_TELL_CLOSE);

    assert_int_equal(conn.reason, VSK_REASON_RESET);
}

static void
a_reset_leaves_received_bytes_to_the_reader(void **state)
{
    vsk_conn conn = established();
    (void)state;
    take(&conn, packet(VSK_OP_RW));

    take(&conn, packet(VSK_OP_RST));

    assert_int_equal(vsk_credit_held(&conn.credit), HELD);
}

static void
what_comes_after_the_end_does_not_change_the_reason(void **state)
{
    vsk_conn conn = established();
    (void)state;
    take(&conn, packet(VSK_OP_RST));

    assert_int_equal(fault(&conn, shutdown(BOTH)), VSK_BAD_FLOW);
    assert_int_equal(take(&conn, packet(VSK_OP_RST)), 0);

    assert_int_equal(conn.reason, VSK_REASON_RESET);
}

/* What one end is told to send, the other one gets. */
static void
carry(uint32_t actions, vsk_conn *to, uint32_t *answer)
{
    *answer = 0;
    if ((actions & VSK_DO_SEND_SHUTDOWN) != 0)
        *answer |= take(to, shutdown(BOTH));
    if ((actions & VSK_DO_SEND_RST) != 0)
        *answer |= take(to, packet(VSK_OP_RST));
}

static void
two_ends_that_close_at_once_end_without_answering_rst(void **state)
{
    vsk_conn one = established_as(true), other = established_as(false);
    uint32_t to_one = ask(&other, VSK_CALL_CLOSE, 0);
    uint32_t to_other = ask(&one, VSK_CALL_CLOSE, 0);
    (void)state;

    for (int turn = 0; turn < 2; turn++) {
        uint32_t from_one, from_other;

        carry(to_one, &one, &from_one);
        carry(to_other, &other, &from_other);
        to_one = from_other;
        to_other = from_one;
    }

    assert_int_equal(to_one | to_other, 0);
    assert_int_equal(one.reason, VSK_REASON_CLOSED);
    assert_int_equal(other.reason, VSK_REASON_CLOSED);
}

static void
a_clean_close_takes_one_shutdown_and_one_rst(void **state)
{
    vsk_conn one = established_as(true), other = established_as(false);
    uint32_t answer, last;
    (void)state;

    /* VSOCK-BOTH-32 */
    carry(ask(&one, VSK_CALL_CLOSE, 0), &other, &answer);
    assert_int_equal(answer, END | BREAK);
    carry(answer, &one, &last);

    assert_int_equal(last, VSK_DO_TELL_CLOSE);
    assert_int_equal(one.reason, VSK_REASON_CLOSED);
    assert_int_equal(other.reason, VSK_REASON_CLOSED);
}

static void
rst_waits_for_a_slow_reader(void **state)
{
    vsk_conn conn = draining();
    (void)state;
    assert_int_equal(take(&conn, shutdown(BOTH)), 0);
    hand_on(&conn);

    assert_int_equal(ask(&conn, VSK_CALL_DRAINED, 0), BREAK);

    /* VSOCK-BOTH-32 */
    assert_int_equal(conn.reason, VSK_REASON_CLOSED);
}

static void
a_peer_that_connects_is_sent_nothing_before_the_answer(void **state)
{
    (void)state;

    /* Row 12 of the regression list: an early CREDIT_UPDATE breaks it. */
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].state == VSK_STATE_REQUESTED &&
            rows[i].actions != UNTOUCHED)
            assert_int_equal(rows[i].actions & (SHUT | UPDATE), 0);
    assert_false(
        vsk_conn_may_update(&(vsk_conn){.state = VSK_STATE_REQUESTED}));
}

/* A REQUEST with an account of its own. */
static vsk_header
another_request(void)
{
    vsk_header header = typed(VSK_OP_REQUEST, VSK_TYPE_SEQPACKET);

    header.buf_alloc = 900;
    return header;
}

/* Nothing of what was before is left. */
static void
assert_begun_anew(const vsk_conn *conn)
{
    assert_int_equal(conn->state, VSK_STATE_REQUESTED);
    assert_int_equal(conn->type, VSK_TYPE_SEQPACKET);
    assert_int_equal(conn->shut_sent, 0);
    assert_int_equal(conn->shut_received, 0);
    assert_int_equal(conn->credit.buf_alloc, BUFFER);
    assert_int_equal(vsk_credit_available(&conn->credit), 900);
    assert_int_equal(vsk_credit_held(&conn->credit), 0);
    assert_memory_equal(&conn->flow, &flow, sizeof flow);
}

static void
a_new_request_on_a_pending_pair_begins_anew(void **state)
{
    vsk_conn pending[] = {requested(), closing(), draining()};
    (void)state;

    for (size_t i = 0; i < sizeof pending / sizeof pending[0]; i++) {
        vsk_credit_sent(&pending[i].credit, 100);

        take(&pending[i], another_request());

        assert_begun_anew(&pending[i]);
    }
}

static void
a_pair_is_free_at_once_after_rst(void **state)
{
    vsk_conn conn = closing();
    (void)state;
    take(&conn, sized(100));
    take(&conn, packet(VSK_OP_RST));

    assert_int_equal(take(&conn, another_request()), VSK_DO_TELL_REQUEST);

    assert_begun_anew(&conn);
    assert_int_equal(conn.reason, VSK_REASON_NONE);
}

static void
why_the_old_one_ended_is_forgotten_once_the_new_one_is_accepted(void **state)
{
    vsk_conn conn = requested();
    (void)state;
    take(&conn, packet(VSK_OP_REQUEST));
    assert_int_equal(conn.reason, VSK_REASON_REPLACED);

    ask(&conn, VSK_CALL_ACCEPT, 0);

    assert_int_equal(conn.reason, VSK_REASON_NONE);
}

static void
a_request_that_is_no_legal_one_begins_nothing(void **state)
{
    vsk_conn conn = established();
    vsk_header header = packet(VSK_OP_REQUEST);
    (void)state;
    take(&conn, packet(VSK_OP_RW));
    header.buf_alloc = 900;

    assert_int_equal(fault(&conn, header), VSK_BAD_STATE);

    assert_int_equal(vsk_credit_held(&conn.credit), HELD);
}

static void
nothing_of_a_request_is_taken_but_buffer_and_type(void **state)
{
    vsk_conn conn = closed();
    (void)state;

    assert_int_equal(take(&conn, lie(VSK_OP_REQUEST)), VSK_DO_TELL_REQUEST);

    assert_int_equal(vsk_credit_available(&conn.credit), PEER_BUFFER);
}

static void
a_reset_of_the_transport_ends_what_there_is_without_a_packet(void **state)
{
    (void)state;

    for (uint32_t from = VSK_STATE_CONNECTING; from < STATES; from++) {
        vsk_conn conn = conn_in(from, false);

        assert_int_equal(vsk_conn_abandon(&conn), VSK_DO_TELL_CLOSE);

        assert_int_equal(conn.state, VSK_STATE_CLOSED);
        assert_int_equal(conn.reason, VSK_REASON_TRANSPORT);
    }
}

static void
a_reset_of_the_transport_does_not_end_what_has_ended(void **state)
{
    vsk_conn conn = established();
    (void)state;
    ask(&conn, VSK_CALL_RESET, 0);

    assert_int_equal(vsk_conn_abandon(&conn), 0);

    assert_int_equal(conn.reason, VSK_REASON_LOCAL);
}

static void
payload_may_be_sent_when_established_alone(void **state)
{
    (void)state;

    for (uint32_t from = 0; from < STATES; from++) {
        vsk_conn conn = conn_in(from, false);

        assert_int_equal(vsk_conn_may_send(&conn),
                         from == VSK_STATE_ESTABLISHED);
    }
}

static void
credit_is_volunteered_when_established_alone(void **state)
{
    (void)state;

    for (uint32_t from = 0; from < STATES; from++) {
        vsk_conn conn = conn_in(from, false);

        assert_int_equal(vsk_conn_may_update(&conn),
                         from == VSK_STATE_ESTABLISHED);
    }
}

static void
credit_is_not_volunteered_to_who_sends_no_more(void **state)
{
    vsk_conn conn = established();
    (void)state;

    take(&conn, shutdown(VSK_SHUTDOWN_SEND));

    assert_false(vsk_conn_may_update(&conn));
}

static void
states_and_reasons_have_names(void **state)
{
    (void)state;

    assert_string_equal(vsk_state_name(VSK_STATE_CLOSED), "CLOSED");
    assert_string_equal(vsk_state_name(VSK_STATE_DRAINING), "DRAINING");
    assert_string_equal(vsk_reason_name(VSK_REASON_NONE), "NONE");
    assert_string_equal(vsk_reason_name(VSK_REASON_TRANSPORT), "TRANSPORT");
}

static void
what_is_no_state_or_reason_is_unknown(void **state)
{
    (void)state;

    assert_string_equal(vsk_state_name(STATES), "UNKNOWN");
    assert_string_equal(vsk_reason_name(VSK_REASON_TRANSPORT + 1), "UNKNOWN");
    assert_string_equal(vsk_reason_name(UINT32_MAX), "UNKNOWN");
}

/* What must hold after any packet or call, whoever sent it. */
static void
assert_sane(const vsk_conn *before, const vsk_conn *after, enum put_in what,
            uint32_t actions)
{
    bool was = before->state != VSK_STATE_CLOSED;
    bool is = after->state != VSK_STATE_CLOSED;
    bool rst = what >= PUT_RST && what <= PUT_RST_LIE;

    /* The end is told when it comes, and when a new one takes its place. */
    assert_int_equal((actions & CLOSE) != 0, was && (!is || actions & REQUEST));
    assert_int_equal(
        (actions & REQUEST) != 0,
        after->state == VSK_STATE_REQUESTED &&
            (what == PUT_REQUEST || what == PUT_REQUEST_SEQPACKET));
    /* RST is never answered, and never follows a connection that stays. */
    assert_false(rst && (actions & RST) != 0);
    assert_false(is && (actions & RST) != 0);
    /* A peer that connects gets RESPONSE or RST. */
    assert_false(before->state == VSK_STATE_REQUESTED &&
                 (actions & (SHUT | UPDATE)) != 0);
    /* Whoever is told something is, or was, there to hear it. */
    assert_false((actions & (CONNECT | DATA)) != 0 && !is);
    assert_false((actions & END) != 0 && !was);
    assert_true(after->state < STATES);
    assert_int_equal(after->reason != VSK_REASON_NONE,
                     !is || after->reason == VSK_REASON_REPLACED);
    assert_true(vsk_credit_held(&after->credit) <= BUFFER);
    assert_true(vsk_credit_available(&after->credit) <= PEER_BUFFER);
}

static void
a_hostile_peer_finds_no_way_out_of_the_table(void **state)
{
    rig_random random = rig_seed();
    vsk_conn conn = requested();
    (void)state;

    for (uint32_t step = 0; step < 200000; step++) {
        enum put_in what = (enum put_in)rig_draw(&random, PUTS);
        uint32_t actions = 0;
        vsk_conn before = conn;

        if (put_in(&conn, what, &actions) != VSK_ERR_STATE)
            assert_sane(&before, &conn, what, actions);
        if (conn.state == VSK_STATE_CLOSED && rig_draw(&random, 4) == 0)
            conn = established_as(rig_draw(&random, 2) == 0);
        if (rig_draw(&random, 16) == 0)
            tell(&conn);
        if (rig_draw(&random, 16) == 0)
            hand_on(&conn);
    }
}

int
main(void)
{
    static struct CMUnitTest pairs[ROWS];
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(every_pair_has_one_row),
        cmocka_unit_test(a_connection_begins_as_it_is_told),
        cmocka_unit_test(a_connection_takes_at_most_128_bytes),
        cmocka_unit_test(credit_is_learned_from_every_packet),
        cmocka_unit_test(credit_is_learned_from_request_and_response),
        cmocka_unit_test(an_early_update_teaches_no_credit),
        cmocka_unit_test(credit_of_a_reset_is_not_learned),
        cmocka_unit_test(payload_is_counted_as_held),
        cmocka_unit_test(two_connections_keep_two_accounts),
        cmocka_unit_test(payload_may_fill_the_buffer_and_not_pass_it),
        cmocka_unit_test(payload_that_is_dropped_still_keeps_to_the_buffer),
        cmocka_unit_test(flags_of_shutdown_add_up),
        cmocka_unit_test(flags_of_shutdown_add_up_in_the_other_order),
        cmocka_unit_test(flags_of_shutdown_add_up_while_closing),
        cmocka_unit_test(flags_that_shutdown_does_not_have_are_passed_over),
        cmocka_unit_test(our_shutdown_does_not_count_as_the_peers),
        cmocka_unit_test(the_end_of_data_is_told_once),
        cmocka_unit_test(a_peer_that_sends_no_more_is_still_sent_to),
        cmocka_unit_test(payload_behind_the_end_of_data_breaks_the_connection),
        cmocka_unit_test(
            payload_behind_the_end_of_data_breaks_a_closing_connection),
        cmocka_unit_test(a_peer_that_receives_no_more_still_sends),
        cmocka_unit_test(who_sends_no_more_still_receives),
        cmocka_unit_test(who_receives_no_more_still_sends),
        cmocka_unit_test(who_receives_no_more_is_not_told_of_payload),
        cmocka_unit_test(shutting_one_direction_after_the_other_is_a_close),
        cmocka_unit_test(a_close_shuts_both_directions),
        cmocka_unit_test(shutting_with_other_flags_changes_nothing),
        cmocka_unit_test(a_refused_call_changes_nothing),
        cmocka_unit_test(a_reset_behind_the_end_of_data_is_the_end),
        cmocka_unit_test(
            a_reset_of_a_peer_that_only_stopped_reading_is_a_reset),
        cmocka_unit_test(a_reset_leaves_received_bytes_to_the_reader),
        cmocka_unit_test(what_comes_after_the_end_does_not_change_the_reason),
        cmocka_unit_test(two_ends_that_close_at_once_end_without_answering_rst),
        cmocka_unit_test(a_clean_close_takes_one_shutdown_and_one_rst),
        cmocka_unit_test(rst_waits_for_a_slow_reader),
        cmocka_unit_test(
            a_peer_that_connects_is_sent_nothing_before_the_answer),
        cmocka_unit_test(a_new_request_on_a_pending_pair_begins_anew),
        cmocka_unit_test(a_pair_is_free_at_once_after_rst),
        cmocka_unit_test(
            why_the_old_one_ended_is_forgotten_once_the_new_one_is_accepted),
        cmocka_unit_test(a_request_that_is_no_legal_one_begins_nothing),
        cmocka_unit_test(nothing_of_a_request_is_taken_but_buffer_and_type),
        cmocka_unit_test(
            a_reset_of_the_transport_ends_what_there_is_without_a_packet),
        cmocka_unit_test(a_reset_of_the_transport_does_not_end_what_has_ended),
        cmocka_unit_test(payload_may_be_sent_when_established_alone),
        cmocka_unit_test(credit_is_volunteered_when_established_alone),
        cmocka_unit_test(credit_is_not_volunteered_to_who_sends_no_more),
        cmocka_unit_test(states_and_reasons_have_names),
        cmocka_unit_test(what_is_no_state_or_reason_is_unknown),
        cmocka_unit_test(a_hostile_peer_finds_no_way_out_of_the_table),
    };
    int failed;

    for (size_t i = 0; i < ROWS; i++)
        pairs[i] = (struct CMUnitTest){rows[i].name, the_row_holds, NULL, NULL,
                                       &rows[i]};
    failed = cmocka_run_group_tests_name("conn, pairs", pairs, NULL, NULL);
    return failed + cmocka_run_group_tests_name("conn", cases, NULL, NULL);
}
