# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""vsk, the virtio-vsock kit: packets, simulated virtqueues, and both their ends.

>>> import vsk
>>> packet = vsk.Packet(src=(3, 1024), dst=(2, 1234), op="RW", payload=b"hello")
>>> print(packet)
3:1024 > 2:1234 STREAM RW len=5 buf_alloc=0 fwd_cnt=0
"""

from vsk import _core
from vsk.display import show as _show
from vsk.enums import Op, Seq, Shutdown, Status, Type
from vsk.errors import Error, PeerError, UsageError
from vsk.memory import Memory
from vsk.packet import Header, HeaderFields, Packet
from vsk.queue import Chain, Desc, DeviceEnd, DriverEnd, Packets, Queue, Ring, Span, Used

__version__ = _core.VERSION

__all__ = [
    "Chain",
    "Desc",
    "DeviceEnd",
    "DriverEnd",
    "Error",
    "Header",
    "HeaderFields",
    "Memory",
    "Op",
    "Packet",
    "Packets",
    "PeerError",
    "Queue",
    "Ring",
    "Seq",
    "Shutdown",
    "Span",
    "Status",
    "Type",
    "UsageError",
    "Used",
]

_core.connect(Op, Type, Status, _show)
