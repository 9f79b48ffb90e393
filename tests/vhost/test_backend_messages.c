/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What the back end answers to each message, right and wrong. */
#include "front_rig.h"

#include <sys/socket.h>
#include <unistd.h>

#define MARK VSK_BIT(VSK_FEATURE_PROTOCOL)
#define PROTOCOL(name) VSK_BIT(VSK_PROTOCOL_##name)
#define EVERY                                                                  \
    (VSK_BACKEND_PROTOCOL | PROTOCOL(STATUS) | PROTOCOL(INBAND_NOTIFICATIONS))

/* ---- answers ---- */

static void
an_answer_is_one_byte_for_byte(void **state)
{
    const uint32_t wanted[] = {17, 5, 8, VSK_QUEUES, 0}; /* VHU-BOTH-02 */
    struct front *front = front_new();
    vsk_message message = front_message(VSK_REQUEST_GET_QUEUE_NUM);
    uint8_t wire[64];
    (void)state;

    front_do(front, front_u64(VSK_REQUEST_SET_PROTOCOL_FEATURES,
                              EVERY & VSK_BACKEND_PROTOCOL));
    front_post(front, &message, NULL, 0);

    /* VHU-BE-01, VHU-BE-17 */
    assert_int_equal(recv(front->channel.fd, wire, sizeof wire, MSG_DONTWAIT),
                     sizeof wanted);
    assert_memory_equal(wire, wanted, sizeof wanted);
    front_free(front);
}

static void
features_show_the_protocols_bit_and_hide_it_from_the_device(void **state)
{
    struct front *front = front_new(); /* VHU-BOTH-05, VHU-BE-02 */
    (void)state;

    assert_int_equal(front_ask(front, VSK_REQUEST_GET_FEATURES), ALL | MARK);
    front_do(front, front_u64(VSK_REQUEST_SET_FEATURES, ALL | MARK));

    assert_int_equal(front->device.setup.accepted, ALL);
    front_free(front);
}

static void
protocol_features_come_before_features(void **state)
{
    struct front *front = front_new(); /* VHU-BE-26, VHU-BOTH-11 */
    (void)state;

    assert_int_equal(front_ask(front, VSK_REQUEST_GET_PROTOCOL_FEATURES),
                     VSK_BACKEND_PROTOCOL);
    front_do(front, front_u64(VSK_REQUEST_SET_PROTOCOL_FEATURES,
                              PROTOCOL(MQ) | PROTOCOL(REPLY_ACK)));

    assert_int_equal(front_ask(front, VSK_REQUEST_GET_QUEUE_NUM), 3);
    front_free(front);
}

static void
nothing_is_answered_that_nobody_asked_for(void **state)
{
    struct front *front = front_new(); /* VHU-BE-51 */
    vsk_message message = front_message(VSK_REQUEST_SET_OWNER);
    (void)state;

    front_post(front, &message, NULL, 0);

    assert_false(front_answer(front, VSK_PAYLOAD_U64, &message));
    assert_true(front->backend.owned);
    front_free(front);
}

static void
an_answer_of_its_own_is_the_only_one(void **state)
{
    struct front *front = front_new(); /* VHU-BE-52 */
    vsk_message message = front_message(VSK_REQUEST_GET_FEATURES);
    (void)state;

    message.flags |= VSK_MESSAGE_NEED_REPLY;
    front_post(front, &message, NULL, 0);

    assert_true(front_answer(front, VSK_PAYLOAD_U64, &message));
    assert_int_equal(message.u64, ALL | MARK);
    assert_false(front_answer(front, VSK_PAYLOAD_U64, &message));
    front_free(front);
}

static void
memory_slots_are_told(void **state)
{
    struct front *front = front_new(); /* VHU-BE-42 */
    (void)state;

    front_do(front, front_u64(VSK_REQUEST_SET_PROTOCOL_FEATURES,
                              PROTOCOL(CONFIGURE_MEM_SLOTS)));

    assert_int_equal(front_ask(front, VSK_REQUEST_GET_MAX_MEM_SLOTS),
                     VSK_MAPPING_SLOTS);
    front_free(front);
}

static void
status_is_stored_and_echoed(void **state)
{
    struct front *front = front_with(PROTOCOL(STATUS));
    (void)state;

    front_do(front,
             front_u64(VSK_REQUEST_SET_PROTOCOL_FEATURES, PROTOCOL(STATUS)));
    front_do(front, front_u64(VSK_REQUEST_SET_STATUS, 0x0f));

    assert_int_equal(front_ask(front, VSK_REQUEST_GET_STATUS), 0x0f);
    assert_int_equal(front->device.setup.status, 0);
    front_free(front);
}

