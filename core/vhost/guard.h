/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Guard: memory of a file that another process can cut short under us.
 *
 *     mapping   |====== still in the file ======|--- cut off ---|
 *                                                 ^ load: SIGBUS
 *               |====== still in the file ======|-|0|-----------|
 *
 * No check in front of an access can help, so the process has a SIGBUS handler
 * from the first mapping on: where the address is in a mapping that is watched,
 * a page of zeros is put there, the mapping is marked as cut, and the access
 * goes on. Who owns the mapping ends its session then. Any other SIGBUS goes to
 * the handler that was there before, or does what it does by default.
 *
 * All calls may be made from any thread. A handler that somebody installs after
 * ours is asked second from the next vsk_guard_watch on.
 */
#ifndef VSK_VHOST_GUARD_H
#define VSK_VHOST_GUARD_H

#include <stddef.h>
#include <stdint.h>

#include "vsk/status.h"

#define VSK_GUARD_SLOTS 1024u /**< mappings of a process at most */

/**
 * Watch a mapping.
 *
 * @param start its first byte, at the edge of a page
 * @param length bytes, 1 or more
 * @param slot written on success: its name for the other calls
 * @return VSK_OK or VSK_ERR_TABLE
 */
VSK_API vsk_status vsk_guard_watch(const void *start, size_t length,
                                   uint32_t *slot);

/**
 * Watch it no more: in front of unmapping it.
 *
 * @param slot of vsk_guard_watch
 */
VSK_API void vsk_guard_unwatch(uint32_t slot);

/**
 * Tell whether a mapping was found cut short.
 *
 * @param slot of vsk_guard_watch
 * @return true: some of what was read there was zeros of ours
 */
VSK_API bool vsk_guard_is_cut(uint32_t slot);

#endif
