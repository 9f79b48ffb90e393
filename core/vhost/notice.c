/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/notice.h"

#include <stdarg.h>
#include <stdio.h>

vsk_status
vsk_notices_take(vsk_notices *notices, vsk_notice *notice)
{
    if (notices->count == 0)
        return VSK_NONE;
    *notice = notices->items[notices->first];
    notices->first = (notices->first + 1) % VSK_NOTICES;
    notices->count--;
    return VSK_OK;
}

void
vsk_notices_post(vsk_notices *notices, vsk_notice_kind kind, vsk_status status,
                 const char *text)
{
    vsk_notices_say(notices, kind, status, "%s", text);
}

void
vsk_notices_say(vsk_notices *notices, vsk_notice_kind kind, vsk_status status,
                const char *format, ...)
{
    vsk_notice *notice;
    va_list values;

    if (notices->count == VSK_NOTICES)
        return;
    notice = &notices->items[(notices->first + notices->count) % VSK_NOTICES];
    notices->count++;
    notice->kind = kind;
    notice->status = status;
    va_start(values, format);
    (void)vsnprintf(notice->text, sizeof notice->text, format, values);
    va_end(values);
}
