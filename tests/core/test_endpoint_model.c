/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "endpoint_rig.h"

/* An endpoint under random packets, calls and time. What must hold at any time
 * is looked at after every step; what its user sees - handles, ends, packets -
 * is kept beside it. */
#define STEPS 100000u
#define PORTS 6u      /* more flows than slots */
#define SILENCE 9999u /* instead of an op */
#define MOST 1000u    /* of anything that must come to an end */

static struct model {
    struct end *end;
    rig_random random;
    uint32_t newest[CONNS];   /* generation that was told of last */
    uint32_t reset[CONNS];    /* generation that a RST was sent for */
    uint32_t answered[CONNS]; /* generation that a RESPONSE was sent for */
    bool alive[CONNS];        /* told of, and its end not yet */
    uint64_t ends[VSK_REASON_TRANSPORT + 1];
    uint64_t replies[VSK_OP_CREDIT_REQUEST + 1];
} model;

static uint32_t
draw(uint32_t below)
{
    return rig_draw(&model.random, below);
}

static vsk_conn *
any_conn(void)
{
    return vsk_table_at(&model.end->endpoint.table, draw(CONNS));
}

/* ---- what must hold ---- */

static uint32_t
line_length(vsk_line_name line)
{
    const vsk_links *links = &model.end->endpoint.links;
    uint32_t length = 0;

    for (uint32_t slot = vsk_links_first(links, line); slot != VSK_TABLE_NONE;
         slot = links->links[slot].next[line]) {
        assert_true(slot < CONNS);
        assert_true((links->links[slot].marks & 1u << line) != 0);
        assert_true(++length <= CONNS);
        if (links->links[slot].next[line] == VSK_TABLE_NONE)
            assert_int_equal(links->lines[line].last, slot);
    }
    return length;
}

static void
check_lines(void)
{
    for (uint32_t line = 0; line < VSK_LINES; line++) {
        uint32_t marked = 0;

        for (uint32_t slot = 0; slot < CONNS; slot++)
            marked += model.end->links[slot].marks >> line & 1;
        assert_int_equal(line_length(line), marked);
    }
}

static void
check_free(uint32_t slot)
{
    const vsk_link *link = &model.end->links[slot];

    assert_int_equal(link->tells, 0);
    assert_int_equal(link->owes, 0);
    assert_int_equal(link->marks >> VSK_LINES, 0);
    assert_false(vsk_timers_pending(&model.end->endpoint.timers, slot));
}

/* Whoever waits for something is in the line for it. */
static void
check_link(const vsk_link *link)
{
    uint32_t lines = link->marks & ((1u << VSK_LINES) - 1);

    assert_true(link->tells == 0 || (lines & 1u << VSK_LINE_TOLD) != 0);
    assert_true(link->owes == 0 || (lines & 1u << VSK_LINE_OWING) != 0);
    assert_true((link->marks & VSK_MARK_WANTS) == 0 ||
                (lines & 1u << VSK_LINE_WANTED) != 0);
    assert_true((link->marks & VSK_MARK_UNPAID) == 0 ||
                (lines & 1u << VSK_LINE_UNPAID) != 0);
}

static void
check_conn(uint32_t slot, const vsk_conn *conn)
{
    const vsk_link *link = &model.end->links[slot];
    bool starved = (link->marks & VSK_MARK_STARVED) != 0;
    bool timer = vsk_timers_pending(&model.end->endpoint.timers, slot);

    check_link(link);
    switch ((vsk_state)conn->state) {
    case VSK_STATE_CLOSED:
        assert_true(link->tells != 0 || link->owes != 0 ||
                    model.end->endpoint.current == slot);
        assert_int_equal(link->owes & ~VSK_OWES_RST, 0);
        assert_false(timer);
        break;
    case VSK_STATE_CONNECTING:
    case VSK_STATE_DRAINING:
        assert_true(timer);
        break;
    case VSK_STATE_REQUESTED:
        assert_false(timer);
        assert_int_equal(link->owes, 0);
        break;
    case VSK_STATE_ESTABLISHED:
        assert_true(starved || !timer);
        assert_true(!starved || vsk_conn_may_send(conn));
        break;
    case VSK_STATE_CLOSING:
        assert_true(timer || (link->owes & VSK_OWES_SHUTDOWN) != 0);
        break;
    }
}

