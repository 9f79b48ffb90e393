/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "rig_role.h"

#include "vsk/text.h"

vsk_endpoint_tables
role_tables(struct role_tables *tables)
{
    fuzz_poison(tables, sizeof *tables);
    return (vsk_endpoint_tables){
        .slots = tables->slots,
        .links = tables->links,
        .heap = tables->heap,
        .place = tables->place,
        .index = tables->index,
        .orphans = tables->orphans,
        .capacity = ROLE_CONNS,
        .index_size = 2 * ROLE_CONNS,
        .orphan_capacity = ROLE_ORPHANS,
    };
}

vsk_policy
role_policy(uint32_t choices)
{
    vsk_policy policy = vsk_policy_default();

    policy.buf_alloc = (choices & 1) != 0 ? 400 : 4000;
    policy.update_at = (choices & 2) != 0 ? 50 : 0;
    policy.payload_max = (choices & 4) != 0 ? 100 : VSK_PAYLOAD_MAX;
    policy.update_idle = (choices & 8) == 0;
    policy.ask = (choices & 0x10) == 0;
    policy.answer = (choices & 0x20) == 0;
    policy.meter = (choices & 0x40) == 0;
    policy.count_from = (choices & 0x80) != 0 ? 0xffffff80 : 0;
    return policy;
}

void
role_watch(struct role *role, vsk_endpoint *endpoint, uint64_t sender_cid)
{
    *role = (struct role){
        .endpoint = endpoint,
        .own_most = endpoint->policy.buf_alloc,
        .sender_cid = sender_cid,
    };
}

vsk_header
role_header(struct fuzz_input *input, bool to_host)
{
    static const uint32_t allocs[] = {4000, 0, 300, 262144, 100, 0xffffffff};
    uint32_t kind = fuzz_u8(input), ports = fuzz_u8(input);
    vsk_header header = {
        .src_cid = to_host ? ROLE_GUEST : 2,
        .dst_cid = to_host ? 2 : ROLE_GUEST,
        .src_port = to_host ? ROLE_GUEST_PORT : ROLE_HOST_PORT,
        .dst_port = to_host ? ROLE_HOST_PORT : ROLE_GUEST_PORT,
        .type = (kind & 8) != 0 ? VSK_TYPE_SEQPACKET : VSK_TYPE_STREAM,
        .op = kind & 7,
        .buf_alloc = allocs[(ports >> 4) % 6],
    };

    *(to_host ? &header.src_port : &header.dst_port) += ports & 3;
    *(to_host ? &header.dst_port : &header.src_port) += ports >> 2 & 1;
    if (header.op == VSK_OP_RW)
        header.len = (ports & 8) != 0 ? fuzz_edge(input) : fuzz_u8(input);
    if ((kind & 0x10) != 0)
        header.flags = fuzz_u8(input);
    if ((kind & 0x20) != 0)
        header.fwd_cnt = fuzz_edge(input);
    switch (kind >> 6) {
    case 1: /* a port that the role chose */
        *(to_host ? &header.dst_port : &header.src_port) =
            VSK_PORT_FIRST + (ports & 3);
        break;
    case 2:
        header.type = fuzz_u8(input);
        header.op = fuzz_u8(input);
        break;
    case 3:
        header.src_cid ^= fuzz_u64(input);
        header.dst_cid ^= fuzz_u8(input);
        break;
    default:
        break;
    }
    return header;
}

static struct role_flow *
flow_of(struct role *role, const vsk_conn *conn)
{
    const vsk_table *table = &role->endpoint->table;
    uint64_t handle = vsk_table_handle(table, conn);
    struct role_flow *flow;
    uint32_t slot = vsk_table_slot(table, conn);

    FUZZ_CHECK(slot < ROLE_CONNS);
    flow = &role->flows[slot];
    if (flow->handle != handle)
        *flow = (struct role_flow){.handle = handle,
                                   .tx_first = conn->credit.tx_cnt};
    return flow;
}

/* The bytes in the ring are those of the packet, and the payload is what the
 * application gave: nothing else of this process is sent. */
