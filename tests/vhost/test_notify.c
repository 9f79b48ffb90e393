/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "socket_rig.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "vhost/notify.h"

static volatile sig_atomic_t pipes; /* SIGPIPEs that came */

static void
on_pipe(int signal)
{
    (void)signal;
    pipes++;
}

/* ---- eventfds ---- */

static void
a_signal_is_drained_once(void **state)
{
    int fd;
    (void)state;

    assert_int_equal(vsk_notify_new(&fd), VSK_OK);
    assert_int_equal(vsk_notify_drain(fd), VSK_NONE);
    assert_int_equal(vsk_notify_signal(fd), VSK_OK);
    assert_int_equal(vsk_notify_signal(fd), VSK_OK);

    assert_true(rig_readable(fd));
    assert_int_equal(vsk_notify_drain(fd), VSK_OK);
    assert_int_equal(vsk_notify_drain(fd), VSK_NONE);
    (void)close(fd);
}

static void
a_new_descriptor_does_not_wait_and_is_not_inherited(void **state)
{
    int fd;
    (void)state;

    assert_int_equal(vsk_notify_new(&fd), VSK_OK);

    assert_true((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    (void)close(fd);
}

static void
a_full_eventfd_is_signalled_already(void **state)
{
    const uint64_t most = UINT64_MAX - 1;
    int fd = eventfd(0, EFD_CLOEXEC); /* blocking, as it may come */
    (void)state;

    assert_int_equal(write(fd, &most, sizeof most), sizeof most);

    assert_int_equal(vsk_notify_signal(fd), VSK_OK);
    assert_int_equal(vsk_notify_prepare(fd), VSK_OK);
    assert_int_equal(vsk_notify_signal(fd), VSK_OK);
    assert_int_equal(vsk_notify_drain(fd), VSK_OK);
    assert_int_equal(vsk_notify_drain(fd), VSK_NONE);
    (void)close(fd);
}

static void
preparing_an_eventfd_takes_its_waiting_away(void **state)
{
    int fd = eventfd(0, EFD_CLOEXEC);
    (void)state;

    assert_int_equal(vsk_notify_prepare(fd), VSK_OK);

    assert_int_equal(vsk_notify_drain(fd), VSK_NONE);
    (void)close(fd);
}

static void
without_a_descriptor_nothing_is_signalled(void **state)
{
    (void)state;

    assert_int_equal(vsk_notify_signal(-1), VSK_OK); /* VHU-BE-33 */
}

/* ---- stream sockets ---- */

static void
a_socket_is_signalled_with_eight_bytes(void **state)
{
    uint8_t bytes[16];
    int ends[2];
    (void)state;
    rig_pair(SOCK_STREAM, ends);

    assert_int_equal(vsk_notify_prepare(ends[0]), VSK_OK);
    assert_int_equal(vsk_notify_signal(ends[0]), VSK_OK);

    assert_int_equal(recv(ends[1], bytes, sizeof bytes, MSG_DONTWAIT), 8);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void
a_socket_keeps_the_flags_that_others_rely_on(void **state)
{
    int ends[2];
    (void)state;
    rig_pair(SOCK_STREAM, ends);

    assert_int_equal(vsk_notify_prepare(ends[0]), VSK_OK);

    assert_true((fcntl(ends[0], F_GETFL) & O_NONBLOCK) == 0);
    assert_int_equal(vsk_notify_drain(ends[0]), VSK_NONE);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void
a_full_socket_is_signalled_already(void **state)
{
    int ends[2];
    (void)state;
    rig_pair(SOCK_STREAM, ends);
    (void)rig_fill(ends[0]);

    assert_int_equal(vsk_notify_signal(ends[0]), VSK_OK);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void
everything_that_a_socket_holds_is_drained(void **state)
{
    int ends[2];
    (void)state;
    rig_pair(SOCK_STREAM, ends);
    for (int i = 0; i < 100; i++)
        assert_int_equal(vsk_notify_signal(ends[0]), VSK_OK);

    assert_int_equal(vsk_notify_drain(ends[1]), VSK_OK);

    assert_false(rig_readable(ends[1]));
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void
a_peer_that_floods_does_not_keep_us(void **state)
{
    int ends[2];
    size_t filled;
    uint32_t turns = 0;
    (void)state;
    rig_pair(SOCK_STREAM, ends);
    filled = rig_fill(ends[0]);
    assert_true(filled > 64 * 1024);

    /* Many turns, each of them short; the last one finds nothing. */
    while (vsk_notify_drain(ends[1]) == VSK_OK)
        turns++;

    assert_true(turns >= filled / (16 * 1024));
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void
a_peer_that_has_gone_is_told_without_a_signal(void **state)
{
    struct sigaction act = {.sa_handler = on_pipe}, before;
    int ends[2];
    (void)state;
    assert_int_equal(sigaction(SIGPIPE, &act, &before), 0);
    rig_pair(SOCK_STREAM, ends);
    (void)close(ends[1]);

    assert_int_equal(vsk_notify_signal(ends[0]), VSK_BAD_HANGUP);
    assert_int_equal(vsk_notify_drain(ends[0]), VSK_EOF);

    assert_int_equal(pipes, 0);
    (void)close(ends[0]);
    (void)sigaction(SIGPIPE, &before, NULL);
}

static void
the_last_signal_before_the_end_is_seen(void **state)
{
    int ends[2];
    (void)state;
    rig_pair(SOCK_STREAM, ends);
    assert_int_equal(vsk_notify_signal(ends[0]), VSK_OK);
    (void)close(ends[0]);

    assert_int_equal(vsk_notify_drain(ends[1]), VSK_OK);
    assert_int_equal(vsk_notify_drain(ends[1]), VSK_EOF);
    (void)close(ends[1]);
}

static void
a_peer_that_left_signals_unread_has_gone(void **state)
{
    int ends[2];
    (void)state;
    rig_pair(SOCK_STREAM, ends);
    assert_int_equal(vsk_notify_signal(ends[0]), VSK_OK);
    (void)close(ends[1]);

    assert_int_equal(vsk_notify_drain(ends[0]), VSK_EOF); /* ECONNRESET */
    (void)close(ends[0]);
}

/* ---- what cannot be signalled ---- */

static void
files_and_pipes_are_refused(void **state)
{
    int ends[2];
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    int device = open("/dev/null", O_RDWR | O_CLOEXEC);
    (void)state;
    assert_int_equal(pipe(ends), 0);

    /* VHU-FE-02 */
    assert_int_equal(vsk_notify_prepare(ends[1]), VSK_BAD_FDS);
    assert_int_equal(vsk_notify_prepare(file), VSK_BAD_FDS);
    assert_int_equal(vsk_notify_prepare(device), VSK_BAD_FDS);
    assert_int_equal(vsk_notify_prepare(-1), VSK_BAD_FDS);
    (void)close(ends[0]);
    (void)close(ends[1]);
    (void)close(file);
    (void)close(device);
}

static void
what_only_looks_like_an_eventfd_does_no_harm(void **state)
{
    int fd = epoll_create1(EPOLL_CLOEXEC);
    (void)state;

    (void)vsk_notify_prepare(fd);
    (void)vsk_notify_signal(fd);

    assert_int_equal(vsk_notify_drain(fd), VSK_ERR_SYSTEM);
    (void)close(fd);
}

static void
a_descriptor_that_is_closed_is_an_error(void **state)
{
    int fd;
    (void)state;
    assert_int_equal(vsk_notify_new(&fd), VSK_OK);
    (void)close(fd);

    assert_int_equal(vsk_notify_signal(fd), VSK_ERR_SYSTEM);
    assert_int_equal(vsk_notify_drain(fd), VSK_ERR_SYSTEM);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signal_is_drained_once),
        cmocka_unit_test(a_new_descriptor_does_not_wait_and_is_not_inherited),
        cmocka_unit_test(a_full_eventfd_is_signalled_already),
        cmocka_unit_test(preparing_an_eventfd_takes_its_waiting_away),
        cmocka_unit_test(without_a_descriptor_nothing_is_signalled),
        cmocka_unit_test(a_socket_is_signalled_with_eight_bytes),
        cmocka_unit_test(a_socket_keeps_the_flags_that_others_rely_on),
        cmocka_unit_test(a_full_socket_is_signalled_already),
        cmocka_unit_test(everything_that_a_socket_holds_is_drained),
        cmocka_unit_test(a_peer_that_floods_does_not_keep_us),
        cmocka_unit_test(a_peer_that_has_gone_is_told_without_a_signal),
        cmocka_unit_test(the_last_signal_before_the_end_is_seen),
        cmocka_unit_test(a_peer_that_left_signals_unread_has_gone),
        cmocka_unit_test(files_and_pipes_are_refused),
        cmocka_unit_test(what_only_looks_like_an_eventfd_does_no_harm),
        cmocka_unit_test(a_descriptor_that_is_closed_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
