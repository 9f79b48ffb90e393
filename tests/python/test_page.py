# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The page of a trace, as text: what stands in it, and that nothing of a packet is markup.

What a browser makes of it is in tests/browser.
"""

import base64
import hashlib
import json
import os
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from labs import PORT, Echo, connected
from test_command import UML, VSOCKMON, vsk_process

import vsk
from vsk.command import main

HOSTILE = "</script </script><script>pwned=1</script><!--<img src=x onerror=pwned=1>\"'&amp;\u2028"
# Columns of an entry, as in model.js.
NUMBER, TIME, KIND, GUEST, WAY, WORDS, QUEUE, HEAD, CONN, ROW, INSIDE, PACKET, WHY = range(13)
TROUBLE, RING, SPANS = 13, 14, 15


class Elements(HTMLParser):
    """The elements of a page, with their attributes, and the text of those that have an id."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.meta: dict[str, str] = {}
        self.texts: list[tuple[str, dict[str, str | None], str]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(name for name, _ in attrs)))
        named = dict(attrs)
        if "http-equiv" in named:
            self.meta[named["http-equiv"] or ""] = named["content"] or ""
        self.texts.append((tag, named, ""))

    def handle_endtag(self, tag: str) -> None:
        self.texts.append(("", {}, ""))

    def handle_data(self, data: str) -> None:
        if self.texts:
            tag, named, text = self.texts[-1]
            self.texts[-1] = tag, named, text + data


def scene_of(page: str) -> dict[str, Any]:
    """What a page knows, as scenes.py wrote it."""
    texts = Elements(page).texts
    scene: dict[str, Any] = json.loads(
        next(text for _, named, text in texts if named.get("id") == "scene")
    )
    return scene


def talked() -> vsk.Lab:
    """A lab in which something was said, refused and closed."""
    lab, conn = connected(Echo(buf_alloc=4096))
    conn.exchange(b"x" * 5000)
    lab.guest.tx(op="RW", src_port=5555, dst=(2, PORT), payload=b"nobody asked", layout=[44, 1, 11])
    lab.run()
    lab.guest.tx(op="RW", src_port=5556, dst=(2, PORT), len=77)
    conn.close()
    lab.run()
    return lab


# ---- what stands in it ----


def test_a_page_has_every_rung() -> None:
    lab = talked()

    scene = scene_of(lab.trace.html())

    words = scene["words"]
    assert [
        (e[NUMBER], e[TIME], words[e[KIND]], int(e[GUEST]), e[WAY], words[e[WORDS]])
        for e in scene["entries"]
    ] == [
        (r.number, r.time, r.kind, r.guest, r.to_device, r.words) for r in lab.trace.ladder().rungs
    ]


def test_a_page_has_every_packet_with_its_meaning() -> None:
    lab = talked()

    scene = scene_of(lab.trace.html())

    words = scene["words"]
    for entry, shown in zip(lab.trace, scene["entries"], strict=True):
        assert (shown[PACKET] is not None) == (entry.packet is not None)
        if entry.packet is None:
            continue
        head, payload, size, meanings, _, _ = shown[PACKET]
        wire = base64.b64decode(head) + base64.b64decode(words[payload])
        assert wire == bytes(entry.packet)[: 44 + 512]
        assert size == len(entry.packet.payload)
        pieces = vsk.view.packet(entry.packet).pieces
        said = {p.field: p.meaning for p in pieces if p.field != "payload"}
        named = [name for name, _, _ in scene["fields"]]
        assert dict(zip(named, (words[m] for m in meanings), strict=True)) == said


def test_a_page_has_the_ledgers() -> None:
    lab = talked()

    scene = scene_of(lab.trace.html())

    for ledger, conn in zip(lab.trace.ledgers(), scene["conns"], strict=False):
        assert conn["ends"] == [f"{cid}:{port}" for cid, port in (ledger.one, ledger.other)]
        assert [row[0] for row in conn["rows"]] == [row.number for row in ledger.entries]
        last, balance = conn["rows"][-1], ledger.entries[-1].balances[0]
        assert last[1] == [
            balance.sent,
            balance.forwarded,
            balance.window,
            balance.in_flight,
            balance.free,
        ]
        assert [s[0] for s in conn["stalls"]] == [s.number for s in ledger.stalls]
    assert scene["conns"][0]["stalls"], "the test shows a stall"


