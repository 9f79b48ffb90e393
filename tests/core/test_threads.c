/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* One thread on each end of a queue. They share guest memory and two bells,
 * which ring only where the queue says that a notification is due: a wake-up
 * lost is a thread that sleeps for ever, and a watchdog that says so.
 *
 * VSK_CHAINS is the number of chains, a million without it. */
#define _POSIX_C_SOURCE 200809L
#include "rig.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "vsk/le.h"

#define QUEUE 64u
#define PAYLOAD 12u  /* bytes behind the header, and bytes of the answer */
#define PLACE 128u   /* guest memory of a chain: packet, answer */
#define WATCHDOG 60u /* seconds without a chain that came back */
#define LOOK 1024u   /* chains between two looks at the watchdog */

/* What a kick or an interrupt is here: it wakes one sleeper, once. */
struct bell {
    pthread_mutex_t lock;
    pthread_cond_t rung;
    bool ringing;
    uint64_t count; /* how often it was rung */
};

struct pair {
    struct rig *rig;
    uint64_t chains;
    rig_random driver_random, device_random;
    struct bell kick, interrupt;
};

static void
bell_init(struct bell *bell)
{
    pthread_mutex_init(&bell->lock, NULL);
    pthread_cond_init(&bell->rung, NULL);
    bell->ringing = false;
    bell->count = 0;
}

static void
bell_ring(struct bell *bell)
{
    pthread_mutex_lock(&bell->lock);
    bell->ringing = true;
    bell->count++;
    pthread_cond_signal(&bell->rung);
    pthread_mutex_unlock(&bell->lock);
}

static void
bell_wait(struct bell *bell)
{
    pthread_mutex_lock(&bell->lock);
    while (!bell->ringing)
        pthread_cond_wait(&bell->rung, &bell->lock);
    bell->ringing = false;
    pthread_mutex_unlock(&bell->lock);
}

static void
watchdog(int number)
{
    static const char words[] = "a wake-up was lost: both ends sleep\n";
    ssize_t done = write(STDERR_FILENO, words, sizeof words - 1);

    (void)number;
    (void)done;
    _exit(1);
}

/* Two threads cannot fail a case of cmocka's: they end the program. */
static void
expect(bool truth, const char *what, uint64_t number)
{
    if (truth)
        return;
    fprintf(stderr, "chain %llu: %s\n", (unsigned long long)number, what);
    _exit(1);
}

/* The number of a chain, mixed: what the answer must be. */
static uint64_t
answer_of(uint64_t number)
{
    return (number + 1) * 0x9e3779b97f4a7c15u;
}

/* Driver's side: places 0 to QUEUE - 1 hold a chain each. */
struct sender {
    struct pair *pair;
    uint64_t numbers[QUEUE]; /* of the chain in each place */
    uint32_t places[QUEUE];  /* free ones */
    uint32_t free;
    uint64_t sent;
};

/* Stage the next chain; false where there is no room for it. */
static bool
send_one(struct sender *sender)
{
    struct pair *pair = sender->pair;
    uint32_t place = sender->places[sender->free - 1];
    uint64_t at = RIG_DATA + (uint64_t)place * PLACE;
    uint32_t cut = 1 + rig_draw(&pair->driver_random, 55);
    uint8_t *bytes = rig_at(pair->rig, at);
    const vsk_header header = {.op = VSK_OP_RW,
                               .type = VSK_TYPE_STREAM,
                               .src_cid = 3,
                               .len = PAYLOAD,
                               .fwd_cnt = (uint32_t)sender->sent};
    const vsk_buffer buffers[] = {{at, cut, false},
                                  {at + cut, 56 - cut, false},
                                  {at + 64, PAYLOAD, true}};
    vsk_offer offer = {buffers, 3, rig_draw(&pair->driver_random, 4),
                       RIG_NEXT + (uint64_t)place * 64, place};
    uint16_t head;

    /* PACKED-DRV-06: a list is not mixed */
    if (pair->rig->driver.ring.packed && offer.indirect != 0)
        offer.indirect = 3;

    vsk_header_encode(&header, bytes);
    vsk_le_store64(bytes + VSK_HEADER_SIZE, sender->sent);
    vsk_le_store32(bytes + VSK_HEADER_SIZE + 8, (uint32_t)sender->sent);
    if (vsk_queue_stage(&pair->rig->driver, &offer, &head) != VSK_OK)
        return false;
    sender->numbers[place] = sender->sent;
    sender->free--;
    sender->sent++;
    return true;
}

static void
send_some(struct sender *sender)
{
    uint32_t batch = 1 + rig_draw(&sender->pair->driver_random, 8);
    bool some = false;

    while (batch-- > 0 && sender->free != 0 &&
           sender->sent < sender->pair->chains && send_one(sender))
        some = true;
    if (some)
        vsk_queue_offer(&sender->pair->rig->driver);
    if (vsk_queue_should_kick(&sender->pair->rig->driver))
        bell_ring(&sender->pair->kick);
}

