/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The shared interface of captures: bytes in and out. The frontends open, read
 * and write the file. */
%{
#include "kit/capture.h"
%}

%rename(Capture) kit_capture;

/**
 * Packets of a capture file, read from its bytes or made into them.
 */
typedef struct {} kit_capture;

%extend kit_capture {
    ~kit_capture() { kit_capture_delete($self); }

    /**
     * Take the next bytes of the file.
     *
     * @param data bytes behind those that were fed before
     */
    vsk_status _feed(const void *data, size_t size) {
        return kit_capture_feed($self, data, size);
    }

    /**
     * Count the bytes that the next packet needs.
     *
     * @return bytes to feed, at least 1; more of them do no harm
     */
    vsk_status _wanted(uint64_t *count) {
        return kit_capture_wanted($self, count);
    }

    /**
     * Read the next packet.
     *
     * @return a record, or None when more bytes must be fed
     */
    vsk_status _next(kit_record *record, kit_why *why) {
        return kit_capture_next($self, record, why);
    }

    /**
     * Hold a file that ends here to what it began.
     */
    vsk_status _end(kit_why *why) { return kit_capture_end($self, why); }

    /**
     * Make what a file begins with.
     *
     * @return the bytes
     */
    vsk_status _begin(kit_bytes *bytes) {
        return kit_capture_begin($self, bytes);
    }

    /**
     * Make a packet's part of a file.
     *
     * @param packet to write
     * @param time nanoseconds since 1970
     * @param data the comment in UTF-8, empty for none
     * @return the bytes
     */
    vsk_status _encode(kit_packet *packet, uint64_t time, const void *data,
                       size_t size, kit_bytes *bytes, kit_why *why) {
        return kit_capture_encode($self, packet, time, data, size, bytes, why);
    }

    /**
     * Let go of what was fed; every later call is refused.
     */
    vsk_status _close() { return kit_capture_close($self); }
}
