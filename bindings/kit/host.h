/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Host: who drives roles, a lab on a virtual clock or a socket on the real one.
 * Scripts get one event at a time, whoever drives: what waits in queues first,
 * then what the core has to tell, then timers.
 */
#ifndef KIT_HOST_H
#define KIT_HOST_H

#include "kit/role.h"

/* How far both ends of a queue had come, as far as they are in this process. */
typedef struct kit_stand {
    uint32_t size; /* of the ring; 0: nothing is known of it */
    bool packed;
    bool has_driver;       /* the driver's end is known */
    bool has_device;       /* the device's end is */
    vsk_ring_state driver; /* offered and reaped */
    vsk_ring_state device; /* popped and published */
} kit_stand;

#define KIT_SPANS 64u /* of a chain that an entry keeps at most */

/* One thing seen, kept. */
typedef struct kit_entry {
    vsk_seen_kind kind;
    uint64_t now;
    uint32_t guest_cid;
    uint32_t queue;    /* where has_queue */
    uint32_t written;  /* as in vsk_seen */
    uint16_t head;     /* where has_head */
    bool has_queue;    /* it happened in one of the queues */
    bool has_head;     /* it is about a chain */
    vsk_status status; /* of REFUSED; else VSK_OK */
    char *line;        /* vsk_trace_line */
    char *place;       /* vsk_trace_place, of a PACKET; else NULL */
    uint8_t *wire;     /* header and payload of a PACKET; else NULL */
    uint32_t size;     /* bytes in wire */
    size_t held;       /* bytes of all that, where a peer chooses how many */
    kit_stand stand;   /* of the queue, behind it */
    vsk_span *spans;   /* of the chain, the first of them; or NULL */
    uint32_t span_count;
} kit_entry;

/* All that was seen, in order. */
typedef struct kit_trace {
    kit_entry *entries; /* a ring that grows: n is at n mod capacity */
    uint64_t capacity;
    uint64_t first;       /* number of the oldest that is kept */
    uint64_t count;       /* entries kept */
    uint64_t bytes;       /* held by the entries that are kept */
    uint64_t limit;       /* entries at most; older ones go */
    uint64_t epoch;       /* nanoseconds since 1970 at time 0, in captures */
    bool failed;          /* memory was short: something is missing */
    const kit_host *host; /* whose queues entries tell of; NULL: none */
} kit_trace;

/* A timer of the script's. */
typedef struct kit_after {
    uint64_t deadline;
    uint64_t id; /* in the order in which they were set */
} kit_after;

/* What kinds of hosts do in their own way. */
typedef struct kit_host_kind {
    bool real; /* time goes on by itself */
    uint64_t (*now)(const kit_host *host);
    /* A call on a role may have given it work. */
    void (*wake)(kit_host *host, kit_role *role);
    /* The core's next event, whose role is written, up to a time that is not
     * past; VSK_NONE: nothing more happens until then. */
    vsk_status (*poll)(kit_host *host, uint64_t limit, kit_role **role,
                       vsk_event *event);
    /* Kick a guest's device, asked for or not. */
    vsk_status (*kick)(kit_host *host, kit_role *role, uint32_t queue);
    /* End a device's connections, and tell its guest, by another CID too. */
    vsk_status (*reset)(kit_host *host, kit_role *device, uint64_t guest_cid);
    /* Reset a guest's queue, and go on with another size. */
    vsk_status (*renew)(kit_host *host, kit_role *guest, uint32_t queue,
                        uint32_t size);
    /* Where the device's end of a guest's queue stands, as far as it can be
     * known: left as it is otherwise. */
    void (*device_state)(const kit_host *host, const kit_role *guest,
                         uint32_t queue, vsk_ring_state *state);
    /* The block behind payload that lies in guest memory, a new reference;
     * NULL: it has to be copied. */
    kit_block *(*block)(kit_host *host, const kit_role *role,
                        const vsk_span *span);
    /* What is its own, when nobody names it any more; it is freed with it. */
    void (*clear)(kit_host *host);
} kit_host_kind;

struct kit_host {
    const kit_host_kind *kind;
    uint32_t references;
    kit_role **roles; /* a device, its guest, the next device, ... */
    uint32_t role_count;
    bool started;
    kit_trace trace;
    kit_after *afters; /* a heap */
    uint32_t after_count;
    uint32_t after_capacity;
    uint64_t after_id;
    uint64_t told;  /* events that went to hooks */
    uint32_t turn;  /* role whose deliveries come first next time */
    kit_role *last; /* whose event is to be finished, or NULL */
    bool rang;      /* the last event was a timer's: the core's turn is next */
};

/* host.c: life and what it holds */
void kit_host_begin(kit_host *host, const kit_host_kind *kind,
                    uint64_t trace_limit);
kit_host *kit_host_ref(kit_host *host);
/* The last reference: roles that scripts still hold lose their host. */
void kit_host_unref(kit_host *host);
/* Room for more roles. */
vsk_status kit_host_reserve(kit_host *host, uint32_t more);
/* Another role, whose reference becomes the host's; room was reserved. */
void kit_host_add(kit_host *host, kit_role *role, uint32_t pair);
/* A timer of the script's: AFTER is told with its id. */
vsk_status kit_host_after(kit_host *host, uint64_t delay, uint64_t *id);
/* VSK_NONE where it was told or canceled already. */
vsk_status kit_host_cancel(kit_host *host, uint64_t id);
/* The next deadline, of scripts and of closes; UINT64_MAX: none. */
uint64_t kit_host_next(const kit_host *host);
/* Take the timer that is due; VSK_NONE where none is. */
vsk_status kit_host_due(kit_host *host, uint64_t *id);

/* stand.c: where both ends of the queue stand that something was seen in. */
void kit_host_stand(const kit_host *host, const vsk_seen *seen,
                    kit_stand *stand);

/* host_step.c: how it goes on */
/* One event, or one step on which no hook is called; VSK_NONE where nothing
 * happens up to limit, in nanoseconds. */
vsk_status kit_host_step(kit_host *host, uint64_t limit, kit_event *event);
/* Give back what an event owns. */
void kit_event_clear(kit_event *event);

/* trace.c */
void kit_trace_see(void *trace, const vsk_seen *seen); /* a vsk_tap's */
void kit_trace_clear(kit_trace *trace);
/* Drop what was seen from a number on; the next entry gets that number. */
void kit_trace_cut(kit_trace *trace, uint64_t end);
/* Entry by its number from the beginning; NULL where it is not kept. */
const kit_entry *kit_trace_at(const kit_trace *trace, uint64_t number);
/* A packet's copy: VSK_NONE where the entry is none. */
vsk_status kit_trace_packet(const kit_trace *trace, uint64_t number,
                            kit_packet **packet);
/* All packets from a number on as pcapng, with their places as comments; with
 * head the file's beginning comes first. */
vsk_status kit_trace_pcapng(const kit_trace *trace, uint64_t number, bool head,
                            kit_bytes *bytes);
/* All lines, each with a line end. */
vsk_status kit_trace_text(const kit_trace *trace, kit_bytes *bytes);

#endif
