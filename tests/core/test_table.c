/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "rig.h"

#include "vsk/table.h"

#define SLOTS 8u
#define ENTRIES 16u
#define BIG 131072u /* a table this large has 2 entries for each slot */

static vsk_slot slots[SLOTS];
static uint32_t entries[ENTRIES];
static vsk_slot big_slots[BIG];
static uint32_t big_entries[2 * BIG];

static vsk_table
table_of(uint32_t capacity)
{
    vsk_table table;

    memset(slots, RIG_FILL, sizeof slots);
    memset(entries, RIG_FILL, sizeof entries);
    assert_int_equal(
        vsk_table_init(&table, slots, capacity, entries, ENTRIES, 7), VSK_OK);
    return table;
}

static vsk_flow
flow_of(uint32_t port)
{
    return (vsk_flow){2, 1234, 3, port};
}

static vsk_conn *
add(vsk_table *table, uint32_t port)
{
    vsk_flow flow = flow_of(port);
    vsk_conn *conn = NULL;

    assert_int_equal(vsk_table_add(table, &flow, &conn), VSK_OK);
    assert_non_null(conn);
    return conn;
}

static vsk_conn *
find(const vsk_table *table, uint32_t port)
{
    vsk_flow flow = flow_of(port);

    return vsk_table_find(table, &flow);
}

static vsk_status
refused(uint32_t capacity, uint32_t index_size)
{
    vsk_table table;

    return vsk_table_init(&table, slots, capacity, entries, index_size, 0);
}

static void
a_new_table_is_empty(void **state)
{
    vsk_table table = table_of(SLOTS);
    uint32_t cursor = 0;
    (void)state;

    assert_int_equal(table.count, 0);
    assert_null(find(&table, 1));
    assert_null(vsk_table_next(&table, &cursor));
}

static void
a_new_table_depends_on_nothing_that_was_in_its_memory(void **state)
{
    vsk_table table;
    (void)state;
    memset(slots, 0xff, sizeof slots);
    memset(entries, 0xff, sizeof entries);
    memset(&table, 0xff, sizeof table);

    assert_int_equal(vsk_table_init(&table, slots, SLOTS, entries, ENTRIES, 7),
                     VSK_OK);

    assert_int_equal(vsk_table_handle(&table, add(&table, 1)),
                     (uint64_t)1 << 32);
}

static void
a_slot_fits_into_128_bytes(void **state)
{
    (void)state;

    assert_true(sizeof(vsk_slot) <= 128);
}

static void
a_capacity_of_0_is_refused(void **state)
{
    (void)state;

    assert_int_equal(refused(0, ENTRIES), VSK_ERR_ARGUMENT);
}

static void
a_capacity_above_2_to_the_30_is_refused(void **state)
{
    (void)state;

    assert_int_equal(refused(VSK_TABLE_MAX + 1, 0x80000000u), VSK_ERR_ARGUMENT);
    assert_int_equal(refused(0x80000000u, 2), VSK_ERR_ARGUMENT);
}

static void
an_index_shorter_than_two_for_each_slot_is_refused(void **state)
{
    (void)state;

    assert_int_equal(refused(3, 4), VSK_ERR_ARGUMENT);
    assert_int_equal(refused(4, 8), VSK_OK);
    assert_int_equal(refused(5, 8), VSK_ERR_ARGUMENT);
}

static void
an_index_size_that_is_no_power_of_two_is_refused(void **state)
{
    (void)state;

    assert_int_equal(refused(4, 12), VSK_ERR_ARGUMENT);
}

static void
a_connection_is_found_by_its_flow(void **state)
{
    vsk_table table = table_of(SLOTS);
    vsk_conn *conn = add(&table, 7);
    (void)state;

    assert_ptr_equal(find(&table, 7), conn);
    assert_int_equal(table.count, 1);
}

