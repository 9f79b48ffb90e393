# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A trace or a capture as the text of a script that says it again, in Python or in Lua."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from vsk._core import Packet, Record
from vsk.enums import Status, Type
from vsk.errors import UsageError
from vsk.replay import HEADER, Row
from vsk.trace import Entry

__all__ = ["of_entries", "of_records"]

HOSTS = (0, 1, 2)  # CIDs that no guest has
SIZE = r"[0-9]{1,10}"  # of a descriptor
CUT = re.compile(rf"(tx|rx)(?: packet)? head [0-9]+ (direct|indirect) ({SIZE}(?:\+{SIZE})*)$")
LONGEST = 1 << 20  # bytes of a payload that was cut: a capture may claim any number
PERIOD = 256  # bytes after which a payload may begin anew


@dataclass(frozen=True, slots=True)
class Way:
    """How a language writes things down."""

    run: str
    model: str
    comment: tuple[str, str]  # before the first line of the introduction, and before the others
    begin: tuple[str, ...]  # lines behind it
    new: tuple[str, str]  # around options
    row: str
    equals: str
    pair: tuple[str, str]
    list: tuple[str, str]
    true: str
    quote: str  # before bytes
    repeated: str
    cut: str  # repeated, and not to its end
    last: str


PYTHON = Way(
    run="python3 FILE",
    model="model.py",
    comment=('"""', ""),
    begin=('"""', "", "from vsk.replay import Replay", ""),
    new=("talk = Replay(", ")"),
    row="talk.{way}({at}, {fields})",
    equals="=",
    pair=("(", ")"),
    list=("[", "]"),
    true="True",
    quote='b"',
    repeated="{unit} * {times}",
    cut="({unit} * {times})[:{size}]",
    last="raise SystemExit(talk.main())",
)
LUA = Way(
    run="lua5.4 FILE",
    model="model.lua",
    comment=("-- ", "-- "),
    begin=("", 'local replay = require "vsk.replay"', ""),
    new=("local talk = replay.new { ", " }"),
    row="talk:{way}({at}, {{ {fields} }})",
    equals=" = ",
    pair=("{ ", " }"),
    list=("{ ", " }"),
    true="true",
    quote='"',
    repeated="({unit}):rep({times})",
    cut="({unit}):rep({times}):sub(1, {size})",
    last="os.exit(talk:main(arg), true)",
)
LANGUAGES = {"python": PYTHON, "lua": LUA}
INTRODUCTION = """\
{count} between CID {guest} and its device, said again one by one.

    {run:12}            by itself: a device of its own answers as it was recorded
    {run:12} {model:10} to the device of a file, in a lab
    {run:12} x.sock     to a vhost-user device

It ends with 0 where every packet of the device comes as it was recorded, field by field, and
names the first one that does not. In a lab pauses are those of the recording, on its virtual
clock; on a socket there are none, and an answer has 5 seconds more than it took. The guest may
have another CID, and the device may choose other ports. What else chance and time decide, as
when a kernel tells credit, comes again only by itself: fields of the replay, a list of their
names, leaves out what need not be the same.\
"""


def of_entries(entries: Iterable[Entry], language: str, guest: int | None = None) -> str:
    """Write the script of a trace."""
    way, kept = way_of(language), list(entries)
    guest = chosen({entry.guest for entry in kept}, guest)
    rows, missing, first = [], 0, None
    for entry in kept:
        if entry.guest != guest:
            continue
        if entry.packet is not None:
            first = entry.time if first is None else first
            rows.append(row_of(entry.packet, entry.time - first, entry.line.split(": ")[0]))
        elif entry.kind == "REFUSED" and entry.queue == "tx" and "head" in entry.line:
            # Of a packet that was refused there is an entry of its own.
            missing += entry.line.count(" > ") == 0
    return text_of(rows, guest, way, missing, "trace")


def of_records(records: Iterable[Record], language: str, guest: int | None = None) -> str:
    """Write the script of a capture."""
    way, kept = way_of(language), list(records)
    cids = {cid for one in kept for cid in (one.packet.src_cid, one.packet.dst_cid)}
    alone = guest is None
    guest = chosen({cid for cid in cids if cid not in HOSTS}, guest)
    rows, missing = [], 0
    for one in kept:
        packet = one.packet
        said = CUT.fullmatch(one.comment or "") is not None  # by who wrote the capture: vsk
        if not (said and alone) and guest not in (packet.src_cid, packet.dst_cid):
            missing += alone
            continue
        if one.cut and packet.len > LONGEST:
            missing += 1
            continue
        packet = whole(packet) if one.cut else packet
        place = one.comment if said and one.comment else "tx" if packet.src_cid == guest else "rx"
        rows.append(row_of(packet, (one.time - kept[0].time) / 1e9, place))
    return text_of(rows, guest, way, missing, "capture")


def way_of(language: str) -> Way:
    """Find a language."""
    try:
        return LANGUAGES[language]
    except KeyError:
        raise UsageError(
            f"a script is in python or lua, not {language!r}", Status.ERR_ARGUMENT
        ) from None


