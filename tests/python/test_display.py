# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""How show() prints, with rich and without it."""

import os
import pty
import subprocess
import sys

import pytest

import vsk
from vsk import display

SHOW = "import vsk; vsk.Packet(op='RW', payload=b'hello').show()"


def on_a_terminal(program: str) -> str:
    """Run a program with a terminal as its output and give what it printed."""
    ours, theirs = pty.openpty()
    env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"}
    env.pop("NO_COLOR", None)
    with subprocess.Popen([sys.executable, "-c", program], stdout=theirs, env=env) as process:
        os.close(theirs)
        printed = b""
        while True:
            try:
                more = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if not more:
                break
            printed += more
    os.close(ours)
    assert process.returncode == 0
    return printed.decode()


def test_a_terminal_gets_colours_where_rich_is_there() -> None:
    printed = on_a_terminal(SHOW)

    assert "\x1b[" in printed and "src_cid" in printed


def test_a_terminal_gets_plain_text_where_rich_is_not() -> None:
    hide = "import sys; sys.modules['rich'] = None; sys.modules['rich.console'] = None; "

    printed = on_a_terminal(hide + SHOW)

    assert "\x1b[" not in printed and "src_cid" in printed


def test_a_pipe_gets_plain_text(
    hello: vsk.Packet, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hello.show()
    with_rich = capsys.readouterr().out
    monkeypatch.setattr(display, "Console", None)
    hello.show()

    assert capsys.readouterr().out == with_rich
    assert "\x1b[" not in with_rich
