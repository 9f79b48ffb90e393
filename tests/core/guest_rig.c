/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The device is played here, with the device's ends of the three queues. */
#include "guest_rig.h"

/* ---- begin and end ---- */

vsk_guest_policy
stage_small_policy(void)
{
    vsk_guest_policy policy = vsk_guest_policy_default();

    policy.queue_size = 16;
    policy.event_buffers = 2;
    return policy;
}

vsk_guest_tables
stage_tables_new(uint32_t size)
{
    uint32_t records = size * (size + 1) + 2 * size;

    return tables_of_guest(CONNS, size, SPANS, records);
}

struct stage *
stage_in(const vsk_guest_policy *policy, uint64_t bytes)
{
    struct stage *stage = rig_zeroed(1, sizeof *stage);
    uint32_t ranges = 8 * policy->queue_size;

    stage->region = (vsk_region){BASE, bytes, malloc(bytes)};
    assert_non_null(stage->region.base);
    memset(stage->region.base, RIG_FILL, bytes);
    assert_int_equal(vsk_memory_init(&stage->memory, &stage->region, 1),
                     VSK_OK);
    stage->ranges = rig_zeroed(ranges, sizeof *stage->ranges);
    assert_int_equal(
        vsk_pool_init(&stage->pool, &stage->memory, stage->ranges, ranges),
        VSK_OK);
    stage->tables = stage_tables_new(policy->queue_size);
    assert_int_equal(vsk_guest_init(&stage->guest, policy, &stage->tables, 7),
                     VSK_OK);
    stage->guest.tap = rig_trace_tap(&stage->trace);
    stage->trace.only = CID;
    for (uint32_t i = 0; i < VSK_QUEUES; i++) {
        stage->spans[i] = rig_zeroed(SPANS, sizeof(vsk_span));
        vsk_chain_init(&stage->chains[i], stage->spans[i], SPANS);
    }
    return stage;
}

void
stage_free(struct stage *stage)
{
    rig_trace_end(&stage->trace);
    tables_free_guest(&stage->tables);
    for (uint32_t i = 0; i < VSK_QUEUES; i++)
        free(stage->spans[i]);
    free(stage->ranges);
    free(stage->region.base);
    free(stage);
}

void
stage_open(struct stage *stage, uint64_t offered)
{
    vsk_guest *guest = &stage->guest;

    rig_trace_end(&stage->trace);
    assert_int_equal(vsk_guest_open(guest, &stage->memory, &stage->pool,
                                    vsk_guest_accept(guest, offered), CID),
                     VSK_OK);
    for (uint32_t i = 0; i < VSK_QUEUES; i++)
        assert_int_equal(vsk_queue_device_init(&stage->device[i],
                                               &stage->memory, &guest->rings[i],
                                               NULL),
                         VSK_OK);
}

struct stage *
stage_new(const vsk_guest_policy *policy)
{
    struct stage *stage = stage_in(policy, 4u << 20);

    stage_open(stage, ~(VSK_F_RING_PACKED | VSK_F_IN_ORDER) | rig_format());
    return stage;
}

struct stage *
stage_small(void)
{
    const vsk_guest_policy policy = stage_small_policy();

    return stage_new(&policy);
}

struct stage *
stage_preset(const char *name)
{
    const vsk_guest_preset *preset = vsk_guest_preset_find(name);

    assert_non_null(preset);
    return stage_new(&preset->policy);
}

/* ---- what the guest tells ---- */

vsk_event *
stage_told(struct stage *stage, vsk_event_kind kind)
{
    assert_int_equal(vsk_guest_poll(&stage->guest, stage->now, &stage->event),
                     VSK_OK);
    assert_string_equal(vsk_event_name(stage->event.kind),
                        vsk_event_name(kind));
    return &stage->event;
}

void
stage_told_error(struct stage *stage, vsk_status status)
{
    assert_int_equal(stage_told(stage, VSK_EVENT_ERROR)->status, status);
}

void
stage_quiet(struct stage *stage)
{
    assert_int_equal(vsk_guest_poll(&stage->guest, stage->now, &stage->event),
                     VSK_NONE);
}

/* ---- what the device does ---- */

vsk_chain *
stage_pop(struct stage *stage, uint32_t queue)
{
    vsk_chain *chain = &stage->chains[queue];

    assert_int_equal(vsk_queue_pop(&stage->device[queue], chain), VSK_OK);
    assert_int_equal(chain->status, VSK_OK);
    return chain;
}

void
stage_push(struct stage *stage, uint32_t queue, uint32_t written)
{
    assert_int_equal(
        vsk_queue_push(&stage->device[queue], &stage->chains[queue], written),
        VSK_OK);
}

bool
stage_is_empty(struct stage *stage, uint32_t queue)
{
    vsk_chain *chain = &stage->chains[queue];
    vsk_status status = vsk_queue_pop(&stage->device[queue], chain);

    if (status == VSK_OK)
        assert_int_equal(vsk_queue_unpop(&stage->device[queue], chain), VSK_OK);
    return status == VSK_NONE;
}

vsk_packet *
stage_look(struct stage *stage)
{
    assert_int_equal(vsk_packet_from_tx(&stage->packet,
                                        stage_pop(stage, VSK_TX), UINT32_MAX),
                     VSK_OK);
    return &stage->packet;
}

vsk_header *
stage_took(struct stage *stage, vsk_op op)
{
    assert_int_equal(stage_look(stage)->header.op, op);
    stage_push(stage, VSK_TX, 0);
    return &stage->packet.header;
}

