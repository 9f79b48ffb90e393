/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Whatever a number is, it has words. */
#include "rig.h"

#include "vsk/endpoint.h"
#include "vsk/text.h"
#include "vsk/trace.h"

static void
print_header(uint32_t number)
{
    vsk_header header = {
        .src_cid = (uint64_t)(number & 1) << 32,
        .type = (uint16_t)(number & 3),
        .op = (uint16_t)(number >> 2 & 15),
        .flags = number >> 5,
        .len = number & 8,
    };
    char text[700];
    vsk_status status = vsk_header_check(&header);

    FUZZ_CHECK(status == VSK_OK || vsk_status_is_peer(status));
    FUZZ_CHECK(status != VSK_OK || vsk_op_name(header.op) != NULL);
    vsk_header_set_flag(&header, 1);
    for (uint32_t mask = 1; mask < 16; mask *= 2)
        (void)vsk_header_flag_name(&header, mask);
    (void)vsk_text_header(&header, text, sizeof text);
    FUZZ_CHECK(vsk_text_fields(&header, text, 100) >= 100);
    FUZZ_CHECK(memchr(text, 0, 100) != NULL);
}

void
fuzz_print_words(uint32_t number)
{
    vsk_status status = (vsk_status)(2 - (int)number);
    char text[200];

    FUZZ_CHECK(vsk_status_name(status) != NULL);
    FUZZ_CHECK(vsk_status_clause(status) != NULL);
    FUZZ_CHECK(vsk_status_text(status) != NULL);
    FUZZ_CHECK(vsk_state_name(number) != NULL);
    FUZZ_CHECK(vsk_reason_name(number) != NULL);
    FUZZ_CHECK(vsk_reason_text(number) != NULL);
    FUZZ_CHECK(vsk_event_name(number) != NULL);
    FUZZ_CHECK(vsk_seen_name(number) != NULL);
    FUZZ_CHECK(vsk_queue_name(number) != NULL);
    (void)vsk_text_reason(status, NULL, text, sizeof text);
    print_header(number);
}
