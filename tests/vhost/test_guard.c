/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Files that are cut short while they are mapped, and every other SIGBUS. */
#include "socket_rig.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "vhost/guard.h"
#include "vhost/mapping.h"

#define PAGES 8u
#define OTHERS 4u /* threads */

static size_t page;

/* A file that is mapped, watched or not. */
struct area {
    volatile uint8_t *bytes;
    uint32_t slot;
    int fd;
};

static struct area
map(size_t pages)
{
    struct area area = {.fd = memfd_create("test", MFD_CLOEXEC)};
    void *start;

    assert_int_equal(ftruncate(area.fd, (off_t)(pages * page)), 0);
    start = mmap(NULL, pages * page, PROT_READ | PROT_WRITE, MAP_SHARED,
                 area.fd, 0);
    assert_ptr_not_equal(start, MAP_FAILED);
    area.bytes = start;
    return area;
}

static struct area
watch(size_t pages)
{
    struct area area = map(pages);

    assert_int_equal(vsk_guard_watch((void *)(uintptr_t)area.bytes,
                                     pages * page, &area.slot),
                     VSK_OK);
    return area;
}

static void
drop(struct area *area, size_t pages)
{
    assert_int_equal(munmap((void *)(uintptr_t)area->bytes, pages * page), 0);
    assert_int_equal(close(area->fd), 0);
}

static void
forget(struct area *area, size_t pages)
{
    vsk_guard_unwatch(area->slot);
    drop(area, pages);
}

static void
cut(const struct area *area, size_t pages)
{
    assert_int_equal(ftruncate(area->fd, (off_t)(pages * page)), 0);
}

/* ---- what is watched ---- */

static void
what_is_cut_off_reads_as_zeros(void **state)
{
    struct area area = watch(PAGES);
    (void)state;

    area.bytes[0] = 0x5a;
    area.bytes[3 * page] = 0x5a;
    assert_false(vsk_guard_is_cut(area.slot));
    cut(&area, 1);

    assert_int_equal(area.bytes[3 * page], 0);
    assert_true(vsk_guard_is_cut(area.slot));
    assert_int_equal(area.bytes[0], 0x5a);
    forget(&area, PAGES);
}

static void
what_is_cut_off_can_be_written(void **state)
{
    struct area area = watch(PAGES);
    (void)state;

    cut(&area, 0);
    for (size_t i = 0; i < PAGES; i++)
        area.bytes[i * page + 7] = 0x5a;

    for (size_t i = 0; i < PAGES; i++)
        assert_int_equal(area.bytes[i * page + 7], 0x5a);
    forget(&area, PAGES);
}

static void
only_the_mapping_at_fault_is_marked(void **state)
{
    struct area first = watch(1);
    struct area second = watch(1);
    (void)state;

    cut(&second, 0);
    assert_int_equal(second.bytes[0], 0);

    assert_false(vsk_guard_is_cut(first.slot));
    assert_true(vsk_guard_is_cut(second.slot));
    forget(&first, 1);
    forget(&second, 1);
}

static void
a_slot_begins_anew(void **state)
{
    struct area area = watch(1);
    uint32_t slot = area.slot;
    (void)state;

    cut(&area, 0);
    assert_int_equal(area.bytes[0], 0);
    forget(&area, 1);
    area = watch(1);

    assert_int_equal(area.slot, slot);
    assert_false(vsk_guard_is_cut(slot));
    forget(&area, 1);
}

static void
slots_come_to_an_end(void **state)
{
    uint32_t slots[VSK_GUARD_SLOTS];
    uint32_t slot;
    uint8_t byte;
    (void)state;

    for (uint32_t i = 0; i < VSK_GUARD_SLOTS; i++)
        assert_int_equal(vsk_guard_watch(&byte, 1, &slots[i]), VSK_OK);
    assert_int_equal(vsk_guard_watch(&byte, 1, &slot), VSK_ERR_TABLE);

    for (uint32_t i = 0; i < VSK_GUARD_SLOTS; i++)
        vsk_guard_unwatch(slots[i]);
}

/* A mapping that finds no slot is none. */
static void
a_mapping_without_a_slot_is_refused(void **state)
{
    const vsk_shared_region region = {.size = 4096};
    uint32_t slots[VSK_GUARD_SLOTS];
    struct area area = map(1);
    vsk_mapping *mapping = NULL;
    uint8_t byte;
    (void)state;

    for (uint32_t i = 0; i < VSK_GUARD_SLOTS; i++)
        assert_int_equal(vsk_guard_watch(&byte, 1, &slots[i]), VSK_OK);
    assert_int_equal(vsk_mapping_new(&region, area.fd, &mapping),
                     VSK_ERR_TABLE);
    assert_null(mapping);

    for (uint32_t i = 0; i < VSK_GUARD_SLOTS; i++)
        vsk_guard_unwatch(slots[i]);
    drop(&area, 1);
}

/* ---- threads ---- */

/* Each maps, cuts and reads files of its own. */
static void *
live(void *user)
{
    uintptr_t good = 0;

    for (int i = 0; i < 200; i++) {
        struct area area = watch(2);

        area.bytes[page] = 0x5a;
        cut(&area, 1);
        good += area.bytes[page] == 0 && vsk_guard_is_cut(area.slot);
        forget(&area, 2);
    }
    *(uintptr_t *)user = good;
    return NULL;
}

