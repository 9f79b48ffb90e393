# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The checker: every rule broken alone and kept, what only looks broken, and what Linux sent."""

import doctest
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import vsk
import vsk.check
from vsk import Packet

VECTORS = Path(__file__).parents[1] / "vectors"
GUEST, HOST = (3, 1024), (2, 1234)
ROOM = 100
RECEIVE, SEND, BOTH = 1, 2, 3
EOM, EOR = 1, 2
Found = list[tuple[int, str, int]]


def guest(op: str | int, **fields: object) -> Packet:
    return Packet(**{"src": GUEST, "dst": HOST, "op": op, "buf_alloc": ROOM} | fields)  # type: ignore[arg-type]


def host(op: str | int, **fields: object) -> Packet:
    return guest(op, **{"src": HOST, "dst": GUEST} | fields)


def data(size: int) -> bytes:
    return bytes(size)


def check(
    trace: list[Packet], *, from_start: bool = True, complete: bool = False, cut: bool = False
) -> Found:
    records = [vsk.Record((packet, 0, None, cut)) for packet in trace]
    found = vsk.check.check(records, from_start=from_start, complete=complete)
    return [(finding.number, finding.clause, finding.cid) for finding in found]


OPEN = [guest("REQUEST"), host("RESPONSE")]
SEQ = [guest("REQUEST", type=2), host("RESPONSE", type=2)]


@dataclass
class Case:
    """A trace that breaks a clause in its last packet, and one that does not."""

    clause: str
    wrong: list[Packet]
    right: list[Packet]


