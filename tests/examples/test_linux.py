# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The commands that examples show for a real kernel, as they stand there."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from running import LUA, PATIENCE, PYTHON

pytestmark = pytest.mark.guests


def shown(example: Path) -> str:
    """The line with vsk linux that an example's head shows, without its comment."""
    found = re.search(r"^(?:--)? +((?:\w+=\S+ )*vsk linux .*'(?=\s|$))", example.read_text(), re.M)
    assert found is not None
    return found[1]


def run(example: Path, tmp_path: Path, command: str) -> bytes:
    """Type a command where the example is; give what it printed."""
    shim = tmp_path / "bin" / "vsk"
    shim.parent.mkdir(exist_ok=True)
    shim.write_text(f'#!/bin/sh\nexec {sys.executable} -m vsk "$@"\n')
    shim.chmod(0o755)
    done = subprocess.run(
        command,
        shell=True,
        cwd=example.parent,
        env=os.environ | {"PATH": f"{shim.parent}:{os.environ['PATH']}"},
        capture_output=True,
        timeout=2 * PATIENCE,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return done.stdout


@pytest.mark.parametrize("example", [PYTHON / "echo.py", LUA / "echo.lua"], ids=lambda e: e.name)
def test_a_real_kernel_hears_the_echo(example: Path, tmp_path: Path) -> None:
    assert run(example, tmp_path, shown(example)) == b"hello\n"


def test_a_real_kernel_asks_for_a_page(tmp_path: Path) -> None:
    example = PYTHON / "web.py"

    answer = run(example, tmp_path, shown(example))

    assert re.fullmatch(rb"HTTP/1.1 200 OK\r\n.*\r\n\r\nCID 3\n", answer, re.DOTALL)


HTTP_CLIENT = """
import http.client, socket
client = http.client.HTTPConnection("device")
client.sock = socket.socket(socket.AF_VSOCK)
client.sock.connect((2, 80))
client.request("GET", "/who")
print(client.getresponse().read())
client.request("POST", "/", b"x" * 500_000)
print(client.getresponse().read() == b"X" * 500_000 + b"\\n")
"""


def test_a_real_kernel_has_a_conversation_by_http(tmp_path: Path) -> None:
    command = shlex.join([f"{sys.base_prefix}/bin/python3", "-c", HTTP_CLIENT])

    printed = run(
        PYTHON / "web.py", tmp_path, shlex.join(["vsk", "linux", "web.py", "--exec", command])
    )

    assert printed == b"b'CID 3\\n'\nTrue\n"


def test_a_real_kernel_stands_faults(tmp_path: Path) -> None:
    example = PYTHON / "faulty.py"

    assert run(example, tmp_path, shown(example)) == b"1048265\n"  # of 1,048,576, by the seed
    late = shown(example).replace("drop", "'delay shrink'")
    assert run(example, tmp_path, late) == b"1048576\n"


def test_a_real_kernel_gets_and_puts_files(tmp_path: Path) -> None:
    example = PYTHON / "files.py"
    folder = tmp_path / "share"
    folder.mkdir()
    (folder / "a.txt").write_bytes(b"hello\n")
    get = shown(example).replace("/srv/share", str(folder))
    put = re.sub("'.*'", "'(echo PUT b; head -c 3000000 /dev/zero) | vsock-cat 2 2049'", get)

    assert run(example, tmp_path, get) == b"OK 6\nhello\n"
    assert run(example, tmp_path, put) == b"OK 3000000\n"
    assert (folder / "b").read_bytes() == bytes(3000000)
