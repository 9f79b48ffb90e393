/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "rig.h"

#include "vsk/setup.h"

#define OFFERED                                                                \
    (VSK_BIT(VSK_FEATURE_VERSION_1) | VSK_BIT(VSK_FEATURE_STREAM) |            \
     VSK_BIT(VSK_FEATURE_SEQPACKET) | VSK_BIT(VSK_FEATURE_NO_IMPLIED_STREAM))
#define KNOWN                                                                  \
    (OFFERED | VSK_BIT(VSK_FEATURE_INDIRECT_DESC) |                            \
     VSK_BIT(VSK_FEATURE_EVENT_IDX) | VSK_BIT(VSK_FEATURE_RING_PACKED) |       \
     VSK_BIT(VSK_FEATURE_IN_ORDER) | VSK_BIT(VSK_FEATURE_NOTIFICATION_DATA) |  \
     VSK_BIT(VSK_FEATURE_RING_RESET) | VSK_BIT(VSK_FEATURE_ACCESS_PLATFORM) |  \
     VSK_BIT(VSK_FEATURE_ORDER_PLATFORM))
#define VERSION_1 VSK_BIT(VSK_FEATURE_VERSION_1)

#define A VSK_SETUP_ACKNOWLEDGE
#define D VSK_SETUP_DRIVER
#define F VSK_SETUP_FEATURES_OK
#define K VSK_SETUP_DRIVER_OK

static vsk_setup
fresh(void)
{
    vsk_setup setup;

    assert_int_equal(vsk_setup_init(&setup, OFFERED, 3), VSK_OK);
    return setup;
}

/* A setup that has come as far as DRIVER_OK with these features. */
static vsk_setup
live(uint64_t accepted)
{
    vsk_setup setup = fresh();

    assert_int_equal(vsk_setup_write_status(&setup, A), VSK_OK);
    assert_int_equal(vsk_setup_write_status(&setup, A | D), VSK_OK);
    assert_int_equal(vsk_setup_accept(&setup, accepted), VSK_OK);
    assert_int_equal(vsk_setup_write_status(&setup, A | D | F), VSK_OK);
    assert_int_equal(vsk_setup_write_status(&setup, A | D | F | K), VSK_OK);
    return setup;
}

static void
status_reads_0_at_the_start(void **state)
{
    vsk_setup setup = fresh();
    (void)state;

    /* STATUS-DEV-01 */
    assert_int_equal(setup.status, 0);
    assert_false(vsk_setup_live(&setup));
}

static void
status_bits_have_the_values_of_the_specification(void **state)
{
    (void)state;

    /* STATUS-BOTH-01 */
    assert_int_equal(VSK_SETUP_ACKNOWLEDGE, 1);
    assert_int_equal(VSK_SETUP_DRIVER, 2);
    assert_int_equal(VSK_SETUP_DRIVER_OK, 4);
    assert_int_equal(VSK_SETUP_FEATURES_OK, 8);
    assert_int_equal(VSK_SETUP_NEEDS_RESET, 64);
    assert_int_equal(VSK_SETUP_FAILED, 128);
}

static void
features_have_the_bits_of_the_specification(void **state)
{
    (void)state;

    /* VSOCK-BOTH-02, VSOCK-BOTH-03, VSOCK-BOTH-04, RSVF-BOTH-01 */
    assert_int_equal(VSK_FEATURE_STREAM, 0);
    assert_int_equal(VSK_FEATURE_SEQPACKET, 1);
    assert_int_equal(VSK_FEATURE_NO_IMPLIED_STREAM, 2);
    assert_int_equal(VSK_FEATURE_INDIRECT_DESC, 28);
    assert_int_equal(VSK_FEATURE_EVENT_IDX, 29);
    assert_int_equal(VSK_FEATURE_VERSION_1, 32);
    assert_int_equal(VSK_FEATURE_ACCESS_PLATFORM, 33);
    assert_int_equal(VSK_FEATURE_RING_PACKED, 34);
    assert_int_equal(VSK_FEATURE_IN_ORDER, 35);
    assert_int_equal(VSK_FEATURE_ORDER_PLATFORM, 36);
    assert_int_equal(VSK_FEATURE_NOTIFICATION_DATA, 38);
    assert_int_equal(VSK_FEATURE_RING_RESET, 40);
    assert_true(VSK_F_RING_PACKED == VSK_BIT(VSK_FEATURE_RING_PACKED));
    assert_true(VSK_F_IN_ORDER == VSK_BIT(VSK_FEATURE_IN_ORDER));
}