def test_a_page_says_why_as_a_lab_does() -> None:
    lab = talked()

    scene = scene_of(lab.trace.html())

    for shown in scene["entries"]:
        line, steps, clauses = shown[WHY]
        why = lab.why(shown[NUMBER])
        assert scene["words"][line] == why.line
        assert tuple(scene["words"][step] for step in steps) == why.steps
        assert clauses == [rule.clause for rule in why.rules]
        for rule in why.rules:
            assert scene["rules"][rule.clause] == [rule.section, rule.words]


def test_what_goes_back_is_shown_with_its_packet() -> None:
    lab = talked()

    entries = scene_of(lab.trace.html())["entries"]

    refused = [e for e in lab.trace if e.kind in ("REFUSED", "USED") and e.queue == "tx"]
    inside = {e.number: entries[e.number][INSIDE] for e in refused}
    assert [lab.trace[at].head for at in inside.values() if at >= 0] == [
        e.head for e in refused if inside[e.number] >= 0
    ]
    # What could not be read as a packet is in no entry.
    unread = next(e for e in refused if e.kind == "REFUSED" and entries[e.number][INSIDE] < 0)
    assert unread.status is vsk.Status.BAD_LEN


def test_a_part_of_a_trace_makes_a_page_too() -> None:
    lab, conn = connected(Echo(), trace=12)
    conn.exchange(b"hello")

    entries = scene_of(lab.trace.html())["entries"]

    assert [e[NUMBER] for e in entries] == [e.number for e in lab.trace]
    assert entries[0][NUMBER] > 0


def test_an_empty_trace_makes_a_page(tmp_path: Path) -> None:
    path = tmp_path / "x.pcapng"
    vsk.Capture(path, "w").close()

    assert scene_of(vsk.Capture(path).html())["entries"] == []