static void
every_thread_may_find_its_memory_cut(void **state)
{
    pthread_t threads[OTHERS];
    uintptr_t good[OTHERS];
    (void)state;

    for (uint32_t i = 0; i < OTHERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, live, &good[i]), 0);
    for (uint32_t i = 0; i < OTHERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);

    for (uint32_t i = 0; i < OTHERS; i++)
        assert_int_equal(good[i], 200);
}

/* ---- every other SIGBUS: in a process of its own ---- */

#define HEARD 42

static void
leave(int number, siginfo_t *info, void *context)
{
    (void)info;
    (void)context;
    _exit(number == SIGBUS ? HEARD : 1);
}

static void
leave_simply(int number)
{
    _exit(number == SIGBUS ? HEARD : 1);
}

static volatile sig_atomic_t heard;

static void
hear(int number)
{
    heard += number == SIGBUS;
}

/* As Python's faulthandler: it says something, puts back what was there before
 * it, and raises the signal again. */
static struct sigaction behind;

static void
give_up(int number)
{
    heard++;
    if (heard > 1)
        _exit(1);
    (void)sigaction(SIGBUS, &behind, NULL);
    (void)raise(number);
}

static void
handle(void (*handler)(int))
{
    const struct sigaction action = {.sa_handler = handler};

    (void)sigaction(SIGBUS, &action, &behind);
}

static int
fault(void)
{
    struct area area = map(1);

    cut(&area, 0);
    return area.bytes[0];
}

static void
sent_by_kill(void)
{
    struct area area = watch(1);

    (void)raise(SIGBUS);
    forget(&area, 1);
}

static void
by_default(void)
{
    struct area area = watch(1);

    (void)fault();
    forget(&area, 1);
}

static void
ignored(void)
{
    handle(SIG_IGN);
    by_default();
}

static void
kill_ignored(void)
{
    handle(SIG_IGN);
    sent_by_kill();
    _exit(HEARD);
}

static void
before_us(void)
{
    const struct sigaction action = {.sa_sigaction = leave,
                                     .sa_flags = SA_SIGINFO};

    (void)sigaction(SIGBUS, &action, NULL);
    by_default();
}

static void
before_us_twice_over(void)
{
    const struct sigaction action = {.sa_sigaction = leave,
                                     .sa_flags = SA_SIGINFO};

    (void)sigaction(SIGBUS, &action, NULL);
    (void)watch(1);
    by_default();
}

static void
before_us_simply(void)
{
    handle(leave_simply);
    by_default();
}

static void
kill_before_us(void)
{
    handle(hear);
    sent_by_kill();
    _exit(heard == 1 ? HEARD : 1);
}

static void
after_us(void)
{
    struct area area = watch(1);

    handle(give_up);
    forget(&area, 1);
    area = watch(1);
    cut(&area, 0);
    if (area.bytes[0] != 0 || heard != 0)
        _exit(1);
    (void)fault();
}

static void
no_longer_watched(void)
{
    struct area area = watch(1);

    vsk_guard_unwatch(area.slot);
    cut(&area, 0);
    (void)area.bytes[0];
}

/* How a process ends that does this: its status, or the signal below 0. */
static int
end_of(void (*act)(void))
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        const struct sigaction fresh = {.sa_handler = SIG_DFL};

        /* As a process that has just begun. */
        if (act != after_us)
            (void)sigaction(SIGBUS, &fresh, NULL);
        act();
        _exit(0);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void
without_a_handler_it_ends_the_process(void **state)
{
    (void)state;

    assert_int_equal(end_of(by_default), -SIGBUS);
    assert_int_equal(end_of(sent_by_kill), -SIGBUS);
    assert_int_equal(end_of(ignored), -SIGBUS);
    assert_int_equal(end_of(no_longer_watched), -SIGBUS);
}

static void
the_handler_before_ours_is_asked(void **state)
{
    (void)state;

    assert_int_equal(end_of(before_us), HEARD);
    assert_int_equal(end_of(before_us_twice_over), HEARD);
    assert_int_equal(end_of(before_us_simply), HEARD);
    assert_int_equal(end_of(kill_before_us), HEARD);
    assert_int_equal(end_of(kill_ignored), HEARD);
}

static void
a_handler_after_ours_is_asked_second_and_may_give_up(void **state)
{
    (void)state;

    assert_int_equal(end_of(after_us), -SIGBUS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(what_is_cut_off_reads_as_zeros),
        RIG_TEST(what_is_cut_off_can_be_written),
        RIG_TEST(only_the_mapping_at_fault_is_marked),
        RIG_TEST(a_slot_begins_anew),
        RIG_TEST(slots_come_to_an_end),
        RIG_TEST(a_mapping_without_a_slot_is_refused),
        RIG_TEST(every_thread_may_find_its_memory_cut),
        cmocka_unit_test(without_a_handler_it_ends_the_process),
        cmocka_unit_test(the_handler_before_ours_is_asked),
        cmocka_unit_test(a_handler_after_ours_is_asked_second_and_may_give_up),
    };

    page = (size_t)sysconf(_SC_PAGESIZE);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
