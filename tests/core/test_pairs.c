/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Every pair of a state and a packet, for a device and for a guest, on real
 * rings: what comes back, the next state, and what the application is told.
 * test_conn.c holds the table of states alone; here is all that stands on it.
 *
 *     role ==== rings ==== peer      the peer sends what it likes by hand and
 *                                    swallows all that comes, but counts it */
#include "tables_rig.h"
#include "trace_rig.h"

#include "vsk/lab.h"

#define CAPACITY 4u
#define RING 16u
#define SPANS 64u
#define RECORDS 64u
#define RAM 0x20000u
#define GUEST_CID 42u
#define LOCAL 1234u   /* port of the role */
#define PEER 40001u   /* port of the peer */
#define BUFFER 2000u  /* of the role: what the peer may send */
#define ROOM 500u     /* of the peer */
#define HELD 10u      /* bytes that nobody has read yet */
#define WORDS 128u    /* of what happened */
#define PACKETS_MAX 4 /* that answer one */
#define BOTH (VSK_SHUTDOWN_RECEIVE | VSK_SHUTDOWN_SEND)

/* ---- one device, one guest ---- */

struct world {
    vsk_lab lab;
    vsk_lab_pair pair;
    vsk_region region;
    vsk_memory memory;
    vsk_range ranges[256];
    vsk_pool pool;
    vsk_device device;
    vsk_guest guest;
    vsk_device_tables device_tables;
    vsk_guest_tables guest_tables;
    uint8_t payload[BUFFER + 1];
    uint8_t *ram;
    vsk_side role;    /* who is looked at */
    char told[WORDS]; /* what its application heard */
    char wire[WORDS]; /* what came back */
    vsk_header packets[PACKETS_MAX];
    uint32_t count; /* of them */
    struct rig_trace trace;
};

static vsk_endpoint *
endpoint(struct world *w)
{
    return w->role == VSK_SIDE_DEVICE ? &w->device.endpoint
                                      : &w->guest.endpoint;
}

static vsk_flow
flow(const struct world *w)
{
    return w->role == VSK_SIDE_DEVICE
               ? (vsk_flow){VSK_CID_HOST, LOCAL, GUEST_CID, PEER}
               : (vsk_flow){GUEST_CID, LOCAL, VSK_CID_HOST, PEER};
}

static vsk_conn *
conn_of(struct world *w)
{
    vsk_flow key = flow(w);

    return vsk_table_find(&endpoint(w)->table, &key);
}

#define FEATURE(name, bit) VSK_BIT(bit) |

static void
make_device(struct world *w)
{
    vsk_device_config config = {
        .policy = vsk_policy_default(),
        .features = VSK_FEATURE_TABLE(FEATURE) 0,
        .guest_cid = GUEST_CID,
        .local_cid = VSK_CID_HOST,
        .seed = 1,
    };

    config.policy.buf_alloc = BUFFER;
    w->device_tables = tables_of_device(CAPACITY, RING, SPANS);
    assert_int_equal(vsk_device_init(&w->device, &config, &w->device_tables),
                     VSK_OK);
}

#undef FEATURE

static void
make_guest(struct world *w)
{
    vsk_guest_policy policy = vsk_guest_policy_default();

    policy.queue_size = RING;
    policy.endpoint.buf_alloc = BUFFER;
    w->guest_tables = tables_of_guest(CAPACITY, RING, SPANS, RECORDS);
    assert_int_equal(vsk_guest_init(&w->guest, &policy, &w->guest_tables, 2),
                     VSK_OK);
}

static struct world *
world_new(vsk_side role)
{
    struct world *w = calloc(1, sizeof *w);

    assert_non_null(w);
    w->ram = malloc(RAM);
    assert_non_null(w->ram);
    memset(w->ram, RIG_FILL, RAM);
    w->role = role;
    w->region = (vsk_region){0, RAM, w->ram};
    assert_int_equal(vsk_memory_init(&w->memory, &w->region, 1), VSK_OK);
    assert_int_equal(vsk_pool_init(&w->pool, &w->memory, w->ranges, 256),
                     VSK_OK);
    make_device(w);
    make_guest(w);
    w->pair = (vsk_lab_pair){.device = &w->device, .guest = &w->guest};
    vsk_lab_init(&w->lab, &w->pair, 1, 1);
    w->lab.show_packets = true;
    w->lab.tap = rig_trace_tap(&w->trace);
    w->trace.only = role == VSK_SIDE_DEVICE ? VSK_CID_HOST : GUEST_CID;
    assert_int_equal(vsk_lab_start(&w->lab, 0, &w->memory, &w->pool), VSK_OK);
    return w;
}

static void
world_free(struct world *w)
{
    rig_trace_end(&w->trace);
    tables_free_device(&w->device_tables);
    tables_free_guest(&w->guest_tables);
    free(w->ram);
    free(w);
}

/* ---- what happens ---- */

