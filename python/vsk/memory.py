# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Guest memory, and its way into a file and back."""

import os

from vsk import _core
from vsk.closing import Closing

HEAD = 16  # bytes in front of an image's tables: magic, regions u32, rings u32
REGION = 16
RING = 48


class Memory(_core.Memory, Closing):
    """Guest RAM: regions of bytes at guest addresses.

    Memory(size) is one region at guest address 0, Memory(regions=[(address, size), ...])
    any number of them, sorted; fill is what every byte is at first. A context manager
    closes it; views keep their bytes alive, and close is refused while there are any.
    """

    __slots__ = ()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write regions, bytes and the place of all rings into a file that load reads.

        Raises UsageError with ERR_BUSY where a queue that is opened there could not go on alike:
        chains went back out of order and are not all back; in a packed ring some are given and
        not published; with IN_ORDER some are used and not reaped.
        """
        head = self._head()
        with open(os.fspath(path), "wb") as file:
            file.write(head)
            for address, size in self.regions:
                file.write(self.view(address, size))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "Memory":
        """Read a memory from a file; rings says which queues can be opened in it.

        Raises UsageError with ERR_IMAGE where the file is not a whole image.
        """
        with open(os.fspath(path), "rb") as file:
            total = os.fstat(file.fileno()).st_size
            head = file.read(HEAD)
            counts = head[8:16].ljust(8, b"\0")
            regions = int.from_bytes(counts[:4], "little")
            rings = int.from_bytes(counts[4:], "little")
            memory = cls.__new__(cls)
            memory._begin_load(head + file.read(min(REGION * regions + RING * rings, total)), total)
            for address, size in memory.regions:
                file.readinto(memory.view(address, size))
        memory._end_load()
        return memory
