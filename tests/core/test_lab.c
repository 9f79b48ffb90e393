/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Both roles on one memory, under the lab's clock and its faults. */
#include "tables_rig.h"
#include "trace_rig.h"

#include "vsk/lab.h"

#define MAX_PAIRS 2u
#define MAX_APPS 4u
#define CAPACITY 16u
#define RING 256u
#define RECORDS 1024u
#define SPANS 512u
#define GUEST_CID 42u
#define GUEST_PORT 1000u
#define DEVICE_PORT 1234u
#define RAM 0x40000000u
#define RAM_HALF 0x200000u
#define PRIME 65521u
#define BUFFER 262144u
#define MIB 1048576u
#define POLLS_MAX 4000000u

/* ---- one guest, one device, one memory ---- */

struct machine {
    vsk_region regions[2];
    vsk_memory memory;
    vsk_range ranges[1024];
    vsk_pool pool;
    vsk_device device;
    vsk_guest guest;
    vsk_device_tables device_tables;
    vsk_guest_tables guest_tables;
};

/* One end of a connection: what it sends and what it has got. */
struct app {
    uint64_t handle;       /* 0: none */
    uint64_t total;        /* bytes to send */
    uint64_t sent;         /* of them in the ring */
    uint32_t message;      /* SEQPACKET: bytes of the longest, 0: STREAM */
    uint64_t begun;        /* where the message being sent began */
    uint64_t got;          /* bytes received */
    uint64_t heard;        /* where the message being received began */
    uint64_t unread;       /* of them not forwarded */
    uint32_t speed;        /* bytes read in a millisecond, 0: at once */
    bool echo;             /* sends back what it has got */
    bool stays;            /* does not shut its direction by itself */
    bool shut;             /* has sent all */
    bool eof;              /* has got all */
    bool closed;           /* is over */
    uint8_t reason;        /* and why */
    uint8_t store[BUFFER]; /* of an echo */
    uint64_t stored;       /* bytes put into it so far */
};

struct world {
    vsk_lab lab;
    vsk_lab_pair pairs[MAX_PAIRS];
    struct machine *machines[MAX_PAIRS];
    struct app *apps[MAX_PAIRS][2]; /* MAX_APPS each */
    uint8_t pattern[3 * PRIME];
    bool hostile;       /* nothing is promised but safety */
    bool deaf;          /* the device decides later on a REQUEST */
    bool refuse;        /* or says no */
    uint32_t polls;     /* so far */
    uint64_t hash;      /* of all lines of the trace */
    uint64_t lines;     /* in it */
    uint64_t faults;    /* lines of the lab's own doing */
    uint64_t kicks;     /* that arrived */
    uint32_t given;     /* most chains that the driver was not told of */
    uint64_t timers;    /* that ran out */
    uint32_t odd_kicks; /* that carry what they must not */
    uint32_t passed[VSK_QUEUES];         /* heads that name no descriptor */
    uint32_t kinds[VSK_EVENT_RESET + 1]; /* events told */
    vsk_status error;                    /* of the last ERROR */
    char status[64]; /* the driver's writes to the register */
    bool moody;      /* the device takes FEATURES_OK back */
    uint32_t posted; /* RX buffers that the last reset found posted */
    char last[128];  /* the last FAULT */
    struct rig_trace trace;
};

static vsk_endpoint *
endpoint_of(struct world *w, uint32_t pair, uint32_t side)
{
    return side == VSK_SIDE_DEVICE ? &w->machines[pair]->device.endpoint
                                   : &w->machines[pair]->guest.endpoint;
}

/* A kick carries its queue; with NOTIFICATION_DATA also where the driver will
 * go on, which is no further than where it stands when the kick arrives. */
static void
see_kick(struct world *w, const vsk_seen *seen)
{
    const struct machine *m = w->machines[0];
    const uint64_t bit = VSK_BIT(VSK_FEATURE_NOTIFICATION_DATA);
    bool with_data = (m->device.setup.accepted & bit) != 0;

    w->odd_kicks += with_data != seen->with_data;
    w->odd_kicks += (seen->written & 0xffff) != seen->queue;
    if (!with_data)
        w->odd_kicks += seen->written != seen->queue;
    else if (w->lab.count == 1)
        w->odd_kicks += seen->written !=
                        vsk_queue_notification(&m->guest.queues[seen->queue],
                                               (uint16_t)seen->queue);
}

static void
see(void *user, const vsk_seen *seen)
{
    struct world *w = user;
    char line[512];

    rig_trace_see(&w->trace, seen);
    (void)vsk_trace_line(seen, line, sizeof line);
    for (const char *c = line; *c != '\0'; c++)
        w->hash = (w->hash ^ (uint8_t)*c) * 0x100000001b3u;
    w->lines++;
    w->kicks += seen->kind == VSK_SEEN_KICK;
    if (seen->kind == VSK_SEEN_KICK)
        see_kick(w, seen);
    if (w->machines[0]->device.given > w->given)
        w->given = w->machines[0]->device.given;
    w->timers += seen->kind == VSK_SEEN_TIMER;
    if (seen->status == VSK_BAD_HEAD)
        w->passed[seen->queue]++;
    if (seen->kind == VSK_SEEN_STATUS)
        snprintf(w->status + strlen(w->status),
                 sizeof w->status - strlen(w->status), "%u ",
                 (unsigned)seen->written);
    if (seen->kind == VSK_SEEN_STATUS && seen->written == 0)
        w->posted = w->machines[0]->guest.posted[VSK_RX];
    if (seen->kind == VSK_SEEN_STATUS && w->moody)
        w->machines[0]->device.setup.status &= (uint8_t)~VSK_SETUP_FEATURES_OK;
    if (seen->kind == VSK_SEEN_FAULT) {
        w->faults++;
        snprintf(w->last, sizeof w->last, "%s", seen->words);
    }
    if (getenv("VSK_TRACE") != NULL)
        puts(line);
}

static void
make_device(struct machine *m, uint64_t features, uint32_t cid)
{
    vsk_device_config config = {
        .policy = vsk_policy_default(),
        .features = features,
        .guest_cid = cid,
        .local_cid = VSK_CID_HOST,
        .seed = 1,
    };

    m->device_tables = tables_of_device(CAPACITY, RING, SPANS);
    assert_int_equal(vsk_device_init(&m->device, &config, &m->device_tables),
                     VSK_OK);
}

static void
make_guest(struct machine *m, const vsk_guest_policy *policy)
{
    tables_free_guest(&m->guest_tables); /* of one before */
    m->guest_tables = tables_of_guest(CAPACITY, RING, SPANS, RECORDS);
    assert_int_equal(vsk_guest_init(&m->guest, policy, &m->guest_tables, 2),
                     VSK_OK);
}

/* All but the ring's format, which VSK_RING decides on. */
#define ALL_FEATURES                                                           \
    ((VSK_FEATURES & ~(VSK_F_RING_PACKED | VSK_F_IN_ORDER)) | rig_format())

static struct machine *
machine_new(const vsk_guest_policy *policy, uint32_t cid)
{
    struct machine *m = calloc(1, sizeof *m);

    assert_non_null(m);
    for (uint32_t i = 0; i < 2; i++) {
        m->regions[i] =
            (vsk_region){RAM + i * RAM_HALF, RAM_HALF, malloc(RAM_HALF)};
        assert_non_null(m->regions[i].base);
        memset(m->regions[i].base, RIG_FILL, RAM_HALF);
    }
    assert_int_equal(vsk_memory_init(&m->memory, m->regions, 2), VSK_OK);
    assert_int_equal(vsk_pool_init(&m->pool, &m->memory, m->ranges, 1024),
                     VSK_OK);
    make_device(m, ALL_FEATURES, cid);
    make_guest(m, policy);
    return m;
}

/* A world of so many pairs that have not met yet. */
static struct world *
world_new(uint32_t pairs, uint64_t seed, const vsk_guest_policy *policy)
{
    struct world *w = calloc(1, sizeof *w);
    vsk_guest_policy usual = vsk_guest_policy_default();
    uint64_t random = 1;

    assert_non_null(w);
    for (uint32_t i = 0; i < pairs; i++) {
        w->machines[i] =
            machine_new(policy != NULL ? policy : &usual, GUEST_CID + i);
        w->pairs[i].device = &w->machines[i]->device;
        w->pairs[i].guest = &w->machines[i]->guest;
        for (uint32_t side = 0; side < 2; side++) {
            w->apps[i][side] = calloc(MAX_APPS, sizeof(struct app));
            assert_non_null(w->apps[i][side]);
        }
    }
    for (uint32_t i = 0; i < PRIME; i++) {
        w->pattern[i] = (uint8_t)rig_draw(&random, 256);
        w->pattern[i + PRIME] = w->pattern[i];
        w->pattern[i + 2 * PRIME] = w->pattern[i];
    }
    vsk_lab_init(&w->lab, w->pairs, pairs, seed);
    w->lab.tap = (vsk_tap){see, w};
    w->hash = 0xcbf29ce484222325u;
    return w;
}

static void
world_start(struct world *w)
{
    for (uint32_t i = 0; i < w->lab.count; i++)
        assert_int_equal(vsk_lab_start(&w->lab, i, &w->machines[i]->memory,
                                       &w->machines[i]->pool),
                         VSK_OK);
}

static void
world_free(struct world *w)
{
    rig_trace_end(&w->trace);
    for (uint32_t i = 0; i < w->lab.count; i++) {
        for (uint32_t side = 0; side < 2; side++) {
            free(w->machines[i]->regions[side].base);
            free(w->apps[i][side]);
        }
        tables_free_device(&w->machines[i]->device_tables);
        tables_free_guest(&w->machines[i]->guest_tables);
        free(w->machines[i]);
    }
    free(w);
}

/* ---- the applications ---- */

static const uint8_t *
bytes_at(const struct world *w, uint32_t pair, uint32_t side, uint32_t which,
         uint64_t offset)
{
    return w->pattern +
           (offset + pair * 101 + side * 5003 + which * 1009) % PRIME;
}

/* Messages of all lengths up to the app's longest; what is left, at the end. */
static uint32_t
message_at(const struct app *app, uint64_t offset, uint64_t total)
{
    uint64_t size = 1 + offset * 7919 % app->message;

    return (uint32_t)(size < total - offset ? size : total - offset);
}

