/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/bridge_parts.h"

#include <errno.h>
#include <sys/socket.h>

#define PIECES 64            /* of a packet that are written at once */
#define MESSAGES_AT_ONCE 16u /* of the backlog that are */
#define SILENCE (10 * VSK_SECOND)

/* The program, or nobody any more, has so many bytes of the guest's. */
static void
forwarded(vsk_bridge *bridge, uint64_t now, const vsk_bridge_link *link,
          uint32_t bytes)
{
    vsk_conn *conn = vsk_bridge_conn(bridge, link);

    if (conn != NULL && bytes != 0)
        (void)vsk_endpoint_forwarded(&bridge->device->endpoint, now, conn,
                                     bytes);
}

void
vsk_bridge_deafen(vsk_bridge *bridge, uint64_t now, vsk_bridge_link *link)
{
    const vsk_conn *conn = vsk_bridge_conn(bridge, link);

    vsk_backlog_clear(&link->backlog);
    if (conn != NULL)
        forwarded(bridge, now, link, vsk_credit_held(&conn->credit));
    if (!link->deaf)
        vsk_bridge_shutdown(bridge, now, link, VSK_SHUTDOWN_RECEIVE);
    link->deaf = true;
    if (link->state == VSK_BRIDGE_LINGERING)
        vsk_bridge_release(bridge, link);
}

/* What a write that failed means: true where it is to be tried later. */
static bool
refused(vsk_bridge *bridge, uint64_t now, vsk_bridge_link *link, uint64_t bytes)
{
    if (vsk_bridge_would_block())
        return true;
    if (link->type == VSK_TYPE_SEQPACKET &&
        (errno == EMSGSIZE || errno == ENOBUFS))
        vsk_bridge_fail(bridge, now, link, VSK_ERR_MESSAGE,
                        "longer than the kernel takes for the program's socket "
                        "(net.core.wmem_max)",
                        bytes);
    else
        vsk_bridge_deafen(bridge, now, link);
    return false;
}

/* Write a packet's payload, without a copy: bytes taken, or -1. */
static ssize_t
write_packet(const vsk_bridge_link *link, const vsk_packet *packet)
{
    struct iovec pieces[PIECES];
    struct msghdr header = {.msg_iov = pieces};
    vsk_cursor cursor = {0};
    vsk_span piece;

    while (header.msg_iovlen < PIECES &&
           vsk_packet_next(packet, &cursor, &piece))
        pieces[header.msg_iovlen++] = (struct iovec){piece.base, piece.len};
    return sendmsg(link->fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void
give_bytes(vsk_bridge *bridge, uint64_t now, vsk_bridge_link *link,
           const vsk_packet *packet)
{
    ssize_t done = link->backlog.size == 0 ? write_packet(link, packet) : 0;

    if (done < 0 && !refused(bridge, now, link, packet->size))
        return;
    if (done < 0)
        done = 0;
    forwarded(bridge, now, link, (uint32_t)done);
    if ((uint32_t)done < packet->size &&
        vsk_backlog_add_packet(&link->backlog, packet, (uint32_t)done) !=
            VSK_OK)
        vsk_bridge_fail(bridge, now, link, VSK_ERR_NOMEM,
                        "no memory to keep it", packet->size);
}

/* Messages of no bytes cost the guest no credit: memory ends their number. */
static size_t
most(const vsk_bridge *bridge)
{
    return (size_t)(VSK_BACKLOG_HEAD + 1) *
               bridge->device->endpoint.policy.buf_alloc +
           4096;
}

static void
give_part(vsk_bridge *bridge, uint64_t now, vsk_bridge_link *link,
          const vsk_packet *packet)
{
    bool complete = (packet->header.flags & VSK_SEQ_EOM) != 0;

    if (link->backlog.size > most(bridge))
        vsk_bridge_fail(bridge, now, link, VSK_BAD_FLOOD,
                        "too many wait already", packet->size);
    else if (vsk_backlog_add_part(&link->backlog, packet, complete) != VSK_OK)
        vsk_bridge_fail(bridge, now, link, VSK_ERR_NOMEM,
                        "no memory to keep it", packet->size);
    else if (complete)
        vsk_bridge_flush(bridge, now, link);
}

void
vsk_bridge_give(vsk_bridge *bridge, uint64_t now, vsk_bridge_link *link,
                const vsk_packet *packet)
{
    if (link->deaf)
        forwarded(bridge, now, link, packet->size);
    else if (link->type == VSK_TYPE_SEQPACKET)
        give_part(bridge, now, link, packet);
    else
        give_bytes(bridge, now, link, packet);
    if (link->state != VSK_BRIDGE_FREE)
        vsk_bridge_watch(bridge, now, link);
}

/* Write one piece of the backlog: false where it is to be tried later, or
 * never. */
static bool
flush_some(vsk_bridge *bridge, uint64_t now, vsk_bridge_link *link)
{
    bool messages = link->type == VSK_TYPE_SEQPACKET;
    const uint8_t *bytes = vsk_backlog_bytes(&link->backlog);
    uint32_t size = (uint32_t)link->backlog.size;
    ssize_t done;

    if (messages)
        bytes = vsk_backlog_message(&link->backlog, &size);
    if (bytes == NULL)
        return false;
    done = send(link->fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (done < 0) {
        (void)refused(bridge, now, link, size);
        return false;
    }
    vsk_backlog_take(&link->backlog,
                     (size_t)done + (messages ? VSK_BACKLOG_HEAD : 0));
    if (link->state == VSK_BRIDGE_LINGERING)
        link->deadline = now + SILENCE;
    forwarded(bridge, now, link, (uint32_t)done);
    return messages && link->backlog.size != 0;
}

/* The program has all: it learns that no more will come. */
static void
pass_end(vsk_bridge *bridge, vsk_bridge_link *link)
{
    if (link->backlog.size != 0)
        return;
    if (link->state == VSK_BRIDGE_LINGERING) {
        vsk_bridge_release(bridge, link);
    } else if (link->ended && !link->shut && !link->deaf) {
        (void)shutdown(link->fd, SHUT_WR);
        link->shut = true;
    }
}

void
vsk_bridge_flush(vsk_bridge *bridge, uint64_t now, vsk_bridge_link *link)
{
    for (uint32_t i = 0; i < MESSAGES_AT_ONCE; i++)
        if (!flush_some(bridge, now, link))
            break;
    if (link->state == VSK_BRIDGE_FREE)
        return;
    pass_end(bridge, link);
    if (link->state != VSK_BRIDGE_FREE)
        vsk_bridge_watch(bridge, now, link);
}

void
vsk_bridge_end(vsk_bridge *bridge, uint64_t now, vsk_bridge_link *link)
{
    link->ended = true;
    /* Nobody will complete it. */
    forwarded(bridge, now, link, vsk_backlog_cut(&link->backlog));
    if (link->state == VSK_BRIDGE_OPEN)
        pass_end(bridge, link);
}

void
vsk_bridge_linger(vsk_bridge *bridge, uint64_t now, vsk_bridge_link *link)
{
    vsk_bridge_unbind(bridge, link);
    (void)vsk_backlog_cut(&link->backlog);
    if (link->backlog.size == 0) {
        vsk_bridge_release(bridge, link);
        return;
    }
    link->state = VSK_BRIDGE_LINGERING;
    link->deadline = now + SILENCE;
    vsk_bridge_wake_at(bridge, link->deadline);
    vsk_bridge_watch(bridge, now, link);
}