/* Take back what is there; returns how many chains. */
static uint64_t
reap_all(struct sender *sender)
{
    struct rig *rig = sender->pair->rig;
    uint64_t count = 0;
    vsk_used used;
    vsk_status status;

    while ((status = vsk_queue_reap(&rig->driver, &used)) == VSK_OK) {
        uint32_t place = (uint32_t)used.token;
        uint64_t number = sender->numbers[place];
        const uint8_t *answer =
            rig_at(rig, RIG_DATA + (uint64_t)place * PLACE + 64);

        expect(used.status == VSK_OK, "used status", number);
        expect(used.written == PAYLOAD, "used length", number);
        expect(vsk_le_load64(answer) == answer_of(number), "answer", number);
        expect(vsk_le_load32(answer + 8) == (uint32_t)number, "answer's end",
               number);
        sender->places[sender->free++] = place;
        count++;
    }
    expect(status == VSK_NONE, vsk_status_name(status), sender->sent);
    return count;
}

static void *
driver_main(void *argument)
{
    struct sender sender = {.pair = argument, .free = QUEUE};
    struct pair *pair = sender.pair;
    uint64_t back = 0, looked = 0;

    for (uint32_t i = 0; i < QUEUE; i++)
        sender.places[i] = i;
    while (back < pair->chains) {
        uint64_t sent = sender.sent, came;

        send_some(&sender);
        came = reap_all(&sender);
        back += came;
        if (back - looked >= LOOK) {
            alarm(WATCHDOG);
            looked = back;
        }
        if (came != 0 || sender.sent != sent)
            continue;
        if (!vsk_queue_enable_interrupts(&pair->rig->driver))
            bell_wait(&pair->interrupt);
        vsk_queue_disable_interrupts(&pair->rig->driver);
    }
    return NULL;
}

/* Device's side. */
static void
answer(struct pair *pair, vsk_chain *chain, uint64_t number)
{
    uint8_t bytes[PAYLOAD];
    vsk_packet packet;

    expect(chain->status == VSK_OK, vsk_status_name(chain->status), number);
    expect(vsk_packet_from_spans(&packet, chain->spans, chain->read_count,
                                 PAYLOAD) == VSK_OK,
           "packet", number);
    expect(packet.header.fwd_cnt == (uint32_t)number, "header", number);
    expect(vsk_packet_read(&packet, 0, bytes, PAYLOAD) == PAYLOAD, "size",
           number);
    expect(vsk_le_load64(bytes) == number, "payload", number);
    expect(vsk_le_load32(bytes + 8) == (uint32_t)number, "payload's end",
           number);
    vsk_le_store64(bytes, answer_of(number));
    memcpy(chain->spans[chain->read_count].base, bytes, PAYLOAD);
    expect(vsk_queue_give(&pair->rig->device, chain, PAYLOAD) == VSK_OK, "give",
           number);
}

static void *
device_main(void *argument)
{
    struct pair *pair = argument;
    struct rig *rig = pair->rig;
    uint64_t number = 0;

    while (number < pair->chains) {
        uint32_t batch = 1 + rig_draw(&pair->device_random, 8);
        uint64_t before = number;
        vsk_status status = VSK_OK;

        while (batch-- > 0 &&
               (status = vsk_queue_pop(&rig->device, &rig->chain)) == VSK_OK)
            answer(pair, &rig->chain, number++);
        expect(status == VSK_OK || status == VSK_NONE, vsk_status_name(status),
               number);
        if (number != before) {
            vsk_queue_publish(&rig->device);
            if (vsk_queue_should_interrupt(&rig->device))
                bell_ring(&pair->interrupt);
            continue;
        }
        if (!vsk_queue_enable_kicks(&rig->device))
            bell_wait(&pair->kick);
        vsk_queue_disable_kicks(&rig->device);
    }
    return NULL;
}

static void
cross(uint64_t features, uint64_t chains)
{
    struct pair pair = {.rig = rig_new(QUEUE, features | rig_format()),
                        .chains = chains};
    pthread_t driver, device;

    pair.driver_random = rig_seed();
    pair.device_random = ~pair.driver_random;
    bell_init(&pair.kick);
    bell_init(&pair.interrupt);
    signal(SIGALRM, watchdog);
    alarm(WATCHDOG);

    assert_int_equal(pthread_create(&device, NULL, device_main, &pair), 0);
    assert_int_equal(pthread_create(&driver, NULL, driver_main, &pair), 0);
    pthread_join(driver, NULL);
    pthread_join(device, NULL);
    alarm(0);

    printf("%llu chains, %llu kicks, %llu interrupts\n",
           (unsigned long long)chains, (unsigned long long)pair.kick.count,
           (unsigned long long)pair.interrupt.count);
    rig_free(pair.rig);
}

static void
chains_cross_with_event_idx(void **state)
{
    (void)state;

    /* SPLIT-DRV-10, SPLIT-DRV-16, SPLIT-DRV-17, SPLIT-DRV-18, SPLIT-DEV-11;
     * on a packed ring PACKED-DRV-27, PACKSUP-DRV-02, PACKSUP-DRV-03 */
    cross(RIG_BOTH, rig_setting("VSK_CHAINS", 1000000));
}

static void
chains_cross_with_flags_alone(void **state)
{
    (void)state;

    cross(VSK_F_INDIRECT_DESC, rig_setting("VSK_CHAINS", 1000000) / 4);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(chains_cross_with_event_idx),
        cmocka_unit_test(chains_cross_with_flags_alone),
    };

    return cmocka_run_group_tests_name("threads", cases, NULL, NULL);
}
