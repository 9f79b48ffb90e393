/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Endpoint: the connections of one role, the same for a device and a guest.
 *
 *     packet in  -> vsk_endpoint_packet -+                +- vsk_endpoint_event
 *     call       -> vsk_endpoint_call ---+-> conn table --+
 *     deadline   -> vsk_endpoint_expire -+                +- vsk_endpoint_reply
 *                                                         +- vsk_endpoint_plan
 *
 * What is to be told waits as a few bits per connection until the role asks
 * for the next event; what is to be sent waits as a few bits until the role
 * has room for a packet. Nothing else is kept: payload passes by. A packet is
 * taken only when all events of the one before it have been asked for.
 *
 * Whoever has something to tell, owes a packet or waits to send payload is
 * served in turn.
 */
#ifndef VSK_ENDPOINT_H
#define VSK_ENDPOINT_H

#include "vsk/links.h"
#include "vsk/packet.h"
#include "vsk/setup.h"
#include "vsk/timers.h"

#define VSK_RX 0u     /**< queue from device to driver */
#define VSK_TX 1u     /**< queue from driver to device */
#define VSK_EVENT 2u  /**< queue for TRANSPORT_RESET */
#define VSK_QUEUES 3u /**< how many there are */

#define VSK_SECOND UINT64_C(1000000000)     /**< nanoseconds */
#define VSK_MILLISECOND UINT64_C(1000000)   /**< nanoseconds */
#define VSK_CID_ANY UINT32_C(0xffffffff)    /**< stands for every CID */
#define VSK_PORT_ANY UINT32_C(0xffffffff)   /**< stands for no port */
#define VSK_PORT_FIRST UINT32_C(0xc0000000) /**< first port that is chosen */

/** Every kind of event: name, meaning. */
#define VSK_EVENT_TABLE(X)                                                     \
    X(PACKET, "a packet came; nothing was done with it yet")                   \
    X(REQUEST, "the peer asks to connect: accept or reset it, now or later")   \
    X(CONNECT, "the peer accepted our REQUEST")                                \
    X(DATA, "payload; say forwarded when it is really taken")                  \
    X(EOF, "the peer will send no more")                                       \
    X(WRITABLE, "a send that stopped short may go on")                         \
    X(CLOSE, "it is over; reason says how")                                    \
    X(ERROR, "the peer broke a rule; status says which")                       \
    X(MORE, "much came that tells nothing: poll again")                        \
    X(RESET, "the driver reset the device, or the device its transport")

/** What happened. */
typedef enum vsk_event_kind {
#define VSK_EVENT_ENUMERATOR(name, words) VSK_EVENT_##name,
    VSK_EVENT_TABLE(VSK_EVENT_ENUMERATOR)
#undef VSK_EVENT_ENUMERATOR
} vsk_event_kind;

/** One thing that happened; what it points at lives until the next poll. */
typedef struct vsk_event {
    vsk_event_kind kind;      /**< what */
    vsk_status status;        /**< of ERROR: the rule */
    uint64_t handle;          /**< of the connection, 0: of none */
    vsk_conn *conn;           /**< connection; NULL: of none */
    const vsk_packet *packet; /**< that it came with; NULL: none */
    const vsk_chain *chain;   /**< that it came in; NULL: none */
} vsk_event;

/** Where the packet of the chain in hand stands. */
typedef enum vsk_stage {
    VSK_STAGE_IDLE,  /**< there is none */
    VSK_STAGE_FRESH, /**< read, and nothing done with it */
    VSK_STAGE_TAKEN, /**< done with, when its events were told */
    VSK_STAGE_BROKEN /**< there is a chain, and no packet in it */
} vsk_stage;

/** What an endpoint does by itself; all of it may be changed at any time. */
typedef struct vsk_policy {
    uint32_t buf_alloc;       /**< bytes of each connection's buffer */
    uint32_t update_at;       /**< volunteer credit at so many bytes that the
                                 peer does not know of, or at any where the
                                 buffer is smaller; 0: at a quarter of the
                                 smaller buffer */
    uint32_t payload_max;     /**< most payload bytes of a packet sent */
    uint32_t count_from;      /**< where the counters of connections begin: 0,
                                 but between two that both test what wraps */
    bool update_idle;         /**< and when everything was forwarded */
    uint32_t idle_at;         /**< at so many bytes of a stream; of a message
                                 always, as its rest may need every byte */
    bool ask;                 /**< CREDIT_REQUEST where credit is short */
    bool answer;              /**< CREDIT_REQUEST with a CREDIT_UPDATE */
    bool meter;               /**< hold packets back as well as bytes */
    uint64_t connect_timeout; /**< nanoseconds from our REQUEST to RESPONSE */
    uint64_t close_timeout;   /**< from our SHUTDOWN of both to the RST; who
                                 queues payload gives it as long to move before
                                 that */
    uint64_t drain_timeout;   /**< from the peer's, until all is forwarded */
    uint64_t ask_first;       /**< between two CREDIT_REQUEST, doubled */
    uint64_t ask_last;        /**< each time up to this */
} vsk_policy;