static void
check(void)
{
    const vsk_endpoint *endpoint = &model.end->endpoint;
    uint32_t count = 0, timers = 0;

    check_lines();
    for (uint32_t slot = 0; slot < CONNS; slot++) {
        const vsk_conn *conn = vsk_table_at(&endpoint->table, slot);

        timers += vsk_timers_pending(&endpoint->timers, slot);
        if (conn == NULL) {
            check_free(slot);
            continue;
        }
        count++;
        assert_ptr_equal(vsk_table_find(&endpoint->table, &conn->flow), conn);
        check_conn(slot, conn);
    }
    assert_int_equal(endpoint->table.count, count);
    assert_int_equal(endpoint->timers.count, timers);
    assert_true(endpoint->orphan_count <= ORPHANS);
}

/* ---- what its user sees ---- */

/* A handle that is told of is a new one. */
static void
born(uint64_t handle)
{
    uint32_t slot = (uint32_t)handle, generation = (uint32_t)(handle >> 32);

    assert_true(slot < CONNS);
    assert_true(generation > model.newest[slot]);
    assert_false(model.alive[slot]);
    model.newest[slot] = generation;
    model.alive[slot] = true;
}

/* Every handle ends once. */
static void
died(const vsk_event *event)
{
    uint32_t slot = (uint32_t)event->handle;

    assert_true(slot < CONNS);
    assert_int_equal(event->handle >> 32, model.newest[slot]);
    assert_true(model.alive[slot]);
    assert_int_equal(event->conn->state, VSK_STATE_CLOSED);
    assert_int_not_equal(event->conn->reason, VSK_REASON_NONE);
    assert_true(event->conn->reason <= VSK_REASON_TRANSPORT);
    model.alive[slot] = false;
    model.ends[event->conn->reason]++;
}

static void step_reply(void);

static void
see_events(void)
{
    vsk_event event;

    for (uint32_t i = 0;
         vsk_endpoint_event(&model.end->endpoint, &event) == VSK_OK; i++) {
        assert_true(i < MOST);
        if (event.kind == VSK_EVENT_REQUEST)
            born(event.handle);
        else if (event.kind == VSK_EVENT_CLOSE)
            died(&event);
        else if (event.kind == VSK_EVENT_CONNECT || event.kind == VSK_EVENT_EOF)
            assert_true(model.alive[(uint32_t)event.handle]);
        else
            assert_true(event.kind == VSK_EVENT_ERROR ||
                        event.kind == VSK_EVENT_RESET);
        if (draw(4) == 0)
            step_reply();
        check();
    }
}

/* A packet without payload belongs to a connection whose state allows it. */
static void
see_reply(const vsk_header *header)
{
    const vsk_flow flow = {(uint32_t)header->src_cid, header->src_port,
                           (uint32_t)header->dst_cid, header->dst_port};
    const vsk_table *table = &model.end->endpoint.table;
    const vsk_conn *conn = vsk_table_find(table, &flow);
    uint32_t slot, generation;

    assert_non_null(conn);
    slot = vsk_table_slot(table, conn);
    generation = model.end->slots[slot].generation;
    model.replies[header->op]++;
    if (header->op == VSK_OP_RST) {
        assert_int_equal(conn->state, VSK_STATE_CLOSED);
        assert_int_not_equal(model.reset[slot], generation);
        model.reset[slot] = generation;
    } else if (header->op == VSK_OP_RESPONSE) {
        assert_int_not_equal(model.answered[slot], generation);
        model.answered[slot] = generation;
    } else if (header->op == VSK_OP_REQUEST) {
        assert_int_equal(conn->state, VSK_STATE_CONNECTING);
    } else if (header->op == VSK_OP_SHUTDOWN) {
        assert_true(conn->state >= VSK_STATE_ESTABLISHED);
        assert_int_equal(header->flags, conn->shut_sent);
    } else {
        assert_int_equal(conn->state, VSK_STATE_ESTABLISHED);
    }
}

