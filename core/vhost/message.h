/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Message: what a vhost-user front end and back end say to each other, as
 * bytes and as structs. Pure: no system call, no allocation.
 *
 *     0         4        8        12
 *     | request | flags  | size   | payload: size bytes ...
 *               bits 0-1 version, 1
 *               bit 2    reply
 *               bit 3    need_reply
 *
 * All integers are in the machine's own byte order (VHU-BOTH-01). Source: the
 * document vhost-user.rst of QEMU.
 */
#ifndef VSK_VHOST_MESSAGE_H
#define VSK_VHOST_MESSAGE_H

#include <stdint.h>

#include "vsk/setup.h"
#include "vsk/status.h"

#define VSK_MESSAGE_HEADER 12u      /**< bytes in front of the payload */
#define VSK_MESSAGE_PAYLOAD 4096u   /**< bytes of a payload at most */
#define VSK_MESSAGE_FDS 8u          /**< descriptors of a message at most */
#define VSK_MESSAGE_REGIONS 8u      /**< regions of SET_MEM_TABLE at most */
#define VSK_MESSAGE_VERSION 1u      /**< bits 0-1 of flags */
#define VSK_MESSAGE_REPLY 4u        /**< in flags: this is an answer */
#define VSK_MESSAGE_NEED_REPLY 8u   /**< in flags: one is wanted */
#define VSK_MESSAGE_NO_FD 0x100u    /**< in u64: no descriptor is attached */
#define VSK_MESSAGE_RING_MASK 0xffu /**< in u64: which ring */
#define VSK_FEATURE_PROTOCOL 30u /**< bit that announces the protocol's own */
#define VSK_CONFIG_MIGRATION 1u  /**< flags of SET_CONFIG: not by a driver */
#define VSK_CONFIG_BYTES (VSK_MESSAGE_PAYLOAD - 12u) /**< most at a time */

/** Every protocol feature that is known here: name, bit. */
#define VSK_PROTOCOL_TABLE(X)                                                  \
    X(MQ, 0)                                                                   \
    X(REPLY_ACK, 3)                                                            \
    X(BACKEND_REQ, 5)                                                          \
    X(CONFIG, 9)                                                               \
    X(RESET_DEVICE, 13)                                                        \
    X(INBAND_NOTIFICATIONS, 14)                                                \
    X(CONFIGURE_MEM_SLOTS, 15)                                                 \
    X(STATUS, 16)                                                              \
    X(DEVICE_STATE, 19)

/** Protocol features by name: their bits. */
typedef enum vsk_protocol {
#define VSK_PROTOCOL_ENUMERATOR(name, bit) VSK_PROTOCOL_##name = bit,
    VSK_PROTOCOL_TABLE(VSK_PROTOCOL_ENUMERATOR)
#undef VSK_PROTOCOL_ENUMERATOR
    /** stands for: needs none */
    VSK_PROTOCOL_NONE = 64
} vsk_protocol;

/** All of them. */
#define VSK_PROTOCOL_BIT(name, bit) VSK_BIT(bit) |
#define VSK_PROTOCOL_KNOWN (VSK_PROTOCOL_TABLE(VSK_PROTOCOL_BIT) UINT64_C(0))

/** What a payload is made of. */
typedef enum vsk_payload {
    VSK_PAYLOAD_NONE,     /**< nothing */
    VSK_PAYLOAD_U64,      /**< a number */
    VSK_PAYLOAD_STATE,    /**< a ring and a number */
    VSK_PAYLOAD_ADDR,     /**< where a ring stands */
    VSK_PAYLOAD_MEMORY,   /**< all regions */
    VSK_PAYLOAD_REGION,   /**< one region */
    VSK_PAYLOAD_CONFIG,   /**< a part of the configuration space */
    VSK_PAYLOAD_TRANSFER, /**< which way the device's state goes */
    VSK_PAYLOAD_ANY       /**< of a request that is not served: passed over */
} vsk_payload;

/**
 * Every request of a front end: name, id, its payload, that of its answer
 * (NONE: none but the acknowledgement under need_reply), descriptors at least
 * and at most (a ring's u64 may say that there is none), protocol feature.
 */
