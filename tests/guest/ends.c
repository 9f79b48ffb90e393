// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause

#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "checks.h"
#include "rig.h"

#define LINGER_SECONDS 20
#define MANY 100
#define OWN_PORT 5000

void
check_half_close(int type, size_t size)
{
    uint8_t *got = malloc(size);
    const uint8_t *data = pattern(size);
    int fd = dial(type, PORT_ECHO);

    if (got == NULL)
        fail_errno("malloc");
    send_all(fd, data, size);
    if (shutdown(fd, SHUT_WR) < 0)
        fail_errno("shutdown");
    if (send(fd, data, 1, MSG_NOSIGNAL) >= 0 || errno != EPIPE)
        fail("bytes were sent after the end");
    recv_exactly(fd, got, size);

    expect_bytes(got, data, size);
    expect_end(fd);
}

void
check_shut_both(int type, size_t size)
{
    char byte;
    int fd = dial(type, PORT_ECHO);

    (void)size;
    if (shutdown(fd, SHUT_RDWR) < 0)
        fail_errno("shutdown");
    if (recv(fd, &byte, 1, 0) != 0)
        fail("no end after SHUT_RDWR");
    if (send(fd, "x", 1, MSG_NOSIGNAL) >= 0 || errno != EPIPE)
        fail("bytes were sent after SHUT_RDWR");
}

/* What the device says of a sink that this guest's port had, once it is over. */
static struct report
report_of(uint32_t port)
{
    uint8_t wire[4];
    int fd = dial(SOCK_STREAM, PORT_REPORT);

    put_le(wire, port, sizeof wire);
    send_all(fd, wire, sizeof wire);
    return recv_report(fd);
}

static void
expect_arrived(uint32_t port, const uint8_t *data, size_t size)
{
    struct report report = report_of(port);

    if (report.bytes != size)
        fail("%llu bytes of %zu arrived before the close",
             (unsigned long long)report.bytes, size);
    if (report.crc != crc32_of(data, size))
        fail("other bytes arrived before the close");
}

static void
send_messages(int fd, const uint8_t *data, size_t size)
{
    for (size_t at = 0; at < size; at += 1000)
        send_all(fd, data + at, 1000);
}

void
check_linger(int type, size_t size)
{
    const struct linger linger = {.l_onoff = 1, .l_linger = LINGER_SECONDS};
    const uint8_t *data = pattern(size);
    int fd = dial(type, PORT_SINK);
    uint32_t port = port_of(fd);
    struct timespec before;
    struct timespec after;

    if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger) < 0)
        fail_errno("SO_LINGER");
    send_messages(fd, data, size);
    clock_gettime(CLOCK_MONOTONIC, &before);
    close(fd);
    clock_gettime(CLOCK_MONOTONIC, &after);

    if (after.tv_sec - before.tv_sec >= LINGER_SECONDS)
        fail("close waited for an answer that never came");
    expect_arrived(port, data, size);
}

void
check_close(int type, size_t size)
{
    const uint8_t *data = pattern(size);
    int fd = dial(type, PORT_SINK);
    uint32_t port = port_of(fd);

    send_messages(fd, data, size);
    close(fd);

    expect_arrived(port, data, size);
}

void
check_refused(int type, size_t size)
{
    int fd = make_socket(type, 0);

    (void)size;
    errno = try_connect(fd, PORT_REFUSED);
    if (errno != ECONNRESET)
        fail_errno("connect to a port that nobody serves");
}

/* Linux tells a reset of an established connection as its end. */
void
check_reset(int type, size_t size)
{
    char byte;
    int fd = dial(type, PORT_RESET);

    (void)size;
    send_all(fd, "x", 1);

    if (recv(fd, &byte, 1, 0) > 0)
        fail("bytes came out of a reset connection");
    if (send(fd, "x", 1, MSG_NOSIGNAL) >= 0)
        fail("bytes were sent into a reset connection");
}

/* A lingering close waits for the peer's RST, and the port is free then. In newer
   kernels it waits for what was sent alone, and the RST may still be on its way. */
static void
bind_once_free(int fd, uint32_t port)
{
    while ((errno = try_bind(fd, port)) != 0) {
        if (errno != EADDRINUSE)
            fail_errno("bind");
        usleep(1000);
    }
}

void
check_port_reuse(int type, size_t size)
{
    const struct linger linger = {.l_onoff = 1, .l_linger = LINGER_SECONDS};

    for (size_t i = 0; i < size; i++) {
        uint8_t byte = (uint8_t)i;
        int fd = make_socket(type, 0);

        bind_once_free(fd, OWN_PORT);
        errno = try_connect(fd, PORT_ECHO);
        if (errno != 0)
            fail_errno("connect from the same port again");
        send_all(fd, &byte, 1);
        recv_exactly(fd, &byte, 1);
        if (byte != (uint8_t)i)
            fail("a byte of an older connection came");
        if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger) < 0)
            fail_errno("SO_LINGER");
        close(fd);
    }
}

/* Each connection gets bytes of its own out of the pattern, and them back. */
static void
talk_on_all(const int fds[MANY], size_t count)
{
    const size_t size = 1000;
    const uint8_t *data = pattern(size + count);
    uint8_t got[1000];

    for (size_t i = 0; i < count; i++)
        send_all(fds[i], data + i, size);
    for (size_t i = 0; i < count; i++) {
        recv_exactly(fds[i], got, size);
        expect_bytes(got, data + i, size);
    }
    for (size_t i = 0; i < count; i++) {
        if (shutdown(fds[i], SHUT_WR) < 0)
            fail_errno("shutdown");
        expect_end(fds[i]);
    }
}

void
check_many(int type, size_t size)
{
    int fds[MANY];

    for (size_t i = 0; i < size; i++)
        fds[i] = dial(type, PORT_ECHO);

    talk_on_all(fds, size);
}

/* Ask the device to connect to a port of ours. */
static void
ask_for_call(uint32_t port)
{
    uint8_t wire[4];
    int fd = dial(SOCK_STREAM, PORT_CALL);

    put_le(wire, port, sizeof wire);
    send_all(fd, wire, sizeof wire);
}

static int
make_listener(int type)
{
    int fd = make_socket(type, type == SOCK_STREAM ? 6000 : 6001);

    if (listen(fd, 2 * MANY) < 0)
        fail_errno("listen");
    return fd;
}

static int
accept_call(int listener)
{
    int fd = accept(listener, NULL, NULL);

    if (fd < 0)
        fail_errno("accept");
    return fd;
}

void
check_called(int type, size_t size)
{
    const uint8_t *data = pattern(size);
    uint8_t got[1000];
    int listener = make_listener(type);
    int fd;

    ask_for_call(port_of(listener));
    fd = accept_call(listener);
    for (size_t at = 0; at < size; at += sizeof got) {
        send_all(fd, data + at, sizeof got);
        recv_exactly(fd, got, sizeof got);
        expect_bytes(got, data + at, sizeof got);
    }
    if (shutdown(fd, SHUT_WR) < 0)
        fail_errno("shutdown");

    expect_end(fd);
}

void
check_called_many(int type, size_t size)
{
    int fds[MANY];
    int listener = make_listener(type);

    for (size_t i = 0; i < size; i++)
        ask_for_call(port_of(listener));
    for (size_t i = 0; i < size; i++)
        fds[i] = accept_call(listener);

    talk_on_all(fds, size);
}
