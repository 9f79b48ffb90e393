/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What a packet of 64 bytes costs a role, with many connections:
 *
 *     bench_roles device|guest receive|send CONNECTIONS turns|runs [batches=N]
 *     bench_roles state CONNECTIONS
 *
 * In turns each packet is of another connection, in runs each batch is. The
 * peer is in the same memory. The first prints nanoseconds a packet (the
 * median of all batches) and how many packets came; only what happens in
 * role() is timed, and to be counted by callgrind. The second prints the bytes
 * that a connection takes in the tables of its role. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

#include "vsk/lab.h"

#define BATCH 64u
#define PAYLOAD 64u
#define RING 256u
#define RAM (4u << 20)
#define SPANS 64u
#define STRIDE 7919u /* a prime: neighbours in time are none in the tables */
#define NOW 1u
#define MS 20u /* to go on for */

/* A device and a guest, and the connections between them at both ends. */
struct pair {
    vsk_region region;
    vsk_memory memory;
    vsk_pool pool;
    vsk_lab lab;
    vsk_lab_pair both;
    vsk_device device;
    vsk_guest guest;
    vsk_device_tables device_tables;
    vsk_guest_tables guest_tables;
    vsk_conn **conns[2]; /* of the device, of the guest */
    uint32_t accepted;   /* connections of the device */
    uint32_t count;      /* connections wanted */
    uint32_t next;       /* the one that sends next */
    bool runs;           /* all of a batch is of one connection */
    bool of_guest;       /* the role that is measured */
    bool sends;          /* what is measured of it */
    uint64_t packets;    /* with data, that came */
};

void role(struct pair *pair);

static void *
zeroed(size_t count, size_t size)
{
    void *found = calloc(count, size);

    if (found == NULL)
        abort();
    return found;
}

static void
must(vsk_status status)
{
    if (status == VSK_OK)
        return;
    fprintf(stderr, "%s\n", vsk_status_name(status));
    exit(1);
}

/* A power of two, at least twice as many. */
static uint32_t
index_size(uint32_t conns)
{
    uint32_t size = 2;

    while (size < 2 * conns)
        size *= 2;
    return size;
}

static vsk_endpoint_tables
endpoint_tables(uint32_t conns)
{
    return (vsk_endpoint_tables){
        .slots = zeroed(conns, sizeof(vsk_slot)),
        .links = zeroed(conns, sizeof(vsk_link)),
        .heap = zeroed(conns, sizeof(vsk_timer)),
        .place = zeroed(conns, sizeof(uint32_t)),
        .index = zeroed(index_size(conns), sizeof(uint32_t)),
        .orphans = zeroed(RING, sizeof(vsk_orphan)),
        .capacity = conns,
        .index_size = index_size(conns),
        .orphan_capacity = RING,
    };
}

static double
state_bytes(uint32_t conns)
{
    uint64_t each = sizeof(vsk_slot) + sizeof(vsk_link) + sizeof(vsk_timer) +
                    sizeof(uint32_t);

    return (double)(each * conns + sizeof(uint32_t) * index_size(conns)) /
           conns;
}

static void
make_device(struct pair *pair)
{
    vsk_device_config config = {
        .policy = vsk_policy_default(),
        .features = VSK_FEATURES & ~(VSK_F_RING_PACKED | VSK_F_IN_ORDER),
        .guest_cid = 3,
        .local_cid = VSK_CID_HOST,
        .seed = 1,
    };

    pair->device_tables.endpoint = endpoint_tables(pair->count);
    pair->device_tables.span_count = SPANS;
    for (uint32_t i = 0; i < VSK_QUEUES; i++)
        pair->device_tables.spans[i] = zeroed(SPANS, sizeof(vsk_span));
    must(vsk_device_init(&pair->device, &config, &pair->device_tables));
}

static void
make_guest(struct pair *pair)
{
    vsk_guest_policy policy = vsk_guest_policy_default();
    vsk_guest_tables *tables = &pair->guest_tables;

    policy.queue_size = RING;
    tables->endpoint = endpoint_tables(pair->count);
    tables->spans = zeroed(SPANS, sizeof(vsk_span));
    tables->span_count = SPANS;
    tables->pieces = zeroed(RING, sizeof(uint32_t));
    for (uint32_t i = 0; i < VSK_QUEUES; i++) {
        tables->slots[i] = zeroed(RING, sizeof(vsk_ring_slot));
        tables->buffers[i].capacity = 4 * RING;
        tables->buffers[i].records = zeroed(4 * RING, sizeof(vsk_record));
        tables->buffers[i].scratch = zeroed(RING, sizeof(vsk_buffer));
    }
    must(vsk_guest_init(&pair->guest, &policy, tables, 2));
}

static void
make(struct pair *pair)
{
    vsk_range *ranges = zeroed(4 * RING, sizeof *ranges);

    pair->region = (vsk_region){0, RAM, zeroed(1, RAM)};
    must(vsk_memory_init(&pair->memory, &pair->region, 1));
    must(vsk_pool_init(&pair->pool, &pair->memory, ranges, 4 * RING));
    make_device(pair);
    make_guest(pair);
    for (int i = 0; i < 2; i++)
        pair->conns[i] = zeroed(pair->count, sizeof(vsk_conn *));
    /* The lab negotiates; nothing goes through it afterwards. */
    pair->both = (vsk_lab_pair){.device = &pair->device, .guest = &pair->guest};
    vsk_lab_init(&pair->lab, &pair->both, 1, 1);
    must(vsk_lab_start(&pair->lab, 0, &pair->memory, &pair->pool));
}

