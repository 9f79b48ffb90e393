/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Roles for scripts: what a device or a guest of the core needs before a
 * script can use it without counting bytes.
 *
 *     script -> send   -> out -> vsk_device_send    what credit lets go
 *     script <- event  <-------- DATA               push: hooks
 *     script <- take   <- in  <- DATA               pull: recv
 *
 * A connection is named by its handle, the id of scripts, which never comes to
 * name another one. Its queues are bounded: what is in `in` or was given to a
 * hook counts as forwarded only when it is taken, and not while `out` is over
 * its limit, so a peer that sends and never reads stops itself.
 */
#ifndef KIT_ROLE_H
#define KIT_ROLE_H

#include "kit/kit.h"
#include "vsk/lab.h"

/* Empty messages that may wait for a reader: bytes do not bound them. */
#define KIT_EMPTY_MAX 1024u
/* Scripts may use one part in so many of a guest's memory: its end. */
#define KIT_SHARE 8u
/* Packets that a guest keeps for expect. */
#define KIT_SEEN_MAX 1024u

/* Where a message in a fifo ends. */
typedef struct kit_mark {
    uint32_t bytes; /* of it that are in the fifo */
    uint32_t flags; /* VSK_SEQ_* of its last packet; EOM clear: more to come */
    bool empty;     /* it never had a byte */
} kit_mark;

/* Bytes on their way, and the ends of messages; a STREAM has no marks. */
typedef struct kit_fifo {
    uint8_t *data; /* a ring */
    size_t capacity;
    size_t first;
    size_t count;
    kit_mark *marks; /* a ring */
    uint32_t mark_capacity;
    uint32_t mark_first;
    uint32_t mark_count;
    uint32_t empty; /* marks without bytes */
} kit_fifo;

typedef struct kit_host kit_host;
typedef struct kit_lab kit_lab;
typedef struct kit_role kit_role;

/* A connection as scripts see it. */
typedef struct kit_conn {
    uint64_t id;            /* handle in the endpoint's table */
    struct kit_conn *next;  /* another one of the same slot */
    struct kit_conn *ready; /* next one with something to deliver */
    vsk_conn last;          /* as it ended, where over */
    kit_fifo out;
    kit_fifo in;
    uint64_t charged;  /* what in and out take of the role's account */
    uint64_t withheld; /* given to a hook, and not forwarded yet */
    uint64_t rx_bytes;
    uint64_t tx_bytes;
    uint64_t rx_packets;
    bool over;      /* not in the endpoint's table any more */
    bool ended;     /* CLOSE was told, or nobody is to be told */
    bool held;      /* a script object names it */
    bool listed;    /* a listener has it, for who asks */
    bool hooks;     /* push: events go to hooks; else pull */
    bool connected; /* it was ESTABLISHED */
    bool deferred;  /* a REQUEST that will be answered later */
    bool paused;
    bool full;    /* out was over its limit */
    bool duplex;  /* what it sends does not hold back what it receives */
    bool closing; /* close when out is empty */
    bool eof;     /* the peer will send no more */
    bool eof_told;
    bool is_ready;    /* in the role's list */
    uint8_t shutting; /* VSK_SHUTDOWN_* when out is empty */
} kit_conn;

/* A port that a guest listens on. */
typedef struct kit_listener {
    uint32_t port;
    uint32_t backlog;
    uint32_t count; /* accepted, and not asked for yet */
    uint64_t *ids;  /* backlog entries, in order */
} kit_listener;

/* A packet that a guest got, for expect. */
typedef struct kit_got {
    kit_packet *packet;
    bool own; /* of a connection */
} kit_got;

/* Packets of other guests on their way to this device's guest. */
typedef struct kit_way {
    kit_packet **packets; /* from first on, in order */
    uint32_t first;
    uint32_t count;
    uint32_t capacity;
    uint64_t bytes; /* that they take */
    uint32_t sent;  /* bytes of the first one that are in the ring */
    uint32_t most;  /* payload bytes that an RX buffer takes, as far as seen */
} kit_way;

/* What a script asks of a role when it is made. */
typedef struct kit_role_options {
    vsk_guest_policy policy; /* of a guest; endpoint of a device as well */
    uint64_t features;       /* that a device offers */
    uint32_t cid;            /* the guest's */
    uint32_t connections;    /* at most */
    uint64_t send_buffer;    /* cost of out above which hooks are throttled */
    uint64_t budget;         /* of all queues, above which REQUESTs get RST */
    bool empty_messages;     /* send(b"") sends a message on SEQPACKET */
    bool route;              /* of a device: guests may reach each other */
} kit_role_options;

