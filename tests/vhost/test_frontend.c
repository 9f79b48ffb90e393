/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What a front end says, and in which order. */
#include "frontend_rig.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void
says_everything_in_order(void **state)
{
    struct play *play = play_live(NULL);
    (void)state;

    /* VHU-FE-01, VHU-FE-08, VHU-FE-10, VHU-FE-13, VHU-FE-15; INIT-DRV-03: no
     * SET_CONFIG */
    SAID(play, "GET_FEATURES", "GET_PROTOCOL_FEATURES",
         "SET_PROTOCOL_FEATURES 82229", "SET_OWNER !", "GET_QUEUE_NUM",
         "SET_BACKEND_REQ_FD ! +1", "SET_FEATURES 170000002 !",
         "SET_MEM_TABLE ! +1", "GET_CONFIG",
         /* ring by ring */
         "SET_VRING_CALL 0 ! +1", "SET_VRING_NUM 0 16 !",
         "SET_VRING_BASE 0 0 !", "SET_VRING_ADDR 0 !", "SET_VRING_KICK 0 ! +1",
         "SET_VRING_ENABLE 0 1 !", "SET_VRING_CALL 1 ! +1",
         "SET_VRING_NUM 1 16 !", "SET_VRING_BASE 1 0 !", "SET_VRING_ADDR 1 !",
         "SET_VRING_KICK 1 ! +1", "SET_VRING_ENABLE 1 1 !",
         "SET_VRING_CALL 2 ! +1", "SET_VRING_NUM 2 16 !",
         "SET_VRING_BASE 2 0 !", "SET_VRING_ADDR 2 !", "SET_VRING_KICK 2 ! +1",
         "SET_VRING_ENABLE 2 1 !");
    assert_int_equal(play->guest.endpoint.local_cid, CID);
    assert_int_equal(play->guest.features & VSK_BIT(VSK_FEATURE_PROTOCOL), 0);
    (void)play_noticed(play, VSK_NOTICE_SESSION);
    (void)play_noticed(play, VSK_NOTICE_LIVE);
    play_free(play);
}

static void
says_little_without_protocol_features(void **state)
{
    vsk_frontend_options options = play_options();
    struct play *play;
    (void)state;

    options.guest_cid = 77;
    options.queues = 2;
    play = play_new(&options);
    play->features &= ~VSK_BIT(VSK_FEATURE_PROTOCOL);
    play_talk(play);

    /* VHU-FE-05, VHU-FE-07, VHU-FE-14: no GET_PROTOCOL_FEATURES, no ENABLE */
    SAID(play, "GET_FEATURES", "SET_OWNER", "SET_FEATURES 130000002",
         "SET_MEM_TABLE +1", "GET_FEATURES", "SET_VRING_CALL 0 +1",
         "SET_VRING_NUM 0 16", "SET_VRING_BASE 0 0", "SET_VRING_ADDR 0",
         "SET_VRING_KICK 0 +1", "SET_VRING_CALL 1 +1", "SET_VRING_NUM 1 16",
         "SET_VRING_BASE 1 0", "SET_VRING_ADDR 1", "SET_VRING_KICK 1 +1");
    assert_int_equal(play->frontend.state, VSK_FRONTEND_LIVE);
    assert_int_equal(play->guest.endpoint.local_cid, 77);
    play_free(play);
}

