# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""An initramfs: a cpio archive as the kernel takes it, compressed."""

import gzip
import stat
from collections.abc import Mapping

__all__ = ["archive"]

MAGIC = b"070701"
FOLDER = stat.S_IFDIR | 0o755
PROGRAM = stat.S_IFREG | 0o755
LINK = stat.S_IFLNK | 0o777


def _entry(number: int, path: str, mode: int, data: bytes) -> bytes:
    """One file in the "newc" form: 13 fields of 8 hex digits; name and data padded to 4 bytes."""
    name = path.encode() + b"\0"
    links = 2 if stat.S_ISDIR(mode) else 1
    fields = (number, mode, 0, 0, links, 0, len(data), 0, 0, 0, 0, len(name), 0)
    head = MAGIC + b"".join(b"%08X" % field for field in fields) + name
    return head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)


def _folders(path: str) -> list[str]:
    """The folders above a path, from the top."""
    words = path.split("/")[:-1]
    return ["/".join(words[: end + 1]) for end in range(len(words))]


def archive(files: Mapping[str, bytes | str]) -> bytes:
    """Make a compressed archive of files: bytes are a program's, a string is a link's target.

    Paths have no leading slash; the folders above them come along.
    """
    entries: dict[str, tuple[int, bytes]] = {}
    for path, data in files.items():
        for folder in _folders(path):
            entries.setdefault(folder, (FOLDER, b""))
        if isinstance(data, str):
            entries[path] = LINK, data.encode()
        else:
            entries[path] = PROGRAM, data
    parts = [
        _entry(number, path, mode, data)
        for number, (path, (mode, data)) in enumerate(entries.items(), 1)
    ]
    parts.append(_entry(0, "TRAILER!!!", 0, b""))
    return gzip.compress(b"".join(parts), compresslevel=1, mtime=0)
