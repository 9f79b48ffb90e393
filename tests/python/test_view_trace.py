# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Ladders, ledgers, ends and reasons: what is seen of a lab."""

import csv
import os
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from types import SimpleNamespace

import pytest
from labs import MESSAGES, PORT, Acceptor, Echo, connected

import vsk
from vsk.view import draw, ladder, why_packet
from vsk.view.clauses import CLAUSES
from vsk.view.data import Ends, Ladder, Ledger, Rule, Rung
from vsk.view.page.captured import entries_of
from vsk.view.told import Told
from vsk.view.whys import why_told

SVG = "{http://www.w3.org/2000/svg}"


class Deaf(Acceptor):
    """Takes nothing that comes, until it is told to."""

    def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
        conn.pause()


def talked() -> vsk.Lab:
    """A lab in which something was said, refused and closed."""
    lab, conn = connected(Echo())
    conn.exchange(b"hello")
    lab.guest.tx(op="RW", src_port=5555, dst=(2, PORT), payload=b"nobody asked")
    lab.guest.tx(op="RW", src_port=5556, dst=(2, PORT), len=77)
    conn.close()
    lab.run()
    return lab


def packets_of(lab: vsk.Lab, op: vsk.Op | None = None) -> list[int]:
    return [e.number for e in lab.trace if e.packet and op in (None, e.packet.op)]


# ---- ladder ----


def test_a_ladder_has_a_rung_for_each_entry() -> None:
    lab = talked()

    seen = lab.trace.ladder()

    assert [(r.number, r.kind) for r in seen.rungs] == [(e.number, e.kind) for e in lab.trace]
    assert seen.guests == (3,)


def test_arrows_go_where_things_went() -> None:
    ways = {
        (entry.kind, entry.queue): rung.to_device
        for lab in [talked()]
        for entry, rung in zip(lab.trace, lab.trace.ladder().rungs, strict=True)
    }

    assert ways["PACKET", "tx"] and ways["KICK", "tx"] and ways["STATUS", None]
    back = [("PACKET", "rx"), ("USED", "tx"), ("USED", "rx"), ("INTERRUPT", "rx")]
    assert [ways[thing] for thing in back] == [False] * 4
    assert ways["REFUSED", "tx"] is None


def test_a_ladder_can_be_a_part_of_it() -> None:
    lab = talked()

    seen = lab.trace.ladder(8, 20, kinds=["PACKET"])

    assert [r.number for r in seen.rungs] == [n for n in packets_of(lab) if 8 <= n < 20]


def test_a_ladder_goes_by_numbers_where_old_entries_are_gone() -> None:
    lab, conn = connected(Echo(), trace=12)
    conn.exchange(b"hello")
    first = lab.trace[0].number
    assert first > 0

    assert [r.number for r in lab.trace.ladder(0, first + 2).rungs] == [first, first + 1]


def test_the_ladder_as_text() -> None:
    lab = talked()

    rows = str(lab.trace.ladder()).splitlines()

    assert rows[0].split() == ["#", "time", "guest", "3", "device"]
    row = next(row for row in rows if "RW len=5" in row and "> 2:" in row)
    assert re.fullmatch(r" +\d+ +0\.000000  \|-+ RW len=5 3:\d+ > 2:80 -+>\|", row)
    assert any(re.search(r"\|\.+ tx kick \.+>\|$", row) for row in rows)
    assert any(re.search(r"\|<=+ tx used: chain 0 =+\|$", row) for row in rows)
    assert any(row.endswith("refused: the packet belongs to no connection x|") for row in rows)
    assert len({len(row) for row in rows[1:-1]}) == 1


def test_guests_have_lanes_of_their_own() -> None:
    lab = vsk.Lab(Acceptor(cid=3), guests=2)
    for guest in lab.guests:
        guest.connect(2, PORT)

    seen = lab.trace.ladder()

    assert seen.guests == (3, 4)
    rows = str(seen).splitlines()
    assert any(re.match(r" +\d+ +0\.000000  4 +\|-+ REQUEST 4:", row) for row in rows)
    ElementTree.fromstring(seen.svg())
    assert ">guest 4<" in seen.svg() and "participant g4 as guest 4" in seen.mermaid()


