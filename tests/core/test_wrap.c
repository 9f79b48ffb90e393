/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Counters that wrap: a connection whose accounts were set close to 2^32, on
 * both sides alike, as if 4 GiB had passed, and traffic across the edge. What
 * passes before is not moved here: it would be the same code once more. */
#include "tables_rig.h"
#include "trace_rig.h"

#include "vsk/lab.h"

#define CONNS 2u
#define RING 64u
#define RECORDS 256u
#define SPANS 128u
#define RAM 0x200000u
#define PORT 1234u
#define TOTAL 300000u  /* bytes each way */
#define NEAR 250000u   /* the edge is in them */
#define POLLS 4000000u /* of a run, at most */
#define PRIME 65521u
#define STEP 60000u /* bytes given to a send at most */

/* One end: what it has sent and got. */
struct end {
    vsk_endpoint *endpoint;
    uint64_t handle;
    uint32_t start; /* its tx_cnt, when traffic begins */
    uint32_t sent;
    uint32_t got;
    uint32_t unread;
    uint32_t message; /* SEQPACKET: where the message being sent began */
    uint32_t heard;   /* and the one being received */
    bool slow;
};

struct world {
    vsk_region region;
    vsk_memory memory;
    vsk_range ranges[512];
    vsk_pool pool;
    vsk_device device;
    vsk_guest guest;
    vsk_device_tables device_tables;
    vsk_guest_tables guest_tables;
    vsk_lab lab;
    vsk_lab_pair pair;
    struct end ends[2];
    uint8_t pattern[2 * PRIME];
    uint32_t errors;
    struct rig_trace trace;
};

static void
make_device(struct world *w, uint32_t buf_alloc)
{
    vsk_device_config config = {
        .policy = vsk_policy_default(),
        .features = vsk_guest_policy_default().features,
        .guest_cid = 3,
        .local_cid = VSK_CID_HOST,
    };

    config.policy.buf_alloc = buf_alloc;
    w->device_tables = tables_of_device(CONNS, RING, SPANS);
    assert_int_equal(vsk_device_init(&w->device, &config, &w->device_tables),
                     VSK_OK);
}

static void
make_guest(struct world *w, uint32_t buf_alloc)
{
    vsk_guest_policy policy = vsk_guest_policy_default();

    policy.queue_size = RING;
    policy.endpoint.buf_alloc = buf_alloc;
    w->guest_tables = tables_of_guest(CONNS, RING, SPANS, RECORDS);
    assert_int_equal(vsk_guest_init(&w->guest, &policy, &w->guest_tables, 2),
                     VSK_OK);
}

static struct world *
world_new(rig_random *random)
{
    struct world *w = calloc(1, sizeof *w);

    assert_non_null(w);
    w->region = (vsk_region){0, RAM, malloc(RAM)};
    assert_non_null(w->region.base);
    assert_int_equal(vsk_memory_init(&w->memory, &w->region, 1), VSK_OK);
    assert_int_equal(vsk_pool_init(&w->pool, &w->memory, w->ranges, 512),
                     VSK_OK);
    make_device(w, 8192u << rig_draw(random, 6));
    make_guest(w, 8192u << rig_draw(random, 6));
    for (uint32_t i = 0; i < PRIME; i++)
        w->pattern[i] = w->pattern[PRIME + i] = (uint8_t)rig_draw(random, 256);
    w->pair.device = &w->device;
    w->pair.guest = &w->guest;
    vsk_lab_init(&w->lab, &w->pair, 1, rig_draw(random, UINT32_MAX));
    w->lab.tap = rig_trace_tap(&w->trace);
    assert_int_equal(vsk_lab_start(&w->lab, 0, &w->memory, &w->pool), VSK_OK);
    w->ends[VSK_SIDE_DEVICE].endpoint = &w->device.endpoint;
    w->ends[VSK_SIDE_GUEST].endpoint = &w->guest.endpoint;
    return w;
}

static void
world_free(struct world *w)
{
    rig_trace_end(&w->trace);
    tables_free_device(&w->device_tables);
    tables_free_guest(&w->guest_tables);
    free(w->region.base);
    free(w);
}

