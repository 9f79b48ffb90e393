# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Measure how fast vsk is, beside others that do the same work.

./run bench [NAME ...]            every suite, or those named: a table
./run bench --json FILE --svg FILE  and everything as JSON, ratios as a chart
./run bench --write-counts        renews the figures of tests/bench/counts.tsv, measures no time
"""

import argparse
import importlib
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from rich.console import Console

from vsk.linux.packages import cache

from . import counts, shown
from .cells import MissingError, Options

TOP = Path(__file__).parents[2]
BUILD = Path(os.environ.get("VSK_BUILD", TOP / "build/dev"))
SUITES = ["core", "roles", "python", "lua", "guests"]
WIDE = 160  # columns of a table in a file


def suite(name: str) -> ModuleType:
    """Import the module of a suite: run(options), and guarded(options) where it is counted."""
    return importlib.import_module(f"{__package__}.{name}")


@contextmanager
def options(rounds: int, build: Path = BUILD) -> Iterator[Options]:
    """Give a suite what it needs, for as long as it runs."""
    with tempfile.TemporaryDirectory(prefix="vsk-bench-") as work:
        yield Options(rounds, build, Path(work), cache() / "bench")


def write_counts(names: list[str]) -> None:
    """Count what is guarded anew."""
    with options(1) as given:
        cells = [
            cell for name in names if name in counts.GROWTH for cell in suite(name).guarded(given)
        ]
    for verdict in counts.compare(cells):
        print(verdict)
    counts.write(cells)


def main() -> None:
    """Run suites, and show what came of it."""
    parser = argparse.ArgumentParser(prog="run bench", description=__doc__.split("\n")[0])
    parser.add_argument("name", nargs="*", help=f"suites: {' '.join(SUITES)}")
    parser.add_argument("--rounds", type=int, default=7, help="of each side; the median counts")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--svg", type=Path, metavar="FILE")
    parser.add_argument("--write-counts", action="store_true")
    asked = parser.parse_args()
    names = asked.name or SUITES
    if unknown := set(names) - set(SUITES):
        sys.exit(f"no suite is named {' or '.join(sorted(unknown))}")
    if asked.write_counts:
        write_counts(names)
        return
    cells = []
    try:
        for name in names:
            with options(asked.rounds) as given:
                cells += suite(name).run(given)
    except MissingError as error:
        sys.exit(str(error))
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDE)
    for table in shown.tables(cells):
        console.print(table)
    if asked.json:
        asked.json.write_text(shown.as_json(cells, asked.rounds))
    if asked.svg:
        shown.chart(cells, asked.svg)


if __name__ == "__main__":
    main()