def test_the_ladder_as_svg() -> None:
    lab = talked()
    seen = lab.trace.ladder()

    root = ElementTree.fromstring(seen.svg())

    texts = [text.findtext(f"{SVG}title", text.text) for text in root.iter(f"{SVG}text")]
    assert [r.words for r in seen.rungs if r.words in texts] == [r.words for r in seen.rungs]
    arrows = [path for path in root.iter(f"{SVG}path") if "stroke-dasharray" in path.attrib]
    legend = 3
    assert len(arrows) == sum(rung.to_device is not None for rung in seen.rungs) + legend
    assert "http" not in seen.svg().replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert seen._repr_html_() == seen.svg()


def test_the_ladder_as_a_diagram_of_mermaid() -> None:
    lab = talked()

    rows = lab.trace.ladder().mermaid().splitlines()

    assert rows[:3] == [
        "sequenceDiagram",
        "    participant g3 as guest 3",
        "    participant device",
    ]
    assert len(rows) == 3 + len(lab.trace)
    arrow = re.compile(
        r"    (g3(->>|-\))device|device(->>|-->>|-\))g3|Note over device): \d+: "
        r"[^;<>]*(#[a-z]+;[^;<>]*)*"
    )
    assert [row for row in rows[3:] if not arrow.fullmatch(row)] == []


def test_mermaid_gets_nothing_that_it_would_read_as_its_own() -> None:
    rung = Rung(1, 0.0, "FAULT", 3, None, "a;b <c> #d")

    last = Ladder((3,), (rung,)).mermaid().splitlines()[-1]

    assert last == "    Note over device: 1: a#59;b #lt;c#gt; #35;d"


def test_long_words_are_cut_and_an_image_has_all_of_them() -> None:
    seen = Ladder((3,), (Rung(1, 0.0, "FAULT", 3, None, "word " * 30),))

    assert re.search(r"wo?r?d?\s?\.\.\. x\|$", str(seen).splitlines()[1])
    assert f"<title>{'word ' * 30}</title>" in seen.svg()


def test_an_empty_ladder_is_drawn() -> None:
    seen = ladder([])

    assert len(str(seen).splitlines()) == 2
    ElementTree.fromstring(seen.svg())


# ---- ledger ----


def numbers(seen: Ledger) -> list[tuple[str, int, int]]:
    """Who sent what, and what it may send afterwards."""
    return [
        (row.op, row.balances[row.source != 3].in_flight, row.balances[row.source != 3].free)
        for row in seen.entries
    ]


def test_a_ledger_follows_sent_and_forwarded() -> None:
    lab, conn = connected(Echo(buf_alloc=1000), guests=[vsk.Guest(buf_alloc=2000)])
    conn.exchange(b"hello")
    lab.run()

    (seen,) = lab.trace.ledgers()

    assert (seen.one, seen.other, seen.type) == (conn.local, conn.peer, "STREAM")
    assert numbers(seen)[:4] == [
        ("REQUEST", 0, 0),
        ("RESPONSE", 0, 2000),
        ("RW", 5, 995),
        ("RW", 5, 1995),
    ]
    assert seen.stalls == ()


def test_the_ledger_is_that_of_the_core() -> None:
    lab, conn = connected(Echo())
    conn.exchange(bytes(300_000))
    lab.run()

    balance = lab.trace.ledgers()[0].entries[-1].balances[0]

    assert (balance.sent, balance.window) == (conn._number("tx_cnt"), conn.peer_buf_alloc)
    assert (balance.forwarded, balance.free) == (conn._number("peer_fwd_cnt"), conn.credit)


