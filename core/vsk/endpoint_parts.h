/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Parts of the endpoint that its sources share and nobody else sees.
 */
#ifndef VSK_ENDPOINT_PARTS_H
#define VSK_ENDPOINT_PARTS_H

#include <stddef.h>

#include "vsk/endpoint.h"

/* Bits of vsk_link.tells are VSK_DO_TELL_* moved down; DATA is never kept. */
#define VSK_TELL_SHIFT 4
#define VSK_TELL(action) ((action) >> VSK_TELL_SHIFT)
#define VSK_TELL_KEPT                                                          \
    VSK_TELL(VSK_DO_TELL_REQUEST | VSK_DO_TELL_CONNECT | VSK_DO_TELL_EOF |     \
             VSK_DO_TELL_CLOSE)

_Static_assert(offsetof(vsk_slot, conn) == 0, "a connection is its slot");

/* The slot of a connection that is in the table, or was until now. */
static inline uint32_t
vsk_endpoint_slot(const vsk_endpoint *endpoint, const vsk_conn *conn)
{
    return (uint32_t)((const vsk_slot *)(const void *)conn -
                      endpoint->table.slots);
}

/* Whether connections of a type may be made. */
bool vsk_endpoint_allows(const vsk_endpoint *endpoint, uint16_t type);

/* Nothing in a slot is left of the connection before. */
void vsk_endpoint_begin_slot(vsk_endpoint *endpoint, uint32_t slot);

/* Do what the table of states asks for. */
void vsk_endpoint_act(vsk_endpoint *endpoint, uint64_t now, vsk_conn *conn,
                      uint32_t before, uint32_t actions);

/* Who waited for credit may go on, or will never again: either way it sends
 * next. */
void vsk_endpoint_feed(vsk_endpoint *endpoint, uint32_t slot, vsk_conn *conn);

/* Let a connection go that is over, told and answered. */
void vsk_endpoint_let_go(vsk_endpoint *endpoint, uint32_t slot);

/* Whether a CREDIT_UPDATE is owed unasked, now or at the end of a pass. */
bool vsk_endpoint_owes_update(const vsk_endpoint *endpoint,
                              const vsk_conn *conn, bool idle);

/* After a packet, and after the application took something: owe credit now,
 * or look again at the end of the pass. */
void vsk_endpoint_look_at_credit(vsk_endpoint *endpoint, const vsk_conn *conn);

/* Whether credit lets the next packet go, and with how many of the bytes
 * wanted; an empty packet costs as much as any. */
bool vsk_endpoint_grant(const vsk_endpoint *endpoint, const vsk_conn *conn,
                        uint32_t *bytes);

/* Ask for credit, and again later: twice as late each time. */
void vsk_endpoint_ask(vsk_endpoint *endpoint, uint64_t now, uint32_t slot);

#endif
