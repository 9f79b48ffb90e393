// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause

#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "checks.h"
#include "rig.h"

/* Two bytes out of each message: the rest must not show up in the next one. */
#define CUT 2

void
check_boundaries(int type, size_t size)
{
    static const size_t sizes[] = {1, 2, 44, 3732, 3733, 4096, 1, 30000, 65536};
    uint8_t got[65536 + 1];
    const uint8_t *data = pattern(sizeof got);
    int fd = dial(type, PORT_ECHO);
    size_t count = sizeof sizes / sizeof *sizes;

    (void)size;
    for (size_t i = 0; i < count; i++)
        if (sizes[i] <= device_buffer)
            send_all(fd, data + i, sizes[i]);
    if (shutdown(fd, SHUT_WR) < 0)
        fail_errno("shutdown");
    for (size_t i = 0; i < count; i++) {
        size_t length;

        if (sizes[i] > device_buffer)
            continue;
        length = recv_some(fd, got, sizeof got);
        if (length != sizes[i])
            fail("a message of %zu bytes came as %zu", sizes[i], length);
        expect_bytes(got, data + i, length);
    }
    expect_end(fd);
}

void
check_truncated(int type, size_t size)
{
    uint8_t got[CUT];
    const uint8_t *data = pattern(4000);
    int fd = dial(type, PORT_ECHO);

    (void)size;
    for (size_t i = 0; i < 3; i++)
        send_all(fd, data + i, 1000 * (i + 1));
    for (size_t i = 0; i < 3; i++) {
        struct iovec part = {.iov_base = got, .iov_len = sizeof got};
        struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
        ssize_t length = recvmsg(fd, &message, MSG_TRUNC);

        if (length < 0)
            fail_errno("recvmsg");
        if ((size_t)length != 1000 * (i + 1))
            fail("message %zu had %zd bytes", i, length);
        if ((message.msg_flags & MSG_TRUNC) == 0)
            fail("message %zu was not said to be cut", i);
        expect_bytes(got, data + i, sizeof got);
    }
}

void
check_too_long(int type, size_t size)
{
    const uint8_t *data = pattern(device_buffer + 1);
    int fd = make_socket(type, 0);

    (void)size;
    /* Linux sends no message that its own buffer would not hold either. */
    set_buffer(fd, device_buffer + 1);
    errno = try_connect(fd, PORT_SINK);
    if (errno != 0)
        fail_errno("connect");
    if (send(fd, data, device_buffer + 1, MSG_NOSIGNAL) >= 0)
        fail("a message longer than the peer's buffer was sent");
    /* What Linux says before 6.7. */
    if (errno != EMSGSIZE && errno != ENOMEM)
        fail_errno("send of a message that is too long");
    send_all(fd, data, device_buffer);

    expect_report(fd, data, device_buffer, 1);
}