/* ---- steps ---- */

static void
step_reply(void)
{
    vsk_header header;

    if (vsk_endpoint_reply(&model.end->endpoint, &header) != VSK_OK)
        return;
    assert_true(vsk_endpoint_waits(&model.end->endpoint));
    if (model.end->endpoint.orphan_count != 0)
        assert_int_equal(header.op, VSK_OP_RST);
    else
        see_reply(&header);
    vsk_endpoint_replied(&model.end->endpoint, model.end->now);
}

/* An op that an honest peer may send now; SILENCE: none. */
static uint16_t
draw_op(const vsk_conn *conn)
{
    static const uint16_t often[] = {VSK_OP_RW,
                                     VSK_OP_RW,
                                     VSK_OP_RW,
                                     VSK_OP_CREDIT_UPDATE,
                                     VSK_OP_CREDIT_UPDATE,
                                     VSK_OP_CREDIT_REQUEST,
                                     VSK_OP_SHUTDOWN};

    if (conn == NULL || conn->state == VSK_STATE_CLOSED)
        return VSK_OP_REQUEST;
    if (conn->state == VSK_STATE_CONNECTING)
        return draw(4) == 0 ? VSK_OP_RST : VSK_OP_RESPONSE;
    if (conn->state == VSK_STATE_REQUESTED && draw(4) != 0)
        return SILENCE;
    if (conn->state == VSK_STATE_REQUESTED)
        return draw(4) != 0 ? VSK_OP_REQUEST : VSK_OP_RST;
    if ((conn->shut_received & VSK_SHUTDOWN_SEND) != 0)
        return draw(8) == 0 ? VSK_OP_RST : VSK_OP_CREDIT_UPDATE;
    return often[draw(7)];
}

static void
draw_honest(vsk_header *header, const vsk_conn *conn)
{
    header->op = draw_op(conn);
    header->buf_alloc = draw(3) == 0 ? draw(2000) : PEER_BUFFER;
    header->flags =
        header->op == VSK_OP_SHUTDOWN && draw(4) == 0 ? 1 + draw(3) : 0;
    if (conn == NULL || header->op == VSK_OP_REQUEST)
        return;
    header->type = conn->type;
    header->fwd_cnt = conn->credit.peer_fwd_cnt +
                      draw(conn->credit.tx_cnt - conn->credit.peer_fwd_cnt + 1);
    if (header->op == VSK_OP_RW)
        header->len = draw(conn->credit.edge - conn->credit.rx_cnt + 1);
}

static void
draw_wrong(vsk_header *header)
{
    switch (draw(8)) {
    case 0:
        header->op = (uint16_t)draw(9);
        break;
    case 1:
        header->type = (uint16_t)draw(4);
        break;
    case 2:
        header->flags = draw(5);
        break;
    case 3:
        header->len = draw(2 * BUFFER);
        break;
    case 4:
        header->fwd_cnt = draw(UINT32_MAX);
        break;
    case 5:
        header->src_cid = draw(2) == 0 ? 7 : UINT64_C(1) << 32 | GUEST;
        break;
    case 6:
        header->dst_cid = 9;
        break;
    default:
        header->op = VSK_OP_RST;
        break;
    }
}

static vsk_header
draw_packet(void)
{
    const vsk_table *table = &model.end->endpoint.table;
    const vsk_conn *conn = any_conn();
    vsk_header header = packet_from(draw(PORTS), VSK_OP_INVALID);
    vsk_flow flow = {HOST, PORT, GUEST, header.src_port};

    if (conn != NULL && draw(2) == 0)
        flow = conn->flow;
    header.dst_port = flow.local_port;
    header.src_port = flow.peer_port;
    header.type = (uint16_t)(1 + draw(2));
    draw_honest(&header, vsk_table_find(table, &flow));
    if (draw(8) == 0)
        draw_wrong(&header);
    return header;
}

