# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Random calls never crash the interpreter; abuse.py makes them."""

import os
import re
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

ABUSE = Path(__file__).with_name("abuse.py")


def abuse(sequences: int) -> subprocess.CompletedProcess[str]:
    """Run sequences in an interpreter of their own; its output names the seed."""
    # A refused allocation is an answer to rubbish, not a finding.
    options = f"{os.environ.get('ASAN_OPTIONS', '')}:allocator_may_return_null=1"
    return subprocess.run(
        [sys.executable, ABUSE, str(sequences), "--seed", str(secrets.randbelow(10**9))],
        env={**os.environ, "ASAN_OPTIONS": options},
        capture_output=True,
        text=True,
    )


def check(done: subprocess.CompletedProcess[str], sequences: int) -> None:
    print(done.stdout, done.stderr)
    assert done.returncode == 0
    found = re.search(r"(\d+) sequences, (\d+) calls, ([\d.]+)% succeeded", done.stdout)
    assert found is not None
    assert int(found[1]) == sequences
    assert int(found[2]) >= 30 * sequences
    assert float(found[3]) >= 50


def test_random_sequences_of_calls_end_in_exceptions_at_worst() -> None:
    check(abuse(300), 300)


@pytest.mark.full
def test_ten_thousand_random_sequences_end_in_exceptions_at_worst() -> None:
    check(abuse(10_000), 10_000)
