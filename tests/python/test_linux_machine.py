# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What happens to machines: they stop, start again and follow each other, and so do devices."""

import gc
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from booting import (
    DEVICE,
    KERNELS,
    PROGRAMS,
    errors_of,
    host_module,
    packed,
    run_checks,
    virtio_folder,
)
from children import Child

import vsk
from vsk import Feature
from vsk.command import main
from vsk.device import OFFERED
from vsk.linux import Job, Linux
from vsk.linux import machine as machines
from vsk.linux.machine import Machine
from vsk.linux.qmp import Monitor

MIB = 1 << 20
LEFT = 4096  # KiB by which allocators may grow in a process that leaks nothing
QEMU = ["qemu-6.1", pytest.param("qemu-6.12", marks=pytest.mark.full)]
ALL = ["uml", *(pytest.param(name, marks=pytest.mark.full) for name in KERNELS if name != "uml")]
PACKED = [pytest.param(f"{name} packed", marks=pytest.mark.full) for name in KERNELS]
DRIVER = "/sys/bus/virtio/drivers/vmw_vsock_virtio_transport"
SOME_CHECKS = ("stream-echo-200000", "seqpacket-echo-200000", "stream-called-", "seqpacket-called-")

pytestmark = pytest.mark.guests


class Boot(NamedTuple):
    """A guest, the device that it has, and where their packets are written."""

    linux: Linux
    device: Any
    capture: Path

    @property
    def server(self) -> vsk.Server:
        return self.linux._server

    def echoed(self) -> int:
        """How many bytes the connections that are there have brought."""
        return sum(conn.rx_bytes for conn in self.device.connections)

    def await_session(self, live: bool) -> None:
        self.server.run(lambda: self.server.live is live, within=30)


@contextmanager
def booted(kernel: str, tmp_path: Path, **options: Any) -> Iterator[Boot]:
    """Boot a kernel; once it is over, no rule of the protocol was broken."""
    kernel, _, ring = kernel.partition(" ")
    features = OFFERED | (Feature.RING_PACKED if ring else 0)
    device = host_module().Host(cid=42, features=features)
    capture = tmp_path / "x.pcapng"
    options |= packed(KERNELS[kernel]) if ring else KERNELS[kernel]
    with Linux(device, capture=capture, programs=PROGRAMS, **options) as linux:
        yield Boot(linux, device, capture)
        assert device.features & Feature.RING_PACKED == features & Feature.RING_PACKED
    assert errors_of(device, kernel) == []
    assert main(["check", str(capture)]) == 0


# ---- stop and cont ----


@pytest.mark.parametrize("kernel", [*QEMU, *PACKED[1:]])
def test_a_machine_that_stops_under_traffic_goes_on_with_it(kernel: str, tmp_path: Path) -> None:
    with booted(kernel, tmp_path) as boot:
        idle = boot.linux.connect(7000, listen="vsock-cat -l 7000 -e cat")
        checks = "vsock-test stream-echo-16777216"
        job = boot.linux.start(f"{checks} & {checks.replace('stream', 'seqpacket')} & wait")
        for _ in range(3):
            enough = boot.echoed() + 2 * MIB
            boot.linux.wait_for(lambda enough=enough: boot.echoed() > enough)

            boot.linux.monitor("stop")
            boot.await_session(live=False)
            before = boot.echoed()
            boot.server.run(within=0.3)
            assert boot.echoed() == before
            assert job.returncode is None
            boot.linux.monitor("cont")
            boot.await_session(live=True)

        assert boot.linux.wait(job) == 0
        assert job.output.count(b"ok ") == job.output.count(b"\n1..1\n") == 2
        assert b"not ok" not in job.output
        idle.send(b"alive")
        assert idle.recv_exactly(5) == b"alive"
        assert boot.server.sessions == 1


# ---- unbind and bind ----


@pytest.mark.parametrize("kernel", [*ALL, *PACKED])
def test_a_driver_that_is_unbound_and_bound_again_finds_the_device(
    kernel: str, tmp_path: Path
) -> None:
    with booted(kernel, tmp_path) as boot:
        name = Path(virtio_folder(boot.linux)).name
        for turn in range(3):
            conn = boot.linux.connect(7000 + turn, listen=f"vsock-cat -l {7000 + turn}")

            boot.linux.run(f"echo {name} > {DRIVER}/unbind")
            boot.linux.wait_for(lambda: not boot.server.live)  # its messages may still be read
            boot.linux.run(f"echo {name} > {DRIVER}/bind")
            boot.linux.wait_for(lambda: boot.server.live)

            # User Mode Linux unbinds as if it paused: the next driver shows that it did not.
            assert conn.state is vsk.State.CLOSED
            assert run_checks(boot.linux, *SOME_CHECKS) == (len(SOME_CHECKS), [])
        assert boot.server.sessions == 1


