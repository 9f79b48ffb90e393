/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Parts of connections that their sources share and nobody else sees.
 */
#ifndef KIT_CONN_PARTS_H
#define KIT_CONN_PARTS_H

#include "kit/role.h"

/* The core's connection, NULL where it is over. */
vsk_conn *kit_conn_core(const kit_role *role, const kit_conn *conn);

/* Whether something waits to be sent. */
bool kit_conn_has_out(const kit_conn *conn);

/* Whether it is too early to send, not too late. */
bool kit_conn_is_early(const vsk_conn *core);

/* How an ended connection answers. */
vsk_status kit_conn_ending(const kit_conn *conn, vsk_status otherwise,
                           kit_why *why);

#endif