# ---- captures ----


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A capture with a hostile comment and payload, of which something was cut."""
    path = tmp_path / "x.pcapng"
    with vsk.Capture(path, "w") as capture:
        request = vsk.Packet(src=(3, 1024), dst=(2, 1234), op="REQUEST", buf_alloc=100)
        capture.write(request, time=7_000_000_001, comment=HOSTILE + "\x1b[7m\u202e")
        payload = HOSTILE.encode()
        capture.write(
            vsk.Packet(src=(3, 1024), dst=(2, 1234), op="RW", payload=payload), time=7_500_000_001
        )
        capture.write(vsk.Packet(src=(2, 9), dst=(3, 8), op=99, type=77), time=8_000_000_001)
    return path


def test_nothing_of_a_packet_is_markup(path: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty.pcapng"
    vsk.Capture(empty, "w").close()

    page, other = vsk.Capture(path).html(title=HOSTILE), vsk.Capture(empty).html()

    assert Elements(page).found == Elements(other).found
    assert page.count("</script") == other.count("</script") == 2
    assert HOSTILE.encode() in base64.b64decode(
        next(w for w in scene_of(page)["words"] if w.startswith("PC9zY3JpcHQgPC9z"))
    )


def test_only_what_was_hashed_may_run(path: Path) -> None:
    page = Elements(vsk.Capture(path).html())

    policy = dict(part.split(" ", 1) for part in page.meta["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    for tag in ("script", "style"):
        texts = [text for name, named, text in page.texts if name == tag and "id" not in named]
        digest = base64.b64encode(hashlib.sha256(texts[0].encode()).digest()).decode()
        assert policy[f"{tag}-src"] == f"'sha256-{digest}'"
        assert len(texts) == 1
    assert "unsafe" not in page.meta["Content-Security-Policy"]


def test_a_page_names_nothing_to_load(path: Path) -> None:
    page = vsk.Capture(path).html()

    links = {"src", "href", "srcset", "data", "action", "poster"}
    assert not [found for found in Elements(page).found if links & set(found[1])]
    assert not re.search(r"url\(|@import|fetch\(|XMLHttp|WebSocket|localStorage|innerHTML", page)


def test_a_capture_is_numbered_as_check_does_it(path: Path) -> None:
    scene = scene_of(vsk.Capture(path).html())

    words = scene["words"]
    assert [(e[NUMBER], e[TIME]) for e in scene["entries"]] == [(1, 0.0), (2, 0.5), (3, 1.0)]
    assert scene["captured"] and scene["start"] == 7_000_000_001
    assert [e[RING] for e in scene["entries"]] == [None] * 3
    comment = words[scene["entries"][0][PACKET][4]]
    assert comment == HOSTILE.replace("\u2028", " ") + " [7m "
    assert words[scene["entries"][2][WORDS]].startswith("unknown 99 ")


def test_a_capture_that_begins_midway_blames_nobody(tmp_path: Path) -> None:
    path = tmp_path / "x.pcapng"
    with vsk.Capture(path, "w") as capture:
        capture.write(vsk.Packet(src=(3, 1024), dst=(2, 1234), op="RW", payload=b"hello"))

    strict, mild = vsk.Capture(path).html(), vsk.Capture(path).html(midway=True)

    assert [scene_of(page)["entries"][0][TROUBLE] for page in (strict, mild)] == [1, 0]


def test_a_cut_payload_is_nobodys_fault() -> None:
    entries = scene_of(vsk.Capture(VSOCKMON).html())["entries"]

    assert [e[PACKET][5] for e in entries].count(1) > 0
    assert [e[TROUBLE] for e in entries] == [0] * len(entries)


def test_which_way_packets_go() -> None:
    entries = scene_of(vsk.Capture(UML).html())["entries"]

    records = list(vsk.Capture(UML))
    assert [e[WAY] for e in entries] == [r.packet.dst_cid == 2 for r in records]


def test_between_two_guests_the_lower_cid_is_the_devices_side(tmp_path: Path) -> None:
    path = tmp_path / "x.pcapng"
    with vsk.Capture(path, "w") as capture:
        capture.write(vsk.Packet(src=(4, 1024), dst=(3, 80), op="REQUEST"))
        capture.write(vsk.Packet(src=(3, 80), dst=(4, 1024), op="RST"))

    entries = scene_of(vsk.Capture(path).html())["entries"]

    assert [(e[WAY], e[GUEST]) for e in entries] == [(True, "4"), (False, "4")]


# ---- where it is written ----


def test_a_page_is_written_into_a_file(tmp_path: Path) -> None:
    lab = talked()

    lab.trace.html(tmp_path / "x.html", title="A & B")

    text = (tmp_path / "x.html").read_text(encoding="utf-8")
    assert text == lab.trace.html(title="A & B")
    assert "<title>A &amp; B</title>" in text


def test_show_writes_a_page(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.html"

    assert main(["show", str(path), "--html", str(out)]) == 0

    assert out.read_text(encoding="utf-8") == vsk.Capture(path).html(title="x.pcapng")


def test_a_file_of_any_name_gives_a_page(path: Path, tmp_path: Path) -> None:
    named = path.rename(tmp_path / os.fsdecode(b"caf\xe9.pcapng"))
    out = tmp_path / "out.html"

    assert main(["show", str(named), "--html", str(out)]) == 0

    assert "<title>caf .pcapng</title>" in out.read_text(encoding="utf-8")


def test_show_prints_a_page(path: Path) -> None:
    done = vsk_process("show", str(path), "--html", "-", "--midway")

    assert done.returncode == 0
    assert done.stdout == vsk.Capture(path).html(title="x.pcapng", midway=True)


def test_show_says_which_file_cannot_be_read_or_written(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "none" / "out.html"

    assert main(["show", str(path), "--html", str(out)]) == 2
    assert capsys.readouterr().err == f"vsk: {out}: No such file or directory\n"
    assert main(["show", "none.pcapng", "--html", str(tmp_path / "out.html")]) == 2
    assert capsys.readouterr().err == "vsk: none.pcapng: No such file or directory\n"
    assert not (tmp_path / "out.html").exists()


def test_midway_is_for_pages(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["show", str(path), "--midway"])

    assert ended.value.code == 2
    assert "--midway is for --html" in capsys.readouterr().err


def test_a_title_may_be_the_name_of_any_file(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff\xe2\x80\xae<b>.pcap")
    path = tmp_path / "x.html"

    vsk.Lab(vsk.Device(cid=3)).trace.html(path, title=name)

    assert "<title>  &lt;b&gt;.pcap</title>" in path.read_text(encoding="utf-8")
