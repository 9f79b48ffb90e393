/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "kit/role.h"

/* An option: its name, its place, and how wide it is in bytes. */
typedef struct option {
    const char *name;
    size_t offset;
    size_t width;
} option;

#define OPTION(name, member)                                                   \
    {                                                                          \
        name, offsetof(kit_role_options, member),                              \
            sizeof(((kit_role_options *)0)->member)                            \
    }

static const option OPTIONS[] = {
    OPTION("cid", cid),
    OPTION("connections", connections),
    OPTION("send_buffer", send_buffer),
    OPTION("budget", budget),
    OPTION("empty_messages", empty_messages),
    OPTION("route", route),
    OPTION("offered", features),
    OPTION("accepted", policy.features),
    OPTION("queue_size", policy.queue_size),
    OPTION("rx_buffers", policy.rx_buffers),
    OPTION("refill_at", policy.refill_at),
    OPTION("event_buffers", policy.event_buffers),
    OPTION("tx_piece", policy.tx_piece),
    OPTION("rx_indirect", policy.rx_indirect),
    OPTION("tx_indirect", policy.tx_indirect),
    OPTION("buf_alloc", policy.endpoint.buf_alloc),
    OPTION("update_at", policy.endpoint.update_at),
    OPTION("count_from", policy.endpoint.count_from),
    OPTION("payload_max", policy.endpoint.payload_max),
    OPTION("update_idle", policy.endpoint.update_idle),
    OPTION("ask", policy.endpoint.ask),
    OPTION("answer", policy.endpoint.answer),
    OPTION("meter", policy.endpoint.meter),
    OPTION("connect_timeout", policy.endpoint.connect_timeout),
    OPTION("close_timeout", policy.endpoint.close_timeout),
    OPTION("drain_timeout", policy.endpoint.drain_timeout),
    OPTION("ask_first", policy.endpoint.ask_first),
    OPTION("ask_last", policy.endpoint.ask_last),
};

vsk_status
kit_options_new(kit_role_options **options)
{
    kit_role_options *fresh = malloc(sizeof *fresh);

    if (fresh == NULL)
        return VSK_ERR_NOMEM;
    *fresh = kit_role_options_default();
    *options = fresh;
    return VSK_OK;
}

static vsk_status
store(void *at, size_t width, uint64_t value)
{
    uint32_t word = (uint32_t)value;
    bool flag = value != 0;

    if (width < sizeof value && value > (width == 1 ? 1 : UINT32_MAX))
        return VSK_ERR_ARGUMENT;
    if (width == sizeof value)
        memcpy(at, &value, width);
    else if (width == sizeof word)
        memcpy(at, &word, width);
    else
        memcpy(at, &flag, sizeof flag);
    return VSK_OK;
}

vsk_status
kit_options_set(kit_role_options *options, const char *name, uint64_t value)
{
    for (size_t i = 0; i < sizeof OPTIONS / sizeof *OPTIONS; i++)
        if (strcmp(OPTIONS[i].name, name) == 0)
            return store((uint8_t *)options + OPTIONS[i].offset,
                         OPTIONS[i].width, value);
    return VSK_ERR_ARGUMENT;
}

vsk_status
kit_options_rx(kit_role_options *options, const kit_layout *layout)
{
    uint64_t bytes = 0;

    if (layout == NULL || layout->count == 0 ||
        layout->count > VSK_GUEST_PIECES)
        return VSK_ERR_LAYOUT;
    for (uint32_t i = 0; i < layout->count; i++) {
        if (layout->pieces[i] == 0)
            return VSK_ERR_LAYOUT;
        bytes += layout->pieces[i];
    }
    /* Room for a header alone takes no payload, ever. */
    if (bytes <= VSK_HEADER_SIZE)
        return VSK_ERR_LAYOUT;
    memset(options->policy.rx_pieces, 0, sizeof options->policy.rx_pieces);
    memcpy(options->policy.rx_pieces, layout->pieces,
           layout->count * sizeof *layout->pieces);
    return VSK_OK;
}

vsk_status
kit_options_preset(kit_role_options *options, const char *name)
{
    const vsk_guest_preset *preset = vsk_guest_preset_find(name);

    if (preset == NULL)
        return VSK_ERR_ARGUMENT;
    options->policy = preset->policy;
    return VSK_OK;
}