static vsk_status
send(struct world *w, uint32_t pair, uint32_t side, vsk_conn *conn,
     const vsk_outgoing *outgoing, uint64_t *sent)
{
    vsk_lab_wake(&w->lab, pair, (vsk_side)side);
    if (side == VSK_SIDE_DEVICE)
        return vsk_device_send(&w->machines[pair]->device, w->lab.now, conn,
                               outgoing, sent);
    return vsk_guest_send(&w->machines[pair]->guest, w->lab.now, conn, outgoing,
                          sent);
}

static void
call(struct world *w, uint32_t pair, uint32_t side, vsk_conn *conn,
     vsk_call what, uint32_t flags)
{
    vsk_status status = vsk_endpoint_call(endpoint_of(w, pair, side),
                                          w->lab.now, conn, what, flags);

    if (!w->hostile)
        assert_int_equal(status, VSK_OK);
    vsk_lab_wake(&w->lab, pair, (vsk_side)side);
}

static void
forward(struct world *w, uint32_t pair, uint32_t side, struct app *app,
        vsk_conn *conn, uint64_t len)
{
    vsk_status status = vsk_endpoint_forwarded(endpoint_of(w, pair, side),
                                               w->lab.now, conn, (uint32_t)len);

    if (!w->hostile)
        assert_int_equal(status, VSK_OK);
    app->unread -= len;
    vsk_lab_wake(&w->lab, pair, (vsk_side)side);
}

/* What to send next, in two spans; 0 where nothing is there now. */
static uint32_t
next_outgoing(struct world *w, uint32_t pair, uint32_t side, uint32_t which,
              vsk_span *spans, uint32_t *flags)
{
    struct app *app = &w->apps[pair][side][which];
    uint64_t left = app->total - app->sent;
    uint8_t *from;
    uint32_t size;

    *flags = 0;
    if (app->echo) {
        left = app->stored - app->sent;
        size = (uint32_t)(app->sent % BUFFER);
        from = app->store + size;
        size = BUFFER - size;
        size = left < size ? (uint32_t)left : size;
    } else if (app->message != 0) {
        size = message_at(app, app->begun, app->total) -
               (uint32_t)(app->sent - app->begun);
        from = w->pattern +
               (bytes_at(w, pair, side, which, app->sent) - w->pattern);
        *flags = VSK_SEQ_EOM;
    } else {
        size = left < 60000 ? (uint32_t)left : 60000;
        from = w->pattern +
               (bytes_at(w, pair, side, which, app->sent) - w->pattern);
    }
    spans[0] = (vsk_span){.base = from, .len = size / 3};
    spans[1] = (vsk_span){.base = from + size / 3, .len = size - size / 3};
    return size;
}

/* Send as much as goes; shut when all is sent. */
static void
pump(struct world *w, uint32_t pair, uint32_t side, uint32_t which,
     vsk_conn *conn)
{
    struct app *app = &w->apps[pair][side][which];

    while (app->sent < (app->echo ? app->stored : app->total)) {
        vsk_span spans[2];
        uint64_t sent;
        vsk_outgoing outgoing = {.spans = spans, .count = 2};
        uint32_t size =
            next_outgoing(w, pair, side, which, spans, &outgoing.flags);
        vsk_status status = send(w, pair, side, conn, &outgoing, &sent);

        app->sent += sent;
        if (app->echo && sent != 0)
            forward(w, pair, side, app, conn, sent);
        if (!w->hostile)
            assert_in_range(status, VSK_OK, VSK_NONE);
        if (status == VSK_OK)
            assert_int_equal(sent, size);
        if (status != VSK_OK)
            return;
        app->begun = app->sent;
    }
    if (app->shut || app->stays || (app->echo && !app->eof) ||
        !vsk_conn_may_send(conn))
        return;
    app->shut = true;
    call(w, pair, side, conn, VSK_CALL_SHUTDOWN, VSK_SHUTDOWN_SEND);
}

/* The guest ends what is done both ways. */
static void
end(struct world *w, uint32_t pair, uint32_t side, uint32_t which,
    vsk_conn *conn)
{
    struct app *app = &w->apps[pair][side][which];

    if (side == VSK_SIDE_GUEST && app->shut && app->eof && app->unread == 0 &&
        conn->state == VSK_STATE_ESTABLISHED)
        call(w, pair, side, conn, VSK_CALL_CLOSE, 0);
}

static void
check_payload(struct world *w, uint32_t pair, uint32_t side, uint32_t which,
              const vsk_packet *packet)
{
    struct app *app = &w->apps[pair][side][which];
    struct app *peer = &w->apps[pair][!side][which];
    static uint8_t bytes[VSK_PAYLOAD_MAX];
    uint32_t len = vsk_packet_read(packet, 0, bytes, sizeof bytes);
    uint32_t from = peer->echo ? side : !side;

    if (app->echo)
        for (uint32_t i = 0; i < len; i++)
            app->store[(app->stored + i) % BUFFER] = bytes[i];
    app->stored += len;
    app->unread += len;
    assert_int_equal(len, packet->header.len);
    if (!w->hostile) {
        assert_memory_equal(bytes, bytes_at(w, pair, from, which, app->got),
                            len);
    }
    app->got += len;
    if (app->message == 0 || w->hostile)
        return;
    assert_in_range(app->got - app->heard, 0,
                    message_at(app, app->heard, peer->total));
    assert_int_equal((packet->header.flags & VSK_SEQ_EOM) != 0,
                     app->got - app->heard ==
                         message_at(app, app->heard, peer->total));
    if ((packet->header.flags & VSK_SEQ_EOM) != 0)
        app->heard = app->got;
}

static void
connect_app(struct world *w, uint32_t pair, uint32_t which)
{
    struct app *app = &w->apps[pair][VSK_SIDE_GUEST][which];
    struct app *other = &w->apps[pair][VSK_SIDE_DEVICE][which];
    vsk_conn *conn;
    vsk_status status = vsk_guest_connect(
        &w->machines[pair]->guest, w->lab.now, GUEST_PORT + which, VSK_CID_HOST,
        DEVICE_PORT + which,
        app->message != 0 ? VSK_TYPE_SEQPACKET : VSK_TYPE_STREAM, &conn);

    if (status != VSK_OK && w->hostile)
        return;
    assert_int_equal(status, VSK_OK);
    app->handle =
        vsk_table_handle(&w->machines[pair]->guest.endpoint.table, conn);
    app->sent = app->begun = app->got = app->heard = app->unread = 0;
    app->shut = app->eof = app->closed = false;
    other->sent = other->begun = other->got = other->heard = 0;
    other->unread = other->stored = 0;
    other->shut = other->eof = other->closed = false;
    vsk_lab_wake(&w->lab, pair, VSK_SIDE_GUEST);
}

static void
on_data(struct world *w, uint32_t pair, uint32_t side, uint32_t which,
        const vsk_event *event)
{
    struct app *app = &w->apps[pair][side][which];

    check_payload(w, pair, side, which, event->packet);
    if (app->echo)
        pump(w, pair, side, which, event->conn);
    else if (app->speed == 0)
        forward(w, pair, side, app, event->conn, event->packet->size);
}

static void
on_close(struct world *w, uint32_t pair, uint32_t side, uint32_t which,
         const vsk_event *event)
{
    struct app *app = &w->apps[pair][side][which];

    app->closed = true;
    app->handle = 0;
    app->reason = event->conn->reason;
}

/* What an application does with an event of its connection. */
static void
handle(struct world *w, uint32_t pair, uint32_t side, uint32_t which,
       const vsk_event *event)
{
    struct app *app = &w->apps[pair][side][which];
    vsk_conn *conn = event->conn;

    if (event->kind == VSK_EVENT_REQUEST) {
        app->handle = event->handle;
        if (!w->deaf)
            call(w, pair, side, conn,
                 w->refuse ? VSK_CALL_RESET : VSK_CALL_ACCEPT, 0);
    }
    if (event->kind == VSK_EVENT_DATA)
        on_data(w, pair, side, which, event);
    if (event->kind == VSK_EVENT_EOF)
        app->eof = true;
    if (event->kind == VSK_EVENT_CLOSE) {
        on_close(w, pair, side, which, event);
        return;
    }
    if (vsk_conn_may_send(conn))
        pump(w, pair, side, which, conn);
    end(w, pair, side, which, conn);
}

static void
dispatch(struct world *w, uint32_t pair, uint32_t side, const vsk_event *event)
{
    uint32_t which;

    w->kinds[event->kind]++;
    if (event->kind == VSK_EVENT_ERROR)
        w->error = event->status;
    if (event->kind == VSK_EVENT_ERROR || event->kind == VSK_EVENT_PACKET ||
        event->conn == NULL)
        return;
    which = (side == VSK_SIDE_GUEST ? event->conn->flow.local_port
                                    : event->conn->flow.peer_port) -
            GUEST_PORT;
    if (which < MAX_APPS)
        handle(w, pair, side, which, event);
    else
        assert_true(w->hostile);
}

/* Slow readers take their share; false where nobody has anything to read. */
static bool
read_some(struct world *w)
{
    bool any = false;

    for (uint32_t i = 0; i < w->lab.count * 2 * MAX_APPS; i++) {
        uint32_t pair = i / (2 * MAX_APPS), side = i / MAX_APPS % 2;
        struct app *app = &w->apps[pair][side][i % MAX_APPS];
        vsk_conn *conn = vsk_table_by_handle(&endpoint_of(w, pair, side)->table,
                                             app->handle);

        if (app->unread == 0 || app->speed == 0 || conn == NULL)
            continue;
        any = true;
        forward(w, pair, side, app, conn,
                app->unread < app->speed ? app->unread : app->speed);
        if (app->unread == 0)
            end(w, pair, side, i % MAX_APPS, conn);
    }
    return any;
}

static bool
unread(const struct world *w)
{
    for (uint32_t i = 0; i < w->lab.count * 2 * MAX_APPS; i++) {
        const struct app *app =
            &w->apps[i / (2 * MAX_APPS)][i / MAX_APPS % 2][i % MAX_APPS];

        if (app->unread != 0 && app->speed != 0 && !app->echo &&
            app->handle != 0)
            return true;
    }
    return false;
}

/* One event; false where nothing happens up to limit. */
static bool
step(struct world *w, uint64_t limit)
{
    uint32_t pair;
    vsk_side side;
    vsk_event event;

    if (vsk_lab_poll(&w->lab, limit, &pair, &side, &event) != VSK_OK)
        return false;
    assert_in_range(++w->polls, 0, POLLS_MAX);
    dispatch(w, pair, side, &event);
    return true;
}

