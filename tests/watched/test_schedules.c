/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Both ends of a small ring in every schedule, see schedules.h: no wake-up is
 * lost, no descriptor is used twice, all that crosses arrives, and who wants
 * no notification gets none. Without any one of the fences, releases and
 * acquires that is not so, and it is seen.
 *
 * VSK_DEPTH is small, full, or what lies between. */
#include "ends.h"

#define ENDLESS 200000000u /* states that nobody waits for */

enum depth { SMALL, MIDDLE, FULL };

static enum depth
depth(void)
{
    const char *name = getenv("VSK_DEPTH");

    if (name == NULL)
        return MIDDLE;
    return strcmp(name, "full") == 0 ? FULL : SMALL;
}

static void
print_plan(const struct ends_plan *plan, const struct schedules *schedules)
{
    printf("%s%s%s ring of %u, %u chains of %u%s, %u and %u at once%s: "
           "%.3g schedules, %llu states, up to %u accesses\n",
           plan->features & VSK_F_RING_PACKED ? "packed" : "split",
           plan->features & VSK_F_IN_ORDER ? " in-order" : "",
           plan->features & VSK_F_EVENT_IDX ? " event-idx" : "", plan->size,
           plan->chains, plan->buffers, plan->indirect ? " in a table" : "",
           plan->offered, plan->held,
           schedules->every ? ", every access ordered" : "", schedules->count,
           (unsigned long long)schedules->states, schedules->length);
}

/* What is found wrong in the schedules of a plan, or NULL. */
static const char *
try_plan(const struct ends_plan *plan, struct schedules *schedules)
{
    struct ends ends;

    schedules->most = ENDLESS;
    ends_begin(&ends, plan, schedules);
    schedules_try(schedules);
    ends_free(&ends);
    return schedules->wrong;
}

static struct ends_plan
plan_of(uint64_t features, uint32_t size, uint32_t chains, uint32_t at_once,
        uint32_t buffers)
{
    return (struct ends_plan){
        .features = features,
        .size = size,
        .chains = chains,
        .offered = at_once,
        .held = at_once,
        .buffers = buffers,
    };
}

static void
pass(const struct ends_plan *plan, bool every)
{
    struct schedules schedules = {.every = every};

    if (try_plan(plan, &schedules) != NULL)
        schedules_print(&schedules);
    print_plan(plan, &schedules);
    assert_null(schedules.wrong);
}

/* Plans of one ring: full and empty, one chain and several at once, round the
 * end of the ring and of the numbers. */
static void
pass_plans(uint64_t features)
{
    struct ends_plan table = plan_of(features, 2, 3, 2, 2);
    struct ends_plan late = plan_of(features, 2, 2, 1, 1);
    struct ends_plan one = plan_of(features, 1, 3, 1, 1);
    struct ends_plan pairs = plan_of(features, 4, 3, 2, 2);
    struct ends_plan twice = plan_of(features, 2, 3, 2, 2);
    struct ends_plan odd = plan_of(features, 3, 3, 1, 2);

    table.indirect = true;
    late.start = 0xffff;
    pass(&pairs, false);
    pass(&table, false);
    if (depth() == SMALL)
        return;
    pass(&one, false);
    pass(&twice, false);
    if ((features & VSK_F_RING_PACKED) == 0)
        pass(&late, false);
    else
        pass(&odd, false);
    if (depth() == MIDDLE)
        return;
    one.chains = 5;
    twice.chains = 6;
    pairs.chains = 5;
    pass(&one, false);
    pass(&twice, false);
    pass(&pairs, false);
    one.chains = 3;
    pairs.chains = 2;
    pass(&one, true);
    pass(&pairs, true);
}

static void
pass_with_flags_and_events(uint64_t features)
{
    pass_plans(features);
    pass_plans(features | VSK_F_EVENT_IDX);
}

static void
every_schedule_of_a_split_ring_is_sound(void **state)
{
    (void)state;

    /* SPLIT-DRV-16, SPLIT-DRV-17, SPLIT-DRV-18, SPLIT-DEV-11 */
    pass_with_flags_and_events(0);
}

static void
every_schedule_of_a_packed_ring_is_sound(void **state)
{
    (void)state;

    /* PACKED-DRV-27, PACKSUP-DRV-02, PACKSUP-DRV-03 */
    pass_with_flags_and_events(VSK_F_RING_PACKED);
}

static void
every_schedule_of_a_split_ring_in_order_is_sound(void **state)
{
    (void)state;

    pass_with_flags_and_events(VSK_F_IN_ORDER);
}

static void
every_schedule_of_a_packed_ring_in_order_is_sound(void **state)
{
    (void)state;

    pass_with_flags_and_events(VSK_F_RING_PACKED | VSK_F_IN_ORDER);
}

/* On every ring, a side whose accesses are weak is found out by these words. */
static void
find_out(unsigned weak, const char *words)
{
    static const uint64_t formats[] = {0, VSK_F_RING_PACKED, VSK_F_IN_ORDER,
                                       VSK_F_RING_PACKED | VSK_F_IN_ORDER};

    for (uint32_t i = 0; i < 16; i++) {
        struct ends_plan plan =
            plan_of(formats[i / 4] | (i & 1 ? VSK_F_EVENT_IDX : 0), 2, 3, 1, 1);
        struct schedules schedules = {0};
        unsigned side = i / 2 % 2;

        schedules.weak[side] = weak;
        try_plan(&plan, &schedules);
        if (schedules.wrong == NULL || strcmp(schedules.wrong, words) != 0) {
            print_plan(&plan, &schedules);
            fail_msg("side %u: %s", side,
                     schedules.wrong != NULL ? schedules.wrong : "all is well");
        }
    }
}

static void
without_a_fence_before_decisions_a_wake_up_is_lost(void **state)
{
    (void)state;

    find_out(WEAK_DECIDE, "both sides sleep: a wake-up was lost");
}

static void
without_a_fence_behind_wishes_a_wake_up_is_lost(void **state)
{
    (void)state;

    find_out(WEAK_ASK, "both sides sleep: a wake-up was lost");
}

static void
without_a_release_fields_are_used_too_early(void **state)
{
    (void)state;

    find_out(WEAK_RELEASE,
             "a field is used that the other side may be writing");
}

static void
without_an_acquire_fields_are_used_too_early(void **state)
{
    (void)state;

    find_out(WEAK_ACQUIRE,
             "a field is used that the other side may be writing");
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(every_schedule_of_a_split_ring_is_sound),
        cmocka_unit_test(every_schedule_of_a_packed_ring_is_sound),
        cmocka_unit_test(every_schedule_of_a_split_ring_in_order_is_sound),
        cmocka_unit_test(every_schedule_of_a_packed_ring_in_order_is_sound),
        cmocka_unit_test(without_a_fence_before_decisions_a_wake_up_is_lost),
        cmocka_unit_test(without_a_fence_behind_wishes_a_wake_up_is_lost),
        cmocka_unit_test(without_a_release_fields_are_used_too_early),
        cmocka_unit_test(without_an_acquire_fields_are_used_too_early),
    };

    return cmocka_run_group_tests_name("schedules", cases, NULL, NULL);
}