static void
asks_for_features_where_nothing_is_acknowledged(void **state)
{
    vsk_frontend_options options = play_options();
    struct play *play;
    (void)state;

    options.queues = 2;
    play = play_new(&options);
    play->protocol = VSK_BIT(VSK_PROTOCOL_CONFIG);
    play_talk(play);

    /* VHU-FE-13, VHU-FE-15: no MQ, no BACKEND_REQ */
    SAID(play, "GET_FEATURES", "GET_PROTOCOL_FEATURES",
         "SET_PROTOCOL_FEATURES 200", "SET_OWNER", "SET_FEATURES 170000002",
         "SET_MEM_TABLE +1", "GET_FEATURES", "GET_CONFIG",
         "SET_VRING_CALL 0 +1", "SET_VRING_NUM 0 16", "SET_VRING_BASE 0 0",
         "SET_VRING_ADDR 0", "SET_VRING_KICK 0 +1", "SET_VRING_ENABLE 0 1",
         "GET_FEATURES", "SET_VRING_CALL 1 +1", "SET_VRING_NUM 1 16",
         "SET_VRING_BASE 1 0", "SET_VRING_ADDR 1", "SET_VRING_KICK 1 +1",
         "SET_VRING_ENABLE 1 1", "GET_FEATURES");
    assert_int_equal(play->frontend.state, VSK_FRONTEND_LIVE);
    play_free(play);
}

static void
memory_and_rings_are_where_it_says(void **state)
{
    struct play *play = play_live(NULL);
    const uint8_t *memory;
    struct stat about;
    (void)state;

    assert_int_equal(play->region.guest, 0x100000);
    assert_int_equal(play->region.size, 1u << 20);
    assert_int_equal(play->region.offset, 0);
    assert_int_equal(fstat(play->memory, &about), 0);
    assert_int_equal(about.st_size, play->region.size);
    memory =
        mmap(NULL, play->region.size, PROT_READ, MAP_SHARED, play->memory, 0);
    assert_ptr_not_equal(memory, MAP_FAILED);
    for (uint32_t i = 0; i < VSK_QUEUES; i++) {
        const vsk_ring *ring = &play->guest.rings[i];
        uint64_t shift = play->region.user - play->region.guest;

        /* VHU-FE-11, VHU-BOTH-07: used in front of avail, user addresses */
        assert_int_equal(play->addr[i].desc, ring->desc + shift);
        assert_int_equal(play->addr[i].used, ring->device + shift);
        assert_int_equal(play->addr[i].avail, ring->driver + shift);
        assert_int_equal(play->addr[i].flags, 0);
        assert_int_equal(play->addr[i].log, 0);
    }
    /* RX: 16 buffers are offered. */
    assert_int_equal(memory[play->addr[VSK_RX].avail - play->region.user + 2],
                     16);
    assert_int_equal(munmap((void *)(uintptr_t)memory, play->region.size), 0);
    play_free(play);
}

static void
adds_a_region_where_it_can(void **state)
{
    vsk_frontend_options options = play_options();
    struct play *play;
    (void)state;

    options.mem_slots = true;
    play = play_new(&options);
    play->protocol |= VSK_BIT(VSK_PROTOCOL_CONFIGURE_MEM_SLOTS);
    play_talk(play);

    /* VHU-FE-18 */
    assert_true(play_asked(play, "GET_MAX_MEM_SLOTS"));
    assert_true(play_asked(play, "ADD_MEM_REG ! +1"));
    assert_false(play_asked(play, "SET_MEM_TABLE"));
    assert_int_equal(play->region.guest, 0x100000);
    assert_int_equal(play->frontend.state, VSK_FRONTEND_LIVE);
    play_free(play);
}

static void
sets_a_table_where_slots_are_not_known(void **state)
{
    vsk_frontend_options options = play_options();
    struct play *play;
    (void)state;

    options.mem_slots = true;
    play = play_live(&options);

    assert_false(play_asked(play, "GET_MAX_MEM_SLOTS"));
    assert_true(play_asked(play, "SET_MEM_TABLE"));
    play_free(play);
}

static void
needs_a_slot_for_its_memory(void **state)
{
    vsk_frontend_options options = play_options();
    struct play *play;
    (void)state;

    options.mem_slots = true;
    play = play_new(&options);
    play->protocol |= VSK_BIT(VSK_PROTOCOL_CONFIGURE_MEM_SLOTS);
    play->slots = 0;
    play_talk(play);

    play_over(play, VSK_BAD_REGION, "GET_MAX_MEM_SLOTS");
    play_free(play);
    play = play_new(&options);
    play->protocol |= VSK_BIT(VSK_PROTOCOL_CONFIGURE_MEM_SLOTS);
    play->slots = 1;
    play_talk(play);

    assert_int_equal(play->frontend.state, VSK_FRONTEND_LIVE);
    play_free(play);
}

