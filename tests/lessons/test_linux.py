# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The lesson that boots a kernel: not the same twice, so what is essential in it is looked for."""

import re

import pytest

from . import notebooks

pytestmark = pytest.mark.guests

REFUSED = r"STREAM REQUEST .*2:9999 > 42:\d+ STREAM RST "

# What a cell has in it, and what it prints.
SAID = {
    'run("uname -sr")': r"^Linux \d+\.\d+\.\d+",
    'input=b"hello"': r"^b'HELLO'$",
    "print(record.packet)\n": r"STREAM REQUEST (?s:.*)RW len=5(?s:.*)SHUTDOWN SEND(?s:.*)RST",
    "import check": r"^\[\]$",
    "vsock-cat 2 9999": REFUSED,
    "wc -c": r"^b'100000\\n'$",
    "with Linux(Count": r"^b''$",
    "class Lazy": r"^it still runs, and has sent 50000$",
    "lazy.conn.resume": r"^exit status 0 after 1000000 bytes$",
    "class Silent": r"Connection timed out\nREQUEST$",
}


@pytest.fixture(scope="module")
def said() -> dict[str, str]:
    """What each cell of the lesson prints, by its code."""
    made = notebooks.run(notebooks.find("9"))
    return {f"{c.source}\n": notebooks.output(c) for c in made.cells if c.cell_type == "code"}


@pytest.mark.parametrize("part", SAID)
def test_the_kernel_does_what_the_text_says(part: str, said: dict[str, str]) -> None:
    printed = [words for code, words in said.items() if part in code]

    assert printed, "no cell has it"
    assert re.search(SAID[part], printed[0]), printed[0]


def test_linux_counts_with_the_solution() -> None:
    from vsk.linux import Linux

    from .solutions.linux import Count

    with Linux(Count(cid=42)) as guest:
        assert guest.run("head -c 1000000 /dev/zero | vsock-cat 2 1234") == b"1000000"
