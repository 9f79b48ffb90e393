# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Lesson 7, SEQPACKET."""

from collections.abc import Sequence

from vsk.conn import Conn
from vsk.device import Device
from vsk.lab import Lab
from vsk.lesson.verdict import Exercise, Verdict, right, wrong

PORT = 5000
MESSAGES = {
    (40, 30, 50, 60): "That is a message for each packet. One message may be in several packets: "
    "the 40 bytes have no EOM, so the message goes on.",
    (70, 50, 60): "The last 60 bytes have no EOM: their message goes on, and half of it is no "
    "message yet.",
    (120,): "120 bytes make a record; EOR says so. It has two messages, for EOM ends a message.",
    (120, 60): "120 bytes make a record, of two messages; and the last 60 end nothing yet.",
    (70, 110): "The packet of 50 bytes has EOM as well as EOR: the message ends there.",
    (180,): "That is a stream. Each packet with EOM ends a message.",
}
FLAGS = {
    (3, 3, 3): "Only the last packet of a message ends it. Here the receiver would see three "
    "messages, and three records.",
    (0, 0, 2): "EOR does not end the message: every record ends with a message, so the last packet "
    "has both bits. The receiver of this one waits for EOM.",
    (2, 2, 3): "EOR stands in the last packet only, like EOM: a record ends once.",
    (0, 0, 1): "That is the message without the end of a record, as it was sent before.",
    (1, 1, 3): "EOM stands in the last packet only; here the first two end messages of their own.",
    (1, 1, 1): "EOM stands in the last packet only, and eor=True has to be seen somewhere.",
}


def _numbers(answer: object) -> tuple[int, ...] | None:
    """Give a list of numbers as a tuple, None for what is none."""
    if isinstance(answer, list | tuple) and answer and all(isinstance(n, int) for n in answer):
        return tuple(answer)
    return None


def judge_messages(answer: object) -> Verdict:
    """Judge lengths of messages."""
    found = _numbers(answer)
    if found is None:
        return wrong("The answer is a list of lengths, such as [1, 2, 3].")
    if found == (70, 50):
        return right(
            "Two messages, which make a record; 60 bytes wait for the rest of theirs.",
            "VSOCK-BOTH-37",
        )
    if found in MESSAGES:
        return wrong(MESSAGES[found], "VSOCK-BOTH-37")
    return wrong("Add up packets until one has EOM: that is a message.", "VSOCK-BOTH-37")


def judge_flags(answer: object) -> Verdict:
    """Judge the flags of three packets."""
    found = _numbers(answer)
    if found is None or len(found) != 3:
        return wrong("The answer is a list of three numbers, such as [4, 5, 6].")
    if found == (0, 0, 3):
        return right(
            "The last packet ends the message, and the record with it: 1 | 2.",
            "VSOCK-BOTH-37",
            "VSOCK-BOTH-39",
        )
    if found in FLAGS:
        return wrong(FLAGS[found], "VSOCK-BOTH-37", "VSOCK-BOTH-39")
    return wrong("EOM is 1, EOR is 2; a packet that ends nothing has neither.", "VSOCK-BOTH-39")


class _Ear(Device):
    """Keeps the messages that it gets."""

    def __init__(self) -> None:
        super().__init__(cid=3)
        self.messages: list[bytes] = []

    def on_request(self, conn: Conn) -> None:
        conn.accept()

    def on_data(self, conn: Conn, data: memoryview) -> None:
        self.messages.append(bytes(data))


def _deliver(packets: Sequence[tuple[bytes, int]]) -> list[bytes]:
    """Send packets by hand, and give the messages that a device had of them."""
    ear = _Ear()
    lab = Lab(ear)

    def tx(op: str, payload: bytes = b"", flags: int = 0) -> None:
        lab.guest.tx(
            op=op,
            type="SEQPACKET",
            src_port=PORT,
            dst=(2, 1234),
            buf_alloc=65536,
            payload=payload,
            flags=flags,
        )
        lab.run()

    tx("REQUEST")
    for payload, flags in packets:
        tx("RW", payload, int(flags))
    return ear.messages


def judge_hello(answer: object) -> Verdict:
    """Send what the learner would, and look at what came."""
    shape = "The answer is a list of three pairs, such as [(b'abc', 0), ...]."
    if not isinstance(answer, list | tuple) or len(answer) != 3:
        return wrong(shape)
    if not all(isinstance(pair, tuple) and len(pair) == 2 for pair in answer):
        return wrong(shape)
    if not all(isinstance(data, bytes) and isinstance(bits, int) for data, bits in answer):
        return wrong("Payload is bytes, b'...', and flags are a number.")
    got = _deliver(answer)
    if got == [b"hello"]:
        return right("The device's hook was called once, with hello.", "VSOCK-BOTH-36")
    if not got:
        return wrong(
            "The device had all three packets, and its application had nothing: no packet has EOM, "
            "so the message never ends.",
            "VSOCK-BOTH-37",
        )
    if len(got) > 1:
        return wrong(
            f"The device's application had {len(got)} messages: {got!r}. EOM stands in more than "
            "one packet.",
            "VSOCK-BOTH-37",
        )
    if not answer[-1][1] & 1:
        return wrong(
            f"The message that came is {got[0]!r}. EOM stands before the last packet, so what "
            "follows belongs to a next message, which has no end.",
            "VSOCK-BOTH-37",
        )
    return wrong(f"One message came, but it is {got[0]!r}, not b'hello'.")


EXERCISES = (
    Exercise("Give the lengths of the messages that are there, as a list.", judge_messages),
    Exercise("Give the flags of the three packets, as a list of numbers.", judge_flags),
    Exercise("Give three pairs of payload and flags that make one message, hello.", judge_hello),
)