static void
sets_a_table_where_slots_are_not_wanted(void **state)
{
    vsk_frontend_options options = play_options();
    struct play *play;
    (void)state;

    options.protocol |= VSK_BIT(VSK_PROTOCOL_CONFIGURE_MEM_SLOTS);
    play = play_new(&options);
    play->protocol |= VSK_BIT(VSK_PROTOCOL_CONFIGURE_MEM_SLOTS);
    play_talk(play);

    assert_int_equal(play->frontend.state, VSK_FRONTEND_LIVE);
    assert_true(play_asked(play, "SET_MEM_TABLE"));
    assert_false(play_asked(play, "ADD_MEM_REG"));
    play_free(play);
}

static void
hands_over_two_queues_where_there_are_two(void **state)
{
    struct play *play = play_new(NULL);
    (void)state;

    play->queues = 2;
    play_talk(play);

    assert_int_equal(play->frontend.state, VSK_FRONTEND_LIVE);
    assert_int_equal(play->frontend.queues, 2);
    assert_false(play_asked(play, "SET_VRING_NUM 2"));
    assert_int_equal(vsk_frontend_kick(&play->frontend, VSK_EVENT),
                     VSK_ERR_ARGUMENT);
    play_free(play);
}

static void
stops_where_there_is_one_queue(void **state)
{
    struct play *play = play_new(NULL);
    (void)state;

    play->queues = 1;
    play_talk(play);

    /* VHU-FE-04 */
    play_over(play, VSK_BAD_RING, "GET_QUEUE_NUM: the back end has 1");
    play_free(play);
}

static void
status_is_mirrored_where_it_is_agreed_on(void **state)
{
    vsk_frontend_options options = play_options();
    struct play *play;
    (void)state;

    options.protocol |= VSK_BIT(VSK_PROTOCOL_STATUS);
    options.queues = 2;
    play = play_new(&options);
    play->protocol |= VSK_BIT(VSK_PROTOCOL_STATUS);
    play_talk(play);

    /* VHU-FE-20 */
    assert_string_equal(play->trace[4], "SET_STATUS 3 !");
    assert_string_equal(play->trace[8], "SET_STATUS b !");
    assert_string_equal(play->trace[9], "GET_STATUS");
    assert_string_equal(play->trace[play->lines - 1], "SET_STATUS f !");
    assert_int_equal(play->frontend.state, VSK_FRONTEND_LIVE);
    play_forget(play);
    assert_int_equal(vsk_frontend_stop(&play->frontend), VSK_OK);
    play_talk(play);
    assert_int_equal(vsk_frontend_resume(&play->frontend), VSK_OK);
    play_talk(play);
    assert_int_equal(play->frontend.state, VSK_FRONTEND_LIVE);
    assert_false(play_asked(play, "SET_STATUS"));
    play_free(play);
}

static void
a_status_without_features_ok_ends_it(void **state)
{
    vsk_frontend_options options = play_options();
    struct play *play;
    (void)state;

    options.protocol |= VSK_BIT(VSK_PROTOCOL_STATUS);
    play = play_new(&options);
    play->protocol |= VSK_BIT(VSK_PROTOCOL_STATUS);
    play->twist = (struct twist){.request = VSK_REQUEST_GET_STATUS,
                                 .number = (uint64_t)-8};
    play_talk(play);

    play_over(play, VSK_BAD_FEATURES, "GET_STATUS");
    play_free(play);
}

static void
a_device_must_offer_version_1(void **state)
{
    struct play *play = play_new(NULL);
    (void)state;

    play->features &= ~VSK_BIT(VSK_FEATURE_VERSION_1);
    play_talk(play);

    play_over(play, VSK_BAD_FEATURES, "GET_FEATURES");
    play_free(play);
}

