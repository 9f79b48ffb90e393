// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause

#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/errqueue.h>

#include "checks.h"
#include "rig.h"

#ifndef SOL_VSOCK
#define SOL_VSOCK 287
#endif
#ifndef VSOCK_RECVERR
#define VSOCK_RECVERR 1
#endif
#define ZEROCOPY_SENDS 16

/* How long a message of a transfer may be: what either buffer holds. */
static size_t
longest(int type)
{
    const size_t own = 65536;

    if (type == SOCK_STREAM)
        return SIZE_MAX;
    return device_buffer < own ? device_buffer : own;
}

static uint32_t
send_pieces(int fd, const uint8_t *data, size_t size, size_t most)
{
    uint32_t count = 0;

    for (size_t at = 0; at < size; count++) {
        size_t piece = size - at < most ? size - at : most;

        send_all(fd, data + at, piece);
        at += piece;
    }
    return count;
}

void
check_send(int type, size_t size)
{
    const uint8_t *data = pattern(size);
    int fd = dial(type, PORT_SINK);
    uint32_t count = send_pieces(fd, data, size, longest(type));

    expect_report(fd, data, size, type == SOCK_STREAM ? 0 : count);
}

static void
order(int fd, size_t size)
{
    uint8_t wire[8];

    put_le(wire, size, sizeof wire);
    send_all(fd, wire, sizeof wire);
}

static void
receive(int fd, size_t size)
{
    uint8_t *got = malloc(size);

    if (got == NULL)
        fail_errno("malloc");
    recv_exactly(fd, got, size);
    expect_bytes(got, pattern(size), size);
    expect_end(fd);
}

void
check_receive(int type, size_t size)
{
    int fd = dial(type, PORT_SOURCE);

    order(fd, size);

    receive(fd, size);
}

void
check_echo(int type, size_t size)
{
    const uint8_t *data = pattern(size);
    int fd = dial(type, PORT_ECHO);
    pid_t sender = fork();
    int status;

    if (sender < 0)
        fail_errno("fork");
    if (sender == 0) {
        send_pieces(fd, data, size, longest(type));
        if (shutdown(fd, SHUT_WR) < 0)
            fail_errno("shutdown");
        _exit(EXIT_SUCCESS);
    }
    receive(fd, size);
    if (waitpid(sender, &status, 0) < 0 || status != 0)
        fail("the sender failed");
}

void
check_small_writes(int type, size_t size)
{
    const uint8_t *data = pattern(size);
    int fd = dial(type, PORT_SINK);
    uint32_t count = send_pieces(fd, data, size, 1);

    expect_report(fd, data, size, type == SOCK_STREAM ? 0 : count);
}

void
check_empty_write(int type, size_t size)
{
    int fd = dial(type, PORT_SINK);

    if (send(fd, "", size, 0) != 0)
        fail_errno("send of nothing");
    send_all(fd, "x", 1);

    expect_report(fd, (const uint8_t *)"x", 1, type == SOCK_STREAM ? 0 : 1);
}

/* How many sends one notification is about; 0 when none is there yet. */
static uint32_t
completed(int fd)
{
    char control[256];
    struct msghdr message = {
        .msg_control = control,
        .msg_controllen = sizeof control,
    };
    struct sock_extended_err error;
    const struct cmsghdr *head;

    if (recvmsg(fd, &message, MSG_ERRQUEUE) < 0) {
        if (errno != EAGAIN)
            fail_errno("recvmsg of the error queue");
        return 0;
    }
    head = CMSG_FIRSTHDR(&message);
    if (head == NULL || head->cmsg_level != SOL_VSOCK ||
        head->cmsg_type != VSOCK_RECVERR)
        fail("no notification in the error queue");
    memcpy(&error, CMSG_DATA(head), sizeof error);
    if (error.ee_origin != SO_EE_ORIGIN_ZEROCOPY)
        fail("a notification of origin %u", error.ee_origin);
    return error.ee_data - error.ee_info + 1;
}

static void
await_completions(int fd, uint32_t wanted)
{
    uint32_t done = 0;

    while (done < wanted) {
        struct pollfd state = {.fd = fd};

        if (poll(&state, 1, 10000) != 1)
            fail("%u of %u sends completed", done, wanted);
        done += completed(fd);
    }
}

void
check_zerocopy(int type, size_t size)
{
    const int on = 1;
    const size_t piece = size < longest(type) ? size : longest(type);
    const uint8_t *data = pattern(piece * ZEROCOPY_SENDS);
    int fd = dial(type, PORT_SINK);

    if (setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &on, sizeof on) < 0)
        skip("this kernel has no zero-copy sends of AF_VSOCK");
    for (size_t i = 0; i < ZEROCOPY_SENDS; i++)
        if (send(fd, data + i * piece, piece, MSG_ZEROCOPY) != (ssize_t)piece)
            fail_errno("send of all with MSG_ZEROCOPY");
    await_completions(fd, ZEROCOPY_SENDS);

    expect_report(fd, data, piece * ZEROCOPY_SENDS,
                  type == SOCK_STREAM ? 0 : ZEROCOPY_SENDS);
}

void
check_small_buffer(int type, size_t size)
{
    int fd = make_socket(type, 0);

    /* The source's messages are up to 4096 bytes long. */
    set_buffer(fd, 4096);
    if (try_connect(fd, PORT_SOURCE) != 0)
        fail_errno("connect");
    order(fd, size);

    receive(fd, size);
}

/* The kernel drops what is on its way when its buffer shrinks below that, so nothing is. The
   device hears of the new size with the first packet of the next round. */
void
check_changing_buffer(int type, size_t size)
{
    static const size_t sizes[] = {8192, 131072, 4096, 262144};
    const uint8_t *data = pattern(size);
    uint8_t *got = malloc(size);
    int fd = dial(type, PORT_ECHO);

    if (got == NULL)
        fail_errno("malloc");
    for (size_t i = 0, at = 0; at < size; i++) {
        size_t room = type == SOCK_STREAM ? size : sizes[i % 4];
        size_t piece = room < longest(type) ? room : longest(type);

        if (piece > 65536)
            piece = 65536;
        if (piece > size - at)
            piece = size - at;
        set_buffer(fd, sizes[i % 4]);
        send_all(fd, data + at, piece);
        recv_exactly(fd, got + at, piece);
        at += piece;
    }

    expect_bytes(got, data, size);
}
