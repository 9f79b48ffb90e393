# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Includes run one way: every module stands on those that its row names, and on theirs."""

import re
from pathlib import Path

import pytest

# The table of the design; anybody may include api, and all sources of a noun its private
# header, NOUN_parts.h.
STANDS_ON = {
    "api": "",
    "status": "api",
    "le": "api",
    "hot_parts": "",
    "shared": "le",
    "memory": "status",
    "pool": "memory",
    "chain": "memory le shared",
    "chain_parts": "chain le shared hot_parts",
    "chain_list_parts": "chain_parts",
    "chain_list": "chain_list_parts",
    "header": "status le",
    "packet": "chain header hot_parts",
    "ring": "chain",
    "ring_parts": "ring",
    "split": "ring",
    "split_parts": "split ring_parts",
    "split_driver": "split",
    "split_device": "split chain_parts",
    "packed": "ring",
    "packed_parts": "packed ring_parts",
    "packed_driver": "packed",
    "packed_device": "packed chain_list_parts",
    "queue": "split packed ring_parts",
    "buffers": "queue packet pool",
    "image": "le pool queue",
    "print": "api",
    "text": "header chain print",
    "trace": "packet text print",
    "capture": "packet le",
    "capture_read": "capture",
    "credit": "status",
    "conn": "header credit",
    "conn_parts": "conn",
    "conn_rules": "conn",
    "table": "conn",
    "timers": "conn",
    "setup": "conn le",
    "links": "table",
    "endpoint": "links packet setup timers",
    "endpoint_parts": "endpoint",
    "endpoint_packet": "endpoint hot_parts",
    "endpoint_events": "endpoint",
    "endpoint_send": "endpoint",
    "device": "endpoint queue trace",
    "device_parts": "device hot_parts",
    "device_poll": "device",
    "device_send": "device",
    "device_sane": "device",
    "device_saved": "device le",
    "guest": "endpoint buffers trace",
    "guest_send": "guest",
    "guest_setup": "guest",
    "lab": "device guest",
    "lab_parts": "lab",
    "lab_faults": "lab",
    "lab_start": "lab",
}
# What makes system calls stands on all of the core.
VHOST = {
    "dial": "",
    "message": "",
    "channel": "message",
    "notify": "",
    "loop": "",
    "guard": "",
    "mapping": "message guard",
    "notice": "",
    "backend": "channel notify loop mapping notice",
    "backend_parts": "backend",
    "backend_socket": "backend",
    "backend_session": "backend",
    "backend_messages": "backend",
    "backend_memory": "backend",
    "backend_vrings": "backend",
    "backend_rings": "backend",
    "backend_calls": "backend",
    "backend_state": "backend",
    "frontend": "channel notify loop mapping notice",
    "frontend_parts": "frontend",
    "frontend_step": "frontend",
    "frontend_dialogue": "frontend",
    "frontend_begin": "frontend",
    "frontend_rings": "frontend",
    "frontend_answers": "frontend",
    "frontend_requests": "frontend",
    "frontend_transfer": "frontend",
    "backlog": "",
    "bridge": "backend backlog dial",
    "bridge_parts": "bridge",
    "bridge_links": "bridge",
    "bridge_doors": "bridge",
    "bridge_calls": "bridge",
    "bridge_program": "bridge",
    "bridge_guest": "bridge",
    "bridge_serve": "bridge",
}
# Freestanding, but for the four functions of string.h that test_symbols lets through.
SYSTEM = {"limits.h", "stdatomic.h", "stdbool.h", "stddef.h", "stdint.h", "string.h"}

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.MULTILINE)


def stands_on(module: str) -> set[str]:
    below = {"api", *STANDS_ON[module].split()}
    return below.union(*(stands_on(other) for other in below - {"api"}))


def broken(file: Path, module: str) -> list[str]:
    parts = f"{module.split('_')[0]}_parts"
    allowed = {f"vsk/{name}.h" for name in stands_on(module) | {module, parts}}
    return [
        f"{file.name}: {name}"
        for kind, name in INCLUDE.findall(file.read_text())
        if name not in (SYSTEM if kind == "<" else allowed)
    ]


def test_every_module_has_its_row_and_every_row_its_module(top: Path) -> None:
    modules = {file.stem for file in (top / "core/vsk").iterdir()}

    assert modules == set(STANDS_ON)


def test_the_table_has_no_circle() -> None:
    seen: set[str] = set()
    for module, below in STANDS_ON.items():
        assert seen.issuperset(below.split()), f"{module} stands on what comes after it"
        seen.add(module)


@pytest.mark.parametrize("module", STANDS_ON)
def test_a_module_includes_only_what_it_stands_on(top: Path, module: str) -> None:
    sources = [top / f"core/vsk/{module}.{suffix}" for suffix in "hc"]

    assert [line for file in sources if file.exists() for line in broken(file, module)] == []


def test_sockets_stand_on_the_core_and_on_each_other_one_way(top: Path) -> None:
    seen: set[str] = set()
    stray = []
    for module, below in VHOST.items():
        assert seen.issuperset(below.split()), f"{module} stands on what comes after it"
        seen.add(module)
    for file in sorted((top / "core/vhost").iterdir()):
        parts = f"{file.stem.split('_')[0]}_parts"
        allowed = {f"vhost/{name}.h" for name in above(file.stem) | {file.stem, parts}}
        stray += [
            f"{file.name}: {name}"
            for kind, name in INCLUDE.findall(file.read_text())
            if kind == '"' and not name.startswith("vsk/") and name not in allowed
        ]

    assert stray == []
    assert {file.stem for file in (top / "core/vhost").iterdir()} == set(VHOST)


def above(module: str) -> set[str]:
    below = set(VHOST[module].split())
    return below.union(*(above(other) for other in below))


@pytest.mark.parametrize(("folder", "below"), [("kit", ""), ("python", "kit"), ("lua", "kit")])
def test_bindings_stand_on_the_core_and_on_the_kit(top: Path, folder: str, below: str) -> None:
    here = top / "bindings" / folder
    stray = [
        f"{file.name}: {name}"
        for file in here.glob("*.[ch]")
        for kind, name in INCLUDE.findall(file.read_text())
        if kind == '"' and name.split("/")[0] not in {"vsk", "vhost", folder, below}
        if not re.fullmatch(r"swig(py|lua)run\.h", name) and not (here / name).exists()
    ]

    assert stray == []
