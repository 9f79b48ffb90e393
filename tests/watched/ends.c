/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "ends.h"

#include "vsk/shared.h"

#define HELD 2u   /* chains that the device holds at once, at most */
#define AREA 64u  /* guest memory of a chain: number, answer, table */
#define TABLE 32u /* where the table is in it */
#define NUMBER 8u /* bytes of a number */

static void
expect(bool truth, const char *words)
{
    if (!truth)
        schedules_fail(words);
}

/* Bytes of the answer to a chain. Some are not written to the last byte, as
 * IN_ORDER treats these on their own. */
static uint32_t
answer_bytes(uint64_t number)
{
    return NUMBER - (number % 3 == 1);
}

/* Where the answer stands behind the number: each place has its own size. */
static uint64_t
answer_at(uint64_t area, uint64_t number)
{
    return area + (answer_bytes(number) == NUMBER ? 16 : 24);
}

static uint64_t
answer_to(uint64_t number)
{
    return (number + 1) * 0x9e3779b97f4a7c15u;
}

/* ---- decisions to notify, by the words of the specification ---- */

/* What a side has shown on its ring. */
struct shown {
    const struct ends *ends;
    uint32_t total;   /* chains (split) or descriptors (packed) */
    uint32_t decided; /* of them before the last decision */
};

/* The idx (split) or place (packed) of one of all that were shown. */
static uint16_t
name_of(const struct shown *shown, uint32_t one)
{
    const struct ends_plan *plan = &shown->ends->plan;

    if ((plan->features & VSK_F_RING_PACKED) == 0)
        return (uint16_t)(plan->start + one);
    return (uint16_t)(one % plan->size |
                      (one / plan->size % 2 == 0 ? 0x8000u : 0));
}

static bool
was_shown(const struct shown *shown, uint16_t name)
{
    for (uint32_t one = shown->decided; one != shown->total; one++)
        if (name_of(shown, one) == name)
            return true;
    return false;
}

static bool
is_due(const struct shown *shown)
{
    const struct ends_plan *plan = &shown->ends->plan;
    bool event_idx = (plan->features & VSK_F_EVENT_IDX) != 0;
    uint32_t word;

    if (shown->total == shown->decided)
        return false;
    expect(schedules_looked(&word), "nobody asked what the other side wants");
    if ((plan->features & VSK_F_RING_PACKED) == 0)
        return event_idx ? was_shown(shown, (uint16_t)word) : word == 0;
    if (word >> 16 == 2)
        return was_shown(shown, (uint16_t)word);
    return word >> 16 == 0;
}

/* A side has decided; it must be what the specification says. */
static void
notify(struct shown *shown, bool decision)
{
    bool due = is_due(shown);

    expect(decision || !due, "a notification was due, and not given");
    expect(due || !decision, "a notification was given that nobody wants");
    shown->decided = shown->total;
    if (decision)
        schedules_ring();
}

/* ---- the driver ---- */

struct driver {
    const struct ends *ends;
    vsk_queue_driver queue;
    vsk_ring_slot slots[ENDS_CHAINS];
    struct shown shown;
    uint32_t sent, back;
    bool in_use[ENDS_CHAINS];        /* areas */
    uint64_t numbers[ENDS_CHAINS];   /* of the chain in each */
    uint32_t names[ENDS_CHAINS + 1]; /* outstanding chains of each name */
};

static uint64_t
area_at(uint32_t area)
{
    return RIG_DATA + (uint64_t)area * AREA;
}

