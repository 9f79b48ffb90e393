# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Widths, colours, and what can be reached by key and told by a reader."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import Opener

import vsk
from vsk.view import cuts

WIDTHS = [(1280, 800), (800, 700)]
SCHEMES = ["light", "dark"]

# Every element with text of its own, with the contrast of WCAG 2.1 against what is behind it.
CONTRAST = """() => {
    const pen = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
    const rgba = (colour) => {
        pen.clearRect(0, 0, 1, 1);
        pen.fillStyle = colour;
        pen.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
        return [r, g, b, a / 255];
    };
    const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3]));
    const behind = (element) => {
        if (!element) return [255, 255, 255];
        const own = rgba(getComputedStyle(element).backgroundColor);
        return own[3] === 1 ? own : over(own, behind(element.parentElement));
    };
    const light = (colour) => {
        const [r, g, b] = colour.slice(0, 3).map((v) => v / 255)
            .map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const found = [];
    for (const element of document.querySelectorAll("body *")) {
        const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
        if (!own || !element.getClientRects().length || element.tagName === "SCRIPT") continue;
        const below = behind(element);
        const ink = over(rgba(getComputedStyle(element).color), below);
        const [low, high] = [light(ink), light(below)].sort((a, b) => a - b);
        found.push([(high + 0.05) / (low + 0.05), element.className, element.innerText]);
    }
    return found;
}"""


# What is wider than its room, how far the page scrolls down, and where controls stand.
CUT_OFF = """() => [
    [document.documentElement, document.body, document.querySelector("main"),
        ...document.querySelectorAll("main section")]
        .filter((e) => e.scrollWidth > e.clientWidth).map((e) => e.id || e.tagName),
    scrollY + document.documentElement.scrollHeight - innerHeight,
    Array.from(document.querySelectorAll("header button, header input, header select, #track"),
        (e) => { const box = e.getBoundingClientRect(); return [box.x, box.width]; }),
]"""


def moments(lab: vsk.Lab) -> dict[str, int]:
    """Entries at which a page has something special to show."""
    stalled = next(s.number for x in lab.trace.ledgers() for s in x.stalls if s.end is None)
    return {
        "packet": max(e.number for e in lab.trace if e.packet and e.packet.len > 1000),
        "refused": next(e.number for e in lab.trace if e.kind == "REFUSED"),
        "broken": next(e.number for e in lab.trace if e.kind == "REFUSED") - 1,
        "stalled": stalled,
    }


# ---- sizes ----


@pytest.mark.parametrize("size", WIDTHS, ids=lambda size: str(size[0]))
@pytest.mark.parametrize("scheme", SCHEMES)
def test_nothing_is_cut_off(
    show: Opener, lab: vsk.Lab, text: str, size: tuple[int, int], scheme: str
) -> None:
    shown = show(text, *size, scheme)

    for name, number in moments(lab).items():
        shown.steps_to(number)
        wide, down, boxes = shown.page.evaluate(CUT_OFF)
        assert wide == [], name
        assert down == 0
        assert len(boxes) == 13
        assert [
            box for box in boxes if box[1] < 20 or box[0] < 0 or box[0] + box[1] > size[0]
        ] == []
        shown.shot(f"{size[0]}-{scheme}-{name}")


def test_what_matters_is_seen_at_once(show: Opener, lab: vsk.Lab, text: str) -> None:
    shown = show(text)
    shown.steps_to(moments(lab)["packet"])

    for part in ("#list", "#packet", "#why h2", "#credit table", "#rings .cells >> nth=0"):
        box = shown.find(part).bounding_box()
        assert box is not None and box["height"] > 0
        assert box["y"] + min(box["height"], 30) <= 800, part


# ---- colours ----


@pytest.mark.parametrize("scheme", SCHEMES)
def test_text_stands_out(show: Opener, lab: vsk.Lab, text: str, scheme: str) -> None:
    shown = show(text, scheme=scheme)

    seen = 0
    for number in moments(lab).values():
        shown.steps_to(number)
        found = shown.page.evaluate(CONTRAST)
        seen += len(found)
        assert [thing for thing in found if thing[0] < 4.5] == []
    assert seen > 400
    shown.press("?")
    assert [thing for thing in shown.page.evaluate(CONTRAST) if thing[0] < 4.5] == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_scheme_is_the_systems_until_it_is_switched(
    show: Opener, text: str, scheme: str
) -> None:
    shown = show(text, scheme=scheme)
    dark = "getComputedStyle(document.body).backgroundColor"
    colours = {"light": "rgb(246, 248, 250)", "dark": "rgb(13, 17, 23)"}
    other = next(name for name in SCHEMES if name != scheme)

    assert shown.page.evaluate(dark) == colours[scheme]
    shown.press("t")
    assert shown.page.evaluate(dark) == colours[other]
    shown.click("#theme")
    assert shown.page.evaluate(dark) == colours[scheme]


# ---- for who does not see it, or has no mouse ----


