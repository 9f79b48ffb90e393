/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vsk/setup.h"

#include <string.h>

#include "vsk/le.h"

static const uint8_t STEPS = VSK_SETUP_ACKNOWLEDGE | VSK_SETUP_DRIVER |
                             VSK_SETUP_FEATURES_OK | VSK_SETUP_DRIVER_OK;

static bool
has(uint64_t features, vsk_feature feature)
{
    return (features & VSK_BIT(feature)) != 0;
}

static bool
is_guest(uint64_t cid)
{
    return cid > VSK_CID_HOST && cid < 0xffffffffu;
}

vsk_status
vsk_setup_init(vsk_setup *setup, uint64_t offered, uint64_t guest_cid)
{
    if ((offered & ~VSK_FEATURES) != 0 || !has(offered, VSK_FEATURE_VERSION_1))
        return VSK_ERR_FEATURES;
    if (!is_guest(guest_cid))
        return VSK_ERR_CID;
    *setup = (vsk_setup){.offered = offered, .guest_cid = guest_cid};
    return VSK_OK;
}

vsk_status
vsk_setup_accept(vsk_setup *setup, uint64_t accepted)
{
    if ((setup->status & VSK_SETUP_DRIVER) == 0 ||
        (setup->status & VSK_SETUP_FEATURES_OK) != 0)
        return VSK_BAD_STATUS;
    /* What was refused is not agreed on, whatever was before it. */
    setup->accepted = 0;
    if ((accepted & ~setup->offered) != 0 ||
        !has(accepted, VSK_FEATURE_VERSION_1))
        return VSK_BAD_FEATURES;
    setup->accepted = accepted;
    return VSK_OK;
}

/* Whether the steps of initialisation are taken in order. The driver reads
 * FEATURES_OK back before the last one, and none follows FAILED. */
static bool
in_order(uint8_t before, uint8_t status)
{
    uint8_t steps = status & STEPS;

    if ((before & VSK_SETUP_FAILED) != 0 && steps != (before & STEPS))
        return false;
    if ((steps & VSK_SETUP_DRIVER_OK) != 0 &&
        (before & VSK_SETUP_FEATURES_OK) == 0)
        return false;
    return steps == 0 || steps == VSK_SETUP_ACKNOWLEDGE ||
           steps == (VSK_SETUP_ACKNOWLEDGE | VSK_SETUP_DRIVER) ||
           steps == (STEPS & ~VSK_SETUP_DRIVER_OK) || steps == STEPS;
}

vsk_status
vsk_setup_write_status(vsk_setup *setup, uint8_t status)
{
    uint8_t own = setup->status & VSK_SETUP_NEEDS_RESET;

    if (status == 0) {
        vsk_setup_reset(setup);
        return VSK_OK;
    }
    /* NEEDS_RESET is the device's: a driver writes it back or leaves it out. */
    if ((setup->status & ~status & ~VSK_SETUP_NEEDS_RESET) != 0 ||
        !in_order(setup->status, status))
        return VSK_BAD_STATUS;
    if ((status & VSK_SETUP_FEATURES_OK) != 0 && setup->accepted == 0)
        status &= (uint8_t)~VSK_SETUP_FEATURES_OK;
    setup->status = (uint8_t)((status & ~VSK_SETUP_NEEDS_RESET) | own);
    return VSK_OK;
}

void
vsk_setup_reset(vsk_setup *setup)
{
    setup->status = 0;
    setup->accepted = 0;
}

bool
vsk_setup_live(const vsk_setup *setup)
{
    const uint8_t asked =
        VSK_SETUP_DRIVER_OK | VSK_SETUP_FAILED | VSK_SETUP_NEEDS_RESET;

    return (setup->status & asked) == VSK_SETUP_DRIVER_OK;
}

bool
vsk_setup_needs_reset(vsk_setup *setup)
{
    setup->status |= VSK_SETUP_NEEDS_RESET;
    return (setup->status & VSK_SETUP_DRIVER_OK) != 0;
}

bool
vsk_setup_allows(const vsk_setup *setup, uint16_t type)
{
    if (type == VSK_TYPE_SEQPACKET)
        return has(setup->accepted, VSK_FEATURE_SEQPACKET);
    return type == VSK_TYPE_STREAM &&
           (has(setup->accepted, VSK_FEATURE_STREAM) ||
            !has(setup->accepted, VSK_FEATURE_NO_IMPLIED_STREAM));
}

void
vsk_setup_read_config(vsk_setup *setup, uint32_t offset, uint8_t *data,
                      uint32_t size)
{
    uint8_t config[VSK_CONFIG_SIZE];

    vsk_le_store64(config, setup->guest_cid);
    memset(data, 0, size);
    if (offset < VSK_CONFIG_SIZE)
        memcpy(data, config + offset,
               size < VSK_CONFIG_SIZE - offset ? size
                                               : VSK_CONFIG_SIZE - offset);
    setup->config_read = true;
}

vsk_status
vsk_setup_set_cid(vsk_setup *setup, uint64_t guest_cid)
{
    if (!is_guest(guest_cid))
        return VSK_ERR_CID;
    if (guest_cid == setup->guest_cid)
        return VSK_OK;
    setup->guest_cid = guest_cid;
    if (setup->config_read)
        setup->generation++;
    setup->config_read = false;
    return VSK_OK;
}
