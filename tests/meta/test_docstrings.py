# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Every public Python name says what it is for."""

import enum
import inspect
from collections.abc import Iterator
from types import ModuleType

import vsk


def documented(name: str, thing: object) -> Iterator[tuple[str, str | None]]:
    """Each name below thing that help() shows, with its docstring."""
    if inspect.isclass(thing):
        yield name, thing.__doc__
        if issubclass(thing, enum.Enum):
            return  # the class explains its members
        for member, value in vars(thing).items():
            if not member.startswith("_") and not isinstance(value, (int, str, tuple)):
                yield f"{name}.{member}", inspect.getdoc(getattr(thing, member))
    elif callable(thing):
        yield name, inspect.getdoc(thing)


def test_every_public_name_has_a_docstring() -> None:
    silent = [
        name
        for top in dir(vsk)
        if not top.startswith("_") and not isinstance(getattr(vsk, top), ModuleType)
        for name, text in documented(top, getattr(vsk, top))
        if not text or not text.strip()
    ]

    assert vsk.__doc__
    assert silent == []