/* Offer the next chain; false where there is no room for it. */
static bool
stage(struct driver *driver)
{
    const struct ends_plan *plan = &driver->ends->plan;
    uint64_t number = driver->sent;
    uint32_t area = 0;
    uint16_t name;

    while (driver->in_use[area])
        if (++area == plan->size)
            return false;
    const vsk_buffer both[] = {
        {area_at(area), NUMBER, false},
        {answer_at(area_at(area), number), answer_bytes(number), true}};
    const vsk_offer offer = {&both[2 - plan->buffers], plan->buffers,
                             plan->indirect ? plan->buffers : 0,
                             area_at(area) + TABLE, area};

    if (vsk_queue_check(&driver->queue, &offer) == VSK_ERR_FULL)
        return false;
    if (plan->buffers == 2)
        watched_write(rig_at(driver->ends->rig, area_at(area)), &number,
                      NUMBER);
    expect(vsk_queue_stage(&driver->queue, &offer, &name) == VSK_OK, "stage");
    expect(driver->names[name]++ == 0, "a descriptor is used twice");
    driver->shown.total +=
        (plan->features & VSK_F_RING_PACKED) != 0 && !plan->indirect
            ? plan->buffers
            : 1;
    driver->in_use[area] = true;
    driver->numbers[area] = number;
    driver->sent++;
    return true;
}

static bool
offer_some(struct driver *driver)
{
    const struct ends_plan *plan = &driver->ends->plan;
    uint32_t staged = 0;
    bool decision;

    while (driver->sent < plan->chains && staged < plan->offered &&
           stage(driver))
        staged++;
    if (staged != 0)
        vsk_queue_offer(&driver->queue);
    schedules_doing(WEAK_DECIDE);
    decision = vsk_queue_should_kick(&driver->queue);
    notify(&driver->shown, decision);
    return staged != 0;
}

static void
take_back(struct driver *driver, const vsk_used *used)
{
    uint32_t area = (uint32_t)used->token;
    uint64_t number = driver->numbers[area];
    const uint64_t wanted = answer_to(number);
    uint8_t answer[NUMBER];

    expect(driver->names[used->head]-- == 1, "a chain came back twice");
    expect(driver->in_use[area], "a chain came back that was not offered");
    expect(used->status == VSK_OK && used->written == answer_bytes(number),
           "another length came back");
    if ((driver->ends->plan.features & VSK_F_IN_ORDER) != 0)
        expect(number == driver->back, "out of order");
    watched_copy(answer,
                 rig_at(driver->ends->rig, answer_at(area_at(area), number)),
                 used->written);
    expect(memcmp(answer, &wanted, used->written) == 0,
           "another answer came back");
    driver->in_use[area] = false;
    driver->back++;
}

static bool
reap_some(struct driver *driver)
{
    uint32_t before = driver->back;
    vsk_status status;
    vsk_used used;

    while ((status = vsk_queue_reap(&driver->queue, &used)) == VSK_OK)
        take_back(driver, &used);
    expect(status == VSK_NONE, "what came back breaks a rule");
    return driver->back != before;
}

static void
driver_main(void *context)
{
    struct ends *ends = context;
    static struct driver driver;

    memset(&driver, 0, sizeof driver);
    driver.ends = ends;
    driver.queue = ends->rig->driver;
    memcpy(driver.slots, ends->rig->slots,
           ends->plan.size * sizeof *driver.slots);
    driver.queue.ring.slots = driver.slots;
    driver.shown.ends = ends;
    while (driver.back < ends->plan.chains) {
        bool some;

        schedules_here(&driver, sizeof driver);
        some = offer_some(&driver);
        if (reap_some(&driver) || some)
            continue;
        schedules_doing(WEAK_ASK);
        if (!vsk_queue_enable_interrupts(&driver.queue))
            schedules_wait();
        vsk_queue_disable_interrupts(&driver.queue);
    }
}

/* ---- the device ---- */

struct device {
    const struct ends *ends;
    vsk_queue_device queue;
    struct shown shown;
    uint32_t popped;
    vsk_chain chains[HELD];
    vsk_span spans[HELD][4];
};

/* Answer the chain that was popped as the one of a number. */
static void
answer(struct device *device, vsk_chain *chain, uint64_t number)
{
    const struct ends_plan *plan = &device->ends->plan;
    uint64_t wanted = answer_to(number);
    uint64_t found = ~number;

    expect(chain->status == VSK_OK && chain->count == plan->buffers,
           "a chain arrived that was not offered");
    if (plan->buffers == 2) {
        watched_copy(&found, chain->spans[0].base, NUMBER);
        expect(found == number, "another number arrived");
    }
    expect(chain->writable == answer_bytes(number), "another chain arrived");
    watched_write(chain->spans[plan->buffers - 1].base, &wanted,
                  answer_bytes(number));
}