static void
say(char *words, const char *word, const char *more)
{
    size_t used = strlen(words);

    snprintf(words + used, WORDS - used, "%s%s%s%s", used == 0 ? "" : " ", word,
             more == NULL ? "" : ":", more == NULL ? "" : more);
}

/* The peer keeps no connection: what comes to it is only looked at. */
static void
peer_event(struct world *w, const vsk_event *event)
{
    const char *name;

    if (event->kind != VSK_EVENT_PACKET)
        return;
    assert_true(w->count < PACKETS_MAX);
    w->packets[w->count++] = event->packet->header;
    name = vsk_op_name(event->packet->header.op);
    assert_non_null(name);
    say(w->wire, name, NULL);
    if (w->role == VSK_SIDE_DEVICE)
        vsk_guest_swallow(&w->guest);
    else
        vsk_device_swallow(&w->device);
}

static void
role_event(struct world *w, const vsk_event *event)
{
    const char *more = NULL;

    if (event->kind == VSK_EVENT_PACKET || event->kind == VSK_EVENT_MORE ||
        event->kind == VSK_EVENT_RESET)
        return;
    if (event->kind == VSK_EVENT_CLOSE)
        more = vsk_reason_name(event->conn->reason);
    if (event->kind == VSK_EVENT_ERROR)
        more = vsk_status_name(event->status);
    say(w->told, vsk_event_name(event->kind), more);
}

/* Let all happen that waits; the clock stands still. */
static void
run(struct world *w)
{
    vsk_event event;
    vsk_side side;
    uint32_t pair;

    while (vsk_lab_poll(&w->lab, w->lab.now, &pair, &side, &event) == VSK_OK)
        if (side == w->role)
            role_event(w, &event);
        else
            peer_event(w, &event);
}

static void
forget(struct world *w)
{
    w->told[0] = '\0';
    w->wire[0] = '\0';
    w->count = 0;
}

/* The peer sends, whatever the header says. */
static void
put(struct world *w, const vsk_header *header)
{
    vsk_side peer =
        w->role == VSK_SIDE_DEVICE ? VSK_SIDE_GUEST : VSK_SIDE_DEVICE;
    vsk_packet packet;

    vsk_packet_init(&packet, w->payload, header->len);
    packet.header = *header;
    if (peer == VSK_SIDE_GUEST)
        assert_int_equal(vsk_guest_put(&w->guest, w->lab.now, &packet, NULL),
                         VSK_OK);
    else
        assert_int_equal(vsk_device_put(&w->device, w->lab.now, &packet),
                         VSK_OK);
    vsk_lab_wake(&w->lab, 0, peer);
    run(w);
}

static void
ask(struct world *w, vsk_call call)
{
    assert_int_equal(
        vsk_endpoint_call(endpoint(w), w->lab.now, conn_of(w), call, 0),
        VSK_OK);
    vsk_lab_wake(&w->lab, 0, w->role);
    run(w);
}

/* ---- packets ---- */

static vsk_header
packet(const struct world *w, uint16_t op)
{
    vsk_flow to = flow(w);

    return (vsk_header){.src_cid = to.peer_cid,
                        .dst_cid = to.local_cid,
                        .src_port = to.peer_port,
                        .dst_port = to.local_port,
                        .len = op == VSK_OP_RW ? HELD : 0,
                        .type = VSK_TYPE_STREAM,
                        .op = op,
                        .buf_alloc = ROOM};
}

static vsk_header
typed(const struct world *w, uint16_t op, uint16_t type)
{
    vsk_header header = packet(w, op);

    header.type = type;
    return header;
}

static vsk_header
shutdown(const struct world *w, uint32_t flags)
{
    vsk_header header = packet(w, VSK_OP_SHUTDOWN);

    header.flags = flags;
    return header;
}

static vsk_header
sized(const struct world *w, uint32_t len)
{
    vsk_header header = packet(w, VSK_OP_RW);

    header.len = len;
    return header;
}

/* More taken than was ever sent. */
static vsk_header
lie(const struct world *w, uint16_t op)
{
    vsk_header header = packet(w, op);

    header.fwd_cnt = 1;
    return header;
}

