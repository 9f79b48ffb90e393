# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""One packet through every cut: what the parser reads, and the way that it goes."""

import subprocess
import xml.etree.ElementTree as ElementTree
from itertools import accumulate
from math import comb
from pathlib import Path
from typing import Any

import pytest
from formats import FORMATS

import vsk
from vsk.view import cuts, every_layout, walk
from vsk.view.data import Hop
from vsk.view.packets import FIELDS

SVG = "{http://www.w3.org/2000/svg}"
SIZE = 49
FORMS = [{"packed": packed, "indirect": indirect} for packed in (0, 1) for indirect in (0, 1)]


def whole() -> vsk.Packet:
    """A packet with something else in every byte."""
    packet = vsk.Packet(payload=b"hello")
    packet.header = bytes(range(1, 45))
    packet.len = 5
    return packet


# ---- what is read ----


@pytest.mark.parametrize("form", FORMS)
def test_every_cut_into_two_gives_the_same_packet(form: dict[str, Any]) -> None:
    # VSOCK-BOTH-04
    seen = cuts(whole(), **form)

    assert [one.layout for one in seen.walks] == [(at, SIZE - at) for at in range(1, SIZE)]
    assert all(one.same for one in seen.walks)
    assert all(hop.table == form["indirect"] for one in seen.walks for hop in one.hops)


def test_every_cut_into_three_gives_the_same_packet() -> None:
    seen = cuts(whole(), 3)

    assert len({one.layout for one in seen.walks}) == comb(SIZE - 1, 2)
    assert all(one.same and len(one.hops) == 3 for one in seen.walks)


def test_a_header_alone_has_every_cut_too() -> None:
    seen = cuts(vsk.Packet(op="RST"), pieces=44)

    assert [one.layout for one in seen.walks] == [(1,) * 44]
    assert seen.walks[0].same


def test_there_may_be_too_many_cuts() -> None:
    for pieces in (4, 0, 50):
        with pytest.raises(vsk.UsageError, match=f"49 bytes in {pieces} pieces") as caught:
            cuts(whole(), pieces)
        assert caught.value.status is vsk.Status.ERR_ARGUMENT
    assert sum(1 for _ in every_layout(SIZE, 4)) == comb(SIZE - 1, 3)


def test_some_cuts_alone_can_be_looked_at() -> None:
    layouts = [(44, 5), (1, 43, 5)]

    assert [one.layout for one in cuts(whole(), layouts=layouts).walks] == layouts


def test_a_cut_of_another_length_is_refused() -> None:
    with pytest.raises(vsk.UsageError):
        walk(whole(), [44, 4])


def test_what_the_parser_refuses_says_why() -> None:
    packet = whole()
    packet.len = 99

    seen = walk(packet, [44, 5])

    assert not seen.same
    assert "VSOCK-BOTH-08" in str(seen)
    assert "0 times" in str(cuts(packet))


def test_what_is_read_is_held_to_what_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    class Wrong:
        @staticmethod
        def from_tx(chain: vsk.Chain) -> vsk.Packet:
            packet = vsk.Packet.from_tx(chain)
            packet.fwd_cnt += 1
            return packet

    monkeypatch.setattr("vsk.view.walks.Packet", Wrong)

    assert not walk(whole(), [44, 5]).same


# ---- the way ----


@pytest.mark.parametrize("layout", [(10, 34, 3, 2), (49,), (1,) * 49, (43, 6), (48, 1)])
def test_the_cursor_stands_where_the_bytes_before_end(layout: tuple[int, ...]) -> None:
    seen = walk(whole(), layout)

    assert tuple(hop.len for hop in seen.hops) == layout
    assert [hop.cursor for hop in seen.hops] == [0, *accumulate(layout)][:-1]
    assert sum(hop.header for hop in seen.hops) == 44
    assert all(hop.header + hop.payload == hop.len for hop in seen.hops)
    names = [name for hop in seen.hops for name in hop.completes]
    assert names == [*(name for name, _, _ in FIELDS), "payload"]


def field_at(offset: int) -> str:
    """Name the field that a byte of the packet is of."""
    found = [name for name, first, width in FIELDS if first <= offset < first + width]
    return found[0] if found else "payload"


def parsed_with(layout: tuple[int, ...], addr: int, form: dict[str, bool]) -> vsk.Packet:
    """Put the packet where walk puts it, change a byte in memory, and parse it."""
    many = len(layout) + 2
    size = 1 << (many - 1).bit_length()
    memory = vsk.Memory(64 * size + 2 * SIZE + 64 * many + 4096)
    queue = vsk.Queue(memory, size, **form)
    queue.driver.send(whole(), layout=layout)
    memory.write(addr, bytes([memory.read(addr, 1)[0] ^ 0x40]))
    chain = queue.device.pop()
    assert chain is not None
    return vsk.Packet.from_tx(chain)


def offsets(hop: Hop) -> range:
    return range(hop.cursor, hop.cursor + hop.len)