def test_every_control_is_reached_by_tab_and_shows_it(show: Opener, text: str) -> None:
    shown = show(text)
    shown.press("j", "j", "j")

    reached = []
    for _ in range(60):
        shown.press("Tab")
        name, style = shown.page.evaluate(
            """() => { const e = document.activeElement, s = getComputedStyle(e);
                return [e.id || e.dataset.only || e.className,
                    `${s.outlineStyle} ${s.outlineWidth}`]; }"""
        )
        if not name:
            break
        assert style == "solid 2px", name
        reached.append(name)
    ids = ["first", "back", "play", "next", "last", "speed", "filter", "theme", "help"]
    assert {*ids, "all", "packets", "trouble", "track", "list"} <= set(reached)


def test_parts_say_what_they_are(show: Opener, lab: vsk.Lab, text: str) -> None:
    shown = show(text)
    shown.steps_to(9)

    for role, name in (
        ("slider", "Place in the trace"),
        ("listbox", "What passed, in order"),
        ("toolbar", "Steps"),
        ("region", "Packet"),
        ("region", "Why"),
        ("region", "Credit"),
        ("region", "Rings"),
        ("searchbox", "Filter by connection, op, kind or queue"),
    ):
        assert shown.page.get_by_role(role, name=name, exact=True).count() == 1, role  # type: ignore[arg-type]
    chosen = shown.find(f"#{shown.find('#list').get_attribute('aria-activedescendant')}")
    assert chosen.get_attribute("aria-posinset") == "10"
    assert chosen.get_attribute("aria-setsize") == str(len(lab.trace))
    assert shown.text("#said") == f"9: {lab.trace.ladder().rungs[9].words}"
    assert shown.find("#track").get_attribute("aria-valuetext") == (
        f"10 of {len(lab.trace)}, {lab.trace[9].time:.6f} seconds"
    )


def test_all_of_the_summary_is_seen(show: Opener) -> None:
    path = Path(os.environ["VSK_SOURCE"]) / "tests/vectors/linux-6.1-uml.pcap"
    shown = show(vsk.Capture(path).html())

    hidden = shown.page.evaluate("(e => e.scrollWidth - e.clientWidth)(summary)")

    assert shown.text("#summary").endswith("25 in trouble")
    assert hidden <= 0


LADDER = """() => {
    const box = (e) => { const b = e.getBBox(); return [b.x, b.y, b.x + b.width, b.y + b.height]; };
    const svg = document.querySelector("svg");
    return {
        size: box(svg),
        texts: Array.from(svg.querySelectorAll("text"), box),
        lives: Array.from(svg.querySelectorAll("path.life"), box).filter(b => b[0] === b[2]),
    };
}"""


def test_words_of_a_ladder_stand_clear_of_each_other(show: Opener) -> None:
    lab = vsk.Lab(vsk.Device(), guests=[vsk.Guest() for _ in range(4)])
    for guest in lab.guests:
        guest.tx(op="RW", src_cid=2**64 - 1, dst=(2**64 - 1, 2**32 - 1), src_port=2**32 - 1)
    lab.run()
    rungs = lab.trace.ladder().rungs
    late = [replace(rung, number=100_000 + at, time=9999.9) for at, rung in enumerate(rungs)]
    shown = show(replace(lab.trace.ladder(), rungs=tuple(late)).svg())

    drawn = shown.page.evaluate(LADDER)

    shown.shot("ladder")
    things = drawn["texts"] + drawn["lives"]
    assert len(drawn["lives"]) == 5 and len(drawn["texts"]) > 3 * len(rungs)
    assert max(right for _, _, right, _ in things) <= 1280
    for at, (left, top, right, bottom) in enumerate(drawn["texts"]):
        for x, y, to, end in things[at + 1 :]:
            assert right <= x or to <= left or bottom <= y + 3 or end <= top + 3


CUTS = """() => {
    const svg = document.querySelector("svg");
    const paper = getComputedStyle(svg.querySelector("rect")).fill;
    const box = (e) => { const b = e.getBBox(); return [b.x, b.x + b.width]; };
    return {
        paper, wide: svg.width.baseVal.value, texts: Array.from(svg.querySelectorAll("text"), box),
    };
}"""


@pytest.mark.parametrize("scheme", SCHEMES)
def test_cuts_stand_on_paper_of_their_own(show: Opener, scheme: str) -> None:
    packet = vsk.Packet(op="RW", payload=bytes(1000))
    layouts = [[1] * 1044, [1000, *[1] * 44], [44, 1000]]
    shown = show(cuts(packet, layouts=layouts).svg(), scheme=scheme)

    drawn = shown.page.evaluate(CUTS)

    shown.shot(f"cuts-{scheme}")
    assert drawn["paper"] == {"light": "rgb(255, 255, 255)", "dark": "rgb(13, 17, 23)"}[scheme]
    assert min(left for left, _ in drawn["texts"]) >= 0
    assert max(right for _, right in drawn["texts"]) <= drawn["wide"]
