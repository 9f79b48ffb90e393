/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The device's state, between a file of the caller's and the back end, which
 * has the other end of a pipe; or of a channel that it brought itself. */
#include "vhost/frontend_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Chunks at a time: a long file must not keep us here. */
#define TURNS 64u

/* Of the answer to SET_DEVICE_STATE_FD. */
#define ANSWER_ERROR 0xffu

/* ---- bytes, without waiting and without SIGPIPE ---- */

/* Whether something can be done at once; a file always can. */
static bool
is_ready(int fd, short events)
{
    struct pollfd wanted = {.fd = fd, .events = events};

    return poll(&wanted, 1, 0) == 1;
}

static bool
waits(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* As write, but a pipe that nobody reads is an error and nothing more. */
static ssize_t
write_quietly(int fd, const uint8_t *data, size_t size)
{
    const struct timespec at_once = {0};
    sigset_t pipe;
    sigset_t old;
    sigset_t pending;
    ssize_t sent;
    int why;

    (void)sigemptyset(&pipe);
    (void)sigaddset(&pipe, SIGPIPE);
    (void)sigpending(&pending);
    (void)pthread_sigmask(SIG_BLOCK, &pipe, &old);
    sent = write(fd, data, size);
    why = errno;
    if (sent < 0 && why == EPIPE && sigismember(&pending, SIGPIPE) == 0)
        (void)sigtimedwait(&pipe, NULL, &at_once);
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    errno = why;
    return sent;
}

/* Write a part of the chunk: a pipe that is writable takes all of it. */
static vsk_status
put(vsk_frontend_flow *transfer, int fd)
{
    const uint8_t *data = transfer->chunk + transfer->done;
    size_t size = transfer->size - transfer->done;
    ssize_t sent = send(fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (sent < 0 && errno == ENOTSOCK) {
        if (!is_ready(fd, POLLOUT))
            return VSK_NONE;
        sent = write_quietly(fd, data, size);
    }
    if (sent < 0)
        return waits() ? VSK_NONE : VSK_ERR_SYSTEM;
    transfer->done += (uint32_t)sent;
    transfer->bytes += (uint64_t)sent;
    return VSK_OK;
}

/* Read the next chunk; VSK_EOF where there is none. */
static vsk_status
get(vsk_frontend_flow *transfer, int fd)
{
    ssize_t got;

    if (!is_ready(fd, POLLIN))
        return VSK_NONE;
    got = read(fd, transfer->chunk, sizeof transfer->chunk);
    if (got < 0)
        return waits() ? VSK_NONE : VSK_ERR_SYSTEM;
    transfer->size = (uint32_t)got;
    transfer->done = 0;
    return got == 0 ? VSK_EOF : VSK_OK;
}

/* ---- life ---- */

void
vsk_frontend_transfer_close(vsk_frontend *frontend)
{
    vsk_frontend_flow *transfer = &frontend->transfer;

    vsk_frontend_drop(frontend, &transfer->brought);
    vsk_frontend_drop(frontend, &transfer->channel);
    vsk_frontend_drop(frontend, &transfer->file);
    transfer->stage = TRANSFER_NONE;
}

void
vsk_frontend_transfer_end(vsk_frontend *frontend, vsk_status status)
{
    vsk_frontend_flow *transfer = &frontend->transfer;

    /* What went wrong first is why the rest did. */
    if (transfer->status != VSK_OK)
        status = transfer->status;
    vsk_notices_say(
        &frontend->notices, VSK_NOTICE_STATE, status,
        "device state %s: %s, %llu bytes", transfer->loads ? "loaded" : "saved",
        vsk_status_text(status), (unsigned long long)transfer->bytes);
    vsk_frontend_transfer_close(frontend);
}

vsk_status
vsk_frontend_transfer(vsk_frontend *frontend, int fd, bool loads)
{
    int copy;

    if (frontend->state != VSK_FRONTEND_STOPPED ||
        frontend->transfer.stage != TRANSFER_NONE ||
        !vsk_frontend_has(frontend, VSK_PROTOCOL_DEVICE_STATE))
        return VSK_ERR_STATE;
    copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        return VSK_ERR_SYSTEM;
    frontend->transfer = (vsk_frontend_flow){
        .stage = TRANSFER_ASKED,
        .loads = loads,
        .brought = -1,
        .channel = -1,
        .file = copy,
    };
    vsk_frontend_wake(frontend);
    return VSK_OK;
}

vsk_status
vsk_frontend_transfer_pipe(vsk_frontend *frontend, int *fd)
{
    bool loads = frontend->transfer.loads;
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return VSK_ERR_SYSTEM;
    frontend->transfer.channel = ends[loads ? 1 : 0];
    *fd = ends[loads ? 0 : 1];
    return VSK_OK;
}

vsk_status
vsk_frontend_transfer_agreed(vsk_frontend *frontend, uint64_t answer)
{
    vsk_frontend_flow *transfer = &frontend->transfer;

    if ((answer & ANSWER_ERROR) != 0) {
        vsk_frontend_transfer_end(frontend, VSK_BAD_ACK);
        return VSK_OK;
    }
    if ((answer & VSK_MESSAGE_NO_FD) == 0) {
        /* VHU-FE-21: ours is not used */
        if (transfer->brought < 0)
            return VSK_BAD_FDS;
        vsk_frontend_drop(frontend, &transfer->channel);
        transfer->channel = transfer->brought;
        transfer->brought = -1;
    }
    vsk_frontend_drop(frontend, &transfer->brought);
    transfer->stage = TRANSFER_FLOWS;
    transfer->deadline = vsk_frontend_until(frontend, vsk_loop_now());
    vsk_frontend_wake(frontend);
    return VSK_OK;
}

/* ---- bytes pass ---- */

/* Read or write once. */
static vsk_status
pass(vsk_frontend_flow *transfer, int *blocked)
{
    int from = transfer->loads ? transfer->file : transfer->channel;
    int to = transfer->loads ? transfer->channel : transfer->file;
    bool reads = transfer->done == transfer->size;

    *blocked = reads ? from : to;
    return reads ? get(transfer, from) : put(transfer, to);
}

/* Wait for the end that is not ready; the back end may not take for ever. */
static void
wait_for(vsk_frontend *frontend, uint64_t now, int fd)
{
    vsk_frontend_flow *transfer = &frontend->transfer;
    bool reads = transfer->done == transfer->size;

    if (fd != transfer->channel)
        transfer->deadline = UINT64_MAX;
    else if (now >= transfer->deadline)
        vsk_frontend_end(frontend, VSK_TIMEOUT, NULL,
                         "the device's state stands still");
    if (frontend->state == VSK_FRONTEND_OVER)
        return;
    (void)vsk_loop_watch(&frontend->loop, fd,
                         reads ? VSK_LOOP_IN : VSK_LOOP_OUT, TAG_TRANSFER);
}

void
vsk_frontend_transfer_flow(vsk_frontend *frontend, uint64_t now)
{
    vsk_frontend_flow *transfer = &frontend->transfer;
    vsk_status status = VSK_OK;
    uint32_t turns = 0;
    int fd = -1;

    if (transfer->stage != TRANSFER_FLOWS)
        return;
    vsk_loop_unwatch(&frontend->loop, transfer->channel);
    vsk_loop_unwatch(&frontend->loop, transfer->file);
    while (status == VSK_OK && turns < TURNS) {
        status = pass(transfer, &fd);
        turns++;
    }
    if (turns > 1)
        transfer->deadline = vsk_frontend_until(frontend, now);
    if (status == VSK_NONE) {
        wait_for(frontend, now, fd);
        return;
    }
    transfer->more = status == VSK_OK;
    if (transfer->more)
        return;
    if (status != VSK_EOF)
        transfer->status = status;
    /* VHU-BOTH-06: the end of the file is what tells the reader. */
    vsk_frontend_drop(frontend, &transfer->channel);
    transfer->stage = TRANSFER_CHECKED;
}
