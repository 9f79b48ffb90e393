# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A Linux guest with a device of ours."""

import os
import select
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol

import vsk
from vsk.conn import Conn
from vsk.device import Device
from vsk.enums import Type
from vsk.linux import machine as machines
from vsk.linux.jobs import Job, Line
from vsk.linux.qmp import Monitor
from vsk.linux.terminal import interact

__all__ = ["CommandError", "GuestError", "Linux"]

DEVICE = "device"  # the socket's name
LONGEST_PATH = 107  # of a Unix socket
GRACE = 3.0  # seconds for a guest to switch itself off
TAIL = 2000


class GuestError(RuntimeError):
    """The guest did not start, or is gone; the message ends with its console."""


class CommandError(subprocess.CalledProcessError):
    """A command in the guest has failed; the message ends with what it wrote to stderr."""

    def __str__(self) -> str:
        """Say how it ended and what it wrote."""
        words = self.stderr.decode(errors="replace").strip()
        return super().__str__() + (f"\n{words}" if words else "")


class Served(Protocol):
    """A device on a socket, as a Server is one."""

    @property
    def connected(self) -> bool:
        """Whether its end of a session is still to be heard of."""

    def fileno(self) -> int:
        """Name the descriptor that is readable when there is something to do."""

    def dispatch(self) -> None:
        """Do what there is to do."""

    def close(self) -> None:
        """End it."""