static void
a_new_connection_is_all_0_but_for_its_flow(void **state)
{
    vsk_table table = table_of(SLOTS);
    vsk_conn zero = {.flow = flow_of(8)};
    vsk_conn *conn = add(&table, 7);
    (void)state;
    memset((char *)conn + sizeof conn->flow, RIG_FILL,
           sizeof *conn - sizeof conn->flow);
    assert_int_equal(vsk_table_remove(&table, conn), VSK_OK);

    conn = add(&table, 8);

    assert_memory_equal(&conn->flow, &zero.flow, sizeof zero.flow);
    assert_memory_equal(&conn->credit, &zero.credit, sizeof zero.credit);
    assert_int_equal(conn->state, VSK_STATE_CLOSED);
    assert_int_equal(conn->reason, VSK_REASON_NONE);
    assert_int_equal(conn->type, 0);
    assert_int_equal(conn->shut_sent, 0);
    assert_int_equal(conn->shut_received, 0);
}

static void
flows_that_differ_in_one_field_are_two_connections(void **state)
{
    const vsk_flow flows[] = {
        {1, 1, 1, 1}, {2, 1, 1, 1}, {1, 2, 1, 1}, {1, 1, 2, 1}, {1, 1, 1, 2}};
    vsk_table table = table_of(SLOTS);
    vsk_conn *conns[5];
    (void)state;

    /* VSOCK-BOTH-11 */
    for (uint32_t i = 0; i < 5; i++)
        assert_int_equal(vsk_table_add(&table, &flows[i], &conns[i]), VSK_OK);

    for (uint32_t i = 0; i < 5; i++)
        assert_ptr_equal(vsk_table_find(&table, &flows[i]), conns[i]);
}

static void
a_flow_that_is_there_is_not_added_again(void **state)
{
    vsk_table table = table_of(1);
    vsk_flow flow = flow_of(7);
    vsk_conn *conn = add(&table, 7), *second = NULL;
    (void)state;

    /* VSOCK-BOTH-34 */
    assert_int_equal(vsk_table_add(&table, &flow, &second), VSK_ERR_BUSY);

    assert_null(second);
    assert_ptr_equal(find(&table, 7), conn);
    assert_int_equal(table.count, 1);
}

/* peers.md 23: what failed leaves no trace in any counter. */
static void
a_full_table_refuses_a_flow_and_stays_as_it_was(void **state)
{
    vsk_table table = table_of(SLOTS), before;
    vsk_slot before_slots[SLOTS];
    uint32_t before_entries[ENTRIES];
    vsk_flow flow = flow_of(100);
    vsk_conn *conn = NULL;
    (void)state;
    for (uint32_t i = 0; i < SLOTS; i++)
        add(&table, i);
    before = table;
    memcpy(before_slots, slots, sizeof slots);
    memcpy(before_entries, entries, sizeof entries);

    assert_int_equal(vsk_table_add(&table, &flow, &conn), VSK_ERR_TABLE);

    assert_null(conn);
    assert_memory_equal(&table, &before, sizeof table);
    assert_memory_equal(slots, before_slots, sizeof slots);
    assert_memory_equal(entries, before_entries, sizeof entries);
}

/* peers.md 23 */
static void
connections_that_came_and_went_leave_every_counter_at_0(void **state)
{
    vsk_table table = table_of(SLOTS);
    (void)state;

    for (uint32_t port = 0; port < 100000; port++)
        assert_int_equal(vsk_table_remove(&table, add(&table, port)), VSK_OK);

    assert_int_equal(table.count, 0);
    assert_int_equal(table.used, 1);
    for (uint32_t i = 0; i < ENTRIES; i++)
        assert_int_equal(entries[i], 0);
}

/* peers.md 14 */
static void
a_flow_may_be_added_again_at_once_after_its_removal(void **state)
{
    vsk_table table = table_of(SLOTS);
    vsk_conn *conn = add(&table, 7);
    uint64_t handle = vsk_table_handle(&table, conn);
    (void)state;

    assert_int_equal(vsk_table_remove(&table, conn), VSK_OK);
    assert_null(find(&table, 7));

    /* The flow of the removed one may stand as the argument. */
    assert_int_equal(vsk_table_add(&table, &conn->flow, &conn), VSK_OK);
    assert_ptr_equal(find(&table, 7), conn);
    assert_true(vsk_table_handle(&table, conn) != handle);
}

