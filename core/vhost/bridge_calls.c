/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/bridge_parts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define MILLISECOND UINT64_C(1000000)
#define AGAIN (20 * MILLISECOND)     /* between two calls of a program */
#define GIVE_UP (2000 * MILLISECOND) /* as long as a guest waits */

static const char *
tail_of(uint16_t type)
{
    return type == VSK_TYPE_STREAM ? "" : VSK_BRIDGE_SEQ;
}

/* ---- programs that call the guest ---- */

static void
refuse_line(vsk_bridge *bridge, vsk_bridge_link *link, vsk_status status)
{
    vsk_notices_say(&bridge->notices, VSK_NOTICE_NOTE, status,
                    "a program was sent away: %s", vsk_status_text(status));
    vsk_bridge_release(bridge, link);
}

static void
ask(vsk_bridge *bridge, uint64_t now, vsk_bridge_link *link)
{
    vsk_device *device = bridge->device;
    vsk_status status = VSK_ERR_STATE;
    vsk_conn *conn;

    if (vsk_setup_live(&device->setup))
        status = vsk_device_connect(device, now, VSK_PORT_ANY, link->dial.port,
                                    link->type, &conn);
    if (status != VSK_OK) {
        vsk_notices_say(&bridge->notices, VSK_NOTICE_NOTE, status,
                        "the guest's port %u: %s", link->dial.port,
                        status == VSK_ERR_STATE ? "there is no guest"
                                                : vsk_status_text(status));
        vsk_bridge_release(bridge, link);
        return;
    }
    link->state = VSK_BRIDGE_ASKING;
    vsk_bridge_bind(bridge, link, conn);
    vsk_bridge_watch(bridge, now, link);
}

void
vsk_bridge_dial(vsk_bridge *bridge, uint64_t now, vsk_bridge_link *link)
{
    uint8_t bytes[VSK_DIAL_LINE + 1];
    ssize_t got = recv(link->fd, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
    size_t taken;
    vsk_status status;

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        vsk_bridge_release(bridge, link);
        return;
    }
    status = vsk_dial_bytes(&link->dial, bytes, (size_t)got, &taken);
    /* A message is the line, and nothing but the line. */
    if (link->type == VSK_TYPE_SEQPACKET && status >= 0 &&
        (status != VSK_OK || taken != (size_t)got))
        status = VSK_BAD_DIAL;
    /* What follows the line is the guest's: it stays where it is. */
    got = recv(link->fd, bytes, taken, MSG_DONTWAIT);
    if (got < 0 || (size_t)got != taken)
        vsk_bridge_release(bridge, link);
    else if (status < 0)
        refuse_line(bridge, link, status);
    else if (status == VSK_OK)
        ask(bridge, now, link);
}

void
vsk_bridge_accepted(vsk_bridge *bridge, uint64_t now, vsk_bridge_link *link,
                    const vsk_conn *conn)
{
    uint8_t line[VSK_DIAL_LINE];
    uint32_t size = vsk_dial_answer(conn->flow.local_port, line);

    link->state = VSK_BRIDGE_OPEN;
    /* Nothing was written to it before: there is room, or nobody reads. */
    if (send(link->fd, line, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        vsk_bridge_deafen(bridge, now, link);
    vsk_bridge_watch(bridge, now, link);
    /* It may have written all it had to say, and gone. */
    if (link->state == VSK_BRIDGE_OPEN && link->gone)
        vsk_bridge_lose(bridge, now, link);
}

/* ---- the guest calls programs ---- */

static void
open_link(vsk_bridge *bridge, uint64_t now, vsk_bridge_link *link)
{
    vsk_conn *conn = vsk_bridge_conn(bridge, link);

    link->state = VSK_BRIDGE_OPEN;
    link->deadline = UINT64_MAX;
    if (conn == NULL || vsk_endpoint_call(&bridge->device->endpoint, now, conn,
                                          VSK_CALL_ACCEPT, 0) != VSK_OK) {
        vsk_bridge_release(bridge, link);
        return;
    }
    vsk_bridge_watch(bridge, now, link);
}

void
vsk_bridge_call(vsk_bridge *bridge, uint64_t now, vsk_bridge_link *link)
{
    const vsk_conn *conn = vsk_bridge_conn(bridge, link);
    char path[108];

    if (conn == NULL) {
        vsk_bridge_release(bridge, link);
        return;
    }
    (void)snprintf(path, sizeof path, "%s%s_%u", bridge->path,
                   tail_of(link->type), conn->flow.local_port);
    if (link->fd < 0) {
        link->fd = vsk_bridge_socket(link->type);
        if (link->fd >= 0)
            vsk_bridge_prepare(bridge, link->fd, link->type);
    }
    if (link->fd >= 0 && vsk_bridge_reach(link->fd, path) == 0) {
        open_link(bridge, now, link);
        return;
    }
    /* The program is there, and slow to accept. */
    if (link->fd >= 0 && (errno == EAGAIN || errno == EINTR) &&
        now < link->limit) {
        link->deadline = now + AGAIN;
        vsk_bridge_wake_at(bridge, link->deadline);
        return;
    }
    vsk_notices_say(&bridge->notices, VSK_NOTICE_NOTE, VSK_ERR_SYSTEM, "%s: %s",
                    path, strerror(errno));
    vsk_bridge_reset(bridge, now, link);
}

void
vsk_bridge_request(vsk_bridge *bridge, uint64_t now, vsk_conn *conn)
{
    vsk_bridge_link *link =
        vsk_bridge_take_link(bridge, VSK_BRIDGE_CALLING, conn->type);

    if (link == NULL) {
        vsk_notices_say(&bridge->notices, VSK_NOTICE_NOTE, VSK_ERR_TABLE,
                        "the guest was sent away: %u connections",
                        bridge->capacity);
        (void)vsk_endpoint_call(&bridge->device->endpoint, now, conn,
                                VSK_CALL_RESET, 0);
        return;
    }
    vsk_bridge_bind(bridge, link, conn);
    link->limit = now + GIVE_UP;
    vsk_bridge_call(bridge, now, link);
}
