/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/loop.h"

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define SECOND UINT64_C(1000000000)
#define TIMER UINT64_MAX /* tag of the deadline */

vsk_status
vsk_loop_init(vsk_loop *loop)
{
    vsk_loop made = {.deadline = UINT64_MAX};

    made.fd = epoll_create1(EPOLL_CLOEXEC);
    if (made.fd < 0)
        return VSK_ERR_SYSTEM;
    made.timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (made.timer < 0 ||
        vsk_loop_watch(&made, made.timer, VSK_LOOP_IN, TIMER) != VSK_OK) {
        vsk_loop_close(&made);
        return VSK_ERR_SYSTEM;
    }
    *loop = made;
    return VSK_OK;
}

void
vsk_loop_close(vsk_loop *loop)
{
    if (loop->timer >= 0)
        (void)close(loop->timer);
    if (loop->fd >= 0)
        (void)close(loop->fd);
    loop->timer = -1;
    loop->fd = -1;
}

vsk_status
vsk_loop_watch(vsk_loop *loop, int fd, uint32_t what, uint64_t tag)
{
    struct epoll_event wanted = {
        .events = ((what & VSK_LOOP_IN) != 0 ? (uint32_t)EPOLLIN : 0u) |
                  ((what & VSK_LOOP_OUT) != 0 ? (uint32_t)EPOLLOUT : 0u),
        .data.u64 = tag,
    };

    if (epoll_ctl(loop->fd, EPOLL_CTL_MOD, fd, &wanted) == 0)
        return VSK_OK;
    if (errno != ENOENT || epoll_ctl(loop->fd, EPOLL_CTL_ADD, fd, &wanted) != 0)
        return VSK_ERR_SYSTEM;
    return VSK_OK;
}

void
vsk_loop_unwatch(vsk_loop *loop, int fd)
{
    if (fd >= 0)
        (void)epoll_ctl(loop->fd, EPOLL_CTL_DEL, fd, NULL);
}

void
vsk_loop_alarm(vsk_loop *loop, uint64_t deadline)
{
    struct itimerspec when = {0};

    if (deadline == loop->deadline)
        return;
    loop->deadline = deadline;
    /* All zero would be never: the clock's first nanosecond is long past. */
    if (deadline == 0)
        deadline = 1;
    if (deadline != UINT64_MAX) {
        when.it_value.tv_sec = (time_t)(deadline / SECOND);
        when.it_value.tv_nsec = (long)(deadline % SECOND);
    }
    (void)timerfd_settime(loop->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static void
take_alarm(vsk_loop *loop)
{
    uint64_t expired;

    loop->deadline = UINT64_MAX;
    /* The count does not matter; with nothing to read it was set anew. */
    if (read(loop->timer, &expired, sizeof expired) < 0)
        return;
}

uint32_t
vsk_loop_look(vsk_loop *loop, vsk_ready *ready)
{
    struct epoll_event events[VSK_LOOP_BATCH];
    int count = epoll_wait(loop->fd, events, (int)VSK_LOOP_BATCH, 0);
    uint32_t written = 0;

    for (int i = 0; i < count; i++) {
        uint32_t what = 0;

        if (events[i].data.u64 == TIMER) {
            take_alarm(loop);
            continue;
        }
        if ((events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
            what |= VSK_LOOP_IN;
        if ((events[i].events & (EPOLLOUT | EPOLLERR)) != 0)
            what |= VSK_LOOP_OUT;
        ready[written++] = (vsk_ready){events[i].data.u64, what};
    }
    return written;
}

vsk_status
vsk_loop_wait(const vsk_loop *loop, uint64_t timeout)
{
    struct pollfd wanted = {.fd = loop->fd, .events = POLLIN};
    struct timespec limit = {
        .tv_sec = (time_t)(timeout / SECOND),
        .tv_nsec = (long)(timeout % SECOND),
    };

    return ppoll(&wanted, 1, timeout == UINT64_MAX ? NULL : &limit, NULL) > 0
               ? VSK_OK
               : VSK_NONE;
}

uint64_t
vsk_loop_now(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}
