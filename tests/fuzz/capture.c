/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A pcap or pcapng file that comes in pieces.
 *
 *     piece  bytes ...    piece: 0, all at once, or 8 times as many at a time
 */
#include "rig.h"

#include "vsk/capture.h"
#include "vsk/text.h"

#define INTERFACES 4u
#define FILE_MAX 0x2000u

/* What is read back of a packet written anew is the same. */
static void
check_again(const vsk_packet *packet, const vsk_capture_record *record)
{
    static uint8_t wire[2 * FILE_MAX];
    vsk_capture_interface interfaces[1];
    vsk_capture capture;
    vsk_capture_record again;
    uint64_t bytes = vsk_capture_bytes(packet, record->comment_size);
    vsk_packet copy;
    bool cut = false;

    FUZZ_CHECK(bytes <= FILE_MAX + 200);
    FUZZ_CHECK(vsk_capture_encode(packet, record->time, record->comment,
                                  record->comment_size, wire,
                                  bytes - 1) == VSK_ERR_SPACE);
    fuzz_poison(wire, sizeof wire);
    FUZZ_CHECK(vsk_capture_begin(wire, VSK_CAPTURE_HEAD) == VSK_OK);
    FUZZ_CHECK(vsk_capture_encode(packet, record->time, record->comment,
                                  record->comment_size, wire + VSK_CAPTURE_HEAD,
                                  bytes) == VSK_OK);
    fuzz_shown(wire, VSK_CAPTURE_HEAD + bytes);
    vsk_capture_open(&capture, interfaces, 1);
    FUZZ_CHECK(vsk_capture_next(&capture, wire, VSK_CAPTURE_HEAD + bytes,
                                &again) == VSK_OK);
    FUZZ_CHECK(again.time == record->time);
    FUZZ_CHECK(again.comment_size == record->comment_size);
    FUZZ_CHECK(vsk_capture_packet(&again, &copy, &cut) == VSK_OK);
    FUZZ_CHECK(vsk_packet_equal(packet, &copy));
}

static void
look(const vsk_capture_record *record, const uint8_t *data, uint64_t size)
{
    vsk_packet packet;
    bool cut = false;
    char text[700];

    FUZZ_CHECK(record->size <= record->original);
    FUZZ_CHECK(record->data >= data && record->size <= size);
    FUZZ_CHECK(record->data + record->size <= data + size);
    if (record->comment_size != 0)
        FUZZ_CHECK((const uint8_t *)record->comment > record->data &&
                   (const uint8_t *)record->comment + record->comment_size <=
                       data + size);
    if (vsk_capture_packet(record, &packet, &cut) != VSK_OK)
        return;
    FUZZ_CHECK(packet.size <= record->size);
    FUZZ_CHECK(cut == (packet.size < packet.header.len));
    (void)vsk_text_header(&packet.header, text, sizeof text);
    (void)vsk_text_fields(&packet.header, text, sizeof text);
    if (!cut)
        check_again(&packet, record);
}

/* Feed what is there so far, until it asks for more; bytes it is done with. */
static vsk_status
feed(vsk_capture *capture, uint8_t *data, size_t size, size_t *done)
{
    vsk_capture_record record;
    vsk_status status = VSK_OK;

    for (uint32_t i = 0; status == VSK_OK; i++) {
        fuzz_poison(&record, sizeof record);
        status = vsk_capture_next(capture, data + *done, size - *done, &record);
        /* A record needs bytes of its own. */
        FUZZ_CHECK(i <= size);
        FUZZ_CHECK(capture->taken <= size - *done);
        FUZZ_CHECK(capture->count <= INTERFACES);
        if (status == VSK_OK) {
            FUZZ_CHECK(capture->taken != 0);
            look(&record, data + *done, capture->taken);
        }
        *done += capture->taken;
        if (status == VSK_NONE) {
            FUZZ_CHECK(capture->wanted > size - *done);
            FUZZ_CHECK(capture->wanted <= VSK_CAPTURE_BLOCK_MAX);
        }
    }
    return status;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t file[FILE_MAX];
    vsk_capture_interface interfaces[INTERFACES];
    struct fuzz_input input = {data, size};
    size_t piece = 8 * (size_t)fuzz_u8(&input), there = 0, done = 0, whole;
    vsk_status status = VSK_NONE;
    vsk_capture capture;

    whole = input.left < sizeof file ? input.left : sizeof file;
    fuzz_take(&input, file, whole);
    fuzz_poison(interfaces, sizeof interfaces);
    vsk_capture_open(&capture, interfaces, INTERFACES);
    while (status == VSK_NONE && there < whole) {
        there = piece == 0 || piece > whole - there ? whole : there + piece;
        status = feed(&capture, file, there, &done);
    }
    return 0;
}
