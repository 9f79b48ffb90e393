/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "schedules.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vsk/shared.h"

#define ACCESSES 512u /* of a side, and of a schedule */

/* A moment: what happened so far, and what either side does next. */
struct moment {
    struct order order;
    uint32_t past[2]; /* answers of each side */
    uint64_t hash[2]; /* of what it has seen */
    struct order_access next[2];
};

/* The answers of the run at hand, and its accesses in their order. */
static uint8_t answers[2][ACCESSES][ORDER_BYTES];
static struct step {
    uint8_t side;
    bool sees_old;
    struct order_access access;
} steps[2 * ACCESSES];
static uint32_t step_count;

/* The side that runs, for the calls that come out of the core. */
static struct {
    const struct schedules *schedules;
    struct moment *moment;
    unsigned side;
    uint32_t at; /* answers used */
    unsigned doing;
    bool looked;   /* at what the other side wants, since then */
    uint32_t word; /* that it saw there */
    jmp_buf out;
} now;

/* ---- states met before ---- */

static struct met {
    uint64_t state;
    double count; /* ways from there to the end; below 0 while on the way */
} * table;
static uint64_t table_size, table_used;

static struct met *
find(uint64_t state)
{
    uint64_t at = state & (table_size - 1);

    while (table[at].state != 0 && table[at].state != state)
        at = (at + 1) & (table_size - 1);
    return &table[at];
}

static void
resize(uint64_t size)
{
    struct met *old = table;
    uint64_t old_size = table_size;

    table = calloc(size, sizeof *table);
    if (table == NULL)
        abort();
    table_size = size;
    for (uint64_t i = 0; i < old_size; i++)
        if (old[i].state != 0)
            *find(old[i].state) = old[i];
    free(old);
}

static void
remember(uint64_t state, double count)
{
    struct met *met;

    if (2 * table_used >= table_size)
        resize(2 * table_size);
    met = find(state);
    table_used += met->state == 0;
    *met = (struct met){state, count};
}

static uint64_t
state_of(const struct moment *moment)
{
    uint64_t hash = order_hash(&moment->order);

    hash = order_mix(hash, moment->hash[0]);
    return order_mix(hash, moment->hash[1]) | 1;
}

/* ---- one side ---- */

/* Let an access of a side happen and note the answer. */
static const char *
happen(struct moment *moment, unsigned side, struct order_access *access,
       uint32_t choice)
{
    const char *wrong = order_apply(&moment->order, side, access, choice);
    uint64_t halves[2];

    if (moment->past[side] == ACCESSES || step_count == 2 * ACCESSES)
        abort();
    memcpy(answers[side][moment->past[side]++], access->bytes, ORDER_BYTES);
    memcpy(halves, access->bytes, sizeof halves);
    moment->hash[side] = order_mix(moment->hash[side], halves[0]);
    moment->hash[side] = order_mix(moment->hash[side], halves[1]);
    steps[step_count++] = (struct step){(uint8_t)side, choice != 0, *access};
    return wrong;
}

_Noreturn void
schedules_fail(const char *words)
{
    now.moment->next[now.side] =
        (struct order_access){.kind = ORDER_BROKEN, .words = words};
    longjmp(now.out, 1);
}

/* Do the side's next access: the answer that it has had, or one that is there
 * at once; else the side stands here until it is chosen. */
static void
take(struct order_access *access)
{
    struct moment *moment = now.moment;
    const char *wrong;

    if (now.at < moment->past[now.side]) {
        memcpy(access->bytes, answers[now.side][now.at++], ORDER_BYTES);
        return;
    }
    /* Accesses to what one side owns need no order tried: where there is none,
     * that is found, whichever comes first. */
    if (now.schedules->every ||
        (access->kind != ORDER_READ && access->kind != ORDER_WRITE)) {
        moment->next[now.side] = *access;
        longjmp(now.out, 1);
    }
    wrong = happen(moment, now.side, access, 0);
    if (wrong != NULL)
        schedules_fail(wrong);
    now.at++;
}

/* Run a side up to its next access. */
static void
run(const struct schedules *schedules, struct moment *moment, unsigned side)
{
    now.schedules = schedules;
    now.moment = moment;
    now.side = side;
    now.at = 0;
    if (setjmp(now.out) != 0)
        return;
    schedules->sides[side](schedules->context);
    moment->next[side] = (struct order_access){.kind = ORDER_DONE};
}

/* ---- what the core and the sides do ---- */

static bool
is_weak(unsigned what)
{
    return (now.schedules->weak[now.side] & what) != 0;
}

static enum order_kind
kind_of(const void *at, bool ordered, enum order_kind shared,
        enum order_kind own)
{
    bool owned = now.schedules->is_owned(now.schedules->context, at);

    return owned && !ordered ? own : shared;
}

uint32_t
watched_load(const void *at, size_t size, bool acquire)
{
    struct order_access access = {.ordered = acquire};
    uint32_t value;

    if (now.moment == NULL) {
        /* An end begins: nobody else is there yet. */
        memcpy(access.bytes, at, size);
    } else {
        access.kind = kind_of(at, acquire, ORDER_LOAD, ORDER_READ);
        access.ordered = acquire && !is_weak(WEAK_ACQUIRE);
        access.place = order_place(at, size);
        take(&access);
    }
    value =
        size == 2 ? vsk_le_load16(access.bytes) : vsk_le_load32(access.bytes);
    if (access.kind == ORDER_LOAD && !acquire) {
        now.looked = true;
        now.word = value;
    }
    return value;
}

