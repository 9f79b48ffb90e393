/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Conn: the states of one connection and what moves it from one to the next.
 *
 *                 connect                       REQUEST
 *     CONNECTING <------- CLOSED -------------------------> REQUESTED
 *         | RESPONSE                                  accept |
 *         +-------------> ESTABLISHED <----------------------+
 *                close |               | SHUTDOWN, both
 *                 CLOSING            DRAINING
 *                      | RST           | all is read: RST
 *                      +--> CLOSED <---+
 *
 * A packet or a call goes in, a new state and a mask of actions come out: what
 * to send and what to tell the application. conn_rules.c holds the table, a row
 * for each state. Nothing is sent or told from here, and no clock is read: the
 * role does both, and calls again when a timer runs out.
 */
#ifndef VSK_CONN_H
#define VSK_CONN_H

#include "vsk/credit.h"
#include "vsk/header.h"

/** Every state: name, meaning. */
#define VSK_STATE_TABLE(X)                                                     \
    X(CLOSED, "there is no connection")                                        \
    X(CONNECTING, "our REQUEST waits for an answer")                           \
    X(REQUESTED, "the peer's REQUEST waits for ours")                          \
    X(ESTABLISHED, "both may send, unless a SHUTDOWN said otherwise")          \
    X(CLOSING, "we shut both directions and wait for the peer's RST")          \
    X(DRAINING, "the peer shut both; the application still reads")

/** Where a connection stands. */
typedef enum vsk_state {
#define VSK_STATE_ENUMERATOR(name, words) VSK_STATE_##name,
    VSK_STATE_TABLE(VSK_STATE_ENUMERATOR)
#undef VSK_STATE_ENUMERATOR
} vsk_state;

/** Every reason for an end: name, meaning. */
#define VSK_REASON_TABLE(X)                                                    \
    X(NONE, "it has not ended")                                                \
    X(CLOSED, "both sides were done")                                          \
    X(REFUSED, "the peer answered the REQUEST with RST")                       \
    X(RESET, "the peer sent RST before the end of its data")                   \
    X(LOCAL, "reset from this side")                                           \
    X(TIMEOUT, "the peer, or the reader, took too long")                       \
    X(PROTOCOL, "the peer broke a rule")                                       \
    X(REPLACED, "the peer sent a new REQUEST for the same pair")               \
    X(TRANSPORT, "the device or its queues were reset")

/** Why a connection has ended. */
typedef enum vsk_reason {
#define VSK_REASON_ENUMERATOR(name, words) VSK_REASON_##name,
    VSK_REASON_TABLE(VSK_REASON_ENUMERATOR)
#undef VSK_REASON_ENUMERATOR
} vsk_reason;

#define VSK_DO_SEND_RESPONSE 0x001u /**< accept the peer's REQUEST */
#define VSK_DO_SEND_RST 0x002u      /**< end it on the wire */
#define VSK_DO_SEND_SHUTDOWN 0x004u /**< with the flags in shut_sent */
#define VSK_DO_SEND_CREDIT 0x008u   /**< the peer asked for a CREDIT_UPDATE */
#define VSK_DO_TELL_REQUEST 0x010u  /**< the peer asks to connect */
#define VSK_DO_TELL_CONNECT 0x020u  /**< our REQUEST was accepted */
#define VSK_DO_TELL_DATA 0x040u     /**< the packet's payload is for it */
#define VSK_DO_TELL_EOF 0x080u      /**< nothing more to read will come */
#define VSK_DO_TELL_CLOSE 0x100u    /**< it is over; reason says how */
#define VSK_DO_DROP 0x200u /**< the payload is for nobody: forward it */

/** What the application may ask of a connection. */
typedef enum vsk_call {
    VSK_CALL_ACCEPT,   /**< take the peer's REQUEST */
    VSK_CALL_SHUTDOWN, /**< send no more, or receive no more */
    VSK_CALL_CLOSE,    /**< both */
    VSK_CALL_RESET,    /**< end it at once */
    VSK_CALL_BLAME,    /**< the same: the peer broke a rule that the role or
                          the application has */
    VSK_CALL_DRAINED,  /**< all that was received is forwarded */
    VSK_CALL_TIMEOUT   /**< the state's timer ran out, in ESTABLISHED that of an
                          application which closes and cannot send the rest */
} vsk_call;