#define VSK_REQUEST_TABLE(X)                                                   \
    X(GET_FEATURES, 1, NONE, U64, 0, 0, NONE)                                  \
    X(SET_FEATURES, 2, U64, NONE, 0, 0, NONE)                                  \
    X(SET_OWNER, 3, NONE, NONE, 0, 0, NONE)                                    \
    X(RESET_OWNER, 4, NONE, NONE, 0, 0, NONE)                                  \
    X(SET_MEM_TABLE, 5, MEMORY, NONE, 0, 8, NONE)                              \
    X(SET_VRING_NUM, 8, STATE, NONE, 0, 0, NONE)                               \
    X(SET_VRING_ADDR, 9, ADDR, NONE, 0, 0, NONE)                               \
    X(SET_VRING_BASE, 10, STATE, NONE, 0, 0, NONE)                             \
    X(GET_VRING_BASE, 11, STATE, STATE, 0, 0, NONE)                            \
    X(SET_VRING_KICK, 12, U64, NONE, 0, 1, NONE)                               \
    X(SET_VRING_CALL, 13, U64, NONE, 0, 1, NONE)                               \
    X(SET_VRING_ERR, 14, U64, NONE, 0, 1, NONE)                                \
    X(GET_PROTOCOL_FEATURES, 15, NONE, U64, 0, 0, NONE)                        \
    X(SET_PROTOCOL_FEATURES, 16, U64, NONE, 0, 0, NONE)                        \
    X(GET_QUEUE_NUM, 17, NONE, U64, 0, 0, MQ)                                  \
    X(SET_VRING_ENABLE, 18, STATE, NONE, 0, 0, NONE)                           \
    X(SET_BACKEND_REQ_FD, 21, NONE, NONE, 1, 1, BACKEND_REQ)                   \
    X(GET_CONFIG, 24, CONFIG, CONFIG, 0, 0, CONFIG)                            \
    X(SET_CONFIG, 25, CONFIG, NONE, 0, 0, CONFIG)                              \
    X(RESET_DEVICE, 34, NONE, NONE, 0, 0, RESET_DEVICE)                        \
    X(VRING_KICK, 35, STATE, NONE, 0, 0, INBAND_NOTIFICATIONS)                 \
    X(GET_MAX_MEM_SLOTS, 36, NONE, U64, 0, 0, CONFIGURE_MEM_SLOTS)             \
    X(ADD_MEM_REG, 37, REGION, NONE, 1, 1, CONFIGURE_MEM_SLOTS)                \
    X(REM_MEM_REG, 38, REGION, NONE, 0, 1, CONFIGURE_MEM_SLOTS)                \
    X(SET_STATUS, 39, U64, NONE, 0, 0, STATUS)                                 \
    X(GET_STATUS, 40, NONE, U64, 0, 0, STATUS)                                 \
    X(SET_DEVICE_STATE_FD, 42, TRANSFER, U64, 1, 1, DEVICE_STATE)              \
    X(CHECK_DEVICE_STATE, 43, NONE, U64, 0, 0, DEVICE_STATE)

/** Requests of a front end by name. */
typedef enum vsk_request {
#define VSK_REQUEST_ENUMERATOR(name, id, payload, answer, least, most, needs)  \
    VSK_REQUEST_##name = id,
    VSK_REQUEST_TABLE(VSK_REQUEST_ENUMERATOR)
#undef VSK_REQUEST_ENUMERATOR
} vsk_request;

/** Every request of a back end, on the socket of SET_BACKEND_REQ_FD; columns
 * as in VSK_REQUEST_TABLE. */
#define VSK_BACKEND_TABLE(X)                                                   \
    X(CONFIG_CHANGE, 2, NONE, NONE, 0, 0, CONFIG)                              \
    X(VRING_CALL, 4, STATE, NONE, 0, 0, INBAND_NOTIFICATIONS)                  \
    X(VRING_ERR, 5, STATE, NONE, 0, 0, INBAND_NOTIFICATIONS)

/** Requests of a back end by name. */
typedef enum vsk_backend_request {
#define VSK_BACKEND_ENUMERATOR(name, id, payload, answer, least, most, needs)  \
    VSK_BACKEND_REQUEST_##name = id,
    VSK_BACKEND_TABLE(VSK_BACKEND_ENUMERATOR)
#undef VSK_BACKEND_ENUMERATOR
} vsk_backend_request;

/** What a request looks like. */
typedef struct vsk_request_shape {
    const char *name;    /**< as in the document, such as "SET_VRING_NUM" */
    uint32_t id;         /**< number of the request */
    vsk_payload payload; /**< of the request */
    vsk_payload answer;  /**< of its own answer; NONE: it has none */
    uint8_t fds_least;   /**< descriptors that it comes with */
    uint8_t fds_most;    /**< at most */
    uint8_t needs;       /**< protocol feature bit, VSK_PROTOCOL_NONE: none */
} vsk_request_shape;

/** A ring and a number: of descriptors, of its base, whether it is enabled. */
typedef struct vsk_ring_number {
    uint32_t index; /**< which ring */
    uint32_t num;   /**< the number; 0 in GET_VRING_BASE and VRING_KICK */
} vsk_ring_number;

/** Where a ring stands: addresses of the front end's own (VHU-BOTH-07). */
typedef struct vsk_ring_address {
    uint32_t index; /**< which ring */
    uint32_t flags; /**< bit 0: log writes to the used ring */
    uint64_t desc;  /**< descriptor area */
    uint64_t used;  /**< device area: in front of avail on the wire */
    uint64_t avail; /**< driver area */
    uint64_t log;   /**< guest address for the log */
} vsk_ring_address;

/** A piece of guest memory. */
typedef struct vsk_shared_region {
    uint64_t guest;  /**< guest address */
    uint64_t size;   /**< bytes */
    uint64_t user;   /**< the front end's own address of it */
    uint64_t offset; /**< where it begins in its descriptor's file */
} vsk_shared_region;

