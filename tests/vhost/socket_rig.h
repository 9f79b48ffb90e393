/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Socket rig: pairs of sockets, and how many descriptors this process holds.
 */
#ifndef VSK_TESTS_SOCKET_RIG_H
#define VSK_TESTS_SOCKET_RIG_H

#include "rig.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/** Count the descriptors of this process. */
static inline uint32_t
rig_fds(void)
{
    DIR *folder = opendir("/proc/self/fd");
    uint32_t count = 0;

    assert_non_null(folder);
    while (readdir(folder) != NULL)
        count++;
    (void)closedir(folder);
    return count;
}

/** Connect two sockets of a type. */
static inline void
rig_pair(int type, int *ends)
{
    assert_int_equal(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends), 0);
}

/** Fill a socket until it takes no more; how many bytes went. */
static inline size_t
rig_fill(int fd)
{
    static uint8_t bytes[4096];
    size_t total = 0;

    for (size_t size = sizeof bytes; size != 0;) {
        ssize_t sent = send(fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (sent > 0)
            total += (size_t)sent;
        else
            size /= 2;
    }
    return total;
}

/** Read so many bytes away. */
static inline void
rig_skip(int fd, size_t size)
{
    static uint8_t bytes[4096];

    while (size != 0) {
        size_t most = size < sizeof bytes ? size : sizeof bytes;
        ssize_t got = recv(fd, bytes, most, 0);

        assert_true(got > 0);
        size -= (size_t)got;
    }
}

/** Whether a descriptor is readable now. */
static inline bool
rig_readable(int fd)
{
    struct pollfd wanted = {.fd = fd, .events = POLLIN};

    return poll(&wanted, 1, 0) == 1;
}

#endif