static void
the_slot_given_back_last_is_used_first(void **state)
{
    vsk_table table = table_of(SLOTS);
    vsk_conn *first = add(&table, 1), *second = add(&table, 2);
    (void)state;
    assert_int_equal(vsk_table_remove(&table, first), VSK_OK);
    assert_int_equal(vsk_table_remove(&table, second), VSK_OK);

    assert_int_equal(vsk_table_slot(&table, add(&table, 3)), 1);
    assert_int_equal(vsk_table_slot(&table, add(&table, 4)), 0);
    assert_int_equal(vsk_table_slot(&table, add(&table, 5)), 2);
}

static void
only_a_connection_of_the_table_is_removed(void **state)
{
    vsk_table table = table_of(SLOTS);
    vsk_conn *conn = add(&table, 7);
    vsk_conn foreign = *conn;
    (void)state;

    assert_int_equal(vsk_table_remove(&table, NULL), VSK_ERR_ARGUMENT);
    assert_int_equal(vsk_table_remove(&table, &foreign), VSK_ERR_ARGUMENT);
    assert_int_equal(vsk_table_remove(&table, &slots[1].conn),
                     VSK_ERR_ARGUMENT);
    assert_int_equal(vsk_table_remove(&table, conn), VSK_OK);
    assert_int_equal(vsk_table_remove(&table, conn), VSK_ERR_ARGUMENT);
    assert_int_equal(table.count, 0);
}

static void
a_connection_whose_flow_was_changed_is_not_removed(void **state)
{
    vsk_table table = table_of(SLOTS);
    vsk_conn *one = add(&table, 1), *two = add(&table, 2);
    (void)state;

    one->flow = two->flow;

    assert_int_equal(vsk_table_remove(&table, one), VSK_ERR_ARGUMENT);
    assert_ptr_equal(find(&table, 2), two);
    assert_int_equal(table.count, 2);
}

static void
a_slot_number_leads_back_to_its_connection(void **state)
{
    vsk_table table = table_of(SLOTS);
    vsk_conn *one = add(&table, 1), *two = add(&table, 2);
    (void)state;

    assert_int_equal(vsk_table_slot(&table, one), 0);
    assert_int_equal(vsk_table_slot(&table, two), 1);
    assert_ptr_equal(vsk_table_at(&table, 0), one);
    assert_ptr_equal(vsk_table_at(&table, 1), two);
}

static void
a_slot_without_a_connection_leads_nowhere(void **state)
{
    vsk_table table = table_of(SLOTS);
    vsk_conn *conn = add(&table, 1);
    (void)state;
    assert_int_equal(vsk_table_remove(&table, conn), VSK_OK);

    assert_null(vsk_table_at(&table, 0));
    assert_null(vsk_table_at(&table, 1));
    assert_null(vsk_table_at(&table, SLOTS));
    assert_null(vsk_table_at(&table, VSK_TABLE_NONE));
    assert_int_equal(vsk_table_slot(&table, conn), VSK_TABLE_NONE);
}

static void
what_is_behind_the_last_slot_is_no_connection(void **state)
{
    vsk_table table = table_of(2);
    (void)state;
    add(&table, 1);
    add(&table, 2);
    assert_true(slots[2].generation != 0);

    assert_null(vsk_table_at(&table, 2));
    assert_int_equal(vsk_table_slot(&table, &slots[2].conn), VSK_TABLE_NONE);
}

static void
a_pointer_into_a_connection_has_no_slot(void **state)
{
    vsk_table table = table_of(SLOTS);
    vsk_conn *conn = add(&table, 1);
    const void *inside = &conn->credit;
    const void *behind = (const char *)slots + sizeof slots;
    (void)state;

    assert_int_equal(vsk_table_slot(&table, inside), VSK_TABLE_NONE);
    assert_int_equal(vsk_table_slot(&table, behind), VSK_TABLE_NONE);
}

static void
a_handle_names_its_connection_until_it_is_removed(void **state)
{
    vsk_table table = table_of(SLOTS);
    vsk_conn *one = add(&table, 1), *two = add(&table, 2);
    uint64_t first = vsk_table_handle(&table, one);
    uint64_t second = vsk_table_handle(&table, two);
    (void)state;

    assert_ptr_equal(vsk_table_by_handle(&table, first), one);
    assert_ptr_equal(vsk_table_by_handle(&table, second), two);

    assert_int_equal(vsk_table_remove(&table, one), VSK_OK);

    assert_null(vsk_table_by_handle(&table, first));
    assert_ptr_equal(vsk_table_by_handle(&table, second), two);
    add(&table, 1);
    assert_null(vsk_table_by_handle(&table, first));
}

