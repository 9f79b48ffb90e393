/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "front_rig.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define FILE_BYTES (2 * FRONT_BYTES)

/* ---- life ---- */

static void
make_device(struct front *front)
{
    const vsk_device_config config = {
        .policy = vsk_policy_default(),
        .features = ALL,
        .guest_cid = CID,
        .local_cid = VSK_CID_HOST,
        .seed = 7,
    };

    front->bench = rig_zeroed(1, sizeof *front->bench);
    front->bench->size = FRONT_SIZE;
    bench_make_tables(front->bench, FLOWS, FRONT_SIZE);
    assert_int_equal(
        vsk_device_init(&front->device, &config, &front->bench->tables),
        VSK_OK);
}

static void
free_device(struct front *front)
{
    tables_free_device(&front->bench->tables);
    free(front->bench);
}

static void
make_guest(struct front *front)
{
    vsk_guest_policy policy = vsk_guest_policy_default();
    uint8_t *base;

    assert_int_equal(
        vsk_mapping_create(0, FILE_BYTES, &front->memory_fd, &front->mapping),
        VSK_OK);
    base = front->mapping->base;
    memset(base, RIG_FILL, FILE_BYTES);
    front->regions[0] = (vsk_region){FRONT_LOW, FRONT_BYTES, base};
    front->regions[1] =
        (vsk_region){FRONT_HIGH, FRONT_BYTES, base + FRONT_BYTES};
    assert_int_equal(vsk_memory_init(&front->memory, front->regions, 2),
                     VSK_OK);
    front->ranges = rig_zeroed(8 * FRONT_SIZE, sizeof *front->ranges);
    policy.queue_size = FRONT_SIZE;
    policy.event_buffers = 2;
    front->tables = stage_tables_new(FRONT_SIZE);
    assert_int_equal(vsk_guest_init(&front->guest, &policy, &front->tables, 7),
                     VSK_OK);
}

struct front *
front_bare(const vsk_backend_options *options)
{
    struct front *front = rig_zeroed(1, sizeof *front);

    make_device(front);
    make_guest(front);
    vsk_channel_init(&front->channel);
    vsk_channel_init(&front->requests);
    for (uint32_t i = 0; i < VSK_QUEUES; i++) {
        assert_int_equal(vsk_notify_new(&front->kicks[i]), VSK_OK);
        assert_int_equal(vsk_notify_new(&front->calls[i]), VSK_OK);
    }
    assert_int_equal(vsk_backend_init(&front->backend, &front->device, options),
                     VSK_OK);
    return front;
}

struct front *
front_with(uint64_t protocol)
{
    vsk_backend_options options = vsk_backend_options_default();
    struct front *front;

    options.protocol |= protocol;
    front = front_bare(&options);
    front_connect(front);
    return front;
}

struct front *
front_new(void)
{
    return front_with(0);
}

void
front_free(struct front *front)
{
    vsk_backend_close(&front->backend);
    vsk_channel_close(&front->channel);
    vsk_channel_close(&front->requests);
    for (uint32_t i = 0; i < VSK_QUEUES; i++) {
        (void)close(front->kicks[i]);
        (void)close(front->calls[i]);
    }
    (void)close(front->memory_fd);
    vsk_mapping_unref(front->mapping);
    tables_free_guest(&front->tables);
    free(front->ranges);
    free_device(front);
    free(front);
}

void
front_new_process(struct front *front)
{
    vsk_backend_options options = front->backend.options;

    vsk_backend_close(&front->backend);
    front_hang_up(front);
    free_device(front);
    make_device(front);
    assert_int_equal(
        vsk_backend_init(&front->backend, &front->device, &options), VSK_OK);
    front_connect(front);
    front_forget_notices(front);
}

/* ---- messages ---- */

void
front_connect(struct front *front)
{
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair),
                     0);
    assert_int_equal(vsk_backend_adopt(&front->backend, pair[0]), VSK_OK);
    assert_int_equal(vsk_channel_open(&front->channel, pair[1]), VSK_OK);
}

