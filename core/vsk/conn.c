/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vsk/conn_parts.h"

#include <stddef.h>

#define BOTH (VSK_SHUTDOWN_RECEIVE | VSK_SHUTDOWN_SEND)

void
vsk_conn_init(vsk_conn *conn, const vsk_flow *flow, uint16_t type,
              uint32_t buf_alloc)
{
    *conn = (vsk_conn){
        .flow = *flow,
        .state = VSK_STATE_CLOSED,
        .type = (uint8_t)type,
    };
    vsk_credit_init(&conn->credit, buf_alloc);
}

void
vsk_conn_connect(vsk_conn *conn, const vsk_flow *flow, uint16_t type,
                 uint32_t buf_alloc)
{
    vsk_conn_init(conn, flow, type, buf_alloc);
    conn->state = VSK_STATE_CONNECTING;
}

/* Move on by a cell of the table. */
static vsk_status
move(vsk_conn *conn, vsk_conn_input in, uint32_t *actions)
{
    const vsk_conn_rule *found = vsk_conn_rule_of(conn, in);

    if (found->status == VSK_ERR_STATE)
        return VSK_ERR_STATE;
    *actions = found->actions;
    conn->state = found->next;
    /* Why the last one ended is known until the next one begins. */
    if (found->reason != VSK_REASON_NONE || found->next != VSK_STATE_CLOSED)
        conn->reason = found->reason;
    return (vsk_status)found->status;
}

/* A REQUEST begins anew, in CLOSED and where it takes an old one's place. */
static void
begin_anew(vsk_conn *conn, const vsk_header *header)
{
    uint32_t buf_alloc = conn->credit.buf_alloc;

    vsk_credit_init(&conn->credit, buf_alloc);
    (void)vsk_credit_learn(&conn->credit, header->buf_alloc, 0);
    conn->type = (uint8_t)header->type;
    conn->shut_sent = 0;
    conn->shut_received = 0;
}

/* Which rule payload breaks, if any; counted where it breaks none. */
static vsk_status
count_payload(vsk_conn *conn, const vsk_header *header)
{
    if ((conn->shut_received & VSK_SHUTDOWN_SEND) != 0)
        return VSK_BAD_SHUT;
    return vsk_credit_received(&conn->credit, header->len);
}

static vsk_conn_input
add_flags(vsk_conn *conn, const vsk_header *header)
{
    conn->shut_received |= (uint8_t)(header->flags & BOTH);
    if (conn->shut_received != BOTH)
        return IN_SHUTDOWN;
    return vsk_credit_held(&conn->credit) != 0 ? IN_END_HELD : IN_END;
}

static vsk_conn_input
input_of(vsk_conn *conn, const vsk_header *header)
{
    switch (header->op) {
    case VSK_OP_INVALID:
        return IN_IGNORED;
    case VSK_OP_REQUEST:
        return IN_REQUEST;
    case VSK_OP_RESPONSE:
        return IN_RESPONSE;
    case VSK_OP_RST:
        return IN_RST;
    case VSK_OP_SHUTDOWN:
        return add_flags(conn, header);
    case VSK_OP_RW:
        return IN_RW;
    case VSK_OP_CREDIT_UPDATE:
        return IN_CREDIT_UPDATE;
    case VSK_OP_CREDIT_REQUEST:
        return IN_CREDIT_REQUEST;
    default:
        return IN_INVALID;
    }
}

/* States in which credit and payload are counted. */
static bool
is_open(const vsk_conn *conn)
{
    return conn->state == VSK_STATE_ESTABLISHED ||
           conn->state == VSK_STATE_CLOSING ||
           conn->state == VSK_STATE_DRAINING;
}

/* Rules of credit, type and payload, before the table is asked. */
static vsk_status
check_packet(vsk_conn *conn, const vsk_header *header)
{
    vsk_status status = VSK_OK;

    if (header->op == VSK_OP_RST)
        return VSK_OK;
    /* What belongs to no connection that is there may be of any type. */
    if (header->op == VSK_OP_REQUEST || conn->state == VSK_STATE_CLOSED)
        return vsk_type_name(header->type) == NULL ? VSK_BAD_TYPE : VSK_OK;
    if (header->type != conn->type)
        return VSK_BAD_TYPE;
    if (is_open(conn) && header->op == VSK_OP_RW)
        status = count_payload(conn, header);
    return status;
}

/* Learn the peer's account where there is one. A fwd_cnt that lies is told,
 * and the account goes on with the last one that did not: less is sent, never
 * too much. */
static vsk_status
learn(vsk_conn *conn, const vsk_header *header)
{
    if (!is_open(conn) && header->op != VSK_OP_RESPONSE)
        return VSK_OK;
    if (header->op == VSK_OP_RST || header->op == VSK_OP_REQUEST)
        return VSK_OK;
    return vsk_credit_learn(&conn->credit, header->buf_alloc, header->fwd_cnt);
}

