/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/backend_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define PIECE 65536u /* bytes of a turn */
#define FAILED 1u    /* in answers: not done */
#define LOADS 1u     /* direction */

/* ---- moving ---- */

/* Write to what may be a pipe that nobody reads: no SIGPIPE comes of it, and
 * one that was there before stays. */
static ssize_t
write_quietly(int fd, const uint8_t *data, size_t size)
{
    const struct timespec now = {0};
    sigset_t broken, pending, before;
    ssize_t sent;
    int number;

    (void)sigemptyset(&broken);
    (void)sigaddset(&broken, SIGPIPE);
    (void)sigpending(&pending);
    (void)pthread_sigmask(SIG_BLOCK, &broken, &before);
    sent = write(fd, data, size);
    number = errno;
    if (sent < 0 && number == EPIPE && sigismember(&pending, SIGPIPE) == 0)
        (void)sigtimedwait(&broken, NULL, &now);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = number;
    return sent;
}

/* The bytes that a device may have saved whose tables are like ours. */
static uint64_t
most_bytes(const vsk_device *device)
{
    return 4096 + UINT64_C(128) * (device->endpoint.table.capacity +
                                   (uint64_t)device->endpoint.orphan_capacity);
}

void
vsk_backend_cancel(vsk_backend *backend)
{
    vsk_backend_drop(backend, &backend->transfer);
    free(backend->state);
    backend->state = NULL;
    backend->eager = false;
}

static void
finish(vsk_backend *backend, vsk_status status)
{
    vsk_backend_cancel(backend);
    backend->state_result = status;
}

/* All of it is there: go on with it. Whom the connections belonged to is not
 * here; the driver hears of that. */
static void
restore(vsk_backend *backend)
{
    vsk_device *device = backend->device;
    uint64_t now = vsk_loop_now();
    vsk_status status =
        vsk_device_restore(device, now, backend->state, backend->state_done);

    if (status == VSK_OK) {
        vsk_device_reset_connections(device, now);
        backend->stale = true;
    }
    /* What the front end says of features is what counts. */
    (void)vsk_backend_agree(backend);
    finish(backend, status);
}

static bool
load_some(vsk_backend *backend)
{
    uint64_t room = backend->state_size - backend->state_done;
    ssize_t got;

    /* With no room left it reads nothing, and is found to be no state. */
    got = read(backend->transfer, backend->state + backend->state_done,
               room < PIECE ? (size_t)room : PIECE);
    if (got > 0)
        backend->state_done += (uint64_t)got;
    else if (got == 0)
        restore(backend);
    else if (errno == EAGAIN || errno == EWOULDBLOCK)
        return false;
    else if (errno != EINTR)
        finish(backend, VSK_ERR_SYSTEM);
    return true;
}

static bool
save_some(vsk_backend *backend)
{
    uint64_t left = backend->state_size - backend->state_done;
    ssize_t sent =
        write_quietly(backend->transfer, backend->state + backend->state_done,
                      left < PIECE ? (size_t)left : PIECE);

    if (sent >= 0)
        backend->state_done += (uint64_t)sent;
    else if (errno == EAGAIN || errno == EWOULDBLOCK)
        return false;
    else if (errno != EINTR)
        finish(backend, errno == EPIPE ? VSK_BAD_HANGUP : VSK_ERR_SYSTEM);
    if (backend->transfer >= 0 && backend->state_done == backend->state_size)
        finish(backend, VSK_OK);
    return true;
}

bool
vsk_backend_pump(vsk_backend *backend)
{
    if (backend->transfer < 0)
        return false;
    return backend->loads ? load_some(backend) : save_some(backend);
}

/* ---- requests ---- */

/* Have the bytes to write, or room for those to be read. */
static vsk_status
prepare(vsk_backend *backend, bool loads)
{
    vsk_device *device = backend->device;
    uint64_t size = loads ? most_bytes(device) : vsk_device_saved_bytes(device);

    backend->state = malloc((size_t)size);
    if (backend->state == NULL)
        return VSK_ERR_NOMEM;
    backend->loads = loads;
    backend->state_size = size;
    backend->state_done = 0;
    backend->state_result = VSK_NONE;
    if (!loads)
        return vsk_device_save(device, vsk_loop_now(), backend->state, size);
    /* What was before is over; it is told before the bytes are looked at. */
    if (device->setup.status != 0 || device->endpoint.table.count != 0)
        (void)vsk_device_write_status(device, vsk_loop_now(), 0);
    return VSK_OK;
}

static vsk_status
begin(vsk_backend *backend, vsk_asked *asked)
{
    const vsk_transfer *transfer = &asked->message.transfer;
    bool loads = transfer->direction == LOADS;
    int fd = asked->fds.fds[0];
    int flags = fcntl(fd, F_GETFL);
    vsk_status status;

    if (transfer->direction > LOADS || transfer->phase != 0)
        return VSK_ERR_ARGUMENT;
    if (backend->device->started != 0)
        return VSK_ERR_BUSY;
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
        return VSK_ERR_SYSTEM;
    status = prepare(backend, loads);
    if (status != VSK_OK)
        return status;
    backend->transfer = vsk_fds_take(&asked->fds, 0);
    /* A file cannot be waited for, and need not be. */
    backend->eager = vsk_loop_watch(&backend->loop, backend->transfer,
                                    loads ? VSK_LOOP_IN : VSK_LOOP_OUT,
                                    VSK_TAG_TRANSFER) != VSK_OK;
    return VSK_OK;
}

vsk_status
vsk_backend_set_state_fd(vsk_backend *backend, vsk_asked *asked)
{
    vsk_backend_cancel(backend);
    asked->refused = begin(backend, asked);
    if (asked->refused != VSK_OK)
        finish(backend, asked->refused);
    /* VHU-BE-47: the front end's descriptor is used, ours does not exist */
    asked->message.u64 =
        VSK_MESSAGE_NO_FD | (asked->refused != VSK_OK ? FAILED : 0u);
    return VSK_OK;
}

/* The front end has written, or read, all of it: no byte is on its way. */
vsk_status
vsk_backend_check_state(vsk_backend *backend, vsk_asked *asked)
{
    while (vsk_backend_pump(backend))
        ;
    if (backend->transfer >= 0)
        finish(backend, VSK_BAD_HANGUP);
    asked->message.u64 = backend->state_result != VSK_OK ? FAILED : 0u;
    return VSK_OK;
}
