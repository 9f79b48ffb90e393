# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The act raw of vsk guest: one packet, and what comes back."""

import argparse
import time
from pathlib import Path
from typing import Any

from vsk.enums import Op, Type
from vsk.guest import Guest
from vsk.packet import Packet

__all__ = ["add_raw"]

FIELDS = ("src_cid", "src_port", "dst_cid", "dst_port", "len", "flags", "buf_alloc", "fwd_cnt")
CAME, NOTHING = 0, 1


def number(text: str) -> int:
    """Read a number, hexadecimal too."""
    return int(text, 0)


def op(text: str) -> int:
    """Read an operation: a name or any number."""
    return Op[text.upper()] if text.upper() in Op.__members__ else number(text)


def kind(text: str) -> int:
    """Read a type: a name or any number."""
    return Type[text.upper()] if text.upper() in Type.__members__ else number(text)


def layout(text: str) -> list[int]:
    """Read lengths of descriptors: 44,1,11."""
    return [number(word) for word in text.split(",")]


def add_raw(parser: argparse.ArgumentParser) -> None:
    """Add the fields of the packet."""
    packet = parser.add_argument_group("the packet", "0 or empty where not given, but for these")
    packet.add_argument("--op", type=op, help="a name such as RW, or any number")
    packet.add_argument("--type", type=kind, help="STREAM (if not given), SEQPACKET, any number")
    notes = {"src_cid": ": the guest's own", "dst_cid": ": 2", "len": ": the payload's"}
    for name in FIELDS:
        packet.add_argument(
            f"--{name.replace('_', '-')}", type=number, metavar="N", help=name + notes.get(name, "")
        )
    payload = packet.add_mutually_exclusive_group()
    payload.add_argument("--payload", type=str.encode, metavar="TEXT")
    payload.add_argument("--payload-hex", type=bytes.fromhex, dest="payload", metavar="HEX")
    payload.add_argument(
        "--payload-file", type=lambda path: Path(path).read_bytes(), dest="payload", metavar="FILE"
    )
    ring = parser.add_argument_group("the ring")
    ring.add_argument("--layout", type=layout, help="bytes of each descriptor: 44,1,11")
    ring.add_argument("--indirect", action="store_true", help="put them into a table")
    back = parser.add_argument_group("what comes back")
    back.add_argument(
        "--within", type=float, default=1.0, metavar="SECONDS", help="to wait for it, 1"
    )
    back.add_argument("--count", type=int, metavar="N", help="end at so many packets")
    parser.set_defaults(act=_raw)


def _raw(guest: Guest, options: argparse.Namespace) -> int:
    names = (*FIELDS, "op", "type", "payload")
    given = {name: getattr(options, name) for name in names}
    fields: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    fields.setdefault("dst_cid", 2)
    guest.tx(layout=options.layout, indirect=options.indirect, **fields)
    return CAME if _print(guest, options.within, options.count) else NOTHING


def _first(guest: Guest) -> tuple[int, Packet] | None:
    """Find the first packet that came for no connection."""
    return next(guest._came(False), None)


def _print(guest: Guest, within: float, most: int | None) -> int:
    """Print packets as they come; give their number."""
    deadline = time.monotonic() + within
    count = 0
    while most is None or count < most:
        left = max(deadline - time.monotonic(), 0)
        guest._joined().run(until=lambda: _first(guest), within=left, strict=False)
        found = _first(guest)
        if found is None:
            break
        index, packet = found
        guest._role.unsee(index)
        count += 1
        print(packet, flush=True)
    return count
