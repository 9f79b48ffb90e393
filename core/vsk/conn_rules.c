/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The states of a connection as a table, to be read beside virtio 5.10.6.5:
 * for each state what follows each packet, IN_*, and each call, CALL_*. */
#include "vsk/conn_parts.h"

#define STATES (VSK_STATE_DRAINING + 1)

/* Cells in short. */
#define STAY(state, actions)                                                   \
    {                                                                          \
        VSK_STATE_##state, VSK_REASON_NONE, actions, VSK_OK                    \
    }
#define GO(state, actions)                                                     \
    {                                                                          \
        VSK_STATE_##state, VSK_REASON_NONE, actions, VSK_OK                    \
    }
#define END(reason, actions)                                                   \
    {                                                                          \
        VSK_STATE_CLOSED, VSK_REASON_##reason, (actions) | VSK_DO_TELL_CLOSE,  \
            VSK_OK                                                             \
    }
#define FAULT(status)                                                          \
    {                                                                          \
        VSK_STATE_CLOSED, VSK_REASON_PROTOCOL,                                 \
            VSK_DO_SEND_RST | VSK_DO_TELL_CLOSE, VSK_##status                  \
    }
#define NO_FLOW                                                                \
    {                                                                          \
        VSK_STATE_CLOSED, VSK_REASON_NONE, VSK_DO_SEND_RST, VSK_BAD_FLOW       \
    }
#define REPLACE                                                                \
    {                                                                          \
        VSK_STATE_REQUESTED, VSK_REASON_REPLACED,                              \
            VSK_DO_TELL_CLOSE | VSK_DO_TELL_REQUEST, VSK_OK                    \
    }
/* Nothing comes here: what is seen before the table leaves nothing. */
#define NEVER FAULT(BAD_STATE)
#define NOT_ALLOWED                                                            \
    {                                                                          \
        VSK_STATE_CLOSED, VSK_REASON_NONE, 0, VSK_ERR_STATE                    \
    }

