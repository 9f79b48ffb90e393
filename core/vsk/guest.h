/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Guest: the driver's role, from calls to its three queues and back.
 *
 *     tx     send, call, connect -> endpoint -> buffers -> kick
 *     rx     buffers, refilled in bursts     -> packet -> endpoint -> event
 *     event  buffers                         -> TRANSPORT_RESET    -> event
 *
 * What came back in RX is released when the poll after its last event begins,
 * and posted again once policy.refill_at buffers are missing. A packet leaves
 * as soon as its descriptors are free; with none, RX is served all the same
 * until the list of RSTs that wait is full.
 *
 * The transport - a lab, a vhost-user socket - does what a bus does, in the
 * order of the specification (3.1.1): features, vsk_guest_open with the CID
 * that it has read, the place of each queue, DRIVER_OK, kick.
 */
#ifndef VSK_GUEST_H
#define VSK_GUEST_H

#include "vsk/buffers.h"
#include "vsk/endpoint.h"
#include "vsk/trace.h"

#define VSK_GUEST_PIECES 8u     /**< pieces of an RX buffer at most */
#define VSK_GUEST_SHARE 8u      /**< packets of a turn, while others wait */
#define VSK_GUEST_RESERVE 1024u /**< bytes of the pool that RX leaves to TX */
#define VSK_GUEST_EVENT 4u      /**< bytes of an event buffer */

/** How a guest behaves; all but the first three may be changed at any time. */
typedef struct vsk_guest_policy {
    vsk_policy endpoint; /**< credit, packets, timers: copied, to be changed in
                            guest->endpoint.policy */
    uint64_t features;   /**< accepted where they are offered */
    uint32_t queue_size; /**< descriptors of each queue, a power of two where
                            rings are split */
    uint32_t rx_pieces[VSK_GUEST_PIECES]; /**< bytes of an RX buffer's
                                             descriptors; 0 ends the list */
    uint32_t rx_buffers;    /**< posted at most; 0: as many as the ring takes */
    uint32_t refill_at;     /**< post again when so many are missing; 0: half */
    uint32_t event_buffers; /**< posted in the event queue; 0: none */
    uint32_t tx_piece;      /**< most payload bytes of a descriptor, 0: any */
    bool rx_indirect;       /**< RX buffers in an indirect table */
    bool tx_indirect;       /**< payload in an indirect table; packets without
                               stay direct, as Linux sends them */
} vsk_guest_policy;

/** A policy with a name. */
typedef struct vsk_guest_preset {
    const char *name;        /**< such as "linux-6.1" */
    vsk_guest_policy policy; /**< what that guest does */
} vsk_guest_preset;

/** The tables of a guest: all of them the caller's. */
typedef struct vsk_guest_tables {
    vsk_endpoint_tables endpoint; /**< orphans: the RX queue's size or more */
    vsk_ring_slot *slots[VSK_QUEUES]; /**< queue_size entries for each queue */
    vsk_buffers_tables
        buffers[VSK_QUEUES]; /**< for each queue; see buffers.h */
    vsk_span *spans;         /**< for a chain that came back */
    uint32_t span_count;     /**< entries in spans */
    uint32_t *pieces;        /**< for a TX layout: queue_size entries */
} vsk_guest_tables;

/** A guest; it stays where it is while it is open. */
typedef struct vsk_guest {
    vsk_endpoint endpoint;               /**< connections */
    vsk_guest_policy policy;             /**< how it behaves */
    vsk_guest_tables tables;             /**< the caller's */
    vsk_pool *pool;                      /**< where rings and buffers stand */
    uint64_t features;                   /**< negotiated */
    vsk_ring rings[VSK_QUEUES];          /**< place of each queue */
    vsk_queue_driver queues[VSK_QUEUES]; /**< own ends */
    vsk_buffers buffers[VSK_QUEUES];     /**< what is posted */
    uint32_t posted[VSK_QUEUES];         /**< chains that the device has */
    vsk_used used;                       /**< RX chain in hand */
    vsk_chain chain;                     /**< what was written into it */
    vsk_packet packet;                   /**< of the RX chain in hand */
    vsk_stage stage;                     /**< of that packet */
    uint32_t resets;   /**< TRANSPORT_RESET seen since the open */
    uint32_t share;    /**< packets left of the turn that WRITABLE began */
    bool open;         /**< the queues are there */
    bool stale;        /**< the CID is to be read anew: RX waits for it */
    bool cramped;      /**< a packet found no memory since the last release */
    bool show_packets; /**< tell PACKET of each first */
    uint8_t offered;   /**< queues to kick, a bit each */
    uint8_t stuck;     /**< queues with an index gone wild */
    vsk_tap tap;       /**< who is shown what passes */
} vsk_guest;

