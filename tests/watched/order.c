/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "order.h"

#include <stdlib.h>
#include <string.h>

/* A store: numbered from 1 as they come. */
struct store {
    uint8_t author;
    uint16_t clock;  /* of its author */
    uint16_t sync;   /* its author's clock that an acquire comes to know */
    uint16_t before; /* the one before it at its place */
    uint8_t bytes[ORDER_BYTES];
};

/* Those of the run at hand. A course that is left and another one taken
 * write over what came after. */
static struct store stores[ORDER_STORES + 1];

static struct {
    const uint8_t *at;
    size_t size;
} places[ORDER_PLACES];
static uint8_t place_count;

void
order_begin(void)
{
    place_count = 0;
}

uint8_t
order_place(const void *at, size_t size)
{
    const uint8_t *from = at;

    for (uint8_t i = 0; i < place_count; i++) {
        if (places[i].at == from && places[i].size == size)
            return i;
        /* One field is one access: else a load would be made of two. */
        if (from < places[i].at + places[i].size && places[i].at < from + size)
            abort();
    }
    if (place_count == ORDER_PLACES || size > ORDER_BYTES)
        abort();
    places[place_count].at = from;
    places[place_count].size = size;
    return place_count++;
}

/* Whether a side has heard of a store, up to a clock of the other one's. */
static bool
is_known(uint16_t store, unsigned side, uint16_t upto)
{
    return store == 0 || stores[store].author == side ||
           stores[store].clock <= upto;
}

uint32_t
order_choices(const struct order *order, unsigned side,
              const struct order_access *access)
{
    const struct order_side *own = &order->sides[side];
    uint16_t store = order->newest[access->place];
    uint32_t count = 1;

    if (access->kind == ORDER_WAIT)
        return own->ringing;
    if (access->kind == ORDER_DONE)
        return 0;
    if (access->kind != ORDER_LOAD)
        return 1;
    while (store != own->seen[access->place] &&
           !is_known(store, side, own->heard)) {
        store = stores[store].before;
        count++;
    }
    return count;
}

static void
see(struct order *order, unsigned side, struct order_access *access,
    uint16_t store)
{
    struct order_side *own = &order->sides[side];
    const uint8_t *bytes =
        store != 0 ? stores[store].bytes : places[access->place].at;

    memcpy(access->bytes, bytes, places[access->place].size);
    own->seen[access->place] = store;
    if (store == 0 || stores[store].author == side)
        return;
    if (own->pending < stores[store].sync)
        own->pending = stores[store].sync;
    if (access->ordered && own->known < stores[store].sync)
        own->known = stores[store].sync;
    if (own->heard < own->known)
        own->heard = own->known;
}

static void
put(struct order *order, unsigned side, const struct order_access *access)
{
    struct order_side *own = &order->sides[side];
    struct store *store = &stores[++order->stores];

    if (order->stores > ORDER_STORES)
        abort();
    store->author = (uint8_t)side;
    store->clock = own->clock;
    /* A store without order passes on what the fence before it does. */
    store->sync = access->ordered ? own->clock : own->fenced;
    store->before = order->newest[access->place];
    memcpy(store->bytes, access->bytes, ORDER_BYTES);
    order->newest[access->place] = order->stores;
    own->seen[access->place] = order->stores;
}

/* Of two fences the second one's side hears of all before the first. */
static void
fence(struct order *order, unsigned side)
{
    struct order_side *own = &order->sides[side];
    const struct order_side *other = &order->sides[1 - side];

    if (own->known < own->pending)
        own->known = own->pending;
    if (own->heard < other->fenced)
        own->heard = other->fenced;
    if (own->heard < own->known)
        own->heard = own->known;
    own->fenced = own->clock;
}

static const char *
check(const struct order *order, unsigned side,
      const struct order_access *access)
{
    const struct order_side *own = &order->sides[side];
    bool owns = access->kind == ORDER_READ || access->kind == ORDER_WRITE;
    bool writes = access->kind == ORDER_STORE || access->kind == ORDER_WRITE;

    if ((owns || writes) &&
        !is_known(order->newest[access->place], side, own->known))
        return "a field is used that the other side may be writing";
    if (writes && order->sides[1 - side].read[access->place] > own->known)
        return "a field is written that the other side may be reading";
    return NULL;
}

