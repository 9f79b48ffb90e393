# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""How show() prints, with rich and without it."""

import io
import subprocess
import sys

import pytest

import vsk
from vsk import display


class Terminal(io.StringIO):
    """What a program on a terminal has as its output."""

    def isatty(self) -> bool:
        return True


def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Put a terminal in the place of stdout, for the rest of the test."""
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    stdout = Terminal()
    monkeypatch.setattr(sys, "stdout", stdout)
    return stdout


def test_a_terminal_gets_colours_where_rich_is_there(
    hello: vsk.Packet, monkeypatch: pytest.MonkeyPatch
) -> None:
    stdout = terminal(monkeypatch)

    hello.show()

    assert "\x1b[" in stdout.getvalue() and "src_cid" in stdout.getvalue()


def test_a_terminal_gets_plain_text_where_rich_is_not(
    hello: vsk.Packet, monkeypatch: pytest.MonkeyPatch
) -> None:
    stdout = terminal(monkeypatch)
    monkeypatch.setattr(display, "Console", None)

    hello.show()

    assert "\x1b[" not in stdout.getvalue() and "src_cid" in stdout.getvalue()


def test_the_package_works_without_rich(hello: vsk.Packet) -> None:
    hide = "import sys; sys.modules['rich'] = sys.modules['rich.console'] = None; "
    show = "import vsk; vsk.Packet(op='RW').show()"

    printed = subprocess.run(
        [sys.executable, "-c", hide + show], capture_output=True, text=True, check=True
    ).stdout

    assert printed.startswith("offset")


def test_a_pipe_gets_plain_text(
    hello: vsk.Packet, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hello.show()
    with_rich = capsys.readouterr().out
    monkeypatch.setattr(display, "Console", None)
    hello.show()

    assert capsys.readouterr().out == with_rich
    assert "\x1b[" not in with_rich
