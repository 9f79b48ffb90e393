/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "bridge_rig.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define PORT 1024u
#define MEBIBYTE (1u << 20)
#define MANY 100u

static uint8_t pattern[12 * MEBIBYTE];
static uint8_t back[12 * MEBIBYTE];

static volatile sig_atomic_t pipes; /* SIGPIPEs that came */

static void
on_pipe(int signal)
{
    (void)signal;
    pipes++;
}

static int
set_up_group(void **state)
{
    struct sigaction act = {.sa_handler = on_pipe};
    (void)state;

    rig_pattern(pattern, sizeof pattern, 7);
    return sigaction(SIGPIPE, &act, NULL);
}

static int
set_up(void **state)
{
    *state = world_sized(BUFFER, 128);
    return 0;
}

static int
tear_down(void **state)
{
    struct world *w = *state;

    assert_int_equal(pipes, 0);
    assert_int_equal(w->bridge.count, 0);
    world_free(w);
    return 0;
}

/* The number of links that are in use comes down to 0 by itself. */
static void
expect_idle(struct world *w)
{
    UNTIL(w, w->bridge.count == 0);
}

/* A connection from the guest, and the program's end of it. */
static struct app *
joined(struct world *w, uint16_t type, int *fd)
{
    int kind = type == VSK_TYPE_STREAM ? SOCK_STREAM : SOCK_SEQPACKET;
    int listener = program_listens(w, PORT, kind);
    struct app *app = guest_calls(w, PORT, type);

    *fd = program_accepts(w, listener);
    (void)close(listener);
    UNTIL(w, app->opened);
    return app;
}

static void
expect_reason(struct world *w, const struct app *app, vsk_reason reason)
{
    UNTIL(w, app->closed);
    assert_int_equal(app->reason, reason);
}

/* ---- the guest calls a program ---- */

static void
the_guest_reaches_a_program_at_the_ports_path(void **state)
{
    struct world *w = *state;
    char bytes[8];
    int fd;
    struct app *app = joined(w, VSK_TYPE_STREAM, &fd);

    guest_sends(w, app, "hello", 5, false);
    program_reads(w, fd, bytes, 5);
    program_sends(w, fd, "world!", 6);
    UNTIL(w, app->in_size == 6);

    assert_memory_equal(bytes, "hello", 5);
    assert_memory_equal(app->in, "world!", 6);
    (void)close(fd);
    expect_reason(w, app, VSK_REASON_CLOSED);
    expect_idle(w);
}

static void
a_program_that_has_read_a_little_costs_the_guest_no_packet(void **state)
{
    struct world *w = *state;
    const vsk_counters *counters = &w->guest.endpoint.counters;
    char bytes[8];
    int fd;
    struct app *app = joined(w, VSK_TYPE_STREAM, &fd);
    uint64_t before = counters->rx_packets;

    guest_sends(w, app, "hello", 5, false);
    program_reads(w, fd, bytes, 5);
    world_run(w, 100);

    assert_int_equal(counters->rx_packets, before);
    (void)close(fd);
    expect_reason(w, app, VSK_REASON_CLOSED);
}

static void
a_port_without_a_program_is_refused(void **state)
{
    struct world *w = *state;

    expect_reason(w, guest_calls(w, PORT, VSK_TYPE_STREAM), VSK_REASON_REFUSED);
    expect_reason(w, guest_calls(w, PORT, VSK_TYPE_SEQPACKET),
                  VSK_REASON_REFUSED);

    world_noted(w, VSK_ERR_SYSTEM, "_1024: No such file");
}

static void
a_program_that_has_died_is_refused(void **state)
{
    struct world *w = *state;

    (void)close(program_listens(w, PORT, SOCK_STREAM)); /* its file stays */

    expect_reason(w, guest_calls(w, PORT, VSK_TYPE_STREAM), VSK_REASON_REFUSED);
    world_noted(w, VSK_ERR_SYSTEM, "refused");
}

static void
another_type_of_socket_is_refused(void **state)
{
    struct world *w = *state;
    char path[80];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    (void)snprintf(path, sizeof path, "%s_%u", w->path, PORT);
    strcpy(address.sun_path, path);
    assert_int_equal(
        bind(fd, (const struct sockaddr *)&address, sizeof address), 0);

    expect_reason(w, guest_calls(w, PORT, VSK_TYPE_STREAM), VSK_REASON_REFUSED);
    (void)close(fd);
}

static void
a_program_that_is_slow_to_accept_is_waited_for(void **state)
{
    struct world *w = *state;
    int listener = program_listens(w, PORT, SOCK_STREAM);
    struct app *apps[3];

    /* Its queue takes one. */
    assert_int_equal(listen(listener, 0), 0);
    for (uint32_t i = 0; i < 3; i++)
        apps[i] = guest_calls(w, PORT, VSK_TYPE_STREAM);
    world_run(w, 30);
    assert_false(apps[2]->opened);
    assert_false(apps[2]->closed);

    for (uint32_t i = 0; i < 3; i++)
        (void)close(program_accepts(w, listener));
    (void)close(listener);

    for (uint32_t i = 0; i < 3; i++) {
        UNTIL(w, apps[i]->closed);
        assert_true(apps[i]->opened);
    }
    expect_idle(w);
}

static void
a_program_that_never_accepts_is_given_up(void **state)
{
    struct world *w = *state;
    int listener = program_listens(w, PORT, SOCK_STREAM);
    struct app *first, *second;

    assert_int_equal(listen(listener, 0), 0);
    first = guest_calls(w, PORT, VSK_TYPE_STREAM);
    second = guest_calls(w, PORT, VSK_TYPE_STREAM);
    UNTIL(w, first->opened && w->bridge.count == 2);

    (void)vsk_bridge_sockets(&w->bridge, vsk_loop_now() + 3 * VSK_SECOND);

    assert_int_equal(w->bridge.count, 1);
    vsk_lab_wake(&w->lab, 0, VSK_SIDE_DEVICE);
    expect_reason(w, second, VSK_REASON_REFUSED);
    (void)close(listener);
    expect_idle(w);
}

