# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A protocol that can be seen: packets, queues, traces, credit and reasons.

What there is to see is plain data (vsk.view.data); str() of it is its drawing, show() prints it,
and notebooks show it in colour. Everything here is also at hand where one looks for it:
packet.hexdump(), queue.show(), lab.trace.ladder(), lab.why(3).
"""

from vsk.packet import Packet
from vsk.view import draw, ink, packets, queues, traces
from vsk.view.data import Look, PacketBytes
from vsk.view.walks import cuts, every_layout, walk
from vsk.view.whys import why, why_packet

__all__ = [
    "cuts",
    "every_layout",
    "hexdump",
    "packet",
    "packet_html",
    "queue",
    "walk",
    "why",
    "why_packet",
]

queue = queues.look
ladder = traces.ladder
ledgers = traces.ledgers
ends = traces.ends


def packet(packet: Packet) -> PacketBytes:
    """See the bytes of a packet, each with its field and where it stands."""
    return packets.look(packet)


def hexdump(packet: Packet) -> None:
    """Print the bytes of a packet; Packet.hexdump does this."""
    packets.look(packet).show()


def packet_html(packet: Packet) -> str:
    """Give the bytes of a packet for notebooks."""
    return ink.html(draw.drawing(packets.look(packet)))


__all__ += ["Look", "ends", "ladder", "ledgers"]
