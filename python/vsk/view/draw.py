# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Everything but SVG and Mermaid: data as coloured lines of text."""

from collections.abc import Iterator

from vsk.view import rungs, walks
from vsk.view.data import (
    Balance,
    Cell,
    Cuts,
    Descriptor,
    Ends,
    Item,
    Ladder,
    Ledger,
    Look,
    Owner,
    PacketBytes,
    Piece,
    Row,
    Shown,
    Walk,
    Why,
)
from vsk.view.ink import Line, Table

FLAGS = ((1, "NEXT"), (2, "WRITE"), (4, "INDIRECT"), (128, "AVAIL"), (32768, "USED"))
LEGEND = {
    Owner.FREE: "free",
    Owner.AVAILABLE: "available, in flight",
    Owner.DEVICE: "taken by the device",
    Owner.USED: "used, the driver's again",
}
UNUSED = "- not used yet, as far as memory can tell: behind 65535 small numbers come again"
FOLD = 4  # rows of one kind in a row that are all shown
PAYLOAD = 512  # bytes that a drawing shows at most


def drawing(thing: Shown) -> list[Line]:
    """Draw any of the data."""
    for kind, draw in DRAWINGS.items():
        if isinstance(thing, kind):
            return draw(thing)  # type: ignore[operator,no-any-return]
    raise TypeError(f"{type(thing).__name__} has no drawing")


# ---- a packet ----


def _printable(data: bytes) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 else "." for byte in data)


def _field(piece: Piece) -> str:
    if len(piece.data) == piece.size:
        return piece.field
    end = piece.first + len(piece.data) - 1
    which = str(piece.first) if end == piece.first else f"{piece.first}..{end}"
    return f"{piece.field}[{which}]"


def _where(piece: Piece) -> str:
    if piece.address is None:
        return ""
    table = "table" if piece.table else "desc"
    return f"{table}[{piece.slot}] {'w' if piece.write else 'r'} {piece.address:#x}"


def packet(seen: PacketBytes) -> list[Line]:
    """Draw a packet: a line for what one field has in one descriptor."""
    table = Table(0)
    stands = any(piece.address is not None for piece in seen.pieces)
    head = ["offset", "bytes", "field", "value", *(["in guest memory"] if stands else [])]
    table.row(*((word, "head") for word in head))
    left = 0
    for piece in seen.pieces:
        if piece.field == "payload" and piece.first >= PAYLOAD:
            left += len(piece.data)
            continue
        value = f"|{_printable(piece.data)}|" if piece.field == "payload" else piece.meaning
        data = (piece.data.hex(" "), piece.field)
        table.row(str(piece.offset), data, (_field(piece), piece.field), value, _where(piece))
    lines: list[Line] = [[(seen.line, "head")]]
    if seen.chain is not None:
        lines.append([(seen.chain, "")])
    lines += table.lines()
    if left:
        lines.append([(f"        ... and {left} more bytes of payload", "dim")])
    return lines


# ---- a packet in any cut ----


def walk(seen: Walk) -> list[Line]:
    """Draw the parser's way: a line for each descriptor, with where the cursor stands before it."""
    table = Table(0, 3, 4, 5)
    head = ["cursor", "descriptor", "address", "bytes", "header", "payload", "completes", "breaks"]
    table.row(*((word, "head") for word in head))
    size = sum(hop.len for hop in seen.hops)
    for hop in seen.hops:
        style = hop.completes[-1] if hop.completes else hop.breaks or ""
        table.row(
            str(hop.cursor),
            walks.where(hop),
            hex(hop.address),
            *(str(count) for count in (hop.len, hop.header, hop.payload)),
            (walks.done(hop), style),
            (walks.broken(hop, size), hop.breaks or ""),
        )
    verdict: Line = [
        (f"{size:>6}  ", ""),
        (walks.verdict(seen), "USED" if seen.same else "bad"),
    ]
    return [[(seen.line, "head")], [(seen.chain, "")], *table.lines(), verdict]


def every_cut(seen: Cuts) -> list[Line]:
    """Draw cuts: a line for each."""
    table = Table()
    table.row(*((word, "head") for word in ("layout", "breaks", "read")))
    for one in seen.walks:
        style = "USED" if one.same else "bad"
        table.row(walks.title(one), walks.broken_by(one), (walks.verdict(one), style))
    same = sum(one.same for one in seen.walks)
    total = f"{len(seen.walks)} cuts, the same packet {same} times"
    return [[(seen.line, "head")], *table.lines(), [(total, "head")]]


# ---- a queue ----


def _flags(flags: int) -> str:
    names = [name for bit, name in FLAGS if flags & bit]
    rest = flags & ~sum(bit for bit, _ in FLAGS)
    return "|".join(names + ([hex(rest)] if rest else [])) or "-"


