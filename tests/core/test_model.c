/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Random operations on both ends of a ring against a plain array: the list of
 * all chains there ever were, each with the stage that it has come to. */
#include "rig.h"

#define PIECES 5u /* buffers of a chain at most */

enum stage { STAGED, OFFERED, HELD, GIVEN, PUBLISHED, REAPED };

/* A chain of the model; its place in the list is its token. */
struct entry {
    enum stage stage;
    uint32_t count;
    uint32_t indirect;
    uint32_t needed; /* descriptors of the ring's table */
    uint32_t written;
    uint32_t place; /* of its indirect table, and of its vsk_chain */
    uint16_t head;
    uint64_t order; /* when it was given back */
    vsk_buffer buffers[PIECES];
};

/* How far something has come: in chains, and in descriptors of the ring. */
struct way {
    uint64_t chains, slots;
};

/* One side's wish to be notified, and when it was last decided on. */
struct wish {
    bool on;
    struct way event;   /* what it waits for */
    struct way decided; /* at the last decision */
};

struct model {
    struct rig *rig;
    rig_random random;
    uint32_t size;
    bool packed, in_order, event_idx, with_indirect;
    struct entry *entries;
    uint32_t count; /* of entries */
    uint32_t free;  /* descriptors */
    uint64_t staged;
    struct way offered, popped, published, reaped;
    uint64_t given;
    uint32_t *given_order;     /* tokens in the order of giving back */
    uint32_t *place_of;        /* token + 1 of who has a place, or 0 */
    vsk_chain *chains;         /* one for each place */
    vsk_span (*spans)[PIECES]; /* of the chains */
    struct wish kicks, interrupts;
    uint32_t done[12]; /* operations that did something */
};

static uint32_t
draw(struct model *model, uint32_t below)
{
    return rig_draw(&model->random, below);
}

static uint32_t
free_place(const struct model *model)
{
    uint32_t place = 0;

    while (model->place_of[place] != 0)
        place++;
    return place;
}

/* A new chain with random buffers, at the end of the list. */
static struct entry *
new_entry(struct model *model)
{
    struct entry *entry = &model->entries[model->count];
    bool write = false;

    *entry = (struct entry){.count = 1 + draw(model, PIECES)};
    if (entry->count > model->size)
        entry->count = model->size;
    if (model->with_indirect && draw(model, 2) == 0)
        entry->indirect =
            model->packed ? entry->count : 1 + draw(model, entry->count);
    entry->needed =
        entry->count - entry->indirect + (entry->indirect != 0 ? 1 : 0);
    for (uint32_t i = 0; i < entry->count; i++) {
        write = write || draw(model, 3) == 0;
        entry->buffers[i] = (vsk_buffer){RIG_DATA + draw(model, 0x8000),
                                         1 + draw(model, 100), write};
    }
    return entry;
}

static bool
stage(struct model *model)
{
    struct entry *entry = new_entry(model);
    vsk_offer offer = {entry->buffers, entry->count, entry->indirect, 0,
                       model->count};
    bool room = entry->needed <= model->free;

    if (room)
        entry->place = free_place(model);
    offer.table = RIG_NEXT + (uint64_t)entry->place * 16 * PIECES;
    assert_int_equal(vsk_queue_stage(&model->rig->driver, &offer, &entry->head),
                     room ? VSK_OK : VSK_ERR_FULL);
    if (!room)
        return false;
    model->free -= entry->needed;
    model->place_of[entry->place] = model->count + 1;
    model->count++;
    model->staged++;
    return true;
}

static void
go_on(struct way *way, const struct entry *entry)
{
    way->chains++;
    way->slots += entry->needed;
}

static bool
offer_all(struct model *model)
{
    bool some = model->offered.chains != model->staged;

    vsk_queue_offer(&model->rig->driver);
    while (model->offered.chains != model->staged) {
        struct entry *entry = &model->entries[model->offered.chains];

        entry->stage = OFFERED;
        go_on(&model->offered, entry);
    }
    return some;
}

static void
assert_chain(const struct entry *entry, const vsk_chain *chain)
{
    assert_int_equal(chain->status, VSK_OK);
    assert_int_equal(chain->head, entry->head);
    assert_int_equal(chain->count, entry->count);
    assert_int_equal(chain->indirect, entry->indirect != 0);
    for (uint32_t i = 0; i < entry->count; i++) {
        assert_int_equal(chain->spans[i].addr, entry->buffers[i].addr);
        assert_int_equal(chain->spans[i].len, entry->buffers[i].len);
        assert_int_equal((chain->spans[i].flags & VSK_SPAN_WRITE) != 0,
                         entry->buffers[i].write);
    }
}