/* Every packet that comes alone. */
#define PACKETS(X)                                                             \
    X(OP_0, packet(w, VSK_OP_INVALID))                                         \
    X(OP_8, packet(w, 8))                                                      \
    X(OP_65535, packet(w, 0xffff))                                             \
    X(REQUEST, packet(w, VSK_OP_REQUEST))                                      \
    X(REQUEST_SEQPACKET, typed(w, VSK_OP_REQUEST, VSK_TYPE_SEQPACKET))         \
    X(REQUEST_TYPE_3, typed(w, VSK_OP_REQUEST, 3))                             \
    X(RESPONSE, packet(w, VSK_OP_RESPONSE))                                    \
    X(RESPONSE_SEQPACKET, typed(w, VSK_OP_RESPONSE, VSK_TYPE_SEQPACKET))       \
    X(RST, packet(w, VSK_OP_RST))                                              \
    X(RST_TYPE_3, typed(w, VSK_OP_RST, 3))                                     \
    X(SHUTDOWN_0, shutdown(w, 0))                                              \
    X(SHUTDOWN_RECEIVE, shutdown(w, VSK_SHUTDOWN_RECEIVE))                     \
    X(SHUTDOWN_SEND, shutdown(w, VSK_SHUTDOWN_SEND))                           \
    X(SHUTDOWN_BOTH, shutdown(w, BOTH))                                        \
    X(RW, packet(w, VSK_OP_RW))                                                \
    X(RW_EMPTY, sized(w, 0))                                                   \
    X(RW_ALL, sized(w, BUFFER)) /* all credit that there is at first */        \
    X(RW_OVER, sized(w, BUFFER + 1))                                           \
    X(RW_SEQPACKET, typed(w, VSK_OP_RW, VSK_TYPE_SEQPACKET))                   \
    X(RW_TYPE_0, typed(w, VSK_OP_RW, 0))                                       \
    X(UPDATE, packet(w, VSK_OP_CREDIT_UPDATE))                                 \
    X(UPDATE_LIE, lie(w, VSK_OP_CREDIT_UPDATE))                                \
    X(CREDIT_REQUEST, packet(w, VSK_OP_CREDIT_REQUEST))

/* The last one of several, where it means something else than alone. */
#define STORIES(X)                                                             \
    X(SHUTDOWN_BOTH_UNREAD, packet(w, VSK_OP_RW), shutdown(w, BOTH))           \
    X(SHUTDOWN_REST, shutdown(w, VSK_SHUTDOWN_RECEIVE),                        \
      shutdown(w, VSK_SHUTDOWN_SEND))                                          \
    X(SHUTDOWN_AGAIN, shutdown(w, VSK_SHUTDOWN_SEND),                          \
      shutdown(w, VSK_SHUTDOWN_SEND))                                          \
    X(RW_AFTER_RECEIVE, shutdown(w, VSK_SHUTDOWN_RECEIVE),                     \
      packet(w, VSK_OP_RW))                                                    \
    X(RW_AFTER_SEND, shutdown(w, VSK_SHUTDOWN_SEND), packet(w, VSK_OP_RW))     \
    X(RW_AFTER_ALL, sized(w, BUFFER), sized(w, 1))                             \
    X(RST_AFTER_SEND, shutdown(w, VSK_SHUTDOWN_SEND), packet(w, VSK_OP_RST))   \
    X(CREDIT_REQUEST_AFTER_SEND, shutdown(w, VSK_SHUTDOWN_SEND),               \
      packet(w, VSK_OP_CREDIT_REQUEST))

enum what {
#define ENUMERATOR(name, header) PUT_##name,
    PACKETS(ENUMERATOR)
#undef ENUMERATOR
        ALONE, /* how many come alone */
#define ENUMERATOR(name, first, last) PUT_##name,
    STORIES(ENUMERATOR)
#undef ENUMERATOR
};

static void
send_what(struct world *w, enum what what)
{
    vsk_header before, last;

    switch (what) {
#define CASE(name, header)                                                     \
    case PUT_##name:                                                           \
        last = header;                                                         \
        break;
        PACKETS(CASE)
#undef CASE
#define CASE(name, first, second)                                              \
    case PUT_##name:                                                           \
        before = first;                                                        \
        last = second;                                                         \
        put(w, &before);                                                       \
        break;
        STORIES(CASE)
#undef CASE
    case ALONE:
    default:
        abort();
    }
    forget(w);
    put(w, &last);
}

/* ---- states ---- */

static void
connect_to_peer(struct world *w)
{
    vsk_flow to = flow(w);
    vsk_conn *conn;

    assert_int_equal(vsk_endpoint_connect(endpoint(w), w->lab.now, &to,
                                          VSK_TYPE_STREAM, &conn),
                     VSK_OK);
    vsk_lab_wake(&w->lab, 0, w->role);
    run(w);
}

/* As who sent the REQUEST, or as who answered it. */
static void
establish(struct world *w, bool caller)
{
    vsk_header request = packet(w, VSK_OP_REQUEST);
    vsk_header response = packet(w, VSK_OP_RESPONSE);

    if (caller) {
        connect_to_peer(w);
        put(w, &response);
    } else {
        put(w, &request);
        ask(w, VSK_CALL_ACCEPT);
    }
}

static void
bring_into(struct world *w, vsk_state state, bool caller)
{
    vsk_header request = packet(w, VSK_OP_REQUEST);
    vsk_header data = packet(w, VSK_OP_RW);
    vsk_header end = shutdown(w, BOTH);

    run(w);
    if (state == VSK_STATE_CONNECTING)
        connect_to_peer(w);
    if (state == VSK_STATE_REQUESTED)
        put(w, &request);
    if (state >= VSK_STATE_ESTABLISHED)
        establish(w, caller);
    if (state == VSK_STATE_CLOSING)
        ask(w, VSK_CALL_CLOSE);
    if (state == VSK_STATE_DRAINING) {
        put(w, &data); /* which nobody says to have forwarded */
        put(w, &end);
    }
    if (state == VSK_STATE_CLOSED)
        assert_null(conn_of(w));
    else
        assert_int_equal(conn_of(w)->state, state);
    forget(w);
}

