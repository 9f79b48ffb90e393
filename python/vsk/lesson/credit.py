# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Lesson 6, credit and stalls."""

from collections.abc import Callable

from vsk.lesson.verdict import Exercise, Verdict, right, wrong

FORMULA = "Write free(buf_alloc, fwd_cnt, tx_cnt), and hand over the function."
WINDOW, SENT, TAKEN, HEADER = 10_000, 6_000, 2_500, 44
MISTAKES = {
    WINDOW - SENT: "That forgets fwd_cnt: the device has taken 2,500 of the 6,000 bytes, and so "
    "they are in flight no more.",
    WINDOW: "That is the whole buffer: 3,500 bytes of the 6,000 are in it still.",
    SENT - TAKEN: "That is what is in flight; what may be sent is the rest of the buffer.",
    TAKEN: "That is what was taken. Some of the buffer was free before.",
    WINDOW - SENT - TAKEN: "fwd_cnt is taken off what is in flight, so it makes room; you have "
    "taken it off twice.",
    WINDOW + TAKEN - SENT - HEADER: "That counts the header too: credit is payload alone.",
}


def judge_free(answer: object) -> Verdict:
    """Judge what may be sent after a packet."""
    rule = "VSOCK-BOTH-19"
    if answer == WINDOW - (SENT - TAKEN):
        return right("6,000 were sent, 3,500 of them are in flight, the rest is free.", rule)
    if isinstance(answer, int) and answer in MISTAKES:
        clause = "VSOCK-BOTH-16" if "header" in MISTAKES[answer] else rule
        return wrong(MISTAKES[answer], clause)
    return wrong("Put the numbers into the formula: 10000 - (6000 - ...).", rule)


def judge_owes(answer: object) -> Verdict:
    """Judge who ends the stall."""
    if not isinstance(answer, tuple) or len(answer) != 2:
        return wrong('The answer is a pair, such as (7, "RST"): a CID, and the name of an op.')
    cid, op = answer
    if cid == 3 and op == "CREDIT_REQUEST":
        return wrong(
            "Asking gives nothing: the guest has asked, and the answer was that there is still no "
            "room. Only who has the buffer can make room in it.",
            "VSOCK-BOTH-21",
        )
    if cid == 3:
        return wrong(
            "CID 3, the guest, is who waits. Room comes from the side whose buffer is full.",
            "VSOCK-BOTH-20",
        )
    if (cid, op) == (2, "RW"):
        return wrong(
            "It would do, as an RW carries fwd_cnt too. But the device has no payload to send, and "
            "a packet without any is there for that."
        )
    if (cid, op) == (2, "CREDIT_UPDATE"):
        return right(
            "The receiver owes it as soon as its application has taken bytes, asked or not.",
            "VSOCK-BOTH-22",
        )
    return wrong("Which packet is there to carry buf_alloc and fwd_cnt, and nothing else?")


# buf_alloc, fwd_cnt, tx_cnt, what is free, and what a wrong answer has not seen.
CASES = (
    (10_000, 2_500, 6_000, 6_500, "nothing special happens here"),
    (10_000, 6_000, 6_000, 10_000, "nothing is in flight here"),
    (10_000, 0, 10_000, 0, "the buffer is full to the last byte"),
    (
        1_000,
        0xFFFFFFF0,
        0x10,
        968,
        "tx_cnt has wrapped and fwd_cnt has not; their difference mod 2^32 is 32",
    ),
    (
        2_000,
        0,
        6_000,
        0,
        "the buffer shrank below what is in flight; there is no room, and none below zero",
    ),
    (
        100,
        0xFFFFFF00,
        0x100,
        0,
        "it has wrapped and shrunk: 512 bytes are in flight, for a buffer of 100",
    ),
    (0xFFFFFFFF, 5, 6, 0xFFFFFFFE, "buf_alloc may have all 32 bits set"),
)


def judge_formula(answer: Callable[[int, int, int], object]) -> Verdict:
    """Try a function of the learner's."""
    if not callable(answer):
        return wrong("Hand over the function itself: lesson.check(3, free).")
    for buf_alloc, fwd_cnt, tx_cnt, wanted, words in CASES:
        found = answer(buf_alloc, fwd_cnt, tx_cnt)
        call = f"free({buf_alloc}, {fwd_cnt}, {tx_cnt})"
        if found is None or found is ...:
            return Verdict("to do", f"{FORMULA} {call} gives nothing yet.")
        if found != wanted:
            return wrong(f"{call} is {wanted}, not {found}: {words}.", "VSOCK-BOTH-19")
    return right(
        "Across the wrap the difference of the counters stays what it was, and a buffer that "
        "shrinks gives no room. Whoever forgets the floor sends gigabytes into it.",
        "VSOCK-BOTH-19",
    )


def judge_blame(answer: object) -> Verdict:
    """Judge who is at fault where an update is thrown away."""
    if answer == "guest":
        return right(
            "The packet was in its RX queue, and it did not look at its fields. It cannot say that "
            "nobody told it.",
            "VSOCK-BOTH-20",
        )
    if answer == "device":
        return wrong(
            "The device took the bytes and told so: look for CREDIT_UPDATE in the ledger. How the "
            "other side treats a packet that was delivered is not its business.",
            "VSOCK-BOTH-22",
        )
    if answer == "neither":
        return wrong(
            "Asking is a choice, so not to ask breaks nothing. But a sender without credit has to "
            "look at both fields of the packets that come.",
            "VSOCK-BOTH-20",
        )
    return wrong('Answer "guest", "device" or "neither".')


EXERCISES = (
    Exercise("Say how many bytes the guest may send after that packet.", judge_free),
    Exercise("Say whose packet ends the stall, and its op.", judge_owes),
    Exercise(FORMULA, judge_formula),
    Exercise('Say who is at fault: "guest", "device" or "neither".', judge_blame),
)
