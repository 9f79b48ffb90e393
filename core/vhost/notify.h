/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Notify: kicks and calls over descriptors that are eventfds or, as User Mode
 * Linux has them, stream sockets. Nothing here waits, and nobody who has gone
 * is a reason for SIGPIPE.
 */
#ifndef VSK_VHOST_NOTIFY_H
#define VSK_VHOST_NOTIFY_H

#include "vsk/status.h"

/**
 * Signal once: 8 bytes.
 *
 * @param fd eventfd or socket; -1: the other side polls, nothing is done
 * @return VSK_OK also where it is signalled already; VSK_BAD_HANGUP where
 * nobody listens any more; VSK_ERR_SYSTEM
 */
VSK_API vsk_status vsk_notify_signal(int fd);

/**
 * Take everything that was signalled.
 *
 * @param fd eventfd or socket; made non-blocking by vsk_notify_prepare
 * @return VSK_OK where something was there, VSK_NONE, VSK_EOF where nobody will
 * signal any more, or VSK_ERR_SYSTEM
 */
VSK_API vsk_status vsk_notify_drain(int fd);

/**
 * Look whether a descriptor can be signalled, and make it non-blocking where
 * that is nobody else's business.
 *
 * @param fd as it came
 * @return VSK_OK, or VSK_BAD_FDS for a file, a pipe and the like
 */
VSK_API vsk_status vsk_notify_prepare(int fd);

/**
 * Make a descriptor to signal with.
 *
 * @param fd written on success: an eventfd
 * @return VSK_OK or VSK_ERR_SYSTEM
 */
VSK_API vsk_status vsk_notify_new(int *fd);

#endif
