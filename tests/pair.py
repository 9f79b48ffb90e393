# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Runs a device and a guest in two processes, on a socket of their own.

    pair.py DEVICE.py GUEST.lua

The guest starts when the device says that it is ready. Both must end well, and by themselves.
"""

import subprocess
import sys
import tempfile
import threading
from pathlib import Path

PATIENCE = 60.0  # seconds for both


def run(device: str, guest: str, path: Path) -> tuple[str, str]:
    """Give what the two printed."""
    late = threading.Event()
    with subprocess.Popen(
        [sys.executable, device, path], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None

        def give_up() -> None:
            late.set()
            server.kill()

        timer = threading.Timer(PATIENCE, give_up)
        timer.start()
        try:
            first = server.stdout.readline()
            assert first == "ready\n", f"{device} is not ready: {first!r}"
            printed = subprocess.check_output(["lua5.4", guest, path], text=True, timeout=PATIENCE)
            rest = server.stdout.read()
            assert server.wait() == 0, f"{device} ended with {server.returncode}"
        finally:
            timer.cancel()
            server.kill()
        assert not late.is_set(), f"{device} did not end by itself"
    return rest, printed


def main() -> None:
    device, guest = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "vsk.sock")
        served, printed = run(device, guest, path)
        assert not path.exists(), "the socket file is still there"
    print(served, printed, sep="", end="")
    assert served.startswith("closed <Conn 2:1234 - 3:") and "CLOSED CLOSED>" in served, served
    assert printed.endswith("\nok\n"), printed


if __name__ == "__main__":
    main()
