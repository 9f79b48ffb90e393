# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A lab step by step: up to what one looks for, and back."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from formats import FORMATS, offered
from hypothesis import given, settings
from hypothesis import strategies as st
from labs import MESSAGES, PORT, Echo, Noted, connected, hooked, lines

import vsk
from vsk.trace import KINDS

FAULTS = {"delay": 0.001, "hold": 0.002, "lose_kicks": 50, "shrink": 20, "starve": 8}


class Counting(Echo):
    """Has a state of its own, and says so."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.count = 0

    def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
        self.count += len(data)
        conn.send(str(self.count).encode() + b";")

    def save_state(self) -> int:
        return self.count

    def load_state(self, state: int) -> None:
        self.count = state


def busy(form: str = "split", history: int = 0, **options: Any) -> vsk.Lab:
    """A lab with much to do."""
    device = Counting(features=offered(FORMATS[form]))
    lab, conn = connected(device, memory=1 << 20, history=history, seed=7, **options)
    conn.send(bytes(5000))
    lab.guest.connect(2, PORT, MESSAGES).send(b"one")
    lab.device.after(0.5, lambda: conn.send(b"later"))
    lab.guest.tx(op="RW", src_port=5555, dst=(2, PORT), payload=b"nobody asked")
    return lab


def all_of(lab: vsk.Lab, until: Any) -> Iterator[vsk.Entry]:
    """Every entry that a step finds."""
    while (entry := lab.step(until=until)) is not None:
        yield entry


# ---- until ----


@pytest.mark.parametrize("kind", ["kick", "Packet", "USED", "interrupt", "refused"])
def test_a_step_goes_on_to_a_kind(kind: str) -> None:
    lab = busy()
    begin = len(lab.trace)

    found = list(all_of(lab, kind))

    wanted = [entry for entry in lab.trace[begin:] if entry.kind == kind.upper()]
    assert wanted
    assert list(map(str, found)) == list(map(str, wanted))


def test_a_step_goes_on_to_an_op() -> None:
    lab = busy()

    found = lab.step(until="rst")

    assert found is not None and found.packet is not None
    assert (found.packet.op, found.packet.dst) == (vsk.Op.RST, (3, 5555))
    assert found.number in {entry.number for entry in lab.stepped}
    assert lab.step(until="rst") is None


def test_a_step_goes_on_to_what_a_function_finds() -> None:
    lab = busy()

    found = lab.step(until=lambda entry: entry.time >= 0.5)

    assert found is not None and found.time == lab.now == 0.5


def test_a_loop_finds_every_entry_once() -> None:
    lab, other = busy(**FAULTS), busy(**FAULTS)
    begin = len(lab.trace)
    other.run()

    found = list(map(str, all_of(lab, lambda entry: True)))

    assert found == lines(other, begin)


def test_a_step_finds_what_is_done_before_nothing_is_left() -> None:
    lab = vsk.Lab(vsk.Device())
    lab.guest.tx(op="RST", src_port=5, dst=(2, PORT))

    found = lab.step(until="used")

    assert found is not None and found.queue == "tx"
    assert not lab.step()


def test_a_step_does_not_find_what_passed_before_it() -> None:
    lab = busy()
    lab.step(until="packet")
    lab.run()

    assert lab.step(until="packet") is None


def test_a_step_gives_up_after_an_hour() -> None:
    lab, _ = connected(Echo())
    timers = []

    def again() -> None:
        timers.append(lab.device.after(60, again))

    again()

    assert lab.step(until="packet") is None
    assert 3600 <= lab.now <= 3700


@pytest.mark.parametrize("until", ["foo", "", 3])
def test_what_cannot_be_looked_for_is_refused(until: Any) -> None:
    with pytest.raises(vsk.UsageError, match="one of packet, used, kick") as caught:
        busy().step(until=until)

    assert caught.value.status is vsk.Status.ERR_ARGUMENT


def test_all_kinds_have_names() -> None:
    header = (Path(os.environ["VSK_SOURCE"]) / "core/vsk/trace.h").read_text()
    table = header[header.index("define VSK_SEEN_TABLE") :].split("\n\n")[0]
    script = 'print(table.concat(require "vsk.trace".KINDS, " "))'

    printed = subprocess.check_output(["lua5.4", "-e", script], text=True)

    assert re.findall(r"\bX\((\w+), ", table) == list(KINDS) == printed.split()


# ---- stepped ----


def test_what_steps_have_added_is_the_trace() -> None:
    lab = busy(**FAULTS)
    begin, added = len(lab.trace), []

    went = True
    while went:
        went = lab.step()
        added += lab.stepped

    assert list(map(str, added)) == lines(lab, begin)


def test_a_step_that_raises_has_added_something() -> None:
    def fails(self: vsk.Device, conn: vsk.Conn, data: memoryview) -> None:
        raise ZeroDivisionError

    lab, conn = connected(hooked(on_data=fails)())
    conn.send(b"hello")
    begin = len(lab.trace)

    with pytest.raises(ZeroDivisionError):
        lab.step(until="used")

    assert list(map(str, lab.stepped)) == lines(lab, begin)


# ---- back ----


def test_steps_are_taken_back_one_by_one() -> None:
    lab = busy(history=100)
    states = []
    for _ in range(10):
        states.append((str(lab.trace), lab.now, lab.device.count))
        assert lab.step()

    for state in reversed(states):
        lab.back()
        assert (str(lab.trace), lab.now, lab.device.count) == state


def test_what_was_done_since_is_taken_back_too() -> None:
    lab = busy(history=3)
    before = str(lab.trace)
    lab.step()
    conn = lab.guest.connect(2, PORT)
    lab.run()

    lab.back()

    assert str(lab.trace) == before
    assert conn.reason is vsk.Reason.TRANSPORT


def test_a_step_that_did_nothing_is_no_step() -> None:
    lab = busy(history=2)
    lab.run()

    assert not lab.step()
    assert lab.step(until="kick") is None

    with pytest.raises(vsk.UsageError, match="0 are kept"):
        lab.back()


def test_no_more_is_kept_than_was_asked_for() -> None:
    lab = busy(history=3)
    for _ in range(5):
        lab.step()

    for count in (4, 0, -1):
        with pytest.raises(vsk.UsageError, match="cannot be taken back: 3 are kept") as caught:
            lab.back(count)
        assert caught.value.status is vsk.Status.ERR_STATE
    lab.back(3)


def test_nothing_is_kept_unless_it_is_asked_for() -> None:
    lab = busy()
    lab.step()

    with pytest.raises(vsk.UsageError, match="0 are kept, see history"):
        lab.back()
    with pytest.raises(vsk.UsageError, match="history"):
        vsk.Lab(vsk.Device(), history=-1)


def test_a_model_that_keeps_something_cannot_step_back() -> None:
    lab, conn = connected(Noted(), history=5)
    conn.send(b"hello")
    lab.step(until="rw")
    lab.step(until="used")
    trace = str(lab.trace)

    with pytest.raises(vsk.UsageError, match="Noted needs save_state"):
        lab.back(2)

    assert str(lab.trace) == trace


def test_a_step_that_raised_can_be_taken_back() -> None:
    fails = True

    def sometimes(self: vsk.Device, conn: vsk.Conn, data: memoryview) -> None:
        if fails:
            raise ZeroDivisionError
        conn.send(data)

    lab, conn = connected(
        hooked(on_data=sometimes, save_state=lambda self: 0, load_state=lambda self, state: None)(),
        history=1,
    )
    conn.send(b"hello")
    with pytest.raises(ZeroDivisionError):
        lab.step(until=lambda entry: False)

    lab.back()
    fails = False

    assert conn.recv() == b"hello"


def test_an_entry_keeps_its_packet() -> None:
    lab, conn = connected(Counting(), history=1)
    conn.send(b"hello")
    entry = lab.step(until="rw")
    assert entry is not None

    lab.back()
    conn.send(b"other")
    lab.run()

    assert entry.packet is not None and bytes(entry.packet.payload) == b"hello"


def test_a_capture_keeps_what_was_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "x.pcapng"
    lab, conn = connected(Counting(), history=1, capture=path)
    conn.send(b"hello")
    begin = [packet.op for packet in lab.trace.packets]

    for _ in range(2):
        lab.step(until=lambda entry: False)
        lab.back()
    lab.run()
    ends = [packet.op for packet in lab.trace.packets][len(begin) :]

    assert [record.packet.op for record in vsk.Capture(path)] == begin + 3 * ends


def test_a_trace_that_keeps_little_ends_where_it_ended() -> None:
    lab = busy(history=1, trace=4)
    for _ in range(4):
        lab.step()
    number = lab.trace[-1].number
    lab.step(until=lambda entry: False)
    assert lab.trace[0].number > number

    lab.back()

    assert len(lab.trace) == 0
    lab.step()
    assert lab.trace[0].number == number + 1


STEPS = st.sampled_from([None, "kick", "packet", "used", "interrupt", "rw", "refused"])
BACKS = st.integers(1, 4)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("faults", [{}, FAULTS])
@settings(max_examples=20, deadline=None)
@given(acts=st.lists(STEPS | BACKS, max_size=25))
def test_who_goes_back_and_on_sees_the_same_again(
    form: str, faults: dict[str, float], acts: list[str | int | None]
) -> None:
    lab = busy(form, 100, **faults)
    taken: list[tuple[str | None, str]] = []  # steps that count, and what they gave
    for act in acts:
        if isinstance(act, int):
            count = min(act, len(taken))
            if count:
                lab.back(count)
                del taken[-count:]
            continue
        kept = len(lab._steps._kept)
        given = lab.step() if act is None else lab.step(until=act)
        if len(lab._steps._kept) > kept:  # else there was nothing to do
            taken.append((act, str(given)))

    other = busy(form, **faults)
    for act, given in taken:
        assert str(other.step() if act is None else other.step(until=act)) == given

    assert str(other.trace) == str(lab.trace)
    assert other.now == lab.now