static void
no_connection_has_handle_0_and_0_names_none(void **state)
{
    vsk_table table = table_of(SLOTS);
    vsk_conn *conn = add(&table, 1);
    (void)state;

    assert_true(vsk_table_handle(&table, conn) != 0);
    assert_int_equal(vsk_table_handle(&table, NULL), 0);
    assert_int_equal(vsk_table_remove(&table, conn), VSK_OK);
    assert_int_equal(vsk_table_handle(&table, conn), 0);
    assert_null(vsk_table_by_handle(&table, 0));
}

static void
a_handle_that_was_never_given_names_nothing(void **state)
{
    vsk_table table = table_of(SLOTS);
    uint64_t handle = vsk_table_handle(&table, add(&table, 1));
    (void)state;

    assert_null(vsk_table_by_handle(&table, handle + 1));
    assert_null(vsk_table_by_handle(&table, handle + SLOTS));
    assert_null(vsk_table_by_handle(&table, handle + ((uint64_t)1 << 32)));
    assert_null(vsk_table_by_handle(&table, UINT64_MAX));
}

static void
a_slot_that_has_given_its_last_handle_is_used_no_more(void **state)
{
    vsk_table table = table_of(2);
    vsk_flow flow = flow_of(9);
    vsk_conn *conn;
    uint64_t handle;
    (void)state;
    slots[0].issued = VSK_TABLE_HANDLES - 1;
    conn = add(&table, 1);
    handle = vsk_table_handle(&table, conn);
    assert_int_equal(vsk_table_slot(&table, conn), 0);
    assert_ptr_equal(vsk_table_by_handle(&table, handle), conn);
    assert_int_equal(vsk_table_remove(&table, conn), VSK_OK);

    conn = add(&table, 2);

    assert_int_equal(vsk_table_slot(&table, conn), 1);
    assert_int_equal(vsk_table_add(&table, &flow, &conn), VSK_ERR_TABLE);
    assert_null(vsk_table_by_handle(&table, handle));
}

static void
the_slot_after_a_worn_out_free_one_is_still_used(void **state)
{
    vsk_table table = table_of(2);
    vsk_conn *one = add(&table, 1), *two = add(&table, 2);
    (void)state;
    slots[1].issued = VSK_TABLE_HANDLES;
    assert_int_equal(vsk_table_remove(&table, one), VSK_OK);
    assert_int_equal(vsk_table_remove(&table, two), VSK_OK);

    assert_int_equal(vsk_table_slot(&table, add(&table, 3)), 0);
}

static void
connections_come_in_the_order_of_their_slots(void **state)
{
    vsk_table table = table_of(SLOTS);
    uint32_t cursor = 0;
    (void)state;
    for (uint32_t i = 0; i < 5; i++)
        add(&table, i);
    assert_int_equal(vsk_table_remove(&table, find(&table, 0)), VSK_OK);
    assert_int_equal(vsk_table_remove(&table, find(&table, 3)), VSK_OK);

    assert_ptr_equal(vsk_table_next(&table, &cursor), &slots[1].conn);
    assert_ptr_equal(vsk_table_next(&table, &cursor), &slots[2].conn);
    assert_ptr_equal(vsk_table_next(&table, &cursor), &slots[4].conn);
    assert_null(vsk_table_next(&table, &cursor));
    assert_null(vsk_table_next(&table, &cursor));
}

static void
a_connection_may_be_removed_while_going_through_them(void **state)
{
    vsk_table table = table_of(SLOTS);
    uint32_t cursor = 0, seen = 0;
    (void)state;
    for (uint32_t i = 0; i < SLOTS; i++)
        add(&table, i);

    for (vsk_conn *conn = vsk_table_next(&table, &cursor); conn != NULL;
         conn = vsk_table_next(&table, &cursor)) {
        assert_int_equal(conn->flow.peer_port, seen++);
        assert_int_equal(vsk_table_remove(&table, conn), VSK_OK);
    }

    assert_int_equal(seen, SLOTS);
    assert_int_equal(table.count, 0);
}