def test_a_stall_has_a_packet_and_somebody_who_owes() -> None:
    lab, conn = connected(Deaf(buf_alloc=5000))
    conn.send(bytes(8000))
    lab.run(within=0.01)

    (seen,) = lab.trace.ledgers()

    (stall,) = seen.stalls
    packet = lab.trace[stall.number].packet
    assert packet is not None and packet.op == vsk.Op.RW
    assert (stall.source, stall.owes, stall.end) == (3, 2, None)
    assert f"stalled since #{stall.number}: CID 2 owes CID 3 credit" in str(seen)


def test_a_stall_ends_with_the_packet_that_gives_credit() -> None:
    lab, conn = connected(Deaf(buf_alloc=5000))
    conn.send(bytes(8000))
    lab.run(within=0.01)
    lab.device.connections[0].resume()
    begin = len(lab.trace)
    lab.run(within=0.01)

    stall = lab.trace.ledgers()[0].stalls[0]

    assert stall.end is not None and stall.end >= begin
    packet = lab.trace[stall.end].packet
    assert packet is not None and (packet.src_cid, packet.fwd_cnt) == (2, 5000)
    assert "CID 3 may send again" in str(lab.trace.ledgers()[0])


def test_a_ledger_fits_a_terminal() -> None:
    lab, conn = connected(Deaf(buf_alloc=9_000_000), guests=[vsk.Guest(buf_alloc=99_999_999)])
    conn.send(bytes(9_500_000))
    lab.run(within=1000)

    drawn = str(lab.trace.ledgers()[0]).splitlines()

    assert "    stall: CID 3 waits, CID 2 owes a CREDIT_UPDATE" in drawn
    assert max(map(len, drawn)) <= 100


def test_a_ledger_draws_the_accounts_that_a_packet_changes() -> None:
    lab, conn = connected(Echo(buf_alloc=1000), guests=[vsk.Guest(buf_alloc=2000)])
    conn.exchange(b"hello")
    lab.run()
    conn.reset()
    lab.run()

    rows = str(lab.trace.ledgers()[0]).splitlines()[2:]
    said = [" ".join(row.split()[2:]) for row in rows]

    assert said == [
        "3 REQUEST 2>3 0 0 2000 0 2000",
        "2 RESPONSE 3>2 0 0 1000 0 1000",
        "3 RW 5 3>2 5 0 1000 5 995",
        "2 RW 5 2>3 5 0 2000 5 1995",
        "2 CREDIT_UPDATE 3>2 5 5 1000 0 1000",
        "3 CREDIT_UPDATE 2>3 5 5 2000 0 2000",
        "3 RST",
    ]


def test_there_may_be_a_stall_after_a_stall() -> None:
    lab, conn = connected(Deaf(buf_alloc=5000))
    for size in (5000, 5000):
        conn.send(bytes(size))
        lab.run(within=0.01)
        lab.device.connections[0].resume()
        lab.run(within=0.01)

    stalls = lab.trace.ledgers()[0].stalls

    assert len(stalls) == 2
    assert all(stall.end is not None for stall in stalls)


def test_what_comes_after_a_reset_is_in_no_ledger() -> None:
    lab, conn = connected(Acceptor())
    local = conn.local_port
    conn.reset()
    lab.run()
    lab.guest.tx(op="RW", src_port=local, dst=(2, PORT), payload=b"late")
    lab.run()

    assert [row.op for row in lab.trace.ledgers()[0].entries] == ["REQUEST", "RESPONSE", "RST"]


def test_connections_of_the_same_addresses_have_ledgers_of_their_own() -> None:
    lab = vsk.Lab(Echo(cid=3))
    for size in (1, 2):
        conn = lab.guest.connect(2, PORT, MESSAGES, local_port=9)
        conn.exchange(bytes(size))
        conn.close()
        lab.run()

    assert [seen.entries[-1].balances[0].sent for seen in lab.trace.ledgers()] == [1, 2]


# ---- ends ----


