/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "socket_rig.h"

#include <sys/resource.h>

#include "vhost/channel.h"

#define WIRE (VSK_MESSAGE_HEADER + VSK_MESSAGE_PAYLOAD)

/* A channel and the other end of its socket. */
struct wire {
    vsk_channel channel;
    int peer;
    int spare;     /* to be passed on */
    uint32_t held; /* descriptors of the process before all this */
    vsk_message message;
    vsk_fds fds;
};

static int
set_up(void **state)
{
    struct wire *wire = calloc(1, sizeof *wire);
    int ends[2];

    assert_non_null(wire);
    wire->held = rig_fds();
    rig_pair(SOCK_STREAM, ends);
    wire->peer = ends[1];
    wire->spare = open("/dev/null", O_RDWR | O_CLOEXEC);
    vsk_channel_init(&wire->channel);
    assert_int_equal(vsk_channel_open(&wire->channel, ends[0]), VSK_OK);
    *state = wire;
    return 0;
}

/* Whatever the case did: no descriptor is left. */
static int
tear_down(void **state)
{
    struct wire *wire = *state;

    vsk_channel_close(&wire->channel);
    vsk_channel_close(&wire->channel);
    if (wire->peer >= 0)
        (void)close(wire->peer);
    (void)close(wire->spare);
    assert_int_equal(rig_fds(), wire->held);
    free(wire);
    return 0;
}

static void
hang_up(struct wire *wire)
{
    (void)close(wire->peer);
    wire->peer = -1;
}

static vsk_status
receive(struct wire *wire)
{
    memset(&wire->fds, 0, sizeof wire->fds);
    return vsk_channel_receive(&wire->channel, &wire->message, &wire->fds);
}

/* The peer writes bytes, with so many descriptors. */
static void
peer_writes(struct wire *wire, const void *bytes, size_t size, uint32_t count)
{
    union {
        char room[CMSG_SPACE(32 * sizeof(int))];
        struct cmsghdr align;
    } control;
    struct iovec part = {(void *)(uintptr_t)bytes, size};
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};

    if (count != 0) {
        struct cmsghdr *rights;

        memset(&control, 0, sizeof control);
        header.msg_control = control.room;
        header.msg_controllen = CMSG_SPACE(count * sizeof(int));
        rights = CMSG_FIRSTHDR(&header);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(count * sizeof(int));
        for (uint32_t i = 0; i < count; i++)
            memcpy(CMSG_DATA(rights) + i * sizeof(int), &wire->spare,
                   sizeof(int));
    }
    assert_int_equal(sendmsg(wire->peer, &header, MSG_NOSIGNAL), size);
}

/* The bytes of SET_FEATURES. */
static uint32_t
features(uint8_t *bytes)
{
    vsk_message message = {
        .request = VSK_REQUEST_SET_FEATURES, .flags = 9, .u64 = 0x140000000};

    return vsk_message_encode(&message, VSK_PAYLOAD_U64, bytes);
}

/* ---- receiving ---- */

static void
a_message_comes_whole(void **state)
{
    struct wire *wire = *state;
    uint8_t bytes[WIRE];
    uint32_t size = features(bytes);

    assert_int_equal(receive(wire), VSK_NONE);
    peer_writes(wire, bytes, size, 0);

    assert_int_equal(receive(wire), VSK_OK);
    assert_int_equal(wire->message.request, VSK_REQUEST_SET_FEATURES);
    assert_int_equal(wire->message.size, 8);
    assert_int_equal(wire->fds.count, 0);
    assert_memory_equal(vsk_channel_payload(&wire->channel), bytes + 12, 8);
    assert_int_equal(receive(wire), VSK_NONE);
}

static void
a_message_comes_byte_by_byte(void **state)
{
    struct wire *wire = *state;
    uint8_t bytes[WIRE];
    uint32_t size = features(bytes);

    for (uint32_t i = 0; i < size; i++) {
        assert_int_equal(receive(wire), VSK_NONE);
        peer_writes(wire, &bytes[i], 1, 0);
    }

    assert_int_equal(receive(wire), VSK_OK);
    assert_memory_equal(vsk_channel_payload(&wire->channel), bytes + 12, 8);
}

static void
messages_that_come_at_once_are_kept_apart(void **state)
{
    struct wire *wire = *state;
    uint8_t bytes[3 * WIRE];
    uint32_t size = 0;

    for (uint32_t i = 1; i <= 3; i++) {
        vsk_message message = {.request = i, .flags = 1, .u64 = i};

        size += vsk_message_encode(&message,
                                   i == 2 ? VSK_PAYLOAD_NONE : VSK_PAYLOAD_U64,
                                   bytes + size);
    }
    peer_writes(wire, bytes, size, 0);

    for (uint32_t i = 1; i <= 3; i++) {
        assert_int_equal(receive(wire), VSK_OK);
        assert_int_equal(wire->message.request, i);
        assert_int_equal(wire->message.size, i == 2 ? 0 : 8);
    }
    assert_int_equal(receive(wire), VSK_NONE);
}