/* Until nothing happens any more; events at most. */
static void
run(struct world *w, uint32_t events)
{
    uint64_t limit = UINT64_MAX;

    for (uint32_t i = 0; i < events; i++) {
        if (unread(w) && limit == UINT64_MAX)
            limit = w->lab.now + VSK_MILLISECOND;
        if (step(w, limit))
            continue;
        if (!read_some(w) && limit == UINT64_MAX)
            return;
        limit = UINT64_MAX;
    }
}

/* Both sides look at their rings once more: nothing was lost. */
static void
assert_settled(struct world *w)
{
    for (uint32_t i = 0; i < w->lab.count; i++) {
        struct machine *m = w->machines[i];

        run(w, POLLS_MAX);
        vsk_lab_wake(&w->lab, i, VSK_SIDE_DEVICE);
        vsk_lab_wake(&w->lab, i, VSK_SIDE_GUEST);
        run(w, POLLS_MAX);
        assert_int_equal(m->guest.posted[VSK_TX], 0);
        for (uint32_t q = 0; q < VSK_QUEUES; q++) {
            assert_int_equal(m->guest.queues[q].ring.outstanding,
                             m->guest.posted[q]);
            /* Each head once. */
            assert_int_equal(vsk_queue_lost(&m->device.queues[q]), 0);
        }
        assert_int_equal(m->guest.endpoint.table.count, 0);
        assert_int_equal(m->device.endpoint.table.count, 0);
        assert_int_equal(m->guest.endpoint.timers.count, 0);
        assert_int_equal(m->device.endpoint.timers.count, 0);
        /* Packets that were under way when the transport was reset are
         * nobody's. */
        for (uint32_t side = 0; side < 2 && m->guest.resets == 0; side++)
            assert_int_equal(endpoint_of(w, i, side)->counters.errors, 0);
    }
}

static void
assert_all_arrived(struct world *w, uint32_t apps)
{
    for (uint32_t i = 0; i < w->lab.count * 2 * apps; i++) {
        uint32_t pair = i / (2 * apps), side = i / apps % 2, which = i % apps;
        const struct app *app = &w->apps[pair][side][which];
        const struct app *peer = &w->apps[pair][!side][which];

        assert_int_equal(app->got, peer->echo ? app->total : peer->total);
        assert_true(app->eof);
        assert_true(app->closed);
        assert_int_equal(app->reason, VSK_REASON_CLOSED);
    }
}

/* A stream that goes out, is sent back and closed. */
static void
echo(struct world *w, uint64_t bytes)
{
    w->apps[0][VSK_SIDE_GUEST][0].total = bytes;
    w->apps[0][VSK_SIDE_DEVICE][0].echo = true;
    connect_app(w, 0, 0);
    run(w, POLLS_MAX);
    assert_all_arrived(w, 1);
    assert_settled(w);
}

/* ---- cases ---- */

static void
a_driver_initialises_its_device_in_the_order_of_the_specification(void **state)
{
    struct world *w = world_new(1, 1, NULL);
    uint64_t kicks;
    (void)state;

    world_start(w);
    kicks = w->kicks;
    run(w, 10);

    /* INIT-DRV-01, INIT-DRV-08 */
    assert_string_equal(w->status, "0 1 3 11 15 ");
    assert_int_equal(kicks, 0);
    assert_int_not_equal(w->kicks, 0);
    assert_int_equal(w->machines[0]->guest.endpoint.local_cid, GUEST_CID);
    world_free(w);
}

static void
a_driver_that_fails_sets_failed_and_writes_nothing_more(void **state)
{
    struct world *w = world_new(1, 1, NULL);
    struct machine *m = w->machines[0];
    vsk_pool empty = {.memory = m->memory};
    vsk_guest_policy policy = vsk_guest_policy_default();
    (void)state;

    assert_int_equal(vsk_lab_start(&w->lab, 0, &m->memory, &empty),
                     VSK_ERR_POOL);
    /* INIT-DRV-06, INIT-DRV-07 */
    assert_string_equal(w->status, "0 1 3 11 139 ");
    assert_false(m->guest.open);

    /* A CID that no guest has. */
    m->device.setup.guest_cid = VSK_CID_HOST;
    w->status[0] = '\0';
    assert_int_equal(vsk_lab_start(&w->lab, 0, &m->memory, &m->pool),
                     VSK_ERR_CID);
    assert_string_equal(w->status, "0 1 3 11 139 ");

    /* FEATURES_OK is not set by a device that was refused VERSION_1. */
    policy.features = 0;
    make_guest(m, &policy);
    w->status[0] = '\0';
    assert_int_equal(vsk_lab_start(&w->lab, 0, &m->memory, &m->pool),
                     VSK_BAD_FEATURES);
    assert_string_equal(w->status, "0 1 3 131 ");
    world_free(w);
}

static void
a_driver_gives_up_where_features_ok_does_not_stay(void **state)
{
    struct world *w = world_new(1, 1, NULL);
    struct machine *m = w->machines[0];
    (void)state;

    w->moody = true;
    assert_int_equal(vsk_lab_start(&w->lab, 0, &m->memory, &m->pool),
                     VSK_BAD_FEATURES);

    /* INIT-DRV-05, INIT-DRV-06, FEAT-DRV-01 */
    assert_string_equal(w->status, "0 1 3 11 131 ");
    assert_false(m->guest.open);
    world_free(w);
}

/* Begin with a device that offers what vsk's own may not. */
static vsk_status
start_offered(struct world *w, uint64_t offered)
{
    struct machine *m = w->machines[0];

    m->device.setup.offered = offered;
    w->status[0] = '\0';
    return vsk_lab_start(&w->lab, 0, &m->memory, &m->pool);
}

static void
a_driver_takes_what_it_knows_of_any_offer(void **state)
{
    struct world *w = world_new(1, 1, NULL);
    const vsk_setup *setup = &w->machines[0]->device.setup;
    (void)state;

    /* FEAT-DRV-03 */
    for (uint32_t i = 0; i < 500; i++) {
        uint64_t offered = vsk_lab_random(&w->lab, UINT64_MAX);

        if ((offered & VSK_BIT(VSK_FEATURE_VERSION_1)) == 0) {
            /* FEAT-DRV-07, RSVF-DRV-02 */
            assert_int_equal(start_offered(w, offered), VSK_BAD_FEATURES);
            assert_string_equal(w->status, "0 1 3 131 ");
            continue;
        }
        /* FEAT-DRV-04, FEAT-DRV-05 */
        assert_int_equal(start_offered(w, offered), VSK_OK);
        assert_int_equal(setup->accepted, offered & VSK_FEATURES);
    }
    /* FEAT-DRV-04, FEAT-DRV-05, FEAT-DRV-08 */
    assert_int_equal(start_offered(w, UINT64_MAX), VSK_OK);
    assert_int_equal(setup->accepted, VSK_FEATURES);
    assert_string_equal(w->status, "0 1 3 11 15 ");
    echo(w, 100000);
    world_free(w);
}

/* Data crosses both ways, in messages or not; the other type is refused where
 * it was not agreed on. */
static void
assert_goes_without(uint64_t missing)
{
    struct world *w = world_new(1, 1, NULL);
    bool messages = missing == VSK_BIT(VSK_FEATURE_STREAM);
    vsk_conn *conn;

    assert_int_equal(start_offered(w, ALL_FEATURES & ~missing), VSK_OK);
    for (uint32_t side = 0; side < 2; side++) {
        w->apps[0][side][0].total = 100000;
        w->apps[0][side][0].message = messages ? 5000 : 0;
    }
    connect_app(w, 0, 0);
    run(w, POLLS_MAX);
    assert_all_arrived(w, 1);
    if (messages || (missing & VSK_BIT(VSK_FEATURE_SEQPACKET)) != 0)
        assert_int_equal(
            vsk_guest_connect(&w->machines[0]->guest, w->lab.now, 1, 2, 3,
                              messages ? VSK_TYPE_STREAM : VSK_TYPE_SEQPACKET,
                              &conn),
            VSK_ERR_TYPE);
    assert_settled(w);
    world_free(w);
}

static void
a_guest_goes_without_any_feature_but_version_1(void **state)
{
    const uint64_t optional = ALL_FEATURES & ~VSK_BIT(VSK_FEATURE_VERSION_1);
    (void)state;

    /* FEAT-DRV-06 */
    for (uint32_t bit = 0; bit < 64; bit++)
        if ((optional & VSK_BIT(bit)) != 0)
            assert_goes_without(VSK_BIT(bit));
    assert_goes_without(optional);
}

static void
a_device_is_reset_before_its_buffers_are_taken_back(void **state)
{
    struct world *w = world_new(1, 1, NULL);
    (void)state;
    world_start(w);
    run(w, 10);
    assert_int_equal(w->posted, 0);

    world_start(w);

    /* CLEAN-DRV-02 */
    assert_int_not_equal(w->posted, 0);
    world_free(w);
}

static void
two_mebibytes_are_echoed_with_every_preset(void **state)
{
    const vsk_guest_preset *preset;
    (void)state;

    for (uint32_t i = 0; (preset = vsk_guest_preset_at(i)) != NULL; i++) {
        struct world *w = world_new(1, i, &preset->policy);

        world_start(w);
        echo(w, 2 * MIB);
        world_free(w);
    }
}

static void
two_mebibytes_are_echoed_at_every_buffer_size(void **state)
{
    static const uint32_t sizes[][3] = {{3776}, {44, 4096}, {45},         {64},
                                        {128},  {65580},    {7, 1000, 41}};
    (void)state;

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        vsk_guest_policy policy = vsk_guest_policy_default();
        struct world *w;

        memcpy(policy.rx_pieces, sizes[i], sizeof sizes[i]);
        policy.queue_size = sizes[i][0] == 65580 ? 16 : 256;
        policy.tx_piece = sizes[i][0];
        policy.tx_indirect = i % 2 == 0;
        w = world_new(1, i, &policy);
        world_start(w);
        /* One byte of payload in each: a tenth will do. */
        echo(w, sizes[i][0] < 100 && sizes[i][1] == 0 ? MIB / 5 : 2 * MIB);
        world_free(w);
    }
}

static void
two_mebibytes_cross_each_way_at_every_reader_speed(void **state)
{
    static const uint32_t speeds[] = {0, 100, 5000, 200000};
    (void)state;

    for (uint32_t i = 0; i < 16; i++) {
        struct world *w = world_new(1, i, NULL);

        world_start(w);
        for (uint32_t side = 0; side < 2; side++) {
            uint32_t speed = speeds[side == 0 ? i % 4 : i / 4];

            w->apps[0][side][0].total = speed == 100 ? 300 * 1024 : 2 * MIB;
            w->apps[0][!side][0].speed = speed;
        }
        connect_app(w, 0, 0);
        run(w, POLLS_MAX);
        assert_all_arrived(w, 1);
        assert_settled(w);
        world_free(w);
    }
}