# ---- start again ----


@pytest.mark.full
@pytest.mark.parametrize("kernel", [*KERNELS, *PACKED])
def test_a_guest_that_starts_again_finds_the_device(kernel: str, tmp_path: Path) -> None:
    with booted(kernel, tmp_path) as boot:
        conn = boot.linux.connect(7000, listen="vsock-cat -l 7000")

        boot.linux.reboot()

        assert conn.state is vsk.State.CLOSED
        assert run_checks(boot.linux, *SOME_CHECKS) == (len(SOME_CHECKS), [])
        assert boot.server.sessions == (2 if kernel.startswith("uml") else 1)


@pytest.mark.full
def test_a_machine_that_is_reset_finds_the_device(tmp_path: Path) -> None:
    with booted("qemu-6.1", tmp_path) as boot:
        conn = boot.linux.connect(7000, listen="vsock-cat -l 7000")

        boot.linux.monitor("system_reset")
        boot.await_session(live=False)
        boot.await_session(live=True)

        assert conn.state is vsk.State.CLOSED
        # The new kernel answers, and nobody listens there any more.
        with pytest.raises(vsk.ConnectionReset):
            boot.device.open_connection(7000)
        assert boot.server.sessions == 1


# ---- memory ----

REGION = re.compile(
    r"[0-9a-f-]+ \S+ ([0-9a-f]+) .*memfd:memory-backend-memfd.*\n(?:.*\n)*?Rss: +(\d+)"
)


def regions() -> list[tuple[int, int]]:
    """Each region of a guest's memory that this process has mapped: where it is in the guest's
    file, and how many KiB of it were ever looked at from here."""
    found = REGION.findall(Path("/proc/self/smaps").read_text())
    return sorted((int(offset, 16), int(kib)) for offset, kib in found)


def below(size: int) -> list[str]:
    """Options for a guest that has so many MiB of its memory below 4 GiB, and the rest above."""
    return ["-machine", f"max-ram-below-4g={size}M"]


@pytest.mark.parametrize(
    ("memory", "options", "low", "used"),
    [
        # Linux takes memory from above first, as long as enough is left there.
        (256, below(128), 128, 1),
        pytest.param(256, below(224), 224, 0, marks=pytest.mark.full),
        pytest.param(4096, [], 2048, 1, marks=pytest.mark.full),
    ],
)
def test_a_guest_whose_memory_is_in_two_regions_is_served_from_either(
    memory: int, options: list[str], low: int, used: int, tmp_path: Path
) -> None:
    data = os.urandom(MIB)
    with booted("qemu-6.1", tmp_path, memory=memory, options=options) as boot:
        conn = boot.linux.connect(7000, listen="vsock-cat -l 7000 -e cat")

        assert conn.exchange(data) == data

        found = regions()
        assert [offset for offset, _ in found] == [0, low * MIB]
        # All 128 buffers of the RX ring were in use, each nearly a page.
        assert found[used][1] > 256


# ---- the process of the device ----


class Alone:
    """A guest whose device is in another process."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.until(lambda: machine.line.release)

    def until(self, ready: Callable[[], object]) -> None:
        end = time.monotonic() + 60
        while not ready():
            assert not self.machine.line.ended, self.machine.console
            assert time.monotonic() < end, self.machine.console
            time.sleep(0.01)

    def run(self, command: str) -> Job:
        job = self.machine.line.run(command)
        job.end_input()
        self.until(lambda: job.returncode is not None)
        return job

    def passes(self) -> bool:
        job = self.run(f"vsock-test {' '.join(SOME_CHECKS)}")
        return job.returncode == 0 and job.output.count(b"ok ") == len(SOME_CHECKS)


@contextmanager
def alone(machine: Machine) -> Iterator[Alone]:
    try:
        yield Alone(machine)
    finally:
        machine.close()


@contextmanager
def device_process(path: Path, *options: str, file: Path = DEVICE) -> Iterator[Child]:
    """Serve the device in a process of its own, which is killed in the end."""
    child = Child("serve", str(file), "--socket", str(path), *options, patience=120)
    try:
        yield child
    finally:
        child.close()


def test_a_device_that_was_killed_starts_again_for_the_next_guest(tmp_path: Path) -> None:
    path = tmp_path / "device"
    for turn in range(2):
        folder = tmp_path / str(turn)
        folder.mkdir()
        assert path.exists() is (turn == 1)  # what was killed has left its socket
        with device_process(path) as child:
            child.until("serves CID")
            with alone(machines.uml(path, folder, host=False, files=PROGRAMS)) as guest:
                assert guest.passes()


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch) -> None:
    """QEMU waits for the device, at its own end of the device's socket."""

    class Listening(Machine):
        def __init__(self, command: list[str], *rest: Any) -> None:
            words = (f"{word},server=on" if "id=device," in word else word for word in command)
            super().__init__(list(words), *rest)

    monkeypatch.setattr(machines, "Machine", Listening)


