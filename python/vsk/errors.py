# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What goes wrong, and whose fault it is."""

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


class SystemFailure(Error, OSError):
    """The operating system refused it: status is ERR_SYSTEM, the words are its own."""


class ConnectionReset(Error, ConnectionResetError):
    """The peer refused or reset the connection: status is RESET."""


class TimedOut(Error, TimeoutError):
    """It took too long, or nothing will ever come: status is TIMEOUT."""


class PipeClosed(Error, BrokenPipeError):
    """Nothing more can be sent: status is PIPE."""


KINDS = {
    Status.RESET: ConnectionReset,
    Status.TIMEOUT: TimedOut,
    Status.PIPE: PipeClosed,
    Status.ERR_SYSTEM: SystemFailure,
    Status.EOF: ConnectionReset,
}


def from_status(number: int, message: str) -> Error | MemoryError:
    """Make the exception for a failed call; the C module calls this."""
    status = Status(number)
    if status is Status.ERR_NOMEM:
        return MemoryError(message)
    if status.name.startswith("BAD_"):
        return PeerError(message, status)
    return KINDS.get(status, UsageError)(message, status)
