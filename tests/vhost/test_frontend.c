/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What a front end says, and in which order. */
#include "frontend_rig.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void
says_everything_in_order(void **state)
{
    struct front *front = front_live(NULL);
    (void)state;

    /* VHU-FE-01, VHU-FE-08, VHU-FE-10, VHU-FE-13, VHU-FE-15 */
    SAID(front, "GET_FEATURES", "GET_PROTOCOL_FEATURES",
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
    assert_int_equal(front->guest.endpoint.local_cid, CID);
    assert_int_equal(front->guest.features & VSK_BIT(VSK_FEATURE_PROTOCOL), 0);
    (void)front_noticed(front, VSK_NOTICE_SESSION);
    (void)front_noticed(front, VSK_NOTICE_LIVE);
    front_free(front);
}

static void
says_little_without_protocol_features(void **state)
{
    vsk_frontend_options options = front_options();
    struct front *front;
    (void)state;

    options.guest_cid = 77;
    options.queues = 2;
    front = front_new(&options);
    front->features &= ~VSK_BIT(VSK_FEATURE_PROTOCOL);
    front_talk(front);

    /* VHU-FE-05, VHU-FE-07, VHU-FE-14: no GET_PROTOCOL_FEATURES, no ENABLE */
    SAID(front, "GET_FEATURES", "SET_OWNER", "SET_FEATURES 130000002",
         "SET_MEM_TABLE +1", "GET_FEATURES", "SET_VRING_CALL 0 +1",
         "SET_VRING_NUM 0 16", "SET_VRING_BASE 0 0", "SET_VRING_ADDR 0",
         "SET_VRING_KICK 0 +1", "SET_VRING_CALL 1 +1", "SET_VRING_NUM 1 16",
         "SET_VRING_BASE 1 0", "SET_VRING_ADDR 1", "SET_VRING_KICK 1 +1");
    assert_int_equal(front->frontend.state, VSK_FRONTEND_LIVE);
    assert_int_equal(front->guest.endpoint.local_cid, 77);
    front_free(front);
}

static void
asks_for_features_where_nothing_is_acknowledged(void **state)
{
    vsk_frontend_options options = front_options();
    struct front *front;
    (void)state;

    options.queues = 2;
    front = front_new(&options);
    front->protocol = VSK_BIT(VSK_PROTOCOL_CONFIG);
    front_talk(front);

    /* VHU-FE-13, VHU-FE-15: no MQ, no BACKEND_REQ */
    SAID(front, "GET_FEATURES", "GET_PROTOCOL_FEATURES",
         "SET_PROTOCOL_FEATURES 200", "SET_OWNER", "SET_FEATURES 170000002",
         "SET_MEM_TABLE +1", "GET_FEATURES", "GET_CONFIG",
         "SET_VRING_CALL 0 +1", "SET_VRING_NUM 0 16", "SET_VRING_BASE 0 0",
         "SET_VRING_ADDR 0", "SET_VRING_KICK 0 +1", "SET_VRING_ENABLE 0 1",
         "GET_FEATURES", "SET_VRING_CALL 1 +1", "SET_VRING_NUM 1 16",
         "SET_VRING_BASE 1 0", "SET_VRING_ADDR 1", "SET_VRING_KICK 1 +1",
         "SET_VRING_ENABLE 1 1", "GET_FEATURES");
    assert_int_equal(front->frontend.state, VSK_FRONTEND_LIVE);
    front_free(front);
}

static void
memory_and_rings_are_where_it_says(void **state)
{
    struct front *front = front_live(NULL);
    const uint8_t *memory;
    struct stat about;
    (void)state;

    assert_int_equal(front->region.guest, 0x100000);
    assert_int_equal(front->region.size, 1u << 20);
    assert_int_equal(front->region.offset, 0);
    assert_int_equal(fstat(front->memory, &about), 0);
    assert_int_equal(about.st_size, front->region.size);
    memory =
        mmap(NULL, front->region.size, PROT_READ, MAP_SHARED, front->memory, 0);
    assert_ptr_not_equal(memory, MAP_FAILED);
    for (uint32_t i = 0; i < VSK_QUEUES; i++) {
        const vsk_ring *ring = &front->guest.rings[i];
        uint64_t shift = front->region.user - front->region.guest;

        /* VHU-FE-11, VHU-BOTH-07: used in front of avail, user addresses */
        assert_int_equal(front->addr[i].desc, ring->desc + shift);
        assert_int_equal(front->addr[i].used, ring->device + shift);
        assert_int_equal(front->addr[i].avail, ring->driver + shift);
        assert_int_equal(front->addr[i].flags, 0);
        assert_int_equal(front->addr[i].log, 0);
    }
    /* RX: 16 buffers are offered. */
    assert_int_equal(memory[front->addr[VSK_RX].avail - front->region.user + 2],
                     16);
    assert_int_equal(munmap((void *)(uintptr_t)memory, front->region.size), 0);
    front_free(front);
}

static void
adds_a_region_where_it_can(void **state)
{
    vsk_frontend_options options = front_options();
    struct front *front;
    (void)state;

    options.mem_slots = true;
    front = front_new(&options);
    front->protocol |= VSK_BIT(VSK_PROTOCOL_CONFIGURE_MEM_SLOTS);
    front_talk(front);

    /* VHU-FE-18 */
    assert_true(front_asked(front, "GET_MAX_MEM_SLOTS"));
    assert_true(front_asked(front, "ADD_MEM_REG ! +1"));
    assert_false(front_asked(front, "SET_MEM_TABLE"));
    assert_int_equal(front->region.guest, 0x100000);
    assert_int_equal(front->frontend.state, VSK_FRONTEND_LIVE);
    front_free(front);
}

static void
sets_a_table_where_slots_are_not_known(void **state)
{
    vsk_frontend_options options = front_options();
    struct front *front;
    (void)state;

    options.mem_slots = true;
    front = front_live(&options);

    assert_false(front_asked(front, "GET_MAX_MEM_SLOTS"));
    assert_true(front_asked(front, "SET_MEM_TABLE"));
    front_free(front);
}

static void
needs_a_slot_for_its_memory(void **state)
{
    vsk_frontend_options options = front_options();
    struct front *front;
    (void)state;

    options.mem_slots = true;
    front = front_new(&options);
    front->protocol |= VSK_BIT(VSK_PROTOCOL_CONFIGURE_MEM_SLOTS);
    front->slots = 0;
    front_talk(front);

    front_over(front, VSK_BAD_REGION, "GET_MAX_MEM_SLOTS");
    front_free(front);
}

static void
hands_over_two_queues_where_there_are_two(void **state)
{
    struct front *front = front_new(NULL);
    (void)state;

    front->queues = 2;
    front_talk(front);

    assert_int_equal(front->frontend.state, VSK_FRONTEND_LIVE);
    assert_int_equal(front->frontend.queues, 2);
    assert_false(front_asked(front, "SET_VRING_NUM 2"));
    assert_int_equal(vsk_frontend_kick(&front->frontend, VSK_EVENT),
                     VSK_ERR_ARGUMENT);
    front_free(front);
}

static void
stops_where_there_is_one_queue(void **state)
{
    struct front *front = front_new(NULL);
    (void)state;

    front->queues = 1;
    front_talk(front);

    /* VHU-FE-04 */
    front_over(front, VSK_BAD_RING, "GET_QUEUE_NUM: the back end has 1");
    front_free(front);
}

static void
status_is_mirrored_where_it_is_agreed_on(void **state)
{
    vsk_frontend_options options = front_options();
    struct front *front;
    (void)state;

    options.protocol |= VSK_BIT(VSK_PROTOCOL_STATUS);
    options.queues = 2;
    front = front_new(&options);
    front->protocol |= VSK_BIT(VSK_PROTOCOL_STATUS);
    front_talk(front);

    /* VHU-FE-20 */
    assert_string_equal(front->trace[4], "SET_STATUS 3 !");
    assert_string_equal(front->trace[8], "SET_STATUS b !");
    assert_string_equal(front->trace[9], "GET_STATUS");
    assert_string_equal(front->trace[front->lines - 1], "SET_STATUS f !");
    assert_int_equal(front->frontend.state, VSK_FRONTEND_LIVE);
    front_free(front);
}

static void
a_status_without_features_ok_ends_it(void **state)
{
    vsk_frontend_options options = front_options();
    struct front *front;
    (void)state;

    options.protocol |= VSK_BIT(VSK_PROTOCOL_STATUS);
    front = front_new(&options);
    front->protocol |= VSK_BIT(VSK_PROTOCOL_STATUS);
    front->twist = (struct twist){.request = VSK_REQUEST_GET_STATUS,
                                  .number = (uint64_t)-8};
    front_talk(front);

    front_over(front, VSK_BAD_FEATURES, "GET_STATUS");
    front_free(front);
}

static void
a_device_must_offer_version_1(void **state)
{
    struct front *front = front_new(NULL);
    (void)state;

    front->features &= ~VSK_BIT(VSK_FEATURE_VERSION_1);
    front_talk(front);

    front_over(front, VSK_BAD_FEATURES, "GET_FEATURES");
    front_free(front);
}

static void
a_guest_cannot_have_a_reserved_cid(void **state)
{
    static const uint64_t cids[] = {0, 1, 2, 0xffffffff, UINT64_C(1) << 32 | 3};
    (void)state;

    for (size_t i = 0; i < sizeof cids / sizeof *cids; i++) {
        struct front *front = front_new(NULL);

        front->cid = cids[i];
        front_talk(front);

        front_over(front, VSK_BAD_CID, "GET_CONFIG");
        assert_false(front->guest.open);
        front_free(front);
    }
}

static void
without_config_the_caller_must_know_the_cid(void **state)
{
    struct front *front = front_new(NULL);
    (void)state;

    front->protocol &= ~VSK_BIT(VSK_PROTOCOL_CONFIG);
    front_talk(front);

    front_over(front, VSK_ERR_CID, "the guest cannot begin");
    front_free(front);
}

static void
takes_a_dialogue_byte_by_byte(void **state)
{
    struct front *front = front_new(NULL);
    (void)state;

    front->twist =
        (struct twist){.request = VSK_REQUEST_GET_CONFIG, .bytewise = true};
    front_talk(front);

    assert_int_equal(front->frontend.state, VSK_FRONTEND_LIVE);
    assert_int_equal(front->frontend.guest_cid, CID);
    front_free(front);
}

static void
kicks_what_was_offered_before_anybody_looked(void **state)
{
    struct front *front = front_live(NULL);
    uint64_t count;
    (void)state;

    for (uint32_t i = 0; i < VSK_QUEUES; i++)
        assert_int_equal(read(front->kicks[i], &count, sizeof count), 8);
    assert_int_equal(vsk_frontend_kick(&front->frontend, VSK_TX), VSK_OK);
    assert_int_equal(read(front->kicks[VSK_TX], &count, sizeof count), 8);
    assert_int_equal(count, 1);
    assert_int_equal(vsk_frontend_kick(&front->frontend, VSK_QUEUES),
                     VSK_ERR_ARGUMENT);
    front_free(front);
}

static void
options_must_make_sense(void **state)
{
    struct front *front = front_made(NULL);
    const vsk_frontend_options usual = front_options();
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
        assert_int_equal(vsk_frontend_init(&other, &front->guest, &front->pool,
                                           front->ranges, 256, &options[i]),
                         i < 5 ? VSK_ERR_ARGUMENT : VSK_ERR_REGION);
    assert_int_equal(vsk_frontend_init(&other, &front->guest, &front->pool,
                                       front->ranges, 0, &usual),
                     VSK_ERR_TABLE);
    front_free(front);
}

static void
memory_that_is_too_small_ends_it(void **state)
{
    vsk_frontend_options options = front_options();
    struct front *front;
    (void)state;

    options.memory_size = 4096;
    front = front_new(&options);
    front_talk(front);

    front_over(front, VSK_ERR_POOL, "the guest cannot begin");
    front_free(front);
}

static void
calls_have_their_time(void **state)
{
    struct front *front = front_made(NULL);
    vsk_frontend *frontend = &front->frontend;
    (void)state;

    assert_int_equal(vsk_frontend_step(frontend, &front->event), VSK_NONE);
    assert_int_equal(vsk_frontend_stop(frontend), VSK_ERR_STATE);
    assert_int_equal(vsk_frontend_resume(frontend), VSK_ERR_STATE);
    assert_int_equal(vsk_frontend_kick(frontend, VSK_RX), VSK_ERR_STATE);
    assert_int_equal(vsk_frontend_transfer(frontend, 0, false), VSK_ERR_STATE);
    assert_int_equal(vsk_frontend_connect(frontend, ""), VSK_ERR_ARGUMENT);
    assert_int_equal(vsk_frontend_connect(frontend, "nobody is here"),
                     VSK_ERR_SYSTEM);
    assert_int_equal(front_adopt(front), VSK_OK);
    assert_int_equal(front_adopt(front), VSK_ERR_STATE);
    front_talk(front);
    assert_int_equal(front_adopt(front), VSK_ERR_STATE);
    vsk_frontend_close(frontend);
    assert_int_equal(front_adopt(front), VSK_ERR_STATE);
    assert_int_equal(vsk_frontend_step(frontend, &front->event), VSK_OK);
    assert_int_equal(front->event.kind, VSK_EVENT_RESET);
    assert_int_equal(vsk_frontend_step(frontend, &front->event), VSK_NONE);
    front_over(front, VSK_EOF, "closed");
    front_free(front);
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
        cmocka_unit_test(calls_have_their_time),
        cmocka_unit_test(states_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
