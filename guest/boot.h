// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/** @file
 * What the first process of a guest does before and after everything else.
 */
#ifndef VSK_GUEST_BOOT_H
#define VSK_GUEST_BOOT_H

#include <stdbool.h>

/** Where the modules lie in the initramfs: 0.ko, 1.ko and so on, in order. */
#define BOOT_MODULES "/modules"
/** Where the /programs of the initramfs are, whatever the root is. */
#define BOOT_PROGRAMS "/run/vsk"

/** Mount what a system has under its root. */
void boot_mount(void);

/** Insert the modules of the initramfs. */
void boot_insert_modules(void);

/** Make the machine's own file system, read-only, the root of this process. */
void boot_enter_host(void);

/**
 * Say on the console what went wrong, with errno, and switch the guest off.
 *
 * @param what the word or path that it went wrong with
 */
_Noreturn void boot_fail(const char *what);

/**
 * End the guest.
 *
 * @param again true to start it again
 */
_Noreturn void boot_halt(bool again);

#endif
