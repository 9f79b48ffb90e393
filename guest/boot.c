// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause

#define _GNU_SOURCE
#include "boot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HOST "/host"

_Noreturn void
boot_halt(bool again)
{
    sync();
    (void)reboot(again ? RB_AUTOBOOT : RB_POWER_OFF);
    for (;;)
        pause();
}

_Noreturn void
boot_fail(const char *what)
{
    /* /dev/console may be nobody's; the kernel's log is always read. */
    FILE *log = fopen("/dev/kmsg", "w");

    fprintf(log == NULL ? stderr : log, "<0>vsk: %s: %s\n", what,
            strerror(errno));
    if (log != NULL)
        fclose(log);
    boot_halt(false);
}

static void
mount_on(const char *folder, const char *kind, const char *data)
{
    /* On a read-only root it is there, or the mount fails. */
    (void)mkdir(folder, 0755);
    if (mount(kind, folder, kind, 0, data) < 0)
        boot_fail(folder);
}

void
boot_mount(void)
{
    mount_on("/proc", "proc", NULL);
    mount_on("/sys", "sysfs", NULL);
    mount_on("/dev", "devtmpfs", NULL);
    mount_on("/dev/pts", "devpts", "ptmxmode=0666");
    mount_on("/dev/shm", "tmpfs", "mode=1777");
    mount_on("/run", "tmpfs", "mode=0755");
    mount_on("/tmp", "tmpfs", "mode=1777");
    if (mkdir(BOOT_PROGRAMS, 0755) < 0 ||
        mount("/programs", BOOT_PROGRAMS, NULL, MS_BIND, NULL) < 0)
        boot_fail(BOOT_PROGRAMS);
}

void
boot_insert_modules(void)
{
    for (unsigned number = 0;; number++) {
        char path[64];
        int fd;

        snprintf(path, sizeof path, BOOT_MODULES "/%u.ko", number);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            return;
        if (syscall(SYS_finit_module, fd, "", 0) < 0 && errno != EEXIST)
            boot_fail(path);
        close(fd);
    }
}

void
boot_enter_host(void)
{
    const char *programs = HOST BOOT_PROGRAMS;

    (void)mkdir(HOST, 0755);
    if (mount("none", HOST, "hostfs", MS_RDONLY, "/") < 0)
        boot_fail("hostfs");
    if (mount("tmpfs", HOST "/run", "tmpfs", 0, "mode=0755") < 0 ||
        mkdir(programs, 0755) < 0 ||
        mount(BOOT_PROGRAMS, programs, NULL, MS_BIND, NULL) < 0)
        boot_fail(programs);
    for (size_t i = 0; i < 4; i++) {
        static const char *const moved[] = {"/proc", "/sys", "/dev", "/tmp"};
        char target[32];

        snprintf(target, sizeof target, HOST "%s", moved[i]);
        if (mount(moved[i], target, NULL, MS_MOVE, NULL) < 0)
            boot_fail(target);
    }
    if (chroot(HOST) < 0 || chdir("/") < 0)
        boot_fail(HOST);
}