static void
a_copy_put_back_is_the_table_of_that_time(void **state)
{
    vsk_table table = table_of(SLOTS), copy;
    vsk_slot copy_slots[SLOTS];
    uint32_t copy_entries[ENTRIES];
    vsk_conn *conn = add(&table, 1);
    (void)state;
    copy = table;
    memcpy(copy_slots, slots, sizeof slots);
    memcpy(copy_entries, entries, sizeof entries);
    assert_int_equal(vsk_table_remove(&table, conn), VSK_OK);
    add(&table, 2);

    table = copy;
    memcpy(slots, copy_slots, sizeof slots);
    memcpy(entries, copy_entries, sizeof entries);

    assert_ptr_equal(find(&table, 1), conn);
    assert_null(find(&table, 2));
    assert_int_equal(table.count, 1);
}

static void
a_handle_from_before_a_rewind_names_nothing_that_comes_after(void **state)
{
    vsk_table table = table_of(SLOTS), copy, later;
    vsk_slot copy_slots[SLOTS], later_slots[SLOTS];
    uint32_t copy_entries[ENTRIES];
    uint64_t kept, replaced, beyond;
    (void)state;
    kept = vsk_table_handle(&table, add(&table, 1));
    copy = table;
    memcpy(copy_slots, slots, sizeof slots);
    memcpy(copy_entries, entries, sizeof entries);
    assert_int_equal(vsk_table_remove(&table, &slots[0].conn), VSK_OK);
    replaced = vsk_table_handle(&table, add(&table, 2));
    beyond = vsk_table_handle(&table, add(&table, 3));
    later = table;
    later.slots = memcpy(later_slots, slots, sizeof slots);
    table = copy;
    memcpy(slots, copy_slots, sizeof slots);
    memcpy(entries, copy_entries, sizeof entries);

    assert_int_equal(vsk_table_rewind(&table, &later), VSK_OK);

    assert_ptr_equal(vsk_table_by_handle(&table, kept), find(&table, 1));
    assert_non_null(find(&table, 1));
    add(&table, 4);
    assert_int_equal(vsk_table_remove(&table, find(&table, 1)), VSK_OK);
    add(&table, 5);
    assert_int_equal(table.count, 2);
    assert_null(vsk_table_by_handle(&table, kept));
    assert_null(vsk_table_by_handle(&table, replaced));
    assert_null(vsk_table_by_handle(&table, beyond));
}

static void
a_rewind_goes_on_with_the_higher_count_of_handles(void **state)
{
    vsk_table table = table_of(SLOTS), later = table;
    vsk_slot later_slots[SLOTS];
    (void)state;
    later.slots = memcpy(later_slots, slots, sizeof slots);
    later_slots[0].issued = 3;
    slots[0].issued = 5;
    later_slots[1].issued = 9;
    slots[1].issued = 2;

    assert_int_equal(vsk_table_rewind(&table, &later), VSK_OK);

    assert_int_equal(vsk_table_handle(&table, add(&table, 1)) >> 32, 6);
    assert_int_equal(vsk_table_handle(&table, add(&table, 2)) >> 32, 10);
}

static void
a_rewind_to_another_capacity_is_refused(void **state)
{
    vsk_table table = table_of(SLOTS), later = table;
    (void)state;
    later.capacity--;

    assert_int_equal(vsk_table_rewind(&table, &later), VSK_ERR_ARGUMENT);
}

/* Where a flow stands that is alone in an index of 65536. */
static uint32_t
home_under(uint64_t seed, const vsk_flow *flow)
{
    vsk_table table;
    vsk_conn *conn;
    uint32_t at = 0;

    assert_int_equal(
        vsk_table_init(&table, big_slots, 1, big_entries, 65536, seed), VSK_OK);
    assert_int_equal(vsk_table_add(&table, flow, &conn), VSK_OK);
    while (big_entries[at] == 0)
        at++;
    return at;
}

/* Expected: the same in Python, its keys checked against published outputs of
 * SplitMix64. */