static void
a_guest_that_gives_up_is_not_connected(void **state)
{
    struct world *w = *state;
    int listener = program_listens(w, PORT, SOCK_STREAM);
    struct app *first, *second;

    assert_int_equal(listen(listener, 0), 0);
    first = guest_calls(w, PORT, VSK_TYPE_STREAM);
    second = guest_calls(w, PORT, VSK_TYPE_STREAM);
    UNTIL(w, first->opened && w->bridge.count == 2);

    guest_does(w, second, VSK_CALL_RESET, 0);
    UNTIL(w, w->bridge.count == 1);

    (void)close(program_accepts(w, listener));
    (void)close(listener);
    expect_idle(w);
}

/* ---- a program calls the guest ---- */

static void
a_program_dials_and_is_told_the_hosts_port(void **state)
{
    struct world *w = *state;
    int fd = program_connects(w, SOCK_STREAM);
    char answer[40] = "", expected[40];
    uint32_t port;

    program_says(fd, "CONNECT 77\n");
    UNTIL(w, recv(fd, answer, sizeof answer - 1, MSG_PEEK) > 0);

    port = vsk_table_by_handle(&w->guest.endpoint.table, w->last->handle)
               ->flow.peer_port;
    (void)snprintf(expected, sizeof expected, "OK %u\n", port);
    assert_string_equal(answer, expected);
    assert_int_equal(
        vsk_table_by_handle(&w->guest.endpoint.table, w->last->handle)
            ->flow.local_port,
        77);
    (void)close(fd);
    expect_idle(w);
}

static void
a_line_may_come_byte_by_byte(void **state)
{
    struct world *w = *state;
    const char *line = "CONNECT 77\n";
    int fd = program_connects(w, SOCK_STREAM);
    char byte;

    for (; *line != '\0'; line++) {
        assert_int_equal(w->asked, 0);
        assert_int_equal(send(fd, line, 1, 0), 1);
        world_run(w, 2);
    }

    assert_int_equal(program_takes(w, fd, &byte, 1), 1);
    assert_int_equal(w->asked, 1);
    (void)close(fd);
    expect_idle(w);
}

static void
what_follows_the_line_is_the_guests(void **state)
{
    struct world *w = *state;
    int fd = program_connects(w, SOCK_STREAM);
    char answer[40];

    program_says(fd, "CONNECT 77\nGET /\n");
    UNTIL(w, w->last != NULL && w->last->in_size == 6);

    assert_memory_equal(w->last->in, "GET /\n", 6);
    assert_true(program_takes(w, fd, answer, sizeof answer) > 5);
    (void)close(fd);
    expect_idle(w);
}

static void
a_program_that_has_said_all_may_go(void **state)
{
    struct world *w = *state;
    int fd = program_connects(w, SOCK_STREAM);

    program_says(fd, "CONNECT 77\nbye");
    (void)close(fd);

    UNTIL(w, w->last != NULL && w->last->closed);
    assert_int_equal(w->last->in_size, 3);
    assert_memory_equal(w->last->in, "bye", 3);
    expect_idle(w);
}

static void
a_program_may_go_before_the_guest_has_answered(void **state)
{
    struct world *w = *state;
    int fd = program_connects(w, SOCK_STREAM);

    w->hesitate = true;
    program_says(fd, "CONNECT 77\nbye");
    (void)close(fd);
    UNTIL(w, w->asked == 1 && w->bridge.links[0].gone);
    assert_false(rig_readable(vsk_bridge_fileno(&w->bridge)));

    guest_does(w, w->last, VSK_CALL_ACCEPT, 0);
    UNTIL(w, w->last->closed);
    assert_int_equal(w->last->in_size, 3);
    expect_idle(w);
}

static void
a_program_that_goes_with_nothing_said_takes_its_request_back(void **state)
{
    struct world *w = *state;
    int fd = program_connects(w, SOCK_STREAM);

    w->hesitate = true;
    program_says(fd, "CONNECT 77\n");
    UNTIL(w, w->asked == 1);
    (void)close(fd);

    expect_reason(w, w->last, VSK_REASON_RESET);
    expect_idle(w);
}

static void
a_program_that_is_refused_reads_the_end(void **state)
{
    struct world *w = *state;
    int fd = program_connects(w, SOCK_STREAM);

    w->refuse = true;
    program_says(fd, "CONNECT 77\n");

    program_expects_end(w, fd);
    world_noted(w, VSK_OK, "port 77");
    (void)close(fd);
    expect_idle(w);
}

static void
junk_is_answered_with_the_end(void **state)
{
    struct world *w = *state;
    const struct {
        const char *line;
        vsk_status status;
    } junk[] = {
        {"GET / HTTP/1.1\r\n", VSK_BAD_DIAL},
        {"CONNECT 4294967296\n", VSK_BAD_PORT},
        {"CONNECT 5 6\n", VSK_BAD_DIAL},
        {"                                        ", VSK_BAD_DIAL},
    };

    for (size_t i = 0; i < sizeof junk / sizeof *junk; i++) {
        int fd = program_connects(w, SOCK_STREAM);
        char byte;

        program_says(fd, junk[i].line);
        /* With bytes unread the end is a reset. */
        UNTIL(w, recv(fd, &byte, 1, 0) == 0 || errno == ECONNRESET);
        world_noted(w, junk[i].status, "sent away");
        (void)close(fd);
    }
    expect_idle(w);
    assert_int_equal(w->asked, 0);
}

static void
a_program_that_goes_before_its_line_is_complete_is_forgotten(void **state)
{
    struct world *w = *state;
    int fd = program_connects(w, SOCK_STREAM);

    UNTIL(w, w->bridge.count == 1);
    program_says(fd, "CONNECT 7");
    world_run(w, 3);
    (void)close(fd);

    expect_idle(w);
    assert_int_equal(w->asked, 0);
}

static void
without_a_guest_nobody_is_reached(void **state)
{
    struct world *w = *state;
    int fd = program_connects(w, SOCK_STREAM);

    assert_int_equal(vsk_device_write_status(&w->device, w->lab.now, 0),
                     VSK_OK);
    program_says(fd, "CONNECT 77\n");

    program_expects_end(w, fd);
    world_noted(w, VSK_ERR_STATE, "no guest");
    (void)close(fd);
}

/* ---- a lot of data ---- */

