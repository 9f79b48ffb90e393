# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Lesson 1."""

from typing import Any

import vsk


def answer(**fields: Any) -> tuple[vsk.Packet]:
    """The RESPONSE, with fields of one's own."""
    usual = {"src": (2, 80), "dst": (3, 5000), "op": "RESPONSE", "type": "SEQPACKET"}
    return (vsk.Packet(**(usual | {"buf_alloc": 65536} | fields)),)


RIGHT = {1: [(8080,)], 2: [(1060,)], 3: [answer()]}

WRONG = {
    1: [
        ((0x901F0000,), "wrong end"),
        ((22,), "the port that the packet is from"),
        ((7,), "a CID"),
        ((1,), "1 does not stand there"),
    ],
    2: [
        ((1104,), "counts the header too"),
        ((1084,), "The header is 44 bytes"),
        ((44,), "44 is not it"),
    ],
    3: [
        ((b"RESPONSE",), "this is a bytes"),
        (answer(src=(3, 5000), dst=(2, 80)), "go back to the host itself"),
        (answer(src=(2, 5000), dst=(3, 80)), "another connection"),
        (answer(type="STREAM"), "another type"),
        (answer(op="REQUEST"), "a RESPONSE accepts"),
        (answer(payload=b"welcome"), "RW's alone"),
        (answer(buf_alloc=262144), "can take, here 65536"),
        (answer(fwd_cnt=262144), "none yet"),
    ],
}
