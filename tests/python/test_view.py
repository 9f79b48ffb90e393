# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Packets and queues as they are seen: data first, then drawings."""

import subprocess
import sys
from collections import Counter
from html.parser import HTMLParser
from typing import Any

import pytest
from IPython.lib.pretty import pretty

import vsk
from vsk.view import data, ink, packet, packets, queue
from vsk.view.data import Look, Owner

PACKET = vsk.Packet(src=(3, 1024), dst=(2, 1234), op="RW", payload=b"hello")
CUT = [10, 34, 3, 2]


def ring(size: int = 8, *, packed: bool = False) -> vsk.Queue:
    return vsk.Queue(vsk.Memory(1 << 20), size, packed=packed)


def text_of(html: str) -> str:
    """What a browser shows of HTML."""
    found: list[str] = []
    parser = HTMLParser()
    parser.handle_data = found.append  # type: ignore[method-assign]
    parser.feed(html)
    return "".join(found)


# ---- packets ----


def test_every_byte_has_its_field() -> None:
    seen = packet(PACKET)

    assert b"".join(piece.data for piece in seen.pieces) == bytes(PACKET)
    assert [(p.field, p.offset, p.size) for p in seen.pieces[:10]] == list(packets.FIELDS)
    assert [name for name, _, _ in packets.FIELDS] == list(vsk.HeaderFields.__match_args__)
    assert (seen.pieces[10].field, seen.pieces[10].data) == ("payload", b"hello")


def test_each_field_means_what_is_in_it() -> None:
    for piece in packet(PACKET).pieces[:10]:
        value = int.from_bytes(piece.data, "little")
        assert value == getattr(PACKET, piece.field)
        assert piece.meaning.split()[0] == str(value)


@pytest.mark.parametrize("indirect", [False, True])
def test_a_byte_leads_to_its_descriptor_and_guest_address(indirect: bool) -> None:
    tx = ring()
    tx.driver.send(PACKET, layout=CUT, indirect=indirect)
    chain = tx.device.pop()
    assert chain is not None

    pieces = packet(vsk.Packet.from_tx(chain)).pieces

    for piece in pieces:
        assert piece.address is not None
        assert tx.memory.read(piece.address, len(piece.data)) == piece.data
        assert (piece.table, piece.write) == (indirect, False)
    lengths = Counter(piece.slot for piece in pieces for _ in piece.data)
    assert list(lengths.values()) == CUT
    assert [p.field for p in pieces].count("dst_cid") == 2  # it stands in two descriptors


def test_a_packet_without_a_chain_has_no_address() -> None:
    assert all(piece.address is None for piece in packet(PACKET).pieces)


def test_a_packet_whose_chain_went_back_cannot_be_read() -> None:
    tx = ring()
    tx.driver.send(PACKET)
    chain = tx.device.pop()
    assert chain is not None
    got = vsk.Packet.from_tx(chain)
    tx.device.push(chain, 0)

    with pytest.raises(vsk.UsageError):
        got.hexdump()


def test_the_hexdump_needs_no_colour(capsys: pytest.CaptureFixture[str]) -> None:
    tx = ring()
    tx.driver.send(PACKET, layout=CUT)
    chain = tx.device.pop()
    assert chain is not None

    vsk.Packet.from_tx(chain).hexdump()

    first, span = chain.spans[:2]
    printed = capsys.readouterr().out.splitlines()
    assert printed[:2] == [str(PACKET), str(chain)]
    cells = [" ".join(line.split()) for line in printed]
    assert f"8 02 00 dst_cid[0..1] 2 desc[0] r {first.addr + 8:#x}" in cells
    assert f"10 00 00 00 00 00 00 dst_cid[2..7] desc[1] r {span.addr:#x}" in cells
    assert f"30 05 00 op 5 RW desc[1] r {span.addr + 20:#x}" in cells
    assert any(line.startswith("44 68 65 6c payload[0..2] |hel| desc[2] r") for line in cells)


