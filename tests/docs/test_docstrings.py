# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The examples of docstrings do what they show."""

import doctest
import importlib
import pkgutil

import pytest

import vsk

NAMES = ["vsk", *(found.name for found in pkgutil.walk_packages(vsk.__path__, "vsk."))]
SHOWN = [name for name in NAMES if not name.endswith(("__main__", "_core"))]


@pytest.mark.parametrize("name", SHOWN)
def test_its_examples_are_what_happens(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name), extraglobs={"vsk": vsk})

    assert result.failed == 0


def test_some_have_examples() -> None:
    found = [doctest.DocTestFinder().find(importlib.import_module(name)) for name in SHOWN]

    assert sum(len(test.examples) for tests in found for test in tests) >= 8
