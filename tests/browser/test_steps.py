# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Timeline, list, packet, reasons, credit and rings move together, by keys and by mouse."""

import re

import pytest
from conftest import Opener
from playwright.sync_api import expect

import vsk

CLAUSE = re.compile(r" \[([A-Z]+-[A-Z]+-\d+)\]$")


def row_of(lab: vsk.Lab, number: int) -> list[str]:
    """The credit of the connection of a packet, as Python keeps it."""
    for ledger in lab.trace.ledgers():
        for row in ledger.entries:
            if row.number == number:
                return [
                    str(value)
                    for b in row.balances
                    for value in (b.sent, b.forwarded, b.in_flight, b.window, b.free)
                ]
    return []


def test_every_step_shows_the_same_entry_everywhere(show: Opener, lab: vsk.Lab, text: str) -> None:
    shown = show(text)

    for entry in lab.trace:
        seen, why = shown.seen(), lab.why(entry.number)
        assert seen["places"] == [entry.number] * 4
        assert seen["steps"] == [CLAUSE.sub(r" \1", step) for step in why.steps]
        assert seen["rules"] == [rule.clause for rule in why.rules]
        if entry.packet is not None:
            pieces = vsk.view.packet(entry.packet).pieces
            said = {piece.field: piece.meaning for piece in pieces}
            said.pop("payload", None)
            assert seen["fields"] == said
            assert seen["credit"] == row_of(lab, entry.number)
        ring, _ = entry._stood()
        if ring is not None:
            head = next(words for words in seen["rings"] if words.startswith(f"{entry.queue} "))
            numbers = [int(n) for n in re.findall(r"(?:idx|next) (\d+)", head)]
            assert numbers == [ring[2], ring[4], ring[5], ring[3]]
        shown.press("j")


def test_the_bytes_are_those_of_the_packet(show: Opener, lab: vsk.Lab, text: str) -> None:
    shown = show(text)
    entry = next(e for e in lab.trace if e.packet and b"script" in bytes(e.packet.payload))
    assert entry.packet is not None

    shown.steps_to(entry.number)

    rows = shown.find("#packet .bytes > div").all_text_contents()
    data = "".join(row[6 : 6 + 48] for row in rows)
    assert bytes.fromhex(data) == bytes(entry.packet)
    assert "</script><script" in "".join(row[55:] for row in rows)
    of_op = shown.find("#packet .bytes .f-op").all_inner_texts()
    assert of_op[0] == "05 00"
    spans = [f"{span.addr:#x}+{span.len}" for span in entry._stood()[1]]
    places = shown.find("#packet .spans div").all_inner_texts()
    assert [place.split(" ")[2] for place in places] == spans


def test_keys_go_everywhere(show: Opener, lab: vsk.Lab, text: str) -> None:
    shown, last = show(text), len(lab.trace) - 1

    for keys, number in (
        (["ArrowRight", "j", "ArrowDown"], 3),
        (["ArrowLeft", "k"], 1),
        (["End"], last),
        (["j", "ArrowRight"], last),
        (["PageUp"], last - 20),
        (["PageDown"], last),
        (["Home"], 0),
        (["k"], 0),
    ):
        shown.press(*keys)
        assert shown.places() == [number] * 4


def test_the_mouse_goes_everywhere(show: Opener, lab: vsk.Lab, text: str) -> None:
    shown, last = show(text), len(lab.trace) - 1

    shown.click("#row-7")
    assert shown.places() == [7] * 4
    for button, number in (("#next", 8), ("#back", 7), ("#last", last), ("#first", 0)):
        shown.click(button)
        assert shown.places() == [number] * 4
    box = shown.find("#track").bounding_box()
    assert box is not None
    shown.page.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + 20)
    assert abs(shown.number() - last / 2) <= 1
    shown.page.mouse.down()
    shown.page.mouse.move(box["x"] + box["width"] - 1, box["y"] + 20)
    shown.page.mouse.up()
    assert shown.places() == [last] * 4