void
front_hang_up(struct front *front)
{
    vsk_channel_close(&front->channel);
    vsk_channel_close(&front->requests);
    front_run_host(front);
}

vsk_message
front_message(vsk_request request)
{
    return (vsk_message){.request = request, .flags = VSK_MESSAGE_VERSION};
}

vsk_message
front_u64(vsk_request request, uint64_t value)
{
    vsk_message message = front_message(request);

    message.u64 = value;
    return message;
}

vsk_message
front_state(vsk_request request, uint32_t index, uint32_t num)
{
    vsk_message message = front_message(request);

    message.state = (vsk_ring_number){index, num};
    return message;
}

vsk_message
front_addr(const struct front *front, uint32_t index)
{
    vsk_message message = front_message(VSK_REQUEST_SET_VRING_ADDR);
    const vsk_ring *ring = &front->guest.rings[index];

    message.addr = (vsk_ring_address){
        .index = index,
        .desc = ring->desc + FRONT_USER,
        .used = ring->device + FRONT_USER,
        .avail = ring->driver + FRONT_USER,
    };
    return message;
}

vsk_message
front_config(vsk_request request, uint32_t offset, uint32_t size,
             uint32_t flags)
{
    vsk_message message = front_message(request);

    message.config.offset = offset;
    message.config.size = size;
    message.config.flags = flags;
    return message;
}

vsk_shared_region
front_region(const struct front *front, uint32_t which)
{
    const vsk_region *region = &front->regions[which];

    return (vsk_shared_region){
        .guest = region->addr,
        .size = region->size,
        .user = region->addr + FRONT_USER,
        .offset = which * (uint64_t)FRONT_BYTES,
    };
}

void
front_post(struct front *front, vsk_message *message, const int *fds,
           uint32_t count)
{
    const vsk_request_shape *shape = vsk_request_find(message->request);

    assert_int_equal(
        vsk_channel_send(&front->channel, message,
                         shape != NULL ? shape->payload : VSK_PAYLOAD_NONE, fds,
                         count),
        VSK_OK);
    front_run_host(front);
}

void
front_raw(struct front *front, const void *bytes, size_t size, const int *fds,
          uint32_t count)
{
    union {
        char room[CMSG_SPACE(16 * sizeof(int))];
        struct cmsghdr align;
    } control;
    struct iovec piece;
    struct msghdr header = {.msg_iov = &piece, .msg_iovlen = 1};

    memcpy(&piece.iov_base, &bytes, sizeof bytes);
    piece.iov_len = size;
    if (count != 0) {
        struct cmsghdr *part;

        memset(&control, 0, sizeof control);
        header.msg_control = control.room;
        header.msg_controllen = CMSG_SPACE(count * sizeof(int));
        part = CMSG_FIRSTHDR(&header);
        part->cmsg_level = SOL_SOCKET;
        part->cmsg_type = SCM_RIGHTS;
        part->cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(part), fds, count * sizeof(int));
    }
    assert_int_equal(sendmsg(front->channel.fd, &header, MSG_NOSIGNAL),
                     (ssize_t)size);
    front_run_host(front);
}

bool
front_answer(struct front *front, vsk_payload payload, vsk_message *message)
{
    vsk_fds fds;

    if (vsk_channel_receive(&front->channel, message, &fds) != VSK_OK)
        return false;
    assert_int_equal(fds.count, 0);
    assert_int_equal(message->flags, VSK_MESSAGE_VERSION | VSK_MESSAGE_REPLY);
    assert_int_equal(vsk_message_decode(message, payload,
                                        vsk_channel_payload(&front->channel)),
                     VSK_OK);
    return true;
}