static void
messages_keep_their_boundaries_both_ways(void **state)
{
    struct world *w = world_new(1, 3, NULL);
    (void)state;

    world_start(w);
    for (uint32_t side = 0; side < 2; side++) {
        w->apps[0][side][0].message = 100000;
        w->apps[0][side][0].total = 2 * MIB;
        w->apps[0][side][1].message = 50;
        w->apps[0][side][1].total = 20000;
        w->apps[0][side][1].speed = 3000;
    }
    connect_app(w, 0, 0);
    connect_app(w, 0, 1);
    run(w, POLLS_MAX);

    assert_all_arrived(w, 2);
    assert_settled(w);
    world_free(w);
}

static void
each_half_closes_by_itself(void **state)
{
    (void)state;

    for (uint32_t side = 0; side < 2; side++) {
        struct world *w = world_new(1, 4, NULL);
        struct app *quiet = &w->apps[0][side][0];
        struct app *talks = &w->apps[0][!side][0];

        world_start(w);
        talks->total = MIB;
        talks->stays = true;
        connect_app(w, 0, 0);
        run(w, POLLS_MAX);

        /* Who has shut its half has still got everything. */
        assert_true(quiet->shut);
        assert_true(talks->eof);
        assert_false(talks->shut);
        assert_int_equal(quiet->got, MIB);
        assert_false(quiet->closed);

        talks->stays = false;
        pump(w, 0, !side, 0,
             vsk_table_by_handle(&endpoint_of(w, 0, !side)->table,
                                 talks->handle));
        end(w, 0, !side, 0,
            vsk_table_by_handle(&endpoint_of(w, 0, !side)->table,
                                talks->handle));
        run(w, POLLS_MAX);
        assert_all_arrived(w, 1);
        assert_settled(w);
        world_free(w);
    }
}

static void
a_refused_guest_learns_it_at_once(void **state)
{
    struct world *w = world_new(1, 5, NULL);
    (void)state;

    world_start(w);
    w->refuse = true;
    connect_app(w, 0, 0);
    run(w, POLLS_MAX);

    assert_true(w->apps[0][VSK_SIDE_GUEST][0].closed);
    assert_int_equal(w->apps[0][VSK_SIDE_GUEST][0].reason, VSK_REASON_REFUSED);
    assert_int_equal(w->lab.now, 0);
    assert_settled(w);
    world_free(w);
}

static void
a_device_connects_to_its_guest(void **state)
{
    struct world *w = world_new(1, 6, NULL);
    vsk_conn *conn;
    (void)state;

    world_start(w);
    run(w, POLLS_MAX);
    assert_int_equal(vsk_device_connect(&w->machines[0]->device, w->lab.now,
                                        DEVICE_PORT, GUEST_PORT,
                                        VSK_TYPE_STREAM, &conn),
                     VSK_OK);
    vsk_lab_wake(&w->lab, 0, VSK_SIDE_DEVICE);
    w->apps[0][VSK_SIDE_GUEST][0].total = MIB;
    w->apps[0][VSK_SIDE_DEVICE][0].total = MIB;
    run(w, POLLS_MAX);

    assert_int_equal(w->kinds[VSK_EVENT_REQUEST], 1);
    assert_int_equal(w->kinds[VSK_EVENT_CONNECT], 1);
    assert_all_arrived(w, 1);
    assert_settled(w);
    world_free(w);
}

static void
connect_times_out_after_two_seconds(void **state)
{
    struct world *w = world_new(1, 7, NULL);
    const struct app *app = &w->apps[0][VSK_SIDE_GUEST][0];
    (void)state;

    w->lab.faults.delay = VSK_MILLISECOND;
    world_start(w);
    w->deaf = true;
    connect_app(w, 0, 0);
    while (step(w, 2 * VSK_SECOND - 1))
        ;
    assert_false(app->closed);
    assert_int_equal(w->lab.now, 2 * VSK_SECOND - 1);

    while (step(w, 2 * VSK_SECOND))
        ;
    assert_true(app->closed);
    assert_int_equal(app->reason, VSK_REASON_TIMEOUT);
    assert_int_equal(w->timers, 1);
    assert_settled(w);
    world_free(w);
}

static void
a_guest_waits_for_no_device_that_needs_reset(void **state)
{
    struct world *w = world_new(1, 7, NULL);
    struct app *app = w->apps[0][VSK_SIDE_GUEST];
    (void)state;

    world_start(w);
    app[0].total = 8 * MIB;
    connect_app(w, 0, 0);
    for (uint32_t i = 0; i < 100; i++)
        assert_true(step(w, UINT64_MAX));
    assert_true(vsk_setup_needs_reset(&w->machines[0]->device.setup));
    connect_app(w, 0, 1);
    while (step(w, 20 * VSK_SECOND))
        ;

    /* STATUS-DRV-04: who connects is told, who sends can begin again. */
    assert_true(app[1].closed);
    assert_int_equal(app[1].reason, VSK_REASON_TIMEOUT);
    assert_false(app[0].closed);
    assert_in_range(app[0].sent, 1, 8 * MIB - 1);
    world_start(w);
    run(w, POLLS_MAX);
    assert_int_equal(app[0].reason, VSK_REASON_TRANSPORT);
    assert_settled(w);
    echo(w, 100000);
    world_free(w);
}

static void
close_times_out_after_eight_seconds(void **state)
{
    struct world *w = world_new(1, 8, NULL);
    const struct app *app = &w->apps[0][VSK_SIDE_GUEST][0];
    vsk_conn *conn;
    (void)state;

    world_start(w);
    w->apps[0][VSK_SIDE_DEVICE][0].stays = true;
    w->apps[0][VSK_SIDE_GUEST][0].stays = true;
    connect_app(w, 0, 0);
    run(w, POLLS_MAX);
    /* The peer stands still: it is never polled again. */
    vsk_device_pause(&w->machines[0]->device, w->lab.now);
    conn =
        vsk_table_by_handle(&w->machines[0]->guest.endpoint.table, app->handle);
    call(w, 0, VSK_SIDE_GUEST, conn, VSK_CALL_CLOSE, 0);
    while (step(w, 8 * VSK_SECOND - 1))
        ;
    assert_false(app->closed);
    while (step(w, 9 * VSK_SECOND))
        ;
    assert_true(app->closed);
    assert_int_equal(app->reason, VSK_REASON_TIMEOUT);
    assert_int_equal(w->lab.now, 9 * VSK_SECOND);

    vsk_device_resume(&w->machines[0]->device, w->lab.now);
    vsk_lab_wake(&w->lab, 0, VSK_SIDE_DEVICE);
    run(w, POLLS_MAX);
    assert_settled(w);
    world_free(w);
}

static void
reset_transport(uint32_t event_buffers, uint32_t cid, uint64_t delay)
{
    vsk_guest_policy policy = vsk_guest_policy_default();
    struct world *w;
    struct machine *m;

    policy.event_buffers = event_buffers;
    w = world_new(1, 9, &policy);
    m = w->machines[0];
    w->lab.faults.delay = delay;
    world_start(w);
    w->apps[0][VSK_SIDE_GUEST][0].total = 8 * MIB;
    w->apps[0][VSK_SIDE_DEVICE][0].total = 8 * MIB;
    connect_app(w, 0, 0);
    for (uint32_t i = 0; i < 300; i++)
        assert_true(step(w, UINT64_MAX));
    w->kinds[VSK_EVENT_RESET] = 0;
    assert_int_equal(vsk_device_reset_transport(&m->device, w->lab.now, cid),
                     VSK_OK);
    vsk_lab_wake(&w->lab, 0, VSK_SIDE_DEVICE);
    run(w, POLLS_MAX);

    for (uint32_t side = 0; side < 2; side++)
        assert_int_equal(w->apps[0][side][0].reason, VSK_REASON_TRANSPORT);
    assert_int_equal(w->kinds[VSK_EVENT_RESET], 2);
    assert_int_equal(m->guest.endpoint.local_cid, cid);
    assert_settled(w);
    echo(w, 100000);
    world_free(w);
}

static void
a_reset_transport_gives_the_guest_another_cid(void **state)
{
    (void)state;
    rig_lawless("what was under way meets who knows of no connection");

    for (uint32_t buffers = 1; buffers < 10; buffers += 7) {
        reset_transport(buffers, 99, 0);
        reset_transport(buffers, GUEST_CID, 0);
        reset_transport(buffers, 99, VSK_MILLISECOND);
        reset_transport(buffers, GUEST_CID, VSK_MILLISECOND);
    }
}

static void
a_driver_resets_its_device_and_begins_again(void **state)
{
    struct world *w = world_new(1, 10, NULL);
    struct machine *m = w->machines[0];
    uint64_t available = vsk_pool_available(&m->pool);
    (void)state;

    world_start(w);
    w->apps[0][VSK_SIDE_GUEST][0].total = 8 * MIB;
    w->apps[0][VSK_SIDE_DEVICE][0].total = 8 * MIB;
    w->lab.faults.delay = VSK_MILLISECOND;
    w->lab.faults.hold = VSK_MILLISECOND;
    connect_app(w, 0, 0);
    for (uint32_t i = 0; i < 300; i++)
        assert_true(step(w, UINT64_MAX));
    while (!w->pairs[0].held)
        assert_true(step(w, UINT64_MAX));
    w->pairs[0].due[VSK_SIDE_GUEST] |= 1;
    assert_int_equal(vsk_device_write_status(&m->device, w->lab.now, 0),
                     VSK_OK);
    vsk_guest_close(&m->guest);
    assert_int_equal(vsk_pool_available(&m->pool), available);
    world_start(w);
    assert_false(w->pairs[0].held);
    assert_int_equal(w->pairs[0].due[VSK_SIDE_DEVICE], 0);
    assert_int_equal(w->pairs[0].due[VSK_SIDE_GUEST], 0);
    run(w, POLLS_MAX);

    for (uint32_t side = 0; side < 2; side++)
        assert_int_equal(w->apps[0][side][0].reason, VSK_REASON_TRANSPORT);
    assert_settled(w);
    echo(w, 100000);
    world_start(w); /* also without a reset before */
    echo(w, 100000);
    world_free(w);
}