static void
the_largest_payload_comes_through(void **state)
{
    struct wire *wire = *state;
    vsk_message message = {.request = VSK_REQUEST_SET_CONFIG, .flags = 1};
    uint8_t bytes[WIRE];

    message.config.size = VSK_CONFIG_BYTES;
    rig_pattern(message.config.data, VSK_CONFIG_BYTES, 3);
    assert_int_equal(vsk_message_encode(&message, VSK_PAYLOAD_CONFIG, bytes),
                     WIRE);
    peer_writes(wire, bytes, WIRE, 0);

    assert_int_equal(receive(wire), VSK_OK);
    assert_memory_equal(vsk_channel_payload(&wire->channel), bytes + 12,
                        VSK_MESSAGE_PAYLOAD);
}

static void
a_header_that_breaks_a_rule_is_refused_before_its_payload(void **state)
{
    struct wire *wire = *state;
    const uint32_t version[3] = {1, 2, 0};
    const uint32_t huge[3] = {1, 1, 4097};

    peer_writes(wire, version, sizeof version, 0);
    assert_int_equal(receive(wire), VSK_BAD_MESSAGE); /* VHU-BOTH-03 */
    peer_writes(wire, huge, sizeof huge, 2);
    assert_int_equal(receive(wire), VSK_BAD_MESSAGE_SIZE);
}

static void
a_hangup_between_messages_is_the_end(void **state)
{
    struct wire *wire = *state;

    hang_up(wire);

    assert_int_equal(receive(wire), VSK_EOF);
    assert_true(wire->channel.ended);
}

static void
a_hangup_within_a_message_is_told_apart(void **state)
{
    struct wire *wire = *state;
    uint8_t bytes[WIRE];
    uint32_t size = features(bytes);

    /* VHU-FE-03 */
    for (uint32_t cut = 1; cut < size; cut++) {
        int ends[2];

        peer_writes(wire, bytes, cut, 1);
        hang_up(wire);
        assert_int_equal(receive(wire), VSK_BAD_HANGUP);
        vsk_channel_close(&wire->channel);
        rig_pair(SOCK_STREAM, ends);
        wire->peer = ends[1];
        assert_int_equal(vsk_channel_open(&wire->channel, ends[0]), VSK_OK);
    }
}

static void
what_came_before_a_hangup_is_still_read(void **state)
{
    struct wire *wire = *state;
    uint8_t bytes[WIRE];

    peer_writes(wire, bytes, features(bytes), 0);
    hang_up(wire);

    assert_int_equal(receive(wire), VSK_OK);
    assert_int_equal(receive(wire), VSK_EOF);
}

static void
a_peer_that_leaves_what_we_sent_unread_has_gone(void **state)
{
    struct wire *wire = *state;
    vsk_message message = {.request = 1, .flags = 5, .u64 = 1};

    assert_int_equal(
        vsk_channel_send(&wire->channel, &message, VSK_PAYLOAD_U64, NULL, 0),
        VSK_OK);
    hang_up(wire);

    assert_int_equal(receive(wire), VSK_EOF); /* ECONNRESET */
}

static void
a_closed_channel_says_so(void **state)
{
    struct wire *wire = *state;
    vsk_message message = {.request = 1, .flags = 1};

    vsk_channel_close(&wire->channel);

    assert_int_equal(receive(wire), VSK_ERR_CLOSED);
    assert_int_equal(
        vsk_channel_send(&wire->channel, &message, VSK_PAYLOAD_NONE, NULL, 0),
        VSK_ERR_CLOSED);
    assert_int_equal(vsk_channel_flush(&wire->channel), VSK_ERR_CLOSED);
}

/* ---- descriptors ---- */

static void
eight_descriptors_come_through(void **state)
{
    struct wire *wire = *state;
    uint32_t before = rig_fds();
    uint8_t bytes[WIRE];

    peer_writes(wire, bytes, features(bytes), 8);

    assert_int_equal(receive(wire), VSK_OK);
    assert_int_equal(wire->fds.count, 8);
    assert_int_equal(rig_fds(), before + 8);
    for (uint32_t i = 0; i < 8; i++)
        assert_true((fcntl(wire->fds.fds[i], F_GETFD) & FD_CLOEXEC) != 0);
    vsk_fds_close(&wire->fds);
    vsk_fds_close(&wire->fds);
    assert_int_equal(rig_fds(), before);
}

