// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/* The first process of a guest: it runs what the host asks for over a terminal
   line, so that no connection of AF_VSOCK is there but those of the commands.

   The kernel's command line says how, and the kernel puts it into the environment:
   vsk_line is the terminal device, vsk_root=host makes the machine's own file system
   the root. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "boot.h"
#include "frames.h"
#include "jobs.h"

static int
watch_children(void)
{
    sigset_t set;
    int fd;

    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        boot_fail("signalfd");
    return fd;
}

/* /dev/console may be a line that nobody reads: none of ours writes there. */
static void
silence(void)
{
    int null = open("/dev/null", O_RDWR);

    for (int fd = 0; fd < 3; fd++)
        dup2(null, fd);
    if (null > 2)
        close(null);
}

static void
prepare(void)
{
    const char *path = getenv("vsk_line");
    const char *root = getenv("vsk_root");
    struct utsname system;

    boot_mount();
    silence();
    boot_insert_modules();
    frames_open(path == NULL ? "/dev/console" : path);
    if (root != NULL && strcmp(root, "host") == 0)
        boot_enter_host();
    clearenv();
    setenv("PATH",
           BOOT_PROGRAMS
           ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
           1);
    setenv("HOME", "/tmp", 1);
    sethostname("guest", 5);
    uname(&system);
    frames_send(FRAME_HELLO, 0, system.release, strlen(system.release));
}

static void
take_frames(void)
{
    struct frame frame;

    while (frames_next(&frame)) {
        if (frame.type == FRAME_HALT)
            boot_halt(frame_u32(&frame, 0) != 0);
        jobs_take(&frame);
    }
}

int
main(void)
{
    static struct pollfd polls[2 + JOBS_POLLS];
    int children;

    /* It mounts, and it switches off: anywhere else than in a guest that hurts. */
    if (getpid() != 1) {
        fputs("vsk-agent: only as the first process of a guest\n", stderr);
        return 2;
    }
    children = watch_children();
    prepare();
    for (;;) {
        struct signalfd_siginfo info;
        short writing = frames_pending() ? POLLOUT : 0;

        polls[0] = (struct pollfd){frames_fd(), (short)(POLLIN | writing), 0};
        polls[1] = (struct pollfd){children, POLLIN, 0};
        jobs_poll(polls + 2);
        if (poll(polls, 2 + JOBS_POLLS, -1) < 0 && errno != EINTR)
            boot_fail("poll");
        if ((polls[0].revents & POLLOUT) != 0)
            frames_flush();
        if ((polls[0].revents & ~POLLOUT) != 0)
            frames_fill();
        take_frames();
        if (read(children, &info, sizeof info) > 0)
            jobs_reap();
        jobs_move(polls + 2);
    }
}
