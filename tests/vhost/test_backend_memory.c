/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Guest memory that comes and goes, also while rings run in it. */
#include "front_rig.h"

#include <sys/mman.h>
#include <unistd.h>

#define EXTRA 0x80000000u
#define EXTRA_BYTES 0x10000u

/* Memory that the guest gets later. */
static vsk_message
extra(uint64_t offset)
{
    vsk_message message = front_message(VSK_REQUEST_ADD_MEM_REG);

    message.region = (vsk_shared_region){
        .guest = EXTRA,
        .size = EXTRA_BYTES,
        .user = EXTRA + FRONT_USER,
        .offset = offset,
    };
    return message;
}

/* A packet from somewhere in guest memory. */
static void
send_from(struct front *front, uint64_t addr)
{
    vsk_queue_driver *tx = &front->guest.queues[VSK_TX];
    const vsk_buffer buffer = {addr, VSK_HEADER_SIZE, false};
    vsk_used used;
    uint16_t head;

    assert_int_equal(
        vsk_queue_add(tx, &(vsk_offer){.buffers = &buffer, .count = 1}, &head),
        VSK_OK);
    assert_int_equal(vsk_notify_signal(front->kicks[VSK_TX]), VSK_OK);
    front_run_host(front);
    assert_int_equal(vsk_queue_reap(tx, &used), VSK_OK);
}

/* ---- rules ---- */

static void
a_table_has_a_descriptor_for_each_region(void **state)
{
    struct front *front = front_new(); /* VHU-FE-09 */
    vsk_message message = front_message(VSK_REQUEST_SET_MEM_TABLE);
    const int fds[3] = {front->memory_fd, front->memory_fd, front->memory_fd};
    (void)state;

    message.memory.count = 2;
    message.memory.regions[0] = front_region(front, 0);
    message.memory.regions[1] = front_region(front, 1);
    front_refused(front, message, fds, 1, VSK_BAD_FDS);
    front_refused(front, message, fds, 3, VSK_BAD_FDS);
    front_refused(front, message, NULL, 0, VSK_BAD_FDS);
    front_free(front);
}

static void
regions_that_cannot_be_are_refused(void **state)
{
    struct front *front = front_new();
    vsk_message good = front_message(VSK_REQUEST_SET_MEM_TABLE);
    vsk_message message;
    const int fds[2] = {front->memory_fd, front->memory_fd};
    const int wrong[2] = {front->memory_fd, front->kicks[0]};
    (void)state;

    good.memory.count = 2;
    good.memory.regions[0] = front_region(front, 0);
    good.memory.regions[1] = front_region(front, 1);
    front_refused(front, good, wrong, 2, VSK_BAD_REGION);
    message = good;
    message.memory.regions[1].size = 0;
    front_refused(front, message, fds, 2, VSK_BAD_REGION);
    message = good;
    message.memory.regions[1].offset += 1;
    front_refused(front, message, fds, 2, VSK_BAD_REGION);
    message = good;
    message.memory.regions[1].offset = UINT64_MAX;
    front_refused(front, message, fds, 2, VSK_BAD_REGION);
    message = good;
    message.memory.regions[1].guest = FRONT_LOW + FRONT_BYTES - 1;
    front_refused(front, message, fds, 2, VSK_BAD_REGION);
    message = good;
    message.memory.regions[1].user = message.memory.regions[0].user;
    front_refused(front, message, fds, 2, VSK_BAD_REGION);
    message = good;
    message.memory.regions[1].guest = UINT64_MAX - 1;
    front_refused(front, message, fds, 2, VSK_BAD_REGION);
    front_free(front);
}

static void
more_than_eight_regions_are_no_table(void **state)
{
    uint32_t words[3 + 2 + 9 * 8] = {VSK_REQUEST_SET_MEM_TABLE, 1, 8 + 9 * 32,
                                     9};
    struct front *front = front_new();
    (void)state;

    front_raw(front, words, sizeof words, NULL, 0);

    front_over(front, VSK_BAD_REGION, "SET_MEM_TABLE");
    front_free(front);
}

static void
a_table_may_have_room_that_does_not_count(void **state)
{
    uint32_t words[3 + 2 + 2 * 8] = {VSK_REQUEST_SET_MEM_TABLE, 1, 8 + 2 * 32,
                                     1};
    struct front *front = front_new(); /* as User Mode Linux */
    const vsk_shared_region region = front_region(front, 1);
    (void)state;

    memcpy(words + 5, &region, sizeof region);
    front_raw(front, words, sizeof words, &front->memory_fd, 1);

    assert_true(front->backend.connected);
    assert_int_equal(front->backend.mappings.count, 1);
    assert_int_equal(front->backend.mappings.regions[0].addr, FRONT_HIGH);
    front_free(front);
}