vsk_packet
stage_from_host(vsk_op op, uint16_t type)
{
    vsk_packet packet;

    vsk_packet_init(&packet, NULL, 0);
    packet.header.op = (uint16_t)op;
    packet.header.type = type;
    packet.header.src_cid = VSK_CID_HOST;
    packet.header.dst_cid = CID;
    packet.header.src_port = PORT;
    packet.header.dst_port = 1024;
    packet.header.buf_alloc = WINDOW;
    return packet;
}

void
stage_give(struct stage *stage, const vsk_packet *source)
{
    vsk_packet packet;
    uint32_t written;

    assert_int_equal(
        vsk_packet_into_rx(&packet, stage_pop(stage, VSK_RX), VSK_PAYLOAD_MAX),
        VSK_OK);
    assert_int_equal(vsk_packet_append(&packet, source), VSK_OK);
    packet.header = source->header;
    assert_int_equal(
        vsk_packet_commit(&packet, &stage->chains[VSK_RX], &written), VSK_OK);
    stage_push(stage, VSK_RX, written);
}

void
stage_give_op(struct stage *stage, vsk_op op)
{
    const vsk_packet packet = stage_from_host(op, VSK_TYPE_STREAM);

    stage_give(stage, &packet);
}

void
stage_give_data(struct stage *stage, uint16_t type, void *data, uint32_t size)
{
    const vsk_header header = stage_from_host(VSK_OP_RW, type).header;
    vsk_packet packet;

    vsk_packet_init(&packet, data, size);
    packet.header = header;
    packet.header.len = size;
    stage_give(stage, &packet);
}

void
stage_give_credit(struct stage *stage, uint16_t type, uint32_t buf_alloc,
                  uint32_t fwd_cnt)
{
    vsk_packet packet = stage_from_host(VSK_OP_CREDIT_UPDATE, type);

    packet.header.buf_alloc = buf_alloc;
    packet.header.fwd_cnt = fwd_cnt;
    stage_give(stage, &packet);
}

void
stage_give_stray(struct stage *stage, uint32_t port)
{
    vsk_packet packet = stage_from_host(VSK_OP_RW, VSK_TYPE_STREAM);

    packet.header.src_port = port;
    stage_give(stage, &packet);
}

void
stage_give_event(struct stage *stage, uint32_t id, uint32_t written)
{
    const vsk_span *span = stage_pop(stage, VSK_EVENT)->spans;

    assert_int_equal(span->len, VSK_GUEST_EVENT);
    for (uint32_t i = 0; i < VSK_GUEST_EVENT; i++)
        span->base[i] = (uint8_t)(id >> 8 * i);
    stage_push(stage, VSK_EVENT, written);
}

uint8_t *
stage_used_ring(struct stage *stage, uint32_t queue)
{
    return stage->region.base + (stage->guest.rings[queue].device - BASE);
}

void
stage_forge(struct stage *stage, uint32_t queue, uint32_t id, uint32_t written)
{
    uint8_t *used = stage_used_ring(stage, queue);
    uint16_t idx = (uint16_t)(used[2] | used[3] << 8);
    uint8_t *slot = used + 4 + 8 * (idx % stage->guest.rings[queue].size);

    for (uint32_t i = 0; i < 4; i++) {
        slot[i] = (uint8_t)(id >> 8 * i);
        slot[4 + i] = (uint8_t)(written >> 8 * i);
    }
    used[2] = (uint8_t)(idx + 1);
    used[3] = (uint8_t)((idx + 1) >> 8);
}

void
stage_jump(struct stage *stage, uint32_t queue)
{
    stage_used_ring(stage, queue)[3] ^= 0x40;
}

/* ---- connections ---- */

vsk_conn *
stage_connecting(struct stage *stage, uint16_t type)
{
    vsk_conn *conn;

    assert_int_equal(vsk_guest_connect(&stage->guest, stage->now, 1024,
                                       VSK_CID_HOST, PORT, type, &conn),
                     VSK_OK);
    stage_quiet(stage);
    (void)stage_took(stage, VSK_OP_REQUEST);
    return conn;
}

vsk_conn *
stage_connected_to(struct stage *stage, uint16_t type, uint32_t buf_alloc)
{
    vsk_conn *conn = stage_connecting(stage, type);
    vsk_packet packet = stage_from_host(VSK_OP_RESPONSE, type);

    packet.header.buf_alloc = buf_alloc;
    stage_give(stage, &packet);
    assert_ptr_equal(stage_told(stage, VSK_EVENT_CONNECT)->conn, conn);
    stage_quiet(stage);
    return conn;
}

vsk_conn *
stage_connected(struct stage *stage)
{
    return stage_connected_to(stage, VSK_TYPE_STREAM, WINDOW);
}

vsk_status
stage_send(struct stage *stage, vsk_conn *conn, void *data, uint32_t size,
           uint32_t flags, uint64_t *sent)
{
    const vsk_span span = {.base = data, .len = size};
    const vsk_outgoing outgoing = {&span, size != 0 ? 1 : 0, flags};

    return vsk_guest_send(&stage->guest, stage->now, conn, &outgoing, sent);
}

uint64_t
stage_sent(struct stage *stage, vsk_conn *conn, void *data, uint32_t size)
{
    uint64_t bytes;
    vsk_status status = stage_send(stage, conn, data, size, 0, &bytes);

    assert_int_equal(status, bytes == size ? VSK_OK : VSK_NONE);
    return bytes;
}

void
stage_assert_cut(const vsk_chain *chain, bool indirect, const uint32_t *lengths)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < chain->count; i++) {
        assert_int_equal(chain->spans[i].flags & VSK_SPAN_REST, 0);
        assert_int_equal(chain->spans[i].len, lengths[count++]);
    }
    assert_int_equal(lengths[count], 0);
    assert_int_equal(chain->indirect, indirect);
}
