# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The line to a guest's first process, with a test in its place."""

import os
import re
import select
import socket
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from vsk.linux.frames import GREETING, LINE, MOST, WINDOW, Frames, FrameType, frame
from vsk.linux.jobs import Job, Line

TOP = Path(os.environ.get("VSK_SOURCE", Path(__file__).parents[2]))
PATIENCE = 10.0


def until(line: Line, ready: Callable[[], object]) -> None:
    """Wait for the line as a script does."""
    end = time.monotonic() + PATIENCE
    while not ready():
        assert time.monotonic() < end, "it never came"
        select.select([line], [], [], 0.1)
        line.clear()


class Agent:
    """The guest's end: it reads when told to, and answers when told to."""

    def __init__(self, end: socket.socket) -> None:
        self.end = end
        self.end.settimeout(PATIENCE)
        self._frames = Frames()
        assert list(self._frames.feed(GREETING)) == []

    def read(self, size: int = 65536, *, got: bool = True) -> list[tuple[FrameType, int, bytes]]:
        data = self.end.recv(size)
        if got:
            self.say(FrameType.GOT, 0, struct.pack("<I", len(data)))
        return list(self._frames.feed(data))

    def say(self, kind: FrameType, job: int = 0, payload: bytes = b"") -> None:
        self.end.sendall(frame(kind, job, payload))

    def waiting(self) -> int:
        """How many bytes lie unread, once no more come."""
        before = -1
        while (now := len(self.end.recv(1 << 20, socket.MSG_PEEK))) != before:
            before = now
            time.sleep(0.05)
        return now


@pytest.fixture
def pair() -> Iterator[tuple[Line, Agent, int]]:
    """A line, its agent, and the end of the console to write to."""
    ours, theirs = socket.socketpair()
    console, kernel = os.pipe()
    line = Line(ours, os.fdopen(console, "rb", 0))
    agent = Agent(theirs)
    theirs.sendall(GREETING)
    yield line, agent, kernel
    theirs.close()
    os.close(kernel)
    line.close()


@pytest.fixture
def line(pair: tuple[Line, Agent, int]) -> Line:
    return pair[0]


@pytest.fixture
def agent(pair: tuple[Line, Agent, int]) -> Agent:
    return pair[1]


def run(line: Line, agent: Agent) -> Job:
    job = line.run("true")
    assert agent.read() == [(FrameType.RUN, 1, b"\0cd / 2>/dev/null\ntrue")]
    return job


# ---- frames ----


def test_both_languages_agree_on_the_numbers() -> None:
    header = (TOP / "guest/frames.h").read_text()
    numbers = dict(re.findall(r"#define FRAME_(\w+) (\d+)\n", header))
    letters = dict(re.findall(r"#define FRAME_(\w+) '(.)'", header))

    assert numbers == {
        "HEADER": "8",
        "MOST": str(MOST),
        "LINE": str(LINE),
        "WINDOW": str(WINDOW),
    }
    assert letters == {kind.name: chr(kind) for kind in FrameType}
    assert f'"{GREETING.decode()}"'.replace("\n", "\\n") in header


@pytest.mark.parametrize("size", [1, 2, 7, 8, 9, 1000])
def test_frames_are_found_however_they_are_cut(size: int) -> None:
    wanted = [
        (FrameType.HELLO, 0, b"6.1"),
        (FrameType.OUTPUT, 3, bytes(range(256))),
        (FrameType.EXIT, 3, b""),
    ]
    stream = b"noise\nvsk\nvsk guest" + GREETING + b"".join(frame(*words) for words in wanted)
    frames = Frames()

    found = [
        one for at in range(0, len(stream), size) for one in frames.feed(stream[at : at + size])
    ]

    assert found == wanted


def test_what_is_no_frame_is_refused() -> None:
    frames = Frames()

    with pytest.raises(ValueError, match="10"):
        list(frames.feed(GREETING + GREETING))


# ---- jobs ----


