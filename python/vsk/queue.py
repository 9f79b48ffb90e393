# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A simulated virtqueue and its two ends."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from vsk import _core
from vsk._core import Chain, Desc, Packets, Ring, Span, Used
from vsk.memory import Memory

if TYPE_CHECKING:
    from vsk.view.data import Look

__all__ = ["Chain", "Desc", "DeviceEnd", "DriverEnd", "Packets", "Queue", "Ring", "Span", "Used"]


class DriverEnd(_core.DriverEnd):
    """The driver's end of a queue: it offers chains and reaps them."""

    __slots__ = ()

    def used(self) -> Iterator[Used]:
        """Reap everything that has come back; the buffers are free again."""
        return iter(self.reap, None)


class DeviceEnd(_core.DeviceEnd):
    """The device's end of a queue: it pops chains and pushes them back.

    Iterating pops every chain that is offered; each must be pushed.
    """

    __slots__ = ()

    def __iter__(self) -> Iterator[Chain]:
        """Pop every chain that is offered."""
        return iter(self.pop, None)


class Queue(_core.Queue):
    """A virtqueue in a memory, with both its ends.

    size is the number of descriptors, 1 to 32768, a power of two unless packed. indirect,
    event_idx, packed and in_order are the features that were negotiated: VIRTIO_F_INDIRECT_DESC,
    EVENT_IDX, RING_PACKED and IN_ORDER. ring opens a queue that is in the memory already, one of
    memory.rings.
    """

    __slots__ = {
        "_shown": "What was shown last.",
        "device": "The device's end.",
        "driver": "The driver's end.",
        "memory": "The memory that the ring stands in.",
    }

    def __init__(
        self,
        memory: Memory,
        size: int = 256,
        *,
        indirect: bool = True,
        event_idx: bool = True,
        packed: bool = False,
        in_order: bool = False,
        ring: Ring | None = None,
    ) -> None:
        """Place a new ring in memory, or open the one that is named."""
        super().__init__(
            memory,
            size,
            indirect=indirect,
            event_idx=event_idx,
            packed=packed,
            in_order=in_order,
            ring=ring,
        )
        self._shown: Look | None = None
        self.memory = memory
        self.driver = DriverEnd(self)
        self.device = DeviceEnd(self)

    def show(self) -> None:
        """Print descriptors and rings side by side, with the owner of every cell.

        What is not as it was when it was shown before is marked.
        """
        from vsk.view import queue

        self._shown = queue(self, before=self._shown)
        self._shown.show()

    def _repr_html_(self) -> str:
        from vsk.view import queue

        return queue(self, before=self._shown)._repr_html_()

    def fields(self) -> dict[str, int | tuple[int, ...]]:
        """Read all fields of the ring, for get and set: desc, avail.ring and used.ring by slot."""
        return {
            name: tuple(self.get(name, slot) for slot in range(self.size))
            if each
            else self.get(name)
            for name, each in self._fields.items()
        }