static void
a_device_offers_only_what_it_knows(void **state)
{
    vsk_setup setup;
    (void)state;

    /* FEAT-DEV-04, DGRAM-BOTH-01, RSVF-DEV-10: bit 3 is a draft's datagrams,
     * bit 37 is SR_IOV */
    for (uint32_t bit = 0; bit < 64; bit++)
        assert_int_equal(vsk_setup_init(&setup, OFFERED | VSK_BIT(bit), 3),
                         (KNOWN & VSK_BIT(bit)) != 0 ? VSK_OK
                                                     : VSK_ERR_FEATURES);
}

static void
a_device_offers_version_1(void **state)
{
    vsk_setup setup;
    (void)state;

    /* RSVF-DEV-01, TARGET-BOTH-01: non-transitional */
    assert_int_equal(vsk_setup_init(&setup, OFFERED & ~VERSION_1, 3),
                     VSK_ERR_FEATURES);
}

static void
a_driver_may_go_without_what_platforms_are_for(void **state)
{
    const uint64_t platform = VSK_BIT(VSK_FEATURE_ACCESS_PLATFORM) |
                              VSK_BIT(VSK_FEATURE_ORDER_PLATFORM);
    vsk_setup setup;
    (void)state;

    /* RSVF-DEV-04, RSVF-DEV-06: it might refuse, and does not. */
    assert_int_equal(vsk_setup_init(&setup, OFFERED | platform, 3), VSK_OK);
    assert_int_equal(vsk_setup_write_status(&setup, A), VSK_OK);
    assert_int_equal(vsk_setup_write_status(&setup, A | D), VSK_OK);
    assert_int_equal(vsk_setup_accept(&setup, OFFERED), VSK_OK);
    assert_int_equal(vsk_setup_write_status(&setup, A | D | F), VSK_OK);
    assert_int_equal(setup.status, A | D | F);
}

static void
reserved_cids_are_no_guests(void **state)
{
    static const uint64_t reserved[] = {0,          1,          2,
                                        0xffffffff, 1ull << 32, UINT64_MAX};
    vsk_setup setup;
    (void)state;

    /* VSOCK-DEV-08, VSOCK-DEV-09 */
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
        assert_int_equal(vsk_setup_init(&setup, OFFERED, reserved[i]),
                         VSK_ERR_CID);
}

static void
the_smallest_and_the_largest_cid_are_guests(void **state)
{
    vsk_setup setup;
    (void)state;

    assert_int_equal(vsk_setup_init(&setup, OFFERED, 3), VSK_OK);
    assert_int_equal(vsk_setup_init(&setup, OFFERED, 0xfffffffe), VSK_OK);
}

static void
queues_are_live_from_driver_ok(void **state)
{
    vsk_setup setup = live(OFFERED);
    (void)state;

    /* CLEAN-BOTH-01 */
    assert_true(vsk_setup_live(&setup));
}

static void
a_feature_that_was_not_offered_is_refused(void **state)
{
    vsk_setup setup = fresh();
    (void)state;
    vsk_setup_write_status(&setup, A);
    vsk_setup_write_status(&setup, A | D);

    /* FEAT-DRV-01 */
    assert_int_equal(
        vsk_setup_accept(&setup, OFFERED | VSK_BIT(VSK_FEATURE_EVENT_IDX)),
        VSK_BAD_FEATURES);

    assert_int_equal(setup.accepted, 0);
}

static void
version_1_must_be_accepted(void **state)
{
    vsk_setup setup = fresh();
    (void)state;
    vsk_setup_write_status(&setup, A);
    vsk_setup_write_status(&setup, A | D);

    /* RSVF-DRV-01, RSVF-DEV-02 */
    assert_int_equal(vsk_setup_accept(&setup, OFFERED & ~VERSION_1),
                     VSK_BAD_FEATURES);
}

static void
any_valid_subset_is_taken(void **state)
{
    (void)state;

    /* FEAT-DEV-02: every one of the three feature bits of vsock */
    for (uint64_t bits = 0; bits < 8; bits++) {
        vsk_setup setup = live(VERSION_1 | bits);

        assert_int_equal(setup.accepted, VERSION_1 | bits);
        assert_true(vsk_setup_live(&setup));
    }
}