/**
 * Say how a well-behaved guest behaves: 256 descriptors, RX buffers of 3,776
 * bytes in one piece, TX direct, all features of VSK_FEATURE_TABLE.
 *
 * @return the policy
 */
VSK_API vsk_guest_policy vsk_guest_policy_default(void);

/**
 * Find a preset: "linux-5.10", "linux-6.1", "linux-6.12", as recorded from
 * these kernels.
 *
 * @param name of the preset
 * @return the preset, NULL where there is none of that name
 */
VSK_API const vsk_guest_preset *vsk_guest_preset_find(const char *name);

/**
 * Go through the presets.
 *
 * @param index 0 and up
 * @return the preset, NULL behind the last one
 */
VSK_API const vsk_guest_preset *vsk_guest_preset_at(uint32_t index);

/**
 * Begin without queues.
 *
 * @param guest written on success
 * @param policy how it behaves; copied
 * @param tables the caller's tables; they must outlive the guest
 * @param seed key of the table's hash
 * @return VSK_OK, VSK_ERR_SIZE for the queue size, VSK_ERR_LAYOUT where an RX
 * buffer has less than a header's 44 bytes, or VSK_ERR_ARGUMENT
 */
VSK_API vsk_status vsk_guest_init(vsk_guest *guest,
                                  const vsk_guest_policy *policy,
                                  const vsk_guest_tables *tables,
                                  uint64_t seed);

/**
 * Say which of the offered features to accept.
 *
 * @param guest to look at
 * @param offered by the device
 * @return feature bits
 */
VSK_API uint64_t vsk_guest_accept(const vsk_guest *guest, uint64_t offered);

/**
 * Place the queues, then post event buffers, then RX buffers (VSOCK-DRV-05,
 * -06). No kick is due before DRIVER_OK. Where memory is short, fewer RX
 * buffers are posted, but one at least.
 *
 * @param guest changed on success
 * @param memory guest memory; copied, its region table must live on
 * @param pool where rings and buffers come from; must outlive the guest
 * @param features as accepted
 * @param cid own context id, read from the configuration space (VSOCK-DRV-04)
 * @return VSK_OK, VSK_ERR_STATE where it is open, VSK_ERR_CID, VSK_ERR_POOL,
 * VSK_ERR_TABLE, or as vsk_queue_driver_init and vsk_buffers_post
 */
VSK_API vsk_status vsk_guest_open(vsk_guest *guest, const vsk_memory *memory,
                                  vsk_pool *pool, uint64_t features,
                                  uint64_t cid);

/**
 * Let the queues go, after the device was reset: connections are over, CLOSE
 * is told of each, then RESET. All ranges are back in the pool.
 *
 * @param guest changed
 */
VSK_API void vsk_guest_close(vsk_guest *guest);

/**
 * Give what a kick of a queue carries: its index, and with
 * VIRTIO_F_NOTIFICATION_DATA where the next chain will be offered.
 *
 * @param guest that is open
 * @param queue VSK_RX, VSK_TX or VSK_EVENT
 * @return as vsk_queue_notification, or the index alone
 */
VSK_API uint32_t vsk_guest_notification(const vsk_guest *guest, uint32_t queue);

/**
 * Look whether a queue may be reset, and enabled with another size.
 *
 * @param guest to look at; it takes back what the device has read
 * @param queue VSK_RX, VSK_TX or VSK_EVENT
 * @param size descriptors, at most the policy's queue_size
 * @return VSK_OK, VSK_ERR_STATE where it is not open, VSK_ERR_FEATURES where
 * VIRTIO_F_RING_RESET was not negotiated, VSK_ERR_SIZE, or VSK_ERR_BUSY where
 * packets or events are on their way in it
 */
VSK_API vsk_status vsk_guest_check_reset(vsk_guest *guest, uint32_t queue,
                                         uint32_t size);

/**
 * Take back what was posted in a queue that the device has reset, place a ring
 * of another size, and post again (VQRST-DRV-02, VQRST-DRV-03).
 *
 * @param guest changed; vsk_guest_check_reset says yes
 * @param memory guest memory
 * @param queue VSK_RX, VSK_TX or VSK_EVENT
 * @param size descriptors
 */
VSK_API void vsk_guest_renew_queue(vsk_guest *guest, const vsk_memory *memory,
                                   uint32_t queue, uint32_t size);

