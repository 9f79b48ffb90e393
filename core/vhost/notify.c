/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static bool
full(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK;
}

/* Whether a write would find room: what is not ours may be blocking. */
static bool
has_room(int fd)
{
    struct pollfd wanted = {.fd = fd, .events = POLLOUT};

    return poll(&wanted, 1, 0) == 1 && (wanted.revents & POLLOUT) != 0;
}

vsk_status
vsk_notify_signal(int fd)
{
    const uint64_t one = 1;
    ssize_t sent;

    if (fd < 0)
        return VSK_OK;
    do
        sent = send(fd, &one, sizeof one, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent < 0 && errno == ENOTSOCK) {
        if (!has_room(fd))
            return VSK_OK;
        do
            sent = write(fd, &one, sizeof one);
        while (sent < 0 && errno == EINTR);
    }
    /* A full one was signalled already. */
    if (sent >= 0 || full())
        return VSK_OK;
    return errno == EPIPE || errno == ECONNRESET ? VSK_BAD_HANGUP
                                                 : VSK_ERR_SYSTEM;
}

vsk_status
vsk_notify_drain(int fd)
{
    vsk_status status = VSK_NONE;

    /* A peer that writes as fast as we read must not keep us here. */
    for (int turns = 0; turns < 16; turns++) {
        uint8_t bytes[1024];
        ssize_t got = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);

        if (got < 0 && errno == ENOTSOCK)
            got = read(fd, bytes, sizeof bytes);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return full() ? status
                          : (errno == ECONNRESET ? VSK_EOF : VSK_ERR_SYSTEM);
        if (got == 0)
            return VSK_EOF;
        status = VSK_OK;
        if ((size_t)got < sizeof bytes)
            return status;
    }
    return status;
}

vsk_status
vsk_notify_prepare(int fd)
{
    struct stat about;
    int flags;

    if (fstat(fd, &about) < 0)
        return VSK_BAD_FDS;
    /* Sockets are asked not to wait each time: their flags are shared with a
     * front end that may rely on them. */
    if (S_ISSOCK(about.st_mode))
        return VSK_OK;
    /* An eventfd has no type at all. A pipe is none: SIGPIPE would follow. */
    if ((about.st_mode & S_IFMT) != 0)
        return VSK_BAD_FDS;
    flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
        return VSK_BAD_FDS;
    return VSK_OK;
}

vsk_status
vsk_notify_new(int *fd)
{
    int made = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

    if (made < 0)
        return VSK_ERR_SYSTEM;
    *fd = made;
    return VSK_OK;
}
