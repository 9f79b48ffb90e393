# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The pcapng file that tests/core/write_capture.c writes, as tshark and dpkt see it."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import dpkt
import pytest

import vsk

LINKTYPE_VSOCK = 271
SNAPLEN = 262144
START = 1700000000
# As tshark spells them, in the order of the header.
NAMES = "src_cid dst_cid src_prot dst_prot len type op flags buf_alloc fwd_cnt"


@dataclass
class Sample:
    """A packet of the file, said again without the code that wrote it."""

    index: int
    type: int
    op: int
    size: int

    @property
    def fields(self) -> tuple[int, ...]:
        index = self.index
        shape = (self.size, self.type, self.op, index % 4)
        return (3, 2, 1024 + index, 1234, *shape, 262144, index)

    @property
    def payload(self) -> bytes:
        there = min(self.size, SNAPLEN - 76)
        return (bytes(range(251)) * (there // 251 + 1))[:there]

    @property
    def comment(self) -> str:
        return f"tx head {self.index}, cut 44+{self.size}, direct \u2713"


ROWS = [(type, op, 0) for type in (1, 2) for op in range(1, 8)]
ROWS += [(1, 5, size) for size in (0, 1, 2, 3, 4, 5, 65536, 300000)]
SAMPLES = [Sample(index, *row) for index, row in enumerate(ROWS)]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    program = Path(os.environ["VSK_BUILD"]) / "tests/write_capture"
    path: Path = tmp_path_factory.mktemp("capture") / "samples.pcapng"
    path.write_bytes(subprocess.run([program], check=True, stdout=subprocess.PIPE).stdout)
    return path


def tshark(file: Path, *options: str) -> list[str]:
    command = ["tshark", "-r", str(file), *options]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return out.splitlines()


def columns(file: Path, *fields: str) -> list[list[str]]:
    options = [part for field in fields for part in ("-e", field)]
    return [line.split("\t") for line in tshark(file, "-T", "fields", *options)]


def test_tshark_finds_nothing_malformed(file: Path) -> None:
    assert tshark(file, "-Y", "_ws.malformed") == []


def test_tshark_sees_the_fields(file: Path) -> None:
    rows = columns(file, *(f"vsock.virtio.{name}" for name in NAMES.split()))

    assert [tuple(int(value, 0) for value in row) for row in rows] == [s.fields for s in SAMPLES]


def test_tshark_sees_the_payload(file: Path) -> None:
    whole = [sample.payload.hex() if sample.size <= 65536 else "" for sample in SAMPLES]

    assert [row[0] for row in columns(file, "vsock.payload")] == whole


def test_tshark_sees_comments(file: Path) -> None:
    assert [row[0] for row in columns(file, "frame.comment")] == [s.comment for s in SAMPLES]


def test_tshark_sees_times_and_lengths(file: Path) -> None:
    rows = columns(file, "frame.time_epoch", "frame.len", "frame.cap_len")

    assert rows == [
        [f"{START}.{s.index:03}000000", str(76 + s.size), str(76 + len(s.payload))] for s in SAMPLES
    ]


def test_dpkt_reads_the_file(file: Path) -> None:
    with file.open("rb") as stream:
        reader = dpkt.pcapng.Reader(stream)
        records = list(reader)

    assert (reader.datalink(), reader.snaplen) == (LINKTYPE_VSOCK, SNAPLEN)
    for sample, (time, record) in zip(SAMPLES, records, strict=True):
        assert float(time) == pytest.approx(START + sample.index / 1000, abs=1e-5)
        assert vsk.Header.parse(record[32:]).fields() == sample.fields
        assert record[76:] == sample.payload