static void
a_message_comes_byte_by_byte(void **state)
{
    struct front *front = front_new();
    const uint32_t words[] = {VSK_REQUEST_SET_PROTOCOL_FEATURES, 1, 8,
                              (uint32_t)PROTOCOL(MQ), 0};
    const uint8_t *bytes = (const uint8_t *)words;
    (void)state;

    for (size_t i = 0; i < sizeof words; i++)
        front_raw(front, bytes + i, 1, NULL, 0);

    assert_int_equal(front->backend.protocol, PROTOCOL(MQ));
    front_free(front);
}

/* ---- the configuration space ---- */

static void
read_config(struct front *front, uint32_t offset, uint32_t size,
            vsk_message *message)
{
    *message = front_config(VSK_REQUEST_GET_CONFIG, offset, size, 0);
    front_post(front, message, NULL, 0);
}

static void
config_is_read_at_any_place(void **state)
{
    static const uint32_t places[][2] = {
        {0, 8}, {0, 1},    {4, 4}, {3, 2},    {0, 256},       {7, 100},
        {8, 8}, {1000, 4}, {0, 0}, {0, 4084}, {0xfffffff8, 8}};
    struct front *front = front_new(); /* VHU-BE-37 */
    vsk_message message;
    (void)state;

    front_do(front,
             front_u64(VSK_REQUEST_SET_PROTOCOL_FEATURES, PROTOCOL(CONFIG)));
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        uint32_t offset = places[i][0], size = places[i][1];

        read_config(front, offset, size, &message);
        assert_true(front_answer(front, VSK_PAYLOAD_CONFIG, &message));
        assert_int_equal(message.config.offset, offset);
        assert_int_equal(message.config.size, size);
        for (uint32_t j = 0; j < size; j++)
            assert_int_equal(message.config.data[j], offset + j == 0 ? CID : 0);
    }
    front_free(front);
}

static void
config_that_no_offset_can_say_has_no_payload(void **state)
{
    struct front *front = front_new(); /* VHU-BE-38 */
    vsk_message message;
    (void)state;

    front_do(front,
             front_u64(VSK_REQUEST_SET_PROTOCOL_FEATURES, PROTOCOL(CONFIG)));
    read_config(front, 0xfffffff9, 8, &message);

    assert_true(front_answer(front, VSK_PAYLOAD_NONE, &message));
    assert_int_equal(message.request, VSK_REQUEST_GET_CONFIG);
    front_free(front);
}

/* Write; whether the back end took it. The session goes on either way. */
static bool
writes_config(struct front *front, uint32_t offset, uint32_t size,
              uint32_t flags, uint8_t first)
{
    vsk_message message =
        front_config(VSK_REQUEST_SET_CONFIG, offset, size, flags);

    message.flags |= VSK_MESSAGE_NEED_REPLY;
    message.config.data[0] = first;
    front_post(front, &message, NULL, 0);
    assert_true(front_answer(front, VSK_PAYLOAD_U64, &message));
    return message.u64 == 0;
}

static void
config_is_read_only_but_for_migration(void **state)
{
    struct front *front = front_new(); /* VHU-BE-39, VHU-BE-40 */
    (void)state;

    front_do(front,
             front_u64(VSK_REQUEST_SET_PROTOCOL_FEATURES, PROTOCOL(CONFIG)));
    front_forget_notices(front);

    assert_false(writes_config(front, 0, 8, 0, 9));
    assert_int_equal(front_noticed(front, VSK_NOTICE_NOTE, "SET_CONFIG"),
                     VSK_BAD_CONFIG);
    assert_int_equal(front->device.setup.guest_cid, CID);
    assert_true(writes_config(front, 0, 8, VSK_CONFIG_MIGRATION, 9));
    assert_int_equal(front->device.setup.guest_cid, 9);
    assert_true(writes_config(front, 1, 1, VSK_CONFIG_MIGRATION, 1));
    assert_int_equal(front->device.setup.guest_cid, 0x109);
    assert_false(writes_config(front, 0, 8, VSK_CONFIG_MIGRATION, 2));
    assert_false(writes_config(front, 0, 9, VSK_CONFIG_MIGRATION, 9));
    assert_false(writes_config(front, 9, 1, VSK_CONFIG_MIGRATION, 9));
    assert_false(writes_config(front, 1, 8, VSK_CONFIG_MIGRATION, 9));
    assert_true(writes_config(front, 8, 0, VSK_CONFIG_MIGRATION, 9));
    assert_false(writes_config(front, 0, 8, 2, 9));
    assert_int_equal(front->device.setup.guest_cid, 0x109);
    front_free(front);
}