static vsk_status
reset_queue(struct world *w, uint32_t queue, uint32_t size)
{
    return vsk_lab_reset_queue(&w->lab, 0, &w->machines[0]->memory, queue,
                               size);
}

static void
a_driver_resets_one_queue_and_goes_on_with_another_size(void **state)
{
    const bool any = (rig_format() & VSK_F_RING_PACKED) != 0;
    const uint32_t sizes[] = {4, 64, any ? 3 : 2, 256, any ? 77 : 128};
    struct world *w = world_new(1, 1, NULL);
    struct machine *m = w->machines[0];
    uint64_t available;
    (void)state;

    world_start(w);
    run(w, POLLS_MAX);
    available = vsk_pool_available(&m->pool);
    for (uint32_t i = 0; i < 5; i++)
        for (uint32_t queue = 0; queue < VSK_QUEUES; queue++) {
            /* VQRST-DEV-02, VQRST-DEV-03, VQRST-DRV-03 */
            assert_int_equal(reset_queue(w, queue, sizes[i]), VSK_OK);
            assert_int_equal(m->guest.queues[queue].ring.size, sizes[i]);
            assert_int_equal(m->device.queues[queue].ring.table.size, sizes[i]);
            echo(w, 50000);
        }
    /* VQRST-DRV-02: all of the rings before is free again. */
    for (uint32_t queue = 0; queue < VSK_QUEUES; queue++)
        assert_int_equal(reset_queue(w, queue, 256), VSK_OK);
    run(w, POLLS_MAX);
    assert_int_equal(vsk_pool_available(&m->pool), available);
    /* The event queue is still one. */
    assert_int_equal(vsk_device_reset_transport(&m->device, w->lab.now, 9),
                     VSK_OK);
    vsk_lab_wake(&w->lab, 0, VSK_SIDE_DEVICE);
    run(w, POLLS_MAX);
    assert_int_equal(m->guest.endpoint.local_cid, 9);
    world_free(w);
}

static void
a_queue_is_not_reset_while_packets_are_on_their_way(void **state)
{
    struct world *w = world_new(1, 1, NULL);
    uint32_t busy[VSK_QUEUES] = {0};
    (void)state;

    world_start(w);
    w->apps[0][VSK_SIDE_GUEST][0].total = 300000;
    w->apps[0][VSK_SIDE_DEVICE][0].echo = true;
    connect_app(w, 0, 0);
    for (uint32_t i = 0; step(w, UINT64_MAX); i++) {
        uint32_t queue = i % VSK_QUEUES;
        vsk_status status = reset_queue(w, queue, 32 << i % 4);

        busy[queue] += status == VSK_ERR_BUSY;
        assert_true(status == VSK_OK || status == VSK_ERR_BUSY);
    }

    assert_true(busy[VSK_RX] != 0);
    assert_true(busy[VSK_TX] != 0);
    assert_all_arrived(w, 1);
    assert_settled(w);
    world_free(w);
}

static void
a_reset_of_one_queue_must_be_negotiated_and_fit(void **state)
{
    struct world *w = world_new(1, 1, NULL);
    const uint64_t all = ALL_FEATURES;
    (void)state;

    assert_int_equal(reset_queue(w, VSK_TX, 16), VSK_ERR_STATE);
    /* VQRST-BOTH-01 */
    assert_int_equal(start_offered(w, all & ~VSK_BIT(VSK_FEATURE_RING_RESET)),
                     VSK_OK);
    run(w, POLLS_MAX);
    assert_int_equal(reset_queue(w, VSK_TX, 16), VSK_ERR_FEATURES);
    assert_int_equal(vsk_device_reset_queue(&w->machines[0]->device, VSK_TX),
                     VSK_ERR_FEATURES);
    assert_int_equal(start_offered(w, all), VSK_OK);
    run(w, POLLS_MAX);
    assert_int_equal(reset_queue(w, VSK_TX, 0), VSK_ERR_SIZE);
    assert_int_equal(reset_queue(w, VSK_TX, 512), VSK_ERR_SIZE);
    assert_int_equal(reset_queue(w, VSK_QUEUES, 16), VSK_ERR_ARGUMENT);
    assert_int_equal(reset_queue(w, UINT32_MAX, 16), VSK_ERR_ARGUMENT);
    assert_int_equal(
        vsk_device_reset_queue(&w->machines[0]->device, VSK_QUEUES),
        VSK_ERR_STATE);
    echo(w, 100000);
    world_free(w);
}

static void
a_queue_that_is_reset_is_left_alone_until_it_is_enabled(void **state)
{
    struct world *w = world_new(1, 1, NULL);
    struct machine *m = w->machines[0];
    uint16_t head;
    vsk_event event;
    (void)state;

    world_start(w);
    run(w, POLLS_MAX);
    assert_int_equal(vsk_device_reset_queue(&m->device, VSK_TX), VSK_OK);
    assert_int_equal(vsk_buffers_post(&m->guest.buffers[VSK_TX], 44,
                                      &(vsk_layout){NULL, 0, false}, &head),
                     VSK_OK);

    /* VQRST-DEV-01 */
    assert_int_equal(vsk_device_poll(&m->device, w->lab.now, &event), VSK_NONE);
    assert_int_equal(vsk_device_notify(&m->device), 0);
    assert_int_equal(vsk_device_reset_queue(&m->device, VSK_TX), VSK_ERR_STATE);
    world_free(w);
}

static void
what_a_device_has_in_hand_is_void_with_its_queue(void **state)
{
    struct world *w = world_new(1, 1, NULL);
    struct machine *m = w->machines[0];
    const vsk_packet large = {.size = 1u << 20};
    (void)state;

    world_start(w);
    run(w, POLLS_MAX);
    assert_int_equal(vsk_device_put(&m->device, w->lab.now, &large),
                     VSK_ERR_ROOM);
    assert_true(m->device.chains[VSK_RX].held);
    assert_int_equal(reset_queue(w, VSK_RX, 64), VSK_OK);

    assert_false(m->device.chains[VSK_RX].held);
    echo(w, 100000);
    world_free(w);
}

static void
a_packet_in_hand_keeps_its_queue(void **state)
{
    struct world *w = world_new(1, 1, NULL);
    struct machine *m = w->machines[0];
    (void)state;

    world_start(w);
    w->apps[0][VSK_SIDE_GUEST][0].total = 1;
    w->apps[0][VSK_SIDE_DEVICE][0].echo = true;
    connect_app(w, 0, 0);
    while (m->guest.stage == VSK_STAGE_IDLE)
        assert_true(step(w, UINT64_MAX));
    assert_false(vsk_queue_enable_interrupts(&m->guest.queues[VSK_RX]));

    assert_int_equal(reset_queue(w, VSK_RX, 64), VSK_ERR_BUSY);
    run(w, POLLS_MAX);
    assert_int_equal(reset_queue(w, VSK_RX, 64), VSK_OK);
    assert_all_arrived(w, 1);
    world_free(w);
}

static void
what_a_device_has_not_shown_yet_keeps_its_queue(void **state)
{
    struct world *w = world_new(1, 1, NULL);
    (void)state;

    world_start(w);
    run(w, POLLS_MAX);
    w->lab.faults.hold = VSK_SECOND;
    w->apps[0][VSK_SIDE_GUEST][0].total = 1;
    w->apps[0][VSK_SIDE_DEVICE][0].echo = true;
    connect_app(w, 0, 0);
    while (w->kinds[VSK_EVENT_REQUEST] == 0)
        assert_true(step(w, VSK_MILLISECOND));
    while (step(w, VSK_MILLISECOND))
        ;
    assert_int_equal(w->kinds[VSK_EVENT_CONNECT], 0);

    assert_int_equal(reset_queue(w, VSK_RX, 64), VSK_ERR_BUSY);

    run(w, POLLS_MAX);
    assert_int_equal(reset_queue(w, VSK_RX, 64), VSK_OK);
    assert_all_arrived(w, 1);
    world_free(w);
}

static void
a_new_event_queue_lets_the_device_go_on(void **state)
{
    struct world *w = world_new(1, 1, NULL);
    struct machine *m = w->machines[0];
    vsk_event event;
    (void)state;

    world_start(w);
    run(w, POLLS_MAX);
    assert_int_equal(vsk_device_reset_transport(&m->device, w->lab.now, 9),
                     VSK_OK);
    (void)vsk_device_poll(&m->device, w->lab.now, &event);
    assert_int_equal(reset_queue(w, VSK_EVENT, 64), VSK_ERR_BUSY);
    while (!m->guest.stale)
        assert_int_equal(vsk_guest_poll(&m->guest, w->lab.now, &event), VSK_OK);
    assert_int_equal(reset_queue(w, VSK_EVENT, 64), VSK_ERR_BUSY);
    assert_int_equal(vsk_guest_renew(&m->guest, 9), VSK_OK);
    assert_true(m->device.gate);
    assert_int_equal(reset_queue(w, VSK_EVENT, 64), VSK_OK);

    echo(w, 100000);
    world_free(w);
}

static void
kicks_carry_where_the_next_chain_will_be(void **state)
{
    const uint64_t data = VSK_BIT(VSK_FEATURE_NOTIFICATION_DATA);
    const uint64_t all = ALL_FEATURES;
    struct world *w = world_new(1, 1, NULL);
    (void)state;

    for (uint32_t i = 0; i < 2; i++) {
        uint64_t kicks = w->kicks;

        /* NOTIF-DRV-01, NOTIF-DRV-02 */
        assert_int_equal(start_offered(w, i == 0 ? all : all & ~data), VSK_OK);
        echo(w, 300000);
        assert_true(w->kicks > kicks + 3);
        assert_int_equal(w->odd_kicks, 0);
    }
    world_free(w);
}

/* ---- determinism ---- */

/* All benign faults; so many bytes over three connections each way. */
static void
busy(struct world *w, uint64_t bytes)
{
    for (uint32_t pair = 0; pair < w->lab.count; pair++)
        for (uint32_t which = 0; which < 3; which++) {
            for (uint32_t side = 0; side < 2; side++) {
                w->apps[pair][side][which].total = bytes;
                w->apps[pair][side][which].message =
                    which == 1 && w->machines[pair]->guest.endpoint.seqpacket
                        ? 30000
                        : 0;
                w->apps[pair][side][which].speed = which == 2 ? 20000 : 0;
            }
            connect_app(w, pair, which);
        }
}

static const vsk_faults BENIGN = {
    .delay = 50000,
    .hold = 70000,
    .lose_kicks = 20,
    .starve = 3,
    .shrink = 20,
};