/** A RST for a flow that has no connection. */
typedef struct vsk_orphan {
    vsk_flow flow; /**< both ends */
    uint16_t type; /**< of the packet that it answers */
    bool stale;    /**< a REQUEST came since: not to be sent */
} vsk_orphan;

/** The tables of an endpoint: all of them the caller's. */
typedef struct vsk_endpoint_tables {
    vsk_slot *slots;          /**< connections, capacity entries */
    vsk_link *links;          /**< capacity entries */
    vsk_timer *heap;          /**< capacity entries */
    uint32_t *place;          /**< capacity entries */
    uint32_t *index;          /**< index_size entries */
    vsk_orphan *orphans;      /**< orphan_capacity entries */
    uint32_t capacity;        /**< connections at most */
    uint32_t index_size;      /**< power of two, at least twice capacity */
    uint32_t orphan_capacity; /**< RSTs that may wait, 1 or more */
} vsk_endpoint_tables;

/** What has been counted since the beginning. */
typedef struct vsk_counters {
    uint64_t rx_packets; /**< packets taken */
    uint64_t tx_packets; /**< packets sent */
    uint64_t rx_bytes;   /**< payload bytes taken */
    uint64_t tx_bytes;   /**< payload bytes sent */
    uint64_t errors;     /**< packets and chains that broke a rule */
    uint64_t foreign;    /**< of them dropped for a CID */
} vsk_counters;

/** The connections of a role. */
typedef struct vsk_endpoint {
    vsk_policy policy;        /**< what is done without being asked */
    vsk_table table;          /**< connections */
    vsk_timers timers;        /**< their deadlines */
    vsk_links links;          /**< what waits */
    vsk_orphan *orphans;      /**< the caller's, a ring */
    uint32_t orphan_capacity; /**< entries */
    uint32_t orphan_first;    /**< oldest */
    uint32_t orphan_count;    /**< RSTs that wait */
    uint32_t local_cid;       /**< own */
    uint32_t peer_cid;        /**< the only peer, or VSK_CID_ANY */
    uint32_t next_port;       /**< where the search for a free one begins */
    uint32_t recent;          /**< slot of the packet that came last */
    uint32_t current;         /**< slot of the event told last */
    uint32_t turn;            /**< slot that may send before others */
    bool stream;              /**< STREAM connections may be made */
    bool seqpacket;           /**< SEQPACKET connections may be made */
    bool reset;               /**< RESET is to be told, after every CLOSE */
    vsk_status fault;         /**< an ERROR to tell first, or VSK_OK */
    uint64_t fault_handle;    /**< whose */
    uint64_t replaced;        /**< handle of a connection to tell CLOSE of */
    vsk_conn old;             /**< that connection */
    vsk_counters counters;    /**< since the beginning */
} vsk_endpoint;

/**
 * Tell whether a reply may be owed: where it is not, there is no need to ask.
 *
 * @param endpoint to look at
 * @return false where vsk_endpoint_reply would find none
 */
static inline bool
vsk_endpoint_owes(const vsk_endpoint *endpoint)
{
    return endpoint->orphan_count != 0 ||
           endpoint->links.lines[VSK_LINE_OWING].first != VSK_TABLE_NONE;
}

/**
 * Say what a well-behaved endpoint does: 256 KiB, a quarter, 64 KiB packets,
 * connect 2 s, close and drain 8 s, ask after 100 ms up to 2 s.
 *
 * @return the policy
 */
VSK_API vsk_policy vsk_policy_default(void);

/**
 * Begin without connections.
 *
 * @param endpoint written on success
 * @param tables the caller's tables; they must outlive the endpoint
 * @param policy what to do without being asked; copied
 * @param local_cid own context id
 * @param peer_cid the only peer, or VSK_CID_ANY
 * @param seed key of the table's hash
 * @return VSK_OK or VSK_ERR_ARGUMENT
 */
