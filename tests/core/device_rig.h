/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Device rig: a device, and a driver at the other end of its queues, played by
 * hand: what it posts and sends, what comes back, and what the device tells.
 *
 *     RINGS        DATA                         HUGE_AT
 *     [ 3 rings ]  [ 256 KiB | 256 KiB ]        [ 8 GiB that are not there ]
 *                            edge of two regions that touch
 */
#ifndef VSK_TESTS_DEVICE_RIG_H
#define VSK_TESTS_DEVICE_RIG_H

#include "tables_rig.h"
#include "trace_rig.h"

#include "vsk/device.h"

#define GUEST 3u
#define GUEST_PORT 1024u
#define HOST_PORT 1234u
#define FLOWS 8u
#define BUFFER 262144u /* of the guest's sockets */

#define RINGS 0x100000u
#define RING_STEP 0x8000u /* from one ring to the next */
#define RING_BYTES (VSK_QUEUES * RING_STEP)
#define DATA 0x10000000u
#define DATA_BYTES 0x40000u
#define HUGE_AT 0x1000000000u
#define HUGE_BYTES 0x200000000u
#define TABLE (DATA + 2 * DATA_BYTES - 0x1000u)

#define A VSK_SETUP_ACKNOWLEDGE
#define D VSK_SETUP_DRIVER
#define F VSK_SETUP_FEATURES_OK
#define K VSK_SETUP_DRIVER_OK
#define BIT(name) VSK_BIT(VSK_FEATURE_##name)
#define RING_FEATURES (BIT(INDIRECT_DESC) | BIT(EVENT_IDX))
#define ALL                                                                    \
    ((VSK_FEATURES & ~(VSK_F_RING_PACKED | VSK_F_IN_ORDER)) | rig_format())

/** A device, and a driver at the other end of its queues: guest memory of two
 * regions that touch, rings in a third, and a fourth that is never backed. */
struct bench {
    vsk_region regions[4];
    vsk_memory memory;
    vsk_range ranges[512];
    vsk_pool pool;
    vsk_device device;
    vsk_device_tables tables;
    vsk_device_config config;
    vsk_ring rings[VSK_QUEUES];
    vsk_queue_driver drivers[VSK_QUEUES];
    vsk_buffers buffers[VSK_QUEUES];
    vsk_ring_slot *slots[VSK_QUEUES];
    vsk_record *records[VSK_QUEUES];
    vsk_buffer *scratch;
    uint32_t size; /* of each queue */
    vsk_span spans[128];
    vsk_chain chain; /* what came back in RX */
    uint64_t now;
    vsk_event event;
    vsk_header header; /* of the packet reaped last */
    uint8_t payload[65536];
    uint32_t written;
    uint32_t fwd_cnt; /* what the guest says in its packets */
    uint32_t buf_alloc;
    uint32_t seen[VSK_SEEN_FAULT + 1];
    struct rig_trace trace;
    void (*hook)(struct bench *bench, const vsk_seen *seen);
};

/** Make a device that no driver has found yet. */
struct bench *bench_sized(uint32_t size, uint32_t orphans);

/** Make a device that is live, with these features. */
struct bench *bench_with(uint64_t accepted);

/** Make a device that is live, with all features. */
struct bench *bench_new(void);

/** Take all steps but DRIVER_OK, with the first so many queues. */
void bench_prepare(struct bench *bench, uint64_t accepted, uint32_t queues);

/** Write other tables into bench->tables, for a device that is made anew. */
void bench_make_tables(struct bench *bench, uint32_t flows, uint32_t orphans);

/** Give back all that a bench holds. */
void bench_free(struct bench *bench);

/* ---- what the driver does ---- */

/** Write the status register. */
void bench_status(struct bench *bench, uint8_t bits);

/** Tell the device of a queue, to go on at a state; NULL: to begin. */
void bench_start(struct bench *bench, uint32_t queue,
                 const vsk_ring_state *state);

/** Find the host address of a guest address. */
uint8_t *bench_at(const struct bench *bench, uint64_t addr);

/** Post a writable buffer of any cut. */
void bench_post_cut(struct bench *bench, uint32_t queue,
                    const vsk_layout *layout, uint32_t size);

/** Post writable buffers of one descriptor each. */
void bench_post(struct bench *bench, uint32_t queue, uint32_t count,
                uint32_t size);

/** The header of a packet from a port of the guest. */
vsk_header bench_header(const struct bench *bench, vsk_op op, uint32_t port);

/** Send a packet of any cut; its head. */
uint16_t bench_transmit_cut(struct bench *bench, const vsk_header *header,
                            uint8_t *payload, uint32_t size,
                            const vsk_layout *layout);

/** Send a header. */
void bench_transmit(struct bench *bench, const vsk_header *header);

/** Send a packet without payload. */
void bench_transmit_op(struct bench *bench, vsk_op op, uint32_t port);

/** Send payload on a stream. */
void bench_transmit_data(struct bench *bench, uint32_t port, uint8_t *data,
                         uint32_t size);

/** Take back one RX buffer; false where none came. Its packet is kept in the
 * bench, and the bytes that were written get the fill pattern again. */
bool bench_receive(struct bench *bench);

/** Take back one RX buffer with a packet of this op. */
void bench_expect(struct bench *bench, vsk_op op);

/** Take back all TX or event chains; how many. */
uint32_t bench_reap(struct bench *bench, uint32_t queue, uint32_t *written);

/** Fail unless so many TX chains came back since, none of them written. */
void bench_expect_back(struct bench *bench, uint32_t count);

/* ---- what the device's owner does ---- */

/** Ask for the next event; it is kept in the bench. */
vsk_status bench_poll(struct bench *bench);

/** Fail unless there is nothing to tell. */
void bench_quiet(struct bench *bench);

/** The next event is of this kind. */
void bench_comes(struct bench *bench, vsk_event_kind kind);

/** The next event is ERROR, for this rule. */
void bench_fails(struct bench *bench, vsk_status rule);

/** Call VSK_CALL_*; fails the test where it is refused. */
void bench_call(struct bench *bench, vsk_conn *conn, vsk_call what);

/** Send a message, or a part of it. */
vsk_status bench_send_flagged(struct bench *bench, vsk_conn *conn,
                              uint8_t *data, uint32_t size, uint32_t flags,
                              uint64_t *sent);

/** Send on a stream. */
vsk_status bench_send(struct bench *bench, vsk_conn *conn, uint8_t *data,
                      uint32_t size, uint64_t *sent);

/** A connection that the guest asked for, its RESPONSE taken. */
vsk_conn *bench_connected(struct bench *bench, uint16_t type, uint32_t port);

/** The same from GUEST_PORT, a stream. */
vsk_conn *bench_stream(struct bench *bench);

/** Stop a queue; where it stood. */
void bench_stop(struct bench *bench, uint32_t queue, vsk_ring_state *stood);

/** A copy of the rings, to see that they are left alone. */
uint8_t *bench_snapshot(const struct bench *bench);

/** Fail where the rings are not as they were; frees the copy. */
void bench_assert_untouched(const struct bench *bench, uint8_t *copy);

#endif