static void
the_cid_that_is_there_may_be_written_again(void **state)
{
    struct front *front = front_live(3);
    vsk_conn *conn = front_connected(front);
    (void)state;

    assert_true(writes_config(front, 0, 8, VSK_CONFIG_MIGRATION, CID));
    front_run(front);

    front_not_told(&front->told, VSK_EVENT_RESET);
    front_echo(front, conn, "hello");
    front_free(front);
}

static void
a_session_leaves_no_notice_to_the_next(void **state)
{
    struct front *front = front_live(2);
    vsk_notice notice;
    (void)state;

    front_hang_up(front);
    front_connect(front);
    front_forget_notices(front);
    front_do(front, front_u64(VSK_REQUEST_SET_PROTOCOL_FEATURES,
                              VSK_BACKEND_PROTOCOL));

    assert_int_equal(vsk_notices_take(&front->backend.notices, &notice),
                     VSK_NONE);
    assert_false(front->backend.owned);
    front_free(front);
}

/* ---- rules that are broken ---- */

static void
requests_need_their_protocol_feature(void **state)
{
#define ROW(name, id, payload, answer, least, most, needs)                     \
    {id, VSK_PROTOCOL_##needs},
    static const uint32_t rows[][2] = {VSK_REQUEST_TABLE(ROW)};
#undef ROW
    struct front *front = front_with(EVERY & ~VSK_BACKEND_PROTOCOL);
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t without = EVERY;

        if (rows[i][1] == VSK_PROTOCOL_NONE)
            continue;
        without &= ~VSK_BIT(rows[i][1]);
        if (rows[i][1] == VSK_PROTOCOL_BACKEND_REQ)
            without &= ~PROTOCOL(INBAND_NOTIFICATIONS);
        front_do(front, front_u64(VSK_REQUEST_SET_PROTOCOL_FEATURES, without));
        front_refused(front, front_message(rows[i][0]), NULL, 0,
                      VSK_BAD_REQUEST); /* VHU-BOTH-04 */
    }
    front_free(front);
}

static void
unknown_requests_are_refused(void **state)
{
    static const uint32_t requests[] = {0,  6,  7,  19, 20, 22, 23,
                                        26, 31, 32, 41, 44, 99, UINT32_MAX};
    struct front *front = front_new();
    (void)state;

    /* VHU-BE-03: the session is closed */
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
        front_refused(front, front_message((vsk_request)requests[i]), NULL, 0,
                      VSK_BAD_REQUEST);
    front_free(front);
}

static void
features_that_were_not_offered_are_refused(void **state)
{
    struct front *front = front_new();
    (void)state;

    front_refused(front,
                  front_u64(VSK_REQUEST_SET_FEATURES,
                            ALL | MARK | VSK_BIT(34)), /* RING_PACKED */
                  NULL, 0, VSK_BAD_FEATURES);
    front_refused(front,
                  front_u64(VSK_REQUEST_SET_FEATURES,
                            ALL | MARK | VSK_BIT(26)), /* LOG_ALL */
                  NULL, 0, VSK_BAD_FEATURES);
    front_refused(
        front,
        front_u64(VSK_REQUEST_SET_FEATURES, (ALL & ~BIT(VERSION_1)) | MARK),
        NULL, 0, VSK_BAD_FEATURES);
    front_free(front);
}

