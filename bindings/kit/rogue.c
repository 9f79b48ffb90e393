/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "kit/rogue_parts.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "vhost/loop.h"

#define MILLISECOND UINT64_C(1000000)
#define LAST_LOOK 50u /* milliseconds, for the other side to close */

/* ---- steps ---- */

const char *
rogue_word(const rogue_step *step, const char *key)
{
    for (uint32_t i = 0; i < step->count; i++)
        if (strcmp(step->words[i].key, key) == 0)
            return step->words[i].value;
    return NULL;
}

uint64_t
rogue_number(const rogue_step *step, const char *key, uint64_t other)
{
    const char *value = rogue_word(step, key);

    return value != NULL ? strtoull(value, NULL, 0) : other;
}

uint32_t
rogue_hex(const char *digits, uint8_t *bytes, uint32_t room)
{
    uint32_t count = 0;

    while (count < room && isxdigit((unsigned char)digits[2 * count]) &&
           isxdigit((unsigned char)digits[2 * count + 1])) {
        const char pair[3] = {digits[2 * count], digits[2 * count + 1], '\0'};

        bytes[count++] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return count;
}

/* Take a line apart; false: it is too long, or a word has no value. */
static bool
parse(rogue_step *step, const char *line, size_t size)
{
    char *rest = NULL;
    char *word;

    if (size >= sizeof step->text)
        return false;
    memcpy(step->text, line, size);
    step->text[size] = '\0';
    step->count = 0;
    step->verb = strtok_r(step->text, " ", &rest);
    while ((word = strtok_r(NULL, " ", &rest)) != NULL) {
        char *value = strchr(word, '=');

        if (value == NULL || step->count == ROGUE_WORDS)
            return false;
        *value = '\0';
        step->words[step->count].key = word;
        step->words[step->count++].value = value + 1;
    }
    return true;
}

rogue_end
rogue_say(kit_rogue *rogue, rogue_end end, const char *format, ...)
{
    va_list rest;

    va_start(rest, format);
    (void)vsnprintf(rogue->why, sizeof rogue->why, format, rest);
    va_end(rest);
    return end;
}

/* ---- waiting ---- */

uint64_t
rogue_deadline(const kit_rogue *rogue)
{
    uint64_t within = rogue_number(rogue->step, "within", rogue->how->within);

    return vsk_loop_now() + within * MILLISECOND;
}

bool
rogue_wait(int first, int second, uint64_t deadline)
{
    struct pollfd fds[2] = {{.fd = first, .events = POLLIN},
                            {.fd = second, .events = POLLIN}};
    uint64_t now = vsk_loop_now();
    uint64_t left = now < deadline ? (deadline - now) / MILLISECOND + 1 : 0;

    return poll(fds, 2, (int)left) > 0;
}

bool
rogue_is_over(kit_rogue *rogue)
{
    uint8_t byte;
    ssize_t got;

    if (rogue->channel.fd < 0)
        return true;
    got = recv(rogue->channel.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

rogue_end
rogue_over(kit_rogue *rogue)
{
    return rogue_say(rogue, ROGUE_REJECT, "the session was closed");
}

/* ---- messages ---- */

static bool
send_some(int fd, const void *bytes, size_t size, const int *fds,
          uint32_t count)
{
    char control[CMSG_SPACE(16 * sizeof(int))] = {0};
    struct iovec part = {(void *)(uintptr_t)bytes, size};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

    if (count != 0) {
        struct cmsghdr *rights;

        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(count * sizeof *fds);
        rights = CMSG_FIRSTHDR(&message);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(count * sizeof *fds);
        memcpy(CMSG_DATA(rights), fds, count * sizeof *fds);
    }
    return sendmsg(fd, &message, MSG_NOSIGNAL) == (ssize_t)size;
}

rogue_end
rogue_send(kit_rogue *rogue, const void *bytes, size_t size, const int *fds,
           uint32_t count)
{
    if (rogue->channel.fd < 0 ||
        !send_some(rogue->channel.fd, bytes, size, fds, count))
        return rogue_over(rogue);
    return ROGUE_GO;
}

rogue_end
rogue_receive(kit_rogue *rogue, vsk_message *message, vsk_fds *fds,
              uint64_t deadline)
{
    while (rogue->channel.fd >= 0) {
        vsk_status status = vsk_channel_receive(&rogue->channel, message, fds);

        if (status == VSK_OK)
            return ROGUE_GO;
        if (status == VSK_EOF || status == VSK_ERR_SYSTEM)
            return rogue_over(rogue);
        if (status != VSK_NONE)
            return rogue_say(rogue, ROGUE_FAIL, "what came is no message: %s",
                             vsk_status_text(status));
        if (!rogue_wait(rogue->channel.fd, -1, deadline))
            return rogue_say(rogue, ROGUE_FAIL, "no message came");
    }
    return rogue_over(rogue);
}

/* ---- life ---- */

static bool
address_of(const char *path, struct sockaddr_un *address)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address->sun_path)
        return false;
    memcpy(address->sun_path, path, strlen(path));
    return true;
}

static void
drop(int fd)
{
    if (fd >= 0)
        (void)close(fd);
}

static bool
dial(kit_rogue *rogue)
{
    struct sockaddr_un address;
    const void *where = &address;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && address_of(rogue->how->path, &address) &&
        connect(fd, where, sizeof address) == 0 &&
        vsk_channel_open(&rogue->channel, fd) == VSK_OK)
        return true;
    (void)rogue_say(rogue, ROGUE_FAIL, "%s", strerror(errno));
    drop(fd);
    return false;
}

