# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Cells as a table, as JSON and as a chart."""

import datetime
import json
import math
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.table import Table

from . import counts
from .cells import Cell, sides

# Our side, and of those with programs behind a Unix socket ours.
OWN = ("vsk", "vsk bridge")
LESS_IS_BETTER = {
    "ns",
    "ns_per_memcpy",
    "instructions",
    "bytes",
    "CPU_us",
    "CPU_seconds_per_GiB",
    "idle_CPU_percent",
    "resident_KiB",
    "own_KiB",
    "own_bytes_per_connection",
}


def number(value: float) -> str:
    """Write three digits or more, and thousands apart."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def own_of(found: Mapping[str, Cell]) -> Cell | None:
    """Find the side that the others of a piece of work are set against."""
    return next((found[side] for side in OWN if side in found), None)


def ratio(own: Cell, other: Cell, unit: str) -> float:
    """Say how many times better we are than the other side."""
    a, b = own.values[unit], other.values[unit]
    if unit in LESS_IS_BETTER:
        a, b = b, a
    return a / b if b else math.inf


def tables(cells: Sequence[Cell]) -> list[Table]:
    """A table for each suite: a row for each side of each piece of work, a column a unit."""
    return [
        _table(suite, [cell for cell in cells if cell.suite == suite])
        for suite in dict.fromkeys(cell.suite for cell in cells)
    ]


def _table(suite: str, cells: Sequence[Cell]) -> Table:
    units = list(dict.fromkeys(unit for cell in cells for unit in cell.values))
    shown = Table(title=suite, caption="(n): how many times better vsk does than this side")
    shown.add_column("cell", no_wrap=True)
    shown.add_column("side", no_wrap=True)
    for unit in units:
        shown.add_column(unit.replace("_", " "), justify="right")
    for (_, name), found in sides(cells).items():
        for i, (side, cell) in enumerate(found.items()):
            figures = [_figure(cell, own_of(found), unit) for unit in units]
            shown.add_row("" if i else name, side, *figures, end_section=i + 1 == len(found))
    return shown


def _figure(cell: Cell, own: Cell | None, unit: str) -> str:
    if unit not in cell.values:
        return ""
    value = number(cell.values[unit])
    if own is None or cell.side.startswith("vsk") or unit not in own.values:
        return value
    return f"{value} ({ratio(own, cell, unit):.2f})"


def machine() -> dict[str, str]:
    """Say what the figures were measured on."""
    cpus = Path("/proc/cpuinfo")
    lines = cpus.read_text().splitlines() if cpus.exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return {
        "cpu": models[0] if models else platform.machine(),
        "cpus": str(len(models)),
        "kernel": platform.release(),
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
    }


def as_json(cells: Sequence[Cell], rounds: int) -> str:
    """Everything that was measured, with machine and builds."""
    suites = sorted({cell.suite for cell in cells})
    told = {
        "machine": machine(),
        "builds": {suite: counts.build_of(suite) for suite in suites},
        "rounds": rounds,
        "cells": [cell.as_dict() for cell in cells],
    }
    return json.dumps(told, indent=2) + "\n"


def chart(cells: Sequence[Cell], file: Path) -> None:
    """Draw how many times better vsk is than each other side, a bar for each cell."""
    # Slow to import, and only needed here.
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    bars: list[tuple[str, str, float]] = []
    for (suite, name), found in sides(cells).items():
        own = own_of(found)
        for side, cell in found.items():
            units = [unit for unit in cell.values if own and unit in own.values]
            if own and not side.startswith("vsk") and units:
                bars.append((f"{suite}: {name}", side, ratio(own, cell, units[0])))
    names = list(dict.fromkeys(name for name, _, _ in bars))
    figure, axes = pyplot.subplots(figsize=(9, 1.2 + 0.28 * len(bars)), layout="constrained")
    colours = {side: f"C{i}" for i, side in enumerate(dict.fromkeys(side for _, side, _ in bars))}
    ticks: list[float] = []
    row = 0.0
    for name in names:
        here = [(side, value) for of, side, value in bars if of == name]
        ticks.append(row + (len(here) - 1) / 2)
        for side, value in here:
            axes.barh(row, value, color=colours[side], height=0.9)
            axes.annotate(f" {value:.2f}", (value, row), va="center", fontsize=7)
            row += 1
        row += 0.6
    axes.set_yticks(ticks, names, fontsize=8)
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_xlabel("vsk against this side: times better")
    axes.legend(
        [pyplot.Rectangle((0, 0), 1, 1, color=colour) for colour in colours.values()],
        list(colours),
        loc="lower right",
    )
    figure.savefig(file, format="svg", metadata={"Date": None})
    pyplot.close(figure)
