/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "socket_rig.h"

static uint32_t before;

uint32_t
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

int
rig_count_fds(void **state)
{
    (void)state;
    before = rig_fds();
    return 0;
}

int
rig_same_fds(void **state)
{
    (void)state;
    return rig_fds() == before ? 0 : -1;
}

void
rig_folder(char *folder)
{
    const char *place = getenv("TMPDIR");

    (void)snprintf(folder, RIG_FOLDER, "%s/vsk-XXXXXX",
                   place != NULL && strlen(place) < 32 ? place : "/tmp");
    assert_non_null(mkdtemp(folder));
}

void
rig_pair(int type, int *ends)
{
    assert_int_equal(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends), 0);
}

size_t
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

void
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

bool
rig_readable(int fd)
{
    struct pollfd wanted = {.fd = fd, .events = POLLIN};

    return poll(&wanted, 1, 0) == 1;
}