static void
protocol_features_that_were_not_offered_are_refused(void **state)
{
    struct front *front = front_with(PROTOCOL(INBAND_NOTIFICATIONS));
    (void)state;

    front_refused(
        front, front_u64(VSK_REQUEST_SET_PROTOCOL_FEATURES, PROTOCOL(STATUS)),
        NULL, 0, VSK_BAD_PROTOCOL);
    front_refused(front,
                  front_u64(VSK_REQUEST_SET_PROTOCOL_FEATURES, VSK_BIT(1)),
                  NULL, 0, VSK_BAD_PROTOCOL);
    /* VHU-BE-25 */
    front_refused(
        front,
        front_u64(VSK_REQUEST_SET_PROTOCOL_FEATURES,
                  PROTOCOL(INBAND_NOTIFICATIONS) | PROTOCOL(REPLY_ACK)),
        NULL, 0, VSK_BAD_PROTOCOL);
    front_refused(
        front,
        front_u64(VSK_REQUEST_SET_PROTOCOL_FEATURES,
                  PROTOCOL(INBAND_NOTIFICATIONS) | PROTOCOL(BACKEND_REQ)),
        NULL, 0, VSK_BAD_PROTOCOL);
    front_free(front);
}

static void
protocol_features_that_are_refused_are_named(void **state)
{
    struct front *front = front_with(PROTOCOL(INBAND_NOTIFICATIONS));
    vsk_message unknown = front_u64(VSK_REQUEST_SET_PROTOCOL_FEATURES,
                                    PROTOCOL(STATUS) | VSK_BIT(40));
    vsk_message alone = front_u64(VSK_REQUEST_SET_PROTOCOL_FEATURES,
                                  PROTOCOL(INBAND_NOTIFICATIONS));
    (void)state;

    front_post(front, &unknown, NULL, 0);
    front_over(front, VSK_BAD_PROTOCOL, ": STATUS, bit 40");
    front_forget_notices(front);
    front_post(front, &alone, NULL, 0);
    front_over(front, VSK_BAD_PROTOCOL, ": INBAND_NOTIFICATIONS");
    front_free(front);
}

static void
features_that_are_refused_are_named(void **state)
{
    struct front *front = front_new();
    vsk_message message = front_u64(
        VSK_REQUEST_SET_FEATURES, ALL | MARK | BIT(RING_PACKED) | VSK_BIT(37));
    (void)state;

    /* As QEMU 7.2 with packed=on: asked for or not. */
    front_post(front, &message, NULL, 0);

    front_over(front, VSK_BAD_FEATURES, ": RING_PACKED, bit 37");
    front_free(front);
}

static void
rings_that_cannot_be_are_refused(void **state)
{
    static const uint32_t bad[][3] = {
        {VSK_REQUEST_SET_VRING_NUM, 3, 64},
        {VSK_REQUEST_SET_VRING_NUM, 0, 0},
        {VSK_REQUEST_SET_VRING_NUM, 0, 3},
        {VSK_REQUEST_SET_VRING_NUM, 0, 65536},
        {VSK_REQUEST_SET_VRING_BASE, 3, 0},
        {VSK_REQUEST_SET_VRING_BASE, 0, 65536},
        {VSK_REQUEST_GET_VRING_BASE, 3, 0},
        {VSK_REQUEST_GET_VRING_BASE, UINT32_MAX, 0},
        {VSK_REQUEST_SET_VRING_ENABLE, 3, 1},
        {VSK_REQUEST_SET_VRING_ENABLE, 0, 2},
    };
    struct front *front = front_new();
    vsk_message message = front_addr(front, 0);
    (void)state;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        front_refused(front,
                      front_state((vsk_request)bad[i][0], bad[i][1], bad[i][2]),
                      NULL, 0, VSK_BAD_RING);
    message.addr.index = 3;
    front_refused(front, message, NULL, 0, VSK_BAD_RING);
    for (uint32_t i = VSK_REQUEST_SET_VRING_KICK;
         i <= VSK_REQUEST_SET_VRING_ERR; i++) {
        front_refused(front, front_u64((vsk_request)i, 3), front->kicks, 1,
                      VSK_BAD_RING);
        front_refused(front, front_u64((vsk_request)i, 0x200), front->kicks, 1,
                      VSK_BAD_RING);
    }
    front_free(front);
}