def test_a_long_payload_is_cut_in_the_drawing_alone() -> None:
    seen = packet(vsk.Packet(op="RW", payload=bytes(2000)))

    assert sum(len(piece.data) for piece in seen.pieces) == 2044
    assert str(seen).splitlines()[-1].strip() == "... and 1488 more bytes of payload"


def test_a_notebook_shows_the_same_in_colour() -> None:
    hostile = vsk.Packet(src=(3, 1), dst=(2, 2), op="RW", payload=b"<script>&")

    html = hostile._repr_html_()

    lines = [line.rstrip() for line in text_of(html).splitlines()]
    assert lines == str(packet(hostile)).splitlines()
    assert "<script>" not in html
    for name, _, _ in packets.FIELDS:
        assert ink.STYLES[name][1] in html


def test_the_prompt_of_ipython_shows_drawings() -> None:
    lab = vsk.Lab(vsk.Device(cid=3))
    lab.guest.tx(op="RW", src_port=5555, dst=(2, 1234))
    lab.run()
    seen = [packet(PACKET), queue(vsk.Queue(vsk.Memory(4096), 4)), lab.trace.ladder(), lab.ends()]

    for each in [*seen, lab.why(0)]:
        assert pretty(each) == str(each)


def test_fields_have_colours_of_their_own() -> None:
    colours = [ink.STYLES[name] for name, _, _ in packets.FIELDS]

    assert len({terminal for terminal, _ in colours}) == len({css for _, css in colours}) == 10


HOSTILE = {"type": 77, "op": 99, "flags": 6, "src_cid": 2**64 - 1, "len": 3, "payload": b"\0|~\x7f"}


@pytest.mark.parametrize("indirect", [False, True])
@pytest.mark.parametrize(
    "fields", [{}, HOSTILE, {"op": "SHUTDOWN", "flags": 3}, {"payload": bytes(600)}]
)
def test_lua_prints_the_same(fields: dict[str, Any], indirect: bool) -> None:
    packet_of = vsk.Packet(**{"src": (3, 1024), "dst": (2, 1234), "op": "RW"} | fields)
    size = len(bytes(packet_of))
    layout = [10, 34, *([1, size - 45] if size > 45 else [])]
    tx = ring()
    tx.driver.send(packet_of, layout=layout, indirect=indirect)
    chain = tx.device.pop()
    assert chain is not None
    script = f"""
        local vsk = require "vsk"
        local wire = ("{bytes(packet_of).hex()}"):gsub("..", function(two)
          return string.char(tonumber(two, 16)) end)
        local packet = vsk.packet {{ payload = wire:sub(45) }}
        packet.header = vsk.parse_header(wire)
        local tx = vsk.queue(vsk.memory(1 << 20), {{ size = 8 }})
        packet:hexdump()
        local layout = {{ {str(layout)[1:-1]} }}
        tx.driver:send(packet, {{ layout = layout, indirect = {str(indirect).lower()} }})
        vsk.from_tx(tx.device:pop()):hexdump()
    """

    printed = subprocess.check_output(["lua5.4", "-e", script], text=True)

    drawings = [str(packet(packet_of)), str(packet(vsk.Packet.from_tx(chain)))]
    assert printed == "".join(f"{drawing}\n" for drawing in drawings)


# ---- queues ----


def crossed(count: int, size: int) -> vsk.Queue:
    """A queue over which so many packets have gone."""
    tx = ring(size)
    for _ in range(count):
        tx.driver.send(PACKET)
        chain = tx.device.pop()
        assert chain is not None
        tx.device.push(chain, 0)
        tx.driver.reap()
    return tx


def owners(look: Look) -> str:
    return "".join(desc.owner.value for desc in look.descriptors)