def _mark(changed: bool) -> tuple[str, str]:
    return ("*", "changed") if changed else (" ", "")


def _item(item: Item) -> list[str | tuple[str, str]]:
    slot = "" if item.slot is None else f"slot {item.slot}"
    slot += "" if item.wrap is None else f" wrap {item.wrap}"
    value = item.value if item.wrap is None else item.slot
    return [_mark(item.changed), item.name, str(value), slot, (item.words, "dim")]


def _link(desc: Descriptor, packed: bool) -> str:
    if desc.chain is None:
        return ""
    if packed:
        return "list ends" if desc.last else "goes on"
    return "end" if desc.last else f"-> {desc.next}"


def _desc(desc: Descriptor, packed: bool) -> list[str | tuple[str, str]]:
    style = desc.owner.name
    chain = "" if desc.chain is None else f"{desc.chain}.{desc.place}"
    id_of = [(str(desc.next), style)] if packed else []
    return [
        _mark(desc.changed),
        (str(desc.slot), style),
        (desc.owner.value, style),
        (chain, style),
        (f"{desc.addr:#x}", style),
        (str(desc.len), style),
        *id_of,
        (_flags(desc.flags), style),
        (_link(desc, packed), style),
    ]


def _cell(cell: Cell) -> list[str | tuple[str, str]]:
    style = cell.owner.name
    index = "-" if cell.index is None else str(cell.index)
    length = [] if cell.len is None else [(str(cell.len), style)]
    who = [("|", "dim"), _mark(cell.changed), (cell.owner.value, style), (index, style)]
    return [*who, (str(cell.id), style), *length]


def _kind(look: Look, slot: int) -> tuple[object, ...]:
    """Tell rows apart that are not to be folded into one."""
    desc = look.descriptors[slot]
    cells = [] if look.packed else [look.available[slot], look.used[slot]]
    changed = desc.changed or any(cell.changed for cell in cells)
    alone = desc.owner is Owner.FREE or (desc.place == 0 and desc.last)
    # A changed row, and one of a longer chain, is like no other.
    return desc.owner, *(cell.owner for cell in cells), slot if changed or not alone else None


def _folded(look: Look) -> Iterator[tuple[int, int]]:
    """Give the rows, each with how many more behind it are of its kind."""
    slot = 0
    while slot < look.size:
        kind, end = _kind(look, slot), slot + 1
        while end < look.size and _kind(look, end) == kind:
            end += 1
        free = look.descriptors[slot].owner is Owner.FREE
        if end - slot > (1 if free and set(kind[:-1]) == {Owner.FREE} else FOLD):
            yield slot, end - slot - 1
            slot = end
        else:
            yield slot, 0
            slot += 1


def _entries(look: Look, desc: Descriptor) -> list[Line]:
    """Draw the table that a descriptor points at."""
    return [
        [
            (
                f"      table[{entry.slot}]  {entry.addr:#x}+{entry.len}  {_flags(entry.flags)}"
                + (f" -> {entry.next}" if entry.flags & 1 and not look.packed else ""),
                desc.owner.name,
            )
        ]
        for entry in desc.table
    ]


def queue(look: Look) -> list[Line]:
    """Draw a virtqueue: its indices, then descriptors and rings side by side."""
    free = sum(desc.owner is Owner.FREE for desc in look.descriptors)
    kind = "packed" if look.packed else "split"
    title = f"{look.name}: {kind} queue of {look.size} descriptors, {free} free"
    items = Table(2)
    items.row("", *((word, "head") for word in ("index", "value", "stands at", "meaning")))
    for item in look.items:
        items.row(*_item(item))
    lines = [[(title, "head")], *items.lines(), []]
    return [*lines, *_rows(look), [], *_legend(look)]


def _legend(look: Look) -> Iterator[Line]:
    line: Line = []
    for owner, words in LEGEND.items():
        line += [(f"{owner.value} {words}", owner.name), ("   ", "")]
    yield [*line, ("* ", "changed"), ("changed since the last look", "dim")]
    if any(cell.index is None for cell in (*look.available, *look.used)):
        yield [(UNUSED, "dim")]


def _rows(look: Look) -> list[Line]:
    table = Table(1, 5, 6) if look.packed else Table(1, 5)
    id_of = ["id"] if look.packed else []
    head = ["", "slot", "", "chain", "addr", "len", *id_of, "flags", "next"]
    if not look.packed:
        head += ["|", "", "", "avail idx", "head", "|", "", "", "used idx", "id", "len"]
    table.row(*((word, "head") for word in head))
    folded = list(_folded(look))
    for slot, _ in folded:
        cells = [] if look.packed else [look.available[slot], look.used[slot]]
        row = _desc(look.descriptors[slot], look.packed)
        for cell in cells:
            row += _cell(cell)
        table.row(*row)
    drawn = table.lines()
    lines = [drawn[0]]
    for (slot, more), line in zip(folded, drawn[1:], strict=True):
        lines += [line, *_entries(look, look.descriptors[slot])]
        if more:
            words = f"      ... and so on up to slot {slot + more}: {more} more"
            lines.append([(words, "dim")])
    return lines


