/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* SIGTERM and SIGINT as something that a socket waits for, for a language that
 * cannot catch them. */
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "kit/socket.h"

#define SIGNALS 1u /* tag in the loop */

static const int heeded[] = {SIGINT, SIGTERM};
static const size_t count = sizeof heeded / sizeof *heeded;

/* Those that somebody has blocked before stay so in the end. */
static void
block(kit_socket *socket, const sigset_t *all)
{
    sigset_t before;

    (void)pthread_sigmask(SIG_BLOCK, all, &before);
    for (size_t i = 0; i < count; i++)
        socket->was_blocked[i] = sigismember(&before, heeded[i]) == 1;
}

vsk_status
kit_socket_heed(kit_socket *socket)
{
    sigset_t all;

    if (socket->closed || socket->signals >= 0)
        return VSK_ERR_STATE;
    (void)sigemptyset(&all);
    for (size_t i = 0; i < count; i++)
        (void)sigaddset(&all, heeded[i]);
    socket->signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
    if (socket->signals < 0)
        return VSK_ERR_SYSTEM;
    block(socket, &all);
    return vsk_loop_watch(&socket->loop, socket->signals, VSK_LOOP_IN, SIGNALS);
}

bool
kit_socket_signalled(const kit_socket *socket)
{
    struct pollfd signals = {.fd = socket->signals, .events = POLLIN};

    return socket->signals >= 0 && poll(&signals, 1, 0) > 0;
}

void
kit_socket_unheed(kit_socket *socket)
{
    struct signalfd_siginfo taken;
    sigset_t rest;

    if (socket->signals < 0)
        return;
    /* Those that were heeded are not to come again. */
    while (read(socket->signals, &taken, sizeof taken) > 0) {
    }
    (void)close(socket->signals);
    socket->signals = -1;
    (void)sigemptyset(&rest);
    for (size_t i = 0; i < count; i++)
        if (!socket->was_blocked[i])
            (void)sigaddset(&rest, heeded[i]);
    (void)pthread_sigmask(SIG_UNBLOCK, &rest, NULL);
}