static vsk_conn *
conn_of(const struct end *end)
{
    return vsk_table_by_handle(&end->endpoint->table, end->handle);
}

/* Messages of many lengths, none above the smallest buffer. */
static uint32_t
message_at(uint32_t offset)
{
    uint32_t size = 1 + offset * 7919u % 8000u;

    return size < TOTAL - offset ? size : TOTAL - offset;
}

static void
send_some(struct world *w, uint32_t side)
{
    struct end *end = &w->ends[side];
    vsk_conn *conn = conn_of(end);
    vsk_status status = VSK_OK;

    while (status == VSK_OK && end->sent < TOTAL) {
        bool message = conn->type == VSK_TYPE_SEQPACKET;
        uint32_t left =
            message ? end->message + message_at(end->message) : TOTAL;
        uint32_t size = left - end->sent < STEP ? left - end->sent : STEP;
        vsk_span span = {.base = w->pattern + (end->sent + side) % PRIME,
                         .len = size};
        vsk_outgoing outgoing = {&span, 1, message ? VSK_SEQ_EOM : 0};
        uint64_t sent;

        status =
            side == VSK_SIDE_DEVICE
                ? vsk_device_send(&w->device, w->lab.now, conn, &outgoing,
                                  &sent)
                : vsk_guest_send(&w->guest, w->lab.now, conn, &outgoing, &sent);
        assert_in_range(status, VSK_OK, VSK_NONE);
        end->sent += (uint32_t)sent;
        if (status == VSK_OK)
            end->message = end->sent;
        vsk_lab_wake(&w->lab, 0, (vsk_side)side);
    }
}

static void
forward(struct world *w, uint32_t side, uint32_t bytes)
{
    struct end *end = &w->ends[side];

    assert_int_equal(
        vsk_endpoint_forwarded(end->endpoint, w->lab.now, conn_of(end), bytes),
        VSK_OK);
    end->unread -= bytes;
    vsk_lab_wake(&w->lab, 0, (vsk_side)side);
}

static void
take(struct world *w, uint32_t side, const vsk_packet *packet)
{
    struct end *end = &w->ends[side];
    static uint8_t bytes[VSK_PAYLOAD_MAX];
    uint32_t len = vsk_packet_read(packet, 0, bytes, sizeof bytes);

    assert_in_range(len, 0, TOTAL - end->got);
    assert_memory_equal(bytes, w->pattern + (end->got + !side) % PRIME,
                        len < PRIME ? len : PRIME);
    end->got += len;
    end->unread += len;
    if (packet->header.type == VSK_TYPE_SEQPACKET) {
        bool whole = end->got == end->heard + message_at(end->heard);

        assert_int_equal((packet->header.flags & VSK_SEQ_EOM) != 0, whole);
        if (whole)
            end->heard = end->got;
    }
    if (!end->slow)
        forward(w, side, end->unread);
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
    w->errors += event.kind == VSK_EVENT_ERROR;
    if (event.kind == VSK_EVENT_REQUEST) {
        w->ends[side].handle = event.handle;
        assert_int_equal(vsk_endpoint_call(w->ends[side].endpoint, w->lab.now,
                                           event.conn, VSK_CALL_ACCEPT, 0),
                         VSK_OK);
        vsk_lab_wake(&w->lab, 0, side);
    }
    if (event.kind == VSK_EVENT_DATA)
        take(w, side, event.packet);
    if (event.kind == VSK_EVENT_WRITABLE)
        send_some(w, side);
    return true;
}

static void
connect(struct world *w, uint16_t type)
{
    vsk_conn *conn;

    assert_int_equal(
        vsk_guest_connect(&w->guest, 0, PORT, VSK_CID_HOST, PORT, type, &conn),
        VSK_OK);
    w->ends[VSK_SIDE_GUEST].handle =
        vsk_table_handle(&w->guest.endpoint.table, conn);
    vsk_lab_wake(&w->lab, 0, VSK_SIDE_GUEST);
    while (step(w, UINT64_MAX))
        ;
    assert_int_equal(conn->state, VSK_STATE_ESTABLISHED);
}