CASES = {
    "the upper half of a CID": Case(
        "VSOCK-BOTH-06",
        [guest("REQUEST", src_cid=3 | 1 << 32)],
        [guest("REQUEST", src_cid=3)],
    ),
    "the upper half of a destination": Case(
        "VSOCK-BOTH-06",
        [guest("REQUEST", dst_cid=2 | 1 << 63)],
        [guest("REQUEST", dst_cid=0xFFFFFFFE)],
    ),
    "the upper half of a CID alone": Case(
        "VSOCK-BOTH-06",
        [guest("REQUEST", src_cid=1 << 32, dst_cid=0)],
        [guest("REQUEST", src_cid=(1 << 32) - 1, dst_cid=0)],
    ),
    "op INVALID": Case("VSOCK-BOTH-07", [*OPEN, guest("INVALID")], [*OPEN, guest("CREDIT_UPDATE")]),
    "an op that is none": Case("VSOCK-BOTH-07", [*OPEN, guest(8)], [*OPEN, guest(7)]),
    "a payload on another op than RW": Case(
        "VSOCK-BOTH-08",
        [*OPEN, guest("CREDIT_UPDATE", payload=data(1))],
        [*OPEN, guest("RW", payload=data(1))],
    ),
    "a len that lies": Case(
        "VSOCK-BOTH-08",
        [*OPEN, guest("RW", len=5, payload=data(4))],
        [*OPEN, guest("RW", len=5, payload=data(5))],
    ),
    "unknown flags of SHUTDOWN": Case(
        "VSOCK-BOTH-28", [*OPEN, guest("SHUTDOWN", flags=7)], [*OPEN, guest("SHUTDOWN", flags=3)]
    ),
    "unknown flags of SEQPACKET RW": Case(
        "VSOCK-BOTH-37",
        [*SEQ, guest("RW", type=2, flags=4 | EOM)],
        [*SEQ, guest("RW", type=2, flags=EOM)],
    ),
    "a record that ends in a message": Case(
        "VSOCK-BOTH-39",
        [*SEQ, guest("RW", type=2, flags=EOR)],
        [*SEQ, guest("RW", type=2, flags=EOR | EOM)],
    ),
    "boundaries in a stream": Case(
        "VSOCK-BOTH-13", [*OPEN, guest("RW", flags=EOM)], [*OPEN, guest("RW")]
    ),
    "flags of an op that has none": Case(
        "VSOCK-BOTH-05", [*OPEN, guest("CREDIT_UPDATE", flags=1)], [*OPEN, guest("CREDIT_UPDATE")]
    ),
    "boundaries of what is no data": Case(
        "VSOCK-BOTH-05",
        [*SEQ, guest("CREDIT_UPDATE", type=2, flags=EOM)],
        [*SEQ, guest("RW", type=2, flags=EOM)],
    ),
    "a type that is none": Case("VSOCK-BOTH-12", [guest("REQUEST", type=3)], [guest("REQUEST")]),
    "a type that changes": Case(
        "VSOCK-BOTH-12", [*OPEN, guest("RW", type=2)], [*OPEN, guest("RW")]
    ),
    "a RESPONSE of another type": Case(
        "VSOCK-BOTH-12", [guest("REQUEST"), host("RESPONSE", type=2)], OPEN
    ),
    "a RST of a type that nobody used": Case(
        "VSOCK-BOTH-12", [*OPEN, guest("RST", type=2)], [*OPEN, guest("RST")]
    ),
    "data without a connection": Case("VSOCK-BOTH-24", [guest("RW")], [*OPEN, guest("RW")]),
    "a RESPONSE without a connection": Case("VSOCK-BOTH-24", [host("RESPONSE")], OPEN),
    "REQUEST in a connection": Case(
        "VSOCK-BOTH-34",
        [*OPEN, guest("REQUEST")],
        [*OPEN, guest("RST"), guest("REQUEST")],
    ),
    "REQUEST of who accepted": Case(
        "VSOCK-BOTH-34", [*OPEN, host("REQUEST")], [*OPEN, host("RST"), host("REQUEST")]
    ),
    "REQUEST before the answer to the one before": Case(
        "VSOCK-BOTH-34",
        [guest("REQUEST"), guest("REQUEST")],
        [guest("REQUEST"), guest("RST"), guest("REQUEST")],
    ),
    "data before the RESPONSE": Case(
        "VSOCK-BOTH-25", [guest("REQUEST"), guest("RW")], [*OPEN, guest("RW")]
    ),
    "data instead of the RESPONSE": Case(
        "VSOCK-BOTH-25", [guest("REQUEST"), host("RW")], [*OPEN, host("RW")]
    ),
    "credit instead of the RESPONSE": Case(
        "VSOCK-BOTH-25",
        [guest("REQUEST"), host("CREDIT_UPDATE")],
        [*OPEN, host("CREDIT_UPDATE")],
    ),
    "RESPONSE to the own REQUEST": Case(
        "VSOCK-BOTH-25", [guest("REQUEST"), guest("RESPONSE")], OPEN
    ),
    "a second RESPONSE": Case("VSOCK-BOTH-25", [*OPEN, host("RESPONSE")], OPEN),
    "RESPONSE of who asked": Case("VSOCK-BOTH-25", [*OPEN, guest("RESPONSE")], OPEN),
    "RST out of nothing": Case("VSOCK-BOTH-31", [host("RST")], [guest("REQUEST"), host("RST")]),
    "a device's RST that answers RST": Case(
        "VSOCK-DEV-13",
        [guest("REQUEST"), host("RST"), guest("RST"), host("RST")],
        [guest("REQUEST"), host("RST"), guest("RST")],
    ),
    "a device's RST that answers RST, in a connection": Case(
        "VSOCK-DEV-13",
        [*OPEN, host("RST"), guest("RST"), host("RST")],
        [*OPEN, guest("RW"), host("RST"), guest("RST"), host("RST")],  # perhaps to the RW
    ),
    "a device's RST that answers RST, behind data that it has taken": Case(
        "VSOCK-DEV-13",
        [
            *[*OPEN, guest("RW", payload=data(5)), host("RST", fwd_cnt=5), guest("RST")],
            host("RST"),
        ],
        [
            *[*OPEN, guest("RW", payload=data(5)), host("RST", fwd_cnt=0), guest("RST")],
            host("RST"),
        ],
    ),
    "a driver's RST that answers RST": Case(
        "VSOCK-DRV-14",
        [*OPEN, guest("RW"), guest("RST"), host("RST"), guest("RST")],
        [*OPEN, guest("RST"), host("RST"), guest("RST")],  # perhaps to the RESPONSE
    ),
    "data after the own RST": Case(
        "VSOCK-BOTH-31", [*OPEN, guest("RST"), guest("RW")], [*OPEN, guest("RST"), host("RW")]
    ),
    "data after the own RST, which crossed another": Case(
        "VSOCK-BOTH-31",
        [*OPEN, guest("RST"), host("RST"), host("RW")],
        [*OPEN, guest("RST"), host("RW"), host("RST")],
    ),
    "RESPONSE after the own RST": Case(
        "VSOCK-BOTH-31", [guest("REQUEST"), host("RST"), host("RESPONSE")], OPEN
    ),
    "a driver that passes its credit": Case(
        "VSOCK-DRV-09",
        [*OPEN, guest("RW", payload=data(60)), guest("RW", payload=data(41))],
        [*OPEN, guest("RW", payload=data(60)), guest("RW", payload=data(40))],
    ),
    "a device that passes its credit": Case(
        "VSOCK-DEV-11",
        [*OPEN, host("RW", payload=data(ROOM)), host("RW", payload=data(1))],
        [
            *[*OPEN, host("RW", payload=data(ROOM)), guest("CREDIT_UPDATE", fwd_cnt=1)],
            host("RW", payload=data(1)),
        ],
    ),
    "a device that passes its credit after the RST that it does not know of": Case(
        "VSOCK-DEV-11",
        [*OPEN, guest("RST"), host("RW", payload=data(ROOM + 1))],
        [*OPEN, guest("RST"), host("RW", payload=data(ROOM))],
    ),
    "a second RESPONSE after the RST that it does not know of": Case(
        "VSOCK-BOTH-25", [*OPEN, guest("RST"), host("RESPONSE")], [*OPEN, guest("RST"), host("RW")]
    ),
    "data instead of the RESPONSE to a REQUEST that was given up": Case(
        "VSOCK-BOTH-25",
        [guest("REQUEST"), guest("RST"), host("RW")],
        [guest("REQUEST"), guest("RST"), host("RESPONSE"), host("RW"), guest("RST")],
    ),
    "fwd_cnt ahead of what was sent": Case(
        "VSOCK-BOTH-18",
        [*OPEN, guest("RW", payload=data(5)), host("CREDIT_UPDATE", fwd_cnt=6)],
        [*OPEN, guest("RW", payload=data(5)), host("CREDIT_UPDATE", fwd_cnt=5)],
    ),
    "fwd_cnt in a REQUEST": Case("VSOCK-BOTH-18", [guest("REQUEST", fwd_cnt=1)], OPEN),
    "fwd_cnt that goes back": Case(
        "VSOCK-BOTH-18",
        [*OPEN, guest("RW", payload=data(5)), host("RW", fwd_cnt=5), host("RW", fwd_cnt=4)],
        [*OPEN, guest("RW", payload=data(5)), host("RW", fwd_cnt=4), host("RW", fwd_cnt=5)],
    ),
    "a device's RST without the connection's credit": Case(
        "VSOCK-DEV-12",
        [*OPEN, guest("RW", payload=data(5)), host("RW", fwd_cnt=5), host("RST")],
        [*OPEN, guest("RW", payload=data(5)), host("RW", fwd_cnt=5), host("RST", fwd_cnt=5)],
    ),
    "a RST without credit where the addresses are used again": Case(
        "VSOCK-DEV-12",
        [
            *[*OPEN, guest("CREDIT_UPDATE"), host("RST"), *OPEN, guest("RW", payload=data(5))],
            *[host("RW", fwd_cnt=5), host("RST")],
        ],
        [
            *[*OPEN, guest("CREDIT_UPDATE"), host("RST"), *OPEN, guest("RW", payload=data(5))],
            *[host("RW", fwd_cnt=5), host("RST", fwd_cnt=5)],
        ],
    ),
    "a driver's RST without the connection's credit": Case(
        "VSOCK-DRV-10",
        [*OPEN, host("RW", payload=data(5)), guest("RST", fwd_cnt=6)],
        [*OPEN, host("RW", payload=data(5)), guest("RST", fwd_cnt=4)],
    ),
    "data after the own SHUTDOWN(SEND)": Case(
        "VSOCK-BOTH-29",
        [*OPEN, guest("SHUTDOWN", flags=SEND), guest("RW", payload=data(1))],
        [*OPEN, guest("SHUTDOWN", flags=RECEIVE), guest("RW", payload=data(1))],
    ),
    "data to one who receives no more, as fwd_cnt proves": Case(
        "VSOCK-BOTH-28",
        [
            *[*OPEN, host("SHUTDOWN", flags=RECEIVE), host("RW", payload=data(5))],
            guest("RW", payload=data(1), fwd_cnt=5),
        ],
        [
            *[*OPEN, host("RW", payload=data(5)), host("SHUTDOWN", flags=RECEIVE)],
            guest("RW", payload=data(1), fwd_cnt=5),
        ],
    ),
    "data to one who receives no more, as the credit proves": Case(
        "VSOCK-BOTH-28",
        [
            *[*OPEN, guest("RW", payload=data(ROOM))],
            *[host("SHUTDOWN", flags=RECEIVE, fwd_cnt=ROOM), guest("RW", payload=data(1))],
        ],
        [
            *[*OPEN, guest("RW", payload=data(ROOM - 1))],
            *[host("SHUTDOWN", flags=RECEIVE, fwd_cnt=ROOM - 1), guest("RW", payload=data(1))],
        ],
    ),
    "SHUTDOWN that says nothing": Case(
        "VSOCK-BOTH-28", [*OPEN, guest("SHUTDOWN")], [*OPEN, guest("SHUTDOWN", flags=RECEIVE)]
    ),
    "SHUTDOWN that says nothing new": Case(
        "VSOCK-BOTH-30",
        [*OPEN, guest("SHUTDOWN", flags=BOTH), guest("SHUTDOWN", flags=SEND)],
        [*OPEN, guest("SHUTDOWN", flags=SEND), guest("SHUTDOWN", flags=BOTH)],
    ),
    "a message that is larger than the buffer": Case(
        "VSOCK-DRV-09",
        [
            *[*SEQ, guest("RW", type=2, payload=data(60))],
            *[host("CREDIT_UPDATE", type=2, fwd_cnt=60), guest("RW", type=2, payload=data(60))],
        ],
        [
            *[*SEQ, guest("RW", type=2, payload=data(60), flags=EOM)],
            *[host("CREDIT_UPDATE", type=2, fwd_cnt=60), guest("RW", type=2, payload=data(60))],
        ],
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_rule_that_is_broken_alone_is_named_with_clause_and_fault(case: Case) -> None:
    last = case.wrong[-1]

    assert check(case.wrong) == [(len(case.wrong), case.clause, last.src_cid)]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_same_trace_without_it_is_clean(case: Case) -> None:
    assert check(case.right) == []


# What is never answered, where both sides had become quiet

UNANSWERED = {
    "REQUEST": Case("VSOCK-BOTH-25", [guest("REQUEST")], OPEN),
    "CREDIT_REQUEST": Case(
        "VSOCK-BOTH-21",
        [*OPEN, guest("CREDIT_REQUEST")],
        [*OPEN, guest("CREDIT_REQUEST"), host("CREDIT_UPDATE")],
    ),
    "SHUTDOWN": Case(
        "VSOCK-BOTH-32",
        [*OPEN, guest("SHUTDOWN", flags=SEND), guest("SHUTDOWN", flags=BOTH)],
        [*OPEN, guest("SHUTDOWN", flags=BOTH), host("RST")],
    ),
    "SHUTDOWN, until its own RST": Case(
        "VSOCK-BOTH-32",
        [*OPEN, guest("SHUTDOWN", flags=BOTH)],
        [*OPEN, guest("SHUTDOWN", flags=BOTH), guest("RST")],
    ),
}


@pytest.mark.parametrize("case", UNANSWERED.values(), ids=UNANSWERED)
def test_what_is_not_answered_shows_at_the_end_alone(case: Case) -> None:
    assert check(case.wrong) == []
    assert check(case.wrong, complete=True) == [(len(case.wrong), case.clause, 2)]
    assert check(case.right, complete=True) == []


def test_of_what_is_asked_twice_the_first_is_named() -> None:  # VSOCK-BOTH-21
    trace = [*OPEN, guest("CREDIT_REQUEST"), guest("CREDIT_REQUEST")]

    assert check(trace, complete=True) == [(3, "VSOCK-BOTH-21", 2)]


def test_a_connection_left_open_breaks_no_rule() -> None:
    assert check([*OPEN, guest("RW", payload=data(5))], complete=True) == []


# Rules that need another one broken first


def test_a_packet_of_no_connection_is_answered_by_rst() -> None:  # VSOCK-BOTH-26
    stray, first = guest("RW", payload=data(5)), (1, "VSOCK-BOTH-24", 3)

    assert check([stray, host("RST")], complete=True) == [first]
    assert check([stray], complete=True) == [first, (1, "VSOCK-BOTH-26", 2)]


def test_a_packet_of_no_connection_is_answered_by_nothing_else() -> None:  # VSOCK-BOTH-26
    trace = [guest("RW"), host("CREDIT_UPDATE")]

    assert check(trace) == [(1, "VSOCK-BOTH-24", 3), (2, "VSOCK-BOTH-26", 2)]


def test_each_packet_of_no_connection_is_worth_one_rst() -> None:  # VSOCK-BOTH-31
    strays: Found = [(1, "VSOCK-BOTH-24", 3), (2, "VSOCK-BOTH-24", 3)]
    trace = [guest("RW"), guest("RW"), host("RST"), host("RST")]

    assert check(trace, complete=True) == strays
    assert check([*trace, host("RST")]) == [*strays, (5, "VSOCK-BOTH-31", 2)]


def test_what_comes_after_a_rst_may_be_answered_by_rst() -> None:  # VSOCK-BOTH-31
    trace = [*OPEN, guest("RST"), guest("RW"), host("RST"), host("RST")]

    assert check(trace) == [(4, "VSOCK-BOTH-31", 3)]


@pytest.mark.parametrize(
    ("sender", "answerer", "clause"), [(guest, host, "VSOCK-DEV-13"), (host, guest, "VSOCK-DRV-14")]
)
def test_an_unknown_type_is_answered_by_rst(  # VSOCK-DEV-13, VSOCK-DRV-14
    sender: Callable[..., Packet], answerer: Callable[..., Packet], clause: str
) -> None:
    odd, fault = sender("RW", type=77), (1, "VSOCK-BOTH-12", sender("RW").src_cid)

    assert check([odd, answerer("RST", type=77)], complete=True) == [fault]
    assert check([odd, answerer("RST")], complete=True) == [
        fault,
        (2, "VSOCK-BOTH-12", 5 - fault[2]),
    ]
    assert check([odd], complete=True) == [fault, (1, clause, 5 - fault[2])]


def test_an_op_that_is_none_may_be_answered_by_rst() -> None:  # VSOCK-BOTH-07
    found = check([guest(99), host("RST")], complete=True)

    assert found == [(1, "VSOCK-BOTH-07", GUEST[0])]


def test_a_rst_for_another_type_knows_no_credit() -> None:  # VSOCK-DEV-12
    trace = [*OPEN, guest("RW", payload=data(5)), host("RW", fwd_cnt=5), guest("RW", type=2)]

    assert check([*trace, host("RST", type=2, buf_alloc=0)]) == [(5, "VSOCK-BOTH-12", 3)]


def test_a_request_in_a_connection_may_be_accepted_all_the_same() -> None:  # VSOCK-BOTH-34
    trace = [*OPEN, host("RW", payload=data(ROOM)), guest("REQUEST"), host("RESPONSE")]
    trace += [host("RW", payload=data(ROOM))]

    assert check(trace) == [(4, "VSOCK-BOTH-34", 3)]


def test_a_request_in_a_connection_may_not_have_arrived_yet() -> None:  # VSOCK-BOTH-34
    trace = [*OPEN, guest("REQUEST"), host("RW"), host("CREDIT_REQUEST"), host("RST")]

    assert check(trace, complete=True) == [(3, "VSOCK-BOTH-34", 3)]


def test_a_rst_for_what_was_no_connection_is_not_taken_for_one_of_the_next() -> None:
    refused = [guest("RW"), guest("REQUEST"), host("RST"), host("RESPONSE"), guest("RW")]
    given_up = [host("RW"), guest("REQUEST"), guest("RST"), host("RESPONSE"), guest("RW")]

    assert check(refused) == [(1, "VSOCK-BOTH-24", 3)]
    assert check(given_up) == [(1, "VSOCK-BOTH-24", 2)]


def test_a_fwd_cnt_that_is_wrong_is_not_believed() -> None:  # VSOCK-BOTH-18
    trace = [*OPEN, guest("RW", payload=data(5)), host("RW", fwd_cnt=9), host("RW", fwd_cnt=5)]

    assert check(trace) == [(4, "VSOCK-BOTH-18", 2)]


def test_a_message_that_is_too_large_is_one_finding() -> None:  # VSOCK-DRV-09
    trace = [*SEQ, *[guest("RW", type=2, payload=data(20)) for _ in range(5)]]
    trace += [host("CREDIT_UPDATE", type=2, fwd_cnt=100)]
    trace += [guest("RW", type=2, payload=data(20)) for _ in range(3)]

    assert check(trace) == [(9, "VSOCK-DRV-09", 3)]


# What only looks broken

LEGAL = {
    "both abort at once": [*OPEN, guest("RST"), host("RST")],
    "a connect is given up while it is refused": [guest("REQUEST"), guest("RST"), host("RST")],
    "a packet under way meets a RST, and is answered": [
        *[*OPEN, guest("RST"), host("RW", payload=data(5)), host("CREDIT_UPDATE")],
        *[guest("RST"), guest("RST")],
    ],
    "a RST for data that was under way to who sent RST": [
        *[*OPEN, guest("RW", payload=data(5)), guest("RW", payload=data(5))],
        *[host("RW", fwd_cnt=5), host("RST", fwd_cnt=5), guest("RST"), host("RST")],
    ],
    "a refused pair is used again": [guest("REQUEST"), host("RST"), *OPEN],
    "a closed pair is used again": [*OPEN, guest("SHUTDOWN", flags=BOTH), host("RST"), *OPEN],
    "a closed pair is used again the other way": [
        *[*OPEN, host("RST"), host("REQUEST"), guest("RESPONSE"), guest("RW")],
    ],
    "a pair is used again as another type": [*OPEN, host("RST"), *SEQ],
    "what was under way arrives after the pair is used again": [
        *[*OPEN, guest("RST"), guest("REQUEST"), host("RW", payload=data(5), fwd_cnt=0)],
        *[host("RESPONSE"), host("RW", payload=data(ROOM))],
    ],
    "what was under way is of another type": [
        *[*OPEN, guest("RST"), guest("REQUEST", type=2), host("RW"), host("RESPONSE", type=2)],
    ],
    "a RST was under way when the pair was used again": [
        *[*OPEN, guest("RST"), guest("REQUEST"), host("RST"), host("RESPONSE"), guest("RW")],
    ],
    "a RST that may have been under way makes who asked ask again": [
        *[*OPEN, guest("RST"), guest("REQUEST"), host("RST"), guest("REQUEST"), host("RESPONSE")],
    ],
    "the answer to what was under way meets the next REQUEST": [
        *[*OPEN, host("RST"), guest("RW"), guest("REQUEST"), host("RST"), host("RESPONSE")],
    ],
    "both ask at once": [guest("REQUEST"), host("REQUEST"), guest("RESPONSE"), host("RW")],
    "data meets SHUTDOWN(RECEIVE) under way": [
        *[*OPEN, host("SHUTDOWN", flags=RECEIVE), guest("RW", payload=data(ROOM))],
    ],
    "both close at once": [
        *[*OPEN, guest("SHUTDOWN", flags=BOTH), host("SHUTDOWN", flags=BOTH)],
        *[guest("RST"), host("RST")],
    ],
    "each direction is closed alone": [
        *[*OPEN, guest("SHUTDOWN", flags=SEND), host("RW", payload=data(9))],
        *[guest("CREDIT_UPDATE", fwd_cnt=9), host("SHUTDOWN", flags=SEND)],
        *[guest("SHUTDOWN", flags=RECEIVE, fwd_cnt=9), host("RST")],
    ],
    "the buffer shrinks below what is in it": [
        *[*OPEN, guest("RW", payload=data(50)), host("CREDIT_UPDATE", buf_alloc=10)],
        *[guest("RW", payload=data(50)), host("CREDIT_UPDATE", buf_alloc=10, fwd_cnt=95)],
        guest("RW", payload=data(5)),
    ],
    "a RST of who never had the connection knows no credit": [
        *[guest("REQUEST"), host("RST", buf_alloc=0, fwd_cnt=7)],
    ],
    "data crosses the connection's first credit": [
        *[*OPEN, host("RW", payload=data(ROOM)), guest("RW", payload=data(ROOM))],
        *[host("RW", fwd_cnt=ROOM), guest("RW", fwd_cnt=ROOM, payload=data(ROOM))],
    ],
    "addresses are one another's mirror": [
        *[guest("REQUEST", src=(3, 7), dst=(2, 9)), guest("REQUEST", src=(3, 9), dst=(2, 7))],
        *[host("RESPONSE", src=(2, 9), dst=(3, 7)), host("RST", src=(2, 7), dst=(3, 9))],
    ],
}


@pytest.mark.parametrize("trace", LEGAL.values(), ids=LEGAL)
def test_what_may_have_crossed_is_no_finding(trace: list[Packet]) -> None:
    assert check(trace, complete=True) == []


def test_counters_wrap() -> None:  # VSOCK-BOTH-18, -19
    big = 0x7FFFFFFF
    step = [guest("RW", len=big), host("CREDIT_UPDATE", buf_alloc=big)]
    trace = [guest("REQUEST"), host("RESPONSE", buf_alloc=big)]
    for number in range(1, 6):
        step[1].fwd_cnt = number * big % 2**32
        trace += [step[0].copy(), step[1].copy()]

    assert check(trace, cut=True) == []
    back = host("CREDIT_UPDATE", fwd_cnt=(5 * big - 1) % 2**32)
    assert check([*trace, back], cut=True) == [(13, "VSOCK-BOTH-18", 2)]


def test_a_window_may_be_as_large_as_the_counter() -> None:  # VSOCK-BOTH-19
    window = {"buf_alloc": 0xFFFFFFFF}
    trace = [guest("REQUEST"), host("RESPONSE", **window), guest("RW", len=0xFFFFFFFF)]

    assert check([*trace, host("RW", fwd_cnt=0xFFFFFFFF)], cut=True) == []
    assert check([*trace, host("RW", fwd_cnt=0xFFFFFFFE)], cut=True) == []


@pytest.mark.parametrize(
    ("fwd_cnt", "rule"),
    [
        (6, "fwd_cnt is 6, 1 more than the bytes sent to it"),
        (4, "fwd_cnt goes back from 5 to 4"),
    ],
)
def test_a_wrong_fwd_cnt_is_told_apart(fwd_cnt: int, rule: str) -> None:  # VSOCK-BOTH-18
    trace = [*OPEN, guest("RW", payload=data(5)), host("RW", fwd_cnt=5)]
    checker = vsk.check.Checker()
    for packet in trace:
        checker.packet(packet)

    (finding,) = checker.packet(host("RW", fwd_cnt=fwd_cnt))

    assert finding.rule == rule


def test_a_payload_that_was_cut_short_is_no_lie() -> None:  # VSOCK-BOTH-08
    assert check([*OPEN, guest("RW", len=50, payload=data(4))], cut=True) == []


# A capture that begins in the middle


def test_an_old_connection_is_taken_as_it_is() -> None:
    trace = [guest("RW", fwd_cnt=70000, payload=data(ROOM)), host("RW", fwd_cnt=4096)]
    trace += [host("CREDIT_UPDATE", fwd_cnt=5000), guest("RST", fwd_cnt=80000), *OPEN]

    assert check(trace, from_start=False) == []
    assert check(trace)[0] == (1, "VSOCK-BOTH-24", 3)


def test_a_rst_of_something_old_is_no_finding() -> None:
    assert check([host("RST")], from_start=False) == []


@pytest.mark.parametrize(
    ("last", "clause"),
    [
        (host("RW", fwd_cnt=4095), "VSOCK-BOTH-18"),
        (guest("RW", fwd_cnt=69999), "VSOCK-BOTH-18"),
        (host("RW", fwd_cnt=4096, type=2), "VSOCK-BOTH-12"),
        (host("REQUEST"), "VSOCK-BOTH-34"),
        (host("RESPONSE"), "VSOCK-BOTH-25"),
        (host("SHUTDOWN", fwd_cnt=4096), "VSOCK-BOTH-28"),
    ],
)
def test_in_an_old_connection_the_rules_hold_that_need_no_beginning(
    last: Packet, clause: str
) -> None:
    trace = [guest("RW", fwd_cnt=70000), host("RW", fwd_cnt=4096)]

    assert check([*trace, last], from_start=False) == [(3, clause, last.src_cid)]


def test_in_an_old_connection_credit_is_not_known() -> None:
    trace = [host("SHUTDOWN", type=2, flags=RECEIVE), guest("RW", type=2, payload=data(ROOM + 1))]

    assert check(trace, from_start=False) == []


def test_who_was_not_heard_yet_may_begin_again() -> None:
    trace = [host("RW", fwd_cnt=4096), guest("REQUEST"), host("RESPONSE")]

    assert check(trace, from_start=False) == []


# Honest peers, whatever crosses, wherever they are captured


@dataclass
class Peer:
    """One end of one address pair that keeps the rules by what it knows itself."""

    make: Callable[..., Packet]
    rng: random.Random
    out: list[Packet] = field(default_factory=list)
    state: str = "closed"
    sent: int = 0
    queued: int = 0
    fwd: int = 0
    room: int = ROOM
    peer_edge: int = 0
    mine: int = 0
    theirs: int = 0

    def put(self, op: str, **fields: object) -> None:
        credit = {"buf_alloc": self.room, "fwd_cnt": self.fwd}
        self.out.append(self.make(op, **credit | fields))

    def fresh(self, state: str) -> None:
        self.state = state
        self.sent = self.queued = self.fwd = self.peer_edge = self.mine = self.theirs = 0

    def learn(self, packet: Packet) -> None:
        self.peer_edge = packet.fwd_cnt + packet.buf_alloc

    def take(self, packet: Packet) -> None:
        """Answer a packet as the specification says."""
        op = packet.op
        if op == vsk.Op.RST:
            self.fresh("closed")
        elif self.state == "closed" and op == vsk.Op.REQUEST and self.rng.random() < 0.8:
            self.fresh("open")
            self.learn(packet)
            self.put("RESPONSE")
        elif self.state == "asking" and op == vsk.Op.RESPONSE:
            self.state = "open"
            self.learn(packet)
        elif self.state == "open" and op not in (vsk.Op.REQUEST, vsk.Op.RESPONSE):
            self.learn(packet)
            self.queued += packet.len
            self.theirs |= packet.flags if op == vsk.Op.SHUTDOWN else 0
            if op == vsk.Op.CREDIT_REQUEST:
                self.put("CREDIT_UPDATE")
            if self.theirs == BOTH:
                self.put("RST")
                self.fresh("closed")
        else:
            was_open = self.state == "open"
            self.put("RST", **{} if was_open else {"buf_alloc": 0, "fwd_cnt": 0})
            self.fresh("closed")

    def act(self) -> None:
        """Do something of its own."""
        if self.state == "closed":
            if self.make is guest:
                self.fresh("asking")
                self.put("REQUEST")
        elif self.state == "asking":
            if self.rng.random() < 0.1:
                self.put("RST")
                self.fresh("closed")
        else:
            act = self.rng.choices(
                [self.send, self.read, self.update, self.ask, self.resize, self.shut, self.abort],
                [20, 20, 5, 3, 3, 4, 1],
            )[0]
            act()

    def send(self) -> None:
        free = self.peer_edge - self.sent
        if free > 0 and not (self.mine & SEND or self.theirs & RECEIVE):
            size = self.rng.randint(1, free)
            self.sent += size
            self.put("RW", payload=data(size))

    def read(self) -> None:
        size = self.rng.randint(0, self.queued)
        self.fwd, self.queued = self.fwd + size, self.queued - size

    def update(self) -> None:
        self.put("CREDIT_UPDATE")

    def ask(self) -> None:
        self.put("CREDIT_REQUEST")

    def resize(self) -> None:
        self.room = self.rng.choice([10, ROOM, 300])

    def shut(self) -> None:
        new = self.rng.choice([RECEIVE, SEND, BOTH]) & ~self.mine
        if new:
            self.mine |= new
            self.put("SHUTDOWN", flags=new)

    def abort(self) -> None:
        self.put("RST")
        self.fresh("closed")


def honest_trace(seed: int) -> list[Packet]:
    """What a capture has that was taken on the way between two peers."""
    rng = random.Random(seed)
    peers = Peer(guest, rng), Peer(host, rng)
    onward: list[list[Packet]] = [[], []]  # behind the place of the capture
    near = rng.choice([0.1, 0.5, 0.9])
    trace: list[Packet] = []
    for _ in range(600):
        side = rng.randrange(2)
        if rng.random() < 0.3:
            peers[side].act()
        # From the peer to the capture; from there to the other peer.
        if peers[side].out and rng.random() < (near if side else 1 - near):
            packet = peers[side].out.pop(0)
            trace.append(packet)
            onward[side].append(packet)
        if onward[side] and rng.random() < (1 - near if side else near):
            peers[1 - side].take(onward[side].pop(0))
    return trace


def test_honest_peers_are_clean() -> None:
    packets = 0
    for seed in range(600):
        trace = honest_trace(seed)
        packets += len(trace)

        found = vsk.check.check([vsk.Record((packet, 0, None, False)) for packet in trace])

        assert [f"seed {seed}: {trace[: f.number]} {f}" for f in found] == []
    assert packets > 36_000


# What Linux sent, and the host that it spoke with


def recorded(name: str, **options: bool) -> list[vsk.check.Finding]:
    with vsk.Capture(VECTORS / name) as capture:
        return vsk.check.check(capture, **options)


def test_linux_under_vsockmon_is_clean_and_so_is_its_host() -> None:
    assert recorded("linux-6.1-vsockmon.pcap") == []


def test_linux_in_user_mode_linux_is_clean() -> None:
    found = recorded("linux-6.1-uml.pcap", complete=True)

    assert [finding for finding in found if finding.cid == 42] == []


def test_the_host_of_user_mode_linux_forgot_the_credit_of_its_rsts() -> None:
    found = recorded("linux-6.1-uml.pcap", complete=True)

    # The host was a throwaway program of the recording. With every RST that ended a connection, on
    # which it had taken data, it wrote 0 for fwd_cnt and buf_alloc. The clause wants them valid in
    # every packet of a connection. Linux's own two RSTs of this kind (785, 793) have them.
    assert Counter((finding.cid, finding.clause) for finding in found) == {(2, "VSOCK-DEV-12"): 25}
    assert [finding.number for finding in found] == [
        *[606, 740, 875, 876, 953, 954, 963],
        *range(1071, 1089),  # eighteen connections that were closed at once
    ]
    assert found[0].rule == "fwd_cnt goes back from 200 to 0"
    # Where it had taken nothing, 0 is the truth (743); and where it refused a REQUEST, or was
    # refused, there was no connection to speak of (2, 958).
    assert not {2, 743, 958} & {finding.number for finding in found}


# What a finding says


def test_a_finding_is_one_line_of_all_it_knows() -> None:
    checker = vsk.check.Checker()
    assert checker.packet(guest("REQUEST"), 1_700_000_000_000_000_000) == []

    (finding,) = checker.packet(guest("RW", payload=data(5)), 1_700_000_000_000_000_007)

    assert (finding.number, finding.time) == (2, 1_700_000_000_000_000_007)
    assert str(finding) == (
        "packet 2 at 1700000000.000000007: CID 3: RW before the RESPONSE: there is no connection "
        "yet [VSOCK-BOTH-25]: 3:1024 > 2:1234 STREAM RW len=5 buf_alloc=100 fwd_cnt=0"
    )


def test_a_finding_without_a_time_has_none() -> None:
    (finding,) = vsk.check.Checker().packet(host("RESPONSE"))

    assert str(finding).startswith("packet 1: CID 2: RESPONSE without a connection")


def test_an_address_that_speaks_to_itself_is_held_to_its_headers() -> None:
    assert check([guest("RW", dst=GUEST), guest("RW", dst=GUEST, flags=1)]) == [
        (2, "VSOCK-BOTH-13", 3)
    ]


def test_the_example_in_its_docstring_runs() -> None:
    result = doctest.testmod(vsk.check, extraglobs={"vsk": vsk})

    assert (result.failed, result.attempted) == (0, 3)
