# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A trace or a capture as one HTML page that needs nothing else: no network, no other file.

What the page shows is the data of the other views, as JSON; page.html, page.css and the scripts
beside this file draw it. Nothing of a packet becomes markup: the scripts write text alone, and the
page's policy lets no script and no style run but those that were hashed here.
"""

import base64
import hashlib
import html
import json
from collections.abc import Iterable
from pathlib import Path

from vsk._core import Record
from vsk.trace import Entry
from vsk.view.page import scenes
from vsk.view.page.captured import entries_of

SCRIPTS = ("model.js", "ladder.js", "timeline.js", "packet.js", "panels.js", "rings.js", "main.js")
FOLDER = Path(__file__).parent

__all__ = ["of_capture", "of_trace"]


def _part(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def _inert(scene: object) -> str:
    """Write JSON that cannot end the element it stands in."""
    text = json.dumps(scene, separators=(",", ":"), ensure_ascii=True)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _page(scene: scenes.Scene) -> str:
    style = _part("page.css")
    script = "".join(["'use strict';\n(() => {\n", *map(_part, SCRIPTS), "})();\n"])
    values = {
        "TITLE": html.escape(str(scene["title"])),
        "POLICY": f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; "
        "base-uri 'none'; form-action 'none'",
        "STYLE": style,
        "SCRIPT": script,
        "SCENE": _inert(scene),
    }
    # In one pass: what is put in is not looked at again.
    pieces = _part("page.html").split("@@")
    return "".join(values[piece] if at % 2 else piece for at, piece in enumerate(pieces))


def of_trace(entries: list[Entry], title: str | None = None) -> str:
    """Make the page of a trace."""
    first = entries[0].number == 0 if entries else True
    return _page(scenes.scene(entries, title or "A vsock trace", from_start=first))


def of_capture(records: Iterable[Record], title: str | None = None, *, midway: bool = False) -> str:
    """Make the page of a capture; midway: it begins in the middle of connections."""
    entries = entries_of(records)
    return _page(
        scenes.scene(
            list(entries), title or "A vsock capture", from_start=not midway, captured=entries
        )
    )
