/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/bridge_parts.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

bool
vsk_bridge_is_gone(const vsk_bridge_link *link)
{
    struct pollfd look = {.fd = link->fd};

    return poll(&look, 1, 0) == 1 && (look.revents & (POLLHUP | POLLERR)) != 0;
}

/* The program has no more to say. */
static void
mute(vsk_bridge *bridge, uint64_t now, vsk_bridge_link *link)
{
    link->mute = true;
    vsk_bridge_shutdown(bridge, now, link, VSK_SHUTDOWN_SEND);
    if (vsk_bridge_is_gone(link))
        vsk_bridge_lose(bridge, now, link);
    else
        vsk_bridge_watch(bridge, now, link);
}

/* Send to the guest: how many bytes went; what the status says is done. */
static vsk_status
send_some(vsk_bridge *bridge, uint64_t now, vsk_bridge_link *link,
          uint8_t *bytes, size_t size, uint32_t flags, uint64_t *sent)
{
    vsk_conn *conn = vsk_bridge_conn(bridge, link);
    vsk_span span = {.base = bytes, .len = (uint32_t)size};
    vsk_outgoing outgoing = {&span, 1, flags};
    vsk_status status = VSK_ERR_STATE;

    *sent = 0;
    if (conn != NULL)
        status = vsk_device_send(bridge->device, now, conn, &outgoing, sent);
    if (status == VSK_NONE)
        link->stalled = true;
    return status;
}

/* The guest reads no more: nor does anybody here. */
static void
refuse_program(vsk_bridge *bridge, uint64_t now, vsk_bridge_link *link)
{
    (void)shutdown(link->fd, SHUT_RD);
    /* What is left would make its end a reset. */
    while (recv(link->fd, bridge->scratch, bridge->room, MSG_DONTWAIT) > 0)
        ;
    mute(bridge, now, link);
}

/* Whether there may be more to read now. */
static bool
feed_bytes(vsk_bridge *bridge, uint64_t now, vsk_bridge_link *link)
{
    ssize_t got = recv(link->fd, bridge->scratch, VSK_BRIDGE_TURN,
                       MSG_PEEK | MSG_DONTWAIT);
    uint64_t sent;
    vsk_status status;

    if (got < 0 && vsk_bridge_would_block())
        return false;
    /* One that closed before it had read all has said all that it had to. */
    if (got < 0 && errno != ECONNRESET) {
        vsk_bridge_reset(bridge, now, link);
        return false;
    }
    if (got <= 0) {
        mute(bridge, now, link);
        return false;
    }
    status =
        send_some(bridge, now, link, bridge->scratch, (size_t)got, 0, &sent);
    /* What did not go stays in the socket. */
    while (sent != 0) {
        got = recv(link->fd, bridge->scratch, (size_t)sent, MSG_DONTWAIT);
        if (got <= 0) {
            /* It would go twice. */
            vsk_bridge_reset(bridge, now, link);
            return false;
        }
        sent -= (uint64_t)got;
    }
    if (status < 0)
        refuse_program(bridge, now, link);
    return status == VSK_OK;
}

/* The size of the program's next message, which is in scratch as far as there
 * is room; -1 and ENOMSG at the end. */
static ssize_t
peek_message(const vsk_bridge *bridge, const vsk_bridge_link *link)
{
    union {
        char room[CMSG_SPACE(3 * sizeof(int))]; /* who sent it: SO_PASSCRED */
        struct cmsghdr align;
    } control;
    struct iovec bytes = {bridge->scratch, bridge->room};
    struct msghdr header = {
        .msg_iov = &bytes,
        .msg_iovlen = 1,
        .msg_control = control.room,
        .msg_controllen = sizeof control.room,
    };
    ssize_t got =
        recvmsg(link->fd, &header, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);

    if (got != 0 || header.msg_controllen != 0)
        return got;
    /* Nobody sent it: no message, the end. */
    errno = ENOMSG;
    return -1;
}

static bool
grow_scratch(vsk_bridge *bridge, size_t room)
{
    uint8_t *bytes;

    if (room <= bridge->room)
        return true;
    bytes = realloc(bridge->scratch, room);
    if (bytes == NULL)
        return false;
    bridge->scratch = bytes;
    bridge->room = room;
    return true;
}

static bool
feed_message(vsk_bridge *bridge, uint64_t now, vsk_bridge_link *link)
{
    ssize_t got = peek_message(bridge, link);
    const vsk_conn *conn = vsk_bridge_conn(bridge, link);
    uint64_t sent;
    vsk_status status = VSK_ERR_STATE;

    if (got < 0 && vsk_bridge_would_block())
        return false;
    if (got < 0 && errno != ENOMSG && errno != ECONNRESET) {
        vsk_bridge_reset(bridge, now, link);
        return false;
    }
    if (got < 0 || conn == NULL) {
        mute(bridge, now, link);
        return false;
    }
    if (link->sent == 0 && (uint64_t)got > conn->credit.peer_buf_alloc &&
        vsk_conn_may_send(conn)) {
        vsk_bridge_fail(bridge, now, link, VSK_ERR_MESSAGE,
                        "longer than the guest's "
                        "whole buffer",
                        (uint64_t)got);
        return false;
    }
    if ((size_t)got > bridge->room) {
        if (grow_scratch(bridge, (size_t)got))
            return true;
        vsk_bridge_fail(bridge, now, link, VSK_ERR_NOMEM,
                        "no memory to pass it on", (uint64_t)got);
        return false;
    }
    status =
        send_some(bridge, now, link, bridge->scratch + link->sent,
                  (size_t)((uint64_t)got - link->sent), VSK_SEQ_EOM, &sent);
    link->sent += sent;
    if (status == VSK_OK) {
        if (recv(link->fd, bridge->scratch, 1, MSG_DONTWAIT) < 0) {
            vsk_bridge_reset(bridge, now, link);
            return false;
        }
        link->sent = 0;
    }
    if (status < 0)
        refuse_program(bridge, now, link);
    return status == VSK_OK;
}

void
vsk_bridge_feed(vsk_bridge *bridge, uint64_t now, vsk_bridge_link *link)
{
    bool more = true;

    link->stalled = false;
    /* One turn; of a program that has gone all, which its socket bounds. */
    while (more) {
        more = link->type == VSK_TYPE_SEQPACKET
                   ? feed_message(bridge, now, link)
                   : feed_bytes(bridge, now, link);
        if (!link->gone)
            break;
    }
    if (link->state != VSK_BRIDGE_FREE)
        vsk_bridge_watch(bridge, now, link);
}

void
vsk_bridge_lose(vsk_bridge *bridge, uint64_t now, vsk_bridge_link *link)
{
    uint8_t byte;

    vsk_loop_unwatch(&bridge->loop, link->fd);
    link->gone = true;
    if (link->state == VSK_BRIDGE_ASKING) {
        /* Before the guest has answered; it may have said all it had to. */
        if (recv(link->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0)
            vsk_bridge_reset(bridge, now, link);
        return;
    }
    vsk_bridge_deafen(bridge, now, link);
    if (link->state == VSK_BRIDGE_OPEN && !link->mute && !link->stalled)
        vsk_bridge_feed(bridge, now, link);
    /* Both directions are over: the core sees to the rest. */
    if (link->state == VSK_BRIDGE_OPEN && link->mute)
        vsk_bridge_release(bridge, link);
}
