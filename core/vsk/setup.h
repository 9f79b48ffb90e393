/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Setup: what driver and device agree on before packets flow (virtio 1.4,
 * 3.1 and 5.10.4): status, features, and the configuration space with the
 * guest's CID.
 *
 *     status    0 -> ACKNOWLEDGE -> DRIVER -> FEATURES_OK -> DRIVER_OK
 *               any -> FAILED, any -> 0: reset, features forgotten
 */
#ifndef VSK_SETUP_H
#define VSK_SETUP_H

#include "vsk/conn.h"

#define VSK_SETUP_ACKNOWLEDGE 1u  /**< the driver has seen the device */
#define VSK_SETUP_DRIVER 2u       /**< it knows how to drive it */
#define VSK_SETUP_DRIVER_OK 4u    /**< queues are live */
#define VSK_SETUP_FEATURES_OK 8u  /**< features are agreed on */
#define VSK_SETUP_NEEDS_RESET 64u /**< the device cannot go on */
#define VSK_SETUP_FAILED 128u     /**< the driver gave up */

#define VSK_CID_HOST 2u    /**< context id of the host */
#define VSK_CONFIG_SIZE 8u /**< bytes of the configuration space */
#define VSK_BIT(bit) ((uint64_t)1 << (bit)) /**< a feature bit as a mask */

/** Every feature bit that a vsock device may offer: name, bit. */
#define VSK_FEATURE_TABLE(X)                                                   \
    X(STREAM, 0)                                                               \
    X(SEQPACKET, 1)                                                            \
    X(NO_IMPLIED_STREAM, 2)                                                    \
    X(INDIRECT_DESC, 28)                                                       \
    X(EVENT_IDX, 29)                                                           \
    X(VERSION_1, 32)                                                           \
    X(ACCESS_PLATFORM, 33)                                                     \
    X(RING_PACKED, 34)                                                         \
    X(IN_ORDER, 35)                                                            \
    X(ORDER_PLATFORM, 36)                                                      \
    X(NOTIFICATION_DATA, 38)                                                   \
    X(RING_RESET, 40)

/** All of them as a mask. */
#define VSK_FEATURES (UINT64_C(0) VSK_FEATURE_TABLE(VSK_FEATURE_MASK))
#define VSK_FEATURE_MASK(name, bit) | VSK_BIT(bit) /**< one of them */

/** Feature bits by name. */
typedef enum vsk_feature {
#define VSK_FEATURE_ENUMERATOR(name, bit) VSK_FEATURE_##name = bit,
    VSK_FEATURE_TABLE(VSK_FEATURE_ENUMERATOR)
#undef VSK_FEATURE_ENUMERATOR
} vsk_feature;

/** The device's side of the agreement. */
typedef struct vsk_setup {
    uint64_t offered;    /**< feature bits that the device offers */
    uint64_t accepted;   /**< of them the driver has accepted */
    uint64_t guest_cid;  /**< context id of the guest */
    uint32_t generation; /**< of the configuration space */
    uint8_t status;      /**< VSK_SETUP_* */
    bool config_read;    /**< the driver has seen this generation */
} vsk_setup;

/**
 * Begin before a driver is there.
 *
 * @param setup written on success
 * @param offered feature bits: any of VSK_FEATURE_TABLE, VERSION_1 among them
 * @param guest_cid 3 to 0xfffffffe (VSOCK-DEV-08)
 * @return VSK_OK, VSK_ERR_FEATURES or VSK_ERR_CID
 */
VSK_API vsk_status vsk_setup_init(vsk_setup *setup, uint64_t offered,
                                  uint64_t guest_cid);

/**
 * Take the features that a driver accepts.
 *
 * @param setup changed; what was refused leaves nothing accepted
 * @param accepted feature bits
 * @return VSK_OK, VSK_BAD_FEATURES where one was not offered or VERSION_1 is
 * missing (FEAT-DRV-01, RSVF-DRV-01), VSK_BAD_STATUS outside the step between
 * DRIVER and FEATURES_OK (INIT-DRV-04)
 */
VSK_API vsk_status vsk_setup_accept(vsk_setup *setup, uint64_t accepted);

/**
 * Take what the driver writes to the status register; 0 is a reset.
 *
 * @param setup changed on success
 * @param status all bits that the driver sets
 * @return VSK_OK, or VSK_BAD_STATUS where a bit is cleared, comes out of order
 * or follows FAILED (STATUS-DRV-02, INIT-DRV-01, -07); FEATURES_OK stays unset
 * without features that were accepted (FEAT-DEV-03)
 */
VSK_API vsk_status vsk_setup_write_status(vsk_setup *setup, uint8_t status);

/**
 * Forget everything that was agreed on (RESET-DEV-01).
 *
 * @param setup changed
 */
VSK_API void vsk_setup_reset(vsk_setup *setup);

/**
 * Tell whether queues may be touched (STATUS-DEV-02).
 *
 * @param setup to look at
 * @return true from DRIVER_OK to reset, failure or need of reset
 */
VSK_API bool vsk_setup_live(const vsk_setup *setup);

/**
 * Say that the device cannot go on (STATUS-DEV-03).
 *
 * @param setup changed
 * @return true where the driver must hear of it by a configuration change
 */
VSK_API bool vsk_setup_needs_reset(vsk_setup *setup);

/**
 * Tell whether connections of a type were agreed on: streams unless
 * NO_IMPLIED_STREAM was accepted without STREAM (VSOCK-BOTH-04).
 *
 * @param setup to look at
 * @param type VSK_TYPE_STREAM or VSK_TYPE_SEQPACKET
 * @return true where they may be made
 */
VSK_API bool vsk_setup_allows(const vsk_setup *setup, uint16_t type);

/**
 * Read the configuration space: le64 guest_cid (VSOCK-DEV-05).
 *
 * @param setup changed: the driver has seen this generation
 * @param offset byte to begin with
 * @param data written
 * @param size bytes; what is behind the space reads as 0
 */
VSK_API void vsk_setup_read_config(vsk_setup *setup, uint32_t offset,
                                   uint8_t *data, uint32_t size);

/**
 * Give the guest another CID; the generation counts once for a change that
 * the driver could see (CONF-DEV-01).
 *
 * @param setup changed on success
 * @param guest_cid 3 to 0xfffffffe
 * @return VSK_OK or VSK_ERR_CID
 */
VSK_API vsk_status vsk_setup_set_cid(vsk_setup *setup, uint64_t guest_cid);

#endif
