/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* uds-peer PATH: the host's side of a bridge, on the Unix sockets PATH_PORT of orders.h. One
   process and one epoll for all of its connections. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "orders.h"

#define READY 64
#define QUEUE 1024

struct end {
    int fd;
    int port;
    bool listens;
    struct order order;
    size_t ordered; /* bytes of the order that are there */
    uint64_t done;
};

static int loop;
static uint8_t bytes[1 << 18];

static _Noreturn void
fail(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static void
watch(struct end *end, uint32_t events, int operation)
{
    struct epoll_event event = {.events = events, .data.ptr = end};

    if (epoll_ctl(loop, operation, end->fd, &event) < 0)
        fail("epoll_ctl");
}

static void
add(int fd, int port, bool listens)
{
    struct end *end = calloc(1, sizeof *end);

    if (end == NULL || fd < 0)
        fail("a socket");
    *end = (struct end){.fd = fd, .port = port, .listens = listens};
    watch(end, EPOLLIN, EPOLL_CTL_ADD);
}

static void
drop(struct end *end)
{
    close(end->fd);
    free(end);
}

static void
listen_on(const char *path, int port)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s_%d", path, port);
    if (bind(fd, (const struct sockaddr *)&address, sizeof address) < 0 ||
        listen(fd, QUEUE) < 0)
        fail(address.sun_path);
    add(fd, port, true);
}

/* Write all, and wait for who reads it. */
static bool
write_all(int fd, size_t size)
{
    for (size_t at = 0; at < size;) {
        ssize_t done = send(fd, bytes + at, size - at, MSG_NOSIGNAL);

        if (done < 0)
            return false;
        at += (size_t)done;
    }
    return true;
}

/* Take the order; true when all of it is there. */
static bool
has_order(struct end *end, ssize_t *got)
{
    while (end->ordered < sizeof end->order) {
        *got = recv(end->fd, (uint8_t *)&end->order + end->ordered,
                    sizeof end->order - end->ordered, MSG_DONTWAIT);
        if (*got <= 0)
            return false;
        end->ordered += (size_t)*got;
    }
    return true;
}

static bool
serve_sink(struct end *end)
{
    ssize_t got = recv(end->fd, bytes, sizeof bytes, MSG_DONTWAIT);

    if (got <= 0)
        return got < 0 && errno == EAGAIN;
    end->done += (uint64_t)got;
    return end->done != end->order.bytes || write_all(end->fd, 1);
}

static bool
serve_source(struct end *end)
{
    /* What was left of a write that did not fit goes first. */
    uint64_t size = end->order.size - end->done % end->order.size;
    ssize_t done;

    if (end->done == end->order.bytes) {
        watch(end, EPOLLIN, EPOLL_CTL_MOD);
        return true;
    }
    done = send(end->fd, bytes, (size_t)size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (done > 0)
        end->done += (uint64_t)done;
    return done > 0 || errno == EAGAIN;
}

static bool
serve(struct end *end, uint32_t events)
{
    ssize_t got = 1;

    if (end->port == PORT_ECHO) {
        got = recv(end->fd, bytes, sizeof bytes, MSG_DONTWAIT);
        return got > 0 && write_all(end->fd, (size_t)got);
    }
    if (end->ordered < sizeof end->order) {
        if (!has_order(end, &got))
            return got < 0 && errno == EAGAIN;
        if (end->port == PORT_SOURCE)
            watch(end, EPOLLOUT, EPOLL_CTL_MOD);
        return true;
    }
    if ((events & EPOLLOUT) != 0)
        return serve_source(end);
    return serve_sink(end);
}

int
main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("Usage: uds-peer PATH\n", stderr);
        return 2;
    }
    loop = epoll_create1(0);
    for (int port = PORT_SINK; port <= PORT_ECHO; port++)
        listen_on(argv[1], port);
    for (;;) {
        struct epoll_event ready[READY];
        int count = epoll_wait(loop, ready, READY, -1);

        for (int i = 0; i < count; i++) {
            struct end *end = ready[i].data.ptr;

            if (end->listens)
                add(accept(end->fd, NULL, NULL), end->port, false);
            else if (!serve(end, ready[i].events))
                drop(end);
        }
    }
}
