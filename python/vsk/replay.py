# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A recorded conversation said again, packet by packet: what the scripts of a trace run on."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vsk._core import Packet
from vsk.device import Device
from vsk.enums import Op
from vsk.errors import Error
from vsk.front_end import attach
from vsk.guest import Guest
from vsk.lab import Lab
from vsk.loader import LoadError, load_device
from vsk.packet import rebuild

__all__ = ["Differs", "Replay"]

FIELDS = ("src", "dst", "type", "op", "flags", "len", "buf_alloc", "fwd_cnt", "payload")
HEADER = 44
BUFFER = 3776  # bytes of an RX buffer at least, where nothing else was recorded
BUFFERS = 16
DESCRIPTORS = 1024
SLACK = 1.0  # seconds that an answer may be late in a lab
PATIENCE = 5.0  # and on a socket
PASSED, DIFFERS, FAILED = 0, 1, 2


class Differs(AssertionError):
    """A packet is not as it was recorded, or does not come."""


@dataclass(frozen=True, slots=True)
class Row:
    """A recorded packet."""

    at: float  # seconds since the first one
    by_guest: bool
    packet: Packet
    layout: Sequence[int] | None = None
    indirect: bool = False


class Ear(Guest):
    """A guest that answers nothing and keeps what comes."""

    def __init__(self, **options: Any) -> None:
        """Begin with nothing."""
        super().__init__(**options)
        self.came: list[Packet] = []

    def on_packet(self, packet: Packet) -> bool:
        """Take a packet away from the guest."""
        self.came.append(rebuild(bytes(packet)))
        return False


class Mouth(Device):
    """A device that does nothing by itself: it says what it is told to, and keeps what comes."""

    def __init__(self, cid: int) -> None:
        """Begin with nothing."""
        super().__init__(cid)
        self.came: list[Packet] = []

    def on_packet(self, packet: Packet) -> bool:
        """Take a packet away from the device."""
        self.came.append(rebuild(bytes(packet)))
        return False

    def say(self, packet: Packet) -> None:
        """Put a packet into the guest's RX queue as it stands."""
        self._roles[0].put(packet, None, False)


class Replay:
    """A conversation between the guest with a CID and its device: its packets in order.

    rx_layout and rx_indirect are how the guest cut its RX buffers. fields are those that a packet
    of the device is held to: fewer of them for a device that tells credit at other times.
    """

    def __init__(
        self,
        guest: int,
        *,
        rx_layout: Sequence[int] | None = None,
        rx_indirect: bool = False,
        fields: Sequence[str] = FIELDS,
    ) -> None:
        """Begin with no packet."""
        self.guest = guest
        self.fields = tuple(fields)
        self._rx = rx_layout, rx_indirect
        self._rows: list[Row] = []

    def tx(
        self,
        at: float,
        *,
        layout: Sequence[int] | None = None,
        indirect: bool = False,
        **fields: Any,
    ) -> None:
        """Add a packet that the guest sends, with how it is cut into descriptors."""
        self._rows.append(Row(at, True, Packet(**fields), layout, indirect))

    def rx(self, at: float, **fields: Any) -> None:
        """Add a packet that the device sends."""
        self._rows.append(Row(at, False, Packet(**fields)))

    def _options(self) -> dict[str, Any]:
        """Make RX buffers that every packet fits into."""
        layout, indirect = self._rx
        most = max((row.packet.len for row in self._rows if not row.by_guest), default=0)
        if layout is None or sum(layout) < HEADER + most:
            layout = [max(BUFFER, HEADER + most)]
        return {"rx_layout": layout, "rx_indirect": indirect, "rx_buffers": BUFFERS}

    def play(self, device: Device | None = None) -> None:
        """Say it again in a lab, to a device; without one a device of its own answers as recorded.

        Raises Differs at the first packet that is not as it was.
        """
        guest = Ear(queue_size=DESCRIPTORS, **self._options())
        mouth = None
        if device is None:
            device = mouth = Mouth(self.guest)
        lab = Lab(device, guests=[guest], trace=0)
        self._say(Scene(self, guest, lab, mouth))

    def play_on(self, path: str) -> None:
        """Say it again to the device behind a vhost-user socket. Raises Differs."""
        with attach(path, guest=Ear(**self._options())) as guest:
            assert isinstance(guest, Ear)
            self._say(Scene(self, guest))

    def _say(self, scene: "Scene") -> None:
        for number, row in enumerate(self._rows):
            scene.do(row, f"packet {number + 1} of {len(self._rows)}")

    def main(self, arguments: Sequence[str] | None = None) -> int:
        """Say it again to what the command line names, nothing, FILE.py or a socket.

        Gives the exit status: 0 all came as it was recorded, 1 something did not, 2 there is no
        such device.
        """
        words = sys.argv[1:] if arguments is None else arguments
        try:
            if not words:
                self.play()
            elif words[0].endswith(".py"):
                self.play(load_device(words[0]))
            else:
                self.play_on(words[0])
        except Differs as error:
            print(error, file=sys.stderr)
            return DIFFERS
        except (LoadError, Error, OSError) as error:
            print(f"{words[0] if words else 'replay'}: {error}", file=sys.stderr)
            return FAILED
        print(f"{len(self._rows)} packets, all as they were recorded")
        return PASSED


