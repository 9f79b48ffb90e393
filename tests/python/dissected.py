# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""tshark with the Wireshark plugin, and captures for it."""

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from labs import MESSAGES, PORT, Acceptor

import vsk

TOP = Path(__file__).parents[2]
PLUGIN = TOP / "lua" / "wireshark" / "vsock.lua"
CAPTURES = sorted((TOP / "tests" / "vectors").glob("*.pcap"))
NOWHERE = Path("/nonexistent")
ROOM = 1000
CREDIT = ("in_flight", "free", "peer.in_flight", "peer.free")


def tshark(path: Path, *options: str, plugin: bool = True, home: Path = NOWHERE) -> str:
    """Run it; what it says of itself must be nothing but that root should not.

    Nobody's plugins and preferences are with it, and no sanitizer.
    """
    ours = ("XDG_", "WIRESHARK_", "LD_PRELOAD")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    environment["HOME"] = str(home)
    load = ["-X", f"lua_script:{PLUGIN}"] if plugin else []
    command = ["tshark", *load, "-r", str(path), *options]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    said = [line for line in done.stderr.splitlines() if not line.startswith("Running as user")]
    assert said == []
    assert "Lua Error" not in done.stdout
    return done.stdout


def rows(path: Path, *names: str, options: Iterable[str] = ()) -> list[list[str]]:
    """Fields of every packet; those of the plugin without their `vsk.`."""
    wanted = [part for name in names for part in ("-e", full(name))]
    out = tshark(path, "-T", "fields", "-E", "occurrence=a", *wanted, *options)
    return [line.split("\t") for line in out.splitlines()]


def full(name: str) -> str:
    return name if name.startswith(("_ws.", "frame.", "vsock.")) else f"vsk.{name}"


def infos(path: Path, *options: str) -> list[str]:
    """The expert infos of every packet."""
    return [row[0] for row in rows(path, "_ws.expert.message", options=options)]


def write(path: Path, packets: Iterable[vsk.Packet]) -> Path:
    """Write packets, a millisecond apart."""
    with vsk.Capture(path, "w") as capture:
        for number, packet in enumerate(packets):
            capture.write(packet, number * 1_000_000)
    return path


def guest(op: str, **fields: Any) -> vsk.Packet:
    return vsk.Packet(**{"src": (3, 1024), "dst": (2, PORT), "op": op, "buf_alloc": ROOM, **fields})


def host(op: str, **fields: Any) -> vsk.Packet:
    return guest(op, **{"src": (2, PORT), "dst": (3, 1024), **fields})


OPEN = [guest("REQUEST"), host("RESPONSE")]


def stream(*packets: vsk.Packet) -> list[vsk.Packet]:
    return [*OPEN, guest("RW", payload=bytes(5)), *packets]


class Slow(Acceptor):
    """Takes what comes a while later."""

    def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
        conn.pause()


def example(tmp_path: Path) -> Path:
    """A device takes nothing for a while, and then all."""
    lab = vsk.Lab(Slow(buf_alloc=5000))
    conn = lab.guest.connect(2, PORT, MESSAGES, local_port=1024)
    conn.send(b"ten bytes!")
    conn.send(bytes(4990))
    lab.run(within=0.01)
    lab.device.connections[0].resume()
    lab.run(within=0.01)
    conn.close()
    lab.run()
    lab.trace.save(tmp_path / "x.pcapng")
    return tmp_path / "x.pcapng"
