/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "trace_rig.h"

#include "vsk/le.h"

#define PATH 4096u
#define PACKETS 10000u /* of a section; what follows is more of the same */
#define ORIGINAL 24u   /* where a block has the bytes that there were */

/* What runs; cmocka does not tell. */
static const char *suite_name;
static const struct CMUnitTest *running;
static const struct CMUnitTest *next;
static uint32_t sections; /* of the suite, so far */

static FILE *
open_in_folder(const char *name, const char *mode)
{
    char path[PATH];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", getenv("VSK_TRACES"), name);
    file = fopen(path, mode);
    if (file == NULL)
        fail_msg("cannot open %s", path);
    return file;
}

/* Add a line to the suite's list: kind, case, and what is said of it. */
static void
note(const char *kind, const char *more)
{
    char name[PATH];
    FILE *list;

    snprintf(name, sizeof name, "%s.list", suite_name);
    list = open_in_folder(name, "a");
    fprintf(list, "%s\t%s\t%s\n", kind, running->name, more);
    fclose(list);
}

static void
put(FILE *file, const uint8_t *bytes, uint64_t size)
{
    assert_int_equal(fwrite(bytes, 1, size, file), size);
}

/* ---- sections ---- */

static uint32_t
section_of(const struct rig_trace *trace, uint32_t cid)
{
    uint32_t free_one = RIG_SECTIONS;

    for (uint32_t i = RIG_SECTIONS; i-- > 0;)
        if (trace->sections[i].file == NULL)
            free_one = i;
        else if (trace->sections[i].cid == cid)
            return i;
    if (free_one < RIG_SECTIONS)
        return free_one;
    fail_msg("no section is left for CID %u", (unsigned)cid);
    abort();
}

static FILE *
new_section(const struct rig_trace *trace)
{
    uint8_t head[VSK_CAPTURE_HEAD];
    char name[PATH], more[PATH + 64];
    FILE *file;

    snprintf(name, sizeof name, "%s-%u.pcapng", suite_name,
             (unsigned)++sections);
    snprintf(more, sizeof more, "%s\t%u\t%s", name, (unsigned)trace->only,
             trace->middle ? "middle" : "start");
    file = open_in_folder(name, "wb");
    assert_int_equal(vsk_capture_begin(head, sizeof head), VSK_OK);
    put(file, head, sizeof head);
    note("trace", more);
    return file;
}

static void
end_section(struct rig_trace *trace, uint32_t which)
{
    if (trace->sections[which].file != NULL)
        fclose(trace->sections[which].file);
    trace->sections[which].file = NULL;
}

/* Payload says nothing of the rules: a block tells how long it was. Only where
 * len is wrong it stays, for the checker to see. */
static void
put_packet(FILE *file, const vsk_seen *seen)
{
    static uint8_t wire[VSK_CAPTURE_SNAPLEN + VSK_CAPTURE_HEAD];
    vsk_packet packet = *seen->packet;
    uint32_t original = VSK_CAPTURE_MONITOR + VSK_HEADER_SIZE + packet.size;
    bool cut = packet.header.len == packet.size;

    if (cut) {
        vsk_packet_init(&packet, NULL, 0);
        packet.header = seen->packet->header;
    }
    assert_int_equal(
        vsk_capture_encode(&packet, seen->now, NULL, 0, wire, sizeof wire),
        VSK_OK);
    if (cut)
        vsk_le_store32(wire + ORIGINAL, original);
    put(file, wire, vsk_capture_bytes(&packet, 0));
}

static void
see_packet(struct rig_trace *trace, uint32_t which, const vsk_seen *seen)
{
    if (trace->sections[which].file == NULL) {
        trace->sections[which].file = new_section(trace);
        trace->sections[which].cid = seen->guest_cid;
        trace->sections[which].count = 0;
    }
    if (trace->sections[which].count++ < PACKETS)
        put_packet(trace->sections[which].file, seen);
}

void
rig_trace_see(struct rig_trace *trace, const vsk_seen *seen)
{
    uint32_t which;

    if (getenv("VSK_TRACES") == NULL)
        return;
    which = section_of(trace, seen->guest_cid);
    if (seen->kind == VSK_SEEN_PACKET)
        see_packet(trace, which, seen);
    if (seen->kind == VSK_SEEN_STATUS && seen->written == 0)
        end_section(trace, which);
}

static void
see(void *user, const vsk_seen *seen)
{
    rig_trace_see(user, seen);
}

vsk_tap
rig_trace_tap(struct rig_trace *trace)
{
    return (vsk_tap){see, trace};
}

void
rig_trace_end(struct rig_trace *trace)
{
    for (uint32_t i = 0; i < RIG_SECTIONS; i++)
        end_section(trace, i);
}

/* ---- cases ---- */

void
rig_lawless(const char *why)
{
    char more[PATH];

    snprintf(more, sizeof more, "%s\t0", why);
    if (getenv("VSK_TRACES") != NULL)
        note("lawless", more);
}

/* Run the next case. */
static void
run_case(void **state)
{
    running = next++;
    running->test_func(state);
}

int
rig_run_cases(const char *suite, const struct CMUnitTest *cases, size_t count)
{
    struct CMUnitTest *all = calloc(count, sizeof *all);
    int failed;

    assert_non_null(all);
    memcpy(all, cases, count * sizeof *all);
    for (size_t i = 0; i < count; i++)
        all[i].test_func = run_case;
    suite_name = suite;
    next = cases;
    failed = _cmocka_run_group_tests(suite, all, count, NULL, NULL);
    free(all);
    return failed;
}
