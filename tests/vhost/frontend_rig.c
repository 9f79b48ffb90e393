/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Messages are read and written here without the code under test. */
#include "frontend_rig.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

struct wire {
    uint32_t request;
    uint32_t flags;
    uint32_t size;
    uint8_t payload[4096];
    int fds[8];
    uint32_t fd_count;
};

void
play_close(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

/* ---- life ---- */

vsk_frontend_options
play_options(void)
{
    vsk_frontend_options options = vsk_frontend_options_default();

    options.memory_size = 1u << 20;
    options.timeout = 10 * VSK_SECOND;
    return options;
}

struct play *
play_made(const vsk_frontend_options *options)
{
    const vsk_frontend_options usual = play_options();
    struct play *play = rig_zeroed(1, sizeof *play);
    vsk_guest_policy policy = stage_small_policy();

    play->fds_before = rig_fds();
    play->tables = stage_tables_new(PLAY_SIZE);
    assert_int_equal(vsk_guest_init(&play->guest, &policy, &play->tables, 7),
                     VSK_OK);
    assert_int_equal(vsk_frontend_init(&play->frontend, &play->guest,
                                       &play->pool, play->ranges, 256,
                                       options != NULL ? options : &usual),
                     VSK_OK);
    play->features = PLAY_FEATURES;
    play->protocol = VSK_FRONTEND_PROTOCOL;
    play->cid = CID;
    play->queues = VSK_QUEUES;
    play->slots = 32;
    play->fd = play->requests = play->memory = play->state = -1;
    play->brings = -1;
    for (uint32_t i = 0; i < VSK_QUEUES; i++)
        play->kicks[i] = play->calls[i] = -1;
    return play;
}

static void
close_received(struct play *play)
{
    play_close(&play->requests);
    play_close(&play->memory);
    play_close(&play->state);
    play_close(&play->brings);
    for (uint32_t i = 0; i < VSK_QUEUES; i++) {
        play_close(&play->kicks[i]);
        play_close(&play->calls[i]);
    }
}

vsk_status
play_adopt(struct play *play)
{
    int ends[2];
    vsk_status status;

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends),
                     0);
    status = vsk_frontend_adopt(&play->frontend, ends[0]);
    if (status != VSK_OK) {
        (void)close(ends[0]);
        (void)close(ends[1]);
        return status;
    }
    close_received(play);
    play_close(&play->fd);
    play->fd = ends[1];
    return status;
}

struct play *
play_new(const vsk_frontend_options *options)
{
    struct play *play = play_made(options);

    assert_int_equal(play_adopt(play), VSK_OK);
    return play;
}

void
play_free(struct play *play)
{
    vsk_frontend_close(&play->frontend);
    vsk_frontend_close(&play->frontend);
    close_received(play);
    play_close(&play->fd);
    assert_int_equal(rig_fds(), play->fds_before);
    tables_free_guest(&play->tables);
    free(play);
}

/* ---- what the back end hears ---- */

static uint32_t
number32(const struct wire *wire, uint32_t at)
{
    uint32_t value;

    memcpy(&value, wire->payload + at, sizeof value);
    return value;
}

static uint64_t
number64(const struct wire *wire, uint32_t at)
{
    uint64_t value;

    memcpy(&value, wire->payload + at, sizeof value);
    return value;
}

/* Read so many bytes, which are there: the front end is in this thread. */
static bool
read_part(struct play *play, struct wire *wire, void *bytes, size_t size)
{
    union {
        char room[CMSG_SPACE(8 * sizeof(int))];
        struct cmsghdr align;
    } control;
    struct iovec part = {bytes, size};
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = control.room,
                            .msg_controllen = sizeof control.room};
    ssize_t got =
        size == 0 ? 0
                  : recvmsg(play->fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

    if (got <= 0)
        return size == 0;
    assert_int_equal(got, size);
    for (struct cmsghdr *item = CMSG_FIRSTHDR(&header); item != NULL;
         item = CMSG_NXTHDR(&header, item)) {
        uint32_t count = (uint32_t)((item->cmsg_len - CMSG_LEN(0)) / 4);

        assert_in_range(wire->fd_count + count, 1, 8);
        memcpy(&wire->fds[wire->fd_count], CMSG_DATA(item), count * 4u);
        wire->fd_count += count;
    }
    return true;
}

static bool
hear(struct play *play, struct wire *wire)
{
    uint32_t head[3];

    memset(wire, 0, sizeof *wire);
    if (!read_part(play, wire, head, sizeof head))
        return false;
    wire->request = head[0];
    wire->flags = head[1];
    wire->size = head[2];
    assert_in_range(wire->size, 0, sizeof wire->payload);
    assert_true(read_part(play, wire, wire->payload, wire->size));
    return true;
}

static void
keep(int *place, struct wire *wire)
{
    play_close(place);
    if (wire->fd_count == 0)
        return;
    assert_int_equal(wire->fd_count, 1);
    *place = wire->fds[0];
    wire->fd_count = 0;
}

/* Write a line: name, numbers, "+1" for each descriptor, "!" for an answer
 * that is wanted. */
