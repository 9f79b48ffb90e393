/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Notice: what happens between two ends of a socket, in words. They wait until
 * somebody reads them; nothing depends on them.
 */
#ifndef VSK_VHOST_NOTICE_H
#define VSK_VHOST_NOTICE_H

#include <stdint.h>

#include "vsk/status.h"

#define VSK_NOTICE_TEXT 200u /**< bytes of a notice's text */
#define VSK_NOTICES 16u      /**< notices that wait; later ones are dropped */

/** What a notice is about. */
typedef enum vsk_notice_kind {
    VSK_NOTICE_SESSION, /**< a front end or back end is there */
    VSK_NOTICE_LIVE,    /**< the driver is ready: packets may flow */
    VSK_NOTICE_STOPPED, /**< all rings stand still */
    VSK_NOTICE_END,     /**< the session is over; status says why */
    VSK_NOTICE_REFUSED, /**< another front end came, and was sent away */
    VSK_NOTICE_NOTE,    /**< something that is worth a line */
    VSK_NOTICE_STATE    /**< the device's state was saved or loaded; or not:
                           status says why */
} vsk_notice_kind;

/** Something that a person may want to read. */
typedef struct vsk_notice {
    vsk_notice_kind kind;       /**< what it is about */
    vsk_status status;          /**< VSK_OK, VSK_EOF, or the rule broken */
    char text[VSK_NOTICE_TEXT]; /**< in words, with the message where one is */
} vsk_notice;

/** Notices that wait to be read. */
typedef struct vsk_notices {
    vsk_notice items[VSK_NOTICES]; /**< a ring */
    uint32_t first;                /**< oldest */
    uint32_t count;                /**< how many */
} vsk_notices;

/**
 * Take the oldest notice.
 *
 * @param notices changed: backend->notices, frontend->notices
 * @param notice written on success
 * @return VSK_OK or VSK_NONE
 */
VSK_API vsk_status vsk_notices_take(vsk_notices *notices, vsk_notice *notice);

/**
 * Put a notice behind those that wait; dropped where VSK_NOTICES of them do.
 *
 * @param notices changed
 * @param kind what it is about
 * @param status why
 * @param text in words; cut at VSK_NOTICE_TEXT
 */
VSK_API void vsk_notices_post(vsk_notices *notices, vsk_notice_kind kind,
                              vsk_status status, const char *text);

#ifndef SWIG
/* The same with a text as of printf; of the ends' own sources. */
__attribute__((format(printf, 4, 5))) void vsk_notices_say(vsk_notices *notices,
                                                           vsk_notice_kind kind,
                                                           vsk_status status,
                                                           const char *format,
                                                           ...);
#endif

#endif
