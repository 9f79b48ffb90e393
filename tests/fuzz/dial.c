/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The line with which a program asks for a port, against a parser that is slow
 * and reads it as a whole.
 *
 *     cut  bytes ...    cut: how many of them come first
 */
#include "rig.h"

#include "vhost/dial.h"

static bool
is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

/* What the whole bytes say; VSK_NONE: the line goes on. */
static vsk_status
expect(const uint8_t *bytes, size_t size, uint32_t *port, size_t *line)
{
    static const char word[] = "CONNECT";
    const uint8_t *end = memchr(bytes, '\n', size);
    size_t at = 0, digits = 0;
    uint64_t value = 0;

    if (end == NULL || end - bytes >= (ptrdiff_t)VSK_DIAL_LINE)
        return VSK_NONE;
    *line = (size_t)(end - bytes);
    while (is_blank(bytes[at]))
        at++;
    for (size_t i = 0; word[i] != '\0'; i++, at++)
        if ((bytes[at] & 0xdf) != word[i])
            return VSK_BAD_DIAL;
    if (!is_blank(bytes[at]))
        return VSK_BAD_DIAL;
    while (is_blank(bytes[at]))
        at++;
    for (; bytes[at] >= '0' && bytes[at] <= '9'; at++, digits++)
        if (value <= UINT32_MAX)
            value = 10 * value + (uint64_t)(bytes[at] - '0');
    while (is_blank(bytes[at]))
        at++;
    *port = (uint32_t)value;
    if (digits == 0 || bytes[at] != '\n')
        return VSK_BAD_DIAL;
    return value < UINT32_MAX ? VSK_OK : VSK_BAD_PORT;
}

static void
check_answer(uint32_t port)
{
    uint8_t line[VSK_DIAL_LINE];
    char text[VSK_DIAL_LINE];
    uint32_t size;

    fuzz_poison(line, sizeof line);
    size = vsk_dial_answer(port, line);
    fuzz_shown(line, size);
    FUZZ_CHECK((size_t)snprintf(text, sizeof text, "OK %u\n", port) == size);
    FUZZ_CHECK(memcmp(text, line, size) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    size_t cut = fuzz_u8(&input), taken = 0, more = 0, line = 0;
    vsk_dial dial = {0};
    vsk_status status, expected;
    uint32_t port = 0;

    if (input.left == 0)
        return 0;
    if (cut > input.left)
        cut = input.left;
    status = vsk_dial_bytes(&dial, input.at, cut, &taken);
    FUZZ_CHECK(taken <= cut);
    if (status == VSK_NONE) {
        FUZZ_CHECK(taken == cut);
        status = vsk_dial_bytes(&dial, input.at + cut, input.left - cut, &more);
        FUZZ_CHECK(more <= input.left - cut);
        taken += more;
    }
    FUZZ_CHECK(taken <= VSK_DIAL_LINE);
    expected = expect(input.at, input.left, &port, &line);
    if (expected == VSK_NONE) {
        FUZZ_CHECK(status != VSK_OK);
        FUZZ_CHECK(status != VSK_NONE || taken < VSK_DIAL_LINE);
        return 0;
    }
    /* Of two rules that are broken either may be told. */
    FUZZ_CHECK((status == VSK_OK) == (expected == VSK_OK));
    FUZZ_CHECK(status != VSK_NONE);
    if (status != VSK_OK)
        return 0;
    FUZZ_CHECK(dial.port == port);
    FUZZ_CHECK(taken == line + 1);
    check_answer(port);
    return 0;
}