static void
check_bytes(const vsk_packet *packet)
{
    vsk_cursor cursor = {0};
    vsk_span piece;
    uint32_t size = 0;

    while (vsk_packet_next(packet, &cursor, &piece)) {
        fuzz_shown(piece.base, piece.len);
        for (uint32_t i = 0; i < piece.len; i++)
            FUZZ_CHECK(piece.base[i] == FUZZ_PAYLOAD);
        size += piece.len;
    }
    FUZZ_CHECK(size == packet->size);
}

/* Buffers of a driver that lies, in which a header may stand on payload. */
static bool
overlaps(const vsk_chain *chain)
{
    for (uint32_t i = 0; chain != NULL && i < chain->count; i++)
        for (uint32_t k = 0; k < i; k++) {
            const vsk_span *a = &chain->spans[i], *b = &chain->spans[k];

            if (a->addr < b->addr + b->len && b->addr < a->addr + a->len)
                return true;
        }
    return false;
}

static void
check_sent(struct role *role, const vsk_seen *seen)
{
    const vsk_packet *packet = seen->packet;
    const vsk_header *header = &packet->header;
    const vsk_flow flow = {(uint32_t)header->src_cid, header->src_port,
                           (uint32_t)header->dst_cid, header->dst_port};
    vsk_conn *conn = vsk_table_find(&role->endpoint->table, &flow);
    vsk_credit *credit;
    struct role_flow *own;

    fuzz_shown(header, VSK_HEADER_SIZE); /* what is behind it is not sent */
    /* A RST goes back in the name that its packet was sent to. */
    FUZZ_CHECK(header->src_cid == role->sender_cid ||
               (header->op == VSK_OP_RST && header->src_cid <= UINT32_MAX));
    FUZZ_CHECK(header->dst_cid <= UINT32_MAX);
    FUZZ_CHECK(header->op >= VSK_OP_REQUEST &&
               header->op <= VSK_OP_CREDIT_REQUEST);
    FUZZ_CHECK(header->len == packet->size);
    if (!overlaps(seen->chain))
        check_bytes(packet);
    FUZZ_CHECK(header->op == VSK_OP_RST || conn != NULL);
    if (header->op != VSK_OP_RW)
        FUZZ_CHECK(header->len == 0);
    if (header->op != VSK_OP_RW || conn == NULL)
        return;
    own = flow_of(role, conn);
    credit = &conn->credit;
    FUZZ_CHECK(header->type == conn->type);
    /* Seen before it is counted: there is room for it in the peer's buffer. An
     * empty packet needs none, also where the peer has made it smaller. */
    FUZZ_CHECK(header->len == 0 ||
               (uint64_t)(credit->tx_cnt - credit->peer_fwd_cnt) +
                       header->len <=
                   credit->peer_buf_alloc);
    own->sent += header->len;
}

void
role_see(struct role *role, const vsk_seen *seen, uint32_t sends)
{
    char line[700];

    role->seen++;
    FUZZ_CHECK(role->seen <= ROLE_SEEN_MAX);
    if (role->lines != 0) {
        role->lines--;
        (void)vsk_trace_line(seen, line, sizeof line);
        if (seen->kind == VSK_SEEN_PACKET)
            (void)vsk_trace_place(seen, line, sizeof line);
        if (seen->chain != NULL)
            fuzz_print_chain(seen->chain);
    }
    if (seen->kind != VSK_SEEN_PACKET || seen->packet == NULL)
        return;
    if (seen->queue == sends) {
        if (!role->experiment)
            check_sent(role, seen);
    } else if (seen->packet->header.buf_alloc > role->peer_most) {
        role->peer_most = seen->packet->header.buf_alloc;
    }
}

void
role_told(struct role *role, const vsk_event *event)
{
    FUZZ_CHECK(event->kind <= VSK_EVENT_RESET);
    if (event->conn != NULL && event->kind == VSK_EVENT_DATA) {
        FUZZ_CHECK(event->packet != NULL);
        FUZZ_CHECK(event->handle ==
                   vsk_table_handle(&role->endpoint->table, event->conn));
        flow_of(role, event->conn)->got += event->packet->size;
    }
}

