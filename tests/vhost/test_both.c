/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Our front end and our back end, over a real socket and shared memory. */
#include "both_rig.h"

#include <fcntl.h>
#include <unistd.h>

#define INBAND VSK_BIT(VSK_PROTOCOL_INBAND_NOTIFICATIONS)

/* ---- until ---- */

static bool
half_is_back(const struct both *both)
{
    return both->party.got >= both->party.size / 2;
}

static bool
all_is_back(const struct both *both)
{
    return both->party.got >= both->party.size;
}

static bool
is_closed(const struct both *both)
{
    return both->party.seen[VSK_EVENT_CLOSE] != 0 &&
           both->hosts[0]->party.seen[VSK_EVENT_CLOSE] != 0;
}

static bool
was_reset(const struct both *both)
{
    return both->party.seen[VSK_EVENT_RESET] != 0 && !both->guest.stale;
}

static bool
has_stated(const struct both *both)
{
    return both->frontend.transfer.stage == 0;
}

static bool
knows_cid_9(const struct both *both)
{
    return both->frontend.guest_cid == 9;
}

/* ---- what all ways of talking have in common ---- */

/* A stream, without anything to complain about. */
static void
everything_comes_back(struct both *both)
{
    uint8_t *bytes = both_pattern(BOTH_BYTES);

    both_connect(both, VSK_TYPE_STREAM);
    both_echo(both, bytes, BOTH_BYTES, 0);
    assert_int_equal(both->hosts[0]->device.endpoint.counters.errors, 0);
    assert_int_equal(both->guest.endpoint.counters.errors, 0);
    free(bytes);
}

static void
a_stream_comes_back(void **state)
{
    vsk_frontend_options options = both_options();
    struct both *both = both_live(&options, 0);
    (void)state;

    assert_int_equal(both->frontend.queues, 3);
    everything_comes_back(both);
    both_free(both);
}

static void
two_queues_are_enough(void **state)
{
    vsk_frontend_options options = both_options();
    struct both *both;
    (void)state;

    options.queues = 2;
    both = both_live(&options, 0);

    assert_int_equal(both->frontend.queues, 2);
    everything_comes_back(both);
    both_free(both);
}

static void
memory_may_be_added_as_a_region(void **state)
{
    vsk_frontend_options options = both_options();
    struct both *both;
    (void)state;

    options.mem_slots = true;
    both = both_live(&options, 0);

    assert_true((both->hosts[0]->backend.protocol &
                 VSK_BIT(VSK_PROTOCOL_CONFIGURE_MEM_SLOTS)) != 0);
    everything_comes_back(both);
    both_free(both);
}

static void
notifications_may_be_messages(void **state)
{
    vsk_frontend_options options = both_options();
    struct both *both;
    (void)state;

    options.protocol |= INBAND;
    both = both_live(&options, INBAND);

    /* VHU-BOTH-10 */
    assert_true((both->hosts[0]->backend.protocol & INBAND) != 0);
    for (uint32_t i = 0; i < VSK_QUEUES; i++)
        assert_int_equal(both->frontend.kicks[i], -1);
    everything_comes_back(both);
    both_free(both);
}

static void
nothing_need_be_acknowledged(void **state)
{
    vsk_frontend_options options = both_options();
    struct both *both;
    (void)state;

    options.protocol = VSK_BIT(VSK_PROTOCOL_CONFIG);
    both = both_live(&options, 0);

    everything_comes_back(both);
    both_free(both);
}

static void
protocol_features_are_not_needed(void **state)
{
    vsk_frontend_options options = both_options();
    struct both *both;
    (void)state;

    options.protocol = 0;
    options.guest_cid = CID;
    both = both_live(&options, 0);

    assert_int_equal(both->hosts[0]->backend.protocol, 0);
    everything_comes_back(both);
    both_free(both);
}

static void
status_is_stored(void **state)
{
    vsk_frontend_options options = both_options();
    struct both *both;
    (void)state;

    options.protocol |= VSK_BIT(VSK_PROTOCOL_STATUS);
    both = both_live(&options, VSK_BIT(VSK_PROTOCOL_STATUS));

    /* VHU-FE-20 */
    assert_int_equal(both->hosts[0]->backend.status, 15);
    everything_comes_back(both);
    both_free(both);
}

/* ---- messages, ends ---- */

static void
messages_come_back_one_by_one(void **state)
{
    static const size_t sizes[] = {1, 44, 3732, 3733, 65536, 100000, 200001};
    vsk_frontend_options options = both_options();
    struct both *both = both_live(&options, 0);
    uint8_t *bytes = both_pattern(200001);
    (void)state;

    both_connect(both, VSK_TYPE_SEQPACKET);
    for (uint32_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        both_echo(both, bytes, sizes[i], VSK_SEQ_EOM);
        assert_int_equal(both->party.eoms, i + 1);
    }
    assert_int_equal(both->hosts[0]->party.eoms, 7);

    free(bytes);
    both_free(both);
}

