# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The core's tests and those of the vhost codec on other machines, by qemu-user: s390x, whose
numbers are big-endian, and armhf, of 32 bits. Debian's cross compilers build them; libraries of
these machines are unpacked into the user's cache, where nothing is installed."""

import platform
import subprocess
import sys
from pathlib import Path

from vsk.linux import packages

TOP = Path(__file__).parents[2]
MACHINES = ("s390x", "armhf")
LIBRARIES = ("libcmocka-dev", "libcmocka0", "libcjson-dev", "libcjson1")
OPTIONS = ("VSK_PYTHON=OFF", "VSK_LUA=OFF", "VSK_INSTALL_C=OFF")
TESTS = "^(core-.*|vhost-(dial|memory_table|message|notice))$"
# Long, and about cuts and schedules that no machine changes; threads show this machine's order.
LEFT_OUT = "^core-(cutter|flipped|schedules|threads)"


def libraries(machine: str) -> Path:
    """Give the folder of a machine's libraries, which are downloaded if they are not there yet."""
    folder = packages.cache() / "packages" / f"libcmocka_libcjson_{machine}"
    if not folder.is_dir():
        packages._place(folder, lambda scratch: _fetch(machine, scratch))
    return folder


def _fetch(machine: str, scratch: Path) -> Path:
    title = f"{LIBRARIES[0]} of {machine}"
    suite = platform.freedesktop_os_release()["VERSION_CODENAME"]
    mirrors = packages._mirrors([]) or packages._mirrors(
        packages._update(title, scratch / "own", [])
    )
    signed = f"[signed-by={packages.KEYRING}] " if packages.KEYRING.is_file() else ""
    (scratch / "suite.list").write_text(f"deb {signed}{mirrors[0]} {suite} main\n")
    settings = (
        f"Dir::Etc::sourcelist={scratch}/suite.list",
        "Dir::Etc::sourceparts=/dev/null",
        "Dir::State::status=/dev/null",
        f"APT::Architecture={machine}",
        f"APT::Architectures={machine}",
    )
    options = [word for setting in settings for word in ("-o", setting)]
    apt = packages._update(title, scratch / machine, options)
    packages._run(title, ["apt-get", *apt, "download", *LIBRARIES], scratch)
    for file in scratch.glob("*.deb"):
        packages._run(title, ["dpkg-deb", "-x", file.name, "unpacked"], scratch)
    return scratch / "unpacked"


def main() -> int:
    """Build and test on each machine; 0 where all passed."""
    failed = 0
    for machine in MACHINES:
        build = TOP / "build" / machine
        settings = [f"-D{option}" for option in (*OPTIONS, f"VSK_FOREIGN={libraries(machine)}")]
        toolchain = TOP / "tests/portable" / f"{machine}.cmake"
        subprocess.run(
            ["cmake", "-S", TOP, "-B", build, "-G", "Ninja", "--toolchain", toolchain, *settings],
            check=True,
        )
        subprocess.run(["cmake", "--build", build, "--target", "vsk_portable"], check=True)
        test = ["ctest", "--test-dir", build, "--output-on-failure", "--no-tests=error"]
        which = ["-R", TESTS, "-E", LEFT_OUT, "-LE", "^full$", "-j", "2"]
        failed |= subprocess.run([*test, *which], check=False).returncode
    return failed


if __name__ == "__main__":
    sys.exit(main())