static void
features_are_accepted_between_driver_and_features_ok(void **state)
{
    vsk_setup early = fresh();
    vsk_setup late = live(VERSION_1);
    (void)state;
    vsk_setup_write_status(&early, A);

    /* INIT-DRV-04, FEAT-BOTH-01, INIT-DRV-01 */
    assert_int_equal(vsk_setup_accept(&early, OFFERED), VSK_BAD_STATUS);
    assert_int_equal(vsk_setup_accept(&late, OFFERED), VSK_BAD_STATUS);
    assert_int_equal(late.accepted, VERSION_1);
}

static void
the_configuration_is_there_while_features_are_chosen(void **state)
{
    vsk_setup setup = fresh();
    uint8_t data[8];
    (void)state;
    vsk_setup_write_status(&setup, A);
    vsk_setup_write_status(&setup, A | D);

    vsk_setup_read_config(&setup, 0, data, sizeof data);

    /* INIT-DRV-02, CONF-DEV-02 */
    assert_memory_equal(data, "\3\0\0\0\0\0\0\0", 8);
}

static void
features_ok_stays_unset_without_features(void **state)
{
    vsk_setup setup = fresh();
    (void)state;
    vsk_setup_write_status(&setup, A);
    vsk_setup_write_status(&setup, A | D);

    assert_int_equal(vsk_setup_write_status(&setup, A | D | F), VSK_OK);

    /* FEAT-DEV-03 */
    assert_int_equal(setup.status, A | D);
}

static void
steps_out_of_order_are_refused(void **state)
{
    static const uint8_t wrong[] = {D, F, K, A | F, A | K, A | D | K, D | F};
    (void)state;

    for (size_t i = 0; i < sizeof wrong; i++) {
        vsk_setup setup = fresh();

        /* INIT-DRV-01, STATUS-DRV-01 */
        assert_int_equal(vsk_setup_write_status(&setup, wrong[i]),
                         VSK_BAD_STATUS);
        assert_int_equal(setup.status, 0);
    }
}

static void
a_bit_is_never_cleared(void **state)
{
    vsk_setup setup = live(OFFERED);
    (void)state;

    /* STATUS-DRV-02 */
    assert_int_equal(vsk_setup_write_status(&setup, A | D | F), VSK_BAD_STATUS);

    assert_true(vsk_setup_live(&setup));
}

static void
a_driver_that_failed_is_not_live(void **state)
{
    vsk_setup setup = live(OFFERED);
    (void)state;

    assert_int_equal(
        vsk_setup_write_status(&setup, A | D | F | K | VSK_SETUP_FAILED),
        VSK_OK);

    assert_false(vsk_setup_live(&setup));
}

static void
after_failed_only_a_reset_helps(void **state)
{
    vsk_setup setup = live(OFFERED);
    (void)state;
    vsk_setup_write_status(&setup, A | D | F | K | VSK_SETUP_FAILED);

    /* STATUS-DRV-03 */
    assert_int_equal(vsk_setup_write_status(&setup, A | D | F | K),
                     VSK_BAD_STATUS);
    assert_int_equal(vsk_setup_write_status(&setup, 0), VSK_OK);
}

static void
no_step_follows_failed(void **state)
{
    vsk_setup setup = fresh();
    (void)state;
    vsk_setup_write_status(&setup, A | VSK_SETUP_FAILED);

    /* INIT-DRV-07, STATUS-DRV-03 */
    assert_int_equal(vsk_setup_write_status(&setup, A | D | VSK_SETUP_FAILED),
                     VSK_BAD_STATUS);
    assert_int_equal(vsk_setup_write_status(&setup, A | VSK_SETUP_FAILED),
                     VSK_OK);
    assert_int_equal(setup.status, A | VSK_SETUP_FAILED);
}

static void
driver_ok_comes_after_features_ok_was_read_back(void **state)
{
    vsk_setup setup = fresh();
    (void)state;
    vsk_setup_write_status(&setup, A | D);
    vsk_setup_accept(&setup, OFFERED);

    /* INIT-DRV-01, STATUS-DRV-01 */
    assert_int_equal(vsk_setup_write_status(&setup, A | D | F | K),
                     VSK_BAD_STATUS);
    assert_int_equal(setup.status, A | D);
}

