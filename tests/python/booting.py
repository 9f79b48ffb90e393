# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Kernels to boot, and the test program that runs in them."""

import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from vsk.linux import Linux

__all__ = [
    "DEVICE",
    "KERNELS",
    "PROGRAMS",
    "errors_of",
    "host_module",
    "run_checks",
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
LEAVING = "the available idx runs ahead by more than the queue size [SPLIT-DRV-06]"


def errors_of(device: Any, kernel: str) -> list[str]:
    """What a device has found wrong with its guests, but for what is known of the kernel."""
    known = {LEAVING} if kernel == "uml" else set()
    return [error for error in device.errors if error not in known]


def virtio_folder(linux: Linux) -> str:
    """The folder of the vsock device in the guest's sysfs."""
    (found,) = linux.run("grep -l 0x0013 /sys/bus/virtio/devices/*/device").decode().split()
    return found.removesuffix("/device")


def run_checks(linux: Linux, *words: str, timeout: float = 600) -> tuple[int, Sequence[str]]:
    """Run the test program with words; give how many checks passed, and what else it said."""
    told = linux.run(["vsock-test", *words], timeout=timeout, check=False).decode().splitlines()
    plan = told.pop() if told else ""
    passed = [line for line in told if line.startswith("ok ")]
    failed = [line for line in told if not line.startswith("ok ")]
    if plan != f"1..{len(told)}":
        failed.append(f"it ended with {plan!r} after {len(told)} checks")
    return len(passed), failed