/* Give some chains back, the last one first where any order will do. */
static void
give(struct device *device, uint32_t count)
{
    bool in_order = (device->ends->plan.features & VSK_F_IN_ORDER) != 0;
    bool packed = (device->ends->plan.features & VSK_F_RING_PACKED) != 0;
    bool decision;

    for (uint32_t i = 0; i < count; i++) {
        vsk_chain *chain = &device->chains[in_order ? i : count - 1 - i];

        device->shown.total += packed ? chain->length : 1u;
        expect(vsk_queue_give(&device->queue, chain,
                              (uint32_t)chain->writable) == VSK_OK,
               "give");
    }
    vsk_queue_publish(&device->queue);
    schedules_doing(WEAK_DECIDE);
    decision = vsk_queue_should_interrupt(&device->queue);
    notify(&device->shown, decision);
}

static void
device_main(void *context)
{
    const struct ends *ends = context;
    static struct device device;

    memset(&device, 0, sizeof device);
    device.ends = ends;
    device.queue = ends->rig->device;
    device.shown.ends = ends;
    for (uint32_t i = 0; i < HELD; i++)
        vsk_chain_init(&device.chains[i], device.spans[i], 4);
    while (device.popped < ends->plan.chains) {
        vsk_status status = VSK_OK;
        uint32_t count = 0;

        schedules_here(&device, sizeof device);
        for (; count < ends->plan.held; count++) {
            status = vsk_queue_pop(&device.queue, &device.chains[count]);
            if (status != VSK_OK)
                break;
            answer(&device, &device.chains[count], device.popped++);
        }
        expect(status == VSK_OK || status == VSK_NONE,
               "what was offered breaks a rule");
        if (count != 0) {
            give(&device, count);
            continue;
        }
        schedules_doing(WEAK_ASK);
        if (!vsk_queue_enable_kicks(&device.queue))
            schedules_wait();
        vsk_queue_disable_kicks(&device.queue);
    }
}

/* ---- both ---- */

/* Fields that one side owns at a time: all but indices and wishes. The flags
 * of a packed descriptor pass it on, by a release and an acquire. */
static bool
is_owned(const void *context, const void *at)
{
    const struct ends *ends = context;
    const vsk_ring_parts *parts = &ends->rig->parts;
    size_t size = ends->plan.size;
    const uint8_t *const split[] = {
        parts->driver, parts->driver + 2, parts->driver + 4 + 2 * size,
        parts->device, parts->device + 2, parts->device + 4 + 8 * size};

    if ((ends->plan.features & VSK_F_RING_PACKED) != 0)
        return at != parts->driver && at != parts->device;
    for (size_t i = 0; i < sizeof split / sizeof split[0]; i++)
        if (at == split[i])
            return false;
    return true;
}

/* Begin a split ring at another idx than 0. */
static void
begin_at(struct rig *rig, uint16_t start)
{
    const vsk_ring_state state = {start, start, start};

    rig_put16(rig, rig_avail_idx(rig), start);
    rig_put16(rig, rig_used_idx(rig), start);
    assert_int_equal(vsk_queue_driver_open(&rig->driver, &rig->memory,
                                           &rig->ring, rig->slots, &state),
                     VSK_OK);
    assert_int_equal(
        vsk_queue_device_init(&rig->device, &rig->memory, &rig->ring, &state),
        VSK_OK);
}

void
ends_begin(struct ends *ends, const struct ends_plan *plan,
           struct schedules *schedules)
{
    *ends = (struct ends){
        .plan = *plan,
        .rig = rig_new(plan->size, plan->features | VSK_F_INDIRECT_DESC),
    };
    if (plan->start != 0)
        begin_at(ends->rig, plan->start);
    schedules->sides[ENDS_DRIVER] = driver_main;
    schedules->sides[ENDS_DEVICE] = device_main;
    schedules->context = ends;
    schedules->is_owned = is_owned;
}

void
ends_free(struct ends *ends)
{
    rig_free(ends->rig);
}
