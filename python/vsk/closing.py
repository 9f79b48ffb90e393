# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What is closed at the end of a with block."""

from types import TracebackType
from typing import Protocol, TypeVar


class _Closes(Protocol):
    def close(self) -> None: ...


Own = TypeVar("Own", bound=_Closes)


class Closing:
    """A context manager for who has close()."""

    __slots__ = ()

    def __enter__(self: Own) -> Own:
        """Give the object itself."""
        return self

    def __exit__(
        self: _Closes,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()
