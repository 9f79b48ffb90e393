/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "device_rig.h"

static void
see(void *user, const vsk_seen *seen)
{
    struct bench *bench = user;

    bench->seen[seen->kind]++;
    rig_trace_see(&bench->trace, seen);
    if (bench->hook != NULL)
        bench->hook(bench, seen);
}

static void
make_memory(struct bench *bench)
{
    const uint64_t places[3][2] = {{RINGS, RING_BYTES},
                                   {DATA, DATA_BYTES},
                                   {DATA + DATA_BYTES, DATA_BYTES}};

    for (uint32_t i = 0; i < 3; i++) {
        uint8_t *base = rig_zeroed(places[i][1], 1);

        memset(base, RIG_FILL, places[i][1]);
        bench->regions[i] = (vsk_region){places[i][0], places[i][1], base};
    }
    /* No byte of it is ever touched. */
    bench->regions[3] =
        (vsk_region){HUGE_AT, HUGE_BYTES, bench->regions[0].base};
    assert_int_equal(vsk_memory_init(&bench->memory, bench->regions, 4),
                     VSK_OK);
    assert_int_equal(
        vsk_pool_init(&bench->pool, &bench->memory, bench->ranges, 512),
        VSK_OK);
    assert_int_equal(vsk_pool_reserve(&bench->pool, RINGS, RING_BYTES), VSK_OK);
    assert_int_equal(vsk_pool_reserve(&bench->pool, TABLE, 0x1000), VSK_OK);
}

void
bench_make_tables(struct bench *bench, uint32_t flows, uint32_t orphans)
{
    bench->tables = tables_of_device(flows, orphans, 2 * bench->size);
}

struct bench *
bench_sized(uint32_t size, uint32_t orphans)
{
    struct bench *bench = rig_zeroed(1, sizeof *bench);

    bench->size = size;
    bench->buf_alloc = BUFFER;
    bench->trace.only = VSK_CID_HOST;
    make_memory(bench);
    bench_make_tables(bench, FLOWS, orphans);
    vsk_chain_init(&bench->chain, bench->spans, 128);
    bench->config = (vsk_device_config){
        .policy = vsk_policy_default(),
        .features = ALL,
        .guest_cid = GUEST,
        .local_cid = VSK_CID_HOST,
        .seed = 7,
    };
    assert_int_equal(
        vsk_device_init(&bench->device, &bench->config, &bench->tables),
        VSK_OK);
    vsk_device_set_memory(&bench->device, &bench->memory);
    bench->device.tap = (vsk_tap){see, bench};
    bench->scratch = rig_zeroed(size, sizeof(vsk_buffer));
    return bench;
}

void
bench_start(struct bench *bench, uint32_t queue, const vsk_ring_state *state)
{
    assert_int_equal(vsk_device_start_queue(&bench->device, queue,
                                            &bench->rings[queue], state),
                     VSK_OK);
}

static void
make_queue(struct bench *bench, uint32_t queue)
{
    vsk_ring *ring = &bench->rings[queue];
    vsk_buffers_tables tables;

    *ring = (vsk_ring){.size = bench->size,
                       .features = bench->device.setup.accepted & VSK_F_RING};
    vsk_ring_place(ring, RINGS + queue * RING_STEP);
    free(bench->slots[queue]);
    free(bench->records[queue]);
    bench->slots[queue] = rig_zeroed(bench->size, sizeof(vsk_ring_slot));
    bench->records[queue] = rig_zeroed(8 * bench->size, sizeof(vsk_record));
    assert_int_equal(vsk_queue_driver_init(&bench->drivers[queue],
                                           &bench->memory, ring,
                                           bench->slots[queue]),
                     VSK_OK);
    tables = (vsk_buffers_tables){bench->records[queue], 8 * bench->size,
                                  bench->scratch};
    vsk_buffers_init(&bench->buffers[queue], &bench->drivers[queue],
                     &bench->memory, &bench->pool, bench->size, &tables);
    bench_start(bench, queue, NULL);
}

void
bench_status(struct bench *bench, uint8_t bits)
{
    assert_int_equal(vsk_device_write_status(&bench->device, bench->now, bits),
                     VSK_OK);
}

void
bench_prepare(struct bench *bench, uint64_t accepted, uint32_t queues)
{
    bench_status(bench, A);
    bench_status(bench, A | D);
    assert_int_equal(vsk_device_accept(&bench->device, accepted), VSK_OK);
    bench_status(bench, A | D | F);
    for (uint32_t i = 0; i < queues; i++)
        make_queue(bench, i);
}