/** All pieces of guest memory. */
typedef struct vsk_shared_regions {
    uint32_t count;                                 /**< how many */
    vsk_shared_region regions[VSK_MESSAGE_REGIONS]; /**< in wire order */
} vsk_shared_regions;

/** A part of the configuration space. */
typedef struct vsk_config_part {
    uint32_t offset;                /**< first byte */
    uint32_t size;                  /**< bytes of data */
    uint32_t flags;                 /**< 0, or VSK_CONFIG_MIGRATION */
    uint8_t data[VSK_CONFIG_BYTES]; /**< size bytes of it count */
} vsk_config_part;

/** Which way the device's state goes. */
typedef struct vsk_transfer {
    uint32_t direction; /**< 0: the back end saves, 1: it loads */
    uint32_t phase;     /**< 0: the device is stopped */
} vsk_transfer;

/** A message. */
typedef struct vsk_message {
    uint32_t request; /**< VSK_REQUEST_* or VSK_BACKEND_REQUEST_* */
    uint32_t flags;   /**< VSK_MESSAGE_*, version included */
    uint32_t size;    /**< bytes of the payload on the wire */
    union {
        uint64_t u64;
        vsk_ring_number state;
        vsk_ring_address addr;
        vsk_shared_regions memory;
        vsk_shared_region region;
        vsk_config_part config;
        vsk_transfer transfer;
    }; /**< by the payload of the request's shape */
} vsk_message;

/**
 * Find what a front end's request looks like.
 *
 * @param request its number
 * @return its shape, NULL where none is known
 */
VSK_API const vsk_request_shape *vsk_request_find(uint32_t request);

/**
 * Find what a back end's request looks like.
 *
 * @param request its number
 * @return its shape, NULL where none is known
 */
VSK_API const vsk_request_shape *vsk_backend_request_find(uint32_t request);

/**
 * Read the 12 bytes in front of a message.
 *
 * @param message request, flags and size are written, also where they are
 * refused
 * @param wire 12 bytes
 * @return VSK_OK, VSK_BAD_MESSAGE where the version is not 1 (VHU-BOTH-03), or
 * VSK_BAD_MESSAGE_SIZE where the payload is above VSK_MESSAGE_PAYLOAD
 */
VSK_API vsk_status vsk_message_header(vsk_message *message,
                                      const uint8_t *wire);

/**
 * Read a payload.
 *
 * @param message its size is the payload's; the rest is written on success
 * @param payload how to read it; NONE demands that there are no bytes
 * @param wire message->size bytes
 * @return VSK_OK, or VSK_BAD_MESSAGE_SIZE where the size is not one that such
 * a payload has (VHU-BOTH-02), or VSK_BAD_REGION for more than 8 regions; a
 * table may be followed by regions that do not count
 */
VSK_API vsk_status vsk_message_decode(vsk_message *message, vsk_payload payload,
                                      const uint8_t *wire);

/**
 * Write a message; its size is set.
 *
 * @param message to be written; config.size and memory.count are believed
 * @param payload how to write it
 * @param wire written: room for VSK_MESSAGE_HEADER + VSK_MESSAGE_PAYLOAD bytes
 * @return bytes written, header included
 */
VSK_API uint32_t vsk_message_encode(vsk_message *message, vsk_payload payload,
                                    uint8_t *wire);

/**
 * Find what is wrong with a choice of protocol features.
 *
 * @param chosen features, VSK_BIT(VSK_PROTOCOL_*)
 * @param offered of which they may be: VSK_PROTOCOL_KNOWN, or the other side's
 * @return those that are not offered; where all are, INBAND_NOTIFICATIONS if
 * REPLY_ACK or BACKEND_REQ is missing (VHU-BOTH-10); 0: nothing
 */
VSK_API uint64_t vsk_protocol_wrong(uint64_t chosen, uint64_t offered);

/**
 * Name protocol features: "MQ, CONFIG, bit 40".
 *
 * @param features any bits
 * @param text written, with a zero at its end
 * @param size room in text
 * @return characters that it takes, as snprintf
 */
VSK_API uint32_t vsk_protocol_text(uint64_t features, char *text,
                                   uint32_t size);

/**
 * Name features of a device: "SEQPACKET, RING_PACKED, bit 33".
 *
 * @param features any bits
 * @param text written, with a zero at its end
 * @param size room in text
 * @return characters that it takes, as snprintf
 */
VSK_API uint32_t vsk_feature_text(uint64_t features, char *text, uint32_t size);

/**
 * Say a message in words: its name, and what it carries.
 *
 * @param message to be said
 * @param shape of its request; NULL: the number alone
 * @param payload that it carries: of the request, or of its answer
 * @param text written, with a zero at its end
 * @param size room in text
 * @return characters that it takes, as snprintf
 */
VSK_API uint32_t vsk_message_text(const vsk_message *message,
                                  const vsk_request_shape *shape,
                                  vsk_payload payload, char *text,
                                  uint32_t size);

#endif