static bool
pop(struct model *model)
{
    bool some = model->popped.chains != model->offered.chains;
    struct entry *entry = &model->entries[model->popped.chains];
    vsk_chain *chain = &model->chains[some ? entry->place : 0];
    vsk_chain nothing;

    if (!some) {
        vsk_chain_init(&nothing, NULL, 0);
        chain = &nothing;
    } else {
        vsk_chain_init(chain, model->spans[entry->place], PIECES);
    }
    assert_int_equal(vsk_queue_pop(&model->rig->device, chain),
                     some ? VSK_OK : VSK_NONE);
    if (!some)
        return false;
    assert_chain(entry, chain);
    entry->stage = HELD;
    go_on(&model->popped, entry);
    return true;
}

/* A random chain of those that the device holds, where they must go back in
 * order mostly the oldest; NULL where there is none. */
static struct entry *
any_held(struct model *model)
{
    uint32_t first = draw(model, model->size);

    if (model->in_order && model->popped.chains != model->given &&
        draw(model, 8) != 0)
        return &model->entries[model->given];
    for (uint32_t i = 0; i < model->size; i++) {
        uint32_t token = model->place_of[(first + i) % model->size];

        if (token != 0 && model->entries[token - 1].stage == HELD)
            return &model->entries[token - 1];
    }
    return NULL;
}

static bool
give(struct model *model)
{
    struct entry *entry = any_held(model);
    vsk_chain *chain;

    if (entry == NULL)
        return false;
    chain = &model->chains[entry->place];
    entry->written = draw(model, (uint32_t)chain->writable + 1);
    if (model->in_order && entry != &model->entries[model->given]) {
        assert_int_equal(vsk_queue_give(&model->rig->device, chain, 0),
                         VSK_ERR_IN_ORDER);
        return false;
    }
    /* Where all was written, batches grow. */
    if (model->in_order && draw(model, 2) == 0)
        entry->written = (uint32_t)chain->writable;
    assert_int_equal(vsk_queue_give(&model->rig->device, chain, entry->written),
                     VSK_OK);
    entry->stage = GIVEN;
    model->given_order[model->given] = (uint32_t)(entry - model->entries);
    model->given++;
    return true;
}

static bool
publish(struct model *model)
{
    bool some = model->published.chains != model->given;

    vsk_queue_publish(&model->rig->device);
    while (model->published.chains != model->given) {
        uint32_t token = model->given_order[model->published.chains];

        model->entries[token].stage = PUBLISHED;
        go_on(&model->published, &model->entries[token]);
    }
    return some;
}

static bool
reap(struct model *model)
{
    bool some = model->reaped.chains != model->published.chains;
    struct entry *entry;
    vsk_used used;

    assert_int_equal(vsk_queue_reap(&model->rig->driver, &used),
                     some ? VSK_OK : VSK_NONE);
    if (!some)
        return false;
    entry = &model->entries[model->given_order[model->reaped.chains]];
    assert_int_equal(used.token, model->given_order[model->reaped.chains]);
    assert_int_equal(used.head, entry->head);
    assert_int_equal(used.written, entry->written);
    assert_int_equal(used.status, VSK_OK);
    entry->stage = REAPED;
    model->free += entry->needed;
    model->place_of[entry->place] = 0;
    go_on(&model->reaped, entry);
    return true;
}

/* What is due for a packed ring's descriptors since the last decision, of
 * which a lap is all that counts: places come again after two. */
static bool
due_packed(const struct model *model, const struct wish *wish,
           const struct way *old, const struct way *now)
{
    uint64_t from = old->slots;

    if (!model->event_idx || !wish->on)
        return wish->on && now->slots != old->slots;
    if (now->slots - from > model->size)
        from = now->slots - model->size;
    for (uint64_t i = from; i != now->slots; i++)
        if (i % (2 * model->size) == wish->event.slots % (2 * model->size))
            return true;
    return false;
}

/* What is due for the chains since the last decision up to now. */
static bool
due(const struct model *model, struct wish *wish, const struct way *now)
{
    struct way old = wish->decided;

    wish->decided = *now;
    if (model->packed)
        return due_packed(model, wish, &old, now);
    if (!model->event_idx)
        return wish->on && now->chains != old.chains;
    for (uint64_t i = old.chains; i != now->chains; i++)
        if ((uint16_t)i == (uint16_t)wish->event.chains)
            return true;
    return false;
}

static bool
should_kick(struct model *model)
{
    bool expected = due(model, &model->kicks, &model->offered);

    assert_int_equal(vsk_queue_should_kick(&model->rig->driver), expected);
    return expected;
}

static bool
should_interrupt(struct model *model)
{
    bool expected = due(model, &model->interrupts, &model->published);

    assert_int_equal(vsk_queue_should_interrupt(&model->rig->device), expected);
    return expected;
}

static bool
enable_kicks(struct model *model)
{
    bool expected = model->popped.chains != model->offered.chains;

    model->kicks.on = true;
    model->kicks.event = model->popped;
    assert_int_equal(vsk_queue_enable_kicks(&model->rig->device), expected);
    return expected;
}

static bool
enable_interrupts(struct model *model)
{
    bool expected = model->reaped.chains != model->published.chains;

    model->interrupts.on = true;
    model->interrupts.event = model->reaped;
    assert_int_equal(vsk_queue_enable_interrupts(&model->rig->driver),
                     expected);
    return expected;
}

