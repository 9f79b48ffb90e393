// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/** @file
 * What host and guest say to each other over a line: a terminal in raw mode, or a virtio port.
 *
 * The guest greets with FRAME_GREETING; both then send frames, all numbers little-endian:
 *
 *     0        1        2                 4                 8
 *     | type   | 0      | size            | job             | size bytes ...
 *
 * The host numbers the jobs. It sends no more than FRAME_LINE bytes, headers and all, ahead of what
 * GOT has told: a terminal holds 4096 bytes, and User Mode Linux never reads on from a line that had
 * to be stopped. Of a job's input it sends no more than FRAME_WINDOW bytes ahead of what TAKEN has
 * told, so that a job that does not read holds up no other.
 */
#ifndef VSK_GUEST_FRAMES_H
#define VSK_GUEST_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_GREETING "\nvsk guest 1\n"
#define FRAME_HEADER 8
#define FRAME_MOST 16384
#define FRAME_LINE 3072
#define FRAME_WINDOW 32768

/* Host to guest. A RUN's command begins after its first byte, 1 for a terminal. */
#define FRAME_RUN 'r'
#define FRAME_INPUT 'i'
#define FRAME_INPUT_END 'e'
#define FRAME_KILL 'k'   /* u32: signal */
#define FRAME_RESIZE 'w' /* u32 rows, u32 columns */
#define FRAME_HALT 'h'   /* u32: 0 power off, 1 start again */

/* Guest to host. */
#define FRAME_HELLO 'H' /* the kernel's release */
#define FRAME_GOT 'g'   /* u32: bytes read from the line */
#define FRAME_OUTPUT 'o'
#define FRAME_ERRORS 'x'
#define FRAME_TAKEN 't' /* u32: bytes of input */
#define FRAME_EXIT 'q'  /* u32: as of wait */

/** A frame, its payload borrowed. */
struct frame {
    uint8_t type;
    uint16_t size;
    uint32_t job;
    const uint8_t *payload;
};

/**
 * Begin to talk over a line, once it is there: a terminal, in raw mode from now on, or a port.
 *
 * @param path its device
 */
void frames_open(const char *path);

/** @return the descriptor of the line */
int frames_fd(void);

/** @return true while bytes wait to be written */
bool frames_pending(void);

/** @return true while output of jobs may be read: what is written has room */
bool frames_have_room(void);

/** Write what waits, as much as the line takes. */
void frames_flush(void);

/** Read what is there; the host being gone ends the machine. */
void frames_fill(void);

/**
 * Take the next whole frame out of what was read.
 *
 * @param frame it, valid until the next call of any of these
 * @return false when there is none
 */
bool frames_next(struct frame *frame);

/**
 * Send a frame.
 *
 * @param type FRAME_*
 * @param job its job, or 0
 * @param payload size bytes
 * @param size up to FRAME_MOST
 */
void frames_send(uint8_t type, uint32_t job, const void *payload, size_t size);

/**
 * Send a frame whose payload is a number.
 *
 * @param type FRAME_*
 * @param job its job
 * @param value the number
 */
void frames_send_u32(uint8_t type, uint32_t job, uint32_t value);

/**
 * Read a number of a frame.
 *
 * @param frame it
 * @param index which number
 * @return the number, 0 where the frame is too short
 */
uint32_t frame_u32(const struct frame *frame, size_t index);

#endif