static void
a_mebibyte_comes_back_after_a_half_close_of_the_programs(void **state)
{
    struct world *w = *state;
    int fd;

    w->echo = true;
    fd = program_dials(w, PORT, SOCK_STREAM);
    program_sends(w, fd, pattern, MEBIBYTE);
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    memset(back, 0, MEBIBYTE);
    program_reads(w, fd, back, MEBIBYTE);

    assert_memory_equal(back, pattern, MEBIBYTE);
    program_expects_end(w, fd);
    (void)close(fd);
    expect_idle(w);
}

static void
a_mebibyte_comes_back_after_a_half_close_of_the_guests(void **state)
{
    struct world *w = *state;
    int fd;
    struct app *app = joined(w, VSK_TYPE_STREAM, &fd);

    guest_sends(w, app, pattern, MEBIBYTE, true);
    memset(back, 0, MEBIBYTE);
    program_reads(w, fd, back, MEBIBYTE);
    program_expects_end(w, fd);
    assert_false(app->closed);
    program_sends(w, fd, back, MEBIBYTE);
    UNTIL(w, app->in_size == MEBIBYTE);

    assert_memory_equal(app->in, pattern, MEBIBYTE);
    assert_false(app->ended);
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    UNTIL(w, app->ended);
    (void)close(fd);
    expect_idle(w);
}

static void
a_hundred_connections_talk_at_once(void **state)
{
    struct world *w = *state;
    int listener = program_listens(w, PORT, SOCK_STREAM);
    int called[MANY / 2], dialled[MANY / 2];
    struct app *apps[MANY / 2];
    enum { EACH = 40000 };

    w->echo = true;
    for (uint32_t i = 0; i < MANY / 2; i++) {
        dialled[i] = program_dials(w, i, SOCK_STREAM);
        apps[i] = guest_calls(w, PORT, VSK_TYPE_STREAM);
        called[i] = program_accepts(w, listener);
    }
    UNTIL(w, w->bridge.count == MANY);
    for (uint32_t i = 0; i < MANY / 2; i++) {
        guest_sends(w, apps[i], pattern + i, EACH, true);
        program_sends(w, dialled[i], pattern + 1000 + i, EACH);
        assert_int_equal(shutdown(dialled[i], SHUT_WR), 0);
    }

    for (uint32_t i = 0; i < MANY / 2; i++) {
        program_reads(w, called[i], back, EACH);
        assert_memory_equal(back, pattern + i, EACH);
        program_expects_end(w, called[i]);
        program_reads(w, dialled[i], back, EACH);
        assert_memory_equal(back, pattern + 1000 + i, EACH);
        program_expects_end(w, dialled[i]);
        (void)close(called[i]);
        (void)close(dialled[i]);
    }
    (void)close(listener);
    expect_idle(w);
}

/* ---- slow, dead and hostile programs ---- */

static void
a_program_that_does_not_read_holds_back_its_guest_only(void **state)
{
    struct world *w = *state;
    int slow, fast;
    struct app *first = joined(w, VSK_TYPE_STREAM, &slow);
    struct app *second;
    const vsk_bridge_link *link = &w->bridge.links[0];

    guest_sends(w, first, pattern, 2 * MEBIBYTE, true);
    world_run(w, 50);
    assert_true(first->out_done < MEBIBYTE);
    assert_true(link->backlog.size != 0);
    assert_true(link->backlog.size <= BUFFER);

    (void)snprintf((char *)back, 80, "%s_%u", w->path, PORT);
    (void)unlink((char *)back);
    second = joined(w, VSK_TYPE_STREAM, &fast);
    guest_sends(w, second, pattern, MEBIBYTE, false);
    program_reads(w, fast, back, MEBIBYTE);
    assert_memory_equal(back, pattern, MEBIBYTE);
    assert_true(first->out_done < MEBIBYTE);

    program_reads(w, slow, back, 2 * MEBIBYTE);
    assert_memory_equal(back, pattern, 2 * MEBIBYTE);
    program_expects_end(w, slow);
    (void)close(slow);
    (void)close(fast);
    expect_idle(w);
}

static void
a_guest_that_does_not_read_is_not_buffered_for(void **state)
{
    struct world *w = *state;
    int fd;
    struct app *app = joined(w, VSK_TYPE_STREAM, &fd);
    size_t sent = 0;
    uint32_t steps;

    w->device.endpoint.policy.meter = false; /* bytes alone count */
    app->holds = true;
    for (uint32_t idle = 0; idle < 20; idle++) {
        ssize_t now = send(fd, pattern + sent, MEBIBYTE, MSG_NOSIGNAL);

        world_run(w, 2);
        if (now > 0) {
            sent += (size_t)now;
            idle = 0;
        }
    }
    /* As much as the guest's buffer and the socket's hold, and no more. */
    assert_int_equal(app->in_size, BUFFER);
    assert_true(sent < BUFFER + MEBIBYTE);
    steps = w->steps;
    world_run(w, 20);
    assert_int_equal(w->bridge.links[0].backlog.size, 0);
    assert_int_equal(w->steps, steps + 20);

    guest_reads(w, app);
    UNTIL(w, app->in_size == sent);
    assert_memory_equal(app->in, pattern, sent);
    (void)close(fd);
    expect_idle(w);
}

static void
what_waits_takes_no_turns(void **state)
{
    struct world *w = *state;
    int fd[5];
    struct app *stalled = joined(w, VSK_TYPE_STREAM, &fd[0]);
    struct app *half = joined(w, VSK_TYPE_SEQPACKET, &fd[3]);

    stalled->holds = true;
    while (send(fd[0], pattern, MEBIBYTE, MSG_NOSIGNAL) > 0)
        world_run(w, 2);
    fd[1] = program_connects(w, SOCK_STREAM); /* says nothing */
    fd[2] = program_dials(w, PORT, SOCK_STREAM);
    guest_sends_part(w, half, "half a message", 14, 0);
    fd[4] = program_dials(w, PORT, SOCK_STREAM);
    assert_int_equal(shutdown(fd[4], SHUT_WR), 0);
    world_run(w, 20);

    /* Nothing to do: the descriptor is silent, no step finds work. */
    for (uint32_t i = 0; i < 20; i++) {
        assert_false(rig_readable(vsk_bridge_fileno(&w->bridge)));
        assert_int_equal(vsk_bridge_sockets(&w->bridge, vsk_loop_now()),
                         VSK_NONE);
    }
    for (uint32_t i = 0; i < 5; i++)
        (void)close(fd[i]);
    guest_reads(w, stalled);
    expect_idle(w);
}