/* ---- what follows ---- */

#define PROTOCOL(status) "ERROR:" #status " CLOSE:PROTOCOL"

/* A state, a packet, what comes back, the next state, and what the application
 * is told. As the design and the specification say it, for both roles. */
static struct row {
    vsk_state state;
    enum what what;
    const char *wire;
    vsk_state next;
    const char *told;
    const char *name; /* of its case */
} rows[] = {
#define ROW(state, what, wire, next, told)                                     \
    {                                                                          \
        VSK_STATE_##state, PUT_##what, wire, VSK_STATE_##next, told,           \
            #state " gets " #what                                              \
    }
    /* VSOCK-BOTH-24, VSOCK-BOTH-04: only REQUEST begins one, of either type */
    ROW(CLOSED, REQUEST, "", REQUESTED, "REQUEST"),
    ROW(CLOSED, REQUEST_SEQPACKET, "", REQUESTED, "REQUEST"),
    /* VSOCK-BOTH-31: RST is never answered */
    ROW(CLOSED, RST, "", CLOSED, ""),
    ROW(CLOSED, RST_TYPE_3, "", CLOSED, ""),
    /* VSOCK-DRV-14, VSOCK-DEV-13: no such type */
    ROW(CLOSED, REQUEST_TYPE_3, "RST", CLOSED, "ERROR:BAD_TYPE"),
    ROW(CLOSED, RW_TYPE_0, "RST", CLOSED, "ERROR:BAD_TYPE"),
    /* VSOCK-BOTH-11, VSOCK-BOTH-26: nobody knows the flow */
    ROW(CLOSED, OP_0, "RST", CLOSED, "ERROR:BAD_FLOW"),
    ROW(CLOSED, OP_8, "RST", CLOSED, "ERROR:BAD_FLOW"),
    ROW(CLOSED, OP_65535, "RST", CLOSED, "ERROR:BAD_FLOW"),
    ROW(CLOSED, RESPONSE, "RST", CLOSED, "ERROR:BAD_FLOW"),
    ROW(CLOSED, RESPONSE_SEQPACKET, "RST", CLOSED, "ERROR:BAD_FLOW"),
    ROW(CLOSED, SHUTDOWN_0, "RST", CLOSED, "ERROR:BAD_FLOW"),
    ROW(CLOSED, SHUTDOWN_RECEIVE, "RST", CLOSED, "ERROR:BAD_FLOW"),
    ROW(CLOSED, SHUTDOWN_SEND, "RST", CLOSED, "ERROR:BAD_FLOW"),
    ROW(CLOSED, SHUTDOWN_BOTH, "RST", CLOSED, "ERROR:BAD_FLOW"),
    ROW(CLOSED, RW, "RST", CLOSED, "ERROR:BAD_FLOW"),
    ROW(CLOSED, RW_EMPTY, "RST", CLOSED, "ERROR:BAD_FLOW"),
    ROW(CLOSED, RW_ALL, "RST", CLOSED, "ERROR:BAD_FLOW"),
    ROW(CLOSED, RW_OVER, "RST", CLOSED, "ERROR:BAD_FLOW"),
    ROW(CLOSED, RW_SEQPACKET, "RST", CLOSED, "ERROR:BAD_FLOW"),
    ROW(CLOSED, UPDATE, "RST", CLOSED, "ERROR:BAD_FLOW"),
    ROW(CLOSED, UPDATE_LIE, "RST", CLOSED, "ERROR:BAD_FLOW"),
    ROW(CLOSED, CREDIT_REQUEST, "RST", CLOSED, "ERROR:BAD_FLOW"),

    /* VSOCK-BOTH-25: RESPONSE is the answer */
    ROW(CONNECTING, RESPONSE, "", ESTABLISHED, "CONNECT"),
    /* VSOCK-BOTH-26, VSOCK-BOTH-31: and so is RST, of any type */
    ROW(CONNECTING, RST, "", CLOSED, "CLOSE:REFUSED"),
    ROW(CONNECTING, RST_TYPE_3, "", CLOSED, "CLOSE:REFUSED"),
    /* Linux passes over it, and so do we. */
    ROW(CONNECTING, OP_0, "", CONNECTING, ""),
    /* VSOCK-BOTH-07: no such op */
    ROW(CONNECTING, OP_8, "RST", CLOSED, PROTOCOL(BAD_OP)),
    ROW(CONNECTING, OP_65535, "RST", CLOSED, PROTOCOL(BAD_OP)),
    /* VSOCK-BOTH-12, VSOCK-DRV-14, VSOCK-DEV-13: none, or not ours */
    ROW(CONNECTING, REQUEST_TYPE_3, "RST", CLOSED, PROTOCOL(BAD_TYPE)),
    ROW(CONNECTING, RESPONSE_SEQPACKET, "RST", CLOSED, PROTOCOL(BAD_TYPE)),
    ROW(CONNECTING, RW_SEQPACKET, "RST", CLOSED, PROTOCOL(BAD_TYPE)),
    ROW(CONNECTING, RW_TYPE_0, "RST", CLOSED, PROTOCOL(BAD_TYPE)),
    /* VSOCK-BOTH-25: anything else breaks the connect */
    ROW(CONNECTING, REQUEST, "RST", CLOSED, PROTOCOL(BAD_STATE)),
    ROW(CONNECTING, REQUEST_SEQPACKET, "RST", CLOSED, PROTOCOL(BAD_STATE)),
    ROW(CONNECTING, SHUTDOWN_0, "RST", CLOSED, PROTOCOL(BAD_STATE)),
    ROW(CONNECTING, SHUTDOWN_RECEIVE, "RST", CLOSED, PROTOCOL(BAD_STATE)),
    ROW(CONNECTING, SHUTDOWN_SEND, "RST", CLOSED, PROTOCOL(BAD_STATE)),
    ROW(CONNECTING, SHUTDOWN_BOTH, "RST", CLOSED, PROTOCOL(BAD_STATE)),
    ROW(CONNECTING, RW, "RST", CLOSED, PROTOCOL(BAD_STATE)),
    ROW(CONNECTING, RW_EMPTY, "RST", CLOSED, PROTOCOL(BAD_STATE)),
    ROW(CONNECTING, RW_ALL, "RST", CLOSED, PROTOCOL(BAD_STATE)),
    ROW(CONNECTING, RW_OVER, "RST", CLOSED, PROTOCOL(BAD_STATE)),
    ROW(CONNECTING, UPDATE, "RST", CLOSED, PROTOCOL(BAD_STATE)),
    ROW(CONNECTING, UPDATE_LIE, "RST", CLOSED, PROTOCOL(BAD_STATE)),
    ROW(CONNECTING, CREDIT_REQUEST, "RST", CLOSED, PROTOCOL(BAD_STATE)),

    /* The peer waits for our answer: it may ask anew, or give up. */
    ROW(REQUESTED, REQUEST, "", REQUESTED, "CLOSE:REPLACED REQUEST"),
    ROW(REQUESTED, REQUEST_SEQPACKET, "", REQUESTED, "CLOSE:REPLACED REQUEST"),
    /* VSOCK-BOTH-31: a pending connect is aborted */
    ROW(REQUESTED, RST, "", CLOSED, "CLOSE:RESET"),
    ROW(REQUESTED, RST_TYPE_3, "", CLOSED, "CLOSE:RESET"),
    /* VSOCK-BOTH-07: no such op */
    ROW(REQUESTED, OP_0, "RST", CLOSED, PROTOCOL(BAD_OP)),
    ROW(REQUESTED, OP_8, "RST", CLOSED, PROTOCOL(BAD_OP)),
    ROW(REQUESTED, OP_65535, "RST", CLOSED, PROTOCOL(BAD_OP)),
    /* VSOCK-BOTH-12, VSOCK-DRV-14, VSOCK-DEV-13: none, or not the REQUEST's */
    ROW(REQUESTED, REQUEST_TYPE_3, "RST", CLOSED, PROTOCOL(BAD_TYPE)),
    ROW(REQUESTED, RESPONSE_SEQPACKET, "RST", CLOSED, PROTOCOL(BAD_TYPE)),
    ROW(REQUESTED, RW_SEQPACKET, "RST", CLOSED, PROTOCOL(BAD_TYPE)),
    ROW(REQUESTED, RW_TYPE_0, "RST", CLOSED, PROTOCOL(BAD_TYPE)),
    /* VSOCK-BOTH-25: not before it has its RESPONSE */
    ROW(REQUESTED, RESPONSE, "RST", CLOSED, PROTOCOL(BAD_STATE)),
    ROW(REQUESTED, SHUTDOWN_0, "RST", CLOSED, PROTOCOL(BAD_STATE)),
    ROW(REQUESTED, SHUTDOWN_RECEIVE, "RST", CLOSED, PROTOCOL(BAD_STATE)),
    ROW(REQUESTED, SHUTDOWN_SEND, "RST", CLOSED, PROTOCOL(BAD_STATE)),
    ROW(REQUESTED, SHUTDOWN_BOTH, "RST", CLOSED, PROTOCOL(BAD_STATE)),
    ROW(REQUESTED, RW, "RST", CLOSED, PROTOCOL(BAD_STATE)),
    ROW(REQUESTED, RW_EMPTY, "RST", CLOSED, PROTOCOL(BAD_STATE)),
    ROW(REQUESTED, RW_ALL, "RST", CLOSED, PROTOCOL(BAD_STATE)),
    ROW(REQUESTED, RW_OVER, "RST", CLOSED, PROTOCOL(BAD_STATE)),
    ROW(REQUESTED, UPDATE, "RST", CLOSED, PROTOCOL(BAD_STATE)),
    ROW(REQUESTED, UPDATE_LIE, "RST", CLOSED, PROTOCOL(BAD_STATE)),
    ROW(REQUESTED, CREDIT_REQUEST, "RST", CLOSED, PROTOCOL(BAD_STATE)),

    /* VSOCK-BOTH-25: data, up to the last byte of the credit */
    ROW(ESTABLISHED, RW, "", ESTABLISHED, "DATA"),
    ROW(ESTABLISHED, RW_EMPTY, "", ESTABLISHED, "DATA"),
    ROW(ESTABLISHED, RW_ALL, "", ESTABLISHED, "DATA"),
    /* VSOCK-DRV-09, VSOCK-DEV-11: and not one more */
    ROW(ESTABLISHED, RW_OVER, "RST", CLOSED, PROTOCOL(BAD_CREDIT)),
    ROW(ESTABLISHED, RW_AFTER_ALL, "RST", CLOSED, PROTOCOL(BAD_CREDIT)),
    /* VSOCK-BOTH-21: asked for credit */
    ROW(ESTABLISHED, CREDIT_REQUEST, "CREDIT_UPDATE", ESTABLISHED, ""),
    /* VSOCK-BOTH-21: as long as there is a connection */
    ROW(ESTABLISHED, CREDIT_REQUEST_AFTER_SEND, "CREDIT_UPDATE", ESTABLISHED,
        ""),
    /* VSOCK-BOTH-22: told of credit, which is not answered */
    ROW(ESTABLISHED, UPDATE, "", ESTABLISHED, ""),
    /* VSOCK-BOTH-18: taken before it was sent */
    ROW(ESTABLISHED, UPDATE_LIE, "", ESTABLISHED, "ERROR:BAD_FWD_CNT"),
    /* VSOCK-BOTH-28: nothing, or that it receives no more; it may yet send */
    ROW(ESTABLISHED, SHUTDOWN_0, "", ESTABLISHED, ""),
    ROW(ESTABLISHED, SHUTDOWN_RECEIVE, "", ESTABLISHED, ""),
    ROW(ESTABLISHED, RW_AFTER_RECEIVE, "", ESTABLISHED, "DATA"),
    /* VSOCK-BOTH-29: it sends no more, which is told once, and holds */
    ROW(ESTABLISHED, SHUTDOWN_SEND, "", ESTABLISHED, "EOF"),
    ROW(ESTABLISHED, SHUTDOWN_AGAIN, "", ESTABLISHED, ""),
    ROW(ESTABLISHED, RW_AFTER_SEND, "RST", CLOSED, PROTOCOL(BAD_SHUT)),
    /* VSOCK-BOTH-30, VSOCK-BOTH-32: both, at once or in two */
    ROW(ESTABLISHED, SHUTDOWN_BOTH, "RST", CLOSED, "EOF CLOSE:CLOSED"),
    ROW(ESTABLISHED, SHUTDOWN_REST, "RST", CLOSED, "EOF CLOSE:CLOSED"),
    /* VSOCK-BOTH-32: the RST waits for who still reads */
    ROW(ESTABLISHED, SHUTDOWN_BOTH_UNREAD, "", DRAINING, "EOF"),
    /* VSOCK-BOTH-31: dropped; behind the last byte it is the end */
    ROW(ESTABLISHED, RST, "", CLOSED, "CLOSE:RESET"),
    ROW(ESTABLISHED, RST_TYPE_3, "", CLOSED, "CLOSE:RESET"),
    ROW(ESTABLISHED, RST_AFTER_SEND, "", CLOSED, "CLOSE:CLOSED"),
    /* VSOCK-BOTH-07: no such op */
    ROW(ESTABLISHED, OP_0, "RST", CLOSED, PROTOCOL(BAD_OP)),
    ROW(ESTABLISHED, OP_8, "RST", CLOSED, PROTOCOL(BAD_OP)),
    ROW(ESTABLISHED, OP_65535, "RST", CLOSED, PROTOCOL(BAD_OP)),
    /* VSOCK-BOTH-12, VSOCK-DRV-14, VSOCK-DEV-13: none, or not this one's */
    ROW(ESTABLISHED, REQUEST_TYPE_3, "RST", CLOSED, PROTOCOL(BAD_TYPE)),
    ROW(ESTABLISHED, RESPONSE_SEQPACKET, "RST", CLOSED, PROTOCOL(BAD_TYPE)),
    ROW(ESTABLISHED, RW_SEQPACKET, "RST", CLOSED, PROTOCOL(BAD_TYPE)),
    ROW(ESTABLISHED, RW_TYPE_0, "RST", CLOSED, PROTOCOL(BAD_TYPE)),
    /* VSOCK-BOTH-34, VSOCK-BOTH-25: it is there already */
    ROW(ESTABLISHED, REQUEST, "RST", CLOSED, PROTOCOL(BAD_STATE)),
    ROW(ESTABLISHED, REQUEST_SEQPACKET, "RST", CLOSED, PROTOCOL(BAD_STATE)),
    ROW(ESTABLISHED, RESPONSE, "RST", CLOSED, PROTOCOL(BAD_STATE)),

    /* VSOCK-BOTH-32: we wait for this */
    ROW(CLOSING, RST, "", CLOSED, "CLOSE:CLOSED"),
    ROW(CLOSING, RST_TYPE_3, "", CLOSED, "CLOSE:CLOSED"),
    /* VSOCK-BOTH-32: and the peer may wait for ours, if it closed as well */
    ROW(CLOSING, SHUTDOWN_BOTH, "RST", CLOSED, "CLOSE:CLOSED"),
    ROW(CLOSING, SHUTDOWN_REST, "RST", CLOSED, "CLOSE:CLOSED"),
    ROW(CLOSING, SHUTDOWN_BOTH_UNREAD, "RST", CLOSED, "CLOSE:CLOSED"),
    /* VSOCK-BOTH-28: what was on its way is of no interest any more */
    ROW(CLOSING, SHUTDOWN_0, "", CLOSING, ""),
    ROW(CLOSING, SHUTDOWN_RECEIVE, "", CLOSING, ""),
    ROW(CLOSING, SHUTDOWN_SEND, "", CLOSING, ""),
    ROW(CLOSING, RW, "", CLOSING, ""),
    ROW(CLOSING, RW_EMPTY, "", CLOSING, ""),
    ROW(CLOSING, RW_ALL, "", CLOSING, ""),
    ROW(CLOSING, UPDATE, "", CLOSING, ""),
    ROW(CLOSING, CREDIT_REQUEST, "", CLOSING, ""),
    /* VSOCK-BOTH-18: taken before it was sent */
    ROW(CLOSING, UPDATE_LIE, "", CLOSING, "ERROR:BAD_FWD_CNT"),
    /* VSOCK-DRV-09, VSOCK-DEV-11: it keeps to the credit all the same */
    ROW(CLOSING, RW_OVER, "RST", CLOSED, PROTOCOL(BAD_CREDIT)),
    /* VSOCK-BOTH-29: there was to be no more */
    ROW(CLOSING, RW_AFTER_SEND, "RST", CLOSED, PROTOCOL(BAD_SHUT)),
    /* VSOCK-BOTH-34: our old one is nothing to who asks anew */
    ROW(CLOSING, REQUEST, "", REQUESTED, "CLOSE:REPLACED REQUEST"),
    ROW(CLOSING, REQUEST_SEQPACKET, "", REQUESTED, "CLOSE:REPLACED REQUEST"),
    /* VSOCK-BOTH-07: no such op */
    ROW(CLOSING, OP_0, "RST", CLOSED, PROTOCOL(BAD_OP)),
    ROW(CLOSING, OP_8, "RST", CLOSED, PROTOCOL(BAD_OP)),
    ROW(CLOSING, OP_65535, "RST", CLOSED, PROTOCOL(BAD_OP)),
    /* VSOCK-BOTH-12, VSOCK-DRV-14, VSOCK-DEV-13: none, or not this one's */
    ROW(CLOSING, REQUEST_TYPE_3, "RST", CLOSED, PROTOCOL(BAD_TYPE)),
    ROW(CLOSING, RESPONSE_SEQPACKET, "RST", CLOSED, PROTOCOL(BAD_TYPE)),
    ROW(CLOSING, RW_SEQPACKET, "RST", CLOSED, PROTOCOL(BAD_TYPE)),
    ROW(CLOSING, RW_TYPE_0, "RST", CLOSED, PROTOCOL(BAD_TYPE)),
    /* VSOCK-BOTH-25: it was established long ago */
    ROW(CLOSING, RESPONSE, "RST", CLOSED, PROTOCOL(BAD_STATE)),

    /* VSOCK-BOTH-32: the peer is done, and waits for the reader to be */
    ROW(DRAINING, SHUTDOWN_0, "", DRAINING, ""),
    ROW(DRAINING, SHUTDOWN_RECEIVE, "", DRAINING, ""),
    ROW(DRAINING, SHUTDOWN_SEND, "", DRAINING, ""),
    ROW(DRAINING, SHUTDOWN_BOTH, "", DRAINING, ""),
    /* Who sends no more needs no credit. */
    ROW(DRAINING, UPDATE, "", DRAINING, ""),
    ROW(DRAINING, CREDIT_REQUEST, "", DRAINING, ""),
    /* VSOCK-BOTH-18: taken before it was sent */
    ROW(DRAINING, UPDATE_LIE, "", DRAINING, "ERROR:BAD_FWD_CNT"),
    /* VSOCK-BOTH-29: there was to be no more */
    ROW(DRAINING, RW, "RST", CLOSED, PROTOCOL(BAD_SHUT)),
    ROW(DRAINING, RW_EMPTY, "RST", CLOSED, PROTOCOL(BAD_SHUT)),
    ROW(DRAINING, RW_ALL, "RST", CLOSED, PROTOCOL(BAD_SHUT)),
    ROW(DRAINING, RW_OVER, "RST", CLOSED, PROTOCOL(BAD_SHUT)),
    /* VSOCK-BOTH-31: impatient, and still the end of its data */
    ROW(DRAINING, RST, "", CLOSED, "CLOSE:CLOSED"),
    ROW(DRAINING, RST_TYPE_3, "", CLOSED, "CLOSE:CLOSED"),
    /* VSOCK-BOTH-34: who asks anew has forgotten the old one */
    ROW(DRAINING, REQUEST, "", REQUESTED, "CLOSE:REPLACED REQUEST"),
    ROW(DRAINING, REQUEST_SEQPACKET, "", REQUESTED, "CLOSE:REPLACED REQUEST"),
    /* VSOCK-BOTH-07: no such op */
    ROW(DRAINING, OP_0, "RST", CLOSED, PROTOCOL(BAD_OP)),
    ROW(DRAINING, OP_8, "RST", CLOSED, PROTOCOL(BAD_OP)),
    ROW(DRAINING, OP_65535, "RST", CLOSED, PROTOCOL(BAD_OP)),
    /* VSOCK-BOTH-12, VSOCK-DRV-14, VSOCK-DEV-13: none, or not this one's */
    ROW(DRAINING, REQUEST_TYPE_3, "RST", CLOSED, PROTOCOL(BAD_TYPE)),
    ROW(DRAINING, RESPONSE_SEQPACKET, "RST", CLOSED, PROTOCOL(BAD_TYPE)),
    ROW(DRAINING, RW_SEQPACKET, "RST", CLOSED, PROTOCOL(BAD_TYPE)),
    ROW(DRAINING, RW_TYPE_0, "RST", CLOSED, PROTOCOL(BAD_TYPE)),
    /* VSOCK-BOTH-25: it was established long ago */
    ROW(DRAINING, RESPONSE, "RST", CLOSED, PROTOCOL(BAD_STATE)),
#undef ROW
};