static void
note(struct play *play, const struct wire *wire)
{
    const vsk_request_shape *shape = vsk_request_find(wire->request);
    char numbers[40] = "";

    assert_non_null(shape);
    assert_in_range(play->lines, 0, PLAY_LINES - 1);
    /* VHU-BOTH-02, VHU-BOTH-03 */
    assert_int_equal(wire->flags & ~8u, 1);
    if (shape->payload == VSK_PAYLOAD_U64)
        (void)snprintf(numbers, sizeof numbers, " %llx",
                       (unsigned long long)number64(wire, 0));
    if (shape->payload == VSK_PAYLOAD_STATE ||
        shape->payload == VSK_PAYLOAD_TRANSFER)
        (void)snprintf(numbers, sizeof numbers, " %u %u", number32(wire, 0),
                       number32(wire, 4));
    if (shape->payload == VSK_PAYLOAD_ADDR)
        (void)snprintf(numbers, sizeof numbers, " %u", number32(wire, 0));
    (void)snprintf(play->trace[play->lines++], PLAY_LINE, "%s%s%s%s",
                   shape->name, numbers, (wire->flags & 8) != 0 ? " !" : "",
                   wire->fd_count != 0 ? " +1" : "");
}

/* ---- what it answers ---- */

void
play_send(int fd, const void *bytes, size_t size, const int *fds,
          uint32_t count)
{
    union {
        char room[CMSG_SPACE(16 * sizeof(int))];
        struct cmsghdr align;
    } control;
    struct iovec part;
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
    uint8_t copy[8192];

    memcpy(copy, bytes, size);
    part.iov_base = copy;
    part.iov_len = size;
    if (count != 0) {
        struct cmsghdr *item;

        memset(&control, 0, sizeof control);
        header.msg_control = control.room;
        header.msg_controllen = CMSG_SPACE(count * sizeof(int));
        item = CMSG_FIRSTHDR(&header);
        item->cmsg_level = SOL_SOCKET;
        item->cmsg_type = SCM_RIGHTS;
        item->cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(item), fds, count * sizeof(int));
    }
    assert_int_equal(sendmsg(fd, &header, MSG_NOSIGNAL), size);
}

/* Step after each byte: it must come to the same. */
static void
send_bytewise(struct play *play, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        play_send(play->fd, bytes + i, 1, NULL, 0);
        (void)play_step(play);
    }
}

