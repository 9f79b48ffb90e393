/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What the bridge's sources share. */
#ifndef VSK_VHOST_BRIDGE_PARTS_H
#define VSK_VHOST_BRIDGE_PARTS_H

#include "vhost/bridge.h"

#define NO_LINK UINT32_MAX
#define TAG_BACKEND 0u /* tags of the loop: doors, then links */
#define TAG_DOOR 1u
#define TAG_LINK 3u

/* ---- bridge_links.c: which links there are ---- */

/* A link that is not FREE any more, NULL where all are in use. */
vsk_bridge_link *vsk_bridge_take_link(vsk_bridge *bridge,
                                      vsk_bridge_state state, uint16_t type);

/* Close the socket; the connection, if any, goes on without. */
void vsk_bridge_release(vsk_bridge *bridge, vsk_bridge_link *link);

/* The same, and reset the connection. */
void vsk_bridge_reset(vsk_bridge *bridge, uint64_t now, vsk_bridge_link *link);

/* Be the end of a connection. */
void vsk_bridge_bind(vsk_bridge *bridge, vsk_bridge_link *link,
                     const vsk_conn *conn);

/* Be it no more. */
void vsk_bridge_unbind(vsk_bridge *bridge, vsk_bridge_link *link);

/* The link of a handle, NULL where there is none. */
vsk_bridge_link *vsk_bridge_find(const vsk_bridge *bridge, uint64_t handle);

/* The connection of a link, NULL where it is over. */
vsk_conn *vsk_bridge_conn(const vsk_bridge *bridge,
                          const vsk_bridge_link *link);

/* Wait for what the link's state makes useful; one that cannot be waited for
 * is reset. */
void vsk_bridge_watch(vsk_bridge *bridge, uint64_t now, vsk_bridge_link *link);

/* Come back at a time. */
void vsk_bridge_wake_at(vsk_bridge *bridge, uint64_t deadline);

/* It is not over because of this errno. */
bool vsk_bridge_would_block(void);

/* VSK_SHUTDOWN_*, for the guest. */
void vsk_bridge_shutdown(vsk_bridge *bridge, uint64_t now,
                         vsk_bridge_link *link, uint32_t flags);

/* A message, or what it is part of, cannot be passed on: say so, and reset. */
void vsk_bridge_fail(vsk_bridge *bridge, uint64_t now, vsk_bridge_link *link,
                     vsk_status status, const char *words, uint64_t bytes);

/* ---- bridge_doors.c: sockets that listen, and who comes ---- */

/* A socket for connections of a type; -1 with errno. */
int vsk_bridge_socket(uint16_t type);

/* Connect it, as connect. */
int vsk_bridge_reach(int fd, const char *path);

/* A program's socket takes a whole message of the guest's, where the kernel
 * lets it, and shows that a message of no bytes is one. */
void vsk_bridge_prepare(const vsk_bridge *bridge, int fd, uint16_t type);

/* Listen; a path that a dead server left is replaced. */
vsk_status vsk_bridge_listen(vsk_bridge *bridge, vsk_bridge_door *door,
                             const char *tail);

/* Listen no more, and remove the file. */
void vsk_bridge_shut(vsk_bridge_door *door);

/* Let programs in. */
void vsk_bridge_accept(vsk_bridge *bridge, uint64_t now, vsk_bridge_door *door);

/* Wait for programs, or for none. */
void vsk_bridge_watch_doors(vsk_bridge *bridge, bool open);

/* ---- bridge_calls.c: how links begin ---- */

/* Read a program's line. */
void vsk_bridge_dial(vsk_bridge *bridge, uint64_t now, vsk_bridge_link *link);

/* The guest asks to connect. */
void vsk_bridge_request(vsk_bridge *bridge, uint64_t now, vsk_conn *conn);

/* Try again to reach the program that the guest asked for. */
void vsk_bridge_call(vsk_bridge *bridge, uint64_t now, vsk_bridge_link *link);

/* The guest has accepted: say OK to the program. */
void vsk_bridge_accepted(vsk_bridge *bridge, uint64_t now,
                         vsk_bridge_link *link, const vsk_conn *conn);

/* ---- bridge_program.c: what passes to the program ---- */

/* Pass a packet's payload on to the program. */
void vsk_bridge_give(vsk_bridge *bridge, uint64_t now, vsk_bridge_link *link,
                     const vsk_packet *packet);

/* Pass on what waits for the program. */
void vsk_bridge_flush(vsk_bridge *bridge, uint64_t now, vsk_bridge_link *link);

/* The guest sends no more. */
void vsk_bridge_end(vsk_bridge *bridge, uint64_t now, vsk_bridge_link *link);

/* The guest's side is over. */
void vsk_bridge_linger(vsk_bridge *bridge, uint64_t now, vsk_bridge_link *link);

/* The program reads no more: the guest is told, nothing is kept. */
void vsk_bridge_deafen(vsk_bridge *bridge, uint64_t now, vsk_bridge_link *link);

/* ---- bridge_guest.c: what passes to the guest ---- */

/* Pass what the program has sent on to the guest. */
void vsk_bridge_feed(vsk_bridge *bridge, uint64_t now, vsk_bridge_link *link);

/* Whether the program has closed its socket, both ways. */
bool vsk_bridge_is_gone(const vsk_bridge_link *link);

/* It has: what it wrote before is still passed on. */
void vsk_bridge_lose(vsk_bridge *bridge, uint64_t now, vsk_bridge_link *link);

#endif
