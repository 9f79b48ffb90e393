/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Status: the outcome of every call that can fail, one value per rule.
 *
 * VSK_OK is 0, VSK_NONE says that nothing is there now, VSK_EOF that nothing
 * will come any more, and everything below 0 is a failure whose name says who
 * broke a rule: VSK_ERR_* the caller, VSK_BAD_* the other side of the shared
 * memory. VSK_RESET, VSK_TIMEOUT and VSK_PIPE are nobody's fault: that is how
 * connections end.
 */
#ifndef VSK_STATUS_H
#define VSK_STATUS_H

#include <stdbool.h>

#include "vsk/api.h"

/**
 * Every status: name, value, the rule in words, and its clause in
 * tests/vectors/conformance.tsv (empty where the rule is the library's own).
 */
#define VSK_STATUS_TABLE(X)                                                    \
    X(OK, 0, "done", "")                                                       \
    X(NONE, 1, "nothing is there now", "")                                     \
    X(EOF, 2, "the peer will send no more", "")                                \
    X(ERR_ARGUMENT, -1, "an argument is outside its documented range", "")     \
    X(ERR_SIZE, -2,                                                            \
      "the queue size must be 1 to 32768, a power of two in a split ring",     \
      "SPLIT-BOTH-04")                                                         \
    X(ERR_ALIGN, -3,                                                           \
      "ring parts must be aligned: descriptors 16, driver 2, device 4 bytes",  \
      "SPLIT-DRV-01")                                                          \
    X(ERR_ADDRESS, -4,                                                         \
      "the address range is not in one piece of guest memory",                 \
      "SPLIT-BOTH-02")                                                         \
    X(ERR_REGION, -5,                                                          \
      "regions must be sorted, not empty, not overlapping, below 2^64", "")    \
    X(ERR_SPACE, -6, "the output buffer is too short", "")                     \
    X(ERR_SPANS, -7, "the chain has more pieces than the caller's span table", \
      "FRAME-DEV-02")                                                          \
    X(ERR_FULL, -8, "the ring has too few free descriptors", "")               \
    X(ERR_EMPTY, -9, "a chain needs at least one buffer", "SPLIT-DRV-11")      \
    X(ERR_ORDER, -10, "a readable buffer may not follow a writable one",       \
      "FRAME-DRV-01")                                                          \
    X(ERR_LENGTH, -11, "a chain holds 2^32 bytes at most", "SPLIT-DRV-03")     \
    X(ERR_LONG, -12, "a chain holds at most as many buffers as the queue",     \
      "SPLITIND-DRV-03")                                                       \
    X(ERR_INDIRECT, -13, "VIRTIO_F_INDIRECT_DESC was not negotiated",          \
      "SPLITIND-DRV-01")                                                       \
    X(ERR_LAYOUT, -14,                                                         \
      "the layout must be made of pieces above 0 that hold the whole packet",  \
      "")                                                                      \
    X(ERR_HELD, -15,                                                           \
      "the chain is not held from this queue: given back, foreign or reset",   \
      "")                                                                      \
    X(ERR_WRITTEN, -16, "more bytes reported than the chain can hold",         \
      "SPLIT-DEV-09")                                                          \
    X(ERR_ROOM, -17, "the payload does not fit into the packet's room", "")    \
    X(ERR_POOL, -18, "no free range of guest memory is large enough", "")      \
    X(ERR_FREE, -19, "the range was not handed out, or is free already", "")   \
    X(ERR_TABLE, -20, "a table of the caller's has no free entry", "")         \
    X(ERR_IMAGE, -21, "these bytes are not a saved guest memory", "")          \
    X(ERR_CLOSED, -22, "the object is closed", "")                             \
    X(ERR_BUSY, -23,                                                           \
      "in use: by a view, a chain held or out of order, a queue, a "           \
      "connection",                                                            \
      "")                                                                      \
    X(ERR_NOMEM, -24, "the host has no memory left", "")                       \
    X(ERR_FEATURES, -25,                                                       \
      "a ring knows INDIRECT_DESC, EVENT_IDX, RING_PACKED and IN_ORDER", "")   \
    X(ERR_FORWARDED, -26,                                                      \
      "more bytes forwarded than the application was given", "")               \
    X(ERR_STATE, -27, "the connection's state does not allow the call", "")    \
    X(ERR_CID, -28, "a guest's CID is from 3 to 0xfffffffe", "VSOCK-DEV-08")   \
    X(ERR_TYPE, -29, "the type was not negotiated", "VSOCK-BOTH-04")           \
    X(ERR_MESSAGE, -30, "the message is longer than the peer's whole buffer",  \
      "")                                                                      \
    X(ERR_HANDLE, -31, "there is no such connection", "")                      \
    X(ERR_HOOK, -32, "calls that drive a lab are not for hooks", "")           \
    X(ERR_SYSTEM, -33, "the operating system refused it", "")                  \
    X(ERR_PROTOCOL, -34,                                                       \
      "a protocol feature that is not known, or without those that it needs",  \
      "VHU-BOTH-10")                                                           \
    X(ERR_IN_ORDER, -35,                                                       \
      "VIRTIO_F_IN_ORDER: chains go back in the order in which they came",     \
      "PACKORD-DEV-01")                                                        \
    X(ERR_MIXED, -36,                                                          \
      "in a packed ring a list is all direct, or one indirect table",          \
      "PACKED-DRV-06")                                                         \
    X(BAD_SHORT, -101, "a packet has at least its header's 44 bytes",          \
      "VSOCK-BOTH-05")                                                         \
    X(BAD_LEN, -102, "the header's len is more than the payload bytes there",  \
      "VSOCK-BOTH-08")                                                         \
    X(BAD_LIMIT, -103, "the header's len is above the receiver's limit",       \
      "VSOCK-BOTH-08")                                                         \
    X(BAD_TX_WRITABLE, -104, "a TX chain has device-readable buffers only",    \
      "VSOCK-DRV-12")                                                          \
    X(BAD_RX_READABLE, -105, "an RX chain has device-writable buffers only",   \
      "VSOCK-DRV-12")                                                          \
    X(BAD_RX_SHORT, -106,                                                      \
      "an RX chain needs room for the 44 bytes of a header", "VSOCK-BOTH-05")  \
    X(BAD_AVAIL_IDX, -107,                                                     \
      "the available idx went back, or ahead by more than the queue size",     \
      "SPLIT-DRV-06")                                                          \
    X(BAD_HEAD, -108, "a head in the available ring is outside the table",     \
      "SPLIT-DRV-05")                                                          \
    X(BAD_NEXT, -109, "next points outside the descriptor table",              \
      "SPLIT-BOTH-05")                                                         \
    X(BAD_LOOP, -110, "the chain comes back to itself", "SPLIT-DRV-03")        \
    X(BAD_LONG, -111, "the chain has more buffers than the queue",             \
      "SPLITIND-DRV-03")                                                       \
    X(BAD_ADDRESS, -112, "the buffer is not guest memory", "RSVF-DRV-05")      \
    X(BAD_TOTAL, -113, "the chain holds more than 2^32 bytes", "SPLIT-DRV-03") \
    X(BAD_ORDER, -114, "a readable buffer follows a writable one",             \
      "FRAME-DRV-01")                                                          \
    X(BAD_INDIRECT, -115,                                                      \
      "INDIRECT is set though VIRTIO_F_INDIRECT_DESC was not negotiated",      \
      "SPLITIND-DRV-01")                                                       \
    X(BAD_NESTED, -116, "INDIRECT is set inside an indirect table",            \
      "SPLITIND-DRV-02")                                                       \
    X(BAD_INDIRECT_NEXT, -117, "INDIRECT is set with NEXT, or inside a list",  \
      "SPLITIND-DRV-04")                                                       \
    X(BAD_TABLE_LEN, -118,                                                     \
      "an indirect table's length is not a multiple of 16 above 0",            \
      "SPLITIND-BOTH-01")                                                      \
    X(BAD_TABLE_ADDRESS, -119,                                                 \
      "the indirect table is not in one piece of guest memory",                \
      "SPLITIND-BOTH-01")                                                      \
    X(BAD_USED_IDX, -120, "the used idx runs ahead of the available idx",      \
      "SPLIT-DEV-07")                                                          \
    X(BAD_USED_ID, -121, "the used id is not the head of a chain on the ring", \
      "SPLIT-DEV-06")                                                          \
    X(BAD_USED_LEN, -122, "the used len is more than the chain can hold",      \
      "SPLIT-DEV-09")                                                          \
    X(BAD_CID, -123,                                                           \
      "a CID's upper half must be 0, and the CID that of its sender",          \
      "VSOCK-BOTH-06")                                                         \
    X(BAD_TYPE, -124, "the type is neither STREAM nor SEQPACKET",              \
      "VSOCK-BOTH-12")                                                         \
    X(BAD_OP, -125, "the op is none that the specification knows",             \
      "VSOCK-BOTH-07")                                                         \
    X(BAD_FLAGS, -126, "a flag is set that this op and type do not have",      \
      "VSOCK-BOTH-37")                                                         \
    X(BAD_PAYLOAD, -127, "only RW packets carry a payload", "VSOCK-BOTH-08")   \
    X(BAD_FWD_CNT, -128, "fwd_cnt goes back, or says more than was sent",      \
      "VSOCK-BOTH-18")                                                         \
    X(BAD_CREDIT, -129, "the payload passes the buffer that was advertised",   \
      "VSOCK-DRV-09")                                                          \
    X(BAD_STATE, -130, "the op is not legal in this state of the connection",  \
      "VSOCK-BOTH-25")                                                         \
    X(BAD_SHUT, -131, "payload after a SHUTDOWN that said there is no more",   \
      "VSOCK-BOTH-29")                                                         \
    X(BAD_FLOW, -132, "the packet belongs to no connection", "VSOCK-BOTH-11")  \
    X(BAD_FEATURES, -133,                                                      \
      "a feature was accepted that was not offered, or VERSION_1 was not",     \
      "FEAT-DRV-01")                                                           \
    X(BAD_STATUS, -134, "the status register was written out of order",        \
      "INIT-DRV-01")                                                           \
    X(BAD_CAPTURE, -135,                                                       \
      "the capture's magic, version, interface or a length in it is wrong",    \
      "")                                                                      \
    X(BAD_FLOOD, -136, "more empty messages than a reader's queue takes", "")  \
    X(BAD_EVENT, -137, "an event is an le32 id, and 0 is the only one",        \
      "EVENT-DEV-02")                                                          \
    X(BAD_MESSAGE, -138, "a vhost-user message has version 1", "VHU-BOTH-03")  \
    X(BAD_MESSAGE_SIZE, -139, "the payload's size is not the message's",       \
      "VHU-BOTH-02")                                                           \
    X(BAD_REQUEST, -140,                                                       \
      "the request is unknown, or its protocol feature was not agreed on",     \
      "VHU-BOTH-04")                                                           \
    X(BAD_FDS, -141, "a message with another number or kind of descriptors",   \
      "VHU-FE-02")                                                             \
    X(BAD_RING, -142,                                                          \
      "the ring's index, size, place or base is none that it can have",        \
      "VHU-FE-10")                                                             \
    X(BAD_REGION, -143,                                                        \
      "a memory region is empty, overlaps, cannot be mapped or is not there",  \
      "VHU-FE-09")                                                             \
    X(BAD_PROTOCOL, -144,                                                      \
      "a protocol feature was set that was not offered, or without those "     \
      "that it needs",                                                         \
      "VHU-BOTH-04")                                                           \
    X(BAD_REPLY, -145, "the reply is not the request's", "VHU-FE-03")          \
    X(BAD_HANGUP, -146, "the other side went away within a message",           \
      "VHU-FE-03")                                                             \
    X(BAD_ACK, -147, "the back end says that it failed", "VHU-BE-51")          \
    X(BAD_CONFIG, -148, "the configuration space cannot be written so",        \
      "VHU-BE-40")                                                             \
    X(BAD_DIAL, -149,                                                          \
      "a line that dials is CONNECT, a port and a newline in 32 bytes", "")    \
    X(BAD_PORT, -150, "a port to be dialled is at most 4294967294", "")        \
    X(BAD_LIST, -151,                                                          \
      "a list in a packed ring is available as a whole, and ends before "      \
      "chains that are not back",                                              \
      "PACKED-DRV-23")                                                         \
    X(BAD_CUT, -152,                                                           \
      "a file of guest memory was cut short after it was shared", "")          \
    X(RESET, -201, "the connection was reset", "")                             \
    X(TIMEOUT, -202, "it took too long", "")                                   \
    X(PIPE, -203, "nothing more can be sent on this connection", "")

/** The outcome of a call; every failure is one rule broken. */
typedef enum vsk_status {
#define VSK_STATUS_ENUMERATOR(name, value, words, clause) VSK_##name = value,
    VSK_STATUS_TABLE(VSK_STATUS_ENUMERATOR)
#undef VSK_STATUS_ENUMERATOR
} vsk_status;

/**
 * Name a status as scripts see it: the C name without VSK_.
 *
 * @param status any value
 * @return a constant string, "UNKNOWN" for a value that is no status
 */
VSK_API const char *vsk_status_name(vsk_status status);

/**
 * Say in words which rule a status stands for.
 *
 * @param status any value
 * @return a constant string, "unknown status" for a value that is no status
 */
VSK_API const char *vsk_status_text(vsk_status status);

/**
 * Name the clause of the specification behind a status.
 *
 * @param status any value
 * @return an id such as "SPLIT-DRV-03", "" where the rule is the library's own
 */
VSK_API const char *vsk_status_clause(vsk_status status);

/**
 * Tell whether the other side of the shared memory broke the rule.
 *
 * @param status any value
 * @return true for VSK_BAD_*
 */
VSK_API bool vsk_status_is_peer(vsk_status status);

#endif