static uint64_t
hash_of(uint64_t seed, uint64_t *lines)
{
    struct world *w = world_new(2, seed, NULL);
    uint64_t hash;

    w->lab.faults = BENIGN;
    world_start(w);
    busy(w, 100000);
    run(w, POLLS_MAX);
    hash = w->hash;
    *lines = w->lines;
    world_free(w);
    return hash;
}

static void
a_seed_decides_everything(void **state)
{
    uint64_t lines, again, other;
    uint64_t hash = hash_of(0, &lines);
    (void)state;

    assert_true(lines > 1000);
    assert_true(hash_of(0, &again) == hash);
    assert_int_equal(lines, again);
    assert_true(hash_of(1, &other) != hash);
}

static void
seeds_choose_who_goes_first(void **state)
{
    bool seen[2] = {false, false};
    bool first[2] = {false, false};
    (void)state;

    for (uint64_t seed = 0; seed < 20; seed++) {
        struct world *w = world_new(1, seed, NULL);
        uint32_t pair;
        vsk_side side;
        vsk_event event;

        world_start(w);
        assert_int_equal(vsk_lab_poll(&w->lab, 0, &pair, &side, &event),
                         VSK_OK);
        assert_int_equal(side, VSK_SIDE_DEVICE);
        /* The guest had its turn already, or has it now. */
        first[w->pairs[0].awake[VSK_SIDE_GUEST]] = true;
        while (vsk_lab_poll(&w->lab, 0, &pair, &side, &event) == VSK_OK)
            ;
        vsk_device_write_status(&w->machines[0]->device, 0, 0);
        vsk_guest_close(&w->machines[0]->guest);
        vsk_lab_wake(&w->lab, 0, VSK_SIDE_DEVICE);
        vsk_lab_wake(&w->lab, 0, VSK_SIDE_GUEST);
        assert_int_equal(vsk_lab_poll(&w->lab, 0, &pair, &side, &event),
                         VSK_OK);
        assert_int_equal(event.kind, VSK_EVENT_RESET);
        seen[side] = true;
        /* Then they take turns. */
        assert_int_equal(vsk_lab_poll(&w->lab, 0, &pair, &side, &event),
                         VSK_OK);
        assert_int_equal(event.kind, VSK_EVENT_RESET);
        world_free(w);
    }
    assert_true(seen[VSK_SIDE_DEVICE] && seen[VSK_SIDE_GUEST]);
    assert_true(first[false] && first[true]);
}

static void
those_who_are_awake_take_turns(void **state)
{
    struct world *w = world_new(1, 19, NULL);
    (void)state;

    world_start(w);
    for (uint32_t which = 0; which < MAX_APPS; which++) {
        w->apps[0][VSK_SIDE_GUEST][which].stays = true;
        w->apps[0][VSK_SIDE_DEVICE][which].stays = true;
        connect_app(w, 0, which);
    }
    run(w, POLLS_MAX);
    /* Each has a CLOSE for every connection to tell, and RESET. */
    (void)vsk_device_write_status(&w->machines[0]->device, w->lab.now, 0);
    vsk_guest_close(&w->machines[0]->guest);
    vsk_lab_wake(&w->lab, 0, VSK_SIDE_DEVICE);
    vsk_lab_wake(&w->lab, 0, VSK_SIDE_GUEST);
    for (uint32_t i = 0; i < 2 * (MAX_APPS + 1); i++) {
        uint32_t last = w->lab.last;

        assert_true(step(w, UINT64_MAX));
        assert_true(i == 0 || w->lab.last != last);
    }
    world_free(w);
}

static void
the_clock_never_goes_back(void **state)
{
    struct world *w = world_new(1, 20, NULL);
    vsk_conn *conn;
    (void)state;

    world_start(w);
    while (step(w, 5 * VSK_SECOND))
        ;
    assert_false(step(w, VSK_SECOND));
    assert_int_equal(w->lab.now, 5 * VSK_SECOND);

    /* A deadline of the past is one of now. */
    assert_int_equal(vsk_guest_connect(&w->machines[0]->guest, 0, GUEST_PORT,
                                       VSK_CID_HOST, DEVICE_PORT,
                                       VSK_TYPE_STREAM, &conn),
                     VSK_OK);
    assert_true(step(w, 6 * VSK_SECOND));
    assert_int_equal(w->lab.now, 5 * VSK_SECOND);
    assert_int_equal(w->kinds[VSK_EVENT_CLOSE], 1);
    world_free(w);
}

static void
pairs_do_not_touch_each_other(void **state)
{
    struct world *w = world_new(2, 11, NULL);
    struct world *alone = world_new(1, 11, NULL);
    (void)state;

    world_start(w);
    world_start(alone);
    busy(w, 400000);
    busy(alone, 400000);
    for (uint32_t i = 0; i < 100; i++)
        assert_true(step(w, UINT64_MAX));
    /* One is reset: the other one does not notice. */
    vsk_device_write_status(&w->machines[1]->device, w->lab.now, 0);
    vsk_guest_close(&w->machines[1]->guest);
    run(w, POLLS_MAX);
    run(alone, POLLS_MAX);

    for (uint32_t which = 0; which < 3; which++) {
        assert_int_equal(w->apps[0][VSK_SIDE_GUEST][which].got, 400000);
        assert_int_equal(w->apps[0][VSK_SIDE_GUEST][which].reason,
                         VSK_REASON_CLOSED);
        assert_int_equal(w->apps[1][VSK_SIDE_GUEST][which].reason,
                         VSK_REASON_TRANSPORT);
    }
    w->lab.count = 1;
    assert_settled(w);
    assert_int_equal(w->machines[0]->device.endpoint.counters.rx_bytes,
                     alone->machines[0]->device.endpoint.counters.rx_bytes);
    w->lab.count = 2;
    world_free(alone);
    world_free(w);
}

/* ---- benign faults ---- */

static void
soak(const vsk_faults *faults, uint64_t seed)
{
    const vsk_guest_preset *preset = vsk_guest_preset_at((uint32_t)seed % 4);
    struct world *w =
        world_new(1, seed, preset != NULL ? &preset->policy : NULL);

    w->lab.faults = *faults;
    w->lab.show_packets = seed % 2 == 0;
    world_start(w);
    busy(w, 120000);
    run(w, POLLS_MAX);
    assert_all_arrived(w, 3);
    assert_settled(w);
    assert_int_not_equal(w->faults, 0);
    world_free(w);
}

static void
nothing_is_lost_under_benign_faults(void **state)
{
    rig_random random = rig_seed();
    uint64_t rounds = rig_setting("VSK_ROUNDS", 4);
    (void)state;

    for (uint64_t i = 0; i < rounds; i++) {
        uint64_t seed = rig_draw(&random, UINT32_MAX) * 4ull + i % 4;
        const vsk_faults each[] = {
            {.delay = 1000 + rig_draw(&random, 1000000)},
            {.hold = 1000 + rig_draw(&random, 1000000)},
            {.lose_kicks = 1000},
            {.starve = 1 + rig_draw(&random, 8)},
            {.shrink = 100 + rig_draw(&random, 200)},
            BENIGN,
        };

        for (size_t fault = 0; fault < sizeof each / sizeof *each; fault++) {
            if (getenv("VSK_SEED") != NULL)
                printf("round %u fault %u seed %llu\n", (unsigned)i,
                       (unsigned)fault, (unsigned long long)seed);
            soak(&each[fault], seed);
        }
    }
}

/* A policy that an honest guest may have. */
static vsk_guest_policy
any_policy(rig_random *random)
{
    vsk_guest_policy policy = vsk_guest_policy_default();

    policy.queue_size = 4u << rig_draw(random, 7);
    policy.features &= ~((uint64_t)rig_draw(random, 4) << 28);
    policy.rx_indirect = rig_draw(random, 2) == 0;
    policy.tx_indirect = rig_draw(random, 2) == 0;
    policy.tx_piece = rig_draw(random, 2) * (100 + rig_draw(random, 9000));
    for (uint32_t i = 0, n = 1 + rig_draw(random, 3); i < n; i++)
        policy.rx_pieces[i] = 1 + rig_draw(random, 5000);
    policy.rx_pieces[0] += 100;
    policy.rx_buffers = rig_draw(random, 2) * rig_draw(random, 20);
    policy.refill_at = rig_draw(random, 2) * rig_draw(random, 200);
    policy.event_buffers = rig_draw(random, 3);
    policy.endpoint.buf_alloc = 8192u << rig_draw(random, 6);
    policy.endpoint.payload_max = 1u << (6 + rig_draw(random, 11));
    return policy;
}

static void
nothing_is_lost_with_any_honest_guest(void **state)
{
    rig_random random = rig_seed();
    uint64_t rounds = rig_setting("VSK_ROUNDS", 4) * 8;
    (void)state;

    for (uint64_t i = 0; i < rounds; i++) {
        vsk_guest_policy policy = any_policy(&random);
        struct world *w = world_new(1, i, &policy);
        vsk_endpoint *device = &w->machines[0]->device.endpoint;

        device->policy.buf_alloc = 8192u << rig_draw(&random, 6);
        device->policy.payload_max = 1u << (6 + rig_draw(&random, 11));
        if (rig_draw(&random, 2) == 0)
            w->lab.faults = BENIGN;
        world_start(w);
        for (uint32_t j = 0; j < 2 * MAX_APPS; j++) {
            struct app *app = &w->apps[0][j % 2][j / 2];

            app->total = rig_draw(&random, 100000);
            app->speed =
                rig_draw(&random, 2) * (500 + rig_draw(&random, 20000));
            app->message = j / 2 < 2 ? 0 : j / 2 == 2 ? 8000 : 100;
        }
        for (uint32_t which = 0; which < MAX_APPS; which++)
            connect_app(w, 0, which);
        if (getenv("VSK_SEED") != NULL)
            printf("round %u\n", (unsigned)i);
        run(w, POLLS_MAX);
        assert_all_arrived(w, MAX_APPS);
        assert_settled(w);
        world_free(w);
    }
}

static void
a_starved_guest_gets_its_buffers_back(void **state)
{
    struct world *w = world_new(1, 12, NULL);
    struct machine *m = w->machines[0];
    (void)state;

    w->lab.faults.starve = 2;
    world_start(w);
    run(w, POLLS_MAX);
    assert_int_equal(m->guest.posted[VSK_RX], 2);
    assert_string_equal(w->last, "starve");

    w->lab.faults.starve = 0;
    run(w, POLLS_MAX);
    assert_int_equal(m->guest.posted[VSK_RX], 256);
    assert_int_equal(m->guest.policy.rx_buffers, 0);
    world_free(w);
}

