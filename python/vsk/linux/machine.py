# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A process that boots a Linux guest on the vhost-user socket at a path."""

import os
import shutil
import signal
import socket
import subprocess
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from vsk.linux.initramfs import archive
from vsk.linux.jobs import Line
from vsk.linux.kernels import Kernel, qemu_kernel, uml_kernel
from vsk.linux.packages import MissingError, package

__all__ = ["Machine", "guard", "programs", "qemu", "uml"]

VSOCK = 19  # the device's number in the virtio specification
UML_LINE, QEMU_LINE = "/dev/tty1", "/dev/vport0p1"
QEMU = "qemu-system-x86_64"
# Nobody writes, so it goes on when Python has ended, even if that was killed.
WATCH = 'read line; kill -9 "-$1"'


class Machine:
    """A guest's process, in a process group of its own, and the line to it.

    The process ends with close, or with Python, whatever ends that.
    """

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        ours: socket.socket,
        theirs: socket.socket,
    ) -> None:
        """Start a process in a private folder; ours and theirs are the ends of its line."""
        with theirs:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env=_environment(folder),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._kill = guard(self, self.process)
        assert self.process.stdout is not None
        self.line = Line(ours, self.process.stdout)

    @property
    def console(self) -> str:
        """What the guest's kernel has said so far, as far as it is kept."""
        return self.line.console.decode(errors="replace").replace("\r", "")

    def close(self) -> None:
        """End the process, whatever it does."""
        self._kill()
        self.line.close()


def _environment(folder: Path) -> dict[str, str]:
    """Give a machine its own home; what is preloaded for Python is nothing for a kernel."""
    inherited = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    return {**inherited, "HOME": str(folder)}


def guard(owner: object, process: "subprocess.Popen[bytes]") -> Callable[[], object]:
    """Let a process that leads a session end with its owner, or with Python.

    Gives what ends it before that.
    """
    watch = subprocess.Popen(
        ["sh", "-c", WATCH, "sh", str(process.pid)],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    return weakref.finalize(owner, _kill, process, watch)


def _kill(process: "subprocess.Popen[bytes]", watch: "subprocess.Popen[bytes]") -> None:
    """End a process and what it has started, and wait for it."""
    with watch:
        watch.kill()
    # Its number stays taken until somebody has waited for it, so it is still this group.
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def programs() -> dict[str, bytes]:
    """Read the programs of the package that run in guests, by name."""
    folder = Path(__file__).with_name("programs")
    names = ("vsk-agent", "vsock-cat")
    try:
        return {name: (folder / name).read_bytes() for name in names}
    except OSError as error:
        raise MissingError(f"{folder}: this vsk was built without its guest programs") from error


def _files(kernel: Kernel, more: Mapping[str, str | os.PathLike[str]]) -> dict[str, bytes | str]:
    """What every initramfs holds."""
    found = programs()
    files: dict[str, bytes | str] = {"init": found.pop("vsk-agent")}
    for number, module in enumerate(kernel.modules):
        files[f"modules/{number}.ko"] = module
    for name, path in more.items():
        found[name] = Path(path).read_bytes()
    return files | {f"programs/{name}": data for name, data in found.items()}


def _busybox() -> dict[str, bytes | str]:
    """A root file system of one program."""
    binary = package("busybox-static") / "bin/busybox"
    names = subprocess.run([binary, "--list"], capture_output=True, text=True, check=True)
    links: dict[str, bytes | str] = {f"bin/{name}": "busybox" for name in names.stdout.split()}
    etc: dict[str, bytes | str] = {"etc/passwd": b"root:x:0:0:root:/tmp:/bin/sh\n"}
    return links | etc | {"bin/busybox": binary.read_bytes()}


def uml(
    path: Path,
    folder: Path,
    *,
    kernel: Path | None = None,
    host: bool = True,
    memory: int = 256,
    files: Mapping[str, str | os.PathLike[str]] | None = None,
) -> Machine:
    """Start User Mode Linux.

    path is the device's socket, folder is private and short-lived, memory is in MiB. With host the
    machine's own files are the guest's root, read-only; without, busybox. files are more programs,
    by name.
    """
    found = uml_kernel(kernel)
    root = {} if host else _busybox()
    (folder / "initrd").write_bytes(archive(root | _files(found, files or {})))
    ours, theirs = socket.socketpair()
    command = [
        str(found.image),
        f"mem={memory}M",
        "initrd=initrd",
        f"virtio_uml.device={os.path.relpath(path, folder)}:{VSOCK}",
        "con=null",
        "con0=null,fd:1",
        f"con1=fd:{theirs.fileno()}",
        "ssl=null",
        "uml_dir=.",
        "umid=guest",
        "panic=-1",
        f"vsk_line={UML_LINE}",
    ]
    if host:
        command.append("vsk_root=host")
    return Machine(command, folder, ours, theirs)


def qemu(
    path: Path,
    folder: Path,
    *,
    kernel: str | Path | None = None,
    memory: int = 256,
    files: Mapping[str, str | os.PathLike[str]] | None = None,
    options: Sequence[str] = (),
) -> Machine:
    """Start QEMU, which emulates a machine of one processor without any help of the kernel.

    What is not said here is as in uml. options are further ones of QEMU's.
    """
    binary = shutil.which(QEMU)
    if binary is None:
        raise MissingError(
            f"{QEMU} is not there: apt-get install --no-install-recommends qemu-system-x86"
        )
    found = qemu_kernel(kernel)
    (folder / "initrd").write_bytes(archive(_busybox() | _files(found, files or {})))
    ours, theirs = socket.socketpair()
    shared = f"memory-backend-memfd,id=memory,size={memory}M,share=on"
    command = [
        *(binary, "-nodefaults", "-no-user-config", "-display", "none"),
        *("-accel", "tcg,thread=multi", "-cpu", "qemu64", "-smp", "1", "-m", f"{memory}M"),
        *("-object", shared, "-machine", "q35,memory-backend=memory"),
        *("-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"),
        *("-chardev", f"socket,id=line,fd={theirs.fileno()}"),
        *("-device", "virtio-serial-pci", "-device", "virtserialport,chardev=line"),
        *("-chardev", f"socket,id=device,path={os.path.relpath(path, folder)}"),
        *("-device", "vhost-user-vsock-pci,id=vsock,chardev=device"),
        *("-kernel", str(found.image), "-initrd", "initrd"),
        *("-append", f"console=ttyS0 quiet panic=-1 vsk_line={QEMU_LINE}"),
        *("-qmp", "unix:qmp,server=on,wait=off"),
        *options,
    ]
    return Machine(command, folder, ours, theirs)