static void
reply(struct play *play, uint32_t request, const void *payload, uint32_t size,
      int fd)
{
    static const struct twist straight = {0};
    const struct twist *twist =
        play->twist.request == request ? &play->twist : &straight;
    uint8_t bytes[12 + 4096 + 64] = {0};
    uint32_t said = (uint32_t)((int32_t)size + twist->more);
    uint32_t head[3] = {request + twist->other_id,
                        twist->flags != 0 ? twist->flags : 5, said};
    int fds[9] = {fd, fd, fd, fd, fd, fd, fd, fd, fd};
    uint32_t count = fd >= 0 ? 1 : 0;

    if (twist->silent)
        return;
    if (twist->hangs_up) {
        play_close(&play->fd);
        return;
    }
    memcpy(bytes, head, sizeof head);
    memcpy(bytes + sizeof head, payload, size);
    if (twist->number != 0 && size == 8) {
        uint64_t number;

        memcpy(&number, payload, 8);
        number += twist->number;
        memcpy(bytes + sizeof head, &number, 8);
    }
    if (twist->fds != 0) {
        count = twist->fds;
        for (uint32_t i = 0; i < count; i++)
            fds[i] = play->fd;
    }
    if (twist->flip != 0) {
        uint32_t bit = (twist->flip - 1) % (8 * (12 + size));

        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    if (twist->bytewise)
        send_bytewise(play, bytes, 12 + said);
    else
        play_send(play->fd, bytes, twist->cut != 0 ? twist->cut : 12 + said,
                  fds, count);
    if (twist->cut != 0)
        play_close(&play->fd);
}

static void
reply64(struct play *play, uint32_t request, uint64_t number)
{
    reply(play, request, &number, sizeof number, -1);
}

static void
reply_config(struct play *play, const struct wire *wire)
{
    uint8_t payload[20] = {0};

    assert_int_equal(wire->size, 20);
    assert_int_equal(number32(wire, 0), 0);
    assert_int_equal(number32(wire, 4), 8);
    memcpy(payload, wire->payload, 12);
    memcpy(payload + 12, &play->cid, 8);
    reply(play, wire->request, payload, sizeof payload, -1);
}

static void
reply_base(struct play *play, const struct wire *wire)
{
    uint32_t payload[2] = {number32(wire, 0), 0};

    /* VHU-FE-12 */
    assert_int_equal(number32(wire, 4), 0);
    payload[1] = play->bases[payload[0]];
    reply(play, wire->request, payload, sizeof payload, -1);
}

static void
reply_state(struct play *play, struct wire *wire)
{
    uint64_t number = play->brings >= 0 ? 0 : VSK_MESSAGE_NO_FD;

    keep(&play->state, wire);
    number += play->state_answer;
    reply(play, wire->request, &number, 8, play->brings);
    play_close(&play->brings);
}

/* Keep what a request brings; whether it has an answer of its own. */
static bool
take(struct play *play, struct wire *wire)
{
    switch (wire->request) {
    case VSK_REQUEST_GET_FEATURES:
        reply64(play, wire->request, play->features);
        return true;
    case VSK_REQUEST_GET_PROTOCOL_FEATURES:
        reply64(play, wire->request, play->protocol);
        return true;
    case VSK_REQUEST_GET_QUEUE_NUM:
        reply64(play, wire->request, play->queues);
        return true;
    case VSK_REQUEST_GET_MAX_MEM_SLOTS:
        reply64(play, wire->request, play->slots);
        return true;
    case VSK_REQUEST_GET_STATUS:
        reply64(play, wire->request, play->status);
        return true;
    case VSK_REQUEST_GET_CONFIG:
        reply_config(play, wire);
        return true;
    case VSK_REQUEST_GET_VRING_BASE:
        reply_base(play, wire);
        return true;
    case VSK_REQUEST_SET_DEVICE_STATE_FD:
        reply_state(play, wire);
        return true;
    case VSK_REQUEST_CHECK_DEVICE_STATE:
        reply64(play, wire->request, 0);
        return true;
    case VSK_REQUEST_SET_PROTOCOL_FEATURES:
        play->agreed = number64(wire, 0);
        return false;
    case VSK_REQUEST_SET_FEATURES:
        play->accepted = number64(wire, 0);
        return false;
    case VSK_REQUEST_SET_STATUS:
        play->status = number64(wire, 0);
        return false;
    case VSK_REQUEST_SET_MEM_TABLE:
    case VSK_REQUEST_ADD_MEM_REG:
        /* VHU-FE-09, VHU-FE-18 */
        assert_int_equal(wire->fd_count, 1);
        memcpy(&play->region, wire->payload + 8, sizeof play->region);
        keep(&play->memory, wire);
        return false;
    case VSK_REQUEST_SET_VRING_ADDR:
        assert_int_equal(wire->size, 40);
        memcpy(&play->addr[number32(wire, 0)], wire->payload, 40);
        return false;
    case VSK_REQUEST_SET_VRING_KICK:
        keep(&play->kicks[number32(wire, 0)], wire);
        return false;
    case VSK_REQUEST_SET_VRING_CALL:
        keep(&play->calls[number32(wire, 0)], wire);
        return false;
    case VSK_REQUEST_SET_BACKEND_REQ_FD:
        keep(&play->requests, wire);
        return false;
    default:
        return false;
    }
}

uint32_t
play_answer(struct play *play)
{
    uint32_t count = 0;
    struct wire wire;

    while (play->fd >= 0 && hear(play, &wire)) {
        count++;
        note(play, &wire);
        if (!take(play, &wire) && (wire.flags & 8) != 0)
            reply64(play, wire.request, 0);
        /* VHU-FE-02 */
        assert_int_equal(wire.fd_count, 0);
    }
    return count;
}

/* ---- both ---- */

uint32_t
play_step(struct play *play)
{
    uint32_t events = 0;

    while (vsk_frontend_step(&play->frontend, &play->event) == VSK_OK)
        events++;
    return events;
}

void
play_talk(struct play *play)
{
    do
        (void)play_step(play);
    while (play_answer(play) != 0);
    (void)play_step(play);
}

struct play *
play_live(const vsk_frontend_options *options)
{
    struct play *play = play_new(options);

    play_talk(play);
    assert_string_equal(vsk_frontend_state_name(play->frontend.state), "LIVE");
    return play;
}

void
play_forget(struct play *play)
{
    play->lines = 0;
}

void
play_said(const struct play *play, const char *const *lines)
{
    uint32_t at = 0;

    for (; at < play->lines && lines[at] != NULL; at++)
        assert_string_equal(play->trace[at], lines[at]);
    if (at < play->lines)
        fail_msg("more was said: %s", play->trace[at]);
    if (lines[at] != NULL)
        fail_msg("it was not said: %s", lines[at]);
}

bool
play_asked(const struct play *play, const char *name)
{
    for (uint32_t i = 0; i < play->lines; i++) {
        if (strncmp(play->trace[i], name, strlen(name)) == 0)
            return true;
    }
    return false;
}

const vsk_notice *
play_noticed(struct play *play, vsk_notice_kind kind)
{
    while (vsk_notices_take(&play->frontend.notices, &play->notice) == VSK_OK) {
        if (play->notice.kind == kind)
            return &play->notice;
    }
    fail_msg("no notice of kind %d", (int)kind);
    return &play->notice;
}

void
play_over(struct play *play, vsk_status status, const char *words)
{
    const vsk_notice *notice;

    assert_string_equal(vsk_frontend_state_name(play->frontend.state), "OVER");
    assert_string_equal(vsk_status_name(play->frontend.status),
                        vsk_status_name(status));
    notice = play_noticed(play, VSK_NOTICE_END);
    if (notice == NULL)
        fail_msg("nobody says that it is over");
    else
        assert_int_equal(notice->status, status);
    if (notice != NULL && strstr(notice->text, words) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", words, notice->text);
}