def test_both_ends_have_a_state_and_a_cause() -> None:
    lab, conn = connected(Acceptor())
    conn.send(b"changes no state")
    lab.run()

    device, guest = lab.ends().ends

    request, response = packets_of(lab)[:2]
    assert (device.side, device.state, device.cause) == ("device", "ESTABLISHED", "sent RESPONSE")
    assert (guest.side, guest.state, guest.cause) == ("guest", "ESTABLISHED", "got RESPONSE")
    assert device.number == guest.number == response > request
    assert (guest.local, guest.peer) == (conn.local, conn.peer) == (device.peer, device.local)


def test_timers_run_until_they_run_out() -> None:
    class Silent(vsk.Device):
        def on_request(self, conn: vsk.Conn) -> None:
            conn.defer()

    lab = vsk.Lab(Silent(cid=3), guests=[vsk.Guest(connect_timeout=5.0)])
    lab.device.after(1.0, lambda: seen.append(lab.ends()))
    seen: list[Ends] = []
    with pytest.raises(TimeoutError):
        lab.guest.connect(2, PORT)

    timers = {end.side: end.timers for end in seen[0].ends}

    assert timers["guest"] == (("connect_timeout", 4.0),)
    assert "connect_timeout in 4.000 s" in str(seen[0])


def test_a_connection_that_is_over_says_why() -> None:
    lab, conn = connected(Acceptor())
    lab.device.connections[0].reset()
    lab.run()

    (end,) = (end for end in lab.ends().ends if end.local == conn.local)

    assert (end.state, end.reason, end.cause) == ("CLOSED", "RESET", "got RST")
    assert "CLOSED (RESET)" in str(lab.ends())


# ---- why ----


def clauses(rules: tuple[Rule, ...]) -> list[str]:
    return [rule.clause for rule in rules]


def test_why_of_a_packet_that_nobody_asked_for() -> None:
    lab = talked()
    (number,) = (e.number for e in lab.trace if e.packet and e.packet.src_port == 5555)

    seen = lab.why(number)

    assert seen.steps[1:] == (
        "It breaks a rule, and CID 3 is to blame: RW without a connection: only REQUEST begins one."
        " [VSOCK-BOTH-24]",
        f"The device refused it: the packet belongs to no connection (#{number + 1})."
        " [VSOCK-BOTH-11]",
        f"The chain that it came in went back to the driver (#{number + 2}).",
        f"CID 2 answered by RST (#{number + 3}): what it belongs to is not there. [VSOCK-BOTH-31]",
    )
    assert (
        Rule("VSOCK-BOTH-24", "5.10.6.5", "Connecting starts with a REQUEST packet") in seen.rules
    )


def test_why_a_connection_is_refused() -> None:
    lab = vsk.Lab(vsk.Device(cid=3))
    with pytest.raises(ConnectionResetError):
        lab.guest.connect(2, PORT)
    request, reset = packets_of(lab)

    assert "VSOCK-BOTH-26" in clauses(lab.why(request).rules)
    assert f"CID 2 answered by RST (#{reset}): nobody listens on port 80" in str(lab.why(request))
    assert f"was REQUEST (#{request}): nobody listens there" in str(lab.why(reset))


def test_why_a_request_of_no_known_type_is_refused() -> None:
    lab = vsk.Lab(vsk.Device(cid=3))
    lab.guest.tx(op="REQUEST", type=7, src_port=5000, dst=(2, PORT), buf_alloc=1000)
    lab.run()
    request, reset = packets_of(lab)

    asked, answered = str(lab.why(request)), str(lab.why(reset))

    assert "nobody listens" not in asked + answered
    assert f"by RST (#{reset}): no connection can come of such a REQUEST. [VSOCK-BOTH-31]" in asked
    assert f"was REQUEST (#{request}): no connection can come of it, as it was refused" in answered