static void
a_guest_cannot_have_a_reserved_cid(void **state)
{
    static const uint64_t cids[] = {0, 1, 2, 0xffffffff, UINT64_C(1) << 32 | 3};
    (void)state;

    for (size_t i = 0; i < sizeof cids / sizeof *cids; i++) {
        struct play *play = play_new(NULL);

        play->cid = cids[i];
        play_talk(play);

        play_over(play, VSK_BAD_CID, "GET_CONFIG");
        assert_false(play->guest.open);
        play_free(play);
    }
}

static void
the_last_cid_is_a_guests_too(void **state)
{
    struct play *play = play_new(NULL);
    (void)state;

    play->cid = 0xfffffffe;
    play_talk(play);

    assert_int_equal(play->frontend.state, VSK_FRONTEND_LIVE);
    assert_int_equal(play->guest.endpoint.local_cid, 0xfffffffe);
    play_free(play);
}

static void
what_is_no_socket_is_not_adopted(void **state)
{
    struct play *play = play_made(NULL);
    char path[128];
    (void)state;

    assert_int_equal(vsk_frontend_adopt(&play->frontend, -1), VSK_ERR_SYSTEM);
    assert_int_equal(
        vsk_frontend_adopt(&play->frontend, play->frontend.memory_fd),
        VSK_ERR_SYSTEM);
    assert_int_equal(play->frontend.state, VSK_FRONTEND_CONNECTING);
    memset(path, 'x', sizeof path);
    path[108] = '\0';
    assert_int_equal(vsk_frontend_connect(&play->frontend, path),
                     VSK_ERR_ARGUMENT);
    path[107] = '\0';
    assert_int_equal(vsk_frontend_connect(&play->frontend, path),
                     VSK_ERR_SYSTEM);
    assert_int_equal(play_adopt(play), VSK_OK);

    assert_int_equal(vsk_frontend_connect(&play->frontend, path),
                     VSK_ERR_STATE);
    play_free(play);
}

static void
sockets_that_somebody_else_has_too_are_not_waited_for(void **state)
{
    struct play *play = play_live(NULL);
    int copies[] = {dup(play->frontend.channel.fd),
                    dup(play->frontend.requests.fd),
                    dup(play->frontend.calls[VSK_RX])};
    (void)state;

    play_close(&play->fd);
    play_close(&play->requests);
    assert_int_equal(vsk_notify_signal(copies[2]), VSK_OK);
    (void)play_step(play);
    (void)play_step(play);

    assert_int_equal(play->frontend.state, VSK_FRONTEND_OVER);
    assert_false(rig_readable(vsk_frontend_fileno(&play->frontend)));
    for (uint32_t i = 0; i < 3; i++)
        (void)close(copies[i]);
    play_free(play);
}

static void
without_config_the_caller_must_know_the_cid(void **state)
{
    struct play *play = play_new(NULL);
    (void)state;

    play->protocol &= ~VSK_BIT(VSK_PROTOCOL_CONFIG);
    play_talk(play);

    play_over(play, VSK_ERR_CID, "the guest cannot begin");
    play_free(play);
}

static void
takes_a_dialogue_byte_by_byte(void **state)
{
    struct play *play = play_new(NULL);
    (void)state;

    play->twist =
        (struct twist){.request = VSK_REQUEST_GET_CONFIG, .bytewise = true};
    play_talk(play);

    assert_int_equal(play->frontend.state, VSK_FRONTEND_LIVE);
    assert_int_equal(play->frontend.guest_cid, CID);
    play_free(play);
}

