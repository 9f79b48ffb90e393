/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The shared interface of roles and labs. Scripts do not see these types: the
 * frontends make Device, Guest, Conn, Lab and Trace of them. A connection is
 * named by its id, which never comes to name another one.
 *
 *   kit_event *event           nothing to pass; becomes (kind, pair, guest,
 *                              id, value)
 *   const char **word          nothing to pass; becomes a string
 */
%{
#include "kit/lab.h"
%}

%rename(Options) kit_role_options;
%rename(Role) kit_role;
%rename(Lab) kit_lab;
%rename(Snapshot) kit_snapshot;

/**
 * How a role behaves; numbers by name.
 */
typedef struct {} kit_role_options;

/**
 * A device or a guest, below the frontends.
 */
typedef struct {} kit_role;

/**
 * Devices and guests on a virtual clock, below the frontends.
 */
typedef struct {} kit_lab;

/**
 * All of a lab at a moment between two events.
 */
typedef struct {} kit_snapshot;

%extend kit_role_options {
    ~kit_role_options() { free($self); }

    /** Make options with their defaults. @return the options */
    static vsk_status make(kit_role_options **options) {
        return kit_options_new(options);
    }

    /** Set one by its name; times are nanoseconds. */
    vsk_status set(const char *name, uint64_t value) {
        return kit_options_set($self, name, value);
    }

    /** Cut RX buffers so. */
    vsk_status rx(const kit_layout *layout, bool indirect) {
        $self->policy.rx_indirect = indirect;
        return kit_options_rx($self, layout);
    }

    /** Behave as the kernel of that name does. */
    vsk_status preset(const char *name) {
        return kit_options_preset($self, name);
    }
}

%extend kit_role {
    ~kit_role() { kit_role_unref($self); }

    /** Begin a connection. @return its id */
    vsk_status connect(uint32_t local_port, uint32_t peer_cid,
                       uint32_t peer_port, uint16_t type, bool hooks,
                       uint64_t *id) {
        return kit_conn_connect($self, local_port, peer_cid, peer_port, type,
                                hooks, id);
    }

    /** A script object names the connection from now on. */
    vsk_status hold(uint64_t conn) { return kit_conn_hold($self, conn); }

    /** No script object names the connection any more. */
    vsk_status release(uint64_t conn) { return kit_conn_release($self, conn); }

    /** Take the peer's REQUEST. */
    vsk_status accept(uint64_t conn) { return kit_conn_accept($self, conn); }

    /** Answer the peer's REQUEST later. */
    vsk_status defer(uint64_t conn) { return kit_conn_defer($self, conn); }

    /** End it at once. */
    vsk_status reset(uint64_t conn) { return kit_conn_reset($self, conn); }

    /** Send what is queued, then shut both directions. */
    vsk_status close(uint64_t conn) { return kit_conn_close($self, conn); }

    /** Send what is queued, then SHUTDOWN with these flags. */
    vsk_status shutdown(uint64_t conn, uint32_t flags) {
        return kit_conn_shutdown($self, conn, flags);
    }

    /** Forward nothing, and call no hook, until resume. */
    vsk_status pause(uint64_t conn) { return kit_conn_pause($self, conn); }

    /** Go on after pause. */
    vsk_status resume(uint64_t conn) { return kit_conn_resume($self, conn); }

    /** Let what it sends hold back what it receives no more. */
    vsk_status duplex(uint64_t conn) { return kit_conn_duplex($self, conn); }

    /** Queue bytes, or a message, to be sent. */
    vsk_status send(uint64_t conn, const void *data, size_t size, bool eor,
                    kit_why *why) {
        return kit_conn_send($self, conn, data, size, eor, why);
    }

    /** Take 1 to max bytes, or a message. @return bytes, None: not yet */
    vsk_status take(uint64_t conn, uint64_t max, kit_bytes *bytes,
                    kit_why *why) {
        return kit_conn_take($self, conn, max, bytes, why);
    }

    /** Count the bytes that take would give. @return bytes, None: not yet */
    vsk_status readable(uint64_t conn, uint64_t *count) {
        return kit_conn_readable($self, conn, count);
    }

    /** Tell whether it is connected. @return whether */
    vsk_status ready(uint64_t conn, bool *yes, kit_why *why) {
        vsk_status status = kit_conn_ready($self, conn, why);

        *yes = status == VSK_OK;
        return status == VSK_NONE ? VSK_OK : status;
    }

    /** Change the size of its buffer. */
    vsk_status resize(uint64_t conn, uint32_t buf_alloc) {
        return kit_conn_resize($self, conn, buf_alloc);
    }

    /** Read a number of a connection by its name. @return the number */
    vsk_status number(uint64_t conn, const char *name, uint64_t *count) {
        return kit_conn_number($self, conn, name, count);
    }

    /** Read a word of a connection by its name. @return the word */
    vsk_status word(uint64_t conn, const char *name, const char **word) {
        return kit_conn_word($self, conn, name, word);
    }

    /** Name all connections that are not over. @return their ids */
    vsk_status connections(uint64_t **ids, uint32_t *many);

    /** Listen on a port. */
    vsk_status listen(uint32_t port, uint32_t backlog);

    /** Listen no more. */
    vsk_status unlisten(uint32_t port);

    /** Take the next connection that came to a port. @return its id or None */
    vsk_status accepted(uint32_t port, uint64_t *id);

    /** Send any packet, cut as one likes. */
    vsk_status put(kit_packet *packet, const kit_layout *layout,
                   bool indirect);

    /** Look at a packet that came. @return it, or None behind the last one */
    vsk_status seen(uint32_t index, kit_packet **packet);

    /** Tell whether a packet that came was for a connection. @return whether */
    vsk_status owned(uint32_t index, bool *yes);

    /** Drop a packet that came. */
    vsk_status unsee(uint32_t index);

    /** Do nothing with the packet that was told. */
    vsk_status swallow();

    /** Go on with another packet than the one that was told. */
    vsk_status replace(kit_packet *packet);

    /** Tell PACKET of every packet, or do not. */
    void want_packets(bool want);

    /** End all connections and tell the guest. */
    vsk_status reset_transport(uint64_t guest_cid);

    /** Number what belongs to the role itself: cid, features, counters. */
    vsk_status count(const char *name, uint64_t *count);

    /** Put any number into a queue's available ring, and kick. */
    vsk_status offer(uint32_t queue, uint16_t slot);

    /** Reset a queue, and enable it again with another size. */
    vsk_status reset_queue(uint32_t queue, uint32_t size);

    /** Kick the device for a queue, asked for or not. */
    vsk_status kick(uint32_t queue);

    /** A guest's memory; its first rings are rx, tx, event as they stand.
     *  @return a Memory */
    vsk_status memory(kit_memory **memory);
}