static void
what_was_refused_is_not_agreed_on(void **state)
{
    vsk_setup setup = fresh();
    (void)state;
    vsk_setup_write_status(&setup, A | D);
    vsk_setup_accept(&setup, OFFERED);

    assert_int_equal(vsk_setup_accept(&setup, OFFERED | VSK_BIT(63)),
                     VSK_BAD_FEATURES);
    assert_int_equal(vsk_setup_write_status(&setup, A | D | F), VSK_OK);

    /* FEAT-DEV-03 */
    assert_int_equal(setup.status, A | D);
}

static void
a_reset_forgets_status_and_features(void **state)
{
    vsk_setup setup = live(OFFERED);
    (void)state;

    assert_int_equal(vsk_setup_write_status(&setup, 0), VSK_OK);

    /* RESET-DEV-01, FEAT-BOTH-01, VSOCK-DEV-06 */
    assert_int_equal(setup.status, 0);
    assert_int_equal(setup.accepted, 0);
    assert_int_equal(setup.guest_cid, 3);
}

static void
a_reset_is_taken_at_every_step(void **state)
{
    static const uint8_t steps[] = {0, A, A | D, A | D | VSK_SETUP_FAILED};
    (void)state;

    for (size_t i = 0; i < sizeof steps; i++) {
        vsk_setup setup = fresh();

        vsk_setup_write_status(&setup, steps[i] & A);
        vsk_setup_write_status(&setup, steps[i]);
        vsk_setup_needs_reset(&setup);

        /* RESET-DEV-01 */
        assert_int_equal(vsk_setup_write_status(&setup, 0), VSK_OK);
        assert_int_equal(setup.status, 0);
    }
}

static void
what_was_agreed_once_is_agreed_again_after_a_reset(void **state)
{
    vsk_setup setup = live(OFFERED);
    (void)state;
    vsk_setup_write_status(&setup, 0);

    vsk_setup_write_status(&setup, A);
    vsk_setup_write_status(&setup, A | D);

    /* FEAT-DEV-05 */
    assert_int_equal(vsk_setup_accept(&setup, OFFERED), VSK_OK);
    assert_int_equal(vsk_setup_write_status(&setup, A | D | F), VSK_OK);
    assert_int_equal(setup.status, A | D | F);
}

static void
needs_reset_is_told_to_a_driver_that_is_ok(void **state)
{
    vsk_setup early = fresh();
    vsk_setup setup = live(OFFERED);
    (void)state;

    /* STATUS-DEV-04, CONF-DEV-03 */
    assert_false(vsk_setup_needs_reset(&early));
    assert_true(vsk_setup_needs_reset(&setup));

    assert_false(vsk_setup_live(&setup));
}

static void
a_driver_cannot_set_or_clear_needs_reset(void **state)
{
    vsk_setup setup = live(OFFERED);
    vsk_setup broken = live(OFFERED);
    (void)state;
    vsk_setup_needs_reset(&broken);

    assert_int_equal(
        vsk_setup_write_status(&setup, A | D | F | K | VSK_SETUP_NEEDS_RESET),
        VSK_OK);
    assert_int_equal(vsk_setup_write_status(&broken, A | D | F | K), VSK_OK);

    assert_true(vsk_setup_live(&setup));
    assert_false(vsk_setup_live(&broken));
}

static void
streams_are_implied_unless_that_was_given_up(void **state)
{
    static const struct {
        uint64_t accepted;
        bool stream, seqpacket;
    } rows[] = {
        /* VSOCK-DEV-03 */
        {VERSION_1, true, false},
        /* VSOCK-DEV-04 */
        {VERSION_1 | VSK_BIT(VSK_FEATURE_SEQPACKET), true, true},
        /* VSOCK-BOTH-04 */
        {VERSION_1 | VSK_BIT(VSK_FEATURE_SEQPACKET) |
             VSK_BIT(VSK_FEATURE_NO_IMPLIED_STREAM),
         false, true},
        {VERSION_1 | VSK_BIT(VSK_FEATURE_NO_IMPLIED_STREAM) |
             VSK_BIT(VSK_FEATURE_STREAM),
         true, false},
    };
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vsk_setup setup = live(rows[i].accepted);

        assert_int_equal(vsk_setup_allows(&setup, VSK_TYPE_STREAM),
                         rows[i].stream);
        assert_int_equal(vsk_setup_allows(&setup, VSK_TYPE_SEQPACKET),
                         rows[i].seqpacket);
        assert_false(vsk_setup_allows(&setup, 3));
    }
}