static void
a_program_that_dies_takes_no_turns_while_its_guest_sleeps(void **state)
{
    struct world *w = *state;
    int fd;
    struct app *app = joined(w, VSK_TYPE_STREAM, &fd);
    size_t sent = 0;
    ssize_t now;

    app->holds = true;
    while ((now = send(fd, pattern + sent, MEBIBYTE, MSG_NOSIGNAL)) > 0) {
        sent += (size_t)now;
        world_run(w, 2);
    }
    (void)close(fd);
    world_run(w, 20);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(w->bridge.count, 1);
        assert_false(rig_readable(vsk_bridge_fileno(&w->bridge)));
        guest_reads(w, app); /* a part: more comes, and is held */
        app->holds = true;
        world_run(w, 20);
    }

    /* All that it wrote comes, however late. */
    guest_reads(w, app);
    UNTIL(w, app->in_size == sent);
    assert_memory_equal(app->in, pattern, sent);
    expect_reason(w, app, VSK_REASON_CLOSED);
    expect_idle(w);
}

static void
a_program_that_dies_tells_the_guest_that_nobody_reads(void **state)
{
    struct world *w = *state;
    int fd;
    struct app *app = joined(w, VSK_TYPE_STREAM, &fd);

    guest_sends(w, app, pattern, 2 * MEBIBYTE, false);
    world_run(w, 20);
    (void)close(fd);

    UNTIL(w, app->closed);
    expect_idle(w);
}

static void
a_program_that_only_stops_reading_may_go_on_writing(void **state)
{
    struct world *w = *state;
    int fd;
    struct app *app = joined(w, VSK_TYPE_STREAM, &fd);

    assert_int_equal(shutdown(fd, SHUT_RD), 0);
    guest_sends(w, app, pattern, MEBIBYTE, false);
    world_run(w, 50);
    program_sends(w, fd, pattern, MEBIBYTE);
    UNTIL(w, app->in_size == MEBIBYTE);

    assert_memory_equal(app->in, pattern, MEBIBYTE);
    /* What was under way counts as read: the end need not wait for it. */
    assert_int_equal(w->device.endpoint.table.count, 1);
    guest_does(w, app, VSK_CALL_CLOSE, 0);
    expect_reason(w, app, VSK_REASON_CLOSED);
    (void)close(fd);
    expect_idle(w);
}

static void
what_waits_comes_before_what_follows(void **state)
{
    struct world *w = *state;
    int fd;
    struct app *app = joined(w, VSK_TYPE_STREAM, &fd);
    size_t total = 0;

    while (w->bridge.links[0].backlog.size == 0) {
        guest_sends(w, app, pattern + total, 20000, false);
        world_run(w, 3);
        total += 20000;
    }
    assert_int_equal(app->out_done, 20000);
    w->blind = true; /* there is room again, and nobody has seen it yet */
    for (ssize_t got = 0, at = 0; got >= 0; at += got)
        got = recv(fd, back + at, MEBIBYTE, 0);
    guest_sends(w, app, pattern + total, 20000, false);
    world_run(w, 5);
    w->blind = false;

    assert_int_equal(app->out_done, 20000);
    assert_true(w->bridge.links[0].backlog.size > 20000);
    guest_sends(w, app, "", 0, true);
    for (ssize_t got = 1; got > 0;) {
        got = program_takes(w, fd, back, MEBIBYTE);
        if (got > 0)
            memmove(back + MEBIBYTE, back + got - 1, 1);
    }
    assert_int_equal(back[MEBIBYTE], pattern[total + 20000 - 1]);
    (void)close(fd);
    expect_idle(w);
}

static void
a_guest_that_stops_reading_ends_what_the_program_writes(void **state)
{
    struct world *w = *state;
    int fd;
    struct app *app = joined(w, VSK_TYPE_STREAM, &fd);
    ssize_t sent = 0;

    guest_does(w, app, VSK_CALL_SHUTDOWN, VSK_SHUTDOWN_RECEIVE);
    world_run(w, 5);
    UNTIL(w, (sent = send(fd, "x", 1, MSG_NOSIGNAL)) < 0);
    assert_int_equal(errno, EPIPE);

    guest_sends(w, app, "still here", 10, true);
    program_reads(w, fd, back, 10);
    program_expects_end(w, fd);
    (void)close(fd);
    expect_idle(w);
}

static void
what_a_guest_wrote_before_it_closed_is_kept(void **state)
{
    struct world *w = *state;
    int fd;
    struct app *app = joined(w, VSK_TYPE_STREAM, &fd);

    guest_sends(w, app, pattern, MEBIBYTE, false);
    UNTIL(w, app->out_done > 2 * BUFFER);
    guest_does(w, app, VSK_CALL_RESET, 0);
    UNTIL(w, w->bridge.links[0].state == VSK_BRIDGE_LINGERING);
    assert_int_equal(w->device.endpoint.table.count, 0);

    program_reads(w, fd, back, app->out_done);
    assert_memory_equal(back, pattern, app->out_done);
    program_expects_end(w, fd);
    (void)close(fd);
    expect_idle(w);
}

static void
what_nobody_reads_is_not_kept_for_ever(void **state)
{
    struct world *w = *state;
    int fd;
    struct app *app = joined(w, VSK_TYPE_STREAM, &fd);
    uint64_t now;

    guest_sends(w, app, pattern, MEBIBYTE, false);
    world_run(w, 20);
    guest_does(w, app, VSK_CALL_RESET, 0);
    UNTIL(w, w->bridge.links[0].state == VSK_BRIDGE_LINGERING);

    now = vsk_loop_now();
    (void)vsk_bridge_sockets(&w->bridge, now + 9 * VSK_SECOND);
    assert_int_equal(w->bridge.count, 1);
    w->bridge.links[0].deadline += 2 * VSK_SECOND; /* it read a little */
    (void)vsk_bridge_sockets(&w->bridge, now + 11 * VSK_SECOND);
    assert_int_equal(w->bridge.count, 1);
    assert_int_equal(w->bridge.alarm, w->bridge.links[0].deadline);
    (void)vsk_bridge_sockets(&w->bridge, now + 13 * VSK_SECOND);
    assert_int_equal(w->bridge.count, 0);
    world_noted(w, VSK_TIMEOUT, "lost");
    (void)close(fd);
}