static void
nine_descriptors_are_refused_and_closed(void **state)
{
    struct wire *wire = *state;
    uint32_t before = rig_fds();
    uint8_t bytes[WIRE];

    /* VHU-FE-02 */
    for (uint32_t count = 9; count <= 32; count++) {
        peer_writes(wire, bytes, features(bytes), count);
        assert_int_equal(receive(wire), VSK_BAD_FDS);
        assert_int_equal(rig_fds(), before);
        /* The rest of it is nobody's: a session ends here. */
        rig_skip(wire->channel.fd, 8);
    }
}

static void
descriptors_that_find_no_room_are_missed(void **state)
{
    struct wire *wire = *state;
    struct rlimit before, none;
    uint8_t bytes[WIRE];

    peer_writes(wire, bytes, features(bytes), 2);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0; /* those that are there stay */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);

    assert_int_equal(receive(wire), VSK_BAD_FDS);

    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

static void
descriptors_that_come_one_by_one_are_counted_together(void **state)
{
    struct wire *wire = *state;
    uint32_t before = rig_fds();
    uint8_t bytes[WIRE];
    uint32_t size = features(bytes);

    for (uint32_t i = 0; i < 8; i++) {
        peer_writes(wire, &bytes[i], 1, 1);
        assert_int_equal(receive(wire), VSK_NONE);
    }
    assert_int_equal(rig_fds(), before + 8);
    peer_writes(wire, &bytes[8], size - 8, 1);

    assert_int_equal(receive(wire), VSK_BAD_FDS);
    assert_int_equal(rig_fds(), before);
}

static void
descriptors_of_the_payload_are_the_messages_too(void **state)
{
    struct wire *wire = *state;
    uint8_t bytes[WIRE];
    uint32_t size = features(bytes);

    peer_writes(wire, bytes, 12, 1);
    peer_writes(wire, bytes + 12, size - 12, 1);

    assert_int_equal(receive(wire), VSK_OK);
    assert_int_equal(wire->fds.count, 2);
    vsk_fds_close(&wire->fds);
}

static void
descriptors_stay_with_their_message(void **state)
{
    struct wire *wire = *state;
    uint8_t bytes[WIRE];
    uint32_t size = features(bytes);

    peer_writes(wire, bytes, size, 0);
    peer_writes(wire, bytes, size, 3);
    peer_writes(wire, bytes, size, 0);

    assert_int_equal(receive(wire), VSK_OK);
    assert_int_equal(wire->fds.count, 0);
    assert_int_equal(receive(wire), VSK_OK);
    assert_int_equal(wire->fds.count, 3);
    vsk_fds_close(&wire->fds);
    assert_int_equal(receive(wire), VSK_OK);
    assert_int_equal(wire->fds.count, 0);
}

static void
descriptors_of_half_a_message_are_closed_with_the_channel(void **state)
{
    struct wire *wire = *state;
    uint8_t bytes[WIRE];

    (void)features(bytes);
    peer_writes(wire, bytes, 5, 4);

    assert_int_equal(receive(wire), VSK_NONE);
    assert_int_equal(wire->channel.in_fd_count, 4); /* tear_down counts */
}

static void
a_descriptor_that_was_taken_is_the_callers(void **state)
{
    struct wire *wire = *state;
    uint8_t bytes[WIRE];
    int fd;

    peer_writes(wire, bytes, features(bytes), 2);
    assert_int_equal(receive(wire), VSK_OK);

    fd = vsk_fds_take(&wire->fds, 1);
    vsk_fds_close(&wire->fds);

    assert_true(fcntl(fd, F_GETFD) >= 0);
    (void)close(fd);
}

/* ---- sending ---- */

static void
what_is_sent_is_received_with_its_descriptors(void **state)
{
    struct wire *wire = *state;
    vsk_message message = {
        .request = VSK_REQUEST_SET_MEM_TABLE,
        .flags = 1,
        .memory = {.count = 1, .regions = {{1, 2, 3, 4}}},
    };
    int given[8];
    vsk_channel other;

    for (uint32_t i = 0; i < 8; i++)
        given[i] = wire->spare;
    vsk_channel_init(&other);
    assert_int_equal(vsk_channel_open(&other, wire->peer), VSK_OK);
    wire->peer = -1;

    assert_int_equal(vsk_channel_send(&wire->channel, &message,
                                      VSK_PAYLOAD_MEMORY, given, 8),
                     VSK_OK);

    assert_false(vsk_channel_waits(&wire->channel));
    assert_int_equal(vsk_channel_receive(&other, &wire->message, &wire->fds),
                     VSK_OK);
    assert_int_equal(wire->fds.count, 8);
    assert_int_equal(wire->message.size, 40);
    vsk_fds_close(&wire->fds);
    vsk_channel_close(&other);
}

