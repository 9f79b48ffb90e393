# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The device of a Lua file, served by the Lua interpreter: no Python is around it."""

import shutil

from vsk.loader import LoadError

__all__ = ["is_lua", "lua_command"]

LUA = ("lua5.4", "lua")
ENTRY = (
    'local found, command = pcall(require, "vsk.command") '
    'if not found then io.stderr:write("vsk: Lua finds no module vsk\\n") os.exit(2) end '
    "os.exit(command.serve(arg), true)"
)


def is_lua(path: str) -> bool:
    """Tell a Lua file by its name."""
    return path.endswith(".lua")


def lua_command(file: str, **words: object) -> list[str]:
    """Give the command that serves a file's device: the words of vsk.command that are not None.

    Raises LoadError where there is no Lua.
    """
    found = next(filter(None, map(shutil.which, LUA)), None)
    if found is None:
        raise LoadError("a device in Lua needs lua5.4")
    given = [f"{name}={value}" for name, value in words.items() if value is not None]
    return [found, "-e", ENTRY, file, *given]
