/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Captures for scripts: a file's bytes come and go in pieces, packets are
 * copies. Who opens, reads and writes the file is the script's language.
 *
 *     data  ... | fed, not taken ... |     |
 *               start              end  room
 */
#ifndef KIT_CAPTURE_H
#define KIT_CAPTURE_H

#include "kit/kit.h"
#include "vsk/capture.h"

/* A capture that is read or written: script type Capture. */
typedef struct kit_capture {
    vsk_capture capture;
    uint8_t *data;
    size_t start;
    size_t end;
    size_t room;
    uint64_t offset;  /* in the file, of the byte at start */
    uint64_t records; /* read, skipped ones too */
    uint64_t skipped; /* of another kind than packets of virtio-vsock */
    bool closed;
} kit_capture;

/* A packet that was captured. */
typedef struct kit_record {
    kit_packet *packet;    /* the caller's, with a payload of its own */
    uint64_t time;         /* nanoseconds since 1970 */
    const char *comment;   /* until the next call; NULL: none */
    uint16_t comment_size; /* bytes */
    bool cut;              /* payload is missing that was not captured */
} kit_record;

vsk_status kit_capture_new(kit_capture **capture);
void kit_capture_delete(kit_capture *capture);
/* VSK_ERR_CLOSED from now on; closing twice is no error. */
vsk_status kit_capture_close(kit_capture *capture);
/* Take bytes of the file, behind those that were fed before. */
vsk_status kit_capture_feed(kit_capture *capture, const void *data,
                            size_t size);
/* How many more bytes kit_capture_next needs; 1 at least. */
vsk_status kit_capture_wanted(const kit_capture *capture, uint64_t *count);
/* The next packet; VSK_NONE: feed more. Goes on behind a broken packet, never
 * behind a broken file: then stuck. */
vsk_status kit_capture_next(kit_capture *capture, kit_record *record,
                            kit_why *why);
/* Whether the file may end here. */
vsk_status kit_capture_end(const kit_capture *capture, kit_why *why);
/* What a file begins with, and the block of a packet. */
vsk_status kit_capture_begin(const kit_capture *capture, kit_bytes *bytes);
vsk_status kit_capture_encode(const kit_capture *capture,
                              const kit_packet *packet, uint64_t time,
                              const void *comment, size_t size,
                              kit_bytes *bytes, kit_why *why);

#endif
