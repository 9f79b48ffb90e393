/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* vsock-load: loads a connection from within a guest, and says how long it took.

   vsock-load send SIZE BYTES       to the host, in writes of SIZE
   vsock-load receive SIZE BYTES    from the host, which writes SIZE at a time
   vsock-load echo SIZE BYTES       to the host and back, WINDOW bytes ahead
   vsock-load trips SIZE COUNT      there and back, one after the other
   vsock-load connect 0 COUNT       connect and close, one after the other
   vsock-load hold 0 COUNT          connect so many; they last until stdin ends

   It prints nanoseconds; hold does when all are there. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#include "orders.h"

#define LONGEST 120 /* seconds */
#define WINDOW (128 * 1024)

static uint8_t bytes[1 << 16];

static _Noreturn void
fail(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static int
dial(unsigned int port)
{
    struct sockaddr_vm address = {
        .svm_family = AF_VSOCK,
        .svm_cid = VMADDR_CID_HOST,
        .svm_port = port,
    };
    int fd = socket(AF_VSOCK, SOCK_STREAM, 0);

    if (fd < 0)
        fail("socket");
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) < 0)
        fail("connect");
    return fd;
}

static void
send_all(int fd, const void *from, size_t size)
{
    for (size_t at = 0; at < size;) {
        ssize_t done = send(fd, (const uint8_t *)from + at, size - at, 0);

        if (done < 0)
            fail("send");
        at += (size_t)done;
    }
}

static void
receive_all(int fd, uint64_t size)
{
    while (size != 0) {
        size_t most = size < sizeof bytes ? (size_t)size : sizeof bytes;
        ssize_t done = recv(fd, bytes, most, 0);

        if (done < 0)
            fail("recv");
        if (done == 0) {
            fputs("vsock-load: the host has closed\n", stderr);
            exit(EXIT_FAILURE);
        }
        size -= (uint64_t)done;
    }
}

static void
send_pieces(int fd, uint64_t count, size_t size)
{
    for (uint64_t at = 0; at < count; at += size)
        send_all(fd, bytes, size);
}

static uint64_t
now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void
run_send(size_t size, uint64_t count)
{
    struct order order = {.bytes = count, .size = size};
    int fd = dial(PORT_SINK);

    send_all(fd, &order, sizeof order);
    send_pieces(fd, count, size);
    receive_all(fd, 1);
    close(fd);
}

static void
run_receive(size_t size, uint64_t count)
{
    struct order order = {.bytes = count, .size = size};
    int fd = dial(PORT_SOURCE);

    send_all(fd, &order, sizeof order);
    receive_all(fd, count);
    close(fd);
}

static void
run_echo(size_t size, uint64_t count)
{
    uint64_t ahead = 0; /* bytes that are on their way */
    int fd = dial(PORT_ECHO);

    for (uint64_t at = 0; at < count; at += size, ahead += size) {
        if (ahead == WINDOW) {
            receive_all(fd, size);
            ahead -= size;
        }
        send_all(fd, bytes, size);
    }
    receive_all(fd, ahead);
    close(fd);
}

static void
run_trips(size_t size, uint64_t count)
{
    int fd = dial(PORT_ECHO);

    for (uint64_t i = 0; i < count; i++) {
        send_all(fd, bytes, size);
        receive_all(fd, size);
    }
    close(fd);
}

static void
run_connect(size_t size, uint64_t count)
{
    (void)size;
    for (uint64_t i = 0; i < count; i++)
        close(dial(PORT_ECHO));
}

static void
run_hold(size_t size, uint64_t count)
{
    struct rlimit limit = {count + 16, count + 16};

    (void)size;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
        fail("setrlimit");
    for (uint64_t i = 0; i < count; i++)
        (void)dial(PORT_ECHO);
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(size_t size, uint64_t count);
    } loads[] = {
        {"send", run_send},   {"receive", run_receive}, {"echo", run_echo},
        {"trips", run_trips}, {"connect", run_connect}, {"hold", run_hold},
    };
    const size_t all = sizeof loads / sizeof *loads;
    size_t i = 0, size = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
    uint64_t begin;

    while (argc == 4 && i < all && strcmp(loads[i].name, argv[1]) != 0)
        i++;
    if (argc != 4 || i == all || size > sizeof bytes) {
        fputs("Usage: vsock-load LOAD SIZE COUNT\n", stderr);
        return 2;
    }
    alarm(LONGEST);
    begin = now();
    loads[i].run(size, strtoull(argv[3], NULL, 10));
    printf("%llu\n", (unsigned long long)(now() - begin));
    fflush(stdout);
    if (loads[i].run == run_hold)
        while (getchar() != EOF)
            ;
    return 0;
}