static void
do_with(struct front *front, vsk_message *message, const int *fds,
        uint32_t count)
{
    vsk_message reply;

    message->flags |= VSK_MESSAGE_NEED_REPLY;
    front_post(front, message, fds, count);
    assert_true(front_answer(front, VSK_PAYLOAD_U64, &reply));
    assert_int_equal(reply.request, message->request);
    assert_int_equal(reply.u64, 0);
}

void
front_do(struct front *front, vsk_message message)
{
    do_with(front, &message, NULL, 0);
}

void
front_do_fd(struct front *front, vsk_message message, int fd)
{
    do_with(front, &message, &fd, 1);
}

uint64_t
front_ask(struct front *front, vsk_request request)
{
    vsk_message message = front_message(request);

    front_post(front, &message, NULL, 0);
    assert_true(front_answer(front, VSK_PAYLOAD_U64, &message));
    assert_int_equal(message.request, request);
    return message.u64;
}

void
front_over(struct front *front, vsk_status status, const char *name)
{
    vsk_message message;
    vsk_fds fds;

    assert_int_equal(vsk_channel_receive(&front->channel, &message, &fds),
                     VSK_EOF);
    assert_string_equal(
        vsk_status_name(front_noticed(front, VSK_NOTICE_END, name)),
        vsk_status_name(status));
    assert_false(front->backend.connected);
    front_hang_up(front);
    front_connect(front);
    assert_int_equal(front_ask(front, VSK_REQUEST_GET_FEATURES),
                     ALL | VSK_BIT(VSK_FEATURE_PROTOCOL));
}

void
front_refused(struct front *front, vsk_message message, const int *fds,
              uint32_t count, vsk_status status)
{
    const vsk_request_shape *shape = vsk_request_find(message.request);
    vsk_message reply;

    message.flags |= VSK_MESSAGE_NEED_REPLY;
    front_forget_notices(front);
    front_post(front, &message, fds, count);
    if (shape == NULL || shape->answer == VSK_PAYLOAD_NONE) {
        assert_true(front_answer(front, VSK_PAYLOAD_U64, &reply));
        assert_int_not_equal(reply.u64, 0);
    }
    front_over(front, status, shape != NULL ? shape->name : "request");
}

vsk_status
front_noticed(struct front *front, vsk_notice_kind kind, const char *text)
{
    vsk_notice notice;

    while (vsk_notices_take(&front->backend.notices, &notice) == VSK_OK)
        if (notice.kind == kind) {
            if (strstr(notice.text, text) == NULL)
                fail_msg("\"%s\" is not in \"%s\"", text, notice.text);
            return notice.status;
        }
    fail_msg("no notice %d", (int)kind);
    return VSK_NONE;
}

void
front_forget_notices(struct front *front)
{
    front->backend.notices = (vsk_notices){.count = 0};
}

/* ---- a driver's life ---- */

void
front_set_memory(struct front *front)
{
    vsk_message message = front_message(VSK_REQUEST_SET_MEM_TABLE);
    const int fds[2] = {front->memory_fd, front->memory_fd};

    /* The higher one first: no order is asked for. */
    message.memory.count = 2;
    message.memory.regions[0] = front_region(front, 1);
    message.memory.regions[1] = front_region(front, 0);
    do_with(front, &message, fds, 2);
}

void
front_agree(struct front *front, uint64_t protocol, uint64_t features)
{
    front_do(front, front_message(VSK_REQUEST_SET_OWNER));
    front_do(front, front_u64(VSK_REQUEST_SET_PROTOCOL_FEATURES, protocol));
    front_do(front, front_u64(VSK_REQUEST_SET_FEATURES,
                              features | VSK_BIT(VSK_FEATURE_PROTOCOL)));
    front_set_memory(front);
}

void
front_open(struct front *front)
{
    vsk_event event;

    vsk_guest_close(&front->guest);
    /* What the driver tells itself of its former life is nobody's concern. */
    while (vsk_guest_poll(&front->guest, vsk_loop_now(), &event) == VSK_OK)
        continue;
    assert_int_equal(vsk_pool_init(&front->pool, &front->memory, front->ranges,
                                   8 * FRONT_SIZE),
                     VSK_OK);
    assert_int_equal(
        vsk_guest_open(&front->guest, &front->memory, &front->pool, ALL, CID),
        VSK_OK);
    front->told = (struct front_told){.count = 0};
}

