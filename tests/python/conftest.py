# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What several test files build on."""

from collections.abc import Iterator

import pytest
from formats import FORMATS, offered
from judge import Judge

import vsk

FILL = 0xAA


@pytest.fixture
def mem() -> vsk.Memory:
    """A guest memory of 1 MiB over a fill pattern."""
    return vsk.Memory(1 << 20, fill=FILL)


@pytest.fixture(params=FORMATS)
def form(request: pytest.FixtureRequest) -> dict[str, bool]:
    """What makes a ring one of a format: keywords for Queue."""
    return dict(FORMATS[request.param])


@pytest.fixture
def queue(mem: vsk.Memory, form: dict[str, bool]) -> vsk.Queue:
    """A queue of 16 in that memory, of every format."""
    return vsk.Queue(mem, size=16, **form)


@pytest.fixture(params=["split", "packed in order"])
def any_ring(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let devices offer what a format needs where a test does not say what they offer."""
    defaults = vsk.Device.__init__.__kwdefaults__
    monkeypatch.setitem(defaults, "features", offered(FORMATS[request.param]))


@pytest.fixture
def hello() -> vsk.Packet:
    """A data packet."""
    return vsk.Packet(src=(3, 1024), dst=(2, 1234), op="RW", payload=b"hello", buf_alloc=262144)


@pytest.fixture(autouse=True)
def judge(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hold every trace that a test leaves to the specification, unless it says why not."""
    if request.node.get_closest_marker("lawless") is not None:
        yield
        return
    found = Judge()
    found.watch(monkeypatch.setattr)
    yield
    assert [str(finding) for finding in found.findings()] == []