def test_a_number_in_a_sentence_leads_there(show: Opener, lab: vsk.Lab, text: str) -> None:
    shown = show(text)
    refused = next(e for e in lab.trace if e.kind == "REFUSED")

    shown.steps_to(refused.number - 1)
    assert f"(#{refused.number})" in shown.text("#why")
    shown.find("#why").get_by_text(f"#{refused.number}", exact=True).click()

    assert shown.places() == [refused.number] * 4
    assert "It breaks a rule" not in shown.text("#why")
    assert refused.status is not None and refused.status.clause in shown.text("#why")
    assert f"#{refused.number - 1}" in shown.text("#packet")


def test_who_follows_a_link_by_keys_goes_on_in_the_list(
    show: Opener, lab: vsk.Lab, text: str
) -> None:
    shown = show(text)
    number = next(entry.number for entry in lab.trace if entry.kind == "REFUSED")
    shown.steps_to(number)
    shown.find("#why .link").first.focus()

    shown.press("Enter")

    assert shown.number() != number
    assert shown.page.evaluate("document.activeElement.id") == "list"


# Whether the box of bytes was scrolled within ten seconds.
SCROLLED = """() => new Promise((done) => {
  const end = performance.now() + 10000;
  const look = () => {
    const moved = document.querySelector(".bytes").scrollTop > 0;
    if (moved || performance.now() > end) done(moved);
    else requestAnimationFrame(look);
  };
  look();
})"""


def test_keys_scroll_a_box_of_bytes_that_shows_a_part(
    show: Opener, lab: vsk.Lab, text: str
) -> None:
    shown = show(text)
    number = next(e.number for e in lab.trace if e.packet is not None and e.packet.len > 1000)
    shown.steps_to(number)
    box = shown.find(".bytes")
    box.focus()

    shown.press("End")
    # Scrolling takes frames. What waits in Playwright itself is forbidden by the page: it is eval.
    scrolled = shown.page.evaluate(SCROLLED)
    stayed = shown.number()
    shown.press("j")

    assert scrolled
    assert (stayed, shown.number()) == (number, number + 1)


@pytest.mark.parametrize("key", ["Enter", "Escape"])
def test_who_leaves_a_filter_sees_what_it_filters_by(show: Opener, text: str, key: str) -> None:
    shown = show(text)
    shown.press("/")
    shown.page.keyboard.type("rst")

    shown.press(key)

    assert shown.page.evaluate("document.activeElement.id") == "list"
    assert shown.find("#filter").input_value() == "rst"
    assert "RST" in shown.text("#packet")


def test_a_stall_is_told_with_who_owes(show: Opener, lab: vsk.Lab, text: str) -> None:
    shown = show(text)
    stall = next(s for ledger in lab.trace.ledgers() for s in ledger.stalls if s.end is None)

    shown.steps_to(stall.number)

    assert shown.find("#credit .wait").all_inner_texts() == [
        f"CID {stall.source} waits since #{stall.number}: CID {stall.owes} owes a CREDIT_UPDATE, "
        "and sends none in this trace"
    ]


def test_a_cell_of_a_ring_leads_to_its_chain(show: Opener, lab: vsk.Lab, text: str) -> None:
    shown = show(text)
    sent = next(e for e in lab.trace if e.kind == "PACKET" and e.queue == "tx")

    shown.steps_to(sent.number)
    cell = shown.find("#rings .ring").first.locator(".cell.now")
    assert cell.get_attribute("class") == "cell D now"
    assert cell.inner_text().split() == ["D", str(sent.head), "0"]
    shown.press("j", "j")
    again = shown.find("#rings .ring").first.locator("button.cell").first
    assert again.get_attribute("title") == (
        f"slot 0, {'used' if 'U' in again.inner_text() else 'free'}, "
        f"chain {sent.head}: #{sent.number} {lab.trace.ladder().rungs[sent.number].words}"
    )
    again.click()

    assert shown.places() == [sent.number] * 4


# ---- what is shown of it ----