void
front_tell_ring(struct front *front, uint32_t index, uint32_t base)
{
    front_do_fd(front, front_u64(VSK_REQUEST_SET_VRING_CALL, index),
                front->calls[index]);
    front_do(front, front_state(VSK_REQUEST_SET_VRING_NUM, index, FRONT_SIZE));
    front_do(front, front_state(VSK_REQUEST_SET_VRING_BASE, index, base));
    front_do(front, front_addr(front, index));
}

void
front_kick(struct front *front, uint32_t index)
{
    front_do_fd(front, front_u64(VSK_REQUEST_SET_VRING_KICK, index),
                front->kicks[index]);
}

void
front_enable(struct front *front, uint32_t index, bool on)
{
    front_do(front, front_state(VSK_REQUEST_SET_VRING_ENABLE, index, on));
}

uint32_t
front_stop(struct front *front, uint32_t index)
{
    vsk_message message = front_state(VSK_REQUEST_GET_VRING_BASE, index, 0);

    front_post(front, &message, NULL, 0);
    assert_true(front_answer(front, VSK_PAYLOAD_STATE, &message));
    assert_int_equal(message.state.index, index);
    return message.state.num;
}

void
front_stop_all(struct front *front, uint32_t *bases)
{
    for (uint32_t i = 0; i < VSK_QUEUES; i++) {
        front_enable(front, i, false);
        bases[i] = front_stop(front, i);
    }
}

void
front_go_on(struct front *front, const uint32_t *bases)
{
    for (uint32_t i = 0; i < VSK_QUEUES; i++)
        front_start(front, i, bases[i]);
    front_run(front);
}

void
front_start(struct front *front, uint32_t index, uint32_t base)
{
    front_tell_ring(front, index, base);
    front_kick(front, index);
    front_enable(front, index, true);
}

struct front *
front_live(uint32_t queues)
{
    struct front *front = front_new();

    front_agree(front, VSK_BACKEND_PROTOCOL, ALL);
    front_open(front);
    for (uint32_t i = 0; i < queues; i++)
        front_start(front, i, 0);
    front_run(front);
    front_forget_notices(front);
    for (uint32_t i = 0; i < VSK_QUEUES; i++)
        (void)front_called(front, i);
    return front;
}

/* ---- packets ---- */

static void
note_event(struct front_told *told, const vsk_event *event)
{
    if (told->count < FRONT_LOG)
        told->kinds[told->count++] = event->kind;
    if (event->kind == VSK_EVENT_REQUEST || event->kind == VSK_EVENT_CONNECT)
        told->conn = event->conn;
    if (event->kind != VSK_EVENT_DATA)
        return;
    told->size += vsk_packet_read(event->packet, 0, told->bytes + told->size,
                                  (uint32_t)sizeof told->bytes - told->size);
}

/* What an application does by itself: it accepts, and takes what comes. */
static void
react(vsk_endpoint *endpoint, const vsk_event *event)
{
    uint64_t now = vsk_loop_now();

    if (event->kind == VSK_EVENT_REQUEST)
        assert_int_equal(
            vsk_endpoint_call(endpoint, now, event->conn, VSK_CALL_ACCEPT, 0),
            VSK_OK);
    if (event->kind == VSK_EVENT_DATA)
        assert_int_equal(vsk_endpoint_forwarded(endpoint, now, event->conn,
                                                event->packet->header.len),
                         VSK_OK);
}