static void
nine_descriptors_cannot_be_sent(void **state)
{
    struct wire *wire = *state;
    vsk_message message = {.request = 1, .flags = 1};
    int given[9] = {0};
    uint32_t before = rig_fds();

    assert_int_equal(
        vsk_channel_send(&wire->channel, &message, VSK_PAYLOAD_NONE, given, 9),
        VSK_ERR_ARGUMENT);
    given[1] = -1;
    assert_int_equal(
        vsk_channel_send(&wire->channel, &message, VSK_PAYLOAD_NONE, given, 2),
        VSK_ERR_SYSTEM);
    assert_int_equal(rig_fds(), before);
    assert_false(vsk_channel_waits(&wire->channel));
}

static void
a_full_socket_keeps_the_message_for_later(void **state)
{
    struct wire *wire = *state;
    vsk_message message = {.request = 1, .flags = 5, .u64 = 42};
    size_t filled = rig_fill(wire->channel.fd);
    uint8_t bytes[20];
    int own[2];

    rig_pair(SOCK_STREAM, own);
    assert_int_equal(
        vsk_channel_send(&wire->channel, &message, VSK_PAYLOAD_U64, own, 1),
        VSK_OK);
    (void)close(own[0]); /* it was copied */
    assert_true(vsk_channel_waits(&wire->channel));
    assert_int_equal(vsk_channel_flush(&wire->channel), VSK_NONE);
    assert_int_equal(
        vsk_channel_send(&wire->channel, &message, VSK_PAYLOAD_U64, NULL, 0),
        VSK_ERR_BUSY);
    rig_skip(wire->peer, filled);

    assert_int_equal(vsk_channel_flush(&wire->channel), VSK_OK);
    assert_false(vsk_channel_waits(&wire->channel));
    assert_int_equal(recv(wire->peer, bytes, sizeof bytes, 0), 20);
    assert_int_equal(bytes[12], 42);
    /* Nobody holds the other end any more: its copy went. */
    assert_int_equal(recv(own[1], bytes, 1, MSG_DONTWAIT), 0);
    (void)close(own[1]);
}

static void
what_waits_is_closed_with_the_channel(void **state)
{
    struct wire *wire = *state;
    vsk_message message = {.request = 1, .flags = 5, .u64 = 42};
    int given[2] = {wire->spare, wire->spare};

    (void)rig_fill(wire->channel.fd);

    assert_int_equal(
        vsk_channel_send(&wire->channel, &message, VSK_PAYLOAD_U64, given, 2),
        VSK_OK);
    assert_int_equal(wire->channel.out_fd_count, 2); /* tear_down counts */
}

static void
nobody_who_reads_is_an_error_and_no_signal(void **state)
{
    struct wire *wire = *state;
    vsk_message message = {.request = 1, .flags = 5, .u64 = 42};

    hang_up(wire);

    assert_int_equal(
        vsk_channel_send(&wire->channel, &message, VSK_PAYLOAD_U64, NULL, 0),
        VSK_BAD_HANGUP);
}

static void
what_is_no_descriptor_is_no_channel(void **state)
{
    vsk_channel channel;
    (void)state;

    vsk_channel_init(&channel);

    assert_int_equal(vsk_channel_open(&channel, -1), VSK_ERR_SYSTEM);
    assert_int_equal(channel.fd, -1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_message_comes_whole),
        CASE(a_message_comes_byte_by_byte),
        CASE(messages_that_come_at_once_are_kept_apart),
        CASE(the_largest_payload_comes_through),
        CASE(a_header_that_breaks_a_rule_is_refused_before_its_payload),
        CASE(a_hangup_between_messages_is_the_end),
        CASE(a_hangup_within_a_message_is_told_apart),
        CASE(what_came_before_a_hangup_is_still_read),
        CASE(a_peer_that_leaves_what_we_sent_unread_has_gone),
        CASE(a_closed_channel_says_so),
        CASE(eight_descriptors_come_through),
        CASE(nine_descriptors_are_refused_and_closed),
        CASE(descriptors_that_find_no_room_are_missed),
        CASE(descriptors_that_come_one_by_one_are_counted_together),
        CASE(descriptors_of_the_payload_are_the_messages_too),
        CASE(descriptors_stay_with_their_message),
        CASE(descriptors_of_half_a_message_are_closed_with_the_channel),
        CASE(a_descriptor_that_was_taken_is_the_callers),
        CASE(what_is_sent_is_received_with_its_descriptors),
        CASE(nine_descriptors_cannot_be_sent),
        CASE(a_full_socket_keeps_the_message_for_later),
        CASE(what_waits_is_closed_with_the_channel),
        CASE(nobody_who_reads_is_an_error_and_no_signal),
        CASE(what_is_no_descriptor_is_no_channel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