void
role_forward(struct role *role, uint64_t now, vsk_conn *conn, uint32_t len)
{
    struct role_flow *flow = flow_of(role, conn);

    if (vsk_endpoint_forwarded(role->endpoint, now, conn, len) != VSK_OK)
        return;
    flow->taken += len;
}

vsk_conn *
role_conn(const struct role *role, struct fuzz_input *input)
{
    uint32_t which = fuzz_below(input, ROLE_CONNS), cursor = 0;
    vsk_conn *conn, *last = NULL;

    for (uint32_t i = 0; i <= which; i++) {
        conn = vsk_table_next(&role->endpoint->table, &cursor);
        if (conn == NULL)
            break;
        last = conn;
    }
    return last;
}

void
role_call(struct role *role, struct fuzz_input *input, uint64_t now,
          vsk_conn *conn)
{
    static const vsk_call calls[] = {VSK_CALL_ACCEPT, VSK_CALL_SHUTDOWN,
                                     VSK_CALL_CLOSE,  VSK_CALL_RESET,
                                     VSK_CALL_BLAME,  VSK_CALL_TIMEOUT};
    uint32_t kind = fuzz_u8(input);

    (void)vsk_endpoint_call(role->endpoint, now, conn, calls[kind % 6],
                            kind >> 4);
}

void
role_resize(struct role *role, struct fuzz_input *input, vsk_conn *conn)
{
    uint32_t size = 20u * fuzz_u8(input);

    if (size > role->own_most)
        role->own_most = size;
    vsk_endpoint_resize(role->endpoint, conn, size);
}

void
role_change(struct role *role, struct fuzz_input *input)
{
    role->endpoint->policy = role_policy(fuzz_u8(input));
    if (role->endpoint->policy.buf_alloc > role->own_most)
        role->own_most = role->endpoint->policy.buf_alloc;
}

vsk_packet
role_packet(struct fuzz_input *input, bool to_host)
{
    static uint8_t payload[64];
    vsk_header header = role_header(input, to_host);
    vsk_packet packet;

    memset(payload, FUZZ_PAYLOAD, sizeof payload);
    vsk_packet_init(&packet, payload, fuzz_below(input, sizeof payload));
    packet.header = header;
    return packet;
}

vsk_outgoing
role_outgoing(struct fuzz_input *input, vsk_span spans[2])
{
    static uint8_t payload[0x1000];
    uint32_t kind = fuzz_u8(input);
    uint32_t size = 8 * fuzz_u8(input);

    memset(payload, FUZZ_PAYLOAD, sizeof payload);
    spans[0] = (vsk_span){.base = payload, .len = size};
    spans[1] = (vsk_span){.base = payload, .len = size / 2};
    return (vsk_outgoing){spans, (kind >> 2) % 3, kind & 3};
}

static void
check_conn(struct role *role, const vsk_conn *conn)
{
    const vsk_credit *credit = &conn->credit;
    const struct role_flow *flow = flow_of(role, conn);

    FUZZ_CHECK(conn->state <= VSK_STATE_DRAINING);
    FUZZ_CHECK(credit->tx_cnt - credit->peer_fwd_cnt <= role->peer_most);
    FUZZ_CHECK(credit->tx_cnt - flow->tx_first == flow->sent);
    FUZZ_CHECK(credit->rx_cnt - credit->fwd_cnt <= role->own_most);
    FUZZ_CHECK(credit->fwd_cnt - credit->told_fwd_cnt <=
               credit->rx_cnt - credit->told_fwd_cnt);
    FUZZ_CHECK(flow->taken <= flow->got || flow->got == 0);
}

void
role_check(struct role *role)
{
    const vsk_endpoint *endpoint = role->endpoint;
    uint32_t cursor = 0, count = 0;
    vsk_conn *conn;

    while ((conn = vsk_table_next(&endpoint->table, &cursor)) != NULL) {
        check_conn(role, conn);
        FUZZ_CHECK(vsk_table_find(&endpoint->table, &conn->flow) == conn);
        count++;
    }
    FUZZ_CHECK(count == endpoint->table.count && count <= ROLE_CONNS);
    FUZZ_CHECK(endpoint->timers.count <= count);
    FUZZ_CHECK(endpoint->orphan_count <= ROLE_ORPHANS);
    role->seen = 0;
}