rogue_end
rogue_dial(kit_rogue *rogue)
{
    uint64_t deadline = rogue_deadline(rogue);

    vsk_channel_close(&rogue->channel);
    while (!dial(rogue)) {
        /* A device may make its socket file anew for each session. */
        if (vsk_loop_now() >= deadline)
            return ROGUE_FAIL;
        (void)rogue_wait(-1, -1, vsk_loop_now() + UINT64_C(10000000));
    }
    return ROGUE_GO;
}

/* Wait for a guest. */
static rogue_end
accept_one(kit_rogue *rogue)
{
    struct sockaddr_un address;
    const void *where = &address;
    int fd = -1;

    rogue->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (rogue->listener >= 0 && address_of(rogue->how->path, &address) &&
        (unlink(address.sun_path) == 0 || errno == ENOENT) &&
        bind(rogue->listener, where, sizeof address) == 0 &&
        listen(rogue->listener, 1) == 0) {
        if (!rogue_wait(rogue->listener, -1, rogue_deadline(rogue)))
            return rogue_say(rogue, ROGUE_FAIL, "no guest came");
        fd = accept(rogue->listener, NULL, NULL);
    }
    if (fd < 0 || vsk_channel_open(&rogue->channel, fd) != VSK_OK)
        return rogue_say(rogue, ROGUE_FAIL, "%s", strerror(errno));
    return ROGUE_GO;
}

static atomic_uint lives;

static void
begin(kit_rogue *rogue, const kit_rogue_how *how)
{
    memset(rogue, 0, sizeof *rogue);
    rogue->how = how;
    rogue->listener = rogue->memory_fd = -1;
    rogue->cid = 3;
    /* What a device still knows of the guest before is none of ours. */
    rogue->own_port = 5000 + 1000 * (atomic_fetch_add(&lives, 1) % 1000000);
    for (uint32_t i = 0; i < ROGUE_RINGS; i++)
        rogue->rings[i].kick = rogue->rings[i].call = -1;
    vsk_channel_init(&rogue->channel);
    rogue_record(rogue);
}

static void
end(kit_rogue *rogue)
{
    vsk_channel_close(&rogue->channel);
    drop(rogue->listener);
    drop(rogue->memory_fd);
    if (rogue->how->listens)
        (void)unlink(rogue->how->path);
    for (uint32_t i = 0; i < ROGUE_RINGS; i++) {
        drop(rogue->rings[i].kick);
        drop(rogue->rings[i].call);
    }
    vsk_mappings_clear(&rogue->mappings);
    free(rogue->capture);
}

/* Verdict, step and reason, then the packets. */
static vsk_status
report(const kit_rogue *rogue, rogue_end verdict, uint32_t number,
       kit_bytes *bytes)
{
    static const char *const words[] = {"pass", "fail", "reject", "skip"};
    char head[sizeof rogue->why + 64];
    size_t size = (size_t)snprintf(head, sizeof head, "%s\n%u\n%s\n",
                                   words[verdict], number, rogue->why);

    bytes->data = malloc(size + rogue->capture_size);
    if (bytes->data == NULL)
        return VSK_ERR_NOMEM;
    memcpy(bytes->data, head, size);
    if (rogue->capture_size != 0)
        memcpy(bytes->data + size, rogue->capture, rogue->capture_size);
    bytes->size = size + rogue->capture_size;
    return VSK_OK;
}

/* Do one step after the other, up to one that does not end as it must. */
static rogue_end
act(kit_rogue *rogue, const char *text, size_t size, uint32_t *number)
{
    rogue_end ended = ROGUE_GO;

    while (size != 0 && ended == ROGUE_GO) {
        const char *edge = memchr(text, '\n', size);
        size_t length = edge != NULL ? (size_t)(edge - text) : size;

        ++*number;
        rogue->step = &rogue->read;
        if (!parse(&rogue->read, text, length))
            return ROGUE_BAD;
        if (rogue->read.verb != NULL)
            ended = rogue->how->listens ? rogue_back_do(rogue)
                                        : rogue_front_do(rogue);
        length += edge != NULL;
        text += length;
        size -= length;
    }
    if (ended != ROGUE_GO)
        return ended;
    *number = 0;
    (void)rogue_wait(rogue->channel.fd, -1,
                     vsk_loop_now() + LAST_LOOK * MILLISECOND);
    return rogue->channel.fd >= 0 && rogue_is_over(rogue) ? rogue_over(rogue)
                                                          : ROGUE_GO;
}

vsk_status
kit_rogue_run(const kit_rogue_how *how, const void *steps, size_t size,
              kit_bytes *bytes, kit_why *why)
{
    const rogue_step none = {.count = 0};
    kit_rogue rogue;
    uint32_t number = 0;
    rogue_end ended;
    vsk_status status;

    begin(&rogue, how);
    rogue.step = &none;
    ended = how->listens   ? accept_one(&rogue)
            : dial(&rogue) ? ROGUE_GO
                           : ROGUE_FAIL;
    if (ended != ROGUE_GO) {
        (void)snprintf(why->text, sizeof why->text, "%.100s: %.100s", how->path,
                       rogue.why);
        end(&rogue);
        return VSK_ERR_SYSTEM;
    }
    ended = act(&rogue, steps, size, &number);
    if (ended == ROGUE_BAD) {
        (void)snprintf(why->text, sizeof why->text, "line %u is no step",
                       number);
        status = VSK_ERR_ARGUMENT;
    } else {
        status = report(&rogue, ended, number, bytes);
    }
    end(&rogue);
    return status;
}
