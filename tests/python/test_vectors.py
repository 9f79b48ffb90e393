# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What real Linux kernels have posted, through the ring and back."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from vectors import FILES, Recorded, recorded

import vsk

CHAINS = [
    pytest.param(chain, id=f"{path.name.split('.chains')[0]}-{number}")
    for path in FILES
    for number, chain in enumerate(recorded(path))
]


def test_all_recordings_are_there() -> None:
    assert len(FILES) == 5 and len(CHAINS) == 134


@pytest.mark.parametrize("entry", CHAINS)
def test_a_recorded_chain_is_read_or_filled(entry: Recorded) -> None:
    queue = entry.post()
    chain = queue.device.pop()
    assert chain is not None
    assert chain.indirect == entry.indirect
    assert [(span.addr, span.len) for span in chain] == [buffer[:2] for buffer in entry.buffers]

    if entry.tx:
        packet = vsk.Packet.from_tx(chain)
        assert bytes(packet) == entry.data
        packet.check()
        queue.device.push(chain, 0)
        used = queue.driver.reap()
        assert used is not None and used.written == 0
        return
    packet = vsk.Packet(op="RW", payload=bytes(range(256)) * ((chain.writable - 44) // 256))
    out = vsk.Packet.into_rx(chain)
    out.op = "RW"
    out.write(packet.payload)
    queue.device.push(chain, out.commit())
    assert [bytes(back) for back in queue.driver.packets()] == [bytes(packet)]


def test_all_three_languages_print_the_same_lines() -> None:
    top = Path(os.environ["VSK_SOURCE"])
    build = Path(os.environ["VSK_BUILD"])
    files = [str(path) for path in FILES]
    programs = {
        "C": [str(build / "tests" / "print_vectors")],
        "Python": [sys.executable, str(top / "tests" / "python" / "vectors.py")],
        "Lua": ["lua5.4", str(top / "tests" / "lua" / "print_vectors.lua")],
    }

    printed = {
        language: subprocess.run([*command, *files], capture_output=True, check=True).stdout
        for language, command in programs.items()
    }

    lines = printed["C"].decode().splitlines()
    assert sum(line.startswith(("tx ", "rx ")) for line in lines) == len(CHAINS)
    assert printed["Python"] == printed["C"]
    assert printed["Lua"] == printed["C"]
