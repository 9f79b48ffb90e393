# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Where the pages, the tree and its build are."""

import os
from pathlib import Path

import pytest

TOP = Path(os.environ.get("VSK_SOURCE", Path(__file__).parents[2]))


@pytest.fixture(scope="session")
def top() -> Path:
    return TOP


@pytest.fixture(scope="session")
def build() -> Path:
    return Path(os.environ.get("VSK_BUILD", TOP / "build" / "dev"))
