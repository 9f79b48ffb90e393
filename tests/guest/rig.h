// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/** @file
 * What the checks in a guest build on: how they fail, sockets, and bytes whose place shows.
 */
#ifndef VSK_TESTS_GUEST_RIG_H
#define VSK_TESTS_GUEST_RIG_H

#include <stddef.h>
#include <stdint.h>

/* What the device of host.py has on these ports; it refuses all others. */
#define PORT_ECHO 1234
#define PORT_SOURCE 1237 /* u64 bytes in: so many bytes of the pattern out */
#define PORT_SINK 1238   /* anything up to the end in: struct report out */
#define PORT_CALL 1239   /* u32 port in: an echo connects to that port of us */
#define PORT_REPORT 1240 /* u32 port in: the report of a sink that it had */
#define PORT_RESET 1241  /* anything in: RST */
#define PORT_REFUSED 9

/** What a sink has taken; on the wire its fields little-endian, 16 bytes. */
struct report {
    uint64_t bytes;
    uint32_t crc;
    uint32_t messages; /* on a stream 0 */
};

/** The buffer of each connection that the device has, in bytes. */
extern size_t device_buffer;

/**
 * End this check as failed.
 *
 * @param format why, as for printf
 */
_Noreturn void fail(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/**
 * End this check as one that this kernel cannot have.
 *
 * @param why for the reader
 */
_Noreturn void skip(const char *why);

/** End this check as failed by a system call; what names it. */
_Noreturn void fail_errno(const char *what);

/** @return bytes of the pattern that the source sends, to be freed by the end */
const uint8_t *pattern(size_t size);

/** @return CRC-32 as zlib's */
uint32_t crc32_of(const uint8_t *data, size_t size);

/** @return 0, or the errno that binding to a port of our own gave */
int try_bind(int fd, uint32_t port);

/** @return a socket of a type, from a port of its own or 0 for any; skips where there is no such */
int make_socket(int type, uint32_t port);

/** Set the buffer of a socket of ours, in bytes. */
void set_buffer(int fd, unsigned long long size);

/** @return 0, or the errno that connecting to a port of the host gave */
int try_connect(int fd, uint32_t port);

/** @return a socket connected to a port of the host */
int dial(int type, uint32_t port);

/** @return the port that a socket has */
uint32_t port_of(int fd);

/** Send all, on SEQPACKET as one message. */
void send_all(int fd, const void *data, size_t size);

/** Receive exactly so many bytes. */
void recv_exactly(int fd, void *data, size_t size);

/** Receive one message, or what is there; 0 at the end. */
size_t recv_some(int fd, void *data, size_t size);

/** Find the end of what the peer sends. */
void expect_end(int fd);

/** Find bytes equal to others. */
void expect_bytes(const uint8_t *got, const uint8_t *wanted, size_t size);

/** Send no more, take a sink's report, and find it right. */
void expect_report(int fd, const uint8_t *sent, size_t size, uint32_t messages);

/** Take a report off a connection. */
struct report recv_report(int fd);

/** Put a number into bytes, little-endian. */
void put_le(uint8_t *at, uint64_t value, size_t size);

#endif