static void
step_packet(void)
{
    struct end *end = model.end;
    vsk_header header = draw_packet();
    vsk_conn *data = NULL;
    uint64_t errors = end->endpoint.counters.errors;
    vsk_status status;

    if (!vsk_endpoint_ready(&end->endpoint) || header.op == SILENCE)
        return;
    status = vsk_endpoint_packet(&end->endpoint, end->now, &header, &data);
    assert_int_equal(end->endpoint.counters.errors - errors, status < 0);
    if (data != NULL) {
        assert_int_equal(data->state, VSK_STATE_ESTABLISHED);
        assert_int_equal(header.op, VSK_OP_RW);
        assert_true(vsk_credit_held(&data->credit) >= header.len);
    }
    check();
    see_events();
}

static void
step_call(void)
{
    static const vsk_call calls[] = {
        VSK_CALL_ACCEPT,   VSK_CALL_ACCEPT, VSK_CALL_ACCEPT, VSK_CALL_ACCEPT,
        VSK_CALL_SHUTDOWN, VSK_CALL_CLOSE,  VSK_CALL_RESET};
    vsk_conn *conn = any_conn();

    if (conn != NULL)
        (void)vsk_endpoint_call(&model.end->endpoint, model.end->now, conn,
                                calls[draw(7)], draw(4));
}

static void
step_forward(void)
{
    vsk_conn *conn = any_conn();
    uint32_t held, len;

    if (conn == NULL)
        return;
    held = vsk_credit_held(&conn->credit);
    len = draw(3) == 0 ? held : draw(held + 2);
    assert_int_equal(
        vsk_endpoint_forwarded(&model.end->endpoint, model.end->now, conn, len),
        len <= held ? VSK_OK : VSK_ERR_FORWARDED);
}

static void
step_send(void)
{
    struct end *end = model.end;
    vsk_conn *conn = any_conn();
    vsk_header header;
    uint32_t room = 3000 - draw(3001), left = draw(2 * PEER_BUFFER);
    uint32_t credit;
    vsk_status status;

    if (conn == NULL)
        return;
    left = draw(8) == 0 ? 0 : left;
    credit = vsk_credit_available(&conn->credit);
    status = vsk_endpoint_plan(&end->endpoint, end->now, conn, left, room,
                               draw(4), &header);
    assert_true(vsk_conn_may_send(conn) || status == VSK_ERR_STATE);
    if (status != VSK_OK)
        return;
    assert_true(header.len <= credit && header.len <= room);
    assert_true(header.len <= left && (header.len != 0 || left == 0));
    assert_true(header.len == left || header.flags == 0);
    assert_int_equal(
        end->links[vsk_table_slot(&end->endpoint.table, conn)].owes &
            VSK_OWES_RESPONSE,
        0);
    vsk_endpoint_sent(&end->endpoint, conn, &header);
}

static void
step_writable(void)
{
    vsk_event event;

    if (vsk_endpoint_writable(&model.end->endpoint, &event) != VSK_OK)
        return;
    assert_int_equal(event.kind, VSK_EVENT_WRITABLE);
    assert_int_not_equal(event.conn->state, VSK_STATE_CLOSED);
    assert_true(model.alive[(uint32_t)event.handle]);
}

static void
step_time(void)
{
    struct end *end = model.end;
    uint32_t i = 0;

    end->now += draw(10) == 0 ? draw(1000) * (VSK_SECOND / 100)
                              : draw(1000) * VSK_MILLISECOND / 10;
    while (vsk_endpoint_expire(&end->endpoint, end->now) == VSK_OK)
        assert_true(++i < MOST);
    check();
    see_events();
}

