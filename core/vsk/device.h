/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Device: the device's role, from its three queues to events and back.
 *
 *     tx     pop -> packet -> endpoint -> vsk_device_poll -> event
 *     rx     pop <- packet <- endpoint <- vsk_device_send, _call, _connect
 *     event  pop <- TRANSPORT_RESET    <- vsk_device_reset_transport
 *
 * A TX chain is given back when the poll after its last event begins; nothing
 * is held longer. Replies leave before payload, payload goes round robin. With
 * no RX buffer there, TX is served all the same until the list of RSTs that
 * wait is full. Used entries are published chain by chain; notifying the
 * driver is the caller's, when vsk_device_notify says so: ask after every poll
 * that gives VSK_NONE, and where device->given reaches VSK_DEVICE_BATCH.
 *
 * The transport - a lab, a vhost-user socket - tells the device of memory,
 * status, features and queues. Queues are touched only while the setup is
 * live and they are started.
 */
#ifndef VSK_DEVICE_H
#define VSK_DEVICE_H

#include "vsk/endpoint.h"
#include "vsk/queue.h"
#include "vsk/trace.h"

#define VSK_DEVICE_BATCH 64u   /**< chains after which the driver is notified */
#define VSK_DEVICE_STEPS 1024u /**< most that one poll does unheard */
#define VSK_DEVICE_SHARE 8u    /**< chains of a turn, while others wait */

/** Bit of vsk_device_notify: the configuration has changed. */
#define VSK_NOTIFY_CONFIG (1u << VSK_QUEUES)

/** The tables of a device: all of them the caller's. */
typedef struct vsk_device_tables {
    vsk_endpoint_tables endpoint; /**< orphans: the TX queue's size or more */
    vsk_span *spans[VSK_QUEUES];  /**< for a chain of each queue */
    uint32_t span_count;          /**< entries in each of them */
} vsk_device_tables;

/** What a device is made with. */
typedef struct vsk_device_config {
    vsk_policy policy;  /**< see vsk_policy_default */
    uint64_t features;  /**< offered: bits of VSK_FEATURE_TABLE */
    uint64_t guest_cid; /**< 3 to 0xfffffffe */
    uint32_t local_cid; /**< VSK_CID_HOST */
    uint64_t seed;      /**< key of the table's hash: random, unless a run is
                            to be repeated */
} vsk_device_config;

/** A device. */
typedef struct vsk_device {
    vsk_endpoint endpoint;               /**< connections */
    vsk_setup setup;                     /**< status, features, config */
    vsk_memory memory;                   /**< guest memory */
    vsk_queue_device queues[VSK_QUEUES]; /**< own ends */
    vsk_chain chains[VSK_QUEUES];        /**< in hand */
    vsk_packet packet;                   /**< of the TX chain in hand */
    vsk_stage stage;                     /**< of that packet */
    uint32_t share;                      /**< chains left of a turn */
    uint32_t given;                      /**< chains since the last notify */
    uint8_t started;                     /**< queues, a bit each */
    uint8_t used;                        /**< what to notify the driver of */
    bool show_packets;                   /**< tell PACKET of each first */
    uint8_t blamed;                      /**< queue of the last ERROR */
    bool gate;                           /**< TRANSPORT_RESET is not seen yet */
    uint16_t gate_at;                    /**< event buffers posted before it */
    bool hold;                           /**< used entries wait for
                                            vsk_device_publish */
    bool paused;                         /**< queues and timers stand still */
    vsk_tap tap;                         /**< who is shown what passes */
} vsk_device;

/**
 * Begin before a driver is there.
 *
 * @param device written on success
 * @param config what it offers and how it behaves
 * @param tables the caller's tables; they must outlive the device
 * @return VSK_OK, VSK_ERR_FEATURES, VSK_ERR_CID or VSK_ERR_ARGUMENT
 */
VSK_API vsk_status vsk_device_init(vsk_device *device,
                                   const vsk_device_config *config,
                                   const vsk_device_tables *tables);

/**
 * Tell the device of guest memory; no queue may be started.
 *
 * @param device changed
 * @param memory copied; its region table must live on
 */
VSK_API void vsk_device_set_memory(vsk_device *device,
                                   const vsk_memory *memory);

/**
 * Take the features that the driver accepts.
 *
 * @param device changed on success
 * @param accepted feature bits
 * @return as vsk_setup_accept
 */