const char *
order_apply(struct order *order, unsigned side, struct order_access *access,
            uint32_t choice)
{
    struct order_side *own = &order->sides[side];
    uint16_t store = order->newest[access->place];
    const char *wrong = check(order, side, access);

    own->clock++;
    while (choice-- > 0)
        store = stores[store].before;
    switch (access->kind) {
    case ORDER_LOAD:
    case ORDER_READ:
        see(order, side, access, store);
        if (access->kind == ORDER_READ)
            own->read[access->place] = own->clock;
        break;
    case ORDER_STORE:
    case ORDER_WRITE:
        put(order, side, access);
        break;
    case ORDER_FENCE:
        fence(order, side);
        break;
    case ORDER_RING:
        order->sides[1 - side].ringing = true;
        break;
    case ORDER_WAIT:
        own->ringing = false;
        break;
    case ORDER_DONE:
    case ORDER_BROKEN:
        break;
    }
    return wrong;
}

/* ---- what can still matter ---- */

#define CLOCKS 1024u /* of one side, that order_hash counts */

/* Clocks of one side, for their places in line. */
struct line {
    bool marked[CLOCKS];
    uint16_t rank[CLOCKS];
};

/* Calls visit for every clock of a side that can still be compared. */
static uint64_t
visit_clocks(const struct order *order, struct line *lines, uint64_t hash,
             uint64_t (*visit)(struct line *line, uint64_t hash,
                               uint16_t clock))
{
    for (unsigned side = 0; side < 2; side++) {
        const struct order_side *own = &order->sides[side];
        const struct order_side *other = &order->sides[1 - side];

        hash = visit(&lines[side], hash, own->fenced);
        hash = visit(&lines[side], hash, other->known);
        hash = visit(&lines[side], hash, other->heard);
        hash = visit(&lines[side], hash, other->pending);
        for (uint8_t place = 0; place < place_count; place++)
            hash = visit(&lines[side], hash, own->read[place]);
    }
    for (uint8_t place = 0; place < place_count; place++)
        for (uint16_t at = order->newest[place]; at != 0;) {
            const struct store *store = &stores[at];
            unsigned author = store->author;
            const struct order_side *other = &order->sides[1 - author];

            hash = visit(&lines[author], hash, store->clock);
            hash = visit(&lines[author], hash, store->sync);
            /* What came before cannot be seen any more. */
            if (at == other->seen[place] || store->clock <= other->heard)
                break;
            at = store->before;
        }
    return hash;
}

static uint64_t
mark(struct line *line, uint64_t hash, uint16_t clock)
{
    if (clock >= CLOCKS)
        abort();
    line->marked[clock] = true;
    return hash;
}

static uint64_t
mix_rank(struct line *line, uint64_t hash, uint16_t clock)
{
    return order_mix(hash, line->rank[clock]);
}

/* Who wrote what, and who has seen which. */
static uint64_t
mix_stores(const struct order *order, uint64_t hash)
{
    for (uint8_t place = 0; place < place_count; place++) {
        uint16_t at = order->newest[place];

        hash = order_mix(hash, place);
        for (; at != 0; at = stores[at].before) {
            const struct store *store = &stores[at];
            const struct order_side *other = &order->sides[1 - store->author];
            uint64_t halves[2];

            memcpy(halves, store->bytes, sizeof halves);
            hash = order_mix(order_mix(hash, halves[0]), halves[1]);
            hash =
                order_mix(hash, store->author * 4u +
                                    (order->sides[0].seen[place] == at) * 2u +
                                    (order->sides[1].seen[place] == at));
            if (at == other->seen[place] || store->clock <= other->heard)
                break;
        }
    }
    return hash;
}

uint64_t
order_hash(const struct order *order)
{
    static struct line lines[2];
    uint64_t hash = 0;

    memset(lines, 0, sizeof lines);
    visit_clocks(order, lines, 0, mark);
    for (unsigned side = 0; side < 2; side++)
        for (uint16_t clock = 0, rank = 0; clock <= order->sides[side].clock;
             clock++) {
            rank += lines[side].marked[clock];
            lines[side].rank[clock] = rank;
        }
    hash = visit_clocks(order, lines, hash, mix_rank);
    hash = mix_stores(order, hash);
    return order_mix(hash,
                     order->sides[0].ringing * 2u + order->sides[1].ringing);
}