struct bench *
bench_with(uint64_t accepted)
{
    struct bench *bench = bench_sized(16, 16);

    bench_prepare(bench, accepted, VSK_QUEUES);
    bench_status(bench, A | D | F | K);
    return bench;
}

struct bench *
bench_new(void)
{
    return bench_with(ALL);
}

void
bench_free(struct bench *bench)
{
    rig_trace_end(&bench->trace);
    tables_free_device(&bench->tables);
    for (uint32_t i = 0; i < 3; i++)
        free(bench->regions[i].base);
    for (uint32_t i = 0; i < VSK_QUEUES; i++) {
        free(bench->slots[i]);
        free(bench->records[i]);
    }
    free(bench->scratch);
    free(bench);
}

/* ---- what the driver does ---- */

uint8_t *
bench_at(const struct bench *bench, uint64_t addr)
{
    for (uint32_t i = 0; i < 3; i++)
        if (addr - bench->regions[i].addr < bench->regions[i].size)
            return bench->regions[i].base + (addr - bench->regions[i].addr);
    fail_msg("the test uses address 0x%llx", (unsigned long long)addr);
    abort();
}

void
bench_post_cut(struct bench *bench, uint32_t queue, const vsk_layout *layout,
               uint32_t size)
{
    uint16_t head;

    assert_int_equal(
        vsk_buffers_post(&bench->buffers[queue], size, layout, &head), VSK_OK);
}

void
bench_post(struct bench *bench, uint32_t queue, uint32_t count, uint32_t size)
{
    const vsk_layout whole = {0};

    for (uint32_t i = 0; i < count; i++)
        bench_post_cut(bench, queue, &whole, size);
}

vsk_header
bench_header(const struct bench *bench, vsk_op op, uint32_t port)
{
    return (vsk_header){
        .src_cid = GUEST,
        .dst_cid = VSK_CID_HOST,
        .src_port = port,
        .dst_port = HOST_PORT,
        .type = VSK_TYPE_STREAM,
        .op = (uint16_t)op,
        .buf_alloc = bench->buf_alloc,
        .fwd_cnt = bench->fwd_cnt,
    };
}

uint16_t
bench_transmit_cut(struct bench *bench, const vsk_header *header,
                   uint8_t *payload, uint32_t size, const vsk_layout *layout)
{
    uint16_t head;
    vsk_packet packet;

    vsk_packet_init(&packet, payload, size);
    packet.header = *header;
    assert_int_equal(
        vsk_buffers_send(&bench->buffers[VSK_TX], &packet, layout, &head),
        VSK_OK);
    return head;
}

void
bench_transmit(struct bench *bench, const vsk_header *header)
{
    const vsk_layout linux_cut = {0};

    bench_transmit_cut(bench, header, NULL, 0, &linux_cut);
}

void
bench_transmit_op(struct bench *bench, vsk_op op, uint32_t port)
{
    vsk_header header = bench_header(bench, op, port);

    bench_transmit(bench, &header);
}

void
bench_transmit_data(struct bench *bench, uint32_t port, uint8_t *data,
                    uint32_t size)
{
    const vsk_layout linux_cut = {0};
    vsk_header header = bench_header(bench, VSK_OP_RW, port);

    header.len = size;
    bench_transmit_cut(bench, &header, data, size, &linux_cut);
}

bool
bench_receive(struct bench *bench)
{
    vsk_used used;
    vsk_packet packet;
    vsk_status found = vsk_buffers_reap(&bench->buffers[VSK_RX], &used);

    if (found == VSK_NONE)
        return false;
    assert_int_equal(found, VSK_OK);
    assert_int_equal(used.status, VSK_OK);
    bench->written = used.written;
    bench->header = (vsk_header){0};
    if (used.written != 0) {
        assert_int_equal(
            vsk_buffers_written(&bench->buffers[VSK_RX], &used, &bench->chain),
            VSK_OK);
        assert_int_equal(vsk_packet_from_spans(&packet, bench->chain.spans,
                                               bench->chain.count, 65536),
                         VSK_OK);
        bench->header = packet.header;
        /* Used lengths say what was written, no more (peers.md row 5). */
        assert_int_equal(used.written, VSK_HEADER_SIZE + packet.header.len);
        (void)vsk_packet_read(&packet, 0, bench->payload, packet.size);
        for (uint32_t i = 0; i < bench->chain.count; i++)
            memset(bench->chain.spans[i].base, RIG_FILL,
                   bench->chain.spans[i].len);
    }
    vsk_buffers_release(&bench->buffers[VSK_RX], &used);
    return true;
}