VSK_API vsk_status vsk_device_accept(vsk_device *device, uint64_t accepted);

/**
 * Take what the driver writes to the status register; 0 resets the device:
 * queues are gone, connections are over, RESET is told.
 *
 * @param device changed on success
 * @param now time in nanoseconds
 * @param status all bits that the driver sets
 * @return as vsk_setup_write_status
 */
VSK_API vsk_status vsk_device_write_status(vsk_device *device, uint64_t now,
                                           uint8_t status);

/**
 * Let a queue begin, or go on; it is looked at once the setup is live.
 *
 * @param device changed on success
 * @param queue VSK_RX, VSK_TX or VSK_EVENT
 * @param ring its place and size; features are taken from what was accepted
 * @param state where to go on; NULL: at the used idx that the ring shows
 * @return as vsk_queue_device_init, or VSK_ERR_ARGUMENT
 */
VSK_API vsk_status vsk_device_start_queue(vsk_device *device, uint32_t queue,
                                          const vsk_ring *ring,
                                          const vsk_ring_state *state);

/**
 * Reset one queue (VIRTIO_F_RING_RESET; virtio 1.4, 2.6.1): nothing more is
 * done with it, a chain in hand is void, and where it stood is forgotten. What
 * the last event pointed at is void.
 *
 * @param device changed
 * @param queue VSK_RX, VSK_TX or VSK_EVENT
 * @return VSK_OK, VSK_ERR_FEATURES where it was not negotiated, or
 * VSK_ERR_STATE where the queue was not started
 */
VSK_API vsk_status vsk_device_reset_queue(vsk_device *device, uint32_t queue);

/**
 * Let a queue stop; a chain in hand stays in the ring. A packet in hand that
 * was not told yet is found again, one that was is given back. What the last
 * event pointed at is void.
 *
 * @param device changed
 * @param now time in nanoseconds
 * @param queue VSK_RX, VSK_TX or VSK_EVENT
 * @param state written on success: where it stood
 * @return VSK_OK, VSK_ERR_STATE where it was not started, or VSK_ERR_BUSY where
 * used entries are held and the setup is not live any more
 */
VSK_API vsk_status vsk_device_stop_queue(vsk_device *device, uint64_t now,
                                         uint32_t queue, vsk_ring_state *state);

/**
 * Let queues and timers stand still.
 *
 * @param device changed
 * @param now time in nanoseconds
 */
VSK_API void vsk_device_pause(vsk_device *device, uint64_t now);

/**
 * Let queues and timers go on.
 *
 * @param device changed
 * @param now time in nanoseconds
 */
VSK_API void vsk_device_resume(vsk_device *device, uint64_t now);

/**
 * Go on to the next event: what the last one pointed at is void.
 *
 * Call it after every kick, after every call below, and when
 * vsk_timers_next(&device->endpoint.timers) says so, until it gives VSK_NONE.
 *
 * @param device changed
 * @param now time in nanoseconds
 * @param event written on success
 * @return VSK_OK, or VSK_NONE: then kicks are asked for
 */
VSK_API vsk_status vsk_device_poll(vsk_device *device, uint64_t now,
                                   vsk_event *event);

/**
 * After PACKET: do nothing with the packet but to give its chain back.
 *
 * @param device changed
 */
VSK_API void vsk_device_swallow(vsk_device *device);

/**
 * After PACKET: go on as if another packet had come.
 *
 * @param device changed
 * @param packet copied; its payload must live until the next poll but one
 */
VSK_API void vsk_device_replace(vsk_device *device, const vsk_packet *packet);

/**
 * Begin a connection to the guest.
 *
 * @param device changed on success
 * @param now time in nanoseconds
 * @param local_port own port, VSK_PORT_ANY: a free one
 * @param peer_port the guest's port
 * @param type VSK_TYPE_STREAM or VSK_TYPE_SEQPACKET
 * @param conn written on success
 * @return as vsk_endpoint_connect
 */
VSK_API vsk_status vsk_device_connect(vsk_device *device, uint64_t now,
                                      uint32_t local_port, uint32_t peer_port,
                                      uint16_t type, vsk_conn **conn);

