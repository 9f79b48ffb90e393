# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Clauses that statuses, the checker and why name: the section of virtio 1.4, and what it says.

A test holds them to the table of clauses that docs/conformance.md is made from.
"""

CLAUSES = {
    "EVENT-DEV-02": ("5.10.6.7", "Event buffer is a single le32 id; 0 is TRANSPORT_RESET"),
    "EVENT-DEV-03": (
        "5.10.6.7",
        "TRANSPORT_RESET tells the driver communication broke, typically after migration",
    ),
    "FEAT-DRV-01": ("2.2.1", "Accept no feature that was not offered"),
    "FRAME-BOTH-01": (
        "2.7.4",
        "Descriptor boundaries carry no meaning; header and payload may be cut anywhere",
    ),
    "FRAME-DEV-01": ("2.7.4.1", "Make no assumption about how a buffer is cut into descriptors"),
    "FRAME-DEV-02": ("2.7.4.1", "May bound the number of descriptors per chain reasonably"),
    "FRAME-DRV-01": ("2.7.4.2", "All device-writable elements come after all device-readable ones"),
    "INIT-DRV-01": (
        "3.1.1",
        "Order: reset, ACKNOWLEDGE, DRIVER, features, FEATURES_OK, re-read it, setup, DRIVER_OK",
    ),
    "NOTIF-DRV-01": (
        "2.9",
        "Without NOTIFICATION_DATA a kick carries queue index (or config data if "
        "NOTIF_CONFIG_DATA)",
    ),
    "NOTIF-DRV-02": (
        "2.9",
        "With NOTIFICATION_DATA a kick carries index, next_off (15 bits), next_wrap (1 bit)",
    ),
    "PACKED-DEV-05": ("2.8.4", "Used descriptor: addr unused, len = bytes written"),
    "PACKED-DRV-06": (
        "2.8.5",
        "A list must be all direct or one indirect, never mixed (unlike split)",
    ),
    "PACKED-DRV-23": (
        "2.8.17",
        "Ensure ring space for the whole list before publishing its first descriptor",
    ),
    "PACKORD-DEV-01": (
        "2.8.8",
        "IN_ORDER: one used descriptor with the id of the batch's last buffer may close a batch",
    ),
    "PACKSUP-DRV-01": (
        "2.8",
        "Driver event area is written by driver, read by device; governs interrupts",
    ),
    "RSVF-DRV-05": ("6.1", "Without ACCESS_PLATFORM pass physical addresses only"),
    "SPLIT-BOTH-01": (
        "2.7",
        "Three parts: descriptor table, available ring, used ring; each written by one side only",
    ),
    "SPLIT-BOTH-02": ("2.7", "Each part is physically contiguous"),
    "SPLIT-BOTH-03": ("2.7", "Sizes: table 16*N, available 6+2*N, used 6+8*N bytes"),
    "SPLIT-BOTH-04": ("2.7", "Queue size is a power of two, at most 32768, fixed by the transport"),
    "SPLIT-BOTH-05": (
        "2.7.5",
        "Descriptor: le64 addr, le32 len, le16 flags, le16 next; flags NEXT 1, WRITE 2, INDIRECT 4",
    ),
    "SPLIT-DEV-04": ("2.7.5.1", "Never write a descriptor table entry"),
    "SPLIT-DEV-05": ("2.7.8", "Used ring is written by device only"),
    "SPLIT-DEV-06": ("2.7.8", "Used entry: le32 id of chain head, le32 len bytes written"),
    "SPLIT-DEV-07": ("2.7.8", "Used idx starts at 0, free-running"),
    "SPLIT-DEV-09": (
        "2.7.8.2",
        "At least len bytes are written, from the first writable byte, before idx moves",
    ),
    "SPLIT-DRV-01": ("2.7.1", "Align parts: table 16, available 2, used 4 bytes"),
    "SPLIT-DRV-02": (
        "2.7",
        "To publish: fill descriptors, write head index in available ring, notify",
    ),
    "SPLIT-DRV-03": ("2.7.5.2", "No chain above 2^32 bytes in total, hence no loops"),
    "SPLIT-DRV-04": (
        "2.7.6",
        "Free-running available idx starts at 0; slot is idx modulo queue size",
    ),
    "SPLIT-DRV-05": ("2.7.6", "Available ring is written by driver only, each entry a chain head"),
    "SPLIT-DRV-06": ("2.7.6.1", "Available idx never goes back; nothing can be un-published"),
    "SPLIT-DRV-11": (
        "2.7.13.1",
        "Buffer of zero or more readable then zero or more writable elements, at least "
        "one in total",
    ),
    "SPLIT-DRV-12": ("2.7.13.1", "Chain by next and NEXT flag; last element has no NEXT"),
    "SPLIT-DRV-15": ("2.7.13.3", "idx wraps at 65536, not at the queue size"),
    "SPLIT-DRV-17": (
        "2.7.13.4.1",
        "Barrier before reading flags or avail_event, lest a kick be lost",
    ),
    "SPLIT-DRV-18": (
        "2.7.14",
        "May disable used notifications while draining; must re-check after re-enabling",
    ),
    "SPLITIND-BOTH-01": (
        "2.7.5.3",
        "Indirect entry's addr/len describe a table of len/16 descriptors anywhere in memory",
    ),
    "SPLITIND-DRV-01": ("2.7.5.3.1", "No INDIRECT flag unless F_INDIRECT_DESC negotiated"),
    "SPLITIND-DRV-02": ("2.7.5.3.1", "No INDIRECT flag inside an indirect table (no nesting)"),
    "SPLITIND-DRV-03": (
        "2.7.5.3.1",
        "Chain, indirect entries included, never longer than the queue size",
    ),
    "SPLITIND-DRV-04": ("2.7.5.3.1", "Never combine INDIRECT and NEXT in one descriptor"),
    "SPLITSUP-BOTH-01": (
        "2.7.7",
        "Suppression is an optimisation and unreliable: not synchronised with the other side",
    ),
    "SPLITSUP-DEV-02": ("2.7.7.2", "No EVENT_IDX, flags 1: do not notify"),
    "SPLITSUP-DEV-03": ("2.7.7.2", "No EVENT_IDX, flags 0: notify after writing used entries"),
    "SPLITSUP-DEV-05": (
        "2.7.7.2",
        "EVENT_IDX: notify if any entry just written had index equal to used_event",
    ),
    "SPLITSUP-DRV-08": ("2.7.10.1", "No EVENT_IDX, used flags 1: do not kick"),
    "SPLITSUP-DRV-11": (
        "2.7.10.1",
        "EVENT_IDX: kick if any index just published equals avail_event",
    ),
    "VSOCK-BOTH-03": ("5.10.3", "Bit 1 F_SEQPACKET announces seqpacket type support"),
    "VSOCK-BOTH-04": (
        "5.10.3",
        "Bit 2 F_NO_IMPLIED_STREAM removes the inference that stream is available",
    ),
    "VSOCK-BOTH-05": (
        "5.10.6",
        "Every rx/tx packet starts with the fixed 44-byte little-endian header",
    ),
    "VSOCK-BOTH-06": ("5.10.6", "Both header CIDs have a zero (reserved) upper half"),
    "VSOCK-BOTH-07": (
        "5.10.6",
        "op: 0 invalid, 1 request, 2 response, 3 rst, 4 shutdown, 5 rw, 6 credit update, "
        "7 credit request",
    ),
    "VSOCK-BOTH-08": ("5.10.6", "len counts payload bytes only"),
    "VSOCK-BOTH-11": (
        "5.10.6.2",
        "A flow is keyed by the (cid,port) pair of source and of destination",
    ),
    "VSOCK-BOTH-12": ("5.10.6.2", "type: 1 stream, 2 seqpacket"),
    "VSOCK-BOTH-13": (
        "5.10.6.2",
        "Stream: ordered, reliable, connection-oriented, no message boundaries",
    ),
    "VSOCK-BOTH-15": (
        "5.10.6.3",
        "Each side publishes receive space per socket, not per device (text speaks of stream "
        "sockets)",
    ),
    "VSOCK-BOTH-16": ("5.10.6.3", "Credit counts payload bytes, never header bytes"),
    "VSOCK-BOTH-17": (
        "5.10.6.3",
        "buf_alloc is total receive space of the socket, free plus in use",
    ),
    "VSOCK-BOTH-18": (
        "5.10.6.3",
        "fwd_cnt is a free-running byte counter (text says received; the formula needs "
        "bytes released from the buffer)",
    ),
    "VSOCK-BOTH-19": (
        "5.10.6.3",
        "Peer free space = buf_alloc - (tx_cnt - fwd_cnt) in unsigned 32-bit arithmetic",
    ),
    "VSOCK-BOTH-20": (
        "5.10.6.3",
        "Sender lacking credit waits and re-evaluates both fields on later packets",
    ),
    "VSOCK-BOTH-21": (
        "5.10.6.3",
        "CREDIT_REQUEST asks for the peer's credit; the answer is a CREDIT_UPDATE",
    ),
    "VSOCK-BOTH-22": ("5.10.6.3", "CREDIT_UPDATE may arrive unsolicited at any time"),
    "VSOCK-BOTH-24": ("5.10.6.5", "Connecting starts with a REQUEST packet"),
    "VSOCK-BOTH-25": (
        "5.10.6.5",
        "Destination with a listener answers RESPONSE and the connection is established",
    ),
    "VSOCK-BOTH-26": ("5.10.6.5", "No listener at the destination: answer RST"),
    "VSOCK-BOTH-28": (
        "5.10.6.5",
        "SHUTDOWN flags bit 0 (mask 1; the printed constant 0 is a bit number): sender "
        "will receive no more",
    ),
    "VSOCK-BOTH-29": (
        "5.10.6.5",
        "SHUTDOWN flags bit 1 (mask 2; the printed constant 1 is a bit number): sender "
        "will send no more",
    ),
    "VSOCK-BOTH-30": (
        "5.10.6.5",
        "Shutdown hints accumulate; a later SHUTDOWN with a clear bit does not revoke one",
    ),
    "VSOCK-BOTH-31": (
        "5.10.6.5",
        "RST aborts a pending connect or drops an established connection",
    ),
    "VSOCK-BOTH-32": (
        "5.10.6.5",
        "Clean close: SHUTDOWN(s) covering both directions, then RST from the peer",
    ),
    "VSOCK-BOTH-33": (
        "5.10.6.5",
        "No RST within an implementation-chosen time: send RST oneself and drop",
    ),
    "VSOCK-BOTH-34": (
        "5.10.6.5",
        "Address tuple must not be reused while the peer still handles the old connection",
    ),
    "VSOCK-BOTH-35": ("5.10.6.6.1", "Seqpacket has two boundary kinds, message and record"),
    "VSOCK-BOTH-36": ("5.10.6.6.1", "One seqpacket message may span several RW packets"),
    "VSOCK-BOTH-37": ("5.10.6.6.1", "Only the last RW of a message carries SEQ_EOM (flags mask 1)"),
    "VSOCK-BOTH-39": ("5.10.6.6.1", "Last RW of a record carries SEQ_EOR (flags mask 2)"),
    "VSOCK-DEV-08": ("5.10.4", "CIDs 0, 1, 2 (host), 0xffffffff and 2^64-1 may never be a guest's"),
    "VSOCK-DEV-11": ("5.10.6.3.2", "Transmit RW only when the peer has room for the whole payload"),
    "VSOCK-DEV-12": (
        "5.10.6.3.2",
        "Every packet of a stream flow, whatever its op, carries valid buf_alloc and fwd_cnt",
    ),
    "VSOCK-DEV-13": (
        "5.10.6.4.2",
        "Answer a packet of unknown type with RST (an incoming RST must be exempt or both "
        "sides loop; text is silent)",
    ),
    "VSOCK-DRV-09": ("5.10.6.3.1", "Transmit RW only when the peer has room for the whole payload"),
    "VSOCK-DRV-10": (
        "5.10.6.3.1",
        "Every packet of a stream flow, whatever its op, carries valid buf_alloc and fwd_cnt",
    ),
    "VSOCK-DRV-12": (
        "5.10.6.4",
        "tx buffers are device-readable only; rx buffers device-writable only",
    ),
    "VSOCK-DRV-13": ("5.10.6.4.1", "src_cid of every outgoing packet is the configured guest_cid"),
    "VSOCK-DRV-14": (
        "5.10.6.4.1",
        "Answer a packet of unknown type with RST (an incoming RST must be exempt or both "
        "sides loop; text is silent)",
    ),
}
