/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What the sources of the rogue share. */
#ifndef KIT_ROGUE_PARTS_H
#define KIT_ROGUE_PARTS_H

#include "kit/rogue.h"
#include "vhost/channel.h"
#include "vhost/mapping.h"

#define ROGUE_WORDS 24u
#define ROGUE_LINE 1024u
#define ROGUE_SEEN 512u /* packets of a capture */
#define ROGUE_RINGS 3u
#define ROGUE_RX 0u
#define ROGUE_TX 1u

/* Guest memory, where the rogue is the driver: a page for each ring, then a
 * page for each buffer. */
#define ROGUE_MEMORY 0x100000u
#define ROGUE_USER UINT64_C(0x550000000000)
#define ROGUE_SIZE 16u /* of each ring */
#define ROGUE_PAGE 0x1000u
#define ROGUE_RX_BUFFER(i) (0x10000u + (i)*ROGUE_PAGE)
#define ROGUE_TX_BUFFER(i) (0x40000u + (i)*ROGUE_PAGE)
#define ROGUE_AVAIL 0x400u
#define ROGUE_USED 0x800u

/* How a step ended. */
typedef enum rogue_end {
    ROGUE_GO,     /* as it must: go on */
    ROGUE_FAIL,   /* not as it must */
    ROGUE_REJECT, /* the other side has closed the session */
    ROGUE_SKIP,   /* the other side has not what it takes */
    ROGUE_BAD     /* no such step */
} rogue_end;

/* A step: a verb, then key=value. */
typedef struct rogue_step {
    char text[ROGUE_LINE];
    const char *verb;
    uint32_t count;
    struct {
        const char *key;
        const char *value;
    } words[ROGUE_WORDS];
} rogue_step;

/* A ring, at either end. */
typedef struct rogue_ring {
    uint64_t desc, avail, used; /* guest addresses */
    uint32_t size;
    uint16_t next;    /* index to publish next */
    uint16_t seen;    /* index of the other side's that was seen */
    int kick, call;   /* descriptors, or -1 */
    bool started, on; /* as a device: by the guest */
} rogue_ring;

/* As a device: what a request is answered instead of the truth. */
typedef struct rogue_lie {
    uint32_t request;
    enum { LIE_NUMBER, LIE_MUTE, LIE_BYTES, LIE_DROP } kind;
    uint64_t number;
    uint32_t size;
    uint8_t bytes[256];
} rogue_lie;

typedef struct kit_rogue {
    const kit_rogue_how *how;
    const rogue_step *step; /* at hand: of the text, or one instead */
    rogue_step read;        /* of the text */
    int listener;
    vsk_channel channel;
    int memory_fd;
    vsk_mappings mappings;
    rogue_ring rings[ROGUE_RINGS];
    uint32_t ring_count;
    uint64_t features, protocol;
    uint64_t cid;
    uint32_t own_port; /* of the connection that the steps are about */
    uint32_t slot;     /* of TX, to use next */
    uint64_t received; /* payload bytes of that connection */
    rogue_lie lies[4];
    uint32_t lie_count;
    char why[512];
    uint8_t *capture;
    size_t capture_size;
    uint32_t seen;
} kit_rogue;

/* A packet that came. */
typedef struct rogue_packet {
    vsk_header header;
    uint32_t size; /* payload bytes that are there */
    uint8_t payload[65536];
} rogue_packet;

/* ---- rogue.c ---- */

/* Whether a step says something; a number that it says, or another one. */
const char *rogue_word(const rogue_step *step, const char *key);
uint64_t rogue_number(const rogue_step *step, const char *key, uint64_t other);
/* Hexadecimal digits as bytes; how many, room at most. */
uint32_t rogue_hex(const char *digits, uint8_t *bytes, uint32_t room);
/* Say why, and give the end. */
rogue_end rogue_say(kit_rogue *rogue, rogue_end end, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
uint64_t rogue_deadline(const kit_rogue *rogue);
/* Wait until one of two descriptors is readable; false: it is too late. */
bool rogue_wait(int first, int second, uint64_t deadline);
/* Whether the other side has closed the session. */
bool rogue_is_over(kit_rogue *rogue);
rogue_end rogue_over(kit_rogue *rogue);
/* Send bytes with descriptors; ROGUE_REJECT where nobody takes them. */
rogue_end rogue_send(kit_rogue *rogue, const void *bytes, size_t size,
                     const int *fds, uint32_t count);
/* Receive a whole message. */
rogue_end rogue_receive(kit_rogue *rogue, vsk_message *message, vsk_fds *fds,
                        uint64_t deadline);

/* ---- rogue_rings.c ---- */

/* Begin the capture; a packet for it. */
void rogue_record(kit_rogue *rogue);
void rogue_saw(kit_rogue *rogue, const rogue_packet *packet, const char *way);
/* Guest memory at an address; NULL where it is not all there. */
uint8_t *rogue_at(const kit_rogue *rogue, uint64_t addr, uint64_t size);
uint16_t rogue_load16(const kit_rogue *rogue, uint64_t addr);
void rogue_store(const kit_rogue *rogue, uint64_t addr, uint64_t value,
                 uint32_t size);
void rogue_signal(int fd);
/* Fill a header from a step's words. */
void rogue_header(const kit_rogue *rogue, const rogue_step *step,
                  vsk_header *header);
/* Whether a packet has what a step says. */
bool rogue_fits(const rogue_step *step, const vsk_header *header);
rogue_end rogue_expect(kit_rogue *rogue, bool wanted);
rogue_end rogue_sum(kit_rogue *rogue);
rogue_end rogue_poke(kit_rogue *rogue);

/* ---- rogue_front.c, rogue_back.c ---- */

rogue_end rogue_front_do(kit_rogue *rogue);
rogue_end rogue_back_do(kit_rogue *rogue);
/* The next packet that came, if there is one. */
bool rogue_front_take(kit_rogue *rogue, rogue_packet *packet);
bool rogue_back_take(kit_rogue *rogue, rogue_packet *packet);
rogue_end rogue_dial(kit_rogue *rogue);

/* ---- rogue_talk.c: messages of a guest ---- */

rogue_end rogue_hello(kit_rogue *rogue);
rogue_end rogue_make_memory(kit_rogue *rogue);
rogue_end rogue_tell_memory(kit_rogue *rogue);
rogue_end rogue_tell_ring(kit_rogue *rogue, uint32_t index);
/* Wait until all messages so far have been served. */
rogue_end rogue_sync(kit_rogue *rogue);
/* A message, or bytes alone, of the step's words in their order. */
rogue_end rogue_message(kit_rogue *rogue, bool has_header);
/* The answer to one. */
rogue_end rogue_answer(kit_rogue *rogue);

/* ---- rogue_serve.c: messages of a device ---- */

/* Serve a guest up to where packets flow. */
rogue_end rogue_serve(kit_rogue *rogue);
/* Serve what the guest has said since. */
void rogue_tend(kit_rogue *rogue);
/* From now on a request is answered as the step says. */
rogue_end rogue_lie_at(kit_rogue *rogue);

/* ---- attacks_*.c: tables that end with a name of NULL ---- */

extern const kit_attack kit_ring_attacks[];
extern const kit_attack kit_packet_attacks[];
extern const kit_attack kit_vhost_attacks[];
extern const kit_attack kit_guest_attacks[];

#endif