def steps(packed: bool) -> list[Look]:
    """A chain of four and one of two on their way there and back, the second one first."""
    tx = ring(packed=packed)
    tx.driver.send(PACKET, layout=CUT)
    tx.driver.send(PACKET, layout=[44, 5])
    looks = [queue(tx)]
    one, two = tx.device.pop(), tx.device.pop()
    assert one is not None and two is not None
    looks.append(queue(tx, before=looks[-1]))
    tx.device.push(two, 0)
    looks.append(queue(tx, before=looks[-1]))
    tx.driver.reap()
    looks.append(queue(tx, before=looks[-1]))
    return looks


def test_every_descriptor_of_a_split_queue_has_an_owner() -> None:
    assert [owners(look) for look in steps(False)] == [
        "AAAAAAFF",
        "DDDDDDFF",
        "DDDDUUFF",
        "DDDDFFFF",
    ]


def test_every_descriptor_of_a_packed_queue_has_an_owner() -> None:
    # The used one of the second chain is written where the first one stood.
    assert [owners(look) for look in steps(True)] == [
        "AAAAAAFF",
        "DDDDDDFF",
        "UUDDDDFF",
        "FFDDDDFF",
    ]


def test_chains_are_linked() -> None:
    look = steps(False)[0]

    assert [(d.chain, d.place, d.last) for d in look.descriptors[:6]] == [
        (0, 0, False),
        (0, 1, False),
        (0, 2, False),
        (0, 3, True),
        (4, 0, False),
        (4, 1, True),
    ]


@pytest.mark.parametrize("packed", [False, True])
def test_an_indirect_table_is_shown_below_its_descriptor(packed: bool) -> None:
    tx = ring(packed=packed)
    tx.driver.send(PACKET, layout=[44, 5], indirect=True)
    chain = tx.device.pop()
    assert chain is not None

    table = queue(tx).descriptors[0].table

    assert [(d.addr, d.len) for d in table] == [(s.addr, s.len) for s in chain]
    assert f"table[1]  {table[1].addr:#x}+5" in str(queue(tx))


@pytest.mark.parametrize("packed", [False, True])
def test_an_indirect_table_has_its_flags(packed: bool) -> None:
    rx = ring(packed=packed)
    rx.driver.post(100, layout=[44, 56], indirect=True)

    table = queue(rx).descriptors[0].table

    assert [(d.flags & 2, d.len) for d in table] == [(2, 44), (2, 56)]


def test_indices_run_freely_and_stand_at_slots() -> None:
    tx = crossed(65538, 4)
    tx.driver.send(PACKET)

    look = queue(tx)

    numbers = {item.name: (item.value, item.slot) for item in look.items}
    assert numbers["avail.idx"] == (3, 3)
    assert numbers["device's next"] == numbers["used.idx"] == numbers["driver's next"] == (2, 2)
    assert [(c.index, c.owner) for c in look.available] == [
        (0, Owner.FREE),
        (1, Owner.FREE),
        (2, Owner.AVAILABLE),
        (None, Owner.FREE),
    ]


UNUSED = "- not used yet, as far as memory can tell"


def test_cells_of_the_lap_before_65536_keep_their_index() -> None:
    tx = crossed(65535, 4)
    tx.driver.send(PACKET)
    tx.driver.send(PACKET)

    look = queue(tx)

    assert [cell.index for cell in look.available] == [0, 65533, 65534, 65535]
    assert [cell.index for cell in look.used] == [65532, 65533, 65534, 65531]
    assert UNUSED not in str(look)


def test_what_stands_behind_a_small_index_is_of_the_lap_before() -> None:
    rx = ring(4)
    for _ in range(65536):
        rx.driver.post(100)
        rx.device.send(PACKET)
        rx.driver.reap()

    look = queue(rx)

    assert look.items[0].value == 0
    assert [cell.index for cell in look.available] == [65532, 65533, 65534, 65535]
    assert [cell.index for cell in look.used] == [65532, 65533, 65534, 65535]


