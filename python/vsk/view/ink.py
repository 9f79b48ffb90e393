# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Lines of coloured text, and what becomes of them: plain text, a terminal, HTML.

A colour only repeats what letters and words say already.
"""

import html as escapes
import sys

Line = list[tuple[str, str]]  # pieces: text, and the name of a style

# What styles look like: for rich, and for HTML.
STYLES = {
    "": ("", ""),
    "head": ("bold", "font-weight:bold"),
    "dim": ("dim", "opacity:.6"),
    "bad": ("bold red", "color:#d1242f;font-weight:bold"),
    "changed": ("reverse", "font-weight:bold;text-decoration:underline"),
    "FREE": ("dim", "opacity:.6"),
    "AVAILABLE": ("yellow", "color:#9a6700"),
    "DEVICE": ("magenta", "color:#8250df"),
    "USED": ("green", "color:#1a7f37"),
    "to": ("cyan", "color:#0969da"),
    "back": ("green", "color:#1a7f37"),
    "src_cid": ("cyan", "color:#0969da"),
    "dst_cid": ("green", "color:#1a7f37"),
    "src_port": ("bright_cyan", "color:#218bff"),
    "dst_port": ("bright_green", "color:#2da44e"),
    "len": ("yellow", "color:#9a6700"),
    "type": ("magenta", "color:#8250df"),
    "op": ("bold red", "color:#cf222e;font-weight:bold"),
    "flags": ("bright_magenta", "color:#a475f9"),
    "buf_alloc": ("blue", "color:#0550ae"),
    "fwd_cnt": ("bright_blue", "color:#54aeff"),
    "payload": ("", ""),
}


def plain(lines: list[Line]) -> str:
    """Give the text alone."""
    return "\n".join("".join(text for text, _ in line).rstrip() for line in lines)


def html(lines: list[Line]) -> str:
    """Give a block of HTML that needs nothing else."""
    rows = []
    for line in lines:
        parts = []
        for text, style in line:
            css = STYLES[style][1]
            safe = escapes.escape(text)
            parts.append(f'<span style="{css}">{safe}</span>' if css else safe)
        rows.append("".join(parts).rstrip())
    body = "\n".join(rows)
    return f'<pre style="line-height:1.35;white-space:pre;overflow-x:auto">{body}</pre>'


def in_notebook(thing: object) -> bool:
    """Show a thing as its HTML, if this is a notebook whose output nobody has taken aside."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    # IPython's prompt has no kernel, and who collects what is printed wants text.
    if not hasattr(shell, "kernel") or not hasattr(sys.stdout, "session"):
        return False
    sys.modules["IPython"].display.display(thing)
    return True


def show(lines: list[Line]) -> None:
    """Print, in colour where rich is installed and the terminal can."""
    if not sys.stdout.isatty() or not _show_in_colour(lines):
        print(plain(lines))


def _show_in_colour(lines: list[Line]) -> bool:
    try:
        from rich.console import Console
        from rich.text import Text
    except ImportError:
        return False
    console = Console()
    for line in lines:
        pieces = [(text, STYLES[style][0]) for text, style in line]
        console.print(Text.assemble(*pieces), soft_wrap=True)
    return True


class Table:
    """Rows of cells that stand below each other."""

    def __init__(self, *right: int) -> None:
        """Begin without rows; columns named by number are aligned on the right."""
        self._right = right
        self._rows: list[Line] = []

    def row(self, *cells: str | tuple[str, str]) -> None:
        """Add a row of texts, or of texts with a style."""
        self._rows.append([(cell, "") if isinstance(cell, str) else cell for cell in cells])

    def lines(self) -> list[Line]:
        """Give the rows as lines."""
        count = max((len(row) for row in self._rows), default=0)
        wide = [max(len(row[at][0]) for row in self._rows if at < len(row)) for at in range(count)]
        lines = []
        for row in self._rows:
            line: Line = []
            for at, (text, style) in enumerate(row):
                room = wide[at]
                line.append((text.rjust(room) if at in self._right else text.ljust(room), style))
                line.append(("  ", ""))
            lines.append(line[:-1])
        return lines