/* What a lab and a socket have in common. */
%define VSK_HOST(TYPE)
%extend TYPE {
    ~TYPE() { kit_host_unref(&$self->host); }

    /** Time in nanoseconds since the beginning, or on the system's clock. */
    uint64_t now() { return $self->host.kind->now(&$self->host); }

    /** Do one thing, or tell one event. @return the event, None at the limit */
    vsk_status step(uint64_t limit, kit_event *event) {
        return kit_host_step(&$self->host, limit, event);
    }

    /** Set a timer. @return its id */
    vsk_status after(uint64_t delay, uint64_t *id) {
        return kit_host_after(&$self->host, delay, id);
    }

    /** Take a timer out. */
    vsk_status cancel(uint64_t timer) {
        return kit_host_cancel(&$self->host, timer);
    }

    /** Number of the entry that comes next in the trace. */
    uint64_t trace_end() {
        return $self->host.trace.first + $self->host.trace.count;
    }

    /** Number of the oldest entry that is kept. */
    uint64_t trace_begin() { return $self->host.trace.first; }

    /** Time, kind, line, guest, queue, head, written and status. */
    vsk_status trace_entry(uint64_t number, const kit_entry **entry) {
        *entry = kit_trace_at(&$self->host.trace, number);
        return *entry == NULL ? VSK_ERR_ARGUMENT : VSK_OK;
    }

    /** A packet in the trace. @return it, None where the entry is none */
    vsk_status trace_packet(uint64_t number, kit_packet **packet) {
        return kit_trace_packet(&$self->host.trace, number, packet);
    }

    /** Packets from a number on as pcapng. @return bytes */
    vsk_status trace_pcapng(uint64_t number, bool head, kit_bytes *bytes) {
        return kit_trace_pcapng(&$self->host.trace, number, head, bytes);
    }

    /** All lines. @return bytes */
    vsk_status trace_text(kit_bytes *bytes) {
        return kit_trace_text(&$self->host.trace, bytes);
    }
}
%enddef

VSK_HOST(kit_lab)

%extend kit_lab {
    /** Make an empty lab. @return the lab */
    static vsk_status make(uint64_t seed, uint64_t trace_limit, kit_lab **lab) {
        return kit_lab_new(seed, trace_limit, lab);
    }

    /** Add a guest and the device's side for it. */
    vsk_status add(kit_role_options *device, kit_role_options *guest,
                   uint64_t memory_size);

    /** Let every guest find its device. */
    vsk_status start();

    /** The device's side of a pair. @return a Role */
    vsk_status device(uint32_t pair, kit_role **role);

    /** The guest of a pair. @return a Role */
    vsk_status guest(uint32_t pair, kit_role **role);

    /** Switch a fault. */
    vsk_status set_fault(const char *name, uint64_t value);

    /** Read a fault's switch. @return it */
    vsk_status fault(const char *name, uint64_t *count);

    /** Choose a number below another by chance. */
    uint64_t random(uint64_t below);

    /** Keep all of it. @return a Snapshot */
    vsk_status snapshot(kit_snapshot **snapshot);

    /** Go back to a snapshot. */
    vsk_status rewind(kit_snapshot *snapshot);

    /** Drop the entries of the trace from a number on: they were taken back. */
    void trace_cut(uint64_t number) {
        kit_trace_cut(&$self->host.trace, number);
    }

    /** Hooks that were called since a snapshot. */
    uint64_t told_since(kit_snapshot *snapshot) {
        return kit_snapshot_told(snapshot, $self);
    }
}

%extend kit_snapshot {
    ~kit_snapshot() { kit_snapshot_delete($self); }
}
