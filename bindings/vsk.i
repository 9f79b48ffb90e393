/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The shared interface: which types and calls scripts get, the same for every
 * language. Each language's vsk.i brings its typemaps first and includes this
 * file. The comments become docstrings.
 *
 * How C speaks to scripts here:
 *   vsk_status            raises, or nil, message, code; VSK_NONE gives None
 *   kit_why *why          nothing to pass; says more about a failure
 *   T *out at the end     nothing to pass; becomes the result
 *   const void *data, size_t size                 bytes
 *   const kit_layout *layout, bool indirect       how to cut
 *   const kit_list *buffers                       buffers with addresses
 */
%{
#include "kit/kit.h"
%}

%rename("%(strip:[VSK_])s", %$isenumitem) "";

%ignore VSK_STATUS_TABLE;
%ignore VSK_HEADER_TABLE;
%ignore VSK_OP_TABLE;
%ignore VSK_TYPE_TABLE;

/* Of the core's headers scripts get the constants; their types have the
 * fields and methods below. */
%ignore vsk_header;
%ignore vsk_header_decode;
%ignore vsk_header_encode;
%ignore vsk_header_equal;
%ignore vsk_header_check;
%ignore vsk_header_set_flag;
%ignore vsk_header_flag_name;
%ignore vsk_op_name;
%ignore vsk_type_name;
%rename(status_name) vsk_status_name;
%rename(status_text) vsk_status_text;
%rename(status_clause) vsk_status_clause;
%rename(status_is_peer) vsk_status_is_peer;
%include "vsk/api.h"
%include "vsk/status.h"
%include "vsk/header.h"

#define VSK_PAYLOAD_MAX 65536
#define VSK_F_INDIRECT_DESC 0x10000000
#define VSK_F_EVENT_IDX 0x20000000

%rename(Header) vsk_header;
%rename(Packet) kit_packet;
%rename(Memory) kit_memory;
%rename(Ring) vsk_image_ring;
%rename(Queue) kit_queue;
%rename(DriverEnd) kit_driver;
%rename(DeviceEnd) kit_device;
%rename(Chain) kit_chain;
%rename(Used) vsk_used;
%rename(Packets) kit_packets;

%newobject kit_queue_driver;
%newobject kit_queue_device;
%newobject kit_text_packet;
%newobject kit_text_fields;
%newobject kit_text_chain;
%newobject kit_text_drawing;
%typemap(newfree) char * "free($1);";

%nodefaultctor;

/**
 * The 44 bytes in front of every vsock packet (virtio 1.4, 5.10.6).
 *
 * Ten fields, each to be read and set; src and dst are (cid, port). Made of
 * keywords: Header(src=(3, 1024), op="RST"); type is STREAM if left out.
 */
typedef struct {} vsk_header;

/**
 * A vsock packet: the ten fields of its header, and a payload.
 *
 * Made of keywords: Packet(src=(3, 1024), dst=(2, 1234), op="RW",
 * payload=b"hello"); type is STREAM and op INVALID if left out, and len
 * follows the payload unless it is set. Nothing stops an experiment: unknown
 * ops, types and flags are kept.
 */
typedef struct {} kit_packet;

/**
 * Guest memory: regions of bytes at guest addresses.
 */
typedef struct {} kit_memory;

/**
 * A virtqueue in a memory.
 */
typedef struct {} kit_queue;

/**
 * The driver's end of a queue.
 */
typedef struct {} kit_driver;

/**
 * The device's end of a queue.
 */
typedef struct {} kit_device;

/**
 * A descriptor chain, popped at the device's end of a queue and held until it
 * is pushed.
 */
typedef struct {} kit_chain;

/**
 * Packets of one end of a queue, one after the other. Each one's chain goes
 * back when the next one is asked for.
 */
typedef struct {} kit_packets;

/**
 * Where a ring stands in guest memory.
 */
typedef struct {} vsk_image_ring;

/**
 * A chain that came back to the driver.
 */
typedef struct {} vsk_used;

%extend vsk_header {
    ~vsk_header() { free($self); }

    /**
     * Read a header from the first 44 bytes of some bytes.
     *
     * @param data bytes of the wire
     * @return the header
     */
    static vsk_status parse(const void *data, size_t size,
                            vsk_header **header) {
        return kit_header_parse(data, size, header);
    }

    /**
     * Hold the header to what the specification says of single packets:
     * CIDs, type, op, flags, and payload on RW only (VSOCK-BOTH-06, -07, -08,
     * -12).
     */
    vsk_status check();
}