static void
a_driver_that_resets_its_device_ends_all(void **state)
{
    struct world *w = *state;
    int fd = program_dials(w, PORT, SOCK_STREAM);

    world_boot(w);

    program_expects_end(w, fd);
    (void)close(fd);
    expect_idle(w);
    fd = program_dials(w, PORT, SOCK_STREAM);
    (void)close(fd);
    expect_idle(w);
}

/* ---- messages ---- */

static void
messages_of_the_guest_keep_their_edges(void **state)
{
    struct world *w = *state;
    int fd;
    struct app *app = joined(w, VSK_TYPE_SEQPACKET, &fd);
    const uint32_t sizes[] = {1, 2, 1000, 60000, 3};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        guest_sends_part(w, app, pattern + i, sizes[i], VSK_SEQ_EOM);

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        assert_int_equal(program_takes(w, fd, back, sizeof back), sizes[i]);
        assert_memory_equal(back, pattern + i, sizes[i]);
    }
    (void)close(fd);
    expect_idle(w);
}

static void
a_message_is_larger_than_sockets_take_by_default(void **state)
{
    struct world *w = world_sized(512 * 1024, 4);
    int fd;
    struct app *app = joined(w, VSK_TYPE_SEQPACKET, &fd);
    (void)state;

    guest_sends(w, app, pattern, 300000, false);

    assert_int_equal(program_takes(w, fd, back, sizeof back), 300000);
    assert_memory_equal(back, pattern, 300000);
    (void)close(fd);
    expect_idle(w);
    world_free(w);
}

static void
a_message_in_many_packets_is_one(void **state)
{
    struct world *w = *state;
    int fd;
    struct app *app = joined(w, VSK_TYPE_SEQPACKET, &fd);

    for (uint32_t i = 0; i < 9; i++) {
        guest_sends_part(w, app, pattern + 1000 * i, 1000, 0);
        world_run(w, 2);
        assert_int_equal(recv(fd, back, 1, 0), -1);
    }
    guest_sends_part(w, app, pattern + 9000, 1000, VSK_SEQ_EOM);

    assert_int_equal(program_takes(w, fd, back, sizeof back), 10000);
    assert_memory_equal(back, pattern, 10000);
    (void)close(fd);
    expect_idle(w);
}

static void
messages_of_a_program_keep_their_edges(void **state)
{
    struct world *w = *state;
    int fd = program_dials(w, PORT, SOCK_SEQPACKET);
    const uint32_t sizes[] = {1, BUFFER, 0, 3, 0};
    uint32_t total = 0;

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        ssize_t sent = -1;

        UNTIL(w, (sent = send(fd, pattern + total, sizes[i], 0)) >= 0);
        assert_int_equal(sent, sizes[i]);
        total += sizes[i];
    }
    UNTIL(w, w->last->messages == 5);

    total = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        total += sizes[i];
        assert_int_equal(w->last->sizes[i], total);
    }
    assert_memory_equal(w->last->in, pattern, total);
    assert_false(w->last->ended);
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    UNTIL(w, w->last->ended);
    (void)close(fd);
    expect_idle(w);
}

static void
a_message_goes_on_where_the_guest_had_no_room(void **state)
{
    struct world *w = *state;
    int fd = program_dials(w, PORT, SOCK_SEQPACKET);

    w->last->holds = true;
    program_sends(w, fd, pattern, 40000);
    program_sends(w, fd, pattern + 40000, 60000);
    world_run(w, 20);
    assert_int_equal(w->last->messages, 1);
    assert_true(w->last->in_size > 40000);

    guest_reads(w, w->last);
    UNTIL(w, w->last->messages == 2);
    assert_int_equal(w->last->in_size, 100000);
    assert_memory_equal(w->last->in, pattern, 100000);
    (void)close(fd);
    expect_idle(w);
}

static void
a_programs_message_is_larger_than_a_turn(void **state)
{
    struct world *w = world_sized(512 * 1024, 4);
    int fd = program_dials(w, PORT, SOCK_SEQPACKET);
    (void)state;

    program_sends(w, fd, pattern, 3 * VSK_BRIDGE_TURN);

    UNTIL(w, w->last->messages == 1);
    assert_int_equal(w->last->in_size, 3 * VSK_BRIDGE_TURN);
    assert_memory_equal(w->last->in, pattern, 3 * VSK_BRIDGE_TURN);
    (void)close(fd);
    expect_idle(w);
    world_free(w);
}

static void
messages_of_no_bytes_come_through_both_ways(void **state)
{
    struct world *w = *state;
    int fd;
    struct app *app = joined(w, VSK_TYPE_SEQPACKET, &fd);
    char byte;

    guest_sends_part(w, app, pattern, 0, VSK_SEQ_EOM);
    guest_sends_part(w, app, "x", 1, VSK_SEQ_EOM);

    assert_int_equal(program_takes(w, fd, &byte, 1), 0);
    assert_int_equal(program_takes(w, fd, &byte, 1), 1);
    assert_int_equal(send(fd, "", 0, 0), 0);
    UNTIL(w, app->messages == 1);
    assert_int_equal(app->in_size, 0);
    (void)close(fd);
    expect_idle(w);
}

static void
messages_wait_for_a_program_that_does_not_read(void **state)
{
    struct world *w = *state;
    int fd;
    struct app *app = joined(w, VSK_TYPE_SEQPACKET, &fd);
    enum { SIZE = 20000, COUNT = 40 };

    for (uint32_t i = 0; i < COUNT; i++) {
        guest_sends(w, app, pattern + i, SIZE, false);
        for (uint32_t turns = 0; app->out_done < SIZE && turns < 50; turns++)
            world_step(w);
        while (app->out_done < SIZE) {
            assert_int_equal(program_takes(w, fd, back, sizeof back), SIZE);
            world_run(w, 3);
        }
    }
    guest_does(w, app, VSK_CALL_SHUTDOWN, VSK_SHUTDOWN_SEND);

    for (ssize_t got = SIZE; got != 0;) {
        got = program_takes(w, fd, back, sizeof back);
        assert_true(got == 0 || got == SIZE);
    }
    assert_memory_equal(back, pattern + COUNT - 1, SIZE);
    (void)close(fd);
    expect_idle(w);
}