#define ROWS (sizeof rows / sizeof rows[0])

/* What comes back is of this flow, without payload, and tells our buffer
 * wherever there was a connection to have one (VSOCK-DRV-10, VSOCK-DEV-12). */
static void
check_answers(const struct world *w, const struct row *row)
{
    vsk_flow from = flow(w);

    for (uint32_t i = 0; i < w->count; i++) {
        const vsk_header *header = &w->packets[i];

        assert_int_equal(header->src_cid, from.local_cid);
        assert_int_equal(header->src_port, from.local_port);
        assert_int_equal(header->dst_cid, from.peer_cid);
        assert_int_equal(header->dst_port, from.peer_port);
        assert_int_equal(header->len, 0);
        assert_int_equal(header->flags, 0);
        assert_int_equal(header->buf_alloc,
                         row->state == VSK_STATE_CLOSED ? 0 : BUFFER);
    }
}

static void
check_row(const struct row *row, vsk_side role, bool caller)
{
    struct world *w = world_new(role);
    vsk_conn *conn;

    bring_into(w, row->state, caller);

    send_what(w, row->what);

    assert_string_equal(w->wire, row->wire);
    assert_string_equal(w->told, row->told);
    check_answers(w, row);
    conn = conn_of(w);
    assert_int_equal(conn == NULL ? VSK_STATE_CLOSED : conn->state, row->next);
    world_free(w);
}