/* What scripts are told. Kinds are those of the core's events; of PACKET,
 * WRITABLE, MORE and RESET only what concerns a script. */
typedef enum kit_told {
    KIT_TOLD_PROGRESS, /* something happened that no hook hears of; with an
                          id: that connection is over */
    KIT_TOLD_PACKET,
    KIT_TOLD_REQUEST,
    KIT_TOLD_CONNECT,
    KIT_TOLD_DATA,
    KIT_TOLD_WRITABLE,
    KIT_TOLD_EOF,
    KIT_TOLD_CLOSE,
    KIT_TOLD_ERROR,
    KIT_TOLD_RESET,
    KIT_TOLD_AFTER
} kit_told;

typedef struct kit_event {
    kit_told kind;
    uint32_t pair;
    bool guest;         /* the guest's, else the device's */
    uint64_t id;        /* of the connection, 0: none; of AFTER: the timer's */
    kit_packet *packet; /* of PACKET: owned by whoever gets the event */
    kit_block *block;   /* of DATA: a reference */
    uint8_t *data;      /* of DATA: in block */
    size_t size;        /* of DATA */
    bool writable;      /* of DATA: block is guest memory */
    vsk_status status;  /* of ERROR */
    kit_why why;        /* of ERROR */
} kit_event;

/* A device or a guest: script type Role. */
struct kit_role {
    uint32_t references;
    bool is_guest;
    kit_host *host; /* NULL: it is gone */
    uint32_t pair;
    kit_memory *memory;
    bool shared;            /* of a guest: scripts may see the memory */
    kit_block *arena;       /* the core's structs and tables, for snapshots */
    vsk_endpoint *endpoint; /* in the arena, as are these */
    vsk_device *device;     /* NULL for a guest */
    vsk_guest *guest;       /* NULL for a device */
    vsk_pool *pool;         /* of a guest, in the arena; the lab begins it */
    vsk_range *pool_table;  /* in the arena */
    uint32_t pool_table_size;
    kit_role_options options;
    kit_conn **slots; /* by slot of the table: connections, over ones too */
    uint32_t slot_count;
    kit_conn *ready_first; /* with something to deliver */
    kit_conn *ready_last;
    uint64_t queued;    /* what all queues take: kit_fifo_cost */
    vsk_timers lingers; /* of closes that wait for out; tables in the arena */
    kit_listener *listeners;
    uint32_t listener_count;
    uint64_t *raw_ports; /* ports that the script plays by hand */
    uint32_t raw_count;
    kit_way way;                /* devices only */
    kit_got seen[KIT_SEEN_MAX]; /* a ring, guests only */
    uint32_t seen_first;
    uint32_t seen_count;
    bool want_packets; /* PACKET is told */
    /* The event in hand, to be finished when the next one is asked for. */
    kit_told told;
    uint64_t told_id;
    kit_packet *replacement; /* of the packet in hand */
};

/* fifo.c */
void kit_fifo_clear(kit_fifo *fifo);
vsk_status kit_fifo_copy(kit_fifo *fifo, const kit_fifo *source);
/* Append bytes of a stream. */
vsk_status kit_fifo_add(kit_fifo *fifo, const vsk_packet *payload);
/* Append bytes of a message; with EOM in flags it ends with them. */
vsk_status kit_fifo_add_message(kit_fifo *fifo, const vsk_packet *payload,
                                uint32_t flags);
/* What it takes of a budget: its bytes, and a mark for each message. */
uint64_t kit_fifo_cost(const kit_fifo *fifo);
/* Bytes of the message that is first; false where none is whole. */
bool kit_fifo_message(const kit_fifo *fifo, uint32_t *bytes);
/* The first bytes in one or two pieces; count is written. */
void kit_fifo_spans(const kit_fifo *fifo, size_t bytes, vsk_span spans[2],
                    uint32_t *count);