static void
an_end_goes_one_way_first(void **state)
{
    vsk_frontend_options options = both_options();
    struct both *both = both_live(&options, 0);
    uint8_t *bytes = both_pattern(BOTH_BYTES);
    (void)state;

    both_connect(both, VSK_TYPE_STREAM);
    /* SHUTDOWN follows the last byte: the echo is still on its way. */
    both->party.ends = true;
    both_echo(both, bytes, BOTH_BYTES, 0);
    both_run(both, is_closed);

    assert_int_equal(both->hosts[0]->party.seen[VSK_EVENT_EOF], 1);
    assert_int_equal(both->party.seen[VSK_EVENT_EOF], 1);
    assert_int_equal(both->guest.endpoint.table.count, 0);
    assert_int_equal(both->hosts[0]->device.endpoint.table.count, 0);
    free(bytes);
    both_free(both);
}

static void
the_front_end_goes_and_all_is_over(void **state)
{
    vsk_frontend_options options = both_options();
    struct both *both = both_live(&options, 0);
    (void)state;

    both_connect(both, VSK_TYPE_STREAM);
    vsk_frontend_close(&both->frontend);
    both_run(both, is_closed);

    assert_int_equal(both->frontend.state, VSK_FRONTEND_OVER);
    assert_false(both->hosts[0]->backend.connected);
    both_free(both);
}

static void
the_back_end_goes_and_all_is_over(void **state)
{
    vsk_frontend_options options = both_options();
    struct both *both = both_live(&options, 0);
    (void)state;

    both_connect(both, VSK_TYPE_STREAM);
    vsk_backend_close(&both->hosts[0]->backend);
    both_run(both, is_closed);

    assert_int_equal(both->frontend.state, VSK_FRONTEND_OVER);
    assert_int_equal(both->frontend.status, VSK_EOF);
    both_free(both);
}

/* ---- standing still ---- */

static void
connections_live_through_a_stop(void **state)
{
    vsk_frontend_options options = both_options();
    struct both *both = both_live(&options, 0);
    uint8_t *bytes = both_pattern(BOTH_BYTES);
    struct party *party = &both->party;
    uint32_t on_the_way = 0;
    (void)state;

    both_connect(both, VSK_TYPE_STREAM);
    party->out = bytes;
    for (uint32_t part = 0; part < 4; part++) {
        /* A part of it is on its way both ways when the rings stop. */
        party->size = BOTH_BYTES / 4 * (part + 1);
        vsk_frontend_wake(&both->frontend);
        both_send(party);
        both_run(both, half_is_back);
        assert_int_equal(vsk_frontend_stop(&both->frontend), VSK_OK);
        both_reach(both, VSK_FRONTEND_STOPPED);
        on_the_way += party->got < party->size;
        assert_int_equal(both->hosts[0]->device.started, 0);
        assert_int_equal(vsk_frontend_resume(&both->frontend), VSK_OK);
        both_reach(both, VSK_FRONTEND_LIVE);
    }
    assert_int_not_equal(on_the_way, 0);
    both_run(both, all_is_back);

    assert_int_equal(party->got, BOTH_BYTES);
    assert_memory_equal(party->in, bytes, BOTH_BYTES);
    assert_int_equal(both->party.seen[VSK_EVENT_CLOSE], 0);
    assert_int_equal(both->hosts[0]->party.seen[VSK_EVENT_CLOSE], 0);
    assert_int_equal(both->hosts[0]->device.endpoint.counters.errors, 0);
    assert_int_equal(both->guest.endpoint.counters.errors, 0);
    free(bytes);
    both_free(both);
}

/* Reset again and again, each time with a connection. */
static void
resets(const vsk_frontend_options *options, uint64_t protocol)
{
    struct both *both = both_live(options, protocol);

    for (uint32_t i = 0; i < 20; i++) {
        both->party.seen[VSK_EVENT_CLOSE] = 0;
        both->hosts[0]->party.seen[VSK_EVENT_CLOSE] = 0;
        everything_comes_back(both);
        /* Rings begin anew: nobody has to be told by TRANSPORT_RESET. */
        assert_int_equal(both->guest.resets, 0);
        assert_int_equal(vsk_frontend_reset(&both->frontend), VSK_OK);
        both_run(both, is_closed);
        both_reach(both, VSK_FRONTEND_LIVE);
        assert_int_equal(both->guest.endpoint.table.count, 0);
    }
    everything_comes_back(both);
    assert_int_equal(both->hosts[0]->backend.sessions, 1);
    both_free(both);
}

static void
a_reset_ends_connections_and_others_follow(void **state)
{
    vsk_frontend_options options = both_options();
    (void)state;

    resets(&options, 0);
}

static void
a_reset_may_be_said_by_status_and_messages(void **state)
{
    vsk_frontend_options options = both_options();
    (void)state;

    options.protocol |= INBAND | VSK_BIT(VSK_PROTOCOL_STATUS);
    options.protocol &= ~VSK_BIT(VSK_PROTOCOL_RESET_DEVICE);
    resets(&options, INBAND | VSK_BIT(VSK_PROTOCOL_STATUS));
}