/**
 * Take the CID that was read anew after RESET was told, and post the event
 * buffer again: only then does the device go on, and RX is read again.
 *
 * @param guest changed on success
 * @param cid own context id
 * @return VSK_OK, VSK_ERR_CID, or VSK_ERR_STATE where no transport was reset
 */
VSK_API vsk_status vsk_guest_renew(vsk_guest *guest, uint64_t cid);

/**
 * Post what is missing: event buffers at once, RX buffers by the policy's
 * bursts. vsk_guest_poll does it.
 *
 * @param guest changed
 */
VSK_API void vsk_guest_refill(vsk_guest *guest);

/**
 * Go on to the next event: what the last one pointed at is void.
 *
 * Call it after every interrupt, after every call below, and when
 * vsk_timers_next(&guest->endpoint.timers) says so, until it gives VSK_NONE.
 *
 * @param guest changed
 * @param now time in nanoseconds
 * @param event written on success
 * @return VSK_OK, or VSK_NONE: then interrupts are asked for
 */
VSK_API vsk_status vsk_guest_poll(vsk_guest *guest, uint64_t now,
                                  vsk_event *event);

/**
 * After PACKET: do nothing with the packet but to take its buffer back.
 *
 * @param guest changed
 */
VSK_API void vsk_guest_swallow(vsk_guest *guest);

/**
 * After PACKET: go on as if another packet had come.
 *
 * @param guest changed
 * @param packet copied; its payload must live until the next poll but one
 */
VSK_API void vsk_guest_replace(vsk_guest *guest, const vsk_packet *packet);

/**
 * Begin a connection.
 *
 * @param guest changed on success
 * @param now time in nanoseconds
 * @param local_port own port, VSK_PORT_ANY: a free one
 * @param peer_cid whom to connect to, VSK_CID_HOST or another guest
 * @param peer_port and where
 * @param type VSK_TYPE_STREAM or VSK_TYPE_SEQPACKET
 * @param conn written on success
 * @return as vsk_endpoint_connect; VSK_ERR_STATE where it is not open, or the
 * CID is to be read anew
 */
VSK_API vsk_status vsk_guest_connect(vsk_guest *guest, uint64_t now,
                                     uint32_t local_port, uint32_t peer_cid,
                                     uint32_t peer_port, uint16_t type,
                                     vsk_conn **conn);

/**
 * Send as much payload as credit, descriptors and memory allow.
 *
 * EOM and EOR go only on the packet with the last byte. What is left is sent
 * by another call, after WRITABLE, with the same flags. No bytes are sent as an
 * empty message where flags end one, else not at all.
 *
 * @param guest changed
 * @param now time in nanoseconds
 * @param conn of the guest's table
 * @param outgoing payload
 * @param sent written: bytes that are in the ring, in any case
 * @return VSK_OK where all of it is in the ring; VSK_NONE: WRITABLE follows;
 * VSK_ERR_STATE or VSK_ERR_MESSAGE as vsk_endpoint_plan
 */
VSK_API vsk_status vsk_guest_send(vsk_guest *guest, uint64_t now,
                                  vsk_conn *conn, const vsk_outgoing *outgoing,
                                  uint64_t *sent);

/**
 * Count the payload bytes that one packet takes now.
 *
 * @param guest to look at
 * @return bytes, as many as 2^32 - 1; 0 where a packet has to wait for
 * descriptors or for memory
 */
VSK_API uint32_t vsk_guest_room(const vsk_guest *guest);

/**
 * Offer any packet, right or wrong, cut as one likes.
 *
 * @param guest changed
 * @param now time in nanoseconds
 * @param packet header and payload; len is sent as it stands
 * @param layout how to cut; NULL: as the policy cuts
 * @return VSK_OK, VSK_ERR_STATE where it is not open, or as vsk_buffers_send
 */
VSK_API vsk_status vsk_guest_put(vsk_guest *guest, uint64_t now,
                                 const vsk_packet *packet,
                                 const vsk_layout *layout);

/**
 * Send what is owed, as far as there are descriptors.
 *
 * @param guest changed
 * @param now time in nanoseconds
 */
VSK_API void vsk_guest_flush(vsk_guest *guest, uint64_t now);

/**
 * Say which queues the device wants to be kicked for, once.
 *
 * @param guest changed
 * @return a bit for each queue, 1 << VSK_RX and so on
 */
VSK_API uint32_t vsk_guest_notify(vsk_guest *guest);

#endif