/* Copy the first bytes out and drop them. */
void kit_fifo_take(kit_fifo *fifo, uint8_t *data, size_t bytes);
/* Drop the first bytes. */
void kit_fifo_drop(kit_fifo *fifo, size_t bytes);
/* Drop the mark that is first: its bytes are gone already. */
void kit_fifo_next(kit_fifo *fifo);
/* Drop a message that has begun and will never end. */
void kit_fifo_abandon(kit_fifo *fifo);

/* options.c */
vsk_status kit_options_new(kit_role_options **options);
/* Set one by its name; true and false are 1 and 0, times nanoseconds. */
vsk_status kit_options_set(kit_role_options *options, const char *name,
                           uint64_t value);
/* Cut RX buffers so. */
vsk_status kit_options_rx(kit_role_options *options, const kit_layout *layout);
/* Behave as a kernel does: see vsk_guest_preset_find. */
vsk_status kit_options_preset(kit_role_options *options, const char *name);

/* role.c */
kit_role_options kit_role_options_default(void);
vsk_status kit_role_new(const kit_role_options *options, bool is_guest,
                        uint64_t seed, kit_role **role);
kit_role *kit_role_ref(kit_role *role);
void kit_role_unref(kit_role *role);
/* Before a guest begins: leave the end of its memory to scripts. */
vsk_status kit_role_share(kit_role *role);
/* The memory of a guest that has begun; its rings are the guest's, in order,
 * as they stand now. VSK_ERR_STATE for others. */
vsk_status kit_role_memory(kit_role *role, kit_memory **memory);
uint64_t kit_role_now(const kit_role *role);
/* After a call that may have given it work. */
void kit_role_wake(kit_role *role);
vsk_status kit_role_reset_transport(kit_role *role, uint64_t guest_cid);
/* Handles of all connections that are not over. */
vsk_status kit_role_connections(const kit_role *role, uint64_t **ids,
                                uint32_t *count);

/* role_listen.c */
vsk_status kit_role_listen(kit_role *role, uint32_t port, uint32_t backlog);
vsk_status kit_role_unlisten(kit_role *role, uint32_t port);
/* The next connection that came to a port. */
vsk_status kit_role_accepted(kit_role *role, uint32_t port, uint64_t *id);

/* role_packets.c: below connections */
/* Tell PACKET of every packet, or do not. */
void kit_role_want_packets(kit_role *role, bool want);
/* Keep a packet for expect; the oldest goes where there are too many. */
vsk_status kit_role_see(kit_role *role, const vsk_packet *packet, bool own);
/* What a guest got: the packet at an index, oldest first; VSK_NONE. */
vsk_status kit_role_seen(const kit_role *role, uint32_t index,
                         kit_packet **packet);
vsk_status kit_role_unsee(kit_role *role, uint32_t index);
vsk_status kit_role_owned(const kit_role *role, uint32_t index, bool *own);
/* Whether the script has sent packets from a port by hand. */
bool kit_role_plays(const kit_role *role, uint32_t port);
/* Any packet, cut as one likes. */
vsk_status kit_role_put(kit_role *role, kit_packet *packet,
                        const kit_layout *layout, bool indirect);
/* Guests only: a number as a head, right or wrong; a kick, asked for or not. */
vsk_status kit_role_reset_queue(kit_role *role, uint32_t queue, uint32_t size);
vsk_status kit_role_offer(kit_role *role, uint32_t queue, uint16_t head);
vsk_status kit_role_kick(kit_role *role, uint32_t queue);
/* After PACKET. */
vsk_status kit_role_swallow(kit_role *role);
vsk_status kit_role_replace(kit_role *role, kit_packet *packet);

/* role_count.c */
/* Numbers of the role itself, by name. */
vsk_status kit_role_count(const kit_role *role, const char *name,
                          uint64_t *count);

/* events.c */
/* Finish the event that was told last: what its hook did not do. */
void kit_role_finish(kit_role *role);
/* Turn a core event into what scripts are told. */
vsk_status kit_role_translate(kit_role *role, const vsk_event *event,
                              kit_event *told);
/* It may have something to deliver. */
void kit_role_enlist(kit_role *role, kit_conn *conn);
/* Something that waits to be delivered, after resume; VSK_NONE. */
vsk_status kit_role_deliver(kit_role *role, kit_event *told);

/* route.c */
/* Take the packet that a device has in hand where it is for another guest. */
void kit_role_route(kit_role *role);
/* Let go on to the guest what is on its way, as far as there is room. */
void kit_role_carry(kit_role *role);
void kit_way_drop(kit_way *way);
/* A copy, to be dropped in any case. */
vsk_status kit_way_copy(kit_way *copy, const kit_way *way);

