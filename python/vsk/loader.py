# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A device out of a script's file."""

import importlib.util
import os
import sys
from types import ModuleType

from vsk.device import Device

__all__ = ["LoadError", "load_device"]


class LoadError(Exception):
    """A file gives no device."""


def load_device(path: str | os.PathLike[str], *, cid: int | None = None) -> Device:
    """Run a file as a module; give its device, else its one Device subclass called with cid=.

    Without cid the class is called without. Raises LoadError where the file has neither, or where
    cid is given and is not its device's; what the file raises goes through.
    """
    module = _run(os.fspath(path))
    device = getattr(module, "device", None)
    if isinstance(device, Device):
        if cid not in (None, device.cid):
            raise LoadError(f"{path}: its device has the context id {device.cid}, not {cid}")
        return device
    classes = [
        thing
        for thing in vars(module).values()
        if isinstance(thing, type)
        and issubclass(thing, Device)
        and thing.__module__ == module.__name__
    ]
    if len(classes) != 1:
        names = ", ".join(cls.__name__ for cls in classes) or "none"
        raise LoadError(f"{path}: no device, and not one Device subclass but {names}")
    return classes[0]() if cid is None else classes[0](cid=cid)


def _run(path: str) -> ModuleType:
    """Run a file, which may import what lies beside it, as a script may."""
    name = "vsk_device_file"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not os.path.isfile(path):
        raise LoadError(f"{path}: no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    spec.loader.exec_module(module)
    return module