def test_a_new_ring_has_cells_without_an_index_and_says_so() -> None:
    rx = ring(8)
    for _ in range(2):
        rx.driver.post(100)
    for _ in range(2):
        chain = rx.device.pop()
        assert chain is not None
        rx.device.give(chain, 60)

    look = queue(rx)

    assert [cell.index for cell in look.available] == [0, 1] + [None] * 6
    assert [cell.index for cell in look.used] == [None] * 8
    assert UNUSED in str(look)
    assert UNUSED not in str(queue(crossed(8, 8)))


def test_an_index_wraps_at_65536_and_not_at_the_size() -> None:
    tx = crossed(65534, 8)
    for _ in range(4):
        tx.driver.send(PACKET)

    flying = [(c.slot, c.index) for c in queue(tx).available if c.owner is Owner.AVAILABLE]

    assert flying == [(0, 0), (1, 1), (6, 65534), (7, 65535)]


def test_what_the_device_wrote_is_in_the_used_ring() -> None:
    rx = ring()
    rx.driver.post(100)
    rx.device.send(PACKET)

    (cell,) = (cell for cell in queue(rx).used if cell.owner is Owner.USED)

    assert (cell.slot, cell.index, cell.id, cell.len) == (0, 0, 0, 49)


def test_what_has_changed_is_marked() -> None:
    first, second = steps(False)[:2]

    assert not any(item.changed for item in first.items)
    assert [item.name for item in second.items if item.changed] == ["device's next"]
    assert [d.slot for d in second.descriptors if d.changed] == [0, 1, 2, 3, 4, 5]
    assert [c.slot for c in second.available if c.changed] == [0, 1]


def test_show_compares_with_the_look_before(capsys: pytest.CaptureFixture[str]) -> None:
    tx = ring()
    tx.show()
    tx.driver.send(PACKET)
    capsys.readouterr()

    tx.show()
    first = capsys.readouterr().out
    tx.show()
    second = capsys.readouterr().out

    assert "*  avail.idx" in first
    assert "*  avail.idx" not in second
    assert "avail.idx" in second


def test_a_chain_that_bites_its_tail_is_drawn() -> None:
    tx = ring()
    tx.driver.send(PACKET, layout=CUT)
    tx.set("desc.flags", 1, 3)
    tx.set("desc.next", 0, 3)

    assert "-> 0" in str(queue(tx))


@pytest.mark.parametrize("name", ["avail.idx", "used.idx", "desc.next", "avail.ring"])
def test_a_ring_with_wild_numbers_is_drawn(name: str) -> None:
    tx = ring()
    tx.driver.send(PACKET, layout=CUT)
    tx.set(name, 65535)

    assert len(queue(tx).descriptors) == 8
    assert "65535" in str(queue(tx))


def test_rows_of_a_kind_are_folded() -> None:
    rx = ring(256)
    for _ in range(100):
        rx.driver.post(100)

    drawn = str(queue(rx)).splitlines()

    assert len(drawn) < 25
    assert "      ... and so on up to slot 99: 99 more" in drawn


def test_a_guest_shows_its_queues_and_is_not_changed(capsys: pytest.CaptureFixture[str]) -> None:
    lab, other = (vsk.Lab(vsk.Device(cid=3)) for _ in range(2))
    lab.run()
    other.run()
    before = lab.guest.memory.read(0, 1 << 20)

    lab.guest.show("rx")
    lab.guest.show()

    assert lab.guest.memory.read(0, 1 << 20) == before
    printed = capsys.readouterr().out
    assert "rx of CID 3: split queue of 256 descriptors, 0 free" in printed
    assert "tx of CID 3: split queue of 256 descriptors, 256 free" in printed
    with pytest.raises(vsk.UsageError):
        lab.guest.show("nowhere")