static void
the_hash_is_multilinear_hm(void **state)
{
    const vsk_flow flows[] = {{2, 1234, 3, 0x89abcdef},
                              {0, 0, 0, 0},
                              {1, 2, 3, 4},
                              {0xffffffff, 0xfffffffe, 0xfffffffd, 0xfffffffc}};
    const uint32_t expected[][4] = {{0x510b, 0x9c65, 0xb7d, 0x2c03},
                                    {0xb133, 0x539f, 0xe2ba, 0x9cb4},
                                    {0x4d49, 0x9131, 0x2ec0, 0xf550}};
    const uint64_t seeds[] = {0, 1, 0xfedcba9876543210u};
    (void)state;

    for (uint32_t i = 0; i < 3; i++)
        for (uint32_t j = 0; j < 4; j++)
            assert_int_equal(home_under(seeds[i], &flows[j]), expected[i][j]);
}

/* Flows as they come, and as a peer may choose them to fall together. */
static vsk_flow
chosen_flow(uint32_t pattern, uint32_t i, rig_random *random)
{
    switch (pattern) {
    case 0: /* a serial number keeps them apart */
        return (vsk_flow){rig_draw(random, UINT32_MAX), i, 3,
                          rig_draw(random, UINT32_MAX)};
    case 1: /* one range of ports to one port */
        return (vsk_flow){2, 1234, 3, 0xfffff000u + i};
    case 2: /* the low bits never change */
        return (vsk_flow){2, 1234, 3, i << 12};
    case 3: /* cancels out where ports are combined by xor */
        return (vsk_flow){2, i, 3, i};
    default: /* and by addition */
        return (vsk_flow){2, i, 3, 0 - i};
    }
}

/* What a look-up costs: entries read by the longest one, and by one that finds
 * nothing, on average over all places where it may begin, times 100. */
static void
measure(const vsk_table *table, uint32_t *longest, uint64_t *mean)
{
    uint32_t mask = table->index_size - 1, start = 0, run = 0;
    uint64_t sum = 0;

    while (table->index[start] != 0)
        start++;
    *longest = 1;
    for (uint32_t i = 1; i <= table->index_size; i++) {
        run = table->index[(start + i) & mask] != 0 ? run + 1 : 0;
        /* Beginning at each entry so far, this one is read as well. */
        sum += run + 1;
        if (run + 1 > *longest)
            *longest = run + 1;
    }
    *mean = sum * 100 / table->index_size;
}

static void
fill(vsk_table *table, uint32_t capacity, uint32_t count, uint32_t pattern,
     uint64_t seed)
{
    rig_random random = seed | 1;
    uint32_t size = 2;

    while (size < 2 * capacity)
        size *= 2;
    assert_int_equal(
        vsk_table_init(table, big_slots, capacity, big_entries, size, seed),
        VSK_OK);
    for (uint32_t i = 0; i < count; i++) {
        vsk_flow flow = chosen_flow(pattern, i, &random);
        vsk_conn *conn;

        assert_int_equal(vsk_table_add(table, &flow, &conn), VSK_OK);
    }
}

/* Half full, hashing as good as chance reads 2.5 entries on average. */
static void
a_look_up_costs_the_same_from_1_to_100000_connections(void **state)
{
    static const uint32_t counts[] = {1, 100, 1000, 10000, 100000, BIG};
    rig_random random = rig_seed();
    const uint64_t seeds[] = {0, 1, UINT64_MAX, random};
    (void)state;

    for (uint32_t pattern = 0; pattern < 5; pattern++)
        for (uint32_t i = 0; i < 4; i++)
            for (uint32_t j = 0; j < 6; j++) {
                vsk_table table;
                uint32_t longest;
                uint64_t mean;

                fill(&table, counts[j], counts[j], pattern, seeds[i]);
                measure(&table, &longest, &mean);
                assert_in_range(longest, 2, 200);
                assert_in_range(mean, 100, counts[j] < 10000 ? 500 : 280);
            }
}

/* Nothing is left behind by those that went: no tombstones. */
static void
a_look_up_costs_as_little_after_many_have_come_and_gone(void **state)
{
    uint64_t seed = rig_seed(), mean;
    uint32_t longest;
    vsk_table table;
    (void)state;
    fill(&table, 4096, 4096, 1, seed);

    for (uint32_t i = 4096; i < 200000; i++) {
        vsk_flow old = chosen_flow(1, i - 4096, NULL);
        vsk_flow new = chosen_flow(1, i, NULL);
        vsk_conn *conn = vsk_table_find(&table, &old);

        assert_int_equal(vsk_table_remove(&table, conn), VSK_OK);
        assert_int_equal(vsk_table_add(&table, &new, &conn), VSK_OK);
    }

    measure(&table, &longest, &mean);
    assert_in_range(longest, 2, 200);
    assert_in_range(mean, 200, 350);
}