VSK_API vsk_status vsk_endpoint_init(vsk_endpoint *endpoint,
                                     const vsk_endpoint_tables *tables,
                                     const vsk_policy *policy,
                                     uint32_t local_cid, uint32_t peer_cid,
                                     uint64_t seed);

/**
 * Say which types the negotiated features allow.
 *
 * @param endpoint changed
 * @param setup agreed on
 */
VSK_API void vsk_endpoint_allow(vsk_endpoint *endpoint, const vsk_setup *setup);

/**
 * Tell whether a packet may be taken: there is room for the RST that it may
 * need.
 *
 * @param endpoint to look at
 * @return false: do not take packets before a reply was sent
 */
VSK_API bool vsk_endpoint_ready(const vsk_endpoint *endpoint);

/**
 * Take a packet. All events must have been asked for, and vsk_endpoint_ready
 * must have said true.
 *
 * @param endpoint changed
 * @param now time in nanoseconds
 * @param header of the packet
 * @param conn written: the connection whose DATA the payload is, NULL where it
 * is nobody's; the role tells it before any other event
 * @return VSK_OK, or the rule that the packet broke, as vsk_conn_packet, or
 * VSK_BAD_CID: also told as ERROR
 */
VSK_API vsk_status vsk_endpoint_packet(vsk_endpoint *endpoint, uint64_t now,
                                       const vsk_header *header,
                                       vsk_conn **conn);

/**
 * Count a fault that no connection is to blame for, and tell it as ERROR.
 *
 * @param endpoint changed
 * @param status VSK_BAD_*
 */
VSK_API void vsk_endpoint_fault(vsk_endpoint *endpoint, vsk_status status);

/**
 * Ask for the next event. A connection that is over goes when the event after
 * its CLOSE is asked for, or when its RST was sent.
 *
 * @param endpoint changed
 * @param event written on success; packet is NULL
 * @return VSK_OK, or VSK_NONE
 */
VSK_API vsk_status vsk_endpoint_event(vsk_endpoint *endpoint, vsk_event *event);

/**
 * Ask for the connection that waited longest to send, with room for a packet
 * at hand: it may send before all others until the next one is asked for.
 *
 * @param endpoint changed
 * @param event written on success: WRITABLE
 * @return VSK_OK, or VSK_NONE
 */
VSK_API vsk_status vsk_endpoint_writable(vsk_endpoint *endpoint,
                                         vsk_event *event);

/**
 * Ask for the packet without payload that is to be sent next: RSTs for
 * unknown flows first, then what connections owe, in turn.
 *
 * @param endpoint passes over slots that owe nothing any more
 * @param header written on success; the same one again until
 * vsk_endpoint_replied
 * @return VSK_OK, or VSK_NONE
 */
VSK_API vsk_status vsk_endpoint_reply(vsk_endpoint *endpoint,
                                      vsk_header *header);

/**
 * Say that the packet of vsk_endpoint_reply is in the ring.
 *
 * @param endpoint changed
 * @param now time in nanoseconds
 */
VSK_API void vsk_endpoint_replied(vsk_endpoint *endpoint, uint64_t now);

/**
 * Look at the end of a pass whose peer has all that was received, and does
 * not know: it will be owed a CREDIT_UPDATE.
 *
 * @param endpoint changed
 */
VSK_API void vsk_endpoint_settle(vsk_endpoint *endpoint);

/**
 * Let a timer run out, if one has.
 *
 * @param endpoint changed
 * @param now time in nanoseconds
 * @return VSK_OK: call again; VSK_NONE
 */
VSK_API vsk_status vsk_endpoint_expire(vsk_endpoint *endpoint, uint64_t now);

/**
 * Begin a connection to the peer. A pair whose CLOSE was told, and which owes
 * no RST, is free at once: that event's conn is void then.
 *
 * @param endpoint changed on success
 * @param now time in nanoseconds
 * @param flow both ends; local_port VSK_PORT_ANY takes a free one
 * @param type VSK_TYPE_STREAM or VSK_TYPE_SEQPACKET
 * @param conn written on success
 * @return VSK_OK, VSK_ERR_BUSY where the flow is in use, VSK_ERR_TABLE where
 * no slot is free, VSK_ERR_TYPE where the type was not negotiated
 */
VSK_API vsk_status vsk_endpoint_connect(vsk_endpoint *endpoint, uint64_t now,
                                        const vsk_flow *flow, uint16_t type,
                                        vsk_conn **conn);