/* What an application does with an event. */
static void
hear(struct pair *pair, vsk_endpoint *endpoint, const vsk_event *event)
{
    if (event->kind == VSK_EVENT_DATA) {
        pair->packets++;
        must(vsk_endpoint_forwarded(endpoint, NOW, event->conn,
                                    event->packet->size));
    } else if (event->kind == VSK_EVENT_REQUEST) {
        pair->conns[0][pair->accepted++] = event->conn;
        must(vsk_endpoint_call(endpoint, NOW, event->conn, VSK_CALL_ACCEPT, 0));
    } else if (event->kind == VSK_EVENT_ERROR) {
        must(event->status);
    }
}

static void
run_device(struct pair *pair)
{
    vsk_event event;

    while (vsk_device_poll(&pair->device, NOW, &event) == VSK_OK)
        hear(pair, &pair->device.endpoint, &event);
    (void)vsk_device_notify(&pair->device);
}

static void
run_guest(struct pair *pair)
{
    vsk_event event;

    while (vsk_guest_poll(&pair->guest, NOW, &event) == VSK_OK)
        hear(pair, &pair->guest.endpoint, &event);
    (void)vsk_guest_notify(&pair->guest);
}

static void
receive(struct pair *pair, bool guest)
{
    if (guest)
        run_guest(pair);
    else
        run_device(pair);
}

/* A batch of packets. */
static void
send(struct pair *pair, bool guest)
{
    static uint8_t data[PAYLOAD];
    const vsk_span span = {.base = data, .len = PAYLOAD};
    const vsk_outgoing outgoing = {&span, 1, 0};
    uint64_t sent;

    for (uint32_t i = 0; i < BATCH; i++) {
        vsk_conn *conn = pair->conns[guest][pair->next];

        must(guest
                 ? vsk_guest_send(&pair->guest, NOW, conn, &outgoing, &sent)
                 : vsk_device_send(&pair->device, NOW, conn, &outgoing, &sent));
        if (!pair->runs || i == BATCH - 1)
            pair->next =
                (uint32_t)((pair->next + (uint64_t)STRIDE) % pair->count);
    }
}

/* The half of a batch that is measured. */
__attribute__((noinline)) void
role(struct pair *pair)
{
    if (pair->sends)
        send(pair, pair->of_guest);
    else
        receive(pair, pair->of_guest);
}

/* All connections, a batch at a time. */
static void
connect_all(struct pair *pair)
{
    for (uint32_t i = 0; i < pair->count; i++) {
        must(vsk_guest_connect(&pair->guest, NOW, VSK_PORT_ANY, VSK_CID_HOST,
                               5000, VSK_TYPE_STREAM, &pair->conns[1][i]));
        if (i % BATCH != BATCH - 1 && i != pair->count - 1)
            continue;
        run_guest(pair);
        run_device(pair);
        run_guest(pair);
    }
    if (pair->accepted != pair->count)
        must(VSK_ERR_STATE);
}

static void
batch(struct pair *pair, struct clock *clock)
{
    bool sender = pair->sends ? pair->of_guest : !pair->of_guest;

    if (!pair->sends)
        send(pair, sender);
    clock_begin(clock);
    role(pair);
}

/* Whatever is left to do at either end: credit, buffers to post. */
static void
settle(struct pair *pair)
{
    run_device(pair);
    run_guest(pair);
    run_device(pair);
}

static int
measure(struct pair *pair, uint32_t batches)
{
    static struct clock clock;
    bool more;

    make(pair);
    connect_all(pair);
    clock_start(&clock, batches, MS);
    do {
        batch(pair, &clock);
        more = clock_stop(&clock);
        settle(pair);
    } while (more);
    if (pair->packets != (uint64_t)BATCH * clock.count)
        must(VSK_ERR_STATE);
    printf("%.3f %" PRIu64 "\n", (double)clock_median(&clock) / BATCH,
           pair->packets);
    return 0;
}

static bool
either(const char *word, const char *no, const char *yes, bool *value)
{
    *value = strcmp(word, yes) == 0;
    return *value || strcmp(word, no) == 0;
}

static uint32_t
number(const char *word)
{
    return (uint32_t)strtoul(word, NULL, 10);
}

int
main(int argc, char **argv)
{
    static struct pair pair;

    if (argc == 3 && strcmp(argv[1], "state") == 0 && number(argv[2]) != 0) {
        printf("%.3f\n", state_bytes(number(argv[2])));
        return 0;
    }
    if (argc < 5 || !either(argv[1], "device", "guest", &pair.of_guest) ||
        !either(argv[2], "receive", "send", &pair.sends) ||
        !either(argv[4], "turns", "runs", &pair.runs) ||
        (pair.count = number(argv[3])) == 0 ||
        (argc > 5 && strncmp(argv[5], "batches=", 8) != 0)) {
        fputs("see tests/bench/roles.c\n", stderr);
        return 2;
    }
    return measure(&pair, argc > 5 ? number(argv[5] + 8) : 0);
}