static void
step_connect(void)
{
    const vsk_flow flow = {HOST, draw(2) == 0 ? PORT : VSK_PORT_ANY, GUEST,
                           draw(PORTS)};
    vsk_endpoint *endpoint = &model.end->endpoint;
    vsk_conn *conn;

    if (vsk_endpoint_connect(endpoint, model.end->now, &flow, (uint16_t)draw(4),
                             &conn) != VSK_OK)
        return;
    born(vsk_table_handle(&endpoint->table, conn));
}

static void
step_policy(void)
{
    vsk_policy *policy = &model.end->endpoint.policy;

    policy->meter = draw(2) == 0;
    policy->ask = draw(2) == 0;
    policy->answer = draw(2) == 0;
    policy->update_idle = draw(2) == 0;
    policy->update_at = draw(2) == 0 ? draw(2000) : 0;
    policy->payload_max = 1 + draw(2000);
    model.end->endpoint.seqpacket = draw(4) != 0;
}

static void
step_rare(void)
{
    vsk_endpoint *endpoint = &model.end->endpoint;
    vsk_conn *conn = any_conn();

    switch (draw(20)) {
    case 0:
        vsk_endpoint_abandon(endpoint);
        see_events();
        assert_int_equal(endpoint->table.count, 0);
        break;
    case 1:
        vsk_endpoint_fault(endpoint, VSK_BAD_LOOP);
        see_events();
        break;
    case 2:
        step_policy();
        break;
    default:
        if (conn != NULL)
            vsk_endpoint_resize(endpoint, conn, draw(2 * BUFFER));
        break;
    }
}

static void
step_any(void)
{
    vsk_conn *conn;

    switch (draw(14)) {
    case 0:
    case 1:
    case 2:
    case 3:
        step_packet();
        break;
    case 4:
        step_call();
        break;
    case 5:
    case 6:
        step_forward();
        break;
    case 7:
    case 8:
        step_send();
        break;
    case 9:
        step_writable();
        break;
    case 10:
        step_time();
        break;
    case 11:
        conn = any_conn();
        if (conn != NULL && draw(2) == 0)
            vsk_endpoint_wait(&model.end->endpoint, conn);
        vsk_endpoint_settle(&model.end->endpoint);
        break;
    case 12:
        if (draw(4) == 0)
            step_connect();
        else
            step_reply();
        break;
    default:
        step_rare();
        break;
    }
}

/* With nothing coming in, everything comes to an end by itself. */
static void
come_to_an_end(void)
{
    vsk_endpoint *endpoint = &model.end->endpoint;
    vsk_event event;
    vsk_header header;
    uint32_t i = 0;

    see_events();
    while (vsk_endpoint_reply(endpoint, &header) == VSK_OK) {
        step_reply();
        assert_true(++i < MOST);
    }
    while (vsk_endpoint_writable(endpoint, &event) == VSK_OK)
        assert_true(++i < MOST);
    assert_false(vsk_endpoint_waits(endpoint));
    check();
}

static void
random_packets_calls_and_time_break_nothing(void **state)
{
    (void)state;
    memset(&model, 0, sizeof model);
    model.end = end_new();
    model.random = rig_seed();

    for (uint32_t i = 0; i < STEPS; i++) {
        step_any();
        check();
        if (i % 1000 == 0)
            come_to_an_end();
        /* All events are asked for before a packet is taken. */
        see_events();
    }

    come_to_an_end();
    /* The way there was not a short one. */
    for (uint32_t reason = VSK_REASON_CLOSED; reason <= VSK_REASON_TRANSPORT;
         reason++)
        assert_true(model.ends[reason] > 0);
    for (uint32_t op = VSK_OP_REQUEST; op <= VSK_OP_CREDIT_REQUEST; op++)
        assert_true(op == VSK_OP_RW || model.replies[op] > 0);
    assert_true(model.end->endpoint.counters.tx_bytes > 100000);
    assert_true(model.end->endpoint.counters.rx_bytes > 100000);
    free(model.end);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(random_packets_calls_and_time_break_nothing),
    };

    return cmocka_run_group_tests_name("endpoint_model", cases, NULL, NULL);
}