/* A row for each state. RST is answered with RST in no row. */
static const vsk_conn_rule RULES[STATES][CONN_INPUTS] =
    {
        [VSK_STATE_CLOSED] =
            {
                [IN_INVALID] = NO_FLOW,
                [IN_IGNORED] = NO_FLOW,
                [IN_REQUEST] = GO(REQUESTED, VSK_DO_TELL_REQUEST),
                [IN_RESPONSE] = NO_FLOW,
                [IN_RST] = STAY(CLOSED, 0),
                [IN_SHUTDOWN] = NO_FLOW,
                [IN_END] = NO_FLOW,
                [IN_END_HELD] = NO_FLOW,
                [IN_RW] = NO_FLOW,
                [IN_CREDIT_UPDATE] = NO_FLOW,
                [IN_CREDIT_REQUEST] = NO_FLOW,
                [IN_FAULT] = NO_FLOW,
                [CALL_ACCEPT] = NOT_ALLOWED,
                [CALL_SHUTDOWN] = NOT_ALLOWED,
                [CALL_CLOSE] = NOT_ALLOWED,
                [CALL_RESET] = NOT_ALLOWED,
                [CALL_BLAME] = NOT_ALLOWED,
                [CALL_DRAINED] = NOT_ALLOWED,
                [CALL_TIMEOUT] = NOT_ALLOWED,
            },
        [VSK_STATE_CONNECTING] =
            {
                [IN_INVALID] = FAULT(BAD_OP),
                [IN_IGNORED] = STAY(CONNECTING, 0),
                [IN_REQUEST] = FAULT(BAD_STATE),
                [IN_RESPONSE] = GO(ESTABLISHED, VSK_DO_TELL_CONNECT),
                [IN_RST] = END(REFUSED, 0),
                [IN_SHUTDOWN] = FAULT(BAD_STATE),
                [IN_END] = FAULT(BAD_STATE),
                [IN_END_HELD] = FAULT(BAD_STATE),
                [IN_RW] = FAULT(BAD_STATE),
                [IN_CREDIT_UPDATE] = FAULT(BAD_STATE),
                [IN_CREDIT_REQUEST] = FAULT(BAD_STATE),
                [IN_FAULT] = FAULT(BAD_STATE),
                [CALL_ACCEPT] = NOT_ALLOWED,
                [CALL_SHUTDOWN] = NOT_ALLOWED,
                [CALL_CLOSE] = END(LOCAL, VSK_DO_SEND_RST),
                [CALL_RESET] = END(LOCAL, VSK_DO_SEND_RST),
                [CALL_BLAME] = END(PROTOCOL, VSK_DO_SEND_RST),
                [CALL_DRAINED] = NOT_ALLOWED,
                [CALL_TIMEOUT] = END(TIMEOUT, VSK_DO_SEND_RST),
            },
        [VSK_STATE_REQUESTED] =
            {
                [IN_INVALID] = FAULT(BAD_OP),
                [IN_IGNORED] = FAULT(BAD_OP),
                [IN_REQUEST] = REPLACE,
                [IN_RESPONSE] = FAULT(BAD_STATE),
                [IN_RST] = END(RESET, 0),
                [IN_SHUTDOWN] = FAULT(BAD_STATE),
                [IN_END] = FAULT(BAD_STATE),
                [IN_END_HELD] = FAULT(BAD_STATE),
                [IN_RW] = FAULT(BAD_STATE),
                [IN_CREDIT_UPDATE] = FAULT(BAD_STATE),
                [IN_CREDIT_REQUEST] = FAULT(BAD_STATE),
                [IN_FAULT] = FAULT(BAD_STATE),
                [CALL_ACCEPT] = GO(ESTABLISHED, VSK_DO_SEND_RESPONSE),
                [CALL_SHUTDOWN] = NOT_ALLOWED,
                [CALL_CLOSE] = END(LOCAL, VSK_DO_SEND_RST),
                [CALL_RESET] = END(LOCAL, VSK_DO_SEND_RST),
                [CALL_BLAME] = END(PROTOCOL, VSK_DO_SEND_RST),
                [CALL_DRAINED] = NOT_ALLOWED,
                [CALL_TIMEOUT] = END(TIMEOUT, VSK_DO_SEND_RST),
            },
        [VSK_STATE_ESTABLISHED] =
            {
                [IN_INVALID] = FAULT(BAD_OP),
                [IN_IGNORED] = FAULT(BAD_OP),
                [IN_REQUEST] = FAULT(BAD_STATE),
                [IN_RESPONSE] = FAULT(BAD_STATE),
                [IN_RST] = END(RESET, 0),
                [IN_SHUTDOWN] = STAY(ESTABLISHED, 0),
                [IN_END] = END(CLOSED, VSK_DO_SEND_RST),
                [IN_END_HELD] = GO(DRAINING, 0),
                [IN_RW] = STAY(ESTABLISHED, VSK_DO_TELL_DATA),
                [IN_CREDIT_UPDATE] = STAY(ESTABLISHED, 0),
                [IN_CREDIT_REQUEST] = STAY(ESTABLISHED, VSK_DO_SEND_CREDIT),
                [IN_FAULT] = FAULT(BAD_STATE),
                [CALL_ACCEPT] = NOT_ALLOWED,
                [CALL_SHUTDOWN] = STAY(ESTABLISHED, VSK_DO_SEND_SHUTDOWN),
                [CALL_CLOSE] = GO(CLOSING, VSK_DO_SEND_SHUTDOWN),
                [CALL_RESET] = END(LOCAL, VSK_DO_SEND_RST),
                [CALL_BLAME] = END(PROTOCOL, VSK_DO_SEND_RST),
                [CALL_DRAINED] = STAY(ESTABLISHED, 0),
                [CALL_TIMEOUT] = END(TIMEOUT, VSK_DO_SEND_RST),
            },
        [VSK_STATE_CLOSING] =
            {
                [IN_INVALID] = FAULT(BAD_OP),
                [IN_IGNORED] = FAULT(BAD_OP),
                [IN_REQUEST] = REPLACE,
                [IN_RESPONSE] = FAULT(BAD_STATE),
                [IN_RST] = END(CLOSED, 0),
                [IN_SHUTDOWN] = STAY(CLOSING, 0),
                [IN_END] = END(CLOSED, VSK_DO_SEND_RST),
                [IN_END_HELD] = END(CLOSED, VSK_DO_SEND_RST),
                [IN_RW] = STAY(CLOSING, VSK_DO_DROP),
                [IN_CREDIT_UPDATE] = STAY(CLOSING, 0),
                [IN_CREDIT_REQUEST] = STAY(CLOSING, 0),
                [IN_FAULT] = FAULT(BAD_STATE),
                [CALL_ACCEPT] = NOT_ALLOWED,
                [CALL_SHUTDOWN] = NEVER, /* both are shut: CLOSE */
                [CALL_CLOSE] = STAY(CLOSING, 0),
                [CALL_RESET] = END(LOCAL, VSK_DO_SEND_RST),
                [CALL_BLAME] = END(PROTOCOL, VSK_DO_SEND_RST),
                [CALL_DRAINED] = STAY(CLOSING, 0),
                [CALL_TIMEOUT] = END(TIMEOUT, VSK_DO_SEND_RST),
            },
        [VSK_STATE_DRAINING] =
            {
                [IN_INVALID] = FAULT(BAD_OP),
                [IN_IGNORED] = FAULT(BAD_OP),
                [IN_REQUEST] = REPLACE,
                [IN_RESPONSE] = FAULT(BAD_STATE),
                [IN_RST] = END(CLOSED, 0),
                [IN_SHUTDOWN] = NEVER, /* both flags are in */
                [IN_END] = END(CLOSED, VSK_DO_SEND_RST),
                [IN_END_HELD] = STAY(DRAINING, 0),
                [IN_RW] = NEVER, /* BAD_SHUT already */
                [IN_CREDIT_UPDATE] = STAY(DRAINING, 0),
                [IN_CREDIT_REQUEST] = STAY(DRAINING, 0),
                [IN_FAULT] = FAULT(BAD_STATE),
                [CALL_ACCEPT] = NOT_ALLOWED,
                [CALL_SHUTDOWN] = STAY(DRAINING, 0),
                [CALL_CLOSE] = END(CLOSED, VSK_DO_SEND_RST),
                [CALL_RESET] = END(LOCAL, VSK_DO_SEND_RST),
                [CALL_BLAME] = END(PROTOCOL, VSK_DO_SEND_RST),
                [CALL_DRAINED] = END(CLOSED, VSK_DO_SEND_RST),
                [CALL_TIMEOUT] = END(TIMEOUT, VSK_DO_SEND_RST),
            },
};

const vsk_conn_rule *
vsk_conn_rule_of(const vsk_conn *conn, vsk_conn_input in)
{
    return &RULES[conn->state][in];
}