static void
the_lines_are_messages_of_their_own(void **state)
{
    struct world *w = *state;
    const char *bad[] = {"CONNECT 7", "CONNECT 7\nx"};

    (void)close(program_dials(w, PORT, SOCK_SEQPACKET));
    for (size_t i = 0; i < 2; i++) {
        int fd = program_connects(w, SOCK_SEQPACKET);

        program_says(fd, bad[i]);
        program_expects_end(w, fd);
        (void)close(fd);
    }
    world_noted(w, VSK_BAD_DIAL, "sent away");
    expect_idle(w);
}

static void
a_message_that_nobody_completes_is_not_passed_on(void **state)
{
    struct world *w = *state;
    int fd;
    struct app *app = joined(w, VSK_TYPE_SEQPACKET, &fd);

    guest_sends_part(w, app, "whole", 5, VSK_SEQ_EOM);
    guest_sends_part(w, app, "half", 4, 0);
    guest_does(w, app, VSK_CALL_CLOSE, 0);

    assert_int_equal(program_takes(w, fd, back, sizeof back), 5);
    program_expects_end(w, fd);
    expect_reason(w, app, VSK_REASON_CLOSED);
    (void)close(fd);
    expect_idle(w);
}

static void
a_program_is_told_of_a_message_beyond_the_guests_buffer(void **state)
{
    struct world *w = *state;
    int fd = program_dials(w, PORT, SOCK_SEQPACKET);

    assert_int_equal(send(fd, pattern, BUFFER + 1, 0), BUFFER + 1);

    expect_reason(w, w->last, VSK_REASON_RESET);
    world_noted(w, VSK_ERR_MESSAGE, "65537 bytes: longer than the guest's");
    (void)close(fd);
    expect_idle(w);
}

static void
a_guest_is_told_of_a_message_that_no_socket_takes(void **state)
{
    struct world *w = world_sized(sizeof pattern, 4);
    int fd;
    struct app *app = joined(w, VSK_TYPE_SEQPACKET, &fd);
    (void)state;

    /* No kernel takes 12 MiB in one piece. */
    guest_sends(w, app, pattern, sizeof pattern, false);

    expect_reason(w, app, VSK_REASON_RESET);
    world_noted(w, VSK_ERR_MESSAGE, "12582912 bytes: longer than the kernel");
    program_expects_end(w, fd);
    (void)close(fd);
    expect_idle(w);
    world_free(w);
}

static void
empty_messages_do_not_fill_the_memory(void **state)
{
    struct world *w = *state;
    int fd;
    struct app *app = joined(w, VSK_TYPE_SEQPACKET, &fd);
    const vsk_bridge_link *link = &w->bridge.links[0];

    w->guest.endpoint.policy.meter = false; /* bytes alone count */
    /* The socket full, then messages that cost no credit. */
    while (link->backlog.size == 0) {
        guest_sends_part(w, app, pattern, 30000, VSK_SEQ_EOM);
        world_run(w, 3);
    }
    for (uint32_t i = 0; i < 200000 && !app->closed; i++) {
        guest_sends_part(w, app, pattern, 0, VSK_SEQ_EOM);
        world_step(w);
        assert_true(link->backlog.size <= 5 * BUFFER + 8192);
    }

    expect_reason(w, app, VSK_REASON_RESET);
    world_noted(w, VSK_BAD_FLOOD, "too many");
    (void)close(fd);
    expect_idle(w);
}

/* ---- limits ---- */

static void
more_than_there_are_links_for_are_sent_away(void **state)
{
    struct world *w = world_sized(BUFFER, 2);
    int listener = program_listens(w, PORT, SOCK_STREAM);
    int fd[2], third;
    (void)state;

    fd[0] = program_dials(w, PORT, SOCK_STREAM);
    fd[1] = program_connects(w, SOCK_STREAM);
    UNTIL(w, w->bridge.count == 2);
    third = program_connects(w, SOCK_STREAM);
    program_expects_end(w, third);
    expect_reason(w, guest_calls(w, PORT, VSK_TYPE_STREAM), VSK_REASON_REFUSED);

    (void)close(third);
    (void)close(fd[0]);
    (void)close(fd[1]);
    (void)close(listener);
    expect_idle(w);
    world_free(w);
}

static int
lowest_free(void)
{
    int fd = dup(0);

    (void)close(fd);
    return fd;
}

static void
without_descriptors_guests_are_refused_and_programs_wait(void **state)
{
    struct world *w = *state;
    int listener = program_listens(w, PORT, SOCK_STREAM);
    int fd = program_connects(w, SOCK_STREAM);
    struct rlimit before, none;
    uint32_t steps;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = (rlim_t)lowest_free(); /* those that are there stay */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    world_run(w, 3);
    steps = 0;
    for (uint64_t end = vsk_loop_now() + VSK_SECOND / 4; vsk_loop_now() < end;
         world_step(w))
        steps += rig_readable(vsk_bridge_fileno(&w->bridge));
    expect_reason(w, guest_calls(w, PORT, VSK_TYPE_STREAM), VSK_REASON_REFUSED);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);

    assert_true(steps < 10); /* it does not spin */
    world_noted(w, VSK_ERR_SYSTEM, "Too many open files");
    UNTIL(w, w->bridge.count == 1);
    program_says(fd, "CONNECT 5\n");
    assert_int_equal(program_takes(w, fd, back, 3), 3);
    (void)close(fd);
    (void)close(listener);
    expect_idle(w);
}

static void
descriptors_that_a_program_passes_are_closed(void **state)
{
    struct world *w = *state;

    for (uint32_t i = 0; i < 2; i++) {
        int fd = program_dials(w, PORT, i == 0 ? SOCK_STREAM : SOCK_SEQPACKET);
        union {
            char room[CMSG_SPACE(sizeof(int))];
            struct cmsghdr align;
        } control = {0};
        struct iovec bytes = {pattern, 5};
        struct msghdr header = {
            .msg_iov = &bytes,
            .msg_iovlen = 1,
            .msg_control = control.room,
            .msg_controllen = sizeof control.room,
        };
        struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
        uint32_t before = rig_fds();

        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(rights), &fd, sizeof fd);
        assert_int_equal(sendmsg(fd, &header, 0), 5);
        UNTIL(w, w->last->in_size == 5);

        assert_int_equal(rig_fds(), before);
        (void)close(fd);
        expect_idle(w);
    }
}

