/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Packets as packet.c leaves them, their payload in up to three pieces: stepped
 * through, read, encoded, compared and written. No piece has a byte behind. */
#include "any.h"
#include "vsk/packet.h"

#define PAYLOAD 2u

static uint8_t first[PAYLOAD], second[PAYLOAD], third[PAYLOAD];
static uint8_t data[VSK_HEADER_SIZE + PAYLOAD], plain[PAYLOAD];
static vsk_span rest[2];

/* Pieces of any length, nothing among them, that have so much room. */
static uint32_t
any_pieces(vsk_packet *packet)
{
    uint32_t one = any32_of(0, PAYLOAD), two = any32_of(0, PAYLOAD);
    uint32_t three = any32_of(0, 1);

    /*@ split one; */
    /*@ split two; */
    /*@ split three; */
    if (one + two > PAYLOAD)
        two = PAYLOAD - one;
    packet->first = (vsk_span){.base = first + PAYLOAD - one, .len = one};
    rest[0] = (vsk_span){.base = second + PAYLOAD - two, .len = two};
    rest[1] = (vsk_span){.base = third + PAYLOAD - three, .len = three};
    packet->rest = rest;
    packet->rest_count = 2;
    return one + two + three > PAYLOAD ? PAYLOAD : one + two + three;
}

static void
out_of(vsk_packet *packet, uint32_t size)
{
    vsk_cursor cursor = {0};
    vsk_packet other;
    vsk_span piece;
    uint32_t offset = any32_of(0, PAYLOAD + 1), most = any32_of(0, PAYLOAD);

    packet->size = size;
    switch (any32_of(0, 3)) {
    case 0:
        while (vsk_packet_next(packet, &cursor, &piece))
            /*@ assert piece_is_there:
                    \valid(piece.base + (0 .. piece.len - 1)); */
            ;
        break;
    case 1:
        /*@ split offset; */
        /*@ split most; */
        (void)vsk_packet_read(packet, offset, data + sizeof data - most, most);
        break;
    case 2:
        (void)vsk_packet_encode(packet, data, any64_of(0, sizeof data));
        break;
    default:
        vsk_packet_init(&other, plain + PAYLOAD - size, size);
        other.header = packet->header;
        (void)vsk_packet_equal(packet, &other);
    }
}

/* Written at twice, so that the second time begins anywhere. */
static void
into(vsk_packet *packet, uint32_t room)
{
    uint32_t one = any32_of(0, PAYLOAD), two = any32_of(0, PAYLOAD);
    vsk_packet source;

    packet->size = 0;
    packet->room = room;
    packet->end = (vsk_cursor){0};
    /*@ split one; */
    /*@ split two; */
    (void)vsk_packet_write(packet, plain + PAYLOAD - one, one);
    vsk_packet_init(&source, plain + PAYLOAD - two, two);
    (void)vsk_packet_append(packet, &source);
}

void
main(void)
{
    vsk_packet packet = {.header = {.len = any32()}};
    uint32_t room = any_pieces(&packet);

    Frama_C_make_unknown((char *)plain, sizeof plain);
    if (any_bool()) {
        uint32_t size = any32_of(0, PAYLOAD);

        /*@ split size; */
        if (size <= room)
            out_of(&packet, size);
    } else {
        into(&packet, room);
    }
}