static void
held_entries_are_shown_when_hold_is_switched_off(void **state)
{
    struct world *w = world_new(1, 13, NULL);
    uint64_t publish;
    (void)state;

    w->lab.faults.hold = 100 * VSK_SECOND;
    world_start(w);
    run(w, POLLS_MAX);
    /* Nothing to hold yet. */
    assert_int_equal(w->lab.now, 0);
    assert_int_equal(w->faults, 0);
    connect_app(w, 0, 0);
    while (step(w, VSK_MILLISECOND))
        ;
    assert_int_equal(w->kinds[VSK_EVENT_CONNECT], 0);
    assert_int_equal(w->kinds[VSK_EVENT_REQUEST], 1);

    publish = w->pairs[0].publish;
    vsk_lab_wake(&w->lab, 0, VSK_SIDE_DEVICE);
    assert_false(step(w, VSK_MILLISECOND));
    assert_true(w->pairs[0].publish == publish);
    assert_in_range(publish, 0, 100 * VSK_SECOND);

    w->lab.faults.hold = 0;
    while (step(w, VSK_MILLISECOND))
        ;
    assert_int_equal(w->kinds[VSK_EVENT_CONNECT], 1);
    world_free(w);
}

static void
a_lost_kick_is_followed_by_another_a_second_later(void **state)
{
    struct world *w = world_new(1, 14, NULL);
    (void)state;

    world_start(w);
    run(w, POLLS_MAX);
    w->lab.faults.lose_kicks = 1000;
    connect_app(w, 0, 0);
    while (step(w, VSK_SECOND - 1))
        ;
    assert_int_equal(w->kinds[VSK_EVENT_REQUEST], 0);
    assert_string_equal(w->last, "lost kick");

    while (step(w, VSK_SECOND))
        ;
    assert_int_equal(w->kinds[VSK_EVENT_REQUEST], 1);
    world_free(w);
}

static void
the_earliest_kick_on_its_way_counts(void **state)
{
    (void)state;

    for (uint32_t late = 0; late < 2; late++) {
        vsk_guest_policy policy = vsk_guest_policy_default();
        struct world *w;

        policy.features &= ~VSK_BIT(VSK_FEATURE_EVENT_IDX);
        w = world_new(1, 18, &policy);
        world_start(w);
        run(w, POLLS_MAX);
        /* Of RX and of the event queue. */
        assert_int_equal(w->kicks, 2);
        /* One that is lost, then one that is not; or the other way round. */
        w->lab.faults.delay = VSK_MILLISECOND;
        w->lab.faults.lose_kicks = late == 0 ? 1000 : 0;
        connect_app(w, 0, 0);
        while (step(w, 0))
            ;
        w->lab.faults.lose_kicks = late == 0 ? 0 : 1000;
        connect_app(w, 0, 1);
        while (step(w, 2 * VSK_MILLISECOND))
            ;
        assert_int_equal(w->kinds[VSK_EVENT_REQUEST], 2);
        world_free(w);
    }
}

static void
a_notification_is_late_by_the_delay_at_most(void **state)
{
    uint32_t late = 0;
    (void)state;

    for (uint64_t seed = 0; seed < 50; seed++) {
        struct world *w = world_new(1, seed, NULL);

        w->lab.faults.delay = 1;
        world_start(w);
        while (step(w, UINT64_MAX))
            ;
        assert_in_range(w->lab.now, 0, 3);
        late += w->lab.now != 0;
        assert_int_equal(w->faults != 0, w->lab.now != 0);
        world_free(w);
    }
    assert_in_range(late, 1, 49);
}

static void
a_buffer_that_changes_its_size_is_told(void **state)
{
    struct world *w = world_new(1, 22, NULL);
    const vsk_credit *credit[2];
    uint32_t least = BUFFER;
    uint32_t grew = 0;
    (void)state;

    world_start(w);
    for (uint32_t side = 0; side < 2; side++)
        w->apps[0][side][0].stays = true;
    connect_app(w, 0, 0);
    run(w, POLLS_MAX);
    for (uint32_t side = 0; side < 2; side++)
        credit[side] = &vsk_table_by_handle(&endpoint_of(w, 0, side)->table,
                                            w->apps[0][side][0].handle)
                            ->credit;
    for (uint32_t i = 0; i < 300; i++) {
        w->lab.faults.shrink = 1000;
        vsk_lab_wake(&w->lab, 0, VSK_SIDE_DEVICE);
        w->lab.show_packets = true;
        (void)step(w, 0);
        grew += strcmp(w->last, "grow") == 0;
        w->lab.faults.shrink = 0;
        run(w, POLLS_MAX);
        for (uint32_t side = 0; side < 2; side++) {
            uint32_t size = credit[side]->buf_alloc;

            assert_in_range(size, VSK_LAB_BUFFER_MIN, BUFFER);
            assert_int_equal(credit[!side]->peer_buf_alloc, size);
            least = size < least ? size : least;
        }
    }
    assert_in_range(least, VSK_LAB_BUFFER_MIN, BUFFER / 8);
    assert_in_range(grew, 50, 250);
    world_free(w);
}

/* ---- malign faults ---- */

/* Each head was given back once, but for those that were passed over. */
static void
assert_heads_balance(struct world *w)
{
    for (uint32_t q = 0; q < VSK_QUEUES; q++) {
        assert_int_equal(vsk_queue_lost(&w->machines[0]->device.queues[q]),
                         w->passed[q]);
        w->passed[q] = 0;
    }
}

/* Connections that are over begin again; so does a device that gave up. */
static void
revive(struct world *w)
{
    const vsk_device *device = &w->machines[0]->device;

    if (!vsk_setup_live(&device->setup) || w->machines[0]->guest.stuck != 0) {
        assert_heads_balance(w);
        world_start(w);
    }
    for (uint32_t which = 0; which < 3; which++)
        if (w->apps[0][VSK_SIDE_GUEST][which].closed)
            connect_app(w, 0, which);
}

static struct world *
torture(const vsk_faults *faults, uint64_t seed, uint32_t events)
{
    const vsk_guest_preset *preset = vsk_guest_preset_at((uint32_t)seed % 4);
    struct world *w =
        world_new(1, seed, preset != NULL ? &preset->policy : NULL);

    w->hostile = true;
    w->lab.faults = *faults;
    world_start(w);
    busy(w, 300000);
    for (uint32_t i = 0; i < events; i++) {
        if (!step(w, w->lab.now + VSK_SECOND))
            (void)read_some(w);
        revive(w);
    }
    assert_int_not_equal(w->faults, 0);
    assert_heads_balance(w);
    return w;
}

static void
nothing_breaks_under_malign_faults(void **state)
{
    rig_random random = rig_seed();
    uint64_t rounds = rig_setting("VSK_ROUNDS", 4);
    (void)state;
    rig_lawless("under malign faults nothing is promised");

    for (uint64_t i = 0; i < rounds; i++) {
        uint64_t seed = rig_draw(&random, UINT32_MAX);
        const vsk_faults each[] = {
            {.flip = 100},
            {.duplicate = 50},
            {.reorder = 50},
            {.lie = 50},
            {.scribble = 5},
            {.scribble = 200},
            {.flip = 50,
             .duplicate = 50,
             .reorder = 50,
             .lie = 50,
             .scribble = 2,
             .delay = 50000,
             .hold = 70000,
             .lose_kicks = 20,
             .starve = 3,
             .shrink = 20},
        };

        for (size_t fault = 0; fault < sizeof each / sizeof *each; fault++) {
            struct world *w;

            if (getenv("VSK_SEED") != NULL)
                printf("round %u fault %u seed %llu\n", (unsigned)i,
                       (unsigned)fault, (unsigned long long)seed);
            w = torture(&each[fault], seed, 3000);
            /* The driver knows what the device has, and what is in hand. */
            for (uint32_t q = 0; q < VSK_QUEUES; q++)
                if (each[fault].scribble == 0)
                    assert_in_range(
                        w->machines[0]->guest.posted[q] -
                            w->machines[0]->guest.queues[q].ring.outstanding,
                        0, q == VSK_RX);
            world_free(w);
        }
    }
}

/* Something that may happen to a machine at any time. */
static void
upset(struct world *w, rig_random *random)
{
    struct machine *m = w->machines[0];

    switch (rig_draw(random, 4)) {
    case 0:
        (void)vsk_device_reset_transport(&m->device, w->lab.now,
                                         GUEST_CID + rig_draw(random, 3));
        break;
    case 1:
        (void)vsk_device_write_status(&m->device, w->lab.now, 0);
        vsk_guest_close(&m->guest);
        break;
    case 2:
        vsk_device_pause(&m->device, w->lab.now);
        break;
    default:
        world_start(w);
    }
    vsk_lab_wake(&w->lab, 0, VSK_SIDE_DEVICE);
    vsk_lab_wake(&w->lab, 0, VSK_SIDE_GUEST);
}

static void
resets_at_any_moment_leave_nothing_behind(void **state)
{
    rig_random random = rig_seed();
    uint64_t rounds = rig_setting("VSK_ROUNDS", 4);
    (void)state;
    rig_lawless("what was under way meets who knows of no connection");

    for (uint64_t i = 0; i < rounds; i++) {
        struct world *w = world_new(1, i, NULL);

        w->hostile = true;
        w->lab.faults = BENIGN;
        world_start(w);
        busy(w, 300000);
        for (uint32_t n = 0; n < 4000; n++) {
            if (!step(w, w->lab.now + VSK_MILLISECOND))
                (void)read_some(w);
            if (rig_draw(&random, 100) == 0)
                upset(w, &random);
            if (rig_draw(&random, 100) == 0)
                vsk_device_resume(&w->machines[0]->device, w->lab.now);
            revive(w);
        }
        vsk_device_resume(&w->machines[0]->device, w->lab.now);
        world_start(w);
        run(w, POLLS_MAX);
        memset(w->apps[0][0], 0, MAX_APPS * sizeof(struct app));
        memset(w->apps[0][1], 0, MAX_APPS * sizeof(struct app));
        for (uint32_t side = 0; side < 2; side++)
            endpoint_of(w, 0, side)->counters = (vsk_counters){0};
        w->hostile = false;
        echo(w, 100000);
        world_free(w);
    }
}

