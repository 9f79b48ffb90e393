/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "both_rig.h"

#include <poll.h>
#include <unistd.h>

/* ---- an application ---- */

static vsk_endpoint *
endpoint_of(const struct party *party)
{
    return party->guest != NULL ? &party->guest->endpoint
                                : &party->device->endpoint;
}

static void
call(const struct party *party, vsk_conn *conn, vsk_call what, uint32_t flags)
{
    assert_int_equal(vsk_endpoint_call(endpoint_of(party), vsk_loop_now(), conn,
                                       what, flags),
                     VSK_OK);
}

void
both_send(struct party *party)
{
    const vsk_span span = {.base =
                               (uint8_t *)(uintptr_t)party->out + party->sent,
                           .len = (uint32_t)(party->size - party->sent)};
    const vsk_outgoing outgoing = {&span, 1, party->flags};
    uint64_t sent = 0;
    vsk_status status = VSK_OK;

    if (party->conn == NULL)
        return;
    if (span.len != 0) {
        status = party->guest != NULL
                     ? vsk_guest_send(party->guest, vsk_loop_now(), party->conn,
                                      &outgoing, &sent)
                     : vsk_device_send(party->device, vsk_loop_now(),
                                       party->conn, &outgoing, &sent);
        assert_in_range(status, VSK_OK, VSK_NONE);
        party->sent += sent;
    }
    if (party->ends && party->sent == party->size) {
        party->ends = false;
        call(party, party->conn, VSK_CALL_SHUTDOWN, VSK_SHUTDOWN_SEND);
    }
}

/* Take payload; who echoes sends a stream back at once, a message whole. */
static void
take(struct party *party, const vsk_event *event)
{
    const vsk_packet *packet = event->packet;
    bool message = packet->header.type == VSK_TYPE_SEQPACKET;
    bool whole = (packet->header.flags & VSK_SEQ_EOM) != 0;

    assert_in_range(party->got + packet->size, 0, BOTH_ROOM);
    assert_int_equal(
        vsk_packet_read(packet, 0, party->in + party->got, packet->size),
        packet->size);
    party->got += packet->size;
    party->eoms += message && whole;
    assert_int_equal(vsk_endpoint_forwarded(endpoint_of(party), vsk_loop_now(),
                                            event->conn, packet->size),
                     VSK_OK);
    if (!party->echoes || (message && !whole))
        return;
    party->out = party->in;
    party->flags = message ? VSK_SEQ_EOM : 0;
    party->size = party->got;
    both_send(party);
}

static void
handle(struct party *party, const vsk_event *event)
{
    party->seen[event->kind]++;
    switch (event->kind) {
    case VSK_EVENT_REQUEST:
        party->conn = event->conn;
        party->got = party->size = party->sent = 0;
        call(party, event->conn, VSK_CALL_ACCEPT, 0);
        break;
    case VSK_EVENT_DATA:
        take(party, event);
        break;
    case VSK_EVENT_WRITABLE:
        both_send(party);
        break;
    case VSK_EVENT_EOF:
        if (party->echoes) {
            party->ends = true;
            both_send(party);
        } else {
            call(party, event->conn, VSK_CALL_CLOSE, 0);
        }
        break;
    case VSK_EVENT_CLOSE:
        party->conn = NULL;
        break;
    case VSK_EVENT_PACKET:
    case VSK_EVENT_CONNECT:
    case VSK_EVENT_ERROR:
    case VSK_EVENT_MORE:
    case VSK_EVENT_RESET:
        break;
    }
}

/* ---- life ---- */

vsk_frontend_options
both_options(void)
{
    vsk_frontend_options options = vsk_frontend_options_default();

    options.memory_size = 4u << 20;
    return options;
}

static struct host *
host_new(struct both *both, uint64_t cid, uint64_t protocol)
{
    const vsk_device_config config = {
        .policy = vsk_policy_default(),
        .features = ALL,
        .guest_cid = cid,
        .local_cid = VSK_CID_HOST,
        .seed = 7,
    };
    vsk_backend_options options = vsk_backend_options_default();
    struct host *host = rig_zeroed(1, sizeof *host);

    host->bench = rig_zeroed(1, sizeof *host->bench);
    host->bench->size = BOTH_SIZE;
    bench_make_tables(host->bench, FLOWS, BOTH_SIZE);
    assert_int_equal(
        vsk_device_init(&host->device, &config, &host->bench->tables), VSK_OK);
    options.protocol |= protocol;
    assert_int_equal(vsk_backend_init(&host->backend, &host->device, &options),
                     VSK_OK);
    assert_int_equal(vsk_backend_listen(&host->backend, both->path), VSK_OK);
    host->party = (struct party){.device = &host->device,
                                 .echoes = true,
                                 .in = rig_zeroed(1, BOTH_ROOM)};
    return host;
}

static void
host_free(struct host *host)
{
    if (host == NULL)
        return;
    vsk_backend_close(&host->backend);
    tables_free_device(&host->bench->tables);
    free(host->bench);
    free(host->party.in);
    free(host);
}

