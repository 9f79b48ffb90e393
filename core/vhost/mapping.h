/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Mapping: guest memory that two processes share, and the table of it.
 *
 *     front end's addresses   user  ... user + size      rings
 *     guest addresses         guest ... guest + size     buffers
 *     this process            base  ... base + size
 *     file                    offset ...
 *
 * A mapping counts its references: a view of it may outlive the region's
 * place in the table. Where a peer cuts its file short after it was mapped,
 * zeros are read, and the mapping knows: see guard.h.
 */
#ifndef VSK_VHOST_MAPPING_H
#define VSK_VHOST_MAPPING_H

#include "vhost/message.h"
#include "vsk/memory.h"

#define VSK_MAPPING_SLOTS 64u /**< regions of a guest at most */

/** A piece of shared memory in this process. */
typedef struct vsk_mapping {
    vsk_shared_region region; /**< as it was announced */
    uint8_t *base;            /**< its first byte here */
    void *start;              /**< of what was mapped: a page's */
    size_t length;            /**< of what was mapped */
    uint32_t references;      /**< it is unmapped with the last one */
    uint32_t guard;           /**< its slot in the guard */
} vsk_mapping;

/** All of a guest's memory. */
typedef struct vsk_mappings {
    vsk_mapping *slots[VSK_MAPPING_SLOTS]; /**< by guest address */
    vsk_region regions[VSK_MAPPING_SLOTS]; /**< the same, for vsk_memory */
    uint32_t count;                        /**< entries in both */
} vsk_mappings;

/**
 * Map a piece of a file.
 *
 * @param region what is announced: size 1 or more, and no end beyond 2^64
 * @param fd of the file; stays the caller's
 * @param mapping written on success, with one reference
 * @return VSK_OK; VSK_BAD_REGION where it is empty, goes beyond the file, or
 * cannot be mapped; VSK_ERR_NOMEM; VSK_ERR_TABLE of the guard
 */
VSK_API vsk_status vsk_mapping_new(const vsk_shared_region *region, int fd,
                                   vsk_mapping **mapping);

/**
 * Make guest memory to be shared: zeroed, and sealed against being cut.
 *
 * @param guest address of its first byte, a multiple of 4096
 * @param size bytes, a multiple of 4096
 * @param fd written on success: the caller closes it
 * @param mapping written on success, with one reference; its user address is
 * that of this process
 * @return VSK_OK, VSK_ERR_REGION, VSK_ERR_SYSTEM or VSK_ERR_NOMEM
 */
VSK_API vsk_status vsk_mapping_create(uint64_t guest, uint64_t size, int *fd,
                                      vsk_mapping **mapping);

/**
 * Count another reference.
 *
 * @param mapping changed
 * @return mapping
 */
VSK_API vsk_mapping *vsk_mapping_ref(vsk_mapping *mapping);

/**
 * Count a reference less; the last one unmaps.
 *
 * @param mapping changed, void with the last one; NULL is none
 */
VSK_API void vsk_mapping_unref(vsk_mapping *mapping);

/**
 * Put a mapping into the table.
 *
 * @param mappings changed on success
 * @param mapping whose reference becomes the table's
 * @return VSK_OK; VSK_BAD_REGION where guest or user addresses overlap those
 * of another one; VSK_ERR_TABLE
 */
VSK_API vsk_status vsk_mappings_add(vsk_mappings *mappings,
                                    vsk_mapping *mapping);

/**
 * Take the mapping of a region out of the table (VHU-BE-44).
 *
 * @param mappings changed on success
 * @param region guest, user and size must be those of the mapping
 * @return VSK_OK, or VSK_BAD_REGION where there is none
 */
VSK_API vsk_status vsk_mappings_remove(vsk_mappings *mappings,
                                       const vsk_shared_region *region);

/**
 * Take all mappings out of the table.
 *
 * @param mappings changed
 */
VSK_API void vsk_mappings_clear(vsk_mappings *mappings);

/**
 * Tell whether the file of a mapping was found cut short.
 *
 * @param mappings to look at
 * @return true: what was read of it is not what the front end has
 */
VSK_API bool vsk_mappings_are_cut(const vsk_mappings *mappings);

/**
 * Turn an address of the front end's own into a guest address (VHU-BOTH-07).
 *
 * @param mappings where to look
 * @param user address
 * @param guest written on success
 * @return VSK_OK, or VSK_BAD_REGION where no region has it
 */
VSK_API vsk_status vsk_mappings_guest(const vsk_mappings *mappings,
                                      uint64_t user, uint64_t *guest);

/**
 * Turn a guest address into one of the front end's own.
 *
 * @param mappings where to look
 * @param guest address
 * @param user written on success
 * @return VSK_OK, or VSK_BAD_REGION where no region has it
 */
VSK_API vsk_status vsk_mappings_user(const vsk_mappings *mappings,
                                     uint64_t guest, uint64_t *user);

#endif