static void
each_malign_fault_says_its_name(void **state)
{
    static const struct {
        vsk_faults faults;
        const char *words;
    } each[] = {
        {{.flip = 1000}, "flip"},           {{.duplicate = 1000}, "duplicate"},
        {{.reorder = 1000}, "reorder"},     {{.lie = 1000}, "lie: "},
        {{.scribble = 1000}, "scribble: "},
    };
    (void)state;
    rig_lawless("under malign faults nothing is promised");

    for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
        struct world *w = torture(&each[i].faults, i, 20);

        assert_memory_equal(w->last, each[i].words, strlen(each[i].words));
        world_free(w);
    }
}

/* What a side is shown of a REQUEST that was sent with len 0, flags 0. */
static bool
is_lied_to(vsk_side from, uint64_t seed)
{
    struct world *w = world_new(1, seed, NULL);
    const vsk_header sent = {
        .src_cid = from == VSK_SIDE_GUEST ? GUEST_CID : VSK_CID_HOST,
        .dst_cid = from == VSK_SIDE_GUEST ? VSK_CID_HOST : GUEST_CID,
        .src_port = from == VSK_SIDE_GUEST ? GUEST_PORT : DEVICE_PORT,
        .dst_port = from == VSK_SIDE_GUEST ? DEVICE_PORT : GUEST_PORT,
        .type = VSK_TYPE_STREAM,
        .op = VSK_OP_REQUEST,
        .buf_alloc = BUFFER,
    };
    uint32_t pair;
    vsk_side side;
    vsk_event event;
    vsk_conn *conn;
    bool lied;

    world_start(w);
    run(w, POLLS_MAX);
    w->lab.show_packets = true;
    w->lab.faults.lie = 1000;
    if (from == VSK_SIDE_GUEST)
        connect_app(w, 0, 0);
    else
        assert_int_equal(vsk_device_connect(&w->machines[0]->device, 0,
                                            DEVICE_PORT, GUEST_PORT,
                                            VSK_TYPE_STREAM, &conn),
                         VSK_OK);
    vsk_lab_wake(&w->lab, 0, from);
    assert_int_equal(vsk_lab_poll(&w->lab, 0, &pair, &side, &event), VSK_OK);
    assert_int_equal(event.kind, VSK_EVENT_PACKET);
    assert_int_not_equal(side, from);
    lied = !vsk_header_equal(&event.packet->header, &sent);
    world_free(w);
    return lied;
}

static void
both_sides_are_lied_to(void **state)
{
    uint32_t lies[2] = {0, 0};
    (void)state;

    for (uint64_t seed = 0; seed < 20; seed++) {
        lies[0] += is_lied_to(VSK_SIDE_DEVICE, seed);
        lies[1] += is_lied_to(VSK_SIDE_GUEST, seed);
    }
    assert_in_range(lies[0], 10, 20);
    assert_in_range(lies[1], 10, 20);
}

static void
packets_go_round(vsk_side from)
{
    struct world *w = world_new(1, 15, NULL);
    vsk_conn *conn;

    w->hostile = true;
    world_start(w);
    run(w, POLLS_MAX);
    w->lab.faults.reorder = 1000;
    if (from == VSK_SIDE_GUEST)
        connect_app(w, 0, 0);
    else
        assert_int_equal(vsk_device_connect(&w->machines[0]->device, 0,
                                            DEVICE_PORT, GUEST_PORT,
                                            VSK_TYPE_STREAM, &conn),
                         VSK_OK);
    vsk_lab_wake(&w->lab, 0, from);
    for (uint32_t i = 0; i < 3; i++)
        assert_true(step(w, UINT64_MAX));
    assert_int_not_equal(w->kinds[VSK_EVENT_MORE], 0);
    assert_int_equal(w->kinds[VSK_EVENT_REQUEST], 0);

    /* What was sent later and later arrives when the fault is over. */
    w->lab.faults.reorder = 0;
    for (uint32_t i = 0; i < 100; i++)
        (void)step(w, 0);
    assert_int_equal(w->kinds[VSK_EVENT_REQUEST], 1);
    world_free(w);
}

static void
polls_come_back_when_packets_go_round_forever(void **state)
{
    (void)state;
    rig_lawless("a packet is seen each time that it goes round");

    packets_go_round(VSK_SIDE_GUEST);
    packets_go_round(VSK_SIDE_DEVICE);
}

static void
a_packet_that_was_flipped_was_read_before(void **state)
{
    struct world *w = world_new(1, 16, NULL);
    (void)state;

    w->hostile = true;
    w->lab.faults.flip = 1000;
    world_start(w);
    w->apps[0][VSK_SIDE_GUEST][0].total = 300000;
    connect_app(w, 0, 0);
    run(w, 2000);

    /* Payload is wrong; headers were copied, and nobody breaks a rule. */
    assert_int_equal(w->kinds[VSK_EVENT_ERROR], 0);
    assert_int_not_equal(w->kinds[VSK_EVENT_CLOSE], 0);
    assert_int_equal(w->kinds[VSK_EVENT_PACKET], 0);
    world_free(w);
}

static void
the_driver_is_notified_after_a_batch(void **state)
{
    vsk_guest_policy policy = vsk_guest_policy_default();
    struct world *w;
    (void)state;

    policy.endpoint.payload_max = 50;
    w = world_new(1, 21, &policy);
    world_start(w);
    w->apps[0][VSK_SIDE_GUEST][0].total = 12000;
    connect_app(w, 0, 0);
    run(w, POLLS_MAX);

    assert_all_arrived(w, 1);
    assert_in_range(w->given, VSK_DEVICE_BATCH / 2, VSK_DEVICE_BATCH);
    world_free(w);
}

static void
packets_are_shown_when_they_are_wanted(void **state)
{
    struct world *w = world_new(1, 17, NULL);
    (void)state;

    world_start(w);
    w->lab.show_packets = true;
    connect_app(w, 0, 0);
    run(w, POLLS_MAX);
    assert_true(w->kinds[VSK_EVENT_PACKET] >= 6);
    assert_settled(w);
    world_free(w);
}

static void
numbers_are_drawn_from_their_range(void **state)
{
    vsk_lab lab;
    bool seen[10] = {false};
    (void)state;

    vsk_lab_init(&lab, NULL, 0, 0);
    for (uint32_t i = 0; i < 1000; i++)
        seen[vsk_lab_random(&lab, 10)] = true;
    for (uint32_t i = 0; i < 10; i++)
        assert_true(seen[i]);
    lab.random = 5;
    assert_int_equal(vsk_lab_random(&lab, 1), 0);
    assert_int_equal(lab.random, 5);
    /* The reference's first number from state 0: the sequence is kept. */
    lab.random = 0;
    assert_true(vsk_lab_random(&lab, UINT64_MAX) == 0xe220a8397b1dcdafu);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_driver_initialises_its_device_in_the_order_of_the_specification),
        cmocka_unit_test(
            a_driver_that_fails_sets_failed_and_writes_nothing_more),
        cmocka_unit_test(a_driver_gives_up_where_features_ok_does_not_stay),
        cmocka_unit_test(a_driver_takes_what_it_knows_of_any_offer),
        cmocka_unit_test(a_guest_goes_without_any_feature_but_version_1),
        cmocka_unit_test(a_device_is_reset_before_its_buffers_are_taken_back),
        cmocka_unit_test(two_mebibytes_are_echoed_with_every_preset),
        cmocka_unit_test(two_mebibytes_are_echoed_at_every_buffer_size),
        cmocka_unit_test(two_mebibytes_cross_each_way_at_every_reader_speed),
        cmocka_unit_test(messages_keep_their_boundaries_both_ways),
        cmocka_unit_test(each_half_closes_by_itself),
        cmocka_unit_test(a_refused_guest_learns_it_at_once),
        cmocka_unit_test(a_device_connects_to_its_guest),
        cmocka_unit_test(connect_times_out_after_two_seconds),
        cmocka_unit_test(a_guest_waits_for_no_device_that_needs_reset),
        cmocka_unit_test(close_times_out_after_eight_seconds),
        cmocka_unit_test(a_reset_transport_gives_the_guest_another_cid),
        cmocka_unit_test(a_driver_resets_its_device_and_begins_again),
        cmocka_unit_test(
            a_driver_resets_one_queue_and_goes_on_with_another_size),
        cmocka_unit_test(a_queue_is_not_reset_while_packets_are_on_their_way),
        cmocka_unit_test(a_reset_of_one_queue_must_be_negotiated_and_fit),
        cmocka_unit_test(
            a_queue_that_is_reset_is_left_alone_until_it_is_enabled),
        cmocka_unit_test(what_a_device_has_in_hand_is_void_with_its_queue),
        cmocka_unit_test(a_packet_in_hand_keeps_its_queue),
        cmocka_unit_test(what_a_device_has_not_shown_yet_keeps_its_queue),
        cmocka_unit_test(a_new_event_queue_lets_the_device_go_on),
        cmocka_unit_test(kicks_carry_where_the_next_chain_will_be),
        cmocka_unit_test(a_seed_decides_everything),
        cmocka_unit_test(seeds_choose_who_goes_first),
        cmocka_unit_test(those_who_are_awake_take_turns),
        cmocka_unit_test(the_clock_never_goes_back),
        cmocka_unit_test(pairs_do_not_touch_each_other),
        cmocka_unit_test(nothing_is_lost_under_benign_faults),
        cmocka_unit_test(nothing_is_lost_with_any_honest_guest),
        cmocka_unit_test(a_starved_guest_gets_its_buffers_back),
        cmocka_unit_test(held_entries_are_shown_when_hold_is_switched_off),
        cmocka_unit_test(a_lost_kick_is_followed_by_another_a_second_later),
        cmocka_unit_test(a_buffer_that_changes_its_size_is_told),
        cmocka_unit_test(the_earliest_kick_on_its_way_counts),
        cmocka_unit_test(a_notification_is_late_by_the_delay_at_most),
        cmocka_unit_test(nothing_breaks_under_malign_faults),
        cmocka_unit_test(resets_at_any_moment_leave_nothing_behind),
        cmocka_unit_test(each_malign_fault_says_its_name),
        cmocka_unit_test(both_sides_are_lied_to),
        cmocka_unit_test(polls_come_back_when_packets_go_round_forever),
        cmocka_unit_test(a_packet_that_was_flipped_was_read_before),
        cmocka_unit_test(the_driver_is_notified_after_a_batch),
        cmocka_unit_test(packets_are_shown_when_they_are_wanted),
        cmocka_unit_test(numbers_are_drawn_from_their_range),
    };

    return rig_run("lab", tests);
}