%extend kit_packet {
    ~kit_packet() { kit_packet_delete($self); }

    /**
     * Parse a packet from the bytes of the wire; extra bytes are ignored.
     *
     * @param data 44 bytes of header and the payload
     * @param max_payload largest len to accept, in bytes
     * @return the packet, with a copy of the payload
     */
    static vsk_status parse(const void *data, size_t size,
                            uint32_t max_payload = 65536,
                            kit_packet **packet);

    /**
     * Read a packet from a chain of a TX queue; it borrows the payload as long
     * as the chain is held.
     *
     * @param chain popped at the device's end
     * @param max_payload largest len to accept, in bytes
     * @return the packet
     */
    static vsk_status from_tx(kit_chain *chain, uint32_t max_payload = 65536,
                              kit_packet **packet, kit_why *why);

    /**
     * Begin a packet in a chain of an RX queue: the header is zero but for
     * the type, STREAM.
     *
     * @param chain popped at the device's end
     * @param max_payload most payload bytes to make room for
     * @return the packet: set its fields, write its payload, commit it
     */
    static vsk_status into_rx(kit_chain *chain, uint32_t max_payload = 65536,
                              kit_packet **packet, kit_why *why);

    /**
     * Append payload to a packet begun by into_rx; len follows unless it was
     * set.
     *
     * @param data bytes to append; either all fit or none is written
     */
    vsk_status write(const void *data, size_t size);

    /**
     * Store the whole header in the RX chain.
     *
     * @return bytes written into the chain, 44 and the payload: for push
     */
    vsk_status commit(uint32_t *written);

    /**
     * Write header and payload as the bytes of the wire.
     *
     * @return 44 bytes and the payload
     */
    vsk_status encode(kit_bytes *bytes);

    /**
     * Hold the header to what the specification says of single packets.
     */
    vsk_status check();
}

%extend kit_memory {
    ~kit_memory() { kit_memory_unref($self); }

    /**
     * Copy bytes out of guest memory.
     *
     * @param addr guest address
     * @param len number of bytes
     * @return the bytes
     */
    vsk_status read(uint64_t addr, uint64_t len, kit_bytes *bytes);

    /**
     * Copy bytes into guest memory.
     *
     * @param addr guest address
     * @param data bytes to copy
     */
    vsk_status write(uint64_t addr, const void *data, size_t size);

    /**
     * Set bytes of guest memory.
     *
     * @param addr guest address
     * @param value what each byte becomes, 0 to 255
     * @param len number of bytes
     */
    vsk_status fill(uint64_t addr, uint8_t value, uint64_t len);

    /**
     * Take a range that nothing else uses.
     *
     * @param size bytes, 1 or more
     * @param align power of two
     * @return guest address; the range lies in one region
     */
    vsk_status alloc(uint64_t size, uint64_t align = 16, uint64_t *addr);

    /**
     * Give back a range that alloc gave.
     *
     * @param addr guest address
     * @param size bytes
     */
    vsk_status free(uint64_t addr, uint64_t size);

    /**
     * Count the bytes that alloc can still give, in all pieces together.
     *
     * @return bytes
     */
    uint64_t available();

    /**
     * Let go of the memory; refused while views of it exist. Closing twice is
     * no error.
     */
    vsk_status close();
}

%extend kit_queue {
    ~kit_queue() { kit_queue_unref($self); }

    /**
     * Read a descriptor of the ring's table as it stands in memory.
     *
     * @param slot 0 to size - 1
     * @return addr, len, flags, next; in a packed ring next is the buffer id
     */
    vsk_status get_desc(uint32_t slot, vsk_desc *desc);

    /**
     * Write a descriptor of the ring's table, right or wrong; the driver's end
     * knows nothing of it.
     *
     * @param slot 0 to size - 1
     * @param addr guest address
     * @param len bytes
     * @param flags NEXT 1, WRITE 2, INDIRECT 4, packed: AVAIL 128, USED 32768
     * @param next slot that follows, where NEXT is set; packed: the buffer id
     */
    vsk_status set_desc(uint32_t slot, uint64_t addr, uint32_t len,
                        uint16_t flags = 0, uint16_t next = 0);

    /**
     * Read a field of the ring as it stands in memory, for lessons. In a split
     * ring: desc.addr, .len, .flags, .next; avail.flags, .idx, .ring,
     * .used_event; used.flags, .idx, .ring.id, .ring.len, .avail_event. In a
     * packed one: desc.addr, .len, .id, .flags; driver_event.off, .wrap,
     * .flags; device_event.off, .wrap, .flags.
     *
     * @param name of the field
     * @param slot of those that desc, avail.ring and used.ring have
     * @return its value
     */
    vsk_status get(const char *name, uint32_t slot = 0, uint64_t *value,
                   kit_why *why);

    /**
     * Write a field of the ring, right or wrong, for experiments; neither end
     * hears of it.
     *
     * @param name of the field, as for get
     * @param value that fits into it
     * @param slot of those that desc, avail.ring and used.ring have
     */
    vsk_status set(const char *name, uint64_t value, uint32_t slot = 0,
                   kit_why *why);
}

