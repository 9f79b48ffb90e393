# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A device out of a file."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from vsk.command import main
from vsk.loader import LoadError, load_device

Write = Callable[[str], Path]
ONE = "import vsk\nclass One(vsk.Device):\n    pass\n"


@pytest.fixture
def write(tmp_path: Path) -> Iterator[Write]:
    path = list(sys.path)

    def make(text: str) -> Path:
        file = tmp_path / "model.py"
        file.write_text(text)
        return file

    yield make
    sys.path[:] = path


def test_its_device_is_taken(write: Write) -> None:
    file = write(f"{ONE}device = One(cid=7)\nclass Two(One):\n    pass\n")

    device = load_device(file)

    assert (type(device).__name__, device.cid) == ("One", 7)
    assert load_device(file, cid=7).cid == 7


def test_else_its_one_class_is_called(write: Write) -> None:
    file = write(ONE)

    assert load_device(file).cid == 3
    assert load_device(file, cid=42).cid == 42


def test_classes_that_it_imports_do_not_count(write: Write, tmp_path: Path) -> None:
    (tmp_path / "base_of_it.py").write_text("import vsk\nclass Base(vsk.Device):\n    pass\n")
    file = write("from vsk import Device\nfrom base_of_it import Base\nclass Mine(Base): pass\n")

    assert type(load_device(file)).__name__ == "Mine"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not one Device subclass but none"),
        (f"{ONE}class Two(One):\n    pass\n", "but One, Two"),
        ("device = 5\n", "but none"),
    ],
)
def test_what_gives_no_device_is_said(write: Write, text: str, words: str) -> None:
    with pytest.raises(LoadError, match=words):
        load_device(write(text))


def test_another_cid_than_its_devices_is_refused(write: Write) -> None:
    with pytest.raises(LoadError, match="context id 7, not 8"):
        load_device(write("import vsk\ndevice = vsk.Device(7)\n"), cid=8)


def test_a_file_that_is_none_is_named(tmp_path: Path) -> None:
    for name in ("absent.py", "."):
        with pytest.raises(LoadError, match="no Python file"):
            load_device(tmp_path / name)


def test_what_the_file_raises_goes_through(write: Write) -> None:
    with pytest.raises(ZeroDivisionError):
        load_device(write("1 / 0\n"))


def test_the_command_says_in_a_line_why_there_is_no_guest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["linux", "absent.py"]) == 2
    assert capsys.readouterr().err == "vsk: absent.py: no Python file\n"
