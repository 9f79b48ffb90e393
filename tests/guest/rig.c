// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause

#define _GNU_SOURCE
#include "rig.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#define BLOCK 4099 /* a prime: no power of two repeats in it */

size_t device_buffer = 262144;

_Noreturn void
fail(const char *format, ...)
{
    va_list list;

    va_start(list, format);
    vprintf(format, list);
    va_end(list);
    fflush(stdout);
    _exit(1);
}

_Noreturn void
fail_errno(const char *what)
{
    fail("%s: %s", what, strerror(errno));
}

_Noreturn void
skip(const char *why)
{
    printf("%s", why);
    fflush(stdout);
    _exit(2);
}

const uint8_t *
pattern(size_t size)
{
    uint8_t *bytes = malloc(size + BLOCK);
    uint32_t state = 1;

    if (bytes == NULL)
        fail_errno("malloc");
    for (size_t i = 0; i < BLOCK; i++) {
        state = state * 1103515245 + 12345;
        bytes[i] = (uint8_t)(state >> 16);
    }
    for (size_t done = BLOCK; done < size; done += BLOCK)
        memcpy(bytes + done, bytes, BLOCK);
    return bytes;
}

uint32_t
crc32_of(const uint8_t *data, size_t size)
{
    static uint32_t table[256];
    uint32_t crc = UINT32_MAX;

    for (uint32_t i = 0; i < 256 && table[255] == 0; i++) {
        table[i] = i;
        for (int bit = 0; bit < 8; bit++)
            table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320 : 0);
    }
    for (size_t i = 0; i < size; i++)
        crc = table[(uint8_t)crc ^ data[i]] ^ crc >> 8;
    return ~crc;
}

void
put_le(uint8_t *at, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

static uint64_t
get_le(const uint8_t *at, size_t size)
{
    uint64_t value = 0;

    for (size_t i = 0; i < size; i++)
        value |= (uint64_t)at[i] << 8 * i;
    return value;
}

int
try_bind(int fd, uint32_t port)
{
    const struct sockaddr_vm own = {
        .svm_family = AF_VSOCK,
        .svm_cid = VMADDR_CID_ANY,
        .svm_port = port,
    };

    if (bind(fd, (const struct sockaddr *)&own, sizeof own) == 0)
        return 0;
    return errno;
}

int
make_socket(int type, uint32_t port)
{
    int fd = socket(AF_VSOCK, type, 0);

    if (fd < 0 && errno == ESOCKTNOSUPPORT)
        skip("this kernel has no such sockets");
    if (fd < 0)
        fail_errno("socket");
    if (port != 0 && (errno = try_bind(fd, port)) != 0)
        fail_errno("bind");
    return fd;
}

void
set_buffer(int fd, unsigned long long size)
{
    if (setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_MAX_SIZE, &size,
                   sizeof size) < 0)
        fail_errno("SO_VM_SOCKETS_BUFFER_MAX_SIZE");
    if (setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &size,
                   sizeof size) < 0)
        fail_errno("SO_VM_SOCKETS_BUFFER_SIZE");
}

int
try_connect(int fd, uint32_t port)
{
    const struct sockaddr_vm peer = {
        .svm_family = AF_VSOCK,
        .svm_cid = VMADDR_CID_HOST,
        .svm_port = port,
    };

    if (connect(fd, (const struct sockaddr *)&peer, sizeof peer) == 0)
        return 0;
    return errno;
}

int
dial(int type, uint32_t port)
{
    int fd = make_socket(type, 0);

    errno = try_connect(fd, port);
    if (errno != 0)
        fail_errno("connect");
    return fd;
}

uint32_t
port_of(int fd)
{
    struct sockaddr_vm own;
    socklen_t size = sizeof own;

    if (getsockname(fd, (struct sockaddr *)&own, &size) < 0)
        fail_errno("getsockname");
    return own.svm_port;
}

void
send_all(int fd, const void *data, size_t size)
{
    const uint8_t *at = data;

    while (size > 0) {
        ssize_t done = send(fd, at, size, MSG_NOSIGNAL);

        if (done < 0)
            fail_errno("send");
        at += done;
        size -= (size_t)done;
    }
}

size_t
recv_some(int fd, void *data, size_t size)
{
    ssize_t got = recv(fd, data, size, 0);

    if (got < 0)
        fail_errno("recv");
    return (size_t)got;
}

void
recv_exactly(int fd, void *data, size_t size)
{
    uint8_t *at = data;
    size_t left = size;

    while (left > 0) {
        size_t got = recv_some(fd, at, left);

        if (got == 0)
            fail("the end came %zu bytes before %zu", left, size);
        at += got;
        left -= got;
    }
}

void
expect_end(int fd)
{
    uint8_t byte;

    if (recv_some(fd, &byte, 1) != 0)
        fail("more came than was sent");
}

void
expect_bytes(const uint8_t *got, const uint8_t *wanted, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (got[i] != wanted[i])
            fail("byte %zu of %zu is %02x, not %02x", i, size, got[i],
                 wanted[i]);
}

struct report
recv_report(int fd)
{
    uint8_t wire[16];

    recv_exactly(fd, wire, sizeof wire);
    return (struct report){
        .bytes = get_le(wire, 8),
        .crc = (uint32_t)get_le(wire + 8, 4),
        .messages = (uint32_t)get_le(wire + 12, 4),
    };
}

void
expect_report(int fd, const uint8_t *sent, size_t size, uint32_t messages)
{
    struct report report;

    if (shutdown(fd, SHUT_WR) < 0)
        fail_errno("shutdown");
    report = recv_report(fd);
    if (report.bytes != size)
        fail("the sink took %llu bytes of %zu",
             (unsigned long long)report.bytes, size);
    if (report.crc != crc32_of(sent, size))
        fail("the sink took other bytes: %08x", report.crc);
    if (report.messages != messages)
        fail("the sink took %u messages, not %u", report.messages, messages);
    expect_end(fd);
}