%extend kit_driver {
    ~kit_driver() { kit_driver_unref($self); }

    /**
     * Put a packet into readable buffers and offer it: TX.
     *
     * @param packet its len is sent as it stands
     * @param layout bytes of each descriptor, at least the packet in all; left
     * out: header and payload, as Linux cuts them
     * @param indirect in an indirect table
     * @return head: slot of the first descriptor; packed: buffer id
     */
    vsk_status send(kit_packet *packet, const kit_layout *layout = NULL,
                    bool indirect = false, uint16_t *head);

    /**
     * Offer writable buffers: RX.
     *
     * @param size bytes in all
     * @param layout bytes of each descriptor, size in all; left out: one
     * @param indirect in an indirect table
     * @return head: slot of the first descriptor; packed: buffer id
     */
    vsk_status post(uint32_t size, const kit_layout *layout = NULL,
                    bool indirect = false, uint16_t *head);

    /**
     * Offer buffers anywhere, also where there is no memory.
     *
     * @param buffers each (address, length, "r" or "w")
     * @return head: slot of the first descriptor; packed: buffer id
     */
    vsk_status add(const kit_list *buffers, uint16_t *head);

    /**
     * Put any number into the available ring as a head, for experiments; in a
     * packed ring the descriptor that stands in the next slot becomes available
     * with this buffer id. The driver's end keeps no account of it: when it
     * comes back, reap reports BAD_USED_ID.
     *
     * @param head slot of a descriptor, buffer id, or nonsense
     */
    vsk_status offer(uint16_t head);

    /**
     * Take back one chain that the device has used, and free its buffers.
     *
     * @return the used element, or None when nothing has come back
     */
    vsk_status reap(vsk_used *used);

    /**
     * Go through what came back as packets. Each one's buffers are free again
     * when the next one is asked for.
     *
     * @param max_payload largest len to accept, in bytes
     * @return an iterator; it may be asked again later
     */
    vsk_status packets(uint32_t max_payload = 65536, kit_packets **packets);

    /**
     * Decide whether to kick the device for what was offered since the last
     * decision (SPLITSUP-DRV-08 to 12).
     *
     * @return whether a kick is due
     */
    vsk_status should_kick(bool *yes);

    /**
     * Ask the device for interrupts, and look once more.
     *
     * @return whether something has come back meanwhile
     */
    vsk_status enable_interrupts(bool *yes);

    /**
     * Tell the device that interrupts are not needed: a hint.
     */
    vsk_status disable_interrupts();
}

%extend kit_device {
    ~kit_device() { kit_device_unref($self); }

    /**
     * Take the next chain that the driver has offered. What is wrong with it
     * is said when a packet is read from it.
     *
     * @return the chain, or None when there is none
     */
    vsk_status pop(kit_chain **chain);

    /**
     * Give a chain back to the driver.
     *
     * @param chain popped here and not given back yet
     * @param written bytes written, from the first writable one
     */
    vsk_status push(kit_chain *chain, uint32_t written);

    /**
     * Give a chain back without showing it to the driver yet.
     *
     * @param chain popped here and not given back yet
     * @param written bytes written, from the first writable one
     */
    vsk_status give(kit_chain *chain, uint32_t written);

    /**
     * Show the driver all chains that were given.
     */
    vsk_status publish();

    /**
     * Put a packet into the next RX chain and give it back. A chain that is
     * too small for the packet stays where it is.
     *
     * @param packet its len is sent as it stands
     * @return bytes written, or None when the driver has posted no buffer
     */
    vsk_status send(kit_packet *packet, uint32_t *written, kit_why *why);

    /**
     * Go through what the driver has sent as packets. Each one's chain is
     * given back when the next one is asked for.
     *
     * @param max_payload largest len to accept, in bytes
     * @return an iterator; it may be asked again later
     */
    vsk_status packets(uint32_t max_payload = 65536, kit_packets **packets);

    /**
     * Decide whether to interrupt the driver for what was published since the
     * last decision (SPLITSUP-DEV-02 to 06).
     *
     * @return whether an interrupt is due
     */
    vsk_status should_interrupt(bool *yes);

    /**
     * Ask the driver for kicks, and look once more.
     *
     * @return whether something was offered meanwhile
     */
    vsk_status enable_kicks(bool *yes);

    /**
     * Tell the driver that kicks are not needed: a hint.
     */
    vsk_status disable_kicks();

    /**
     * Forget what was done: this end stands at the start of the ring, and
     * chains held are void.
     */
    vsk_status reset();
}

%extend kit_chain {
    ~kit_chain() { kit_chain_unref($self); }
}

%extend kit_packets {
    ~kit_packets() { kit_packets_delete($self); }
}

%extend vsk_image_ring {
    ~vsk_image_ring() { free($self); }
}

%extend vsk_used {
    ~vsk_used() { free($self); }
}