/* conn.c: id names the connection; VSK_ERR_HANDLE where it names none */
kit_conn *kit_conn_find(const kit_role *role, uint64_t id);
kit_conn *kit_conn_add(kit_role *role, uint64_t id, bool hooks);
void kit_conn_free(kit_role *role, kit_conn *conn);
/* Charge the role for its queues, as they are now: after every change. */
void kit_conn_charge(kit_role *role, kit_conn *conn);
/* It is over: keep what a script may still read. */
void kit_conn_end(kit_role *role, kit_conn *conn, const vsk_conn *last);
/* The core's connection, or the copy of how it ended. */
const vsk_conn *kit_conn_state(const kit_role *role, const kit_conn *conn);
vsk_status kit_conn_connect(kit_role *role, uint32_t local_port,
                            uint32_t peer_cid, uint32_t peer_port,
                            uint16_t type, bool hooks, uint64_t *id);
vsk_status kit_conn_hold(kit_role *role, uint64_t id);
vsk_status kit_conn_release(kit_role *role, uint64_t id);
vsk_status kit_conn_accept(kit_role *role, uint64_t id);
vsk_status kit_conn_defer(kit_role *role, uint64_t id);
vsk_status kit_conn_reset(kit_role *role, uint64_t id);
/* The same, for a rule that the peer broke. */
vsk_status kit_conn_blame(kit_role *role, uint64_t id);
vsk_status kit_conn_close(kit_role *role, uint64_t id);
vsk_status kit_conn_shutdown(kit_role *role, uint64_t id, uint32_t flags);
vsk_status kit_conn_pause(kit_role *role, uint64_t id);
vsk_status kit_conn_resume(kit_role *role, uint64_t id);
/* What it sends holds back what it receives no more: its owner sees to both. */
vsk_status kit_conn_duplex(kit_role *role, uint64_t id);
/* Whether payload waits, for it is paused, or has too much to send. */
bool kit_conn_is_held_back(const kit_conn *conn);
vsk_status kit_conn_resize(kit_role *role, uint64_t id, uint32_t buf_alloc);

/* conn_send.c */
vsk_status kit_conn_send(kit_role *role, uint64_t id, const void *data,
                         size_t size, bool eor, kit_why *why);
/* Send what is in out, as far as it goes; true where it fell under its limit. */
bool kit_conn_pump(kit_role *role, kit_conn *conn);

/* linger.c: who closes sends its queue first, but does not wait for ever */
/* After a change of out: where a close waits for it, the role's close_timeout
 * begins, and begins again with all that has left. A half-close has no deadline:
 * the connection goes on. */
void kit_conn_linger(kit_role *role, const kit_conn *conn, bool left);
/* When the next close has waited for long enough; VSK_NONE: none waits. */
vsk_status kit_role_deadline(const kit_role *role, uint64_t *deadline);
/* End one that has by now: RST, TIMEOUT, and its queue goes with the CLOSE. */
vsk_status kit_role_expire(kit_role *role);

/* conn_take.c */
/* Forward what hooks have taken, unless it is paused or out is over its limit. */
void kit_conn_settle(kit_role *role, kit_conn *conn);
/* 1 to max bytes, on SEQPACKET one message; VSK_NONE: nothing yet, VSK_EOF,
 * VSK_RESET, VSK_TIMEOUT */
vsk_status kit_conn_take(kit_role *role, uint64_t id, uint64_t max,
                         kit_bytes *bytes, kit_why *why);
/* Bytes that take would give, VSK_NONE where it would say NONE. */
vsk_status kit_conn_readable(kit_role *role, uint64_t id, uint64_t *bytes);
/* VSK_OK: connected or was; VSK_NONE: not yet; why not, once it failed. */
vsk_status kit_conn_ready(kit_role *role, uint64_t id, kit_why *why);

/* conn_show.c */
/* A number that belongs to it, by name: local_cid, queued, ... */
vsk_status kit_conn_number(kit_role *role, uint64_t id, const char *name,
                           uint64_t *number);
/* A word that belongs to it: type, state, reason. */
vsk_status kit_conn_word(kit_role *role, uint64_t id, const char *name,
                         const char **word);

#endif