void
bench_expect(struct bench *bench, vsk_op op)
{
    if (!bench_receive(bench))
        fail_msg("no packet, but %s was expected", vsk_op_name((uint16_t)op));
    assert_string_equal(vsk_op_name(bench->header.op),
                        vsk_op_name((uint16_t)op));
}

uint32_t
bench_reap(struct bench *bench, uint32_t queue, uint32_t *written)
{
    vsk_used used;
    uint32_t count = 0;
    vsk_status found;

    while ((found = vsk_buffers_reap(&bench->buffers[queue], &used)) ==
           VSK_OK) {
        assert_int_equal(used.status, VSK_OK);
        *written = used.written;
        vsk_buffers_release(&bench->buffers[queue], &used);
        count++;
    }
    assert_int_equal(found, VSK_NONE);
    return count;
}

void
bench_expect_back(struct bench *bench, uint32_t count)
{
    uint32_t written = 0;

    assert_int_equal(bench_reap(bench, VSK_TX, &written), count);
    assert_int_equal(written, 0);
}

/* ---- what the device's owner does ---- */

vsk_status
bench_poll(struct bench *bench)
{
    return vsk_device_poll(&bench->device, bench->now, &bench->event);
}

void
bench_quiet(struct bench *bench)
{
    if (bench_poll(bench) != VSK_NONE)
        fail_msg("%s, but nothing was expected",
                 vsk_event_name(bench->event.kind));
}

void
bench_comes(struct bench *bench, vsk_event_kind kind)
{
    if (bench_poll(bench) != VSK_OK)
        fail_msg("nothing, but %s was expected", vsk_event_name(kind));
    assert_string_equal(vsk_event_name(bench->event.kind),
                        vsk_event_name(kind));
}

void
bench_fails(struct bench *bench, vsk_status rule)
{
    bench_comes(bench, VSK_EVENT_ERROR);
    assert_string_equal(vsk_status_name(bench->event.status),
                        vsk_status_name(rule));
}

void
bench_call(struct bench *bench, vsk_conn *conn, vsk_call what)
{
    assert_int_equal(
        vsk_endpoint_call(&bench->device.endpoint, bench->now, conn, what, 0),
        VSK_OK);
}

vsk_status
bench_send_flagged(struct bench *bench, vsk_conn *conn, uint8_t *data,
                   uint32_t size, uint32_t flags, uint64_t *sent)
{
    const vsk_span span = {.base = data, .len = size};
    const vsk_outgoing outgoing = {&span, 1, flags};

    return vsk_device_send(&bench->device, bench->now, conn, &outgoing, sent);
}

vsk_status
bench_send(struct bench *bench, vsk_conn *conn, uint8_t *data, uint32_t size,
           uint64_t *sent)
{
    return bench_send_flagged(bench, conn, data, size, 0, sent);
}

vsk_conn *
bench_connected(struct bench *bench, uint16_t type, uint32_t port)
{
    vsk_header header = bench_header(bench, VSK_OP_REQUEST, port);
    vsk_conn *conn;

    header.type = type;
    bench_post(bench, VSK_RX, 1, 44);
    bench_transmit(bench, &header);
    bench_comes(bench, VSK_EVENT_REQUEST);
    conn = bench->event.conn;
    bench_call(bench, conn, VSK_CALL_ACCEPT);
    bench_quiet(bench);
    bench_expect(bench, VSK_OP_RESPONSE);
    bench_expect_back(bench, 1);
    return conn;
}

vsk_conn *
bench_stream(struct bench *bench)
{
    return bench_connected(bench, VSK_TYPE_STREAM, GUEST_PORT);
}

uint8_t *
bench_snapshot(const struct bench *bench)
{
    uint8_t *copy = rig_zeroed(RING_BYTES, 1);

    memcpy(copy, bench->regions[0].base, RING_BYTES);
    return copy;
}

void
bench_assert_untouched(const struct bench *bench, uint8_t *copy)
{
    assert_memory_equal(copy, bench->regions[0].base, RING_BYTES);
    free(copy);
}

void
bench_stop(struct bench *bench, uint32_t queue, vsk_ring_state *stood)
{
    assert_int_equal(
        vsk_device_stop_queue(&bench->device, bench->now, queue, stood),
        VSK_OK);
}
