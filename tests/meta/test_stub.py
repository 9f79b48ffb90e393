# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The stub, which editors read, says what the module says."""

from tests.pages import stub


def test_the_words_of_the_stub_are_those_of_the_module() -> None:
    text = stub.STUB.read_text()

    assert stub.worded(text) == text, "./run pages brings them"


def test_words_that_are_old_are_replaced() -> None:
    text = stub.STUB.read_text()
    old = text.replace("sender's port", "somebody's port").replace("Copy bytes out of", "Read")

    assert old != text
    assert stub.worded(old) == text


def test_no_call_of_the_stub_is_silent() -> None:
    silent = [
        line
        for line in stub.STUB.read_text().split("class Options")[0].splitlines()
        if line.startswith("    def ") and line.endswith("...") and "def _" not in line
    ]

    assert [line for line in silent if "value:" not in line] == []