void
front_run_host(struct front *front)
{
    vsk_event event;

    for (int i = 0; i < 1000; i++) {
        /* Not by what the descriptor says: it must have nothing to do. */
        while (vsk_backend_step(&front->backend, &event) == VSK_OK) {
            note_event(&front->host, &event);
            react(&front->device.endpoint, &event);
        }
        if (vsk_loop_wait(&front->backend.loop, 0) != VSK_OK)
            return;
    }
    fail_msg("the back end never rests");
}

void
front_run_guest(struct front *front)
{
    vsk_event event;
    uint32_t kicks;

    if (!front->guest.open)
        return;
    while (vsk_guest_poll(&front->guest, vsk_loop_now(), &event) == VSK_OK) {
        note_event(&front->told, &event);
        react(&front->guest.endpoint, &event);
        if (event.kind == VSK_EVENT_RESET && front->guest.stale)
            assert_int_equal(vsk_guest_renew(&front->guest, CID), VSK_OK);
    }
    kicks = vsk_guest_notify(&front->guest);
    for (uint32_t i = 0; i < VSK_QUEUES && !front->silent; i++)
        if ((kicks & (1u << i)) != 0)
            assert_int_equal(vsk_notify_signal(front->kicks[i]), VSK_OK);
}

void
front_run(struct front *front)
{
    for (int i = 0; i < 8; i++) {
        front_run_host(front);
        front_run_guest(front);
    }
    front_run_host(front);
}

uint64_t
front_called(struct front *front, uint32_t index)
{
    uint64_t count = 0;

    if (read(front->calls[index], &count, sizeof count) < 0)
        assert_int_equal(errno, EAGAIN);
    return count;
}

void
front_told(struct front_told *told, vsk_event_kind kind)
{
    uint32_t i = 0;

    while (i < told->count && told->kinds[i] != kind)
        i++;
    if (i == told->count)
        fail_msg("no %s was told", vsk_event_name(kind));
    told->count = 0;
}

void
front_not_told(const struct front_told *told, vsk_event_kind kind)
{
    for (uint32_t i = 0; i < told->count; i++)
        assert_int_not_equal(told->kinds[i], kind);
}

vsk_conn *
front_connected(struct front *front)
{
    vsk_conn *conn;

    assert_int_equal(vsk_guest_connect(&front->guest, vsk_loop_now(),
                                       VSK_PORT_ANY, VSK_CID_HOST, HOST_PORT,
                                       VSK_TYPE_STREAM, &conn),
                     VSK_OK);
    front_run(front);
    front_told(&front->host, VSK_EVENT_REQUEST);
    front_told(&front->told, VSK_EVENT_CONNECT);
    return conn;
}

void
front_echo(struct front *front, vsk_conn *conn, const char *text)
{
    uint32_t size = (uint32_t)strlen(text);
    uint8_t bytes[256];
    vsk_span span = {.base = bytes, .len = size};
    vsk_outgoing outgoing = {.spans = &span, .count = 1};
    uint64_t sent;

    memcpy(bytes, text, size);
    front->host.size = 0;
    front->told.size = 0;
    assert_int_equal(
        vsk_guest_send(&front->guest, vsk_loop_now(), conn, &outgoing, &sent),
        VSK_OK);
    front_run(front);
    assert_int_equal(front->host.size, size);
    assert_memory_equal(front->host.bytes, text, size);
    assert_int_equal(vsk_device_send(&front->device, vsk_loop_now(),
                                     front->host.conn, &outgoing, &sent),
                     VSK_OK);
    vsk_backend_wake(&front->backend);
    front_run(front);
    assert_int_equal(front->told.size, size);
    assert_memory_equal(front->told.bytes, text, size);
}

uint16_t
front_used(const struct front *front, uint32_t index)
{
    const vsk_ring *ring = &front->guest.rings[index];
    uint16_t idx;

    if ((ALL & VSK_F_RING_PACKED) != 0)
        return front->device.queues[index].ring.state.used & 0x7fffu;
    memcpy(&idx, front->mapping->base + (ring->device - FRONT_LOW) + 2,
           sizeof idx);
    return idx;
}