# ---- a trace ----


def _notes(seen: Ledger) -> dict[int, tuple[str, str]]:
    """Say at which packets a stall began, and ended."""
    notes = {}
    for stall in seen.stalls:
        if stall.end is not None:
            notes[stall.end] = f"CID {stall.source} may send again", "dim"
        words = f"stall: CID {stall.source} waits, CID {stall.owes} owes a CREDIT_UPDATE"
        notes[stall.number] = words, "bad"
    return notes


def _accounts(seen: Ledger) -> Iterator[tuple[Row, list[tuple[str, Balance]]]]:
    """Give each packet with the ways whose account it changes; of most it is one."""
    one, other = seen.one[0], seen.other[0]
    ways = (f"{one}>{other}", f"{other}>{one}")
    before = (Balance(0, 0, 0, 0, 0), Balance(0, 0, 0, 0, 0))
    for row in seen.entries:
        both = zip(ways, row.balances, before, strict=True)
        yield row, [(way, now) for way, now, then in both if now != then]
        before = row.balances


def _balance(balance: Balance) -> list[str]:
    b = balance
    return [str(n) for n in (b.sent, b.forwarded, b.window, b.in_flight, b.free)]


def ledger(seen: Ledger) -> list[Line]:
    """Draw the account of a connection: below each packet what it changes, a line for each way."""
    (a, b), (c, d) = seen.one, seen.other
    of_balance = ["sent", "forwarded", "window", "in flight", "free"]
    table = Table(0, 1, 2, 4, *range(6, 11))
    head = ["#", "time", "CID", "packet", "len", "way", *of_balance]
    table.row(*((word, "head") for word in head))
    notes, below = _notes(seen), []
    for row, accounts in _accounts(seen):
        style = "to" if row.source == a else "back"
        number, length = str(row.number), str(row.len) if row.len else ""
        packet = number, f"{row.time:.6f}", (str(row.source), style), (row.op, style), length
        for at, (way, balance) in enumerate(accounts or [("", None)]):
            numbers = [] if balance is None else _balance(balance)
            table.row(*(packet if at == 0 else [""] * 5), way, *numbers)
            below.append(notes.get(row.number) if at + 1 >= len(accounts) else None)
    title = f"{a}:{b} - {c}:{d} {seen.type}, and what each packet changes"
    rows = table.lines()
    lines: list[Line] = [[(title, "head")], rows[0]]
    for line, note in zip(rows[1:], below, strict=True):
        lines += [line] if note is None else [line, [("    " + note[0], note[1])]]
    for stall in seen.stalls:
        if stall.end is None:
            words = (
                f"stalled since #{stall.number}: CID {stall.owes} owes CID {stall.source} credit"
            )
            lines.append([(words, "bad")])
    return lines


def ends(seen: Ends) -> list[Line]:
    """Draw where both ends of every connection stand."""
    table = Table()
    head = ["end", "local", "peer", "type", "state", "last cause", "running"]
    table.row(*((word, "head") for word in head))
    for end in seen.ends:
        reason = "" if end.reason == "NONE" else f" ({end.reason})"
        cause = end.cause if end.number is None else f"{end.cause} (#{end.number})"
        timers = ", ".join(f"{name} in {left:.3f} s" for name, left in end.timers)
        one, other = (f"{cid}:{port}" for cid, port in (end.local, end.peer))
        style = "USED" if end.state == "ESTABLISHED" else "AVAILABLE"
        state = (end.state + reason, style)
        table.row(end.side, one, other, end.type, state, cause, timers or "no timer")
    return [[(f"at {seen.now:.9f} s", "head")], *table.lines()]


def why(seen: Why) -> list[Line]:
    """Draw what happened, and the rules."""
    number = "" if seen.number is None else f"#{seen.number} "
    lines: list[Line] = [[(number + seen.line, "head")]]
    lines += [[("  " + step, "")] for step in seen.steps]
    if seen.rules:
        lines.append([("Rules:", "head")])
    for rule in seen.rules:
        section = f" (virtio 1.4, {rule.section})" if rule.section else ""
        lines.append([(f"  {rule.clause}{section}: ", "to"), (rule.words, "")])
    return lines


DRAWINGS = {
    PacketBytes: packet,
    Walk: walk,
    Cuts: every_cut,
    Look: queue,
    Ladder: rungs.lines,
    Ledger: ledger,
    Ends: ends,
    Why: why,
}