/* What the end of data, the peer's or ours, changes for who still reads; before
 * are the flags that the peer had set earlier. */
static void
see_the_end(vsk_conn *conn, uint16_t op, uint8_t before, uint32_t *actions)
{
    bool sends_no_more = (before & VSK_SHUTDOWN_SEND) != 0;

    /* RST after the peer's last byte is the end, not a reset. */
    if (op == VSK_OP_RST && sends_no_more)
        conn->reason = VSK_REASON_CLOSED;
    if (!sends_no_more && (conn->shut_received & VSK_SHUTDOWN_SEND) != 0)
        *actions |= VSK_DO_TELL_EOF;
}

vsk_status
vsk_conn_packet(vsk_conn *conn, const vsk_header *header, uint32_t *actions)
{
    uint8_t before = conn->shut_received;
    bool established = conn->state == VSK_STATE_ESTABLISHED;
    vsk_status fault = check_packet(conn, header);
    vsk_status lie, status;

    if (fault != VSK_OK) {
        (void)move(conn, IN_FAULT, actions);
        return fault;
    }
    lie = learn(conn, header);
    status = move(conn, input_of(conn, header), actions);
    if (header->op == VSK_OP_REQUEST && conn->state == VSK_STATE_REQUESTED)
        begin_anew(conn, header);
    if (!established)
        return status != VSK_OK ? status : lie;
    /* Who receives no more does not get what was on its way. */
    if (header->op != VSK_OP_RW)
        see_the_end(conn, header->op, before, actions);
    else if ((conn->shut_sent & VSK_SHUTDOWN_RECEIVE) != 0)
        *actions = VSK_DO_DROP;
    return status != VSK_OK ? status : lie;
}

static vsk_conn_input
input_of_call(vsk_conn *conn, vsk_call call, uint32_t flags)
{
    switch (call) {
    case VSK_CALL_ACCEPT:
        return CALL_ACCEPT;
    case VSK_CALL_SHUTDOWN:
        return ((conn->shut_sent | flags) & BOTH) == BOTH ? CALL_CLOSE
                                                          : CALL_SHUTDOWN;
    case VSK_CALL_CLOSE:
        return CALL_CLOSE;
    case VSK_CALL_DRAINED:
        return CALL_DRAINED;
    case VSK_CALL_TIMEOUT:
        return CALL_TIMEOUT;
    case VSK_CALL_BLAME:
        return CALL_BLAME;
    case VSK_CALL_RESET:
        break;
    }
    return CALL_RESET;
}

vsk_status
vsk_conn_call(vsk_conn *conn, vsk_call call, uint32_t flags, uint32_t *actions)
{
    vsk_conn_input in = input_of_call(conn, call, flags);
    vsk_status status = move(conn, in, actions);

    if (status != VSK_OK)
        return status;
    if (in == CALL_SHUTDOWN)
        conn->shut_sent |= (uint8_t)(flags & BOTH);
    if (in == CALL_CLOSE)
        conn->shut_sent = BOTH;
    return VSK_OK;
}

uint32_t
vsk_conn_abandon(vsk_conn *conn)
{
    if (conn->state == VSK_STATE_CLOSED)
        return 0;
    conn->state = VSK_STATE_CLOSED;
    conn->reason = VSK_REASON_TRANSPORT;
    return VSK_DO_TELL_CLOSE;
}

bool
vsk_conn_may_send(const vsk_conn *conn)
{
    return conn->state == VSK_STATE_ESTABLISHED &&
           (conn->shut_sent & VSK_SHUTDOWN_SEND) == 0 &&
           (conn->shut_received & VSK_SHUTDOWN_RECEIVE) == 0;
}

bool
vsk_conn_may_update(const vsk_conn *conn)
{
    return conn->state == VSK_STATE_ESTABLISHED &&
           (conn->shut_received & VSK_SHUTDOWN_SEND) == 0;
}

const char *
vsk_state_name(uint32_t state)
{
    switch (state) {
#define CASE(name, words)                                                      \
    case VSK_STATE_##name:                                                     \
        return #name;
        VSK_STATE_TABLE(CASE)
#undef CASE
    default:
        return "UNKNOWN";
    }
}

const char *
vsk_reason_name(uint32_t reason)
{
    switch (reason) {
#define CASE(name, words)                                                      \
    case VSK_REASON_##name:                                                    \
        return #name;
        VSK_REASON_TABLE(CASE)
#undef CASE
    default:
        return "UNKNOWN";
    }
}

const char *
vsk_reason_text(uint32_t reason)
{
    switch (reason) {
#define CASE(name, words)                                                      \
    case VSK_REASON_##name:                                                    \
        return words;
        VSK_REASON_TABLE(CASE)
#undef CASE
    default:
        return "unknown reason";
    }
}