def test_a_job_writes_and_ends(line: Line, agent: Agent) -> None:
    job = run(line, agent)
    assert repr(job) == "<Job 'true' runs>"

    agent.say(FrameType.OUTPUT, 1, b"\x00\xff\r\n")
    agent.say(FrameType.ERRORS, 1, b"oh")
    agent.say(FrameType.EXIT, 1, struct.pack("<I", 3 << 8))
    until(line, lambda: job.returncode is not None)

    assert (job.returncode, job.output, job.errors) == (3, b"\x00\xff\r\n", b"oh")
    assert job.take() == (b"\x00\xff\r\n", b"oh")
    assert job.take() == (b"", b"")
    assert repr(job) == "<Job 'true' ended with 3>"


def test_a_signal_is_below_zero(line: Line, agent: Agent) -> None:
    job = run(line, agent)

    job.kill()
    assert agent.read() == [(FrameType.KILL, 1, struct.pack("<I", 9))]
    agent.say(FrameType.EXIT, 1, struct.pack("<I", 9))
    until(line, lambda: job.returncode is not None)

    assert job.returncode == -9


def test_input_waits_for_the_job_that_reads_it(line: Line, agent: Agent) -> None:
    job = run(line, agent)
    data = os.urandom(WINDOW + 10)

    rest = job.feed(memoryview(data))
    sent = b""
    while len(sent) < WINDOW:
        sent += b"".join(payload for _, _, payload in agent.read())
    assert (len(rest), job.room(), sent) == (10, 0, data[:WINDOW])
    assert job.feed(rest) == rest

    agent.say(FrameType.TAKEN, 1, struct.pack("<I", 100))
    until(line, lambda: job.room() == 100)
    assert not job.feed(rest)
    job.end_input()
    job.end_input()
    assert agent.read() == [(FrameType.INPUT, 1, data[WINDOW:]), (FrameType.INPUT_END, 1, b"")]


def test_the_line_never_holds_more_than_it_can(line: Line, agent: Agent) -> None:
    job = run(line, agent)

    job.feed(memoryview(bytes(WINDOW)))
    assert agent.waiting() == LINE
    agent.read(1000)

    until(line, lambda: agent.waiting() == LINE)


def test_commands_that_cannot_be_sent_are_refused(line: Line) -> None:
    with pytest.raises(ValueError, match="zero byte"):
        line.run("echo \0")
    with pytest.raises(ValueError, match="give sh a script"):
        line.run("x" * MOST)


# ---- the end ----


def test_the_console_is_kept(pair: tuple[Line, Agent, int]) -> None:
    line, _, kernel = pair

    os.write(kernel, b"Linux version")
    until(line, lambda: line.console)

    assert line.console == b"Linux version"


def test_hello_tells_the_kernel(line: Line, agent: Agent) -> None:
    agent.say(FrameType.HELLO, 0, b"6.1.176")
    until(line, lambda: line.release)

    assert line.release == "6.1.176"


def test_a_guest_that_goes_leaves_its_jobs_undecided_until_close(line: Line, agent: Agent) -> None:
    job = run(line, agent)

    agent.end.shutdown(socket.SHUT_RDWR)
    until(line, lambda: line.ended)
    job.feed(memoryview(b"x"))

    assert (line.ended, job.returncode) == ("it has ended", None)


def test_a_guest_that_starts_again_by_itself_is_noticed(line: Line, agent: Agent) -> None:
    agent.end.sendall(GREETING)
    until(line, lambda: line.ended)

    assert line.ended == "it has started again by itself"


def test_a_guest_that_is_told_to_start_again_greets_again(line: Line, agent: Agent) -> None:
    agent.say(FrameType.HELLO, 0, b"6.1")
    job = run(line, agent)
    until(line, lambda: line.release)

    line.halt(again=True)
    assert (line.release, job.returncode) == (None, -9)
    assert agent.read(got=False) == [(FrameType.HALT, 0, struct.pack("<I", 1))]
    agent.end.sendall(b"half a fra" + GREETING)
    agent.say(FrameType.HELLO, 0, b"6.2")
    until(line, lambda: line.release)

    assert (line.release, line.ended) == ("6.2", None)