/* A case of its own for each row and role; both ways to the state. */
static void
the_row_holds_for_a_device(void **state)
{
    check_row(*state, VSK_SIDE_DEVICE, false);
    check_row(*state, VSK_SIDE_DEVICE, true);
}

static void
the_row_holds_for_a_guest(void **state)
{
    check_row(*state, VSK_SIDE_GUEST, false);
    check_row(*state, VSK_SIDE_GUEST, true);
}

static void
every_packet_has_a_row_in_every_state(void **state)
{
    uint32_t count[VSK_STATE_DRAINING + 1][ALONE] = {{0}};
    (void)state;

    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].what < ALONE)
            count[rows[i].state][rows[i].what]++;

    for (uint32_t from = 0; from <= VSK_STATE_DRAINING; from++)
        for (uint32_t what = 0; what < ALONE; what++)
            assert_int_equal(count[from][what], 1);
}

int
main(void)
{
    static char names[2 * ROWS][64];
    static struct CMUnitTest tests[2 * ROWS + 1];

    for (size_t i = 0; i < ROWS; i++) {
        snprintf(names[2 * i], sizeof names[0], "device: %s", rows[i].name);
        snprintf(names[2 * i + 1], sizeof names[0], "guest: %s", rows[i].name);
        tests[2 * i] = (struct CMUnitTest){
            .name = names[2 * i],
            .test_func = the_row_holds_for_a_device,
            .initial_state = &rows[i],
        };
        tests[2 * i + 1] = (struct CMUnitTest){
            .name = names[2 * i + 1],
            .test_func = the_row_holds_for_a_guest,
            .initial_state = &rows[i],
        };
    }
    tests[2 * ROWS] = (struct CMUnitTest)cmocka_unit_test(
        every_packet_has_a_row_in_every_state);
    return rig_run("pairs", tests);
}