static void
one_region_has_one_descriptor(void **state)
{
    struct front *front = front_new(); /* VHU-FE-18 */
    const int fds[2] = {front->memory_fd, front->memory_fd};
    (void)state;

    front_do(front, front_u64(VSK_REQUEST_SET_PROTOCOL_FEATURES,
                              VSK_BACKEND_PROTOCOL));
    front_refused(front, extra(0), NULL, 0, VSK_BAD_FDS);
    front_do(front, front_u64(VSK_REQUEST_SET_PROTOCOL_FEATURES,
                              VSK_BACKEND_PROTOCOL));
    front_refused(front, extra(0), fds, 2, VSK_BAD_FDS);
    front_free(front);
}

static void
slots_come_to_an_end(void **state)
{
    struct front *front = front_new();
    vsk_message message = extra(0);
    (void)state;

    front_do(front, front_u64(VSK_REQUEST_SET_PROTOCOL_FEATURES,
                              VSK_BACKEND_PROTOCOL));
    for (uint32_t i = 0; i < VSK_MAPPING_SLOTS; i++) {
        front_do_fd(front, message, front->memory_fd);
        message.region.guest += EXTRA_BYTES;
        message.region.user += EXTRA_BYTES;
    }

    front_refused(front, message, &front->memory_fd, 1, VSK_ERR_TABLE);
    front_free(front);
}

/* ---- while rings run ---- */

static void
memory_is_added_under_running_rings(void **state)
{
    struct front *front = front_live(3); /* VHU-BE-43, VHU-BE-28 */
    vsk_conn *conn = front_connected(front);
    (void)state;

    memset(front->mapping->base + FRONT_BYTES, 0, VSK_HEADER_SIZE);
    front_do_fd(front, extra(FRONT_BYTES), front->memory_fd);
    front->host.count = 0;
    send_from(front, EXTRA);

    /* It got as far as its header: there are no such types of packets. */
    front_told(&front->host, VSK_EVENT_ERROR);
    assert_int_equal(front->device.endpoint.counters.foreign, 1);
    front_echo(front, conn, "hello");
    front_free(front);
}

static void
memory_is_removed_under_running_rings(void **state)
{
    struct front *front = front_live(3); /* VHU-BE-44 */
    vsk_conn *conn = front_connected(front);
    vsk_message message = extra(FRONT_BYTES);
    (void)state;

    front_do_fd(front, message, front->memory_fd);
    message.request = VSK_REQUEST_REM_MEM_REG;
    message.region.offset = 0x123; /* of no meaning here */
    front_do(front, message);

    assert_int_equal(front->backend.mappings.count, 2);
    front_echo(front, conn, "hello");
    front->host.count = 0;
    send_from(front, EXTRA);
    front_told(&front->host, VSK_EVENT_ERROR);
    assert_int_equal(front->device.endpoint.counters.foreign, 0);
    front_free(front);
}

static void
a_descriptor_with_a_removal_is_closed_unused(void **state)
{
    struct front *front = front_live(3); /* VHU-BE-45, VHU-BE-46, VHU-FE-19 */
    vsk_message message = extra(0);
    (void)state;

    front_do_fd(front, message, front->memory_fd);
    message.request = VSK_REQUEST_REM_MEM_REG;
    front_do_fd(front, message, front->kicks[0]);

    assert_int_equal(front->backend.mappings.count, 2);
    front_free(front);
}

static void
only_a_region_that_is_there_is_removed(void **state)
{
    struct front *front = front_live(3);
    vsk_message message = front_message(VSK_REQUEST_REM_MEM_REG);
    (void)state;

    message.region = front_region(front, 1);
    message.region.size -= 4096;

    front_refused(front, message, NULL, 0, VSK_BAD_REGION);
    front_free(front);
}

static void
a_ring_does_not_outlive_its_memory(void **state)
{
    struct front *front = front_live(3);
    vsk_message message = front_message(VSK_REQUEST_REM_MEM_REG);
    (void)state;

    (void)front_connected(front);
    message.region = front_region(front, 0);

    front_refused(front, message, NULL, 0, VSK_BAD_RING);
    front_told(&front->host, VSK_EVENT_CLOSE);
    front_free(front);
}

