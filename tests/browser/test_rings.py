# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Cells of rings over time, held to what stood in guest memory at that moment."""

from typing import Any

import pytest
from conftest import Opener

import vsk

PACKED, IN_ORDER = vsk.Feature.RING_PACKED, vsk.Feature.IN_ORDER
FORMATS = {
    "split": 0,
    "split in order": IN_ORDER,
    "packed": PACKED,
    "packed in order": PACKED | IN_ORDER,
}

# Owner, head and slot of the cells of a queue, and the entry that each leads to.
CELLS = """name => {
    const box = [...document.querySelectorAll("#rings .ring")]
        .find((e) => e.querySelector("h3").innerText.startsWith(name));
    return Array.from(box.querySelectorAll(".cell[title]"), (cell) => {
        const [owner, head] = cell.querySelector("b").textContent.split(" ");
        return [owner, head, Number(cell.lastChild.textContent), cell.title];
    });
}"""


class Watched(vsk.Device):
    """Notes what stands in the TX ring's memory as it takes each packet."""

    lab: vsk.Lab

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.seen: dict[int, dict[int, int]] = {}

    def on_request(self, conn: vsk.Conn) -> None:
        conn.accept()

    def on_packet(self, packet: vsk.Packet) -> None:
        guest = self.lab.guest
        queue = vsk.Queue(guest.memory, ring=guest.rings[1])
        slots = range(queue.size)
        heads = (
            # A list has its buffer id in every descriptor.
            {slot: queue.get_desc(slot).next for slot in slots}
            if queue.packed
            else {slot: queue.get("avail.ring", slot) for slot in slots}
        )
        self.seen[self.lab.trace[-1].number] = heads


def busy(features: int) -> tuple[vsk.Lab, Watched]:
    """A lab whose guest puts more than one packet on its ring at a time, over several laps."""
    device = Watched(cid=3, features=vsk.device.OFFERED | features)
    lab = device.lab = vsk.Lab(device, guests=[vsk.Guest(queue_size=8)])
    for turn in range(4):
        for port in range(3):
            lab.guest.tx(
                op="RW",
                src_port=5000 + port,
                dst=(2, 80),
                payload=b"x" * (turn + 1),
                layout=[44, turn + 1],
            )
        lab.run()
    return lab, device


@pytest.mark.parametrize("form", FORMATS)
def test_cells_have_the_heads_that_memory_has(show: Opener, form: str) -> None:
    lab, device = busy(int(FORMATS[form]))
    shown = show(lab.trace.html())

    most = 0
    for number, heads in device.seen.items():
        shown.steps_to(number)
        cells = shown.page.evaluate(CELLS, "tx")
        entry = lab.trace[number]
        ring, spans = entry._stood()
        assert ring is not None
        now = [cell for cell in cells if cell[0] in "AD"]
        assert {cell[1] for cell in now if cell[0] == "D"} == {str(entry.head)}
        assert [int(head) for _, head, _, _ in now] == [heads[slot] for _, _, slot, _ in now]
        assert all(f"chain {head}: #" in title for _, head, _, title in now)
        per = len(spans) if "packed" in form and not spans[0].indirect else 1
        assert len([cell for cell in now if cell[0] == "D"]) == per
        most = max(most, len(now))
    assert len(device.seen) == 12
    assert most >= 3


def test_a_ring_that_begins_anew_begins_at_its_start(show: Opener) -> None:
    device = Watched(cid=3, features=vsk.device.OFFERED | vsk.Feature.RING_RESET)
    lab = device.lab = vsk.Lab(device, guests=[vsk.Guest(queue_size=8)])
    for _ in range(3):
        lab.guest.tx(op="RW", src_port=5000, dst=(2, 80), payload=b"x", layout=[45])
        lab.run()
    lab.guest.reset_queue(1, 4)
    lab.guest.tx(op="RW", src_port=5001, dst=(2, 80), payload=b"x", layout=[45])
    lab.run()
    last = max(device.seen)
    shown = show(lab.trace.html())

    shown.steps_to(last)

    assert [cell[:3] for cell in shown.page.evaluate(CELLS, "tx")] == [
        ["D", str(lab.trace[last].head), 0]
    ]
    assert (
        "split, 4 · avail.idx 1 · device's next 1 ·" in shown.find("#rings h3").first.inner_text()
    )


def test_a_rewound_lab_shows_the_chains_of_now(show: Opener) -> None:
    lab = vsk.Lab(vsk.Device(cid=3))
    before = lab.snapshot()
    lab.guest.tx(op="RW", src_port=6000, dst=(2, 80), payload=b"x", layout=[45])
    lab.run()
    lab.rewind(before)
    lab.guest.tx(op="RW", src_port=6001, dst=(2, 80), payload=b"x", layout=[45])
    lab.run()
    first, second = (e.number for e in lab.trace if e.kind == "PACKET" and e.queue == "tx")
    shown = show(lab.trace.html())

    for number in (first, second):
        shown.steps_to(number)
        (cell,) = shown.page.evaluate(CELLS, "tx")
        assert cell[0] == "D" and f": #{number} " in cell[3]


def test_each_guest_has_its_own_rings(show: Opener) -> None:
    lab = vsk.Lab(vsk.Device(cid=3), guests=2)
    lab.guests[1].tx(op="RW", src_port=5000, dst=(2, 80), payload=b"x")
    lab.run()
    number = next(e.number for e in lab.trace if e.packet and e.guest == 4)
    shown = show(lab.trace.html())

    shown.steps_to(number)
    mine = shown.text("#rings h3 >> nth=0")
    shown.press("Home")

    assert "device's next 1" in mine
    assert "nothing so far" in shown.text("#rings h3 >> nth=0")
    assert shown.find(".row .cid").first.inner_text() == "3"
