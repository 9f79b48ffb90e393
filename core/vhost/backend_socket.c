/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/backend_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 8
#define NEVER UINT64_MAX

static int
new_socket(int type)
{
    return socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* Close what was not to be; errno stays that of the failure. */
static vsk_status
failed(int fd, vsk_status status)
{
    int number = errno;

    (void)close(fd);
    errno = number;
    return status;
}

static bool
has_socket(const vsk_backend *backend)
{
    return backend->listener >= 0 || backend->dials || backend->connected;
}

static vsk_status
make_address(struct sockaddr_un *address, const char *path)
{
    size_t length = strlen(path);

    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    if (length == 0 || length >= sizeof address->sun_path)
        return VSK_ERR_ARGUMENT;
    memcpy(address->sun_path, path, length);
    return VSK_OK;
}

static bool
connects(int fd, const struct sockaddr_un *address)
{
    return connect(fd, (const struct sockaddr *)address, sizeof *address) == 0;
}

/* ---- listening ---- */

/* Whether a file is a socket that nobody has open any more. Asked with another
 * type of socket, so that a server that lives hears nothing of it. */
static vsk_status
is_stale(const struct sockaddr_un *address)
{
    struct stat about;
    vsk_status status = VSK_ERR_BUSY;
    int probe;

    if (lstat(address->sun_path, &about) < 0)
        return VSK_ERR_SYSTEM;
    if (!S_ISSOCK(about.st_mode)) {
        errno = EADDRINUSE;
        return VSK_ERR_SYSTEM;
    }
    probe = new_socket(SOCK_DGRAM);
    if (probe < 0)
        return VSK_ERR_SYSTEM;
    if (!connects(probe, address) && errno != EPROTOTYPE)
        status = errno == ECONNREFUSED ? VSK_OK : VSK_ERR_SYSTEM;
    return failed(probe, status);
}

static vsk_status
bind_to(int fd, const struct sockaddr_un *address)
{
    const struct sockaddr *place = (const struct sockaddr *)address;
    vsk_status status;

    if (bind(fd, place, sizeof *address) == 0)
        return VSK_OK;
    if (errno != EADDRINUSE)
        return VSK_ERR_SYSTEM;
    status = is_stale(address);
    if (status != VSK_OK)
        return status;
    if (unlink(address->sun_path) < 0 || bind(fd, place, sizeof *address) < 0)
        return VSK_ERR_SYSTEM;
    return VSK_OK;
}

vsk_status
vsk_backend_listen(vsk_backend *backend, const char *path)
{
    struct sockaddr_un address;
    struct stat about;
    vsk_status status;
    int fd;

    if (has_socket(backend))
        return VSK_ERR_BUSY;
    if (make_address(&address, path) != VSK_OK)
        return VSK_ERR_ARGUMENT;
    fd = new_socket(SOCK_STREAM);
    if (fd < 0)
        return VSK_ERR_SYSTEM;
    status = bind_to(fd, &address);
    if (status != VSK_OK)
        return failed(fd, status);
    if (listen(fd, BACKLOG) < 0 || lstat(path, &about) < 0 ||
        vsk_loop_watch(&backend->loop, fd, VSK_LOOP_IN, VSK_TAG_LISTENER) !=
            VSK_OK) {
        status = failed(fd, VSK_ERR_SYSTEM);
        (void)unlink(path);
        return status;
    }
    memcpy(backend->path, address.sun_path, sizeof backend->path);
    backend->file[0] = (uint64_t)about.st_dev;
    backend->file[1] = (uint64_t)about.st_ino;
    backend->listener = fd;
    return VSK_OK;
}

void
vsk_backend_leave(vsk_backend *backend)
{
    struct stat about;
    bool bound = backend->listener >= 0 && backend->path[0] != '\0';

    vsk_backend_drop(backend, &backend->listener);
    /* Somebody else's file may stand there by now. */
    if (bound && lstat(backend->path, &about) == 0 &&
        (uint64_t)about.st_dev == backend->file[0] &&
        (uint64_t)about.st_ino == backend->file[1])
        (void)unlink(backend->path);
    backend->path[0] = '\0';
    backend->retry_at = NEVER;
}

static bool
has_left(const vsk_backend *backend)
{
    struct pollfd front = {.fd = backend->channel.fd, .events = POLLRDHUP};

    return poll(&front, 1, 0) > 0;
}

void
vsk_backend_accept(vsk_backend *backend)
{
    int fd;

    if (backend->listener < 0)
        return;
    /* Who comes back at once waits until the session it has left is over. */
    if (has_left(backend))
        return;
    fd = accept4(backend->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0 && backend->connected) {
        (void)close(fd);
        vsk_backend_note(backend, VSK_NOTICE_REFUSED, VSK_ERR_BUSY,
                         "another front end came while one is served");
    } else if (fd >= 0) {
        if (vsk_backend_begin(backend, fd) != VSK_OK)
            (void)close(fd);
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
               errno == ENOBUFS) {
        /* It would stay readable: wait until descriptors may be free. */
        vsk_loop_unwatch(&backend->loop, backend->listener);
        backend->retry_at = vsk_loop_now() + VSK_BACKEND_RETRY;
        vsk_backend_note(backend, VSK_NOTICE_NOTE, VSK_ERR_SYSTEM,
                         "a front end waits: no descriptor is free");
    }
}

/* ---- dialling ---- */

vsk_status
vsk_backend_dial(vsk_backend *backend, const char *path)
{
    struct sockaddr_un address;

    if (has_socket(backend))
        return VSK_ERR_BUSY;
    if (make_address(&address, path) != VSK_OK)
        return VSK_ERR_ARGUMENT;
    memcpy(backend->path, address.sun_path, sizeof backend->path);
    backend->dials = true;
    /* To a process that comes back a front end tells no region again that it
       has added before; in SET_MEM_TABLE it tells all, at each start. */
    backend->options.protocol &= ~VSK_BIT(VSK_PROTOCOL_CONFIGURE_MEM_SLOTS);
    backend->retry_at = 0;
    vsk_backend_wake(backend);
    return VSK_OK;
}

static bool
dial_again(vsk_backend *backend, uint64_t now)
{
    struct sockaddr_un address;
    int fd = new_socket(SOCK_STREAM);

    backend->retry_at = now + VSK_BACKEND_RETRY;
    if (fd < 0)
        return false;
    (void)make_address(&address, backend->path);
    if (!connects(fd, &address) || vsk_backend_begin(backend, fd) != VSK_OK) {
        (void)close(fd);
        return false;
    }
    backend->retry_at = NEVER;
    return true;
}

bool
vsk_backend_try_again(vsk_backend *backend, uint64_t now)
{
    if (now < backend->retry_at)
        return false;
    if (backend->dials && !backend->connected)
        return dial_again(backend, now);
    backend->retry_at = NEVER;
    if (backend->listener >= 0 &&
        vsk_loop_watch(&backend->loop, backend->listener, VSK_LOOP_IN,
                       VSK_TAG_LISTENER) != VSK_OK)
        backend->retry_at = now + VSK_BACKEND_RETRY;
    return false;
}

/* ---- a socket that is there ---- */

vsk_status
vsk_backend_adopt(vsk_backend *backend, int fd)
{
    int listens = 0;
    socklen_t size = sizeof listens;
    int flags = fcntl(fd, F_GETFL);

    if (has_socket(backend))
        return VSK_ERR_BUSY;
    if (flags < 0 ||
        getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) < 0)
        return VSK_ERR_SYSTEM;
    if (!listens)
        return vsk_backend_begin(backend, fd);
    if (fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
        vsk_loop_watch(&backend->loop, fd, VSK_LOOP_IN, VSK_TAG_LISTENER) !=
            VSK_OK)
        return VSK_ERR_SYSTEM;
    backend->listener = fd;
    return VSK_OK;
}