/* A peer that knew some seed could choose flows that all begin in one place;
 * under another seed the same ones lie as if by chance. */
static void
flows_that_collide_under_one_seed_do_not_under_another(void **state)
{
    static vsk_flow flows[512];
    static vsk_slot one_slot[1];
    static uint32_t few[64];
    uint32_t longest, found = 0;
    uint64_t mean;
    vsk_table table;
    (void)state;
    assert_int_equal(vsk_table_init(&table, one_slot, 1, few, 64, 5), VSK_OK);
    for (uint32_t port = 0; found < 512; port++) {
        vsk_conn *conn = add(&table, port);

        if (few[0] != 0)
            flows[found++] = conn->flow;
        assert_int_equal(vsk_table_remove(&table, conn), VSK_OK);
    }

    for (uint64_t seed = 5; seed < 10; seed++) {
        fill(&table, 512, 0, 0, seed);
        for (uint32_t i = 0; i < 512; i++) {
            vsk_conn *conn;

            assert_int_equal(vsk_table_add(&table, &flows[i], &conn), VSK_OK);
        }
        measure(&table, &longest, &mean);
        if (seed == 5)
            assert_true(mean > 500);
        else
            assert_in_range(mean, 200, 350);
    }
}

/* The model: the port and the handle of each slot; handle 0 is a free one. */
#define PORTS 24u
struct model {
    uint32_t port[SLOTS];
    uint64_t handle[SLOTS];
    uint64_t dead[PORTS]; /* some handles of connections that went */
    uint32_t count;
};

static uint32_t
model_find(const struct model *model, uint32_t port)
{
    uint32_t slot = 0;

    while (slot < SLOTS &&
           (model->handle[slot] == 0 || model->port[slot] != port))
        slot++;
    return slot;
}

/* The table and the model say the same, asked in every way. */
static void
compare(const vsk_table *table, const struct model *model)
{
    uint32_t cursor = 0, taken = 0;

    assert_int_equal(table->count, model->count);
    for (uint32_t i = 0; i < table->index_size; i++)
        taken += table->index[i] != 0;
    assert_int_equal(taken, model->count);
    for (uint32_t port = 0; port < PORTS; port++) {
        uint32_t slot = model_find(model, port);

        assert_ptr_equal(find(table, port),
                         slot < SLOTS ? &slots[slot].conn : NULL);
        assert_null(vsk_table_by_handle(table, model->dead[port]));
    }
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        vsk_conn *conn = vsk_table_at(table, slot);

        assert_int_equal(conn != NULL, model->handle[slot] != 0);
        if (conn == NULL)
            continue;
        assert_int_equal(conn->flow.peer_port, model->port[slot]);
        assert_int_equal(vsk_table_slot(table, conn), slot);
        assert_int_equal(vsk_table_handle(table, conn), model->handle[slot]);
        assert_ptr_equal(vsk_table_by_handle(table, model->handle[slot]), conn);
        assert_ptr_equal(vsk_table_next(table, &cursor), conn);
    }
    assert_null(vsk_table_next(table, &cursor));
}

static void
model_add(vsk_table *table, struct model *model, uint32_t port)
{
    vsk_flow flow = flow_of(port);
    vsk_conn *conn = NULL;
    vsk_status status = vsk_table_add(table, &flow, &conn);
    uint32_t slot;

    if (model_find(model, port) < SLOTS) {
        assert_int_equal(status, VSK_ERR_BUSY);
        return;
    }
    if (model->count == SLOTS) {
        assert_int_equal(status, VSK_ERR_TABLE);
        return;
    }
    assert_int_equal(status, VSK_OK);
    slot = vsk_table_slot(table, conn);
    assert_in_range(slot, 0, SLOTS - 1);
    assert_int_equal(model->handle[slot], 0);
    model->port[slot] = port;
    model->handle[slot] = vsk_table_handle(table, conn);
    model->count++;
}