static bool
disable_both(struct model *model)
{
    model->kicks.on = false;
    model->kicks.event.chains = model->popped.chains - 1;
    vsk_queue_disable_kicks(&model->rig->device);
    model->interrupts.on = false;
    model->interrupts.event.chains = model->reaped.chains - 1;
    vsk_queue_disable_interrupts(&model->rig->driver);
    return true;
}

/* The device goes away and comes back with the state that it saved. */
static bool
reopen_device(struct model *model)
{
    bool holds = model->popped.chains != model->given;
    struct rig *rig = model->rig;
    vsk_ring_state state;

    publish(model);
    assert_int_equal(vsk_queue_device_state(&rig->device, &state),
                     holds ? VSK_ERR_BUSY : VSK_OK);
    if (holds)
        return false;
    memset(&rig->device, RIG_FILL, sizeof rig->device);
    assert_int_equal(
        vsk_queue_device_init(&rig->device, &rig->memory, &rig->ring, &state),
        VSK_OK);
    return true;
}

static bool (*const operations[])(struct model *model) = {
    stage,        offer_all,
    pop,          give,
    publish,      reap,
    should_kick,  should_interrupt,
    enable_kicks, enable_interrupts,
    disable_both, reopen_device,
};

#define KINDS (sizeof operations / sizeof operations[0])

static void
run(uint32_t size, uint64_t features, rig_random random)
{
    const uint64_t steps = rig_setting("VSK_OPERATIONS", 20000);
    struct model model = {
        .rig = rig_new(size, features),
        .random = random,
        .size = size,
        .free = size,
        .packed = (features & VSK_F_RING_PACKED) != 0,
        .in_order = (features & VSK_F_IN_ORDER) != 0,
        .event_idx = (features & VSK_F_EVENT_IDX) != 0,
        .with_indirect = (features & VSK_F_INDIRECT_DESC) != 0,
        .entries = calloc(steps + 1, sizeof(struct entry)),
        .given_order = calloc(steps + 1, sizeof(uint32_t)),
        .place_of = calloc(size + 1, sizeof(uint32_t)),
        .chains = calloc(size, sizeof(vsk_chain)),
        .spans = calloc(size, sizeof(vsk_span[PIECES])),
        .kicks = {.on = true},
        .interrupts = {.on = true},
    };
    /* For a while more goes in than comes out, then the other way round: the
     * ring is full at times and empty at times. */
    uint32_t tide = 0;

    for (uint32_t step = 0; step < steps; step++) {
        uint32_t kind = draw(&model, KINDS);

        if (step % (8 * size) == 0)
            tide = draw(&model, 3);
        if (kind >= 6 && draw(&model, 2) == 0)
            kind = draw(&model, 6);
        if ((tide == 0 && kind == 5) || (tide == 1 && kind == 0))
            kind = 5 - kind;
        model.done[kind] += operations[kind](&model);
        assert_int_equal(model.rig->driver.ring.free_count, model.free);
        assert_int_equal(model.rig->driver.ring.outstanding,
                         model.staged - model.reaped.chains);
    }

    for (size_t kind = 0; kind < KINDS; kind++)
        if (model.done[kind] < 10)
            fail_msg("operation %zu succeeded %u times", kind,
                     model.done[kind]);
    rig_free(model.rig);
    free(model.entries);
    free(model.given_order);
    free(model.place_of);
    free(model.chains);
    free(model.spans);
}

static void
run_size(uint32_t size)
{
    const uint64_t format = rig_format();
    rig_random random = rig_seed();

    run(size, format, random);
    run(size, format | VSK_F_EVENT_IDX, random);
    run(size, format | VSK_F_INDIRECT_DESC, random);
    run(size, format | RIG_BOTH, random);
}

/* As a power of two, or as any number where the ring takes any. */
static void
run_sizes(uint32_t even, uint32_t any)
{
    run_size((rig_format() & VSK_F_RING_PACKED) != 0 ? any : even);
}

static void
a_ring_of_1_does_what_a_list_of_chains_does(void **state)
{
    (void)state;

    run_size(1);
}

static void
a_ring_of_2_does_what_a_list_of_chains_does(void **state)
{
    (void)state;

    run_size(2);
}

static void
a_small_ring_does_what_a_list_of_chains_does(void **state)
{
    (void)state;

    run_sizes(4, 3);
    run_size(8);
}

static void
a_ring_of_256_does_what_a_list_of_chains_does(void **state)
{
    (void)state;

    run_sizes(128, 255);
    run_size(256);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_ring_of_1_does_what_a_list_of_chains_does),
        cmocka_unit_test(a_ring_of_2_does_what_a_list_of_chains_does),
        cmocka_unit_test(a_small_ring_does_what_a_list_of_chains_does),
        cmocka_unit_test(a_ring_of_256_does_what_a_list_of_chains_does),
    };

    return cmocka_run_group_tests_name("model", cases, NULL, NULL);
}