void
watched_store(void *at, size_t size, uint32_t value, bool release)
{
    struct order_access access = {
        .kind = kind_of(at, release, ORDER_STORE, ORDER_WRITE),
        .ordered = release && !is_weak(WEAK_RELEASE),
        .place = order_place(at, size),
    };

    vsk_le_store32(access.bytes, value);
    take(&access);
}

void
watched_fence(void)
{
    if (!is_weak(now.doing))
        take(&(struct order_access){.kind = ORDER_FENCE});
}

void
watched_copy(void *to, const void *from, size_t size)
{
    struct order_access access = {.kind = ORDER_READ,
                                  .place = order_place(from, size)};

    if (now.moment == NULL)
        memcpy(access.bytes, from, size);
    else
        take(&access);
    memcpy(to, access.bytes, size);
}

void
watched_write(void *to, const void *from, size_t size)
{
    struct order_access access = {.kind = ORDER_WRITE,
                                  .place = order_place(to, size)};

    memcpy(access.bytes, from, size);
    take(&access);
}

void
schedules_ring(void)
{
    take(&(struct order_access){.kind = ORDER_RING});
}

void
schedules_wait(void)
{
    take(&(struct order_access){.kind = ORDER_WAIT});
}

void
schedules_here(const void *state, size_t size)
{
    const uint8_t *bytes = state;
    uint64_t *hash = &now.moment->hash[now.side];
    uint64_t word;

    if (now.at != now.moment->past[now.side])
        return;
    *hash = 0;
    for (; size >= sizeof word; size -= sizeof word, bytes += sizeof word) {
        memcpy(&word, bytes, sizeof word);
        *hash = order_mix(*hash, word);
    }
}

void
schedules_doing(unsigned weak)
{
    now.doing = weak;
    now.looked = false;
}

bool
schedules_looked(uint32_t *word)
{
    *word = now.word;
    return now.looked;
}

/* ---- all of them ---- */

static double go_on(struct schedules *schedules, const struct moment *moment);

/* Go one way on: one side's access, and what it sees; ways to the end. */
static double
go(struct schedules *schedules, const struct moment *before, unsigned side,
   uint32_t choice)
{
    struct moment moment = *before;
    uint32_t steps_before = step_count;
    double count = 0;
    const struct met *met;

    schedules->wrong = happen(&moment, side, &moment.next[side], choice);
    if (schedules->wrong == NULL)
        run(schedules, &moment, side);
    if (moment.next[side].kind == ORDER_BROKEN)
        schedules->wrong = moment.next[side].words;
    if (schedules->wrong == NULL) {
        met = find(state_of(&moment));
        if (met->state == 0)
            count = go_on(schedules, &moment);
        else if (met->count >= 0)
            count = met->count;
        else
            schedules->wrong = "both sides go round for ever";
    }
    /* A schedule that is wrong stays, to be printed. */
    if (schedules->wrong == NULL)
        step_count = steps_before;
    return count;
}

static double
go_on(struct schedules *schedules, const struct moment *moment)
{
    uint64_t state = state_of(moment);
    double count = 0;
    bool stuck = true;

    remember(state, -1);
    if (schedules->length < step_count)
        schedules->length = step_count;
    if (++schedules->states > schedules->most)
        schedules->wrong = "more states than are to be tried";
    for (unsigned side = 0; side < 2; side++) {
        uint32_t choices =
            order_choices(&moment->order, side, &moment->next[side]);

        for (uint32_t i = 0; i < choices && schedules->wrong == NULL; i++) {
            stuck = false;
            count += go(schedules, moment, side, i);
        }
    }
    if (stuck && schedules->wrong == NULL) {
        if (moment->next[0].kind != ORDER_DONE ||
            moment->next[1].kind != ORDER_DONE)
            schedules->wrong = "both sides sleep: a wake-up was lost";
        count = 1;
    }
    remember(state, count);
    return count;
}

void
schedules_try(struct schedules *schedules)
{
    static struct moment moment;

    memset(&moment, 0, sizeof moment);
    order_begin();
    step_count = 0;
    table_size = 0;
    table_used = 0;
    table = NULL;
    resize(1u << 12);
    schedules->states = 0;
    schedules->length = 0;
    schedules->wrong = NULL;
    for (unsigned side = 0; side < 2; side++)
        run(schedules, &moment, side);
    schedules->count = go_on(schedules, &moment);
    free(table);
    now.moment = NULL;
}

void
schedules_print(const struct schedules *schedules)
{
    static const char *const kinds[] = {
        "load", "store", "read", "write", "fence", "ring", "wait",
    };

    for (uint32_t i = 0; i < step_count; i++) {
        const struct step *step = &steps[i];

        printf("%*s%s", step->side * 30, "", kinds[step->access.kind]);
        if (step->access.kind < ORDER_FENCE)
            printf(" %u: %x%s", step->access.place,
                   (unsigned)vsk_le_load32(step->access.bytes),
                   step->sees_old ? ", not the newest" : "");
        printf("\n");
    }
    printf("%s\n", schedules->wrong);
}
