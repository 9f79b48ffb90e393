# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A ladder as text, as SVG and as a sequence diagram of Mermaid."""

import html

from vsk.view.data import Ladder, Rung
from vsk.view.ink import Line

WIDTH = 66  # characters between the two lines
DOTTED = ("KICK", "INTERRUPT")
DASHED = ("USED", "EVENT")
BAD = ("REFUSED", "FAULT")


def stroke(kind: str) -> str:
    """Give the character that an arrow is made of: packets -, returns =, notifications dots."""
    return "." if kind in DOTTED else "=" if kind in DASHED else "-"


def style(rung: Rung) -> str:
    """Name the style of a rung."""
    if rung.kind in BAD:
        return "bad"
    return "dim" if rung.to_device is None else "to" if rung.to_device else "back"


def _arrow(rung: Rung) -> str:
    words, line = rung.words[: WIDTH - 8], stroke(rung.kind)
    if rung.words != words:
        words = words[:-3] + "..."
    if rung.to_device is None:
        mark = "x" if rung.kind in BAD else "o"
        return f"{words} {mark}".rjust(WIDTH)
    inner = f" {words} ".center(WIDTH - 1, line)
    return f"{inner}>" if rung.to_device else f"<{inner}"


def lines(ladder: Ladder) -> list[Line]:
    """Draw it as lines of text."""
    many = len(ladder.guests) > 1
    guest = "guest" if many else f"guest {ladder.guests[0] if ladder.guests else ''}".strip()
    left = 26 if many else 20
    drawn: list[Line] = [
        [
            (f"{'#':>6}{'time':>12}  {'cid  ' if many else ''}".ljust(left), "head"),
            (guest, "head"),
            ("device".rjust(WIDTH + 2 - len(guest)), "head"),
        ]
    ]
    for rung in ladder.rungs:
        cid = f"{rung.guest:<5}" if many else ""
        drawn.append(
            [
                (f"{rung.number:>6}{rung.time:>12.6f}  {cid}".ljust(left), "dim"),
                ("|", "dim"),
                (_arrow(rung), style(rung)),
                ("|", "dim"),
            ]
        )
    drawn.append(
        [("---> packet or call   ===> chain or event given back   ...> notification", "dim")]
    )
    return drawn


# ---- SVG ----

STEP = 26
SIDE = 170  # room on the left, for number and time
LANE = 620  # from the last guest to the device: all words stand there
SPLIT = 130  # from guest to guest
LABEL = 76  # characters between two lines
CSS = """
.vsk{font:13px ui-monospace,monospace;background:#fff}
.vsk text{fill:#1f2328}.vsk text.dim{fill:#656d76}.vsk text.bad{fill:#d1242f}
.vsk .life{stroke:#8c959f}.vsk rect{fill:#fff}.vsk .to{stroke:#0969da}.vsk .back{stroke:#1a7f37}
.vsk circle.bad{fill:#d1242f}.vsk circle.dim{fill:#8c959f}
@media (prefers-color-scheme:dark){.vsk{background:#0d1117}.vsk text{fill:#e6edf3}
.vsk rect{fill:#0d1117}.vsk text.dim{fill:#8d96a0}.vsk text.bad{fill:#f85149}
.vsk .to{stroke:#4493f8}.vsk .back{stroke:#3fb950}}
"""
DASH = {".": "2 4", "=": "7 4", "-": "none"}


def _lanes(ladder: Ladder) -> dict[int, int]:
    return {guest: SIDE + SPLIT * at for at, guest in enumerate(ladder.guests)}


def _label(words: str, x: int, y: int, more: str) -> str:
    """Write words that are no longer than the place they have; a pointer sees all of them."""
    safe, shown = html.escape(words), words
    if len(words) > LABEL:
        shown = f"{words[: LABEL - 3]}..."
    whole = f"<title>{safe}</title>" if shown != words else ""
    return f'<text x="{x}" y="{y}" {more}>{whole}{html.escape(shown)}</text>'