static void
a_reset_needs_no_protocol_features(void **state)
{
    vsk_frontend_options options = both_options();
    (void)state;

    options.protocol = 0;
    options.guest_cid = CID;
    resets(&options, 0);
}

static void
another_cid_resets_the_transport(void **state)
{
    vsk_frontend_options options = both_options();
    struct both *both = both_live(&options, 0);
    (void)state;

    both_connect(both, VSK_TYPE_STREAM);
    assert_int_equal(vsk_backend_reset_transport(&both->hosts[0]->backend, 9),
                     VSK_OK);
    both_run(both, was_reset);
    both_run(both, knows_cid_9);

    assert_int_equal(both->guest.endpoint.local_cid, 9);
    assert_int_equal(both->party.seen[VSK_EVENT_CLOSE], 1);
    everything_comes_back(both);
    both_free(both);
}

/* ---- the device's state ---- */

/* Save or load the state through a file. */
static void
transfer(struct both *both, int fd, bool loads)
{
    vsk_notice notice;

    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_int_equal(vsk_frontend_transfer(&both->frontend, fd, loads), VSK_OK);
    both_run(both, has_stated);
    do
        assert_int_equal(vsk_notices_take(&both->frontend.notices, &notice),
                         VSK_OK);
    while (notice.kind != VSK_NOTICE_STATE);
    assert_int_equal(notice.status, VSK_OK);
}

static void
a_second_back_end_goes_on_with_the_device(void **state)
{
    vsk_frontend_options options = both_options();
    struct both *both = both_live(&options, 0);
    uint8_t *bytes = both_pattern(BOTH_BYTES);
    FILE *file = tmpfile();
    (void)state;

    assert_non_null(file);
    both_connect(both, VSK_TYPE_STREAM);
    both_echo(both, bytes, BOTH_BYTES, 0);
    assert_int_equal(vsk_frontend_stop(&both->frontend), VSK_OK);
    both_reach(both, VSK_FRONTEND_STOPPED);
    transfer(both, fileno(file), false);
    both_second(both, 77);
    assert_int_equal(vsk_frontend_connect(&both->frontend, both->path), VSK_OK);
    both_reach(both, VSK_FRONTEND_STOPPED);
    transfer(both, fileno(file), true);
    assert_int_equal(vsk_frontend_resume(&both->frontend), VSK_OK);
    both_reach(both, VSK_FRONTEND_LIVE);

    /* The applications of the first one are not there any more: connections
     * end on both sides, and what the device was is there. */
    both_run(both, was_reset);
    assert_int_equal(both->party.seen[VSK_EVENT_CLOSE], 1);
    assert_int_equal(both->guest.endpoint.local_cid, CID);
    assert_int_equal(both->hosts[1]->device.setup.guest_cid, CID);
    both_connect(both, VSK_TYPE_STREAM);
    both_echo(both, bytes, BOTH_BYTES, 0);
    (void)fclose(file);
    free(bytes);
    both_free(both);
}

static void
the_same_back_end_loads_what_it_saved(void **state)
{
    vsk_frontend_options options = both_options();
    struct both *both = both_live(&options, 0);
    FILE *file = tmpfile();
    (void)state;

    assert_non_null(file);
    both_connect(both, VSK_TYPE_STREAM);
    assert_int_equal(vsk_frontend_stop(&both->frontend), VSK_OK);
    both_reach(both, VSK_FRONTEND_STOPPED);
    transfer(both, fileno(file), false);
    transfer(both, fileno(file), true);
    assert_int_equal(vsk_frontend_resume(&both->frontend), VSK_OK);
    both_run(both, was_reset);

    everything_comes_back(both);
    (void)fclose(file);
    both_free(both);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(a_stream_comes_back),
        RIG_TEST(two_queues_are_enough),
        RIG_TEST(memory_may_be_added_as_a_region),
        RIG_TEST(notifications_may_be_messages),
        RIG_TEST(nothing_need_be_acknowledged),
        RIG_TEST(protocol_features_are_not_needed),
        RIG_TEST(status_is_stored),
        RIG_TEST(messages_come_back_one_by_one),
        RIG_TEST(an_end_goes_one_way_first),
        RIG_TEST(the_front_end_goes_and_all_is_over),
        RIG_TEST(the_back_end_goes_and_all_is_over),
        RIG_TEST(connections_live_through_a_stop),
        RIG_TEST(a_reset_ends_connections_and_others_follow),
        RIG_TEST(a_reset_may_be_said_by_status_and_messages),
        RIG_TEST(a_reset_needs_no_protocol_features),
        RIG_TEST(another_cid_resets_the_transport),
        RIG_TEST(a_second_back_end_goes_on_with_the_device),
        RIG_TEST(the_same_back_end_loads_what_it_saved),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
