# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What goes wrong, and whose fault it is."""

import errno

from vsk.enums import Status


class Error(Exception):
    """A rule was broken; status says which one.

    The message names the rule, the place where that is known, and the clause of
    the specification in brackets.
    """

    def __init__(self, message: str, status: Status) -> None:
        """Keep the status beside the message."""
        super().__init__(message, status)
        self.status = status

    def __str__(self) -> str:
        """The message alone; the status has its own attribute."""
        return str(self.args[0])


class UsageError(Error, ValueError):
    """The caller's own fault: status is ERR_*."""


class PeerError(Error):
    """The fault of the other side of the shared memory: status is BAD_*."""


class _Failure(Error, OSError):
    """What the operating system has a number for, too: errno, beside status."""

    NUMBER: int | None = None

    def __init__(self, message: str, status: Status, number: int | None = None) -> None:
        """Be what OSError is made of: a number and words."""
        OSError.__init__(self, number or self.NUMBER, message)
        self.status = status

    def __str__(self) -> str:
        """The words alone."""
        return str(self.strerror)

    def __reduce__(self) -> tuple[object, ...]:
        """Be pickled with the status."""
        return type(self), (self.strerror, self.status, self.errno)


class SystemFailure(_Failure):
    """The operating system refused it: status is ERR_SYSTEM, words and errno are its own.

    errno is None where the system's number is not known.
    """


class ConnectionReset(_Failure, ConnectionResetError):
    """The peer refused or reset the connection: status is RESET, errno ECONNRESET."""

    NUMBER = errno.ECONNRESET


class TimedOut(_Failure, TimeoutError):
    """It took too long, or nothing will ever come: status is TIMEOUT, errno ETIMEDOUT."""

    NUMBER = errno.ETIMEDOUT


class PipeClosed(_Failure, BrokenPipeError):
    """Nothing more can be sent: status is PIPE, errno EPIPE."""

    NUMBER = errno.EPIPE


KINDS = {
    Status.RESET: ConnectionReset,
    Status.TIMEOUT: TimedOut,
    Status.PIPE: PipeClosed,
    Status.EOF: ConnectionReset,
}


def from_status(number: int, message: str, system: int = 0) -> Error | MemoryError:
    """Make the exception for a failed call; the C module calls this.

    system is what the operating system has said, 0 where it is not known.
    """
    status = Status(number)
    if status is Status.ERR_NOMEM:
        return MemoryError(message)
    if status.name.startswith("BAD_"):
        return PeerError(message, status)
    if status is Status.ERR_SYSTEM:
        return SystemFailure(message, status, system)
    return KINDS.get(status, UsageError)(message, status)
