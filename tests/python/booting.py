# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Kernels to boot, and the test program that runs in them."""

import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from vsk.linux import Linux, MissingError
from vsk.linux.kernels import qemu_kernel

__all__ = [
    "DEVICE",
    "KERNELS",
    "OTHERS",
    "PROGRAMS",
    "Checks",
    "errors_of",
    "host_module",
    "options_of",
    "packed",
    "run_checks",
    "run_test",
    "virtio_folder",
]

TOP = Path(os.environ.get("VSK_SOURCE", Path(__file__).parents[2]))
BUILD = Path(os.environ.get("VSK_BUILD", TOP / "build/dev"))
DEVICE = TOP / "tests/guest/host.py"
PROGRAMS = {name: BUILD / "guest" / name for name in ("vsock-test", "vsock-monitor")}
KERNELS: dict[str, dict[str, Any]] = {
    "uml": {"root": "busybox"},
    "qemu-6.1": {"machine": "qemu"},
    "qemu-6.12": {"machine": "qemu", "kernel": "6.12"},
}
# Of other suites of Debian: an old one and the newest. Debian serves none of them for ever.
OTHERS: dict[str, dict[str, Any]] = {
    "qemu-bullseye": {"machine": "qemu", "kernel": "bullseye"},
    "qemu-trixie-backports": {"machine": "qemu", "kernel": "trixie-backports"},
}


def options_of(kernel: str) -> dict[str, Any]:
    """How to boot a kernel; where Debian does not have one of OTHERS, the test is skipped."""
    if kernel in OTHERS:
        try:
            qemu_kernel(OTHERS[kernel]["kernel"])
        except MissingError as error:
            pytest.skip(str(error))
    return KERNELS.get(kernel) or OTHERS[kernel]


def packed(options: dict[str, Any]) -> dict[str, Any]:
    """How to boot a kernel that is to see RING_PACKED: QEMU hides it unless it is told not to."""
    if options.get("machine") != "qemu":
        return options
    return options | {"options": ["-global", "vhost-user-vsock-pci.packed=on"]}


def host_module() -> ModuleType:
    """The module of the device that the test program talks to."""
    name = "guest_host"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, DEVICE)
        assert spec is not None and spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


# User Mode Linux takes its buffers back out of the rings as it goes, and disables them afterwards.
LEAVING = "the available idx went back, or ahead by more than the queue size [SPLIT-DRV-06]"


def errors_of(device: Any, kernel: str) -> list[str]:
    """What a device has found wrong with its guests, but for what is known of the kernel."""
    known = {LEAVING} if kernel == "uml" else set()
    return [error for error in device.errors if error not in known]


def virtio_folder(linux: Linux) -> str:
    """The folder of the vsock device in the guest's sysfs."""
    (found,) = linux.run("grep -l 0x0013 /sys/bus/virtio/devices/*/device").decode().split()
    return found.removesuffix("/device")


class Checks(NamedTuple):
    """What became of the checks of the test program, by name."""

    passed: list[str]
    left_out: list[str]  # this kernel cannot have them
    failed: list[str]  # with what they said


def run_test(linux: Linux, *words: str, timeout: float = 600) -> Checks:
    """Run the test program with words."""
    told = linux.run(["vsock-test", *words], timeout=timeout, check=False).decode().splitlines()
    plan = told.pop() if told else ""
    found = Checks([], [], [])
    for line in told:
        name, _, why = line.removeprefix("ok ").partition(" # SKIP ")
        if not line.startswith("ok "):
            found.failed.append(line)
        elif why:
            found.left_out.append(name)
        else:
            found.passed.append(name)
    if plan != f"1..{len(told)}":
        found.failed.append(f"it ended with {plan!r} after {len(told)} checks")
    return found


def run_checks(linux: Linux, *words: str, timeout: float = 600) -> tuple[int, Sequence[str]]:
    """Run it; give how many checks passed or were left out, and what failed."""
    found = run_test(linux, *words, timeout=timeout)
    return len(found.passed) + len(found.left_out), found.failed
