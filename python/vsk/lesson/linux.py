# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Lesson 9, a device of your own under a real Linux kernel."""

from vsk.device import Device
from vsk.errors import ConnectionReset, TimedOut
from vsk.lab import Lab
from vsk.lesson.verdict import Exercise, Verdict, right, wrong

PORT = 1234
COUNT = "Write a device that counts, and hand over its class: lesson.check(2, Count)."
ERRNOS = {
    "ECONNREFUSED": "That is what TCP gives. vsock has one packet for no and for gone, RST, and "
    "Linux has one errno for it.",
    "ETIMEDOUT": "That would be no answer at all. The capture has one, a RST.",
    "EHOSTUNREACH": "The host is there: it has answered, by RST.",
    "ENODEV": "The device is there: it has answered, by RST.",
}
SENT = {
    1_000_000: "That is what the program writes. Linux may send what there is room for, and the "
    "device makes none.",
    0: "The RESPONSE said buf_alloc=50000 before the first byte: there is room for so many.",
    262_144: "That is the guest's own buffer, for what it receives. The device's is 50,000 bytes.",
    50_000 - 44: "Headers are not counted: credit is payload alone.",
}


def judge_errno(answer: object) -> Verdict:
    """Judge what connect gave."""
    if answer == "ECONNRESET":
        return right(
            "'Connection reset by peer': a RST that answers a REQUEST and one that ends a "
            "connection look the same to a program.",
            "VSOCK-BOTH-26",
        )
    if isinstance(answer, str) and answer in ERRNOS:
        return wrong(ERRNOS[answer], "VSOCK-BOTH-26")
    return wrong("Print message, and find the errno with these words in `man errno`.")


def _count(lab: Lab, sizes: list[int]) -> bytes:
    """Send pieces on a new connection, end it, and give the answer."""
    conn = lab.guest.connect(2, PORT)
    for size in sizes:
        conn.send(bytes(size))
        lab.run(within=1)
    conn.shutdown(send=True)
    return conn.recv_all()


def _two_at_once(lab: Lab) -> tuple[bytes, bytes]:
    """Count two connections whose bytes mix."""
    conns = lab.guest.connect(2, PORT), lab.guest.connect(2, PORT)
    for conn, size in zip(conns, (10, 20), strict=True):
        conn.send(bytes(size))
        lab.run(within=1)
    for conn in conns:
        conn.shutdown(send=True)
    return conns[0].recv_all(), conns[1].recv_all()


def _early(lab: Lab) -> str:
    """Say what a device does before the end of what it counts."""
    conn = lab.guest.connect(2, PORT)
    conn.send(bytes(10))
    lab.run(within=1)
    return "closes" if conn.reason or conn.state.name != "ESTABLISHED" else str(conn.unread or "")


def _say(found: bytes, wanted: int, words: str) -> Verdict | None:
    """Hold an answer to a number."""
    if found.strip() == b"%d" % wanted:
        return None
    if not found:
        return wrong(
            f"{words}, and the connection ended without an answer. Send it in on_eof, before close."
        )
    return wrong(f"{words}, and the answer is {found!r}, not {wanted}.")


def _try(device: type[Device]) -> Verdict:
    """Try a device of the learner's in a lab."""
    lab = Lab(device(3))
    early = _early(lab)
    if early:
        return wrong(
            f"10 bytes came, and it {'closes' if early == 'closes' else 'answers'} before the "
            "peer has said that no more will come: that is what on_eof hears of.",
            "VSOCK-BOTH-29",
        )
    for sizes in ([5], [1, 2, 3], []):
        came = ", then ".join(map(str, sizes)) or "No"
        fault = _say(_count(lab, sizes), sum(sizes), f"{came} bytes came")
        if fault is not None:
            return fault
    words = "On two connections at once 10 and 20 bytes came; here it is about the one with"
    for found, wanted in zip(_two_at_once(lab), (10, 20), strict=True):
        fault = _say(found, wanted, f"{words} {wanted}")
        if fault is not None:
            return fault
    return right("It counts small pieces, nothing, and two at once. Now Linux may try.")


def judge_count(answer: type[Device]) -> Verdict:
    """Judge a device of the learner's."""
    if not (isinstance(answer, type) and issubclass(answer, Device)):
        return wrong("Hand over the class, a subclass of vsk.Device: lesson.check(2, Count).")
    if not {"on_request", "on_data", "on_eof"} & set(vars(answer)):
        return Verdict("to do", COUNT)
    try:
        return _try(answer)
    except ConnectionReset:
        return wrong(
            "It resets the connection. Does on_request accept, and does every hook end without "
            "an exception?",
            "VSOCK-BOTH-26",
        )
    except TimedOut:
        return wrong(
            "The peer waits for ever for the end of the answer. Does on_eof close the connection, "
            "or does on_request neither accept nor refuse?",
            "VSOCK-BOTH-32",
        )


def judge_sent(answer: object) -> Verdict:
    """Judge how much Linux sends to who does not read."""
    if answer == 50_000:
        return right(
            "The device's whole buffer, and not a byte more. Linux asks for no credit either: it "
            "sleeps until it is told.",
            "VSOCK-DRV-09",
        )
    if isinstance(answer, int) and answer in SENT:
        return wrong(SENT[answer], "VSOCK-DRV-09")
    return wrong("How much room was there at the beginning, and who makes more?", "VSOCK-DRV-09")


EXERCISES = (
    Exercise('Give the name of the errno that connect ended with, such as "EINVAL".', judge_errno),
    Exercise(COUNT, judge_count),
    Exercise("Say how many bytes of payload Linux sends.", judge_sent),
)
