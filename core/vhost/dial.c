/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/dial.h"

#include <string.h>

#include "vsk/print.h"

#define PORT_MAX UINT32_C(0xfffffffe) /* the one above it stands for none */

static const char word[] = "CONNECT";

static bool
is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

static bool
is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static bool
is_over(const vsk_dial *dial)
{
    return dial->state == VSK_DIAL_DONE || dial->state == VSK_DIAL_BROKEN;
}

static vsk_status
fail(vsk_dial *dial, vsk_status status)
{
    dial->state = VSK_DIAL_BROKEN;
    dial->status = status;
    return status;
}

static vsk_status
go(vsk_dial *dial, vsk_dial_state state)
{
    dial->state = state;
    return VSK_NONE;
}

/* A byte of the word: letters differ from capitals in one bit. */
static vsk_status
take_letter(vsk_dial *dial, uint8_t byte)
{
    if (dial->matched == 0 && is_blank(byte))
        return VSK_NONE;
    if (dial->matched == sizeof word - 1)
        return is_blank(byte) ? go(dial, VSK_DIAL_GAP)
                              : fail(dial, VSK_BAD_DIAL);
    if ((byte & ~0x20u) != (uint8_t)word[dial->matched])
        return fail(dial, VSK_BAD_DIAL);
    dial->matched++;
    return VSK_NONE;
}

static vsk_status
take_digit(vsk_dial *dial, uint8_t byte)
{
    uint64_t port = UINT64_C(10) * dial->port + (uint64_t)(byte - '0');

    if (port > PORT_MAX)
        return fail(dial, VSK_BAD_PORT);
    dial->port = (uint32_t)port;
    return go(dial, VSK_DIAL_DIGITS);
}

/* A byte behind the port's first digit. */
static vsk_status
take_rest(vsk_dial *dial, uint8_t byte)
{
    if (byte == '\n') {
        dial->state = VSK_DIAL_DONE;
        return VSK_OK;
    }
    if (is_blank(byte))
        return go(dial, VSK_DIAL_TRAIL);
    if (dial->state == VSK_DIAL_DIGITS && is_digit(byte))
        return take_digit(dial, byte);
    return fail(dial, VSK_BAD_DIAL);
}

static vsk_status
take(vsk_dial *dial, uint8_t byte)
{
    switch (dial->state) {
    case VSK_DIAL_LEAD:
        return take_letter(dial, byte);
    case VSK_DIAL_GAP:
        if (is_blank(byte))
            return VSK_NONE;
        return is_digit(byte) ? take_digit(dial, byte)
                              : fail(dial, VSK_BAD_DIAL);
    case VSK_DIAL_DIGITS:
    case VSK_DIAL_TRAIL:
        return take_rest(dial, byte);
    case VSK_DIAL_DONE:
    case VSK_DIAL_BROKEN:
        break;
    }
    return dial->status;
}

vsk_status
vsk_dial_byte(vsk_dial *dial, uint8_t byte)
{
    vsk_status status;

    if (is_over(dial))
        return dial->status;
    status = take(dial, byte);
    if (is_over(dial))
        return status;
    dial->size++;
    /* A newline has no room any more. */
    if (dial->size == VSK_DIAL_LINE)
        return fail(dial, VSK_BAD_DIAL);
    return status;
}

vsk_status
vsk_dial_bytes(vsk_dial *dial, const uint8_t *bytes, size_t size, size_t *taken)
{
    vsk_status status = VSK_NONE;

    if (is_over(dial))
        status = dial->status;
    for (*taken = 0; *taken < size && status == VSK_NONE; (*taken)++)
        status = vsk_dial_byte(dial, bytes[*taken]);
    return status;
}

uint32_t
vsk_dial_answer(uint32_t port, uint8_t *line)
{
    char text[VSK_DIAL_LINE];
    vsk_print out = {text, sizeof text, 0};

    vsk_print_words(&out, "OK ");
    vsk_print_decimal(&out, port);
    vsk_print_char(&out, '\n');
    memcpy(line, text, out.length);
    return (uint32_t)out.length;
}