/* A pipe's end and a file are no way to kick; their other ends are ours. */
static void
descriptors_are_counted_and_looked_at(void **state)
{
    struct front *front = front_new(); /* VHU-FE-02, VHU-BOTH-12 */
    const int two[2] = {front->kicks[0], front->kicks[1]};
    int pair[2];
    (void)state;

    assert_int_equal(pipe(pair), 0);
    for (uint32_t i = VSK_REQUEST_SET_VRING_KICK;
         i <= VSK_REQUEST_SET_VRING_ERR; i++) {
        vsk_request request = (vsk_request)i;

        front_refused(front, front_u64(request, 0), NULL, 0, VSK_BAD_FDS);
        front_refused(front, front_u64(request, 0), two, 2, VSK_BAD_FDS);
        front_refused(front, front_u64(request, VSK_MESSAGE_NO_FD), two, 1,
                      VSK_BAD_FDS);
        front_refused(front, front_u64(request, 0), &pair[1], 1, VSK_BAD_FDS);
        front_refused(front, front_u64(request, 0), &front->memory_fd, 1,
                      VSK_BAD_FDS);
    }
    front_refused(front, front_u64(VSK_REQUEST_SET_FEATURES, ALL), two, 1,
                  VSK_BAD_FDS);
    front_do(front, front_u64(VSK_REQUEST_SET_PROTOCOL_FEATURES,
                              VSK_BACKEND_PROTOCOL));
    front_refused(front, front_message(VSK_REQUEST_SET_BACKEND_REQ_FD),
                  &front->memory_fd, 1, VSK_BAD_FDS);
    front_do(front, front_u64(VSK_REQUEST_SET_PROTOCOL_FEATURES,
                              VSK_BACKEND_PROTOCOL));
    front_refused(front, front_message(VSK_REQUEST_SET_BACKEND_REQ_FD),
                  front->kicks, 1, VSK_BAD_FDS);
    (void)close(pair[0]);
    (void)close(pair[1]);
    front_free(front);
}

static void
more_than_eight_descriptors_end_the_session(void **state)
{
    const uint32_t words[] = {VSK_REQUEST_SET_OWNER, 1, 0};
    struct front *front = front_new();
    int fds[12];
    (void)state;

    for (int i = 0; i < 12; i++)
        fds[i] = front->kicks[0];
    for (uint32_t count = 9; count <= 12; count++) {
        front_raw(front, words, sizeof words, fds, count);
        front_over(front, VSK_BAD_FDS, "SET_OWNER");
    }
    front_free(front);
}

static void
a_payload_of_another_size_is_refused(void **state)
{
#define ROW(name, id, payload, answer, least, most, needs)                     \
    {id, VSK_PAYLOAD_##payload},
    static const uint32_t rows[][2] = {VSK_REQUEST_TABLE(ROW)};
#undef ROW
    struct front *front = front_with(EVERY & ~VSK_BACKEND_PROTOCOL);
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint32_t words[3 + 13] = {rows[i][0], 1, 4};
        const char *name = vsk_request_find(rows[i][0])->name;

        front_do(front, front_u64(VSK_REQUEST_SET_PROTOCOL_FEATURES, EVERY));
        front_raw(front, words, sizeof *words * 4, NULL, 0);
        front_over(front, VSK_BAD_MESSAGE_SIZE, name);
        if (rows[i][1] == VSK_PAYLOAD_NONE)
            continue;
        words[2] = 0;
        front_do(front, front_u64(VSK_REQUEST_SET_PROTOCOL_FEATURES, EVERY));
        front_raw(front, words, sizeof *words * 3, NULL, 0);
        front_over(front, VSK_BAD_MESSAGE_SIZE, name);
    }
    front_free(front);
}

static void
a_message_too_large_is_refused_by_its_answer(void **state)
{
    const uint32_t words[] = {VSK_REQUEST_SET_OWNER, 1 | 8,
                              VSK_MESSAGE_PAYLOAD + 1};
    struct front *front = front_new();
    vsk_message reply;
    (void)state;

    front_raw(front, words, sizeof words, front->kicks, 1);

    assert_true(front_answer(front, VSK_PAYLOAD_U64, &reply));
    assert_int_not_equal(reply.u64, 0);
    front_over(front, VSK_BAD_MESSAGE_SIZE, "SET_OWNER");
    front_free(front);
}

static void
another_version_is_refused_without_an_answer(void **state)
{
    struct front *front = front_new(); /* VHU-BOTH-03 */
    (void)state;

    for (uint32_t version = 0; version < 4; version++) {
        const uint32_t words[] = {VSK_REQUEST_SET_OWNER, version | 8, 0};

        if (version == VSK_MESSAGE_VERSION)
            continue;
        front_raw(front, words, sizeof words, NULL, 0);
        front_over(front, VSK_BAD_MESSAGE, "SET_OWNER");
    }
    front_free(front);
}