static void
a_stopped_ring_may_lose_its_memory(void **state)
{
    struct front *front = front_live(3);
    vsk_message message = front_message(VSK_REQUEST_REM_MEM_REG);
    uint32_t bases[3];
    (void)state;

    for (uint32_t i = 0; i < 3; i++)
        bases[i] = front_stop(front, i);
    message.region = front_region(front, 0);
    front_do(front, message);
    message.request = VSK_REQUEST_ADD_MEM_REG;
    front_do_fd(front, message, front->memory_fd);
    for (uint32_t i = 0; i < 3; i++)
        front_start(front, i, bases[i]);

    front_echo(front, front_connected(front), "hello");
    front_free(front);
}

static void
a_table_is_replaced_under_running_rings(void **state)
{
    struct front *front = front_live(3);
    vsk_conn *conn = front_connected(front);
    (void)state;

    for (int i = 0; i < 10; i++) {
        front_set_memory(front);
        front_echo(front, conn, "hello");
    }

    front_not_told(&front->host, VSK_EVENT_CLOSE);
    front_free(front);
}

static void
a_view_keeps_its_memory(void **state)
{
    struct front *front = front_live(3);
    vsk_mapping *view = vsk_mapping_ref(front->backend.mappings.slots[1]);
    (void)state;

    front->mapping->base[FRONT_BYTES] = 0x5a;
    front_hang_up(front);

    assert_int_equal(front->backend.mappings.count, 0);
    assert_int_equal(view->references, 1);
    assert_int_equal(view->base[0], 0x5a);
    vsk_mapping_unref(view);
    front_free(front);
}

static void
a_packet_in_hand_is_found_again_after_memory_moved(void **state)
{
    struct front *front = front_live(3);
    vsk_message message = extra(0);
    vsk_event event;
    vsk_conn *conn;
    (void)state;

    /* The application is at PACKET while a message waits. */
    front->device.show_packets = true;
    assert_int_equal(vsk_guest_connect(&front->guest, vsk_loop_now(),
                                       VSK_PORT_ANY, VSK_CID_HOST, HOST_PORT,
                                       VSK_TYPE_STREAM, &conn),
                     VSK_OK);
    front_run_guest(front);
    do
        assert_int_equal(vsk_backend_step(&front->backend, &event), VSK_OK);
    while (event.kind != VSK_EVENT_PACKET);
    assert_int_equal(vsk_channel_send(&front->channel, &message,
                                      VSK_PAYLOAD_REGION, &front->memory_fd, 1),
                     VSK_OK);
    front_run(front);

    front_told(&front->host, VSK_EVENT_REQUEST);
    front_told(&front->told, VSK_EVENT_CONNECT);
    front_free(front);
}

/* The front end's own memory is sealed: this is a copy that is not. */
static void
memory_that_is_cut_short_ends_the_session(void **state)
{
    struct front *front = front_live(3);
    vsk_message message = extra(0);
    int fd = memfd_create("test", MFD_CLOEXEC);
    (void)state;

    assert_int_equal(ftruncate(fd, EXTRA_BYTES), 0);
    front_do_fd(front, message, fd);
    (void)front_connected(front);
    assert_int_equal(ftruncate(fd, 0), 0);
    front->host.count = 0;
    send_from(front, EXTRA);

    front_told(&front->host, VSK_EVENT_CLOSE);
    front_over(front, VSK_BAD_CUT, "cut short");
    assert_int_equal(close(fd), 0);
    front_free(front);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(a_table_has_a_descriptor_for_each_region),
        RIG_TEST(regions_that_cannot_be_are_refused),
        RIG_TEST(more_than_eight_regions_are_no_table),
        RIG_TEST(a_table_may_have_room_that_does_not_count),
        RIG_TEST(one_region_has_one_descriptor),
        RIG_TEST(slots_come_to_an_end),
        RIG_TEST(memory_is_added_under_running_rings),
        RIG_TEST(memory_is_removed_under_running_rings),
        RIG_TEST(a_descriptor_with_a_removal_is_closed_unused),
        RIG_TEST(only_a_region_that_is_there_is_removed),
        RIG_TEST(a_ring_does_not_outlive_its_memory),
        RIG_TEST(a_stopped_ring_may_lose_its_memory),
        RIG_TEST(a_table_is_replaced_under_running_rings),
        RIG_TEST(a_view_keeps_its_memory),
        RIG_TEST(a_packet_in_hand_is_found_again_after_memory_moved),
        RIG_TEST(memory_that_is_cut_short_ends_the_session),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