/* ---- with a back end ---- */

static void
a_mebibyte_goes_both_ways_behind_a_back_end(void **state)
{
    struct world *w = world_served();
    int fd, other;
    struct app *app;
    (void)state;

    w->echo = true;
    fd = program_dials(w, PORT, SOCK_STREAM);
    app = joined(w, VSK_TYPE_STREAM, &other);
    guest_sends(w, app, pattern + 9, MEBIBYTE, true);
    program_sends(w, fd, pattern, MEBIBYTE);
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    program_reads(w, fd, back, MEBIBYTE);
    assert_memory_equal(back, pattern, MEBIBYTE);
    program_expects_end(w, fd);
    program_reads(w, other, back, MEBIBYTE);
    assert_memory_equal(back, pattern + 9, MEBIBYTE);
    program_expects_end(w, other);

    (void)close(fd);
    (void)close(other);
    expect_idle(w);
    world_free(w);
}

static void
a_hundred_programs_are_served_by_one_descriptor(void **state)
{
    struct world *w = world_served();
    int fd[MANY];
    (void)state;

    w->echo = true;
    for (uint32_t i = 0; i < MANY; i++)
        fd[i] = program_dials(w, i, SOCK_STREAM);
    for (uint32_t i = 0; i < MANY; i++) {
        program_sends(w, fd[i], pattern + i, 10000);
        assert_int_equal(shutdown(fd[i], SHUT_WR), 0);
    }
    for (uint32_t i = 0; i < MANY; i++) {
        program_reads(w, fd[i], back, 10000);
        assert_memory_equal(back, pattern + i, 10000);
        program_expects_end(w, fd[i]);
        (void)close(fd[i]);
    }
    expect_idle(w);
    world_free(w);
}

static void
a_front_end_that_goes_ends_all(void **state)
{
    struct world *w = world_served();
    int fd = program_dials(w, PORT, SOCK_STREAM);
    uint8_t byte;
    (void)state;

    vsk_frontend_close(&w->frontend);
    for (uint32_t i = 0; i < 20; i++)
        (void)vsk_bridge_step(&w->bridge);

    assert_int_equal(recv(fd, &byte, 1, 0), 0);
    assert_int_equal(w->bridge.count, 0);
    (void)close(fd);
    world_free(w);
}

static void
only_the_devices_own_back_end_is_served_and_once(void **state)
{
    struct world *w = *state;
    struct world *other = world_served();

    assert_int_equal(vsk_bridge_serve(&w->bridge, &other->backend),
                     VSK_ERR_ARGUMENT);
    assert_int_equal(vsk_bridge_serve(&other->bridge, &other->backend),
                     VSK_ERR_BUSY);
    world_free(other);
}

/* ---- paths ---- */

static void
what_a_dead_server_left_is_replaced(void **state)
{
    struct world *w = *state;
    vsk_bridge_options options = vsk_bridge_options_default();
    vsk_bridge other;
    char path[80];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)snprintf(path, sizeof path, "%s/left", w->folder);
    strcpy(address.sun_path, path);
    assert_int_equal(
        bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    (void)close(fd);
    options.path = path;

    assert_int_equal(vsk_bridge_open(&other, &w->device, &options), VSK_OK);
    vsk_bridge_close(&other);
    assert_int_equal(access(path, F_OK), -1);
}

static void
a_server_that_lives_and_a_file_are_left_alone(void **state)
{
    struct world *w = *state;
    vsk_bridge_options options = vsk_bridge_options_default();
    vsk_bridge other;
    char path[80];
    uint32_t before = rig_fds();
    int fd;

    options.path = w->path;
    assert_int_equal(vsk_bridge_open(&other, &w->device, &options),
                     VSK_ERR_BUSY);
    (void)snprintf(path, sizeof path, "%s/file", w->folder);
    fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    (void)close(fd);
    options.path = path;
    assert_int_equal(vsk_bridge_open(&other, &w->device, &options),
                     VSK_ERR_BUSY);

    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(rig_fds(), before);
    expect_idle(w);
    (void)close(program_dials(w, PORT, SOCK_STREAM));
    expect_idle(w);
}

static void
a_socket_that_somebody_else_has_too_is_not_waited_for(void **state)
{
    struct world *w = *state;
    const vsk_bridge_link *link = &w->bridge.links[w->bridge.free];
    int fd = program_connects(w, SOCK_STREAM);
    int copy;

    UNTIL(w, w->bridge.count == 1);
    copy = dup(link->fd);
    (void)close(fd);
    UNTIL(w, w->bridge.count == 0);
    world_run(w, 3);

    assert_false(rig_readable(vsk_bridge_fileno(&w->bridge)));
    (void)close(copy);
}

static void
a_server_of_another_type_is_left_alone(void **state)
{
    struct world *w = *state;
    vsk_bridge_options options = vsk_bridge_options_default();
    int listener = program_listens(w, PORT, SOCK_SEQPACKET);
    vsk_bridge other;
    char path[80];

    (void)snprintf(path, sizeof path, "%s.seq_%u", w->path, PORT);
    options.path = path;
    assert_int_equal(vsk_bridge_open(&other, &w->device, &options),
                     VSK_ERR_BUSY);

    assert_int_equal(access(path, F_OK), 0);
    (void)close(listener);
}

static void
anothers_file_is_not_removed(void **state)
{
    struct world *w = *state;
    vsk_bridge_options options = vsk_bridge_options_default();
    int listener = program_listens(w, PORT, SOCK_STREAM);
    vsk_bridge other;
    char path[80];
    char program[80];

    (void)snprintf(path, sizeof path, "%s/other", w->folder);
    (void)snprintf(program, sizeof program, "%s_%u", w->path, PORT);
    options.path = path;
    assert_int_equal(vsk_bridge_open(&other, &w->device, &options), VSK_OK);
    assert_int_equal(rename(program, path), 0);
    vsk_bridge_close(&other);

    assert_int_equal(access(path, F_OK), 0);
    (void)close(listener);
}

