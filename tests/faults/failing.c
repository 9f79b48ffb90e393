/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Makes one allocation or one system call of a module fail: preloaded. A call
 * counts that the module makes itself, or within a few calls into others, as a
 * list that the interpreter allocates for it. What the module allocates itself
 * is kept account of from arm to its free, whoever calls that.
 */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <link.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { DEPTH = 8, FRAMES = 24, BLOCKS = 1 << 16 };

static uintptr_t base, first, end;      /* of the module and its code */
static long counted, failing, failures; /* calls since arm; the one to fail */
static bool armed;
static _Thread_local bool inside; /* backtrace allocates too */
static char story[1024];
static void *blocks[BLOCKS];
static long lost; /* blocks that found no place */

static int
look(struct dl_phdr_info *info, size_t size, void *name)
{
    (void)size;
    if (strstr(info->dlpi_name, name) == NULL)
        return 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];

        if (header->p_type != PT_LOAD || !(header->p_flags & PF_X))
            continue;
        base = info->dlpi_addr;
        first = base + header->p_vaddr;
        end = first + header->p_memsz;
        return 1;
    }
    return 0;
}

/* Choose the module by a part of its path; 0 where none is loaded. */
int failing_module(const char *part);
int
failing_module(const char *part)
{
    void *frames[1];

    backtrace(frames, 1); /* it loads what it needs now */
    return dl_iterate_phdr(look, (void *)(uintptr_t)part);
}

/* From now on the call of this number, from 1, fails, and those after it where
 * width is more than 1; 0 for none. */
void failing_arm(long number, long width);
void
failing_arm(long number, long width)
{
    memset(blocks, 0, sizeof(blocks));
    story[0] = '\0';
    counted = lost = 0;
    failing = number;
    failures = width;
    armed = true;
}

/* How many calls were counted. */
long failing_disarm(void);
long
failing_disarm(void)
{
    armed = false;
    return counted;
}

/* What failed, and where from: frames below, one a line. */
const char *failing_story(void);
const char *
failing_story(void)
{
    return story;
}

/* Blocks that the module has allocated since arm and nobody has freed. */
long failing_left(void);
long
failing_left(void)
{
    long left = lost;

    for (int i = 0; i < BLOCKS; i++)
        left += blocks[i] != NULL;
    return left;
}

static bool
within(const void *address)
{
    return (uintptr_t)address >= first && (uintptr_t)address < end;
}

static void
tell(const char *name, void **frames, int count)
{
    int at = snprintf(story, sizeof(story), "%s", name);

    for (int i = 2; i < count && at < (int)sizeof(story) - 80; i++) {
        Dl_info found;
        bool known = dladdr(frames[i], &found) && found.dli_sname != NULL;

        if (known)
            at += snprintf(story + at, sizeof(story) - (size_t)at, " < %.60s",
                           found.dli_sname);
        else if (within(frames[i]))
            at += snprintf(story + at, sizeof(story) - (size_t)at, " < +%#lx",
                           (unsigned long)((uintptr_t)frames[i] - base - 1));
    }
}

/* Whether this call is the one to fail. */
static __attribute__((noinline)) bool
fails(const char *name)
{
    void *frames[FRAMES];
    int count, saved = errno;
    bool ours = false;

    if (!armed || inside)
        return false;
    inside = true;
    count = backtrace(frames, FRAMES);
    for (int i = 2; i < count && i < 2 + DEPTH; i++)
        ours = ours || within(frames[i]);
    if (ours)
        counted++;
    ours = ours && counted >= failing && counted < failing + failures;
    if (ours && counted == failing)
        tell(name, frames, count);
    inside = false;
    errno = saved;
    return ours;
}

static unsigned
place(const void *block)
{
    return (unsigned)(((uintptr_t)block >> 4) * 2654435761u) % BLOCKS;
}

static void
keep(void *block, const void *caller)
{
    if (!armed || inside || block == NULL || !within(caller))
        return;
    for (unsigned i = 0, at = place(block); i < 64; i++) {
        void **slot = &blocks[(at + i) % BLOCKS];

        if (*slot == NULL) {
            *slot = block;
            return;
        }
    }
    lost++;
}

static void
forget(const void *block)
{
    if (block == NULL)
        return;
    for (unsigned i = 0, at = place(block); i < 64; i++) {
        void **slot = &blocks[(at + i) % BLOCKS];

        if (*slot == block) {
            *slot = NULL;
            return;
        }
    }
}

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void __libc_free(void *block);

