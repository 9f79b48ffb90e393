/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* An account in any state, and every call with any arguments. */
#include "vsk/credit.h"
#include "any.h"

static vsk_credit
any_credit(void)
{
    vsk_credit credit;

    Frama_C_make_unknown((char *)&credit, sizeof credit);
    return credit;
}

void
main(void)
{
    vsk_credit credit;
    uint32_t buf_alloc, fwd_cnt;

    vsk_credit_init(&credit, any32());
    credit = any_credit();
    vsk_credit_count_from(&credit, any32());
    (void)vsk_credit_learn(&credit, any32(), any32());
    (void)vsk_credit_available(&credit);
    (void)vsk_credit_next(&credit, any32(), any_bool());
    (void)vsk_credit_empty(&credit);
    vsk_credit_forget(&credit);
    vsk_credit_sent(&credit, any32());
    (void)vsk_credit_received(&credit, any32());
    (void)vsk_credit_forwarded(&credit, any32());
    vsk_credit_resize(&credit, any32());
    (void)vsk_credit_owed(&credit, any_bool());
    vsk_credit_tell(&credit, &buf_alloc, &fwd_cnt);
}
