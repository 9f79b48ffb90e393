# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Answers to lesson 6."""

WRAP = 2**32


def free(buf_alloc: int, fwd_cnt: int, tx_cnt: int) -> int:
    return max(buf_alloc - (tx_cnt - fwd_cnt) % WRAP, 0)


def without_a_floor(buf_alloc: int, fwd_cnt: int, tx_cnt: int) -> int:
    return (buf_alloc - (tx_cnt - fwd_cnt)) % WRAP


def without_a_wrap(buf_alloc: int, fwd_cnt: int, tx_cnt: int) -> int:
    return max(buf_alloc - (tx_cnt - fwd_cnt), 0)


def of_31_bits(buf_alloc: int, fwd_cnt: int, tx_cnt: int) -> int:
    return min(free(buf_alloc, fwd_cnt, tx_cnt), 2**31 - 1)


RIGHT = {
    1: [(6_500,)],
    2: [((2, "CREDIT_UPDATE"),)],
    3: [(free,)],
    4: [("guest",)],
}

WRONG = {
    1: [
        ((4_000,), "That forgets fwd_cnt"),
        ((10_000,), "That is the whole buffer"),
        ((3_500,), "That is what is in flight"),
        ((2_500,), "That is what was taken"),
        ((1_500,), "you have taken it off twice"),
        ((6_456,), "That counts the header too"),
        ((6_501,), "Put the numbers into the formula"),
    ],
    2: [
        (((3, "CREDIT_REQUEST"),), "Asking gives nothing"),
        (((3, "CREDIT_UPDATE"),), "is who waits"),
        (((2, "RW"),), "has no payload to send"),
        (((2, "RST"),), "Which packet is there"),
        ((2,), "The answer is a pair"),
    ],
    3: [
        ((without_a_floor,), "the buffer shrank below what is in flight"),
        ((without_a_wrap,), "tx_cnt has wrapped and fwd_cnt has not"),
        ((of_31_bits,), "may have all 32 bits set"),
        ((free(1, 1, 1),), "Hand over the function itself"),
    ],
    4: [
        (("device",), "The device took the bytes and told so"),
        (("neither",), "Asking is a choice"),
        (("host",), 'Answer "guest", "device" or "neither"'),
    ],
}