static void
a_path_must_have_room_for_its_ports(void **state)
{
    struct world *w = *state;
    vsk_bridge_options options = vsk_bridge_options_default();
    vsk_bridge other;
    char path[VSK_BRIDGE_PATH + 2];

    memset(path, 'x', sizeof path);
    path[VSK_BRIDGE_PATH + 1] = '\0';
    assert_int_equal(vsk_bridge_open(&other, &w->device, &options),
                     VSK_ERR_ARGUMENT);
    options.path = "";
    assert_int_equal(vsk_bridge_open(&other, &w->device, &options),
                     VSK_ERR_ARGUMENT);
    options.path = path;
    assert_int_equal(vsk_bridge_open(&other, &w->device, &options),
                     VSK_ERR_ARGUMENT);
    options.path = "/nowhere/at/all";
    assert_int_equal(vsk_bridge_open(&other, &w->device, &options),
                     VSK_ERR_SYSTEM);
    path[VSK_BRIDGE_PATH] = '\0'; /* the longest one: of nothing */
    memcpy(path, options.path, strlen(options.path));
    options.path = path;
    assert_int_equal(vsk_bridge_open(&other, &w->device, &options),
                     VSK_ERR_SYSTEM);
    options.connections = UINT32_MAX - 3;
    assert_int_equal(vsk_bridge_open(&other, &w->device, &options),
                     VSK_ERR_ARGUMENT);
    options.connections = 0;
    assert_int_equal(vsk_bridge_open(&other, &w->device, &options),
                     VSK_ERR_ARGUMENT);
}

static void
closing_resets_who_is_connected(void **state)
{
    struct world *w = *state;
    int fd;
    struct app *app = joined(w, VSK_TYPE_STREAM, &fd);
    vsk_bridge_options options = vsk_bridge_options_default();

    vsk_bridge_close(&w->bridge);
    options.path = w->path;
    assert_int_equal(vsk_bridge_open(&w->bridge, &w->device, &options), VSK_OK);
    vsk_lab_wake(&w->lab, 0, VSK_SIDE_DEVICE);

    program_expects_end(w, fd);
    expect_reason(w, app, VSK_REASON_RESET);
    (void)close(fd);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_guest_reaches_a_program_at_the_ports_path),
        CASE(a_program_that_has_read_a_little_costs_the_guest_no_packet),
        CASE(a_port_without_a_program_is_refused),
        CASE(a_program_that_has_died_is_refused),
        CASE(another_type_of_socket_is_refused),
        CASE(a_program_that_is_slow_to_accept_is_waited_for),
        CASE(a_program_that_never_accepts_is_given_up),
        CASE(a_guest_that_gives_up_is_not_connected),
        CASE(a_program_dials_and_is_told_the_hosts_port),
        CASE(a_line_may_come_byte_by_byte),
        CASE(what_follows_the_line_is_the_guests),
        CASE(a_program_that_has_said_all_may_go),
        CASE(a_program_may_go_before_the_guest_has_answered),
        CASE(a_program_that_goes_with_nothing_said_takes_its_request_back),
        CASE(a_program_that_is_refused_reads_the_end),
        CASE(junk_is_answered_with_the_end),
        CASE(a_program_that_goes_before_its_line_is_complete_is_forgotten),
        CASE(without_a_guest_nobody_is_reached),
        CASE(a_mebibyte_comes_back_after_a_half_close_of_the_programs),
        CASE(a_mebibyte_comes_back_after_a_half_close_of_the_guests),
        CASE(a_hundred_connections_talk_at_once),
        CASE(a_program_that_does_not_read_holds_back_its_guest_only),
        CASE(a_guest_that_does_not_read_is_not_buffered_for),
        CASE(what_waits_takes_no_turns),
        CASE(a_program_that_dies_takes_no_turns_while_its_guest_sleeps),
        CASE(a_program_that_dies_tells_the_guest_that_nobody_reads),
        CASE(a_program_that_only_stops_reading_may_go_on_writing),
        CASE(what_waits_comes_before_what_follows),
        CASE(a_guest_that_stops_reading_ends_what_the_program_writes),
        CASE(what_a_guest_wrote_before_it_closed_is_kept),
        CASE(what_nobody_reads_is_not_kept_for_ever),
        CASE(a_driver_that_resets_its_device_ends_all),
        CASE(messages_of_the_guest_keep_their_edges),
        cmocka_unit_test(a_message_is_larger_than_sockets_take_by_default),
        CASE(a_message_in_many_packets_is_one),
        CASE(messages_of_a_program_keep_their_edges),
        CASE(a_message_goes_on_where_the_guest_had_no_room),
        cmocka_unit_test(a_programs_message_is_larger_than_a_turn),
        CASE(messages_of_no_bytes_come_through_both_ways),
        CASE(messages_wait_for_a_program_that_does_not_read),
        CASE(the_lines_are_messages_of_their_own),
        CASE(a_message_that_nobody_completes_is_not_passed_on),
        CASE(a_program_is_told_of_a_message_beyond_the_guests_buffer),
        cmocka_unit_test(a_guest_is_told_of_a_message_that_no_socket_takes),
        CASE(empty_messages_do_not_fill_the_memory),
        cmocka_unit_test(more_than_there_are_links_for_are_sent_away),
        CASE(without_descriptors_guests_are_refused_and_programs_wait),
        CASE(descriptors_that_a_program_passes_are_closed),
        cmocka_unit_test(a_mebibyte_goes_both_ways_behind_a_back_end),
        cmocka_unit_test(a_hundred_programs_are_served_by_one_descriptor),
        cmocka_unit_test(a_front_end_that_goes_ends_all),
        CASE(only_the_devices_own_back_end_is_served_and_once),
        CASE(what_a_dead_server_left_is_replaced),
        CASE(a_server_that_lives_and_a_file_are_left_alone),
        CASE(a_socket_that_somebody_else_has_too_is_not_waited_for),
        CASE(a_server_of_another_type_is_left_alone),
        CASE(anothers_file_is_not_removed),
        CASE(a_path_must_have_room_for_its_ports),
        CASE(closing_resets_who_is_connected),
    };

    return cmocka_run_group_tests(tests, set_up_group, NULL);
}