struct both *
both_live(const vsk_frontend_options *options, uint64_t protocol)
{
    struct both *both = rig_zeroed(1, sizeof *both);
    vsk_guest_policy policy = vsk_guest_policy_default();

    rig_folder(both->folder);
    (void)snprintf(both->path, sizeof both->path, "%s/v.sock", both->folder);
    both->hosts[0] = host_new(both, CID, protocol);
    policy.queue_size = BOTH_SIZE;
    both->tables = stage_tables_new(BOTH_SIZE);
    assert_int_equal(vsk_guest_init(&both->guest, &policy, &both->tables, 7),
                     VSK_OK);
    both->ranges = rig_zeroed(8 * BOTH_SIZE, sizeof *both->ranges);
    assert_int_equal(vsk_frontend_init(&both->frontend, &both->guest,
                                       &both->pool, both->ranges, 8 * BOTH_SIZE,
                                       options),
                     VSK_OK);
    both->party =
        (struct party){.guest = &both->guest, .in = rig_zeroed(1, BOTH_ROOM)};
    assert_int_equal(vsk_frontend_connect(&both->frontend, both->path), VSK_OK);
    both_reach(both, VSK_FRONTEND_LIVE);
    return both;
}

void
both_free(struct both *both)
{
    vsk_frontend_close(&both->frontend);
    host_free(both->hosts[0]);
    host_free(both->hosts[1]);
    tables_free_guest(&both->tables);
    free(both->ranges);
    free(both->party.in);
    assert_int_equal(rmdir(both->folder), 0);
    free(both);
}

void
both_second(struct both *both, uint64_t cid)
{
    (void)snprintf(both->path, sizeof both->path, "%s/w.sock", both->folder);
    both->hosts[1] = host_new(both, cid, 0);
}

/* ---- going on ---- */

static void
step_all(struct both *both)
{
    vsk_event event;

    while (vsk_frontend_step(&both->frontend, &event) == VSK_OK)
        handle(&both->party, &event);
    for (uint32_t i = 0; i < 2; i++) {
        struct host *host = both->hosts[i];

        while (host != NULL &&
               vsk_backend_step(&host->backend, &event) == VSK_OK)
            handle(&host->party, &event);
    }
}

static void
wait_all(const struct both *both)
{
    struct pollfd fds[3] = {
        {.fd = vsk_frontend_fileno(&both->frontend), .events = POLLIN}};
    nfds_t count = 1;

    for (uint32_t i = 0; i < 2; i++) {
        if (both->hosts[i] != NULL)
            fds[count++] = (struct pollfd){
                .fd = vsk_backend_fileno(&both->hosts[i]->backend),
                .events = POLLIN};
    }
    (void)poll(fds, count, 1000);
}

static void
tell_all(struct both *both)
{
    vsk_notice notice;

    while (vsk_notices_take(&both->frontend.notices, &notice) == VSK_OK)
        print_message("front end: %s\n", notice.text);
    for (uint32_t i = 0; i < 2; i++) {
        while (both->hosts[i] != NULL &&
               vsk_notices_take(&both->hosts[i]->backend.notices, &notice) ==
                   VSK_OK)
            print_message("back end %u: %s\n", i, notice.text);
    }
}

void
both_run(struct both *both, bool (*until)(const struct both *both))
{
    uint64_t limit = vsk_loop_now() + BOTH_SECONDS * VSK_SECOND;

    step_all(both);
    while (!until(both)) {
        if (vsk_loop_now() > limit) {
            tell_all(both);
            fail_msg("nothing more happens: %s, %zu of %zu bytes sent, "
                     "%zu got",
                     vsk_frontend_state_name(both->frontend.state),
                     both->party.sent, both->party.size, both->party.got);
        }
        wait_all(both);
        step_all(both);
    }
}

static vsk_frontend_state wanted;

static bool
is_there(const struct both *both)
{
    return both->frontend.state == wanted;
}

void
both_reach(struct both *both, vsk_frontend_state state)
{
    wanted = state;
    both_run(both, is_there);
}

static bool
is_connected(const struct both *both)
{
    return both->party.seen[VSK_EVENT_CONNECT] != 0;
}

void
both_connect(struct both *both, uint16_t type)
{
    both->party.seen[VSK_EVENT_CONNECT] = 0;
    assert_int_equal(vsk_guest_connect(&both->guest, vsk_loop_now(),
                                       VSK_PORT_ANY, VSK_CID_HOST, BOTH_PORT,
                                       type, &both->party.conn),
                     VSK_OK);
    vsk_frontend_wake(&both->frontend);
    both_run(both, is_connected);
}

static bool
is_all_back(const struct both *both)
{
    return both->party.got >= both->party.size;
}

void
both_echo(struct both *both, const uint8_t *bytes, size_t size, uint32_t flags)
{
    struct party *party = &both->party;
    struct party *host = &both->hosts[both->hosts[1] != NULL]->party;

    host->got = host->size = host->sent = 0;
    party->out = bytes;
    party->size = size;
    party->flags = flags;
    party->sent = party->got = 0;
    both_send(party);
    vsk_frontend_wake(&both->frontend);
    both_run(both, is_all_back);
    assert_int_equal(party->got, size);
    assert_memory_equal(party->in, bytes, size);
}

uint8_t *
both_pattern(size_t size)
{
    uint8_t *bytes = rig_zeroed(1, size + 1);

    rig_pattern(bytes, size, 9);
    return bytes;
}