class Linux:
    """A real Linux kernel whose vsock device is a Device, from its start to its end.

    machine is "uml", whose root are the files of this machine, read-only with empty /run and /tmp,
    or "qemu", whose root is busybox; root="busybox" gives that to User Mode Linux too. kernel is a
    folder with an unpacked Debian package, or for QEMU a version such as "6.12" or another suite of
    Debian's such as "bullseye", for its own. memory is in MiB; programs are files by the name that
    they get in the guest's PATH; options are further arguments for QEMU, such as "-global",
    "vhost-user-vsock-pci.packed=on": else it hides RING_PACKED from its guest. capture is a file
    for every packet, as pcapng. timeout is in seconds, for the start.

    The device's hooks are called while a method of this class, or of a connection, waits. Raises
    MissingError where something is not there, GuestError where the guest does not start.
    """

    def __init__(
        self,
        device: Device,
        *,
        machine: str = "uml",
        kernel: str | os.PathLike[str] | None = None,
        root: str | None = None,
        memory: int = 256,
        programs: Mapping[str, str | os.PathLike[str]] | None = None,
        options: Sequence[str] = (),
        capture: str | os.PathLike[str] | None = None,
        timeout: float = 60.0,
    ) -> None:
        """Serve the device, boot, and wait until commands can be run."""
        self._start = _starter(machine, kernel, root, memory, programs or {}, options)
        self._qemu = machine == "qemu"
        self.device = device
        self._poll = select.poll()
        self._machine: machines.Machine | None = None
        self._monitor: Monitor | None = None
        self._on_host = not self._qemu and root != "busybox"
        self._folder = _private_folder()
        try:
            self._server = self._serve(self._folder / DEVICE, capture)
            try:
                self._poll.register(self._server.fileno(), select.POLLIN)
                self._machine = self._start(self._folder)
                self._boot(timeout)
            except BaseException:
                self._end()
                self._server.close()
                raise
        except BaseException:
            shutil.rmtree(self._folder)
            raise

    def _serve(self, path: Path, capture: str | os.PathLike[str] | None) -> Served:
        """Put the device on a socket."""
        return vsk.serve(self.device, path, capture=capture)

    def _boot(self, timeout: float) -> None:
        self._poll.register(self._line, select.POLLIN)
        try:
            self.wait_for(lambda: self._line.release, timeout)
        except TimeoutError:
            raise GuestError(self._told(f"the guest did not start in {timeout:g} s")) from None

    def close(self) -> None:
        """Switch the guest off, and serve the device no more."""
        self._close(ask=True)

    def _close(self, *, ask: bool) -> None:
        if self._machine is None:
            return
        try:
            if ask:
                self._switch_off()
        finally:
            self._end()
            self._part()
            self._server.close()
            shutil.rmtree(self._folder)

    def _switch_off(self) -> None:
        """Let the guest end; where it does not, its process does."""
        self._line.halt()
        self._drive(lambda: self._line.ended, GRACE)
        self._end()
        self._part()

    def _end(self) -> None:
        """End the process, if there is one, however it is."""
        if self._monitor is not None:
            self._poll.unregister(self._monitor)
            self._monitor.close()
            self._monitor = None
        if self._machine is not None:
            self._poll.unregister(self._machine.line)
            self._machine.close()
        self._machine = None

    def _part(self) -> None:
        """Let the device hear that its guest has gone."""
        poll = select.poll()
        poll.register(self._server.fileno(), select.POLLIN)
        end = time.monotonic() + GRACE
        while self._server.connected and time.monotonic() < end and poll.poll(GRACE * 1000):
            self._server.dispatch()

    def __enter__(self) -> "Linux":
        """Give the guest itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it; after an exception the guest is not asked."""
        self._close(ask=error is None)

    def __repr__(self) -> str:
        """Say which kernel runs."""
        return f"<Linux {self._machine.line.release if self._machine else 'switched off'}>"

    # ---- what it is ----

    @property
    def kernel(self) -> str:
        """The kernel's release, as uname -r has it."""
        return str(self._line.release)

    @property
    def console(self) -> str:
        """What the kernel has said so far."""
        return self._running.console

    @property
    def _running(self) -> machines.Machine:
        if self._machine is None:
            raise GuestError("the guest is switched off")
        return self._machine

    @property
    def _line(self) -> Line:
        return self._running.line

    def _told(self, what: str) -> str:
        return f"{what}; its console:\n{self.console[-TAIL:].strip() or '(nothing)'}"

    # ---- driving ----

    def _turn(self, seconds: float) -> None:
        """Wait for something, at most so long, and let the device do what is to be done."""
        server = self._server.fileno()
        ready = [number for number, _ in self._poll.poll(max(0, seconds) * 1000)]
        self._line.clear()
        if server in ready:
            self._server.dispatch()

    def _drive(self, ready: Callable[[], object], timeout: float) -> bool:
        """Serve the device until something is true; False where that takes too long."""
        end = time.monotonic() + timeout
        while not ready():
            left = end - time.monotonic()
            if left <= 0:
                return False
            self._turn(left)
        return True

    def wait_for(self, ready: Callable[[], object], timeout: float = 60.0) -> None:
        """Serve the device until something is true. Raises TimeoutError, or GuestError."""
        if not self._drive(lambda: ready() or self._line.ended, timeout):
            raise TimeoutError(f"it is not so after {timeout:g} s")
        if self._line.ended and not ready():
            raise GuestError(self._told(f"the guest is gone: {self._line.ended}"))

    # ---- commands ----

    def start(self, command: str | Sequence[str], *, terminal: bool = False) -> Job:
        """Start a command by the guest's sh, and go on at once; words in a sequence are quoted.

        It begins in the folder where Python is, if the guest has that. With terminal it gets one.
        """
        words = command if isinstance(command, str) else shlex.join(command)
        return self._line.run(words, folder=os.getcwd(), terminal=terminal)

    def wait(self, job: Job, timeout: float = 60.0, *, input: bytes = b"") -> int:
        """Give a command its input and wait for its end; give its exit status.

        Raises TimeoutError; the command runs on then.
        """
        rest = memoryview(input)

        def ended() -> bool:
            nonlocal rest
            rest = job.feed(rest)
            if not rest:
                job.end_input()
            return job.returncode is not None

        self.wait_for(ended, timeout)
        return job.returncode or 0

    def run(
        self,
        command: str | Sequence[str],
        input: bytes = b"",
        timeout: float = 60.0,
        check: bool = True,
    ) -> bytes:
        """Run a command to its end and give what it wrote to stdout.

        Raises CommandError, a subprocess.CalledProcessError, where it fails, unless check is false,
        and subprocess.TimeoutExpired where it takes too long: it is killed then.
        """
        job = self.start(command)
        try:
            status = self.wait(job, timeout, input=input)
        except TimeoutError:
            job.kill()
            raise subprocess.TimeoutExpired(command, timeout, *job.take()) from None
        except BaseException:
            job.kill()
            raise
        output, errors = job.take()
        if check and status != 0:
            raise CommandError(status, command, output, errors)
        return output

    def connect(
        self,
        port: int,
        listen: str | Sequence[str] | None = None,
        type: Type | str = Type.STREAM,
        *,
        ready: bytes = b"listening",
        timeout: float = 60.0,
    ) -> Conn:
        """Connect to a port of the guest; listen is a command that listens there.

        Its ready line, one on stderr with the word ready in it, is waited for. Raises CommandError
        where it ends before, TimeoutError where there is none.
        """
        if listen is not None:
            self._await_ready(self.start(listen), ready, timeout)
        return self.device.open_connection(port, type)

    def _await_ready(self, job: Job, ready: bytes, timeout: float) -> None:
        def is_ready() -> bool:
            lines = job.errors.split(b"\n")[:-1]
            return any(ready in line for line in lines) or job.returncode is not None

        job.end_input()
        try:
            self.wait_for(is_ready, timeout)
        except BaseException:
            job.kill()
            raise
        if job.returncode is not None:
            raise CommandError(job.returncode, job.command, *job.take())

    def interact(self, command: str | None = None) -> int:
        """Run a command with the stdin, stdout and stderr of Python; give its exit status.

        Without one it is a shell, in a terminal of the guest where stdin is a terminal.
        """
        terminal = command is None and os.isatty(0)
        words = [f"export TERM={shlex.quote(os.environ.get('TERM', 'dumb'))}"] if terminal else []
        job = self.start("\n".join([*words, command or _shell(self._on_host)]), terminal=terminal)
        return interact(job, self._poll, self._turn, lambda: self._line.ended)

    def shell(self) -> int:
        """Give the user a shell in the guest; its exit status is what comes back."""
        return self.interact()

    # ---- the machine ----

    def reboot(self, timeout: float = 60.0) -> None:
        """Start the guest again; what ran in it is gone.

        QEMU goes on with the same device. User Mode Linux may hang where it starts itself anew, so
        it is ended, and another one connects.
        """
        if self._qemu:
            self._line.halt(again=True)
            self.wait_for(lambda: self._line.release, timeout)
            return
        self._switch_off()
        self._machine = self._start(self._folder)
        self._boot(timeout)

    def monitor(self, command: str, timeout: float = 60.0, **arguments: object) -> object:
        """Ask QEMU something by its machine protocol, such as "stop" and "cont"."""
        if self._monitor is None:
            self._monitor = Monitor(self._folder / "qmp")
            self._poll.register(self._monitor, select.POLLIN)
        self._monitor.send(command, arguments)
        self.wait_for(self._monitor.answered, timeout)
        return self._monitor.answer()


