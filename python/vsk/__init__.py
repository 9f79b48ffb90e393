# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""vsk, the virtio-vsock kit: packets, simulated virtqueues, and both their ends.

>>> import vsk
>>> packet = vsk.Packet(src=(3, 1024), dst=(2, 1234), op="RW", payload=b"hello")
>>> print(packet)
3:1024 > 2:1234 STREAM RW len=5 buf_alloc=0 fwd_cnt=0
"""

from vsk import _core
from vsk.capture import Capture, Record
from vsk.conn import Conn
from vsk.device import Device
from vsk.display import show as _show
from vsk.enums import Feature, Op, Protocol, Reason, Seq, Shutdown, State, Status, Type
from vsk.errors import (
    ConnectionReset,
    Error,
    PeerError,
    PipeClosed,
    SystemFailure,
    TimedOut,
    UsageError,
)
from vsk.front_end import attach
from vsk.guest import Guest, Listener
from vsk.lab import Faults, Lab, Snapshot
from vsk.memory import Memory
from vsk.packet import Header, HeaderFields, Packet
from vsk.queue import Chain, Desc, DeviceEnd, DriverEnd, Packets, Queue, Ring, Span, Used
from vsk.server import Server, bridge, serve
from vsk.streams import StreamServer, accept_connection, open_connection, start_server
from vsk.trace import Entry, Trace

__version__ = _core.VERSION

__all__ = [
    "Capture",
    "Chain",
    "Conn",
    "ConnectionReset",
    "Desc",
    "Device",
    "DeviceEnd",
    "DriverEnd",
    "Entry",
    "Error",
    "Faults",
    "Feature",
    "Guest",
    "Header",
    "HeaderFields",
    "Lab",
    "Listener",
    "Memory",
    "Op",
    "Packet",
    "Packets",
    "PeerError",
    "PipeClosed",
    "Protocol",
    "Queue",
    "Reason",
    "Record",
    "Ring",
    "Seq",
    "Server",
    "Shutdown",
    "Snapshot",
    "Span",
    "State",
    "Status",
    "StreamServer",
    "SystemFailure",
    "TimedOut",
    "Trace",
    "Type",
    "UsageError",
    "Used",
    "accept_connection",
    "attach",
    "bridge",
    "open_connection",
    "serve",
    "start_server",
]

_core.connect(Op, Type, Status, _show)