def test_who_asks_twice_is_told_of_the_answer_to_each() -> None:
    lab = vsk.Lab(vsk.Device())
    for _ in range(2):
        lab.guest.tx(op="REQUEST", src_port=5555, dst=(2, PORT))
        lab.run()

    requests, resets = packets_of(lab, vsk.Op.REQUEST), packets_of(lab, vsk.Op.RST)

    assert len(requests) == len(resets) == 2
    for request, reset in zip(requests, resets, strict=True):
        assert f"answered by RST (#{reset})" in str(lab.why(request))
        assert f"was REQUEST (#{request})" in str(lab.why(reset))


def test_a_reset_of_what_was_accepted_does_not_say_that_nobody_listens() -> None:
    lab, _ = connected(Acceptor())
    lab.device.connections[0].reset()
    lab.run()
    request, response, reset = (
        packets_of(lab, op)[0] for op in (vsk.Op.REQUEST, vsk.Op.RESPONSE, vsk.Op.RST)
    )

    reason = lab.why(reset)

    assert f"was REQUEST (#{request}): that was accepted (#{response})" in str(reason)
    assert "VSOCK-BOTH-26" not in clauses(reason.rules)


@pytest.mark.parametrize(
    ("said", "over"),
    [
        ([("guest", 2)], False),
        ([("guest", 2), ("guest", 1)], True),
        ([("device", 2), ("guest", 2)], True),
        ([("device", 1), ("guest", 1)], True),
        ([("device", 2), ("guest", 1)], False),
    ],
)
def test_a_close_is_complete_where_both_directions_were_shut(
    said: list[tuple[str, int]], over: bool
) -> None:
    ends = {"guest": (3, 1024), "device": (2, PORT)}
    # A connection before it, whose SHUTDOWN is forgotten.
    packets = [("guest", "SHUTDOWN", 3), ("guest", "REQUEST", 0), ("device", "RESPONSE", 0)]
    packets += [(who, "SHUTDOWN", flags) for who, flags in said] + [("device", "RST", 0)]
    records = []
    for time, (who, op, flags) in enumerate(packets):
        src, dst = ends[who], ends["device" if who == "guest" else "guest"]
        packet = vsk.Packet(src=src, dst=dst, op=op, flags=flags)
        records.append(SimpleNamespace(packet=packet, time=time, cut=False, comment=None))
    entries = entries_of(records)  # type: ignore[arg-type]

    reason = why_told(Told(entries, from_start=True), len(entries) - 1)

    assert ("with it the close is complete" in str(reason)) is over


def test_an_update_says_whom_it_answers() -> None:
    lab, conn = connected(Deaf(buf_alloc=4096))
    conn.send(bytes(5000))
    lab.run(within=0.01)
    request, update = (
        packets_of(lab, op)[-1] for op in (vsk.Op.CREDIT_REQUEST, vsk.Op.CREDIT_UPDATE)
    )

    assert f"It answers the CREDIT_REQUEST (#{request}). [VSOCK-BOTH-21]" in lab.why(update).steps


@pytest.mark.parametrize(
    ("features", "kick", "used", "interrupt"),
    [
        (0, "NOTIF-DRV-01", "SPLIT-DEV-06", "SPLITSUP-DEV-03"),
        (vsk.Feature.RING_PACKED, "NOTIF-DRV-01", "PACKED-DEV-05", "PACKSUP-DRV-01"),
        (vsk.Feature.NOTIFICATION_DATA, "NOTIF-DRV-02", "SPLIT-DEV-06", "SPLITSUP-DEV-03"),
    ],
)
def test_a_rule_is_that_of_the_ring_s_format(
    features: int, kick: str, used: str, interrupt: str
) -> None:
    lab, _ = connected(Acceptor(features=vsk.Feature.VERSION_1 | vsk.Feature.STREAM | features))

    for kind, clause in (("KICK", kick), ("USED", used), ("INTERRUPT", interrupt)):
        number = next(entry.number for entry in lab.trace if entry.kind == kind)
        named = clauses(lab.why(number).rules)
        assert clause in named
        split = [name for name in named if name.startswith("SPLIT")]
        assert not split or not features & vsk.Feature.RING_PACKED