@pytest.mark.parametrize("form", [FORMATS["split"], FORMATS["packed"]])
@pytest.mark.parametrize("layout", [(10, 34, 3, 2), (1, 20, 23, 5), (45, 4)])
def test_a_byte_in_memory_is_that_of_the_field(
    layout: tuple[int, ...], form: dict[str, bool]
) -> None:
    seen = walk(whole(), layout, packed=form.get("packed", False))
    before = whole()

    for hop in seen.hops:
        for offset in offsets(hop):
            name = field_at(offset)
            if name == "len":
                continue  # then it is no packet
            after = parsed_with(layout, hop.address + offset - hop.cursor, form)
            changed = [
                other
                for other in [field for field, _, _ in FIELDS] + ["payload"]
                if getattr(after, other) != getattr(before, other)
            ]
            assert changed == [name]


def test_a_packet_out_of_a_chain_is_seen_as_it_stands() -> None:
    queue = vsk.Queue(vsk.Memory(1 << 16), 16)
    queue.driver.send(whole(), layout=[20, 29])
    chain = queue.device.pop()
    assert chain is not None
    packet = vsk.Packet.from_tx(chain)

    seen = walk(packet)

    assert (seen.layout, seen.chain, seen.same) == ((20, 29), str(chain), True)
    assert [hop.address for hop in seen.hops] == [span.addr for span in chain.spans]


# ---- how it is shown ----


def test_a_way_has_a_line_for_each_descriptor(capsys: pytest.CaptureFixture[str]) -> None:
    packet = vsk.Packet(src=(3, 1024), dst=(2, 1234), op="RW", payload=b"hello")
    walk(packet, [10, 34, 3, 2]).show()

    assert (
        capsys.readouterr().out
        == """\
3:1024 > 2:1234 STREAM RW len=5 buf_alloc=0 fwd_cnt=0
chain 0: 4 descriptors, readable 49: r 0xe0+10, r 0xfa+34, r 0x12c+3, r 0x13f+2
cursor  descriptor  address  bytes  header  payload  completes           breaks
     0  desc[0]     0xe0        10      10        0  src_cid             dst_cid 2 of 8
    10  desc[1]     0xfa        34      34        0  dst_cid .. fwd_cnt
    44  desc[2]     0x12c        3       0        3                      payload 3 of 5
    47  desc[3]     0x13f        2       0        2  payload
    49  the same packet
"""
    )


def test_both_are_drawn_as_images_and_for_notebooks() -> None:
    seen = cuts(whole(), 3, layouts=[(1, 43, 5), (44, 4, 1)])

    frames = ElementTree.fromstring(seen.svg()).findall(f"{SVG}rect[@class='hop']")
    assert len(frames) == 6
    titles = [frame.findtext(f"{SVG}title") for frame in frames]
    assert titles[0] == f"desc[0] {seen.walks[0].hops[0].address:#x}+1"
    one = ElementTree.fromstring(seen.walks[0].svg())
    assert len(one.findall(f"{SVG}rect[@class='hop']")) == 3
    assert "1+43+5" in seen._repr_html_() and "desc[0]" in seen.walks[0]._repr_html_()


def test_lua_shows_the_same(tmp_path: Path) -> None:
    script = tmp_path / "cuts.lua"
    script.write_text(
        """
        local vsk, view = require "vsk", require "vsk.view"
        for _, payload in ipairs { "hello", "" } do
          local packet = vsk.packet { src = { 3, 1024 }, dst = { 2, 80 }, op = "RW",
            payload = payload }
          local wrong = vsk.packet { src = { 3, 1024 }, dst = { 2, 80 }, op = "RW", len = 9,
            payload = payload }
          for _, form in ipairs { {}, { packed = true }, { indirect = true } } do
            print(view.walk(packet, { 20, 24 + #payload }, form))
            print(view.walk(wrong, { 20, 24 + #payload }, form))
            print(view.cuts(packet, 2, form))
            print(view.cuts(packet, 44 + #payload, form))
            form.layouts = { { 20, 24 + #payload } }
            print(view.cuts(wrong, nil, form))
            if payload == "" then break end
          end
          print(view.walk(packet))
        end
        print((pcall(view.cuts, vsk.packet {}, 5)), pcall(view.walk, vsk.packet {}, { 43 }))
        for layout in view.every_layout(5, 3) do print(table.concat(layout, "+")) end
    """
    )

    printed = subprocess.check_output(["lua5.4", script], text=True)

    wanted = []
    for payload in (b"hello", b""):
        names: dict[str, Any] = {"src": (3, 1024), "dst": (2, 80), "op": "RW"}
        packet, wrong = (vsk.Packet(payload=payload, **names, **more) for more in ({}, {"len": 9}))
        layout = [20, 24 + len(payload)]
        for form in [{}, {"packed": True}, {"indirect": True}][: 3 if payload else 1]:
            wanted += [walk(packet, layout, **form), walk(wrong, layout, **form)]
            wanted += [cuts(packet, **form), cuts(packet, 44 + len(payload), **form)]
            wanted += [cuts(wrong, layouts=[layout], **form)]
        wanted += [walk(packet)]
    lines = "\n".join(map(str, wanted)).splitlines()
    rest = printed.splitlines()
    assert rest[: len(lines)] == lines
    assert rest[len(lines)].startswith("false\tfalse\t") and "ERR_" in rest[len(lines)]
    assert rest[len(lines) + 1 :] == ["+".join(map(str, cut)) for cut in every_layout(5, 3)]