/* As if so many bytes had gone from one end to the other, and been taken. */
static void
shift(struct world *w, uint32_t side, uint32_t bytes)
{
    vsk_credit *from = &conn_of(&w->ends[side])->credit;
    vsk_credit *to = &conn_of(&w->ends[!side])->credit;

    assert_int_equal(from->tx_cnt, 0);
    from->tx_cnt += bytes;
    from->peer_fwd_cnt += bytes;
    from->mark += bytes;
    to->rx_cnt += bytes;
    to->fwd_cnt += bytes;
    to->told_fwd_cnt += bytes;
    to->edge += bytes;
    w->ends[side].start = bytes;
}

/* Until all has arrived; slow readers take some now and then. */
static void
run(struct world *w, rig_random *random)
{
    for (uint32_t i = 0; i < POLLS; i++) {
        bool more = step(w, w->lab.now + VSK_MILLISECOND);

        for (uint32_t side = 0; side < 2; side++) {
            uint32_t unread = w->ends[side].unread;

            if (unread != 0 && (!more || rig_draw(random, 8) == 0))
                forward(w, side, 1 + rig_draw(random, unread));
        }
        if (w->ends[0].got == TOTAL && w->ends[1].got == TOTAL &&
            w->ends[0].unread == 0 && w->ends[1].unread == 0)
            return;
    }
    fail_msg("it never ends: %u and %u bytes came", w->ends[0].got,
             w->ends[1].got);
}

static vsk_faults
any_faults(rig_random *random)
{
    return (vsk_faults){
        .delay = rig_draw(random, 2) * (uint64_t)rig_draw(random, 100000),
        .hold = rig_draw(random, 2) * (uint64_t)rig_draw(random, 100000),
        .lose_kicks = rig_draw(random, 2) * rig_draw(random, 20),
        .starve = rig_draw(random, 2) * (1 + rig_draw(random, 4)),
        .shrink = rig_draw(random, 2) * rig_draw(random, 100),
    };
}

static void
across(uint16_t type)
{
    rig_random random = rig_seed();
    uint64_t rounds = rig_setting("VSK_ROUNDS", 4) * 3;

    for (uint64_t i = 0; i < rounds; i++) {
        struct world *w = world_new(&random);

        connect(w, type);
        /* What was shifted cannot be seen to have passed. */
        rig_trace_end(&w->trace);
        w->trace.middle = true;
        for (uint32_t side = 0; side < 2; side++) {
            /* Any byte may be the one on the edge; once, there are none. */
            shift(w, side, i == 0 ? 0u : 0u - rig_draw(&random, NEAR));
            w->ends[side].slow = rig_draw(&random, 2) == 0;
        }
        w->lab.faults = any_faults(&random);
        for (uint32_t side = 0; side < 2; side++)
            send_some(w, side);
        run(w, &random);

        assert_int_equal(w->errors, 0);
        for (uint32_t side = 0; side < 2; side++) {
            const vsk_credit *from = &conn_of(&w->ends[side])->credit;
            const vsk_credit *to = &conn_of(&w->ends[!side])->credit;

            assert_int_equal(from->tx_cnt, w->ends[side].start + TOTAL);
            assert_int_equal(to->rx_cnt, from->tx_cnt);
            assert_int_equal(to->fwd_cnt, from->tx_cnt);
            assert_in_range(from->tx_cnt, 1, TOTAL);
        }
        world_free(w);
    }
}

static void
a_stream_passes_the_edge_of_its_counters(void **state)
{
    (void)state;

    /* VSOCK-BOTH-18 */
    across(VSK_TYPE_STREAM);
}

static void
messages_pass_the_edge_of_their_counters(void **state)
{
    (void)state;

    across(VSK_TYPE_SEQPACKET);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_passes_the_edge_of_its_counters),
        cmocka_unit_test(messages_pass_the_edge_of_their_counters),
    };

    return rig_run("wrap", tests);
}