static void
an_answer_is_no_request(void **state)
{
    const uint32_t words[] = {VSK_REQUEST_SET_OWNER, 1 | 4, 0};
    struct front *front = front_new();
    (void)state;

    front_raw(front, words, sizeof words, NULL, 0);

    front_over(front, VSK_BAD_REPLY, "SET_OWNER");
    front_free(front);
}

static void
a_config_that_lies_of_its_size_is_refused(void **state)
{
    const uint32_t words[] = {VSK_REQUEST_GET_CONFIG, 1, 20, 0, 9, 0, 0, 0};
    struct front *front = front_new();
    (void)state;

    front_do(front, front_u64(VSK_REQUEST_SET_PROTOCOL_FEATURES,
                              VSK_BACKEND_PROTOCOL));
    front_raw(front, words, sizeof words, NULL, 0);

    front_over(front, VSK_BAD_MESSAGE_SIZE, "GET_CONFIG");
    front_free(front);
}

static void
a_front_end_that_goes_within_a_message_is_told_apart(void **state)
{
    const uint32_t words[] = {VSK_REQUEST_SET_FEATURES, 1, 8, 0};
    struct front *front = front_new();
    (void)state;

    front_raw(front, words, 7, front->kicks, 1);
    front_hang_up(front);
    assert_int_equal(front_noticed(front, VSK_NOTICE_END, ""), VSK_BAD_HANGUP);
    front_connect(front);
    front_raw(front, words, 14, front->kicks, 1);
    front_hang_up(front);
    assert_int_equal(front_noticed(front, VSK_NOTICE_END, "SET_FEATURES"),
                     VSK_BAD_HANGUP);
    front_connect(front);
    front_hang_up(front);
    assert_int_equal(front_noticed(front, VSK_NOTICE_END, "closed"), VSK_EOF);
    front_free(front);
}

/* ---- floods ---- */

static void
a_flood_of_messages_leaves_the_step_in_time(void **state)
{
    const uint32_t words[] = {VSK_REQUEST_SET_OWNER, 1, 0};
    struct front *front = front_new();
    vsk_event event;
    uint32_t steps = 0;
    (void)state;

    for (int i = 0; i < 200; i++)
        assert_int_equal(
            send(front->channel.fd, words, sizeof words, MSG_NOSIGNAL),
            sizeof words);
    do {
        steps++;
        assert_int_equal(vsk_backend_step(&front->backend, &event), VSK_NONE);
    } while (vsk_loop_wait(&front->backend.loop, 0) == VSK_OK);

    assert_true(steps >= 3);
    assert_int_equal(front_ask(front, VSK_REQUEST_GET_FEATURES), ALL | MARK);
    front_free(front);
}

static void
a_front_end_that_reads_no_answers_stops_itself(void **state)
{
    const uint32_t words[] = {VSK_REQUEST_GET_FEATURES, 1, 0};
    struct front *front = front_new();
    uint32_t asked = 0, answered = 0;
    vsk_message message;
    (void)state;

    while (send(front->channel.fd, words, sizeof words,
                MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)sizeof words) {
        asked++;
        front_run_host(front);
    }
    assert_true(asked > 100);
    assert_true(front->backend.connected);
    for (uint32_t i = 0; i < asked; i++) {
        front_run_host(front);
        answered += front_answer(front, VSK_PAYLOAD_U64, &message);
    }

    assert_int_equal(answered, asked);
    front_free(front);
}

static void
a_front_end_that_goes_without_its_answers_is_let_go(void **state)
{
    const uint32_t words[] = {VSK_REQUEST_GET_FEATURES, 1, 0};
    struct front *front = front_new();
    (void)state;

    while (send(front->channel.fd, words, sizeof words,
                MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)sizeof words)
        front_run_host(front);
    assert_true(vsk_channel_waits(&front->backend.channel));
    front_hang_up(front);

    assert_int_equal(front_noticed(front, VSK_NOTICE_END, "answers"),
                     VSK_BAD_HANGUP);
    front_connect(front);
    front_free(front);
}

/* ---- anything at all ---- */

