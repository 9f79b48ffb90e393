# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The core without one of its checks: what a proof is worth."""

import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

from . import frama_c


class Break(NamedTuple):
    """A place in the core, what becomes of it, and the run that must alarm."""

    run: str
    file: str
    old: str
    new: str


BREAKS = {
    "broken-region": Break("memory", "memory.h", " || offset > last", ""),
    "broken-slot": Break("chain", "chain_parts.h", "walk->slot >= walk->size", "false"),
    "broken-spans": Break("chain", "chain_parts.h", "walk->count >= chain->capacity ||", ""),
    "broken-index": Break(
        "split_device", "split_parts.h", "8 * (size_t)(idx & (size - 1))", "8 * idx"
    ),
    "broken-end": Break(
        "list", "chain_list_parts.h", "++list->slot == list", "++list->slot > list"
    ),
    "broken-copy": Break("payload", "packet.c", "part > size - copied", "false"),
    "broken-name": Break("split_driver", "split_driver.c", "id >= driver->size ||", ""),
    "broken-id": Break(
        "packed_driver",
        "packed_driver.c",
        "id >= driver->size || driver->slots[id].count == 0",
        "driver->slots[id].count == 0",
    ),
    "broken-lap": Break("packed_device", "packed_parts.h", "slot -= size;", ""),
}


def run(name: str) -> frama_c.Result:
    """Prove a copy of the core that is broken."""
    fault = BREAKS[name]
    with tempfile.TemporaryDirectory() as folder:
        core = Path(folder) / "core"
        shutil.copytree(frama_c.CORE, core)
        source = core / "vsk" / fault.file
        text = source.read_text()
        if text.count(fault.old) != 1:
            raise RuntimeError(f"{name}: {fault.file} has not once {fault.old}")
        source.write_text(text.replace(fault.old, fault.new))
        return frama_c.prove(fault.run, core)
