# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Real kernels under every feature set of the device, with its smallest buffers and large ones."""

from itertools import product
from pathlib import Path

import pytest
from booting import (
    KERNELS,
    PROGRAMS,
    errors_of,
    host_module,
    packed,
    run_checks,
    virtio_folder,
)

from vsk import Feature
from vsk.command import main
from vsk.linux import CommandError, Linux

KIB = 1024
pytestmark = pytest.mark.guests

CHOICES = (Feature.INDIRECT_DESC, Feature.EVENT_IDX, Feature.SEQPACKET)
ALWAYS = Feature.STREAM | Feature.NO_IMPLIED_STREAM | Feature.VERSION_1
# Each two of the three features are on and on, on and off, off and on, off and off.
PAIRS = (
    (Feature.SEQPACKET, 4 * KIB),
    (Feature.EVENT_IDX, KIB * KIB),
    (Feature.INDIRECT_DESC, 4 * KIB),
    (Feature.INDIRECT_DESC | Feature.EVENT_IDX | Feature.SEQPACKET, KIB * KIB),
)
SETS = [
    sum((feature for feature, on in zip(CHOICES, choice, strict=True) if on), Feature(0))
    for choice in product((False, True), repeat=len(CHOICES))
]
EVERY = SETS[-1]


def accepted(linux: Linux) -> int:
    """The feature bits that the guest's driver has accepted; sysfs shows the lowest one first."""
    bits = linux.run(["cat", f"{virtio_folder(linux)}/features"]).decode().strip()
    return int(bits[::-1], 2)


def pass_every_check(kernel: str, features: Feature, buffer: int, capture: Path) -> None:
    """Boot a kernel with a device of these features, and run the test program in it."""
    device = host_module().Host(cid=42, features=ALWAYS | features, buf_alloc=buffer)
    options = packed(KERNELS[kernel]) if features & Feature.RING_PACKED else KERNELS[kernel]
    streams = () if features & Feature.SEQPACKET else ("stream",)

    with Linux(device, capture=capture, programs=PROGRAMS, **options) as linux:
        found = accepted(linux)
        passed, failed = run_checks(linux, "-b", str(buffer), *streams, timeout=1200)
        if streams:
            with pytest.raises(CommandError, match="Socket type not supported"):
                linux.run("vsock-cat -s seqpacket 2 1234")

    assert failed == []
    assert passed > (50 if streams else 100)
    assert found & (EVERY | Feature.RING_PACKED) == features
    assert errors_of(device, kernel) == []
    assert main(["check", str(capture)]) == 0


@pytest.mark.parametrize(("features", "buffer"), PAIRS)
def test_each_pair_of_features_serves_a_guest(
    features: Feature, buffer: int, tmp_path: Path
) -> None:
    pass_every_check("uml", features, buffer, tmp_path / "x.pcapng")


@pytest.mark.parametrize(
    "kernel", ["uml", "qemu-6.1", pytest.param("qemu-6.12", marks=pytest.mark.full)]
)
def test_packed_rings_serve_each_kernel(kernel: str, tmp_path: Path) -> None:
    pass_every_check(kernel, EVERY | Feature.RING_PACKED, 256 * KIB, tmp_path / "x.pcapng")


@pytest.mark.full
def test_packed_rings_that_were_not_offered_are_refused_by_name(
    caplog: pytest.LogCaptureFixture,
) -> None:
    device = host_module().Host(cid=42)

    # QEMU 7.2 accepts them for its guest, asked for or not.
    with Linux(device, **packed(KERNELS["qemu-6.1"])) as linux:
        linux.wait_for(lambda: "that was not offered" in caplog.text)

    (said,) = (text for text in caplog.messages if "that was not offered" in text)
    assert "SET_FEATURES" in said
    assert said.endswith(": RING_PACKED")


@pytest.mark.full
@pytest.mark.parametrize("features", SETS)
@pytest.mark.parametrize("kernel", ["uml", "qemu-6.12"])
def test_each_set_of_features_serves_packed_rings(
    kernel: str, features: Feature, tmp_path: Path
) -> None:
    pass_every_check(kernel, features | Feature.RING_PACKED, 4 * KIB, tmp_path / "x.pcapng")


@pytest.mark.full
@pytest.mark.parametrize("buffer", [4 * KIB, KIB * KIB])
@pytest.mark.parametrize("features", SETS)
@pytest.mark.parametrize("kernel", KERNELS)
def test_each_set_of_features_serves_each_kernel(
    kernel: str, features: Feature, buffer: int, tmp_path: Path
) -> None:
    pass_every_check(kernel, features, buffer, tmp_path / "x.pcapng")
