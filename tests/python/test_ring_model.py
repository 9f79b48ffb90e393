# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Both ends of a queue against plain lists: random operations, every one of them a seed."""

import os
import random

import pytest
import ring_model

ALL = 200_000


def play(packed: bool, count: int) -> None:
    seed = int(os.environ.get("VSK_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"seed {seed}")

    assert ring_model.run_all(seed, packed, count) >= count


@pytest.mark.thorough
@pytest.mark.parametrize("packed", [False, True], ids=["split", "packed"])
def test_twenty_thousand_operations(packed: bool) -> None:
    play(packed, ALL // 10)


@pytest.mark.full
@pytest.mark.parametrize("packed", [False, True], ids=["split", "packed"])
def test_two_hundred_thousand_operations(packed: bool) -> None:
    play(packed, ALL)


@pytest.mark.parametrize("packed", [False, True], ids=["split", "packed"])
def test_one_seed(packed: bool) -> None:
    assert ring_model.run_all(0, packed, 1000) >= 1000