static void
the_configuration_is_the_cid(void **state)
{
    vsk_setup setup;
    uint8_t data[12];
    (void)state;
    vsk_setup_init(&setup, OFFERED, 0x12345678);

    vsk_setup_read_config(&setup, 0, data, sizeof data);

    /* VSOCK-DEV-05, VSOCK-DEV-07, CONF-BOTH-01, CONF-DEV-02 */
    assert_memory_equal(data, "\x78\x56\x34\x12\0\0\0\0\0\0\0\0", 12);
}

static void
any_part_of_the_configuration_can_be_read(void **state)
{
    vsk_setup setup;
    uint8_t data[4] = {9, 9, 9, 9};
    (void)state;
    vsk_setup_init(&setup, OFFERED, 0x12345678);

    vsk_setup_read_config(&setup, 2, data, 1);
    assert_memory_equal(data, "\x34\x09", 2);
    vsk_setup_read_config(&setup, 0xffffffff, data, 4);
    assert_memory_equal(data, "\0\0\0\0", 4);
}

static void
the_generation_counts_once_for_a_change_that_was_seen(void **state)
{
    vsk_setup setup = fresh();
    uint8_t data[8];
    (void)state;

    vsk_setup_set_cid(&setup, 4);
    assert_int_equal(setup.generation, 0);
    vsk_setup_read_config(&setup, 0, data, 8);
    vsk_setup_set_cid(&setup, 5);
    vsk_setup_set_cid(&setup, 6);

    /* CONF-DEV-01 */
    assert_int_equal(setup.generation, 1);
    assert_int_equal(setup.guest_cid, 6);
}

static void
the_same_cid_is_no_change(void **state)
{
    vsk_setup setup = fresh();
    uint8_t data[8];
    (void)state;
    vsk_setup_read_config(&setup, 0, data, 8);

    assert_int_equal(vsk_setup_set_cid(&setup, 3), VSK_OK);

    assert_int_equal(setup.generation, 0);
}

static void
a_reserved_cid_changes_nothing(void **state)
{
    vsk_setup setup = fresh();
    (void)state;

    assert_int_equal(vsk_setup_set_cid(&setup, 2), VSK_ERR_CID);

    assert_int_equal(setup.guest_cid, 3);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(status_reads_0_at_the_start),
        cmocka_unit_test(status_bits_have_the_values_of_the_specification),
        cmocka_unit_test(features_have_the_bits_of_the_specification),
        cmocka_unit_test(a_device_offers_only_what_it_knows),
        cmocka_unit_test(a_device_offers_version_1),
        cmocka_unit_test(a_driver_may_go_without_what_platforms_are_for),
        cmocka_unit_test(reserved_cids_are_no_guests),
        cmocka_unit_test(the_smallest_and_the_largest_cid_are_guests),
        cmocka_unit_test(queues_are_live_from_driver_ok),
        cmocka_unit_test(a_feature_that_was_not_offered_is_refused),
        cmocka_unit_test(version_1_must_be_accepted),
        cmocka_unit_test(any_valid_subset_is_taken),
        cmocka_unit_test(features_are_accepted_between_driver_and_features_ok),
        cmocka_unit_test(the_configuration_is_there_while_features_are_chosen),
        cmocka_unit_test(features_ok_stays_unset_without_features),
        cmocka_unit_test(steps_out_of_order_are_refused),
        cmocka_unit_test(a_bit_is_never_cleared),
        cmocka_unit_test(a_driver_that_failed_is_not_live),
        cmocka_unit_test(after_failed_only_a_reset_helps),
        cmocka_unit_test(no_step_follows_failed),
        cmocka_unit_test(driver_ok_comes_after_features_ok_was_read_back),
        cmocka_unit_test(what_was_refused_is_not_agreed_on),
        cmocka_unit_test(a_reset_forgets_status_and_features),
        cmocka_unit_test(a_reset_is_taken_at_every_step),
        cmocka_unit_test(what_was_agreed_once_is_agreed_again_after_a_reset),
        cmocka_unit_test(needs_reset_is_told_to_a_driver_that_is_ok),
        cmocka_unit_test(a_driver_cannot_set_or_clear_needs_reset),
        cmocka_unit_test(streams_are_implied_unless_that_was_given_up),
        cmocka_unit_test(the_configuration_is_the_cid),
        cmocka_unit_test(any_part_of_the_configuration_can_be_read),
        cmocka_unit_test(the_generation_counts_once_for_a_change_that_was_seen),
        cmocka_unit_test(the_same_cid_is_no_change),
        cmocka_unit_test(a_reserved_cid_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
