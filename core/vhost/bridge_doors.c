/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/bridge_parts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define MILLISECOND UINT64_C(1000000)
#define CLOSED_FOR (100 * MILLISECOND) /* where no descriptors are left */
#define AT_ONCE 16                     /* programs let in at a time */
#define ROOM_MAX (1 << 30)             /* bytes of a socket's buffer */
#define QUEUE 128                      /* programs that wait to be let in */

static int
socket_type(uint16_t type)
{
    return type == VSK_TYPE_STREAM ? SOCK_STREAM : SOCK_SEQPACKET;
}

static struct sockaddr_un
address_of(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    return address;
}

int
vsk_bridge_socket(uint16_t type)
{
    return socket(AF_UNIX, socket_type(type) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

int
vsk_bridge_reach(int fd, const char *path)
{
    struct sockaddr_un address = address_of(path);

    return connect(fd, (const struct sockaddr *)&address, sizeof address);
}

/* ---- doors ---- */

/* Whether nobody listens at a path that is a socket's. */
static bool
is_left_over(const char *path, uint16_t type)
{
    struct stat about;
    int fd, reached, why;

    if (lstat(path, &about) != 0 || !S_ISSOCK(about.st_mode))
        return false;
    fd = vsk_bridge_socket(type);
    if (fd < 0)
        return false;
    reached = vsk_bridge_reach(fd, path);
    why = errno;
    (void)close(fd);
    return reached != 0 && why == ECONNREFUSED;
}

static int
bind_to(const vsk_bridge_door *door, int fd)
{
    struct sockaddr_un address = address_of(door->path);
    const struct sockaddr *name = (const struct sockaddr *)&address;

    if (bind(fd, name, sizeof address) == 0)
        return 0;
    if (errno != EADDRINUSE)
        return -1;
    if (!is_left_over(door->path, door->type)) {
        errno = EADDRINUSE;
        return -1;
    }
    (void)unlink(door->path);
    return bind(fd, name, sizeof address);
}

vsk_status
vsk_bridge_listen(vsk_bridge *bridge, vsk_bridge_door *door, const char *tail)
{
    int fd = vsk_bridge_socket(door->type);
    struct stat about;

    if (fd < 0)
        return VSK_ERR_SYSTEM;
    (void)snprintf(door->path, sizeof door->path, "%s%s", bridge->path, tail);
    if (bind_to(door, fd) != 0) {
        int why = errno;

        (void)close(fd);
        errno = why;
        return why == EADDRINUSE ? VSK_ERR_BUSY : VSK_ERR_SYSTEM;
    }
    door->fd = fd;
    door->node = stat(door->path, &about) == 0 ? about.st_ino : 0;
    return listen(fd, QUEUE) == 0 ? VSK_OK : VSK_ERR_SYSTEM;
}

void
vsk_bridge_shut(vsk_bridge_door *door)
{
    struct stat about;

    if (door->fd < 0)
        return;
    (void)close(door->fd);
    door->fd = -1;
    /* Somebody else may stand there by now. */
    if (stat(door->path, &about) == 0 && about.st_ino == door->node)
        (void)unlink(door->path);
}

void
vsk_bridge_watch_doors(vsk_bridge *bridge, bool open)
{
    for (uint32_t i = 0; i < 2; i++)
        (void)vsk_loop_watch(&bridge->loop, bridge->doors[i].fd,
                             open ? VSK_LOOP_IN : 0, TAG_DOOR + i);
    if (open)
        bridge->closed_until = 0;
}

static void
close_doors(vsk_bridge *bridge, uint64_t now)
{
    vsk_notices_say(&bridge->notices, VSK_NOTICE_NOTE, VSK_ERR_SYSTEM,
                    "nobody is let in: %s", strerror(errno));
    bridge->closed_until = now + CLOSED_FOR;
    vsk_bridge_watch_doors(bridge, false);
    vsk_bridge_wake_at(bridge, bridge->closed_until);
}

void
vsk_bridge_prepare(const vsk_bridge *bridge, int fd, uint16_t type)
{
    uint32_t longest = bridge->device->endpoint.policy.buf_alloc;
    const int room = longest < ROOM_MAX ? (int)longest + 4096 : ROOM_MAX;
    const int on = 1;

    if (type != VSK_TYPE_SEQPACKET)
        return;
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room) != 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    (void)setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
}

void
vsk_bridge_accept(vsk_bridge *bridge, uint64_t now, vsk_bridge_door *door)
{
    for (uint32_t i = 0; i < AT_ONCE; i++) {
        int fd = accept4(door->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        vsk_bridge_link *link;

        if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
            continue;
        if (fd < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
            close_doors(bridge, now);
        if (fd < 0)
            return;
        link = vsk_bridge_take_link(bridge, VSK_BRIDGE_DIALLING, door->type);
        if (link == NULL) {
            vsk_notices_say(&bridge->notices, VSK_NOTICE_NOTE, VSK_ERR_TABLE,
                            "a program was sent away: %u connections",
                            bridge->capacity);
            (void)close(fd);
            continue;
        }
        link->fd = fd;
        vsk_bridge_prepare(bridge, fd, link->type);
        vsk_bridge_watch(bridge, now, link);
    }
}
