# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What a packet costs, in instructions: the same count whatever else the machine does."""

import re
import subprocess
from pathlib import Path

PACKETS = 64
LIMIT = 310  # instructions, for a TX packet in two descriptors, untouched


def counted(program: Path, rounds: int, folder: Path) -> int:
    """Instructions in device() and below it, as callgrind counts them."""
    tool = ["valgrind", "--tool=callgrind", "--toggle-collect=device"]
    out = f"--callgrind-out-file={folder / 'callgrind.out'}"
    run = subprocess.run(
        [*tool, out, program, str(rounds)], capture_output=True, text=True, check=True
    )
    assert run.stdout == f"{rounds * PACKETS * 64}\n"
    found = re.search(r"Collected : (\d+)", run.stderr)
    assert found
    return int(found[1])


def test_a_tx_packet_costs_no_more_than_it_did(top: Path, build: Path, tmp_path: Path) -> None:
    program = tmp_path / "tx_parse"
    library = build / "core"
    source = top / "tests/bench/tx_parse.c"
    flags = ["-std=c11", "-O2", "-I", top / "core", f"-Wl,-rpath,{library}"]
    subprocess.run(["cc", *flags, source, "-o", program, "-L", library, "-lvsk"], check=True)

    cost = (counted(program, 11, tmp_path) - counted(program, 1, tmp_path)) / (10 * PACKETS)

    print(f"{cost:.1f} instructions for a packet")
    assert cost < LIMIT