def _private_folder() -> Path:
    """Make a folder that only the user may read, with a path short enough for sockets in it."""
    folder = Path(tempfile.mkdtemp(prefix="vsk-"))
    if len(os.fsencode(folder / DEVICE)) > LONGEST_PATH:
        folder.rmdir()
        folder = Path(tempfile.mkdtemp(prefix="vsk-", dir="/tmp"))
    return folder


def _shell(on_host: bool) -> str:
    """The user's own shell, where the guest has it."""
    return f"exec {shlex.quote(os.environ.get('SHELL', 'sh'))}" if on_host else "exec sh"


def _starter(
    machine: str,
    kernel: str | os.PathLike[str] | None,
    root: str | None,
    memory: int,
    programs: Mapping[str, str | os.PathLike[str]],
    options: Sequence[str],
) -> Callable[[Path], machines.Machine]:
    """What starts the machine that was asked for, or ValueError."""
    folder = Path(kernel) if kernel is not None and os.sep in os.fspath(kernel) else None
    if machine == "qemu" and root in (None, "busybox"):
        version = None if kernel is None else os.fspath(kernel)
        return lambda private: machines.qemu(
            private / DEVICE,
            private,
            kernel=folder or version,
            memory=memory,
            files=programs,
            options=options,
        )
    if machine != "uml" or root not in (None, "host", "busybox"):
        raise ValueError(f"no machine {machine!r} with root {root!r}")
    if options:
        raise ValueError("options are QEMU's")
    if kernel is not None and folder is None:
        raise ValueError("the kernel of User Mode Linux is a folder with its unpacked package")
    return lambda private: machines.uml(
        private / DEVICE,
        private,
        kernel=folder,
        host=root != "busybox",
        memory=memory,
        files=programs,
    )