/** Two ends of a connection. */
typedef struct vsk_flow {
    uint32_t local_cid;  /**< own context id */
    uint32_t local_port; /**< own port */
    uint32_t peer_cid;   /**< the peer's context id */
    uint32_t peer_port;  /**< the peer's port */
} vsk_flow;

/** A connection; the role's table holds them. */
typedef struct vsk_conn {
    vsk_flow flow;     /**< who talks to whom */
    vsk_credit credit; /**< bytes and packets */
    uint8_t state;     /**< vsk_state */
    uint8_t reason;    /**< vsk_reason */
    uint8_t type;      /**< vsk_type */
    uint8_t shut_sent; /**< VSK_SHUTDOWN_* that we sent or owe */
    uint8_t
        shut_received; /**< VSK_SHUTDOWN_* that the peer sent, all of them */
} vsk_conn;

/**
 * Begin a connection to a peer: its REQUEST is the role's to send.
 *
 * @param conn written
 * @param flow both ends
 * @param type VSK_TYPE_STREAM or VSK_TYPE_SEQPACKET
 * @param buf_alloc bytes of the own buffer
 */
VSK_API void vsk_conn_connect(vsk_conn *conn, const vsk_flow *flow,
                              uint16_t type, uint32_t buf_alloc);

/**
 * Begin in CLOSED, for a packet of a flow that nobody knows.
 *
 * @param conn written
 * @param flow both ends
 * @param type type of the packet
 * @param buf_alloc bytes of the own buffer
 */
VSK_API void vsk_conn_init(vsk_conn *conn, const vsk_flow *flow, uint16_t type,
                           uint32_t buf_alloc);

/**
 * Take a packet of the connection's flow.
 *
 * Its credit is learned first (VSOCK-BOTH-19), payload is counted, SHUTDOWN
 * flags add up (VSOCK-BOTH-30), then the table says what follows.
 *
 * @param conn changed
 * @param header of the packet
 * @param actions written: VSK_DO_*
 * @return VSK_OK, or the rule that the packet broke; the actions are right in
 * any case: VSK_BAD_FLOW, VSK_BAD_STATE, VSK_BAD_OP, VSK_BAD_TYPE,
 * VSK_BAD_CREDIT or VSK_BAD_SHUT; after VSK_BAD_FWD_CNT the connection goes
 * on with the account as it was
 */
VSK_API vsk_status vsk_conn_packet(vsk_conn *conn, const vsk_header *header,
                                   uint32_t *actions);

/**
 * Do what the application or a timer asks.
 *
 * @param conn changed on success
 * @param call what to do
 * @param flags VSK_SHUTDOWN_*, for VSK_CALL_SHUTDOWN
 * @param actions written on success: VSK_DO_*
 * @return VSK_OK, or VSK_ERR_STATE where the state does not allow it
 */
VSK_API vsk_status vsk_conn_call(vsk_conn *conn, vsk_call call, uint32_t flags,
                                 uint32_t *actions);

/**
 * End a connection without a packet: the transport was reset.
 *
 * @param conn changed
 * @return VSK_DO_TELL_CLOSE, 0 where there was none
 */
VSK_API uint32_t vsk_conn_abandon(vsk_conn *conn);

/**
 * Tell whether payload may be sent: the state, and nobody has shut it.
 *
 * @param conn to look at
 * @return true where credit alone decides
 */
VSK_API bool vsk_conn_may_send(const vsk_conn *conn);

/**
 * Tell whether credit may be reported unasked: never before RESPONSE, after
 * our SHUTDOWN of both or after the peer said it sends no more.
 *
 * @param conn to look at
 * @return true where a CREDIT_UPDATE may be sent
 */
VSK_API bool vsk_conn_may_update(const vsk_conn *conn);

/**
 * Name a state.
 *
 * @param state any value
 * @return a constant string, "UNKNOWN" for a value that is no state
 */
VSK_API const char *vsk_state_name(uint32_t state);

/**
 * Name a reason.
 *
 * @param reason any value
 * @return a constant string, "UNKNOWN" for a value that is no reason
 */
VSK_API const char *vsk_reason_name(uint32_t reason);

/**
 * Say a reason in words.
 *
 * @param reason any value
 * @return a constant string, "unknown reason" for a value that is no reason
 */
VSK_API const char *vsk_reason_text(uint32_t reason);

#endif
