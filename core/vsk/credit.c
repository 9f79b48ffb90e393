/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vsk/credit.h"

static uint32_t
min(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t
in_flight(const vsk_credit *credit)
{
    return credit->tx_cnt - credit->peer_fwd_cnt;
}

void
vsk_credit_init(vsk_credit *credit, uint32_t buf_alloc)
{
    *credit = (vsk_credit){.buf_alloc = buf_alloc};
}

void
vsk_credit_count_from(vsk_credit *credit, uint32_t count)
{
    credit->tx_cnt += count;
    credit->peer_fwd_cnt += count;
    credit->mark += count;
    credit->rx_cnt += count;
    credit->fwd_cnt += count;
    credit->told_fwd_cnt += count;
    credit->edge += count;
}

/* Drop the generations of packets whose last byte the peer has forwarded. */
static void
retire(vsk_credit *credit)
{
    uint32_t behind_mark = credit->tx_cnt - credit->mark;

    if (in_flight(credit) == 0) {
        credit->older = 0;
        credit->newer = 0;
        credit->mark = credit->tx_cnt;
    } else if (in_flight(credit) <= behind_mark) {
        credit->older = credit->newer;
        credit->newer = 0;
        credit->mark = credit->tx_cnt;
    }
}

vsk_status
vsk_credit_learn(vsk_credit *credit, uint32_t buf_alloc, uint32_t fwd_cnt)
{
    uint32_t taken = fwd_cnt - credit->peer_fwd_cnt;

    if (taken > in_flight(credit))
        return VSK_BAD_FWD_CNT;
    credit->peer_buf_alloc = buf_alloc;
    credit->peer_fwd_cnt = fwd_cnt;
    /* With nothing in flight only empty packets are counted: whoever answers
     * has had time to take them. */
    if (taken != 0 || in_flight(credit) == 0)
        retire(credit);
    return VSK_OK;
}

uint32_t
vsk_credit_available(const vsk_credit *credit)
{
    uint32_t used = in_flight(credit);

    return used >= credit->peer_buf_alloc ? 0 : credit->peer_buf_alloc - used;
}

uint32_t
vsk_credit_next(const vsk_credit *credit, uint32_t want, bool midway)
{
    uint32_t room = min(want, vsk_credit_available(credit));
    uint64_t packets = (uint64_t)credit->older + credit->newer;
    uint64_t cost = in_flight(credit) + (packets + 1) * VSK_CREDIT_PACKET;

    /* One packet with payload is always allowed: a tiny buffer would never see
     * any, and empty ones are never known to be taken. */
    if (midway || in_flight(credit) == 0)
        return room;
    if (cost >= credit->peer_buf_alloc)
        return 0;
    return min(room, credit->peer_buf_alloc - (uint32_t)cost);
}

bool
vsk_credit_empty(const vsk_credit *credit)
{
    uint64_t packets = (uint64_t)credit->older + credit->newer;
    uint64_t cost = in_flight(credit) + (packets + 1) * VSK_CREDIT_PACKET;

    return packets == 0 || cost <= credit->peer_buf_alloc;
}

void
vsk_credit_forget(vsk_credit *credit)
{
    credit->older = 0;
    credit->newer = 0;
    credit->mark = credit->tx_cnt;
}

void
vsk_credit_sent(vsk_credit *credit, uint32_t len)
{
    credit->tx_cnt += len;
    credit->newer++;
}

vsk_status
vsk_credit_received(vsk_credit *credit, uint32_t len)
{
    if (len > credit->edge - credit->rx_cnt)
        return VSK_BAD_CREDIT;
    credit->rx_cnt += len;
    return VSK_OK;
}

uint32_t
vsk_credit_held(const vsk_credit *credit)
{
    return credit->rx_cnt - credit->fwd_cnt;
}

vsk_status
vsk_credit_forwarded(vsk_credit *credit, uint32_t len)
{
    if (len > vsk_credit_held(credit))
        return VSK_ERR_FORWARDED;
    credit->fwd_cnt += len;
    return VSK_OK;
}

void
vsk_credit_resize(vsk_credit *credit, uint32_t buf_alloc)
{
    credit->buf_alloc = buf_alloc;
}

bool
vsk_credit_owed(const vsk_credit *credit, bool idle)
{
    uint32_t untold = credit->fwd_cnt - credit->told_fwd_cnt;
    uint32_t quarter = min(credit->buf_alloc, credit->peer_buf_alloc) / 4;

    if (credit->buf_alloc != credit->told_buf_alloc)
        return true;
    if (untold == 0)
        return false;
    return untold >= quarter || (idle && vsk_credit_held(credit) == 0);
}

void
vsk_credit_tell(vsk_credit *credit, uint32_t *buf_alloc, uint32_t *fwd_cnt)
{
    /* How far the peer may go; a smaller buffer takes nothing back. A full
     * buffer may lie behind what was received. */
    uint32_t held = vsk_credit_held(credit);
    uint32_t free = held >= credit->buf_alloc ? 0 : credit->buf_alloc - held;

    if (free > credit->edge - credit->rx_cnt)
        credit->edge = credit->rx_cnt + free;
    credit->told_fwd_cnt = credit->fwd_cnt;
    credit->told_buf_alloc = credit->buf_alloc;
    *buf_alloc = credit->buf_alloc;
    *fwd_cnt = credit->fwd_cnt;
}