void *
malloc(size_t size)
{
    void *block = fails("malloc") ? NULL : __libc_malloc(size);

    keep(block, __builtin_return_address(0));
    return block;
}

void *
calloc(size_t count, size_t size)
{
    void *block = fails("calloc") ? NULL : __libc_calloc(count, size);

    keep(block, __builtin_return_address(0));
    return block;
}

void *
realloc(void *block, size_t size)
{
    void *other;

    if (size > 0 && fails("realloc"))
        return NULL;
    forget(block);
    other = __libc_realloc(block, size);
    keep(other == NULL ? block : other, __builtin_return_address(0));
    return other;
}

void
free(void *block)
{
    forget(block);
    __libc_free(block);
}

/* A system call: fails with an errno of its own, or is the system's. */
#define CALL(type, name, number, parameters, ...)                              \
    type name parameters                                                       \
    {                                                                          \
        static type(*real) parameters;                                         \
                                                                               \
        if (real == NULL)                                                      \
            *(void **)&real = dlsym(RTLD_NEXT, #name);                         \
        if (fails(#name)) {                                                    \
            errno = number;                                                    \
            return (type)-1;                                                   \
        }                                                                      \
        return real(__VA_ARGS__);                                              \
    }

/* clang-format off */
CALL(int, accept4, EMFILE, (int fd, struct sockaddr *to, socklen_t *size, int flags), fd, to, size, flags)
CALL(int, bind, EADDRINUSE, (int fd, const struct sockaddr *to, socklen_t size), fd, to, size)
CALL(int, connect, ECONNREFUSED, (int fd, const struct sockaddr *to, socklen_t size), fd, to, size)
CALL(int, epoll_create1, EMFILE, (int flags), flags)
CALL(int, epoll_ctl, ENOSPC, (int fd, int op, int what, struct epoll_event *event), fd, op, what, event)
CALL(int, epoll_wait, EINTR, (int fd, struct epoll_event *to, int count, int ms), fd, to, count, ms)
CALL(int, eventfd, EMFILE, (unsigned value, int flags), value, flags)
CALL(int, ftruncate, ENOSPC, (int fd, off_t size), fd, size)
CALL(int, getsockopt, ENOBUFS, (int fd, int level, int name, void *to, socklen_t *size), fd, level, name, to, size)
CALL(int, listen, EADDRINUSE, (int fd, int backlog), fd, backlog)
CALL(int, memfd_create, EMFILE, (const char *name, unsigned flags), name, flags)
CALL(int, pipe2, EMFILE, (int fds[2], int flags), fds, flags)
CALL(ssize_t, read, EIO, (int fd, void *to, size_t size), fd, to, size)
CALL(ssize_t, recv, ENOBUFS, (int fd, void *to, size_t size, int flags), fd, to, size, flags)
CALL(ssize_t, recvmsg, ENOBUFS, (int fd, struct msghdr *to, int flags), fd, to, flags)
CALL(ssize_t, send, EPIPE, (int fd, const void *from, size_t size, int flags), fd, from, size, flags)
CALL(ssize_t, sendmsg, EPIPE, (int fd, const struct msghdr *from, int flags), fd, from, flags)
CALL(int, setsockopt, ENOBUFS, (int fd, int level, int name, const void *from, socklen_t size), fd, level, name, from, size)
CALL(int, shutdown, ENOTCONN, (int fd, int how), fd, how)
CALL(int, signalfd, EMFILE, (int fd, const sigset_t *set, int flags), fd, set, flags)
CALL(int, socket, EMFILE, (int family, int type, int protocol), family, type, protocol)
CALL(int, socketpair, EMFILE, (int family, int type, int protocol, int fds[2]), family, type, protocol, fds)
CALL(int, timerfd_create, EMFILE, (int clock, int flags), clock, flags)
CALL(int, timerfd_settime, ECANCELED, (int fd, int flags, const struct itimerspec *to, struct itimerspec *was), fd, flags, to, was)
CALL(int, unlink, EROFS, (const char *path), path)
CALL(ssize_t, write, EIO, (int fd, const void *from, size_t size), fd, from, size)
CALL(void *, mmap, ENOMEM, (void *at, size_t size, int rights, int flags, int fd, off_t offset), at, size, rights, flags, fd, offset)
/* clang-format on */

int
fcntl(int fd, int command, ...)
{
    static int (*real)(int, int, ...);
    va_list rest;
    long argument;

    va_start(rest, command);
    argument = va_arg(rest, long);
    va_end(rest);
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "fcntl");
    if (fails("fcntl")) {
        errno = EBADF;
        return -1;
    }
    return real(fd, command, argument);
}