class Scene:
    """A replay under way."""

    def __init__(
        self, replay: Replay, guest: Ear, lab: Lab | None = None, mouth: Mouth | None = None
    ) -> None:
        """Begin before the first packet."""
        self._replay = replay
        self._guest = guest
        self._lab = lab
        self._mouth = mouth
        self._late = PATIENCE if lab is None else SLACK
        self._now = 0.0  # of the recording
        self._ports: dict[int, int] = {}  # of the device: recorded, and what they are this time

    def do(self, row: Row, what: str) -> None:
        """Say a packet, or wait for it, and hold what comes to it."""
        packet = self._ours(row)
        pause, self._now = max(row.at - self._now, 0.0), row.at
        if row.by_guest:
            if self._lab is not None:  # nobody waits on a socket
                self._lab.run(within=pause)
            self._guest.tx(packet, layout=row.layout, indirect=row.indirect)
            if self._mouth is not None:
                self._hold(packet, self._next(self._mouth.came, what, packet, 0.0), what, FIELDS)
            return
        if self._mouth is not None:
            self._mouth.say(packet)
        found = self._next(self._guest.came, what, packet, pause + self._late)
        self._learn(row.packet, packet, found)
        self._hold(packet, found, what, self._replay.fields)

    def _ours(self, row: Row) -> Packet:
        """Give a packet with the CID and the ports of this time."""
        packet, cid = rebuild(bytes(row.packet)), self._guest.cid
        if row.by_guest:
            packet.dst_port = self._ports.get(packet.dst_port, packet.dst_port)
            if packet.src_cid == self._replay.guest:
                packet.src_cid = cid
        else:
            packet.src_port = self._ports.get(packet.src_port, packet.src_port)
            if packet.dst_cid == self._replay.guest:
                packet.dst_cid = cid
        return packet

    def _learn(self, recorded: Packet, wanted: Packet, found: Packet) -> None:
        """Take the port that the device has chosen for a connection of its own."""
        if wanted.op == found.op == Op.REQUEST:
            self._ports[recorded.src_port] = found.src_port
            wanted.src_port = found.src_port

    def _next(self, came: list[Packet], what: str, wanted: Packet, within: float) -> Packet:
        self._guest._joined().run(lambda: came, within, strict=False)
        if not came:
            raise Differs(f"{what} did not come\n  recorded: {wanted}")
        return came.pop(0)

    def _hold(self, wanted: Packet, found: Packet, what: str, fields: Sequence[str]) -> None:
        wrong = [words for name in fields if (words := difference(name, wanted, found))]
        if wrong:
            raise Differs(
                f"{what} differs: {'; '.join(wrong)}\n  recorded: {wanted}\n  came:     {found}"
            )


def difference(name: str, wanted: Packet, found: Packet) -> str:
    """Say how a field is not as it should be; nothing where it is."""
    one, other = getattr(wanted, name), getattr(found, name)
    if one == other:
        return ""
    if name != "payload":
        return f"{name} is {word(other)}, not {word(one)}"
    same = 0
    while same < min(len(one), len(other)) and one[same] == other[same]:
        same += 1
    return f"payload differs from byte {same} on"


def word(value: object) -> str:
    """Write a field: an address, a name, or a number."""
    if isinstance(value, tuple):
        return f"{value[0]}:{value[1]}"
    return str(getattr(value, "name", value))