/**
 * Send as much payload as credit and RX buffers allow.
 *
 * EOM and EOR go only on the packet with the last byte. What is left is sent
 * by another call, after WRITABLE, with the same flags. No bytes are sent as an
 * empty message where flags end one, else not at all.
 *
 * @param device changed
 * @param now time in nanoseconds
 * @param conn of the device's table
 * @param outgoing payload
 * @param sent written: bytes that are in the ring, in any case
 * @return VSK_OK where all of it is in the ring; VSK_NONE: WRITABLE follows;
 * VSK_ERR_STATE or VSK_ERR_MESSAGE as vsk_endpoint_plan
 */
VSK_API vsk_status vsk_device_send(vsk_device *device, uint64_t now,
                                   vsk_conn *conn, const vsk_outgoing *outgoing,
                                   uint64_t *sent);

/**
 * Put a packet into the next RX buffer, right or wrong: for packets that are
 * routed, and for experiments.
 *
 * @param device changed
 * @param now time in nanoseconds
 * @param packet header and payload
 * @return VSK_OK, VSK_NONE where no buffer is there, VSK_ERR_ROOM where it is
 * too small for the packet
 */
VSK_API vsk_status vsk_device_put(vsk_device *device, uint64_t now,
                                  const vsk_packet *packet);

/**
 * Send what is owed, as far as there are RX buffers.
 *
 * @param device changed
 * @param now time in nanoseconds
 */
VSK_API void vsk_device_flush(vsk_device *device, uint64_t now);

/**
 * Show the driver the used entries that device->hold kept back.
 *
 * @param device changed
 */
VSK_API void vsk_device_publish(vsk_device *device);

/**
 * Say what the driver wants to be notified of, once; a queue that stands
 * still is notified of when it goes on.
 *
 * @param device changed
 * @return a bit for each queue, 1 << VSK_RX and so on, and VSK_NOTIFY_CONFIG
 */
VSK_API uint32_t vsk_device_notify(vsk_device *device);

/**
 * End all connections and say so in the event queue (EVENT-DEV-03).
 *
 * Until the driver posts another event buffer nothing is put into RX, and TX
 * is given back unread. Without a queue or a buffer there is no such gate.
 * Another CID is a change of the configuration: the driver is notified.
 *
 * @param device changed
 * @param now time in nanoseconds
 * @param guest_cid the guest's CID from now on
 * @return VSK_OK, or VSK_ERR_CID and nothing is done
 */
VSK_API vsk_status vsk_device_reset_transport(vsk_device *device, uint64_t now,
                                              uint64_t guest_cid);

/**
 * Count the bytes that vsk_device_save writes.
 *
 * @param device to look at
 * @return bytes
 */
VSK_API uint64_t vsk_device_saved_bytes(const vsk_device *device);

/**
 * Write down all that a device knows but its queues and its policy: status,
 * features, CID, counters, connections with their credit, what they owe, what
 * is left of their timers, and what the driver is still to be notified of. Poll
 * to VSK_NONE and stop the queues before.
 *
 * @param device to look at
 * @param now time in nanoseconds
 * @param wire written
 * @param capacity room in wire, at least vsk_device_saved_bytes
 * @return VSK_OK, VSK_ERR_SPACE, or VSK_ERR_BUSY where a queue is started or
 * an event waits
 */
VSK_API vsk_status vsk_device_save(const vsk_device *device, uint64_t now,
                                   uint8_t *wire, uint64_t capacity);

/**
 * Go on where a device was saved; its queues are started afterwards, with the
 * states that vsk_device_stop_queue gave. Connections have new handles.
 *
 * Damaged bytes are refused where they cannot be, or give a device that may
 * have forgotten what the driver knows, and keeps every rule of its own.
 *
 * @param device as vsk_device_init leaves it, which offers the same; changed on
 * success
 * @param now time in nanoseconds, on another clock too
 * @param wire as vsk_device_save wrote it
 * @param size bytes in wire
 * @return VSK_OK, VSK_ERR_IMAGE, or VSK_ERR_BUSY
 */
VSK_API vsk_status vsk_device_restore(vsk_device *device, uint64_t now,
                                      const uint8_t *wire, uint64_t size);

/**
 * Reset every connection: RST will be sent, CLOSE told. After a restore, where
 * nobody is there any more to go on with them.
 *
 * @param device changed
 * @param now time in nanoseconds
 */
VSK_API void vsk_device_reset_connections(vsk_device *device, uint64_t now);

#endif