def test_a_filter_leaves_what_fits(show: Opener, lab: vsk.Lab, text: str) -> None:
    shown = show(text)
    wanted = [
        r.number
        for r in lab.trace.ladder().rungs
        if "CREDIT_UPDATE" in r.words and r.kind == "PACKET"
    ]

    shown.press("/")
    shown.page.keyboard.type("credit_update packet")
    shown.press("Escape")

    seen = []
    for _ in wanted:
        seen.append(shown.number())
        shown.press("j")
    assert seen == wanted
    assert shown.text("#here").endswith(f"{len(wanted)} of {len(wanted)}")


def test_a_filter_by_address_takes_whole_addresses(show: Opener, text: str) -> None:
    shown = show(text)

    shown.find("#filter").fill("3:555")
    assert shown.find("#nothing").is_visible()
    assert shown.text("#here") == ""
    assert shown.text("#packet") == ""
    shown.find("#filter").fill("3:5555")

    assert shown.find(".row").count() > 0
    words = shown.find(".row .what").all_inner_texts()
    assert "RW len=12 3:5555 > 2:80" in words and not any("5556" in word for word in words)


def test_only_one_connection(show: Opener, lab: vsk.Lab, text: str) -> None:
    shown = show(text)
    stuck = lab.trace.ledgers()[1]
    shown.steps_to(stuck.entries[1].number)

    shown.click("#credit button.small")

    port = stuck.one[1]
    assert shown.find("#filter").input_value() == f"3:{port} 2:81"
    assert shown.number() == stuck.entries[1].number
    count = int(shown.text("#here").split()[-1])
    assert len(stuck.entries) <= count < len(lab.trace)


@pytest.mark.parametrize("only", ["packets", "trouble"])
def test_kinds_of_entries(show: Opener, lab: vsk.Lab, text: str, only: str) -> None:
    shown = show(text)

    shown.click(f"[data-only={only}]")

    count = int(shown.text("#here").split()[-1])
    packets = sum(1 for _ in lab.trace.packets)
    # RW for no connection, its REFUSED, and the one that could not be read.
    assert count == (packets if only == "packets" else 3)
    assert shown.find(f"[data-only={only}]").get_attribute("aria-pressed") == "true"
    assert shown.find("[data-only=all]").get_attribute("aria-pressed") == "false"


def test_who_goes_to_what_a_filter_hides_sees_all_again(show: Opener, text: str) -> None:
    shown = show(text)
    shown.click("[data-only=trouble]")
    hidden = shown.find("#why .link").last

    number = int(hidden.inner_text().removeprefix("#"))
    hidden.click()

    assert shown.places() == [number] * 4
    assert shown.find("[data-only=all]").get_attribute("aria-pressed") == "true"


# ---- playing ----


def test_space_plays_to_the_end(show: Opener, lab: vsk.Lab, text: str) -> None:
    shown, last = show(text), len(lab.trace) - 1
    shown.find("#speed").select_option("30")
    shown.press("End", *["k"] * 5)
    shown.find("#list").focus()

    shown.press(" ")
    assert shown.text("#play").endswith("Pause")
    expect(shown.find("#play")).to_have_text(re.compile("Play$"))

    assert shown.places() == [last] * 4


def test_playing_can_be_stopped(show: Opener, text: str) -> None:
    shown = show(text)

    shown.click("#play")
    expect(shown.find("#here")).to_have_text(re.compile("^#1 "))
    shown.click("#play")
    number = shown.number()
    shown.page.wait_for_timeout(1100)

    assert shown.number() == number
    assert shown.find("#play").get_attribute("aria-pressed") == "false"


def test_keys_are_explained(show: Opener, text: str) -> None:
    shown = show(text)

    shown.press("?")
    assert shown.find("#keys").is_visible()
    shown.press("j")
    assert shown.number() == 0
    shown.press("Escape")

    assert not shown.find("#keys").is_visible()
    shown.click("#help")
    shown.find("#keys button").click()
    assert not shown.find("#keys").is_visible()
