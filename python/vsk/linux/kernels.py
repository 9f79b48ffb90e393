# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Kernels out of Debian packages: what to start, and the modules that vsock needs."""

import re
from pathlib import Path
from typing import NamedTuple

from vsk.linux.packages import MissingError, package

__all__ = ["Kernel", "qemu_kernel", "uml_kernel"]

TRANSPORT = "vmw_vsock_virtio_transport"
DEPENDS = re.compile(rb"\0depends=([\w,-]*)\0")
SUITE = re.compile("[a-z]+(-[a-z]+)*")


class Kernel(NamedTuple):
    """A file to start, and modules in the order to insert them."""

    image: Path
    modules: list[bytes]


def uml_kernel(folder: Path | None = None) -> Kernel:
    """Give Debian's User Mode Linux, or the one of an unpacked package."""
    folder = package("user-mode-linux") if folder is None else folder
    image = folder / "usr/bin/linux.uml"
    if not image.is_file():
        raise MissingError(f"{folder} holds no usr/bin/linux.uml")
    return Kernel(image, modules(folder / "usr/lib/uml/modules", [TRANSPORT]))


def qemu_kernel(version: str | Path | None = None) -> Kernel:
    """Give Debian's kernel for virtual machines.

    version is one such as "6.12" which Debian has, or the name of another suite than the
    machine's, such as "bullseye", whose own kernel it is then, or the folder of an unpacked
    package; without it, it is the suite's own.
    """
    folder = version if isinstance(version, Path) else _fetch(version)
    trees = [
        found for found in (folder / "lib/modules", folder / "usr/lib/modules") if found.is_dir()
    ]
    # Since Linux 7.0 it lies with its modules.
    images = sorted([*folder.glob("boot/vmlinuz-*"), *folder.glob("usr/lib/modules/*/vmlinuz")])
    if not images or not trees:
        raise MissingError(f"{folder} holds no boot/vmlinuz-* with lib/modules")
    return Kernel(
        images[-1], modules(trees[0], ["virtio_pci", "virtio_console", TRANSPORT, "vsockmon"])
    )


def _fetch(version: str | None) -> Path:
    """Give the folder of the package that a version or a suite names."""
    if version is None:
        return package("linux-image-cloud-amd64")
    if version[:1].isdigit():
        return package(f"linux-image-{version}-cloud-amd64")
    if not SUITE.fullmatch(version):
        raise MissingError(f"{version!r} is neither a version of Linux nor a suite of Debian's")
    return package("linux-image-cloud-amd64", version)


def modules(tree: Path, wanted: list[str]) -> list[bytes]:
    """Read modules and those that they depend on, in the order to insert them.

    Other wanted ones than the transport may be built in.
    """
    files = {_name(path): path for path in tree.rglob("*.ko*")}
    if TRANSPORT not in files:
        raise MissingError(f"{tree} holds no {TRANSPORT}")
    found: dict[str, bytes] = {}
    for name in wanted:
        if name in files:
            _collect(name, files, found)
    return list(found.values())


def _name(path: Path) -> str:
    """A module's name as others depend on it."""
    return path.name.split(".ko")[0].replace("-", "_")


def _collect(name: str, files: dict[str, Path], found: dict[str, bytes]) -> None:
    """Put a module behind those that it depends on."""
    if name in found:
        return
    if name not in files:
        raise MissingError(f"there is no module {name}, which vsock depends on")
    data = _read(files[name])
    match = DEPENDS.search(data)
    for other in match[1].decode().split(",") if match else ():
        if other:
            _collect(other.replace("-", "_"), files, found)
    found[name] = data


def _read(path: Path) -> bytes:
    data = path.read_bytes()
    if path.suffix == ".ko":
        return data
    if path.suffix == ".xz":
        import lzma  # not every Python has it

        return lzma.decompress(data)
    raise MissingError(f"{path} is compressed in a way that vsk does not read")
