# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The command vsk: what it prints, and its exit status."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import vsk
from vsk import Packet
from vsk.command import main

UML = Path(__file__).parents[1] / "vectors/linux-6.1-uml.pcap"
VSOCKMON = UML.with_name("linux-6.1-vsockmon.pcap")
Output = pytest.CaptureFixture[str]


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A capture with one finding, and one more where it is complete."""
    path = str(tmp_path / "x.pcapng")
    with vsk.Capture(path, "w") as capture:
        request = Packet(src=(3, 1024), dst=(2, 1234), op="REQUEST", buf_alloc=100)
        capture.write(request, time=7_000_000_001, comment="tx\n\x1b[7m head 0")
        capture.write(Packet(src=(3, 1024), dst=(2, 1234), op="RW", payload=b"hello"))
    return path


def vsk_process(*arguments: str, **options: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "vsk", *arguments]
    return subprocess.run(command, capture_output=True, text=True, **options)  # type: ignore[call-overload, no-any-return]


def test_check_is_content_with_a_clean_file(capsys: Output) -> None:
    assert main(["check", str(VSOCKMON)]) == 0
    assert capsys.readouterr().out == f"{VSOCKMON}: 12 packets, 0 findings\n"


def test_check_prints_findings_and_counts_them(path: str, capsys: Output) -> None:
    assert main(["check", path, str(VSOCKMON)]) == 1

    finding, total, other = capsys.readouterr().out.splitlines()
    assert finding == (
        f"{path}: packet 2 at 0.000000000: CID 3: RW before the RESPONSE: there is no connection "
        "yet [VSOCK-BOTH-25]: 3:1024 > 2:1234 STREAM RW len=5 buf_alloc=0 fwd_cnt=0"
    )
    assert total == f"{path}: 2 packets, 1 findings"
    assert other.endswith("0 findings")


def test_check_of_a_complete_capture_asks_for_answers(path: str, capsys: Output) -> None:
    assert main(["check", "--complete", path]) == 1
    assert "CID 2 answered by neither RESPONSE nor RST" in capsys.readouterr().out


def test_check_of_a_capture_that_begins_midway_asks_for_less(tmp_path: Path) -> None:
    path = str(tmp_path / "x.pcapng")
    with vsk.Capture(path, "w") as capture:
        capture.write(Packet(src=(3, 1024), dst=(2, 1234), op="RW", payload=b"hello"))

    assert main(["check", path]) == 1
    assert main(["check", "--midway", path]) == 0


def test_check_counts_what_it_skips(tmp_path: Path, capsys: Output) -> None:
    path = tmp_path / "x.pcap"
    content = bytearray(VSOCKMON.read_bytes()[: 24 + 16 + 76])
    content[24 + 16 + 26] = 1  # the transport
    path.write_bytes(content)

    assert main(["check", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}: 0 packets, 1 other records, 0 findings\n"


def test_show_prints_a_line_for_each_packet(path: str, capsys: Output) -> None:
    assert main(["show", path]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "7.000000001 3:1024 > 2:1234 STREAM REQUEST len=0 buf_alloc=100 fwd_cnt=0 "
        "# tx  [7m head 0",  # nothing reaches the terminal that is no text
        "0.000000000 3:1024 > 2:1234 STREAM RW len=5 buf_alloc=0 fwd_cnt=0",
    ]


def test_show_says_what_was_cut(capsys: Output) -> None:
    assert main(["show", str(VSOCKMON)]) == 0
    assert capsys.readouterr().out.count("(cut: 124 bytes of the payload)") == 8


@pytest.mark.parametrize("verb", ["check", "show"])
def test_an_unreadable_file_is_one_line(verb: str, tmp_path: Path, capsys: Output) -> None:
    nothing, text = str(tmp_path / "nothing"), tmp_path / "text"
    text.write_text("this is no capture, but a text\n")

    assert main([verb, nothing]) == 2
    assert capsys.readouterr() == ("", f"vsk: {nothing}: No such file or directory\n")
    assert main([verb, str(text)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"vsk: {text}: record 1, byte 0: ")


def test_check_goes_on_behind_an_unreadable_file(tmp_path: Path, capsys: Output) -> None:
    assert main(["check", str(tmp_path), str(VSOCKMON)]) == 2
    assert capsys.readouterr() == (
        f"{VSOCKMON}: 12 packets, 0 findings\n",
        f"vsk: {tmp_path}: Is a directory\n",
    )


@pytest.mark.parametrize("arguments", [[], ["check"], ["show"], ["show", "a", "b"], ["colour"]])
def test_wrong_usage_is_status_2(arguments: list[str], capsys: Output) -> None:
    with pytest.raises(SystemExit) as exit:
        main(arguments)

    assert exit.value.code == 2
    assert "usage: vsk" in capsys.readouterr().err


def test_it_runs_as_a_module_and_reads_stdin() -> None:
    with UML.open("rb") as stream:
        done = vsk_process("check", "-", stdin=stream)

    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.endswith("-: 1088 packets, 25 findings\n")


def test_it_knows_its_version() -> None:
    assert vsk_process("--version").stdout == f"vsk {vsk.__version__}\n"


def test_whoever_reads_along_may_stop() -> None:
    read, written = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "vsk", "show", str(UML)]
    done = subprocess.run(command, stdout=written, stderr=subprocess.PIPE, text=True)
    os.close(written)

    assert (done.returncode, done.stderr) == (2, "")