/* A message with its payload, mostly of the right kind and size. */
static size_t
random_message(rig_random *random, uint32_t *words)
{
    static const uint32_t sizes[] = {0, 8, 8, 8, 12, 20, 40, 72, 264, 4096};
    uint32_t request = rig_draw(random, 46);
    uint32_t size = sizes[rig_draw(random, 10)];

    for (uint32_t i = 3; i < 3 + VSK_MESSAGE_PAYLOAD / 4; i++)
        words[i] = rig_draw(random, 4) == 0 ? rig_draw(random, UINT32_MAX)
                                            : rig_draw(random, 4);
    words[0] = request;
    words[1] = rig_draw(random, 30) == 0 ? rig_draw(random, 16)
                                         : 1 | (rig_draw(random, 2) << 3);
    words[2] = rig_draw(random, 30) == 0 ? rig_draw(random, 8192) : size;
    return 12 +
           (size_t)(rig_draw(random, 30) == 0 ? rig_draw(random, 4096) : size);
}

static void
no_message_can_harm(void **state)
{
    struct front *front = front_with(EVERY & ~VSK_BACKEND_PROTOCOL);
    rig_random random = rig_seed();
    uint64_t rounds = rig_setting("VSK_ROUNDS", 4000);
    uint32_t words[3 + VSK_MESSAGE_PAYLOAD / 4];
    uint8_t drain[8192];
    int pair[2];
    (void)state;

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    for (uint64_t i = 0; i < rounds; i++) {
        const int fds[] = {front->kicks[0],  front->calls[0], pair[0],
                           front->memory_fd, front->kicks[1], pair[1],
                           front->memory_fd, front->calls[1]};
        uint32_t skip = rig_draw(&random, 8);
        uint32_t count = rig_draw(&random, 9 - skip);
        size_t size = random_message(&random, words);

        if (!front->backend.connected) {
            front_hang_up(front);
            front_connect(front);
        }
        if (rig_draw(&random, 4) == 0)
            front_do(front,
                     front_u64(VSK_REQUEST_SET_PROTOCOL_FEATURES, EVERY));
        front_raw(front, words, size, fds + skip,
                  rig_draw(&random, 2) == 0 ? count : 0);
        while (recv(front->channel.fd, drain, sizeof drain, MSG_DONTWAIT) > 0)
            continue;
        /* Half a message may wait for its rest: begin anew. */
        if (front->backend.channel.in_size != 0)
            front_hang_up(front);
        front_forget_notices(front);
    }
    front_hang_up(front);
    front_connect(front);

    assert_int_equal(front_ask(front, VSK_REQUEST_GET_FEATURES), ALL | MARK);
    (void)close(pair[0]);
    (void)close(pair[1]);
    front_free(front);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(an_answer_is_one_byte_for_byte),
        RIG_TEST(features_show_the_protocols_bit_and_hide_it_from_the_device),
        RIG_TEST(protocol_features_come_before_features),
        RIG_TEST(nothing_is_answered_that_nobody_asked_for),
        RIG_TEST(an_answer_of_its_own_is_the_only_one),
        RIG_TEST(memory_slots_are_told),
        RIG_TEST(status_is_stored_and_echoed),
        RIG_TEST(a_message_comes_byte_by_byte),
        RIG_TEST(config_is_read_at_any_place),
        RIG_TEST(config_that_no_offset_can_say_has_no_payload),
        RIG_TEST(config_is_read_only_but_for_migration),
        RIG_TEST(the_cid_that_is_there_may_be_written_again),
        RIG_TEST(a_session_leaves_no_notice_to_the_next),
        RIG_TEST(requests_need_their_protocol_feature),
        RIG_TEST(unknown_requests_are_refused),
        RIG_TEST(features_that_were_not_offered_are_refused),
        RIG_TEST(protocol_features_that_were_not_offered_are_refused),
        RIG_TEST(protocol_features_that_are_refused_are_named),
        RIG_TEST(features_that_are_refused_are_named),
        RIG_TEST(rings_that_cannot_be_are_refused),
        RIG_TEST(descriptors_are_counted_and_looked_at),
        RIG_TEST(more_than_eight_descriptors_end_the_session),
        RIG_TEST(a_payload_of_another_size_is_refused),
        RIG_TEST(a_message_too_large_is_refused_by_its_answer),
        RIG_TEST(another_version_is_refused_without_an_answer),
        RIG_TEST(an_answer_is_no_request),
        RIG_TEST(a_config_that_lies_of_its_size_is_refused),
        RIG_TEST(a_front_end_that_goes_within_a_message_is_told_apart),
        RIG_TEST(a_flood_of_messages_leaves_the_step_in_time),
        RIG_TEST(a_front_end_that_reads_no_answers_stops_itself),
        RIG_TEST(a_front_end_that_goes_without_its_answers_is_let_go),
        RIG_TEST(no_message_can_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
