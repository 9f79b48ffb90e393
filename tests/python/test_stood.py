# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Where both ends of a queue stood behind an entry of a trace, and the spans of its chain."""

from pathlib import Path

import pytest
from formats import FORMATS, offered
from labs import PORT, Acceptor, Echo, connected
from sockets import served

import vsk
from vsk.view import queue as look


@pytest.mark.parametrize("form", FORMATS)
def test_an_entry_knows_where_both_ends_stand(form: str) -> None:
    seen = []

    class Watched(Acceptor):
        def on_packet(self, packet: vsk.Packet) -> None:
            queue = vsk.Queue(lab.guest.memory, ring=lab.guest.rings[1])
            items = {item.name: item.value for item in look(queue).items}
            ring, spans = lab.trace[-1]._stood()
            assert ring is not None
            names = ("driver's next",) if queue.packed else ("avail.idx",)
            assert (ring[0], ring[1]) == (queue.size, queue.packed)
            assert [items[name] for name in names] == [ring[2]]
            direct = [span for span in spans if not span.indirect]
            descs = [queue.get_desc(span.slot) for span in direct]
            assert [(s.addr, s.len) for s in direct] == [(d.addr, d.len) for d in descs]
            assert sum(span.len for span in spans) == len(bytes(packet))
            seen.append(ring)

    lab = vsk.Lab(Watched(cid=3, features=offered(FORMATS[form])))
    conn = lab.guest.connect(2, PORT)
    for size in (1, 2000, 3):
        conn.send(b"x" * size)
        lab.run()

    # Of split rings the device has taken a chain more each time; packed ones have places.
    assert len(seen) == 4
    if "packed" not in form:
        assert [ring[4] for ring in seen] == [1, 2, 3, 4]


def test_the_device_takes_before_it_gives_back() -> None:
    lab, conn = connected(Echo())
    conn.exchange(b"x" * 5000)
    lab.guest.tx(op="RW", src_port=5555, dst=(2, PORT), payload=b"nobody asked")
    lab.run()

    for entry in lab.trace:
        ring, _ = entry._stood()
        if entry.queue is None:
            assert ring is None
        elif ring is not None:
            _, _, made, reaped, taken, given = ring
            assert made is not None and reaped is not None
            assert taken is not None and given is not None
            assert made >= taken >= given >= reaped
    # A chain of one packet at a time: USED is where it is given back.
    used = [e._stood()[0] for e in lab.trace if e.kind == "USED" and e.queue == "tx"]
    assert [ring[5] for ring in used if ring] == list(range(1, len(used) + 1))


def test_an_entry_keeps_the_first_spans_of_a_long_chain() -> None:
    lab, _ = connected(Echo())
    lab.guest.tx(op="RW", src_port=5555, dst=(2, PORT), payload=b"x" * 100, layout=[44] + [1] * 100)
    lab.run()

    entry = next(e for e in reversed(lab.trace) if e.packet and e.packet.len == 100)
    assert [span.len for span in entry._stood()[1]] == [44] + [1] * 63


def test_an_end_on_a_socket_knows_itself_alone(tmp_path: Path) -> None:
    path = tmp_path / "v.sock"
    with served(Echo(cid=3), path, trace=1000) as server:
        with vsk.attach(path, trace=1000) as guest:
            guest.connect(2, PORT).exchange(b"hello")
            mine = [e._stood()[0] for e in guest._host.trace if e.kind == "PACKET"]
        theirs = [e._stood()[0] for e in server.trace if e.kind == "PACKET"]

    assert mine and theirs
    for ring in mine:
        assert ring is not None and None not in ring[2:4] and ring[4:] == (None, None)
    for ring in theirs:
        assert ring is not None and ring[2:4] == (None, None) and None not in ring[4:]


def test_each_guest_stands_on_its_own() -> None:
    lab = vsk.Lab(vsk.Device(cid=3), guests=2)
    for guest, count in zip(lab.guests, (3, 1), strict=True):
        for _ in range(count):
            guest.tx(op="RW", src_port=5555, dst=(2, PORT), payload=b"x")
    lab.run()

    sent = [e for e in lab.trace if e.kind == "PACKET" and e.queue == "tx"]
    made = {e.guest: ring[2] for e in sent if (ring := e._stood()[0]) is not None}
    assert made == {3: 3, 4: 1}