static void
a_table_does_what_a_plain_array_does(void **state)
{
    rig_random random = rig_seed();
    (void)state;

    for (uint32_t round = 0; round < 200; round++) {
        struct model model = {.count = 0};
        vsk_table table;

        assert_int_equal(vsk_table_init(&table, slots, SLOTS, entries, ENTRIES,
                                        rig_draw(&random, UINT32_MAX)),
                         VSK_OK);
        for (uint32_t step = 0; step < 200; step++) {
            uint32_t slot = rig_draw(&random, SLOTS);

            if (rig_draw(&random, 2) == 0) {
                model_add(&table, &model, rig_draw(&random, PORTS));
            } else if (model.handle[slot] != 0) {
                assert_int_equal(vsk_table_remove(&table, &slots[slot].conn),
                                 VSK_OK);
                model.dead[model.port[slot]] = model.handle[slot];
                model.handle[slot] = 0;
                model.count--;
            } else {
                assert_int_equal(vsk_table_remove(&table, &slots[slot].conn),
                                 VSK_ERR_ARGUMENT);
            }
            compare(&table, &model);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_new_table_is_empty),
        cmocka_unit_test(a_new_table_depends_on_nothing_that_was_in_its_memory),
        cmocka_unit_test(a_slot_fits_into_128_bytes),
        cmocka_unit_test(a_capacity_of_0_is_refused),
        cmocka_unit_test(a_capacity_above_2_to_the_30_is_refused),
        cmocka_unit_test(an_index_shorter_than_two_for_each_slot_is_refused),
        cmocka_unit_test(an_index_size_that_is_no_power_of_two_is_refused),
        cmocka_unit_test(a_connection_is_found_by_its_flow),
        cmocka_unit_test(a_new_connection_is_all_0_but_for_its_flow),
        cmocka_unit_test(flows_that_differ_in_one_field_are_two_connections),
        cmocka_unit_test(a_flow_that_is_there_is_not_added_again),
        cmocka_unit_test(a_full_table_refuses_a_flow_and_stays_as_it_was),
        cmocka_unit_test(
            connections_that_came_and_went_leave_every_counter_at_0),
        cmocka_unit_test(a_flow_may_be_added_again_at_once_after_its_removal),
        cmocka_unit_test(the_slot_given_back_last_is_used_first),
        cmocka_unit_test(only_a_connection_of_the_table_is_removed),
        cmocka_unit_test(a_connection_whose_flow_was_changed_is_not_removed),
        cmocka_unit_test(a_slot_number_leads_back_to_its_connection),
        cmocka_unit_test(a_slot_without_a_connection_leads_nowhere),
        cmocka_unit_test(what_is_behind_the_last_slot_is_no_connection),
        cmocka_unit_test(a_pointer_into_a_connection_has_no_slot),
        cmocka_unit_test(a_handle_names_its_connection_until_it_is_removed),
        cmocka_unit_test(no_connection_has_handle_0_and_0_names_none),
        cmocka_unit_test(a_handle_that_was_never_given_names_nothing),
        cmocka_unit_test(a_slot_that_has_given_its_last_handle_is_used_no_more),
        cmocka_unit_test(the_slot_after_a_worn_out_free_one_is_still_used),
        cmocka_unit_test(connections_come_in_the_order_of_their_slots),
        cmocka_unit_test(a_connection_may_be_removed_while_going_through_them),
        cmocka_unit_test(a_copy_put_back_is_the_table_of_that_time),
        cmocka_unit_test(
            a_handle_from_before_a_rewind_names_nothing_that_comes_after),
        cmocka_unit_test(a_rewind_goes_on_with_the_higher_count_of_handles),
        cmocka_unit_test(a_rewind_to_another_capacity_is_refused),
        cmocka_unit_test(the_hash_is_multilinear_hm),
        cmocka_unit_test(a_look_up_costs_the_same_from_1_to_100000_connections),
        cmocka_unit_test(
            a_look_up_costs_as_little_after_many_have_come_and_gone),
        cmocka_unit_test(
            flows_that_collide_under_one_seed_do_not_under_another),
        cmocka_unit_test(a_table_does_what_a_plain_array_does),
    };

    return cmocka_run_group_tests_name("table", cases, NULL, NULL);
}
