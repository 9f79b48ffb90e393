# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A long trace, of which only what is seen is drawn."""

import itertools

import pytest
from conftest import Opener, Shown

import vsk

PLENTY = 10_000  # packets
NODES = 1_000  # elements that a page of any length may have


@pytest.fixture(scope="module")
def long_lab() -> vsk.Lab:
    """A lab through which 10,000 packets went, and some more."""
    lab = vsk.Lab(Talker(cid=3))
    conns = [lab.guest.connect(2, 80) for _ in range(4)]
    for turn, conn in zip(range(PLENTY // 3), itertools.cycle(conns)):
        conn.exchange(b"x" * (turn % 900 + 1))
    return lab


class Talker(vsk.Device):
    """Sends back what comes."""

    def on_request(self, conn: vsk.Conn) -> None:
        conn.accept()

    def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
        conn.send(data)


@pytest.fixture(scope="module")
def long_text(long_lab: vsk.Lab) -> str:
    return long_lab.trace.html()


def drawn(shown: Shown) -> dict[str, int]:
    """How many elements there are, and how many rows among them."""
    count = "document.querySelectorAll('*').length"
    return {"all": shown.page.evaluate(count), "rows": shown.find(".row").count()}


def test_only_what_is_seen_is_drawn(show: Opener, long_lab: vsk.Lab, long_text: str) -> None:
    assert sum(1 for _ in long_lab.trace.packets) >= PLENTY
    shown, last = show(long_text), len(long_lab.trace) - 1

    seen = []
    for keys in (["Home"], ["End"], ["PageUp"] * 50, ["k"] * 20):
        shown.press(*keys)
        assert len(set(shown.places())) == 1
        seen.append(drawn(shown))
    shown.find("#track").click(position={"x": 600, "y": 20})
    seen.append(drawn(shown))
    assert abs(shown.places()[0] - last * 600 / 1250) < last / 50
    shown.find("#list").hover()
    for _ in range(20):
        shown.page.mouse.wheel(0, 4000)
    shown.page.wait_for_timeout(100)
    seen.append(drawn(shown))

    assert max(count["all"] for count in seen) <= NODES, seen
    assert max(count["rows"] for count in seen) <= 40
    assert min(count["rows"] for count in seen) >= 15


def test_a_step_in_a_long_trace_takes_no_longer(show: Opener, text: str, long_text: str) -> None:
    """Times of a busy machine: the median of many, with a wide margin."""
    took = {}
    for name, page in (("short", text), ("long", long_text)):
        shown = show(page)
        shown.press("End", *["PageUp"] * 3)
        took[name] = shown.page.evaluate(
            """() => {
                const times = [];
                for (let i = 0; i < 61; i++) {
                    const begin = performance.now();
                    const key = i % 2 ? "j" : "k";
                    document.body.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
                    document.body.offsetHeight;
                    times.push(performance.now() - begin);
                }
                return times.sort((a, b) => a - b)[30];
            }"""
        )
    print(took)
    assert took["long"] < 5 * took["short"] + 5, took
    assert took["long"] < 100, took