static void
kicks_what_was_offered_before_anybody_looked(void **state)
{
    struct play *play = play_live(NULL);
    uint64_t count;
    (void)state;

    for (uint32_t i = 0; i < VSK_QUEUES; i++)
        assert_int_equal(read(play->kicks[i], &count, sizeof count), 8);
    assert_int_equal(vsk_frontend_kick(&play->frontend, VSK_TX), VSK_OK);
    assert_int_equal(read(play->kicks[VSK_TX], &count, sizeof count), 8);
    assert_int_equal(count, 1);
    assert_int_equal(vsk_frontend_kick(&play->frontend, VSK_QUEUES),
                     VSK_ERR_ARGUMENT);
    play_free(play);
}

static void
options_must_make_sense(void **state)
{
    struct play *play = play_made(NULL);
    const vsk_frontend_options usual = play_options();
    vsk_frontend_options options[8];
    vsk_frontend other;
    (void)state;

    for (uint32_t i = 0; i < 8; i++)
        options[i] = usual;
    options[0].queues = 1;
    options[1].queues = 4;
    options[2].timeout = 0;
    options[3].protocol |= VSK_BIT(20);
    /* VHU-BOTH-10 */
    options[4].protocol = VSK_BIT(VSK_PROTOCOL_INBAND_NOTIFICATIONS) |
                          VSK_BIT(VSK_PROTOCOL_REPLY_ACK);
    options[5].memory_size = 4095;
    options[6].memory_base = 1;
    options[7].memory_size = 0;
    for (uint32_t i = 0; i < 8; i++)
        assert_int_equal(vsk_frontend_init(&other, &play->guest, &play->pool,
                                           play->ranges, 256, &options[i]),
                         i < 3   ? VSK_ERR_ARGUMENT
                         : i < 5 ? VSK_ERR_PROTOCOL
                                 : VSK_ERR_REGION);
    assert_int_equal(vsk_frontend_init(&other, &play->guest, &play->pool,
                                       play->ranges, 0, &usual),
                     VSK_ERR_TABLE);
    play_free(play);
}

static void
memory_that_is_too_small_ends_it(void **state)
{
    vsk_frontend_options options = play_options();
    struct play *play;
    (void)state;

    options.memory_size = 4096;
    play = play_new(&options);
    play_talk(play);

    play_over(play, VSK_ERR_POOL, "the guest cannot begin");
    play_free(play);
}

