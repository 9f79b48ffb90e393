/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Parts of conn that its sources share and nobody else sees: the way into the
 * table of states.
 */
#ifndef VSK_CONN_PARTS_H
#define VSK_CONN_PARTS_H

#include "vsk/conn.h"

/* What a packet or a call is to the table: packets after their credit was
 * counted and their flags were added up. */
typedef enum vsk_conn_input {
    IN_INVALID, /* an op that the specification does not know */
    IN_IGNORED, /* op 0: Linux passes over it while it connects */
    IN_REQUEST,
    IN_RESPONSE,
    IN_RST,
    IN_SHUTDOWN, /* flags that leave a direction open */
    IN_END,      /* flags that close the last one, nothing left to read */
    IN_END_HELD, /* the same, and the application still has to read */
    IN_RW,
    IN_CREDIT_UPDATE,
    IN_CREDIT_REQUEST,
    IN_FAULT, /* a packet whose credit, type or payload broke a rule */
    CALL_ACCEPT,
    CALL_SHUTDOWN,
    CALL_CLOSE,
    CALL_RESET,
    CALL_BLAME,
    CALL_DRAINED,
    CALL_TIMEOUT,
    CONN_INPUTS
} vsk_conn_input;

/* A cell: the next state, what to do, and what to call it. */
typedef struct vsk_conn_rule {
    uint8_t next;
    uint8_t reason;
    uint16_t actions;
    int16_t status;
} vsk_conn_rule;

/* The cell of a state and what comes to it. */
const vsk_conn_rule *vsk_conn_rule_of(const vsk_conn *conn, vsk_conn_input in);

#endif
