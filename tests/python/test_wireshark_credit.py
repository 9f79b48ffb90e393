# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The Wireshark plugin's account of credit: that of Python's ledgers, and what breaks it."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from dissected import (
    CAPTURES,
    CREDIT,
    OPEN,
    ROOM,
    Slow,
    guest,
    host,
    infos,
    rows,
    stream,
    tshark,
    write,
)
from labs import MESSAGES, PORT, connected

import vsk
from vsk.view import ledgers
from vsk.view.data import Balance

pytestmark = pytest.mark.thorough  # each starts tshark
SEND = vsk.Shutdown.SEND


def read(path: Path) -> list[Any]:
    """The packets of a capture, as entries of a trace are numbered and timed."""
    with vsk.Capture(path) as capture:
        return [
            SimpleNamespace(packet=record.packet, number=number, time=record.time / 1e9)
            for number, record in enumerate(capture, 1)
        ]


# ---- the account of Python's ledgers ----


def numbers(one: Balance, known: bool) -> list[str]:
    return [str(one.in_flight), str(one.free)] if known else ["", ""]


def accounts(entries: list[Any]) -> dict[int, list[str]]:
    """The account of the ledgers behind each packet: of its sender, then of its receiver."""
    found = {}
    for ledger in ledgers(entries):
        spoke = [False, False]  # whose window is known: who asked, and the other
        for row in ledger.entries:
            who = row.source != ledger.one[0]
            spoke[who] |= row.op != "RST"
            own, peer = row.balances[who], row.balances[not who]
            found[row.number] = numbers(own, spoke[not who]) + numbers(peer, spoke[who])
    return found


def stalls(entries: list[Any]) -> list[tuple[int, str]]:
    """Where the ledgers have a stall begin and end, and who waits."""
    found = []
    for ledger in ledgers(entries):
        for stall in ledger.stalls:
            words = f"Stall: CID {stall.source} waits, CID {stall.owes} owes a CREDIT_UPDATE"
            found.append((stall.number, words))
            if stall.end is not None:
                found.append((stall.end, f"Stall ends: CID {stall.source} may send"))
    return sorted(found)


def agree(path: Path) -> int:
    """Hold the plugin to the ledgers; gives how many stalls there were."""
    entries = read(path)
    wanted = accounts(entries)
    assert wanted
    seen = rows(path, *CREDIT, "_ws.expert.message")
    assert [row[:4] for row in seen] == [wanted.get(e.number, [""] * 4) for e in entries]
    said = [
        (number, words.split(" may send")[0])
        for number, row in enumerate(seen, 1)
        for words in re.findall(
            r"Stall[^,]*, CID \d+ owes a CREDIT_UPDATE|Stall ends: [^,]*", row[4]
        )
    ]
    assert sorted(said) == [(n, words.split(" may send")[0]) for n, words in stalls(entries)]
    return len(said)


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_what_linux_did_has_the_ledgers_account(path: Path) -> None:
    assert agree(path) == {"linux-6.1-uml": 32}.get(path.stem, 0)


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_linux_broke_no_rule(path: Path) -> None:
    assert tshark(path, "-Y", "_ws.malformed || _ws.expert.severity == error") == ""


def test_a_lab_that_stalls_has_the_ledgers_account(tmp_path: Path) -> None:
    lab, conn = connected(Slow(buf_alloc=5000))
    other = lab.guest.connect(2, PORT, MESSAGES)
    other.send(b"a message")
    for size in (8000, 3000, 9000):
        conn.send(bytes(size))
        lab.run(within=0.01)
        for one in lab.device.connections:
            one.resume()
        lab.run(within=0.01)
    lab.trace.save(tmp_path / "x.pcapng")

    assert agree(tmp_path / "x.pcapng") >= 4


def test_a_connection_that_began_before_the_capture_has_no_account(tmp_path: Path) -> None:
    path = write(tmp_path / "x.pcapng", [*OPEN, guest("RW", payload=b"hello")][1:])

    assert rows(path, "conn", *CREDIT) == [["0", "", "", "", ""]] * 2


def test_what_comes_after_a_reset_has_no_account(tmp_path: Path) -> None:
    path = write(tmp_path / "x.pcapng", stream(host("RST"), host("RW", fwd_cnt=5)))

    assert rows(path, "conn", *CREDIT)[-1] == ["0", "", "", "", ""]


def test_counters_wrap(tmp_path: Path) -> None:
    big, packets = 2**31 - 1, [guest("REQUEST"), host("RESPONSE", buf_alloc=2**32 - 1)]
    for sent in range(1, 4):
        packets += [
            guest("RW", len=big),
            host("RW", buf_alloc=2**32 - 1, fwd_cnt=sent * big % 2**32),
        ]
    path = write(tmp_path / "x.pcapng", packets)

    assert [row[2] for row in rows(path, *CREDIT)[3::2]] == ["0"] * 3


# ---- lies ----


@pytest.mark.parametrize(
    ("packets", "words"),
    [
        (stream(host("RW", fwd_cnt=6)), "fwd_cnt is 6, 1 more than the bytes sent to it"),
        (stream(host("RW", fwd_cnt=5), host("RW", fwd_cnt=4)), "fwd_cnt goes back from 5 to 4"),
        (stream(guest("RW", payload=bytes(ROOM))), "Passes the credit by 5 bytes"),
        (stream(host("RW", buf_alloc=4)), "buf_alloc shrinks to 4 with 5 bytes in flight"),
        (
            stream(guest("SHUTDOWN", flags=SEND), guest("RW", payload=b"x")),
            "RW after CID 3's own SHUTDOWN(SEND)",
        ),
    ],
)
def test_a_lie_is_named(tmp_path: Path, packets: list[vsk.Packet], words: str) -> None:
    path = write(tmp_path / "x.pcapng", packets)

    assert infos(path)[-1].startswith(words)


def test_what_is_not_true_is_not_believed(tmp_path: Path) -> None:
    path = write(tmp_path / "x.pcapng", stream(host("RW", fwd_cnt=9), host("RW", fwd_cnt=5)))

    assert [row[2] for row in rows(path, *CREDIT)][-2:] == ["5", "0"]


def test_a_window_below_what_is_in_flight_leaves_nothing_free(tmp_path: Path) -> None:
    path = write(tmp_path / "x.pcapng", stream(host("RW", buf_alloc=4)))

    assert rows(path, *CREDIT)[-1] == ["0", str(ROOM), "5", "0"]