static void
a_request_waits_where_the_socket_is_full(void **state)
{
    struct play *play = play_made(NULL);
    uint8_t bytes[4096] = {0};
    size_t filled = 0;
    ssize_t moved;
    int ends[2];
    (void)state;

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends),
                     0);
    while ((moved = send(ends[0], bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
        filled += (size_t)moved;
    assert_int_equal(vsk_frontend_adopt(&play->frontend, ends[0]), VSK_OK);
    play->fd = ends[1];
    (void)play_step(play);
    assert_int_equal(vsk_loop_wait(&play->frontend.loop, 0), VSK_NONE);
    while (filled != 0) {
        moved = recv(ends[1], bytes,
                     filled < sizeof bytes ? filled : sizeof bytes, 0);
        assert_true(moved > 0);
        filled -= (size_t)moved;
    }

    /* Long before the answer is due. */
    assert_int_equal(vsk_loop_wait(&play->frontend.loop, VSK_SECOND), VSK_OK);
    play_talk(play);
    assert_int_equal(play->frontend.state, VSK_FRONTEND_LIVE);
    assert_int_equal(vsk_loop_wait(&play->frontend.loop, 0), VSK_NONE);
    play_free(play);
}

static void
timers_wake_it_up(void **state)
{
    struct play *play = play_live(NULL);
    vsk_conn *conn;
    (void)state;

    play->guest.endpoint.policy.connect_timeout = 10 * VSK_MILLISECOND;
    assert_int_equal(vsk_guest_connect(&play->guest, vsk_loop_now(),
                                       VSK_PORT_ANY, VSK_CID_HOST, PORT,
                                       VSK_TYPE_STREAM, &conn),
                     VSK_OK);
    vsk_frontend_wake(&play->frontend);
    assert_int_equal(play_step(play), 0);

    assert_int_equal(vsk_loop_wait(&play->frontend.loop, VSK_SECOND), VSK_OK);
    assert_int_equal(vsk_frontend_step(&play->frontend, &play->event), VSK_OK);
    assert_int_equal(play->event.kind, VSK_EVENT_CLOSE);
    play_free(play);
}

static void
calls_have_their_time(void **state)
{
    struct play *play = play_made(NULL);
    vsk_frontend *frontend = &play->frontend;
    (void)state;

    assert_int_equal(vsk_frontend_step(frontend, &play->event), VSK_NONE);
    assert_int_equal(vsk_frontend_stop(frontend), VSK_ERR_STATE);
    assert_int_equal(vsk_frontend_resume(frontend), VSK_ERR_STATE);
    assert_int_equal(vsk_frontend_kick(frontend, VSK_RX), VSK_ERR_STATE);
    assert_int_equal(vsk_frontend_transfer(frontend, 0, false), VSK_ERR_STATE);
    assert_int_equal(vsk_frontend_connect(frontend, ""), VSK_ERR_ARGUMENT);
    assert_int_equal(vsk_frontend_connect(frontend, "nobody is here"),
                     VSK_ERR_SYSTEM);
    assert_int_equal(play_adopt(play), VSK_OK);
    assert_int_equal(play_adopt(play), VSK_ERR_STATE);
    play_talk(play);
    assert_int_equal(play_adopt(play), VSK_ERR_STATE);
    vsk_frontend_close(frontend);
    assert_int_equal(play_adopt(play), VSK_ERR_STATE);
    assert_int_equal(vsk_frontend_step(frontend, &play->event), VSK_OK);
    assert_int_equal(play->event.kind, VSK_EVENT_RESET);
    assert_int_equal(vsk_frontend_step(frontend, &play->event), VSK_NONE);
    play_over(play, VSK_EOF, "closed");
    play_free(play);
}

static void
states_have_names(void **state)
{
    (void)state;

    assert_string_equal(vsk_frontend_state_name(VSK_FRONTEND_CONNECTING),
                        "CONNECTING");
    assert_string_equal(vsk_frontend_state_name(VSK_FRONTEND_OVER), "OVER");
    assert_string_equal(vsk_frontend_state_name(6), "UNKNOWN");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_everything_in_order),
        cmocka_unit_test(says_little_without_protocol_features),
        cmocka_unit_test(asks_for_features_where_nothing_is_acknowledged),
        cmocka_unit_test(memory_and_rings_are_where_it_says),
        cmocka_unit_test(adds_a_region_where_it_can),
        cmocka_unit_test(sets_a_table_where_slots_are_not_known),
        cmocka_unit_test(needs_a_slot_for_its_memory),
        cmocka_unit_test(sets_a_table_where_slots_are_not_wanted),
        cmocka_unit_test(the_last_cid_is_a_guests_too),
        cmocka_unit_test(what_is_no_socket_is_not_adopted),
        cmocka_unit_test(sockets_that_somebody_else_has_too_are_not_waited_for),
        cmocka_unit_test(hands_over_two_queues_where_there_are_two),
        cmocka_unit_test(stops_where_there_is_one_queue),
        cmocka_unit_test(status_is_mirrored_where_it_is_agreed_on),
        cmocka_unit_test(a_status_without_features_ok_ends_it),
        cmocka_unit_test(a_device_must_offer_version_1),
        cmocka_unit_test(a_guest_cannot_have_a_reserved_cid),
        cmocka_unit_test(without_config_the_caller_must_know_the_cid),
        cmocka_unit_test(takes_a_dialogue_byte_by_byte),
        cmocka_unit_test(kicks_what_was_offered_before_anybody_looked),
        cmocka_unit_test(options_must_make_sense),
        cmocka_unit_test(memory_that_is_too_small_ends_it),
        cmocka_unit_test(a_request_waits_where_the_socket_is_full),
        cmocka_unit_test(timers_wake_it_up),
        cmocka_unit_test(calls_have_their_time),
        cmocka_unit_test(states_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