@pytest.mark.parametrize("packed", [False, True])
def test_lua_draws_the_same_queue(packed: bool, capsys: pytest.CaptureFixture[str]) -> None:
    script = f"""
        local vsk = require "vsk"
        local tx = vsk.queue(vsk.memory(1 << 20), {{ size = 32, packed = {str(packed).lower()} }})
        local packet = vsk.packet {{ op = "RW", payload = "hello" }}
        tx:show()
        tx.driver:send(packet, {{ layout = {{ 10, 34, 3, 2 }} }})
        for _ = 1, 9 do tx.driver:send(packet, {{ layout = {{ 49 }} }}) end
        tx.driver:send(packet, {{ layout = {{ 44, 5 }}, indirect = true }})
        tx:show()
        local one, two, three = tx.device:pop(), tx.device:pop(), tx.device:pop()
        tx.device:push(two, 0)
        tx:show()
        tx.driver:reap()
        tx.device:push(one, 0)
        tx:show()
        tx:set("desc.flags", 0xffff, 3)
        tx:show()
        print(three.held)
    """
    tx = ring(32, packed=packed)
    word = vsk.Packet(op="RW", payload=b"hello")
    tx.show()
    tx.driver.send(word, layout=CUT)
    for _ in range(9):
        tx.driver.send(word, layout=[49])
    tx.driver.send(word, layout=[44, 5], indirect=True)
    tx.show()
    one, two, three = (tx.device.pop() for _ in range(3))
    assert one is not None and two is not None and three is not None
    tx.device.push(two, 0)
    tx.show()
    tx.driver.reap()
    tx.device.push(one, 0)
    tx.show()
    tx.set("desc.flags", 0xFFFF, 3)
    tx.show()

    printed = subprocess.check_output(["lua5.4", "-e", script], text=True)

    assert printed.replace("true\n", "") == capsys.readouterr().out


def test_lua_draws_the_same_behind_65535(capsys: pytest.CaptureFixture[str]) -> None:
    script = """
        local vsk = require "vsk"
        local tx, rx = vsk.queue(vsk.memory(1 << 20), { size = 4 }),
          vsk.queue(vsk.memory(1 << 20), { size = 4 })
        local packet = vsk.packet { op = "RW", payload = "hello" }
        for _ = 1, 65535 do
          tx.driver:send(packet)
          tx.device:push(tx.device:pop(), 0)
          tx.driver:reap()
        end
        tx.driver:send(packet)
        tx.driver:send(packet)
        tx:show()
        for _ = 1, 2 do rx.driver:post(100) end
        for _ = 1, 2 do rx.device:give(rx.device:pop(), 60) end
        rx:show()
        rx.device:publish()
        rx:set("used.ring.len", 1, 3)
        rx:show()
    """
    tx, rx = crossed(65535, 4), ring(4)
    for _ in range(2):
        tx.driver.send(PACKET)
        rx.driver.post(100)
    tx.show()
    for _ in range(2):
        chain = rx.device.pop()
        assert chain is not None
        rx.device.give(chain, 60)
    rx.show()
    rx.device.publish()
    rx.set("used.ring.len", 1, 3)
    rx.show()

    printed = subprocess.check_output(["lua5.4", "-e", script], text=True)

    assert printed == capsys.readouterr().out


# ---- drawing ----


def test_nothing_is_loaded_before_something_is_drawn() -> None:
    script = "import sys, vsk; sys.exit('vsk.view' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_a_terminal_gets_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[object] = []

    class Console:
        def print(self, text: object, soft_wrap: bool) -> None:
            shown.append(text)

    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setattr("rich.console.Console", Console)

    PACKET.hexdump()

    assert "\n".join(str(text).rstrip() for text in shown) == str(packet(PACKET))
    assert any(span.style == "cyan" for text in shown for span in text.spans)  # type: ignore[attr-defined]


def test_without_rich_a_terminal_gets_text(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setitem(sys.modules, "rich.console", None)

    PACKET.hexdump()

    assert capsys.readouterr().out == f"{packet(PACKET)}\n"


def test_all_data_is_compared_and_frozen() -> None:
    assert packet(PACKET) == packet(PACKET.copy())
    with pytest.raises(AttributeError):
        packet(PACKET).line = ""  # type: ignore[misc]
    assert {"Look", "Ladder", "Ledger", "Ends", "Why"} <= set(data.__all__)