def chosen(guests: set[int], asked: int | None) -> int:
    """Decide whose conversation it is."""
    if asked is None and len(guests) == 1:
        return guests.pop()
    if asked is None or asked not in guests:
        names = ", ".join(map(str, sorted(guests))) or "none"
        raise UsageError(f"which guest? There is {names}", Status.ERR_CID)
    return asked


def whole(packet: Packet) -> Packet:
    """Give a packet zeros for the payload that was not captured."""
    filled = Packet(payload=bytes(packet.payload) + bytes(packet.len - len(packet.payload)))
    filled.header = packet.header
    return filled


def row_of(packet: Packet, at: float, place: str) -> Row:
    """Make a row of a packet and where it stood: tx head 0 direct 44+5."""
    found = CUT.search(place)
    by_guest = (found[1] if found else place) == "tx"
    if found is None:
        return Row(at, by_guest, packet)
    layout = [int(size) for size in found[3].split("+")]
    return Row(at, by_guest, packet, layout, found[2] == "indirect")


# ---- as text ----


def quoted(data: bytes, way: Way) -> str:
    """Write bytes as text that both languages read."""
    escapes = {34: '\\"', 92: "\\\\"}
    words = (
        escapes.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}") for byte in data
    )
    return f'{way.quote}{"".join(words)}"'


def payload_of(data: bytes, way: Way) -> str:
    """Write a payload, one that repeats itself as what it repeats."""
    size = len(data)
    for period in range(1, min(PERIOD, size // 4) + 1):
        # Most data differ in the first byte or the last, and need not be copied.
        ends = data[period] == data[0] and data[-1] == data[-1 - period]
        if ends and data[period:] == data[: size - period]:
            times = -(-size // period)
            form = way.repeated if times * period == size else way.cut
            return form.format(unit=quoted(data[:period], way), times=times, size=size)
    return quoted(data, way)


def number(value: int, way: Way) -> str:
    """Write a number; Lua knows the upper half of 64 bits by their digits alone."""
    return hex(value) if value >= 1 << 63 and way is LUA else str(value)


def named(value: int) -> str:
    """Write an op or a type."""
    name = getattr(value, "name", None)
    return f'"{name}"' if name else str(int(value))


def list_of(numbers: Iterable[int], way: Way) -> str:
    """Write lengths of descriptors."""
    return ", ".join(map(str, numbers)).join(way.list)


def fields_of(row: Row, way: Way) -> Iterator[tuple[str, str]]:
    """Give names and values of what makes a packet."""
    packet = row.packet
    yield "op", named(packet.op)
    for name, (cid, port) in (("src", packet.src), ("dst", packet.dst)):
        yield name, f"{number(cid, way)}, {port}".join(way.pair)
    if packet.type != Type.STREAM:
        yield "type", named(packet.type)
    for name in ("flags", "buf_alloc", "fwd_cnt"):
        if getattr(packet, name):
            yield name, str(getattr(packet, name))
    if len(packet.payload):
        yield "payload", payload_of(bytes(packet.payload), way)
    if packet.len != len(packet.payload):
        yield "len", str(packet.len)
    usual = [HEADER, *([len(packet.payload)] if len(packet.payload) else [])]
    if row.by_guest and row.layout is not None and (row.indirect or row.layout != usual):
        yield "layout", list_of(row.layout, way)
        if row.indirect:
            yield "indirect", way.true


def line_of(row: Row, way: Way) -> str:
    """Write a row."""
    at = f"{row.at:.9f}".rstrip("0")
    at += "0" if at.endswith(".") else ""
    fields = ", ".join(f"{name}{way.equals}{value}" for name, value in fields_of(row, way))
    return way.row.format(way="tx" if row.by_guest else "rx", at=at, fields=fields)


def options_of(rows: list[Row], guest: int, way: Way) -> str:
    """Write what the replay is told: the guest, and how it cut the buffers of its RX queue."""
    options = [("guest", number(guest, way))]
    cut = next((row for row in rows if not row.by_guest and row.layout is not None), None)
    if cut is not None and cut.layout is not None:
        options.append(("rx_layout", list_of(cut.layout, way)))
        if cut.indirect:
            options.append(("rx_indirect", way.true))
    return ", ".join(f"{name}{way.equals}{value}" for name, value in options).join(way.new)


def text_of(rows: list[Row], guest: int, way: Way, missing: int, source: str) -> str:
    """Write all of it."""
    # No guest takes what is not as long as it says.
    fit = [row for row in rows if row.by_guest or row.packet.len == len(row.packet.payload)]
    missing += len(rows) - len(fit)
    count = "1 packet" if len(fit) == 1 else f"{len(fit)} packets"
    words = INTRODUCTION.format(count=count, guest=guest, run=way.run, model=way.model)
    if missing:
        words += (
            f"\n\nOf the {source} {missing} were left out: no guest takes or sends such a packet."
        )
    first, *others = words.splitlines()
    lines = [f"{way.comment[0]}{first}", *(f"{way.comment[1]}{line}".rstrip() for line in others)]
    lines += way.begin
    lines.append(options_of(fit, guest, way))
    lines += [line_of(row, way) for row in fit]
    return "\n".join([*lines, way.last]) + "\n"