/**
 * Do what the application asks: VSK_CALL_ACCEPT, _SHUTDOWN, _CLOSE, _RESET,
 * _BLAME or _TIMEOUT.
 *
 * @param endpoint changed on success
 * @param now time in nanoseconds
 * @param conn of the table
 * @param call what to do
 * @param flags VSK_SHUTDOWN_*, for VSK_CALL_SHUTDOWN
 * @return VSK_OK, or VSK_ERR_STATE where the state does not allow it
 */
VSK_API vsk_status vsk_endpoint_call(vsk_endpoint *endpoint, uint64_t now,
                                     vsk_conn *conn, vsk_call call,
                                     uint32_t flags);

/**
 * Count payload that the application has taken: only then may the peer send
 * more.
 *
 * @param endpoint changed on success
 * @param now time in nanoseconds
 * @param conn of the table
 * @param len payload bytes
 * @return VSK_OK, or VSK_ERR_FORWARDED where that is more than it was given
 */
VSK_API vsk_status vsk_endpoint_forwarded(vsk_endpoint *endpoint, uint64_t now,
                                          vsk_conn *conn, uint32_t len);

/**
 * Change the size of a connection's own buffer; the peer is told.
 *
 * @param endpoint changed
 * @param conn of the table
 * @param buf_alloc bytes
 */
VSK_API void vsk_endpoint_resize(vsk_endpoint *endpoint, vsk_conn *conn,
                                 uint32_t buf_alloc);

/** Payload that the application wants to send. */
typedef struct vsk_outgoing {
    const vsk_span *spans; /**< base and len count; other fields may be 0 */
    uint32_t count;        /**< spans */
    uint32_t flags;        /**< of the last packet: VSK_SEQ_*; 0 where more of
                              the message follows, and on a STREAM */
} vsk_outgoing;

/**
 * Count the bytes that the application wants to send.
 *
 * @param outgoing to look at
 * @return bytes
 */
VSK_API uint64_t vsk_outgoing_bytes(const vsk_outgoing *outgoing);

/**
 * Show a part of the payload as a packet's; its header is all 0 but for len.
 *
 * @param outgoing whose spans are borrowed
 * @param offset bytes to pass over
 * @param size bytes of the part, all of them there
 * @param packet written
 */
VSK_API void vsk_outgoing_packet(const vsk_outgoing *outgoing, uint64_t offset,
                                 uint32_t size, vsk_packet *packet);

/**
 * Plan the next packet of payload.
 *
 * @param endpoint remembers who waits for credit
 * @param now time in nanoseconds
 * @param conn of the table
 * @param left bytes that are still to be sent
 * @param room bytes that the role can put into one packet now
 * @param flags of the packet with the last byte: VSK_SEQ_*
 * @param header written on success: the whole packet's
 * @return VSK_OK; VSK_NONE where credit is short or others come first:
 * WRITABLE will follow; VSK_ERR_STATE where nothing may be sent any more, or
 * not yet; VSK_ERR_MESSAGE where the message is longer than the peer's whole
 * buffer
 */
VSK_API vsk_status vsk_endpoint_plan(vsk_endpoint *endpoint, uint64_t now,
                                     vsk_conn *conn, uint64_t left,
                                     uint32_t room, uint32_t flags,
                                     vsk_header *header);

/**
 * Say that a planned packet is in the ring.
 *
 * @param endpoint changed
 * @param conn of the table
 * @param header as planned
 */
VSK_API void vsk_endpoint_sent(vsk_endpoint *endpoint, vsk_conn *conn,
                               const vsk_header *header);

/**
 * Remember that a connection waits for room to send.
 *
 * @param endpoint changed
 * @param conn of the table
 */
VSK_API void vsk_endpoint_wait(vsk_endpoint *endpoint, vsk_conn *conn);

/**
 * Tell whether somebody waits for room: buffers, or free descriptors.
 *
 * @param endpoint to look at
 * @return true where replies or WRITABLE events wait
 */
VSK_API bool vsk_endpoint_waits(const vsk_endpoint *endpoint);

/**
 * End all connections without a packet: the transport was reset. CLOSE is told
 * of each, then RESET.
 *
 * @param endpoint changed
 */
VSK_API void vsk_endpoint_abandon(vsk_endpoint *endpoint);

/**
 * Name a kind of event.
 *
 * @param kind any value
 * @return a constant string, "UNKNOWN" for a value that is no kind
 */
VSK_API const char *vsk_event_name(uint32_t kind);

#endif
