/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Socket rig: pairs of sockets, a folder for files of sockets, and how many
 * descriptors this process holds.
 */
#ifndef VSK_TESTS_SOCKET_RIG_H
#define VSK_TESTS_SOCKET_RIG_H

#include "rig.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define RIG_FOLDER 48 /* bytes of a folder's path at most */

/** Count the descriptors of this process. */
uint32_t rig_fds(void);

/** Around a case: fail where it leaves one more, or one less. */
int rig_count_fds(void **state);
int rig_same_fds(void **state);

/** A case that must leave as many descriptors as it found. */
#define RIG_TEST(name)                                                         \
    cmocka_unit_test_setup_teardown(name, rig_count_fds, rig_same_fds)

/** Make a folder; its path has RIG_FOLDER bytes at most. */
void rig_folder(char *folder);

/** Connect two sockets of a type. */
void rig_pair(int type, int *ends);

/** Fill a socket until it takes no more; how many bytes went. */
size_t rig_fill(int fd);

/** Read so many bytes away. */
void rig_skip(int fd, size_t size);

/** Whether a descriptor is readable now. */
bool rig_readable(int fd);

#endif