def stop_and_go_on(guest: Alone, path: Path) -> None:
    monitor = Monitor(path)
    for command in ("stop", "cont"):
        monitor.send(command, {})
        guest.until(monitor.answered)
    monitor.close()


@pytest.mark.parametrize("kernel", QEMU)
@pytest.mark.usefixtures("listening")
def test_a_device_that_was_killed_starts_again_under_a_living_guest(
    kernel: str, tmp_path: Path
) -> None:
    path = tmp_path / "device"
    machine = machines.qemu(path, tmp_path, kernel=KERNELS[kernel].get("kernel"), files=PROGRAMS)

    with device_process(path, "--connect") as child, alone(machine) as guest:
        assert guest.passes()
        child.close()
        with device_process(path, "--connect", "--verbose") as again:
            again.until("a front end is there")
            stop_and_go_on(guest, tmp_path / "qmp")

            assert guest.passes()


PACKED_HOST = f"""
import sys
sys.path.insert(0, {str(DEVICE.parent)!r})
from host import Host
from vsk import Feature
from vsk.device import OFFERED
device = Host(cid=42, features=OFFERED | Feature.RING_PACKED)
"""


@pytest.mark.full
@pytest.mark.usefixtures("listening")
def test_packed_rings_of_a_device_that_was_killed_need_the_driver_bound_anew(
    tmp_path: Path,
) -> None:
    path, file = tmp_path / "device", tmp_path / "packed.py"
    file.write_text(PACKED_HOST)
    machine = machines.qemu(
        path, tmp_path, files=PROGRAMS, options=packed({"machine": "qemu"})["options"]
    )

    with device_process(path, "--connect", file=file) as child, alone(machine) as guest:
        assert guest.passes()
        child.close()
        with device_process(path, "--connect", "--verbose", file=file) as again:
            again.until("a front end is there")
            stop_and_go_on(guest, tmp_path / "qmp")

            # Nothing in memory says where a packed ring stands.
            assert not guest.passes()
            name = "$(basename /sys/bus/virtio/drivers/*vsock*/virtio*)"
            guest.run(f"name={name}; echo $name > {DRIVER}/unbind; echo $name > {DRIVER}/bind")
            assert guest.passes()


# ---- many guests ----


class Standing(NamedTuple):
    """What this process holds."""

    descriptors: list[str]
    threads: int
    kib: int

    @classmethod
    def now(cls) -> "Standing":
        gc.collect()
        folder = Path("/proc/self/fd")
        lines = Path("/proc/self/status").read_text().splitlines()
        status = dict(line.split(":", 1) for line in lines)
        return cls(
            sorted(
                re.sub(r"\[\d+\]", "", os.readlink(file))
                for file in folder.iterdir()
                if file.is_symlink()
            ),
            int(status["Threads"]),
            int(status["VmRSS"].split()[0]),
        )


@pytest.mark.parametrize("count", [5, pytest.param(50, marks=pytest.mark.full)])
def test_guests_follow_each_other_and_leave_nothing(count: int) -> None:
    device = host_module().Host(cid=42)
    with Linux(device, programs=PROGRAMS, **KERNELS["uml"]) as linux:
        found = []
        pass_and_leave_open(linux)
        for _ in range(1, count):
            linux.reboot()
            assert device.connections == ()
            found.append(Standing.now())
            pass_and_leave_open(linux)
        assert linux._server.sessions == count
    assert errors_of(device, "uml") == []
    assert found[-1][:2] == found[0][:2]
    assert found[-1].kib - found[0].kib < LEFT


def pass_and_leave_open(linux: Linux) -> None:
    """Some checks, and connections that are still there when the guest is switched off."""
    assert run_checks(linux, *SOME_CHECKS) == (len(SOME_CHECKS), [])
    for kind in vsk.Type:
        port = 7000 + kind
        linux.connect(port, f"vsock-cat -s {kind.name.lower()} -l {port}", kind)
    linux.start("vsock-cat 2 1234")
    linux.wait_for(lambda: len(linux.device.connections) == 3)
