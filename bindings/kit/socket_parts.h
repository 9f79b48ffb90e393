/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Parts of a socket that its files share and nobody else sees.
 */
#ifndef KIT_SOCKET_PARTS_H
#define KIT_SOCKET_PARTS_H

#include "kit/socket.h"

/* What it does as a host. */
extern const kit_host_kind kit_socket_kind;

/* A block of memory that a front end has shared; it stays while it is used. */
kit_block *kit_socket_block_of(vsk_mapping *mapping);

#endif