def test_why_of_an_honest_conversation_blames_nobody() -> None:
    lab, conn = connected(Echo())
    conn.exchange(b"hello")
    conn.close()
    lab.run()
    (shutdown,), (reset,) = (packets_of(lab, op) for op in (vsk.Op.SHUTDOWN, vsk.Op.RST))

    assert not any("breaks" in step for n in packets_of(lab) for step in lab.why(n).steps)
    assert f"CID 2 answered by RST (#{reset}): both directions were shut" in str(lab.why(shutdown))
    assert "VSOCK-BOTH-32" in clauses(lab.why(shutdown).rules)
    assert f"was SHUTDOWN (#{shutdown}): with it the close is complete" in str(lab.why(reset))


def test_every_entry_has_a_reason() -> None:
    lab = vsk.Lab(Echo(cid=3), seed=3, delay=0.01, lose_kicks=300)
    lab.guest.connect(2, PORT).exchange(bytes(10_000))
    lab.device.reset_transport()
    lab.run(within=5)
    kinds = {entry.kind for entry in lab.trace}
    assert {"FAULT", "EVENT", "KICK", "STATUS", "INTERRUPT", "USED"} <= kinds

    assert [entry.line for entry in lab.trace if not lab.why(entry.number).steps] == []


def test_why_of_a_chain_that_broke_a_rule() -> None:
    lab = talked()
    (number,) = (e.number for e in lab.trace if e.status is vsk.Status.BAD_LEN)
    head = lab.trace[number].head

    assert lab.why(number).steps[0] == (
        f"The device refused chain {head} of tx: the header's len is more than the payload bytes"
        " there. [VSOCK-BOTH-08]"
    )
    assert f"It was refused: #{number} says why." in lab.why(number + 1).steps


def test_nobody_answers_oneself() -> None:
    class Silent(vsk.Device):
        def on_request(self, conn: vsk.Conn) -> None:
            conn.defer()

    lab = vsk.Lab(Silent(cid=3))
    for op in ("REQUEST", "RST"):
        lab.guest.tx(op=op, src_port=9, dst=(2, PORT))
        lab.run(within=0.01)

    assert lab.why(packets_of(lab)[0]).steps[-1] == "No answer is in the trace."


def test_a_number_is_that_of_the_entry_where_old_ones_are_gone() -> None:
    lab, conn = connected(Echo(), trace=12)
    conn.exchange(b"hello")

    for entry in lab.trace:
        assert lab.why(entry.number).line == entry.line


@pytest.mark.parametrize("number", [-1, 10**6])
def test_there_is_no_reason_for_what_is_not_there(number: int) -> None:
    with pytest.raises(IndexError):
        talked().why(number)


def test_why_of_a_packet_alone() -> None:
    good = why_packet(vsk.Packet(src=(3, 1), dst=(2, 2), op="RST"))
    wrong = why_packet(vsk.Packet(src=(3, 1), dst=(2, 2), op="RST", payload=b"x"))

    assert "By itself it breaks no rule" in str(good)
    assert "VSOCK-BOTH-08" in clauses(wrong.rules)


def test_clauses_are_those_of_the_specification() -> None:
    path = Path(os.environ["VSK_SOURCE"]) / "tests/vectors/conformance.tsv"
    with path.open() as file:
        rows = {r["id"]: r for r in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)}
    core = {status.clause for status in vsk.Status} - {""}

    assert {c: v for c, v in CLAUSES.items() if rows[c]["section"].split()[0] != v[0]} == {}
    assert {c: v for c, v in CLAUSES.items() if rows[c]["paraphrase"] != v[1]} == {}
    assert {clause for clause in core - set(CLAUSES) if not clause.startswith("VHU")} == set()


def test_every_clause_that_why_names_has_words() -> None:
    folder = Path(draw.__file__).parent
    checks = [*folder.parent.glob("check/*.py"), folder / "whys.py"]
    named = {c for file in checks for c in re.findall(r'"([A-Z]+-[A-Z]+-\d+)"', file.read_text())}

    assert named - set(CLAUSES) == set()
