// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause

#define _GNU_SOURCE
#include "frames.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "boot.h"

#define OPEN_TRIES 1000

static int line = -1;

static uint8_t out[8 * (FRAME_HEADER + FRAME_MOST)];
static size_t out_size;

static uint8_t in[4 * (FRAME_HEADER + FRAME_MOST)];
static size_t in_start;
static size_t in_end;

/* A port appears, and its other end is told of, some time after its driver. */
static bool
open_line(const char *path)
{
    struct pollfd state = {.events = POLLOUT};

    line = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (line < 0)
        return false;
    state.fd = line;
    (void)poll(&state, 1, 0);
    if ((state.revents & POLLHUP) == 0)
        return true;
    close(line);
    errno = EPIPE;
    return false;
}

void
frames_open(const char *path)
{
    const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
    struct termios raw;

    for (int tries = OPEN_TRIES; !open_line(path); tries--) {
        if (tries == 0)
            boot_fail(path);
        nanosleep(&pause, NULL);
    }
    if (tcgetattr(line, &raw) == 0) {
        cfmakeraw(&raw);
        raw.c_cflag |= CLOCAL;
        if (tcsetattr(line, TCSANOW, &raw) < 0)
            boot_fail(path);
    }
    memcpy(out, FRAME_GREETING, sizeof FRAME_GREETING - 1);
    out_size = sizeof FRAME_GREETING - 1;
}

int
frames_fd(void)
{
    return line;
}

bool
frames_pending(void)
{
    return out_size > 0;
}

bool
frames_have_room(void)
{
    return sizeof out - out_size >= 2 * (FRAME_HEADER + FRAME_MOST);
}

void
frames_flush(void)
{
    ssize_t done = write(line, out, out_size);

    if (done > 0) {
        out_size -= (size_t)done;
        memmove(out, out + done, out_size);
    } else if (done < 0 && errno != EAGAIN && errno != EINTR) {
        boot_halt(false);
    }
}

static void
make_room(size_t size)
{
    struct pollfd wait = {.fd = line, .events = POLLOUT};

    while (sizeof out - out_size < size) {
        (void)poll(&wait, 1, -1);
        frames_flush();
    }
}

static void
put_u32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

static uint32_t
get_u32(const uint8_t *at)
{
    uint32_t value = 0;

    for (int i = 0; i < 4; i++)
        value |= (uint32_t)at[i] << 8 * i;
    return value;
}

void
frames_send(uint8_t type, uint32_t job, const void *payload, size_t size)
{
    uint8_t *at;

    make_room(FRAME_HEADER + size);
    at = out + out_size;
    at[0] = type;
    at[1] = 0;
    at[2] = (uint8_t)size;
    at[3] = (uint8_t)(size >> 8);
    put_u32(at + 4, job);
    memcpy(at + FRAME_HEADER, payload, size);
    out_size += FRAME_HEADER + size;
}

void
frames_send_u32(uint8_t type, uint32_t job, uint32_t value)
{
    uint8_t wire[4];

    put_u32(wire, value);
    frames_send(type, job, wire, sizeof wire);
}

void
frames_fill(void)
{
    ssize_t size;

    memmove(in, in + in_start, in_end - in_start);
    in_end -= in_start;
    in_start = 0;
    size = read(line, in + in_end, sizeof in - in_end);
    if (size > 0) {
        in_end += (size_t)size;
        frames_send_u32(FRAME_GOT, 0, (uint32_t)size);
    } else if (size == 0 || (errno != EAGAIN && errno != EINTR)) {
        boot_halt(false);
    }
}

bool
frames_next(struct frame *frame)
{
    const uint8_t *at = in + in_start;
    size_t size;

    if (in_end - in_start < FRAME_HEADER)
        return false;
    size = (size_t)at[2] | (size_t)at[3] << 8;
    if (size > FRAME_MOST)
        boot_fail("a frame of the host is too long");
    if (in_end - in_start < FRAME_HEADER + size)
        return false;
    *frame = (struct frame){
        .type = at[0],
        .size = (uint16_t)size,
        .job = get_u32(at + 4),
        .payload = at + FRAME_HEADER,
    };
    in_start += FRAME_HEADER + size;
    return true;
}

uint32_t
frame_u32(const struct frame *frame, size_t index)
{
    return frame->size < 4 * (index + 1) ? 0
                                         : get_u32(frame->payload + 4 * index);
}