def _arrow_path(way: str, dash: str, start: int, stop: int, y: int) -> str:
    tip = stop - 8 if start < stop else stop + 8
    return (
        f'<path class="{way}" fill="none" stroke-width="1.5" stroke-dasharray="{dash}" '
        f'd="M{start} {y}H{stop}"/><path class="{way}" fill="none" stroke-width="1.5" '
        f'd="M{tip} {y - 4}L{stop} {y}L{tip} {y + 4}"/>'
    )


def _svg_row(rung: Rung, x: int, last: int, y: int) -> list[str]:
    """Draw a rung of the guest at x; words stand between the last guest and the device."""
    end = last + LANE
    row = [
        f'<text class="dim" x="52" y="{y + 4}" text-anchor="end">{rung.number}</text>',
        f'<text class="dim" x="150" y="{y + 4}" text-anchor="end">{rung.time:.6f}</text>',
    ]
    if rung.to_device is None:
        word = "bad" if rung.kind in BAD else "dim"
        row.append(_label(rung.words, end - 10, y + 4, f'class="{word}" text-anchor="end"'))
        row.append(f'<circle class="{word}" cx="{end}" cy="{y}" r="4"/>')
        return row
    start, stop = (x, end) if rung.to_device else (end, x)
    row.append(_arrow_path(style(rung), DASH[stroke(rung.kind)], start, stop, y))
    row.append(_label(rung.words, (last + end) // 2, y - 5, 'text-anchor="middle"'))
    return row


def _legend(y: int) -> list[str]:
    parts, x = [], SIDE
    for line, words in (("-", "packet or call"), ("=", "given back"), (".", "notification")):
        parts.append(_arrow_path("life", DASH[line], x, x + 40, y))
        parts.append(f'<text class="dim" x="{x + 50}" y="{y + 4}">{words}</text>')
        x += 190
    return parts


def svg(ladder: Ladder) -> str:
    """Draw it as an SVG image that needs nothing else, for light and dark pages."""
    lanes = _lanes(ladder)
    last = max(lanes.values(), default=SIDE)
    end, bottom = last + LANE, 40 + STEP * len(ladder.rungs)
    size = end + 60, bottom + 36
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="vsk" role="img" '
        f'viewBox="0 0 {size[0]} {size[1]}" width="{size[0]}" height="{size[1]}">'
        f"<title>What passed between guest and device</title><style>{CSS}</style>"
        f'<rect width="100%" height="100%"/>'
    ]
    for x, name in [(x, f"guest {cid}") for cid, x in lanes.items()] + [(end, "device")]:
        parts.append(f'<text x="{x}" y="16" text-anchor="middle">{name}</text>')
        parts.append(f'<path class="life" d="M{x} 24V{bottom}"/>')
    for at, rung in enumerate(ladder.rungs):
        parts += _svg_row(rung, lanes[rung.guest], last, 44 + STEP * at)
    return "\n".join([*parts, *_legend(bottom + 18), "</svg>"])


# ---- Mermaid ----


def _quoted(words: str) -> str:
    """Keep what Mermaid would read as its own."""
    return words.translate({ord("#"): "#35;", ord(";"): "#59;", ord("<"): "#lt;", ord(">"): "#gt;"})


def mermaid(ladder: Ladder) -> str:
    """Write it as a sequence diagram, for Markdown."""
    rows = ["sequenceDiagram"]
    rows += [f"    participant g{guest} as guest {guest}" for guest in ladder.guests]
    rows.append("    participant device")
    for rung in ladder.rungs:
        words = f"{rung.number}: {_quoted(rung.words)}"
        if rung.to_device is None:
            rows.append(f"    Note over device: {words}")
            continue
        arrow = "-)" if rung.kind in DOTTED else "-->>" if rung.kind in DASHED else "->>"
        one, other = f"g{rung.guest}", "device"
        start, stop = (one, other) if rung.to_device else (other, one)
        rows.append(f"    {start}{arrow}{stop}: {words}")
    return "\n".join(rows)
