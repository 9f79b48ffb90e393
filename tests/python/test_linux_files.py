# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What a guest is made of: packages in a cache, modules in order, an initramfs."""

import gzip
import lzma
import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from vsk.linux import MissingError, kernels, machine
from vsk.linux.initramfs import archive
from vsk.linux.packages import cache, package

Tool = Callable[[str, str], None]
Entry = tuple[int, int, bytes]


# ---- initramfs ----


def entries(packed: bytes) -> dict[str, Entry]:
    """Read an archive: mode, links and data by name. The data of a link is its target."""
    data = gzip.decompress(packed)
    found: dict[str, Entry] = {}
    at = 0
    while True:
        assert data[at : at + 6] == b"070701"
        fields = [int(data[at + 6 + 8 * n : at + 14 + 8 * n], 16) for n in range(13)]
        mode, links, size, name_size = fields[1], fields[4], fields[6], fields[11]
        name = data[at + 110 : at + 110 + name_size]
        assert name.endswith(b"\0")
        start = at + 110 + name_size + -(110 + name_size) % 4
        if name == b"TRAILER!!!\0":
            assert not data[start:]
            return found
        found[name[:-1].decode()] = mode, links, data[start : start + size]
        at = start + size + -size % 4


def test_an_archive_holds_programs_and_links_and_the_folders_above_them() -> None:
    found = entries(archive({"init": b"12345", "bin/sh": "busybox", "a/b/c": b""}))

    assert found == {
        "init": (stat.S_IFREG | 0o755, 1, b"12345"),
        "bin": (stat.S_IFDIR | 0o755, 2, b""),
        "bin/sh": (stat.S_IFLNK | 0o777, 1, b"busybox"),
        "a": (stat.S_IFDIR | 0o755, 2, b""),
        "a/b": (stat.S_IFDIR | 0o755, 2, b""),
        "a/b/c": (stat.S_IFREG | 0o755, 1, b""),
    }


def test_folders_stand_before_what_is_in_them() -> None:
    names = list(entries(archive({"a/b/c": b"x", "a/d": b"y"})))

    assert names == ["a", "a/b", "a/b/c", "a/d"]


# ---- packages ----


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tool:
    """Makes stand-ins for Debian's tools, which write down how they were called."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for real in ("sh", "mkdir", "echo", "touch", "sleep", "cat"):
        (folder / real).symlink_to(f"/bin/{real}")
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))

    def make(name: str, script: str) -> None:
        file = folder / name
        file.write_text(f'#!/bin/sh\necho {name} "$@" >> $CALLS\n{script}\n')
        file.chmod(0o755)

    return make


@pytest.fixture
def debian(tool: Tool, tmp_path: Path) -> Callable[[], list[str]]:
    """A machine where everything is found; gives the calls so far."""
    tool("apt-get", "touch thing_1_all.deb")
    tool("apt-cache", "echo linux-image-cloud\necho '  Depends: linux-image-9.9'")
    tool("dpkg-deb", 'mkdir -p "$3/usr"; touch "$3/usr/file"')
    return lambda: (tmp_path / "calls").read_text().splitlines()


def test_a_package_is_fetched_once(debian: Callable[[], list[str]]) -> None:
    folder = package("thing")

    assert folder == cache() / "packages" / "thing"
    assert [path.name for path in folder.rglob("*")] == ["usr", "file"]
    assert package("thing") == folder
    assert debian() == ["apt-get download thing", "dpkg-deb -x thing_1_all.deb unpacked"]


def test_nothing_else_is_left_in_the_cache(debian: Callable[[], list[str]]) -> None:
    package("thing")

    assert os.listdir(cache() / "packages") == ["thing"]


def test_a_package_of_kernels_in_general_stands_for_the_newest(
    debian: Callable[[], list[str]],
) -> None:
    folder = package("linux-image-cloud")

    assert folder.name == "linux-image-cloud"
    assert "apt-get download linux-image-9.9" in debian()


def test_a_kernel_in_several_packages_is_fetched_whole(
    debian: Callable[[], list[str]], tool: Tool
) -> None:
    tool(
        "apt-cache",
        'for name; do :; done; case "$name" in\n'
        "linux-image-cloud) echo Depends: linux-base Depends: linux-image-9.9 "
        "Depends: linux-modules-cloud ;;\n"
        "linux-image-9.9) echo Depends: linux-binary-9.9 Depends: linux-modules-9.9 ;;\n"
        "linux-modules-cloud) echo Depends: linux-modules-9.9 ;;\n"
        "esac",
    )

    package("linux-image-cloud")

    (download,) = [call for call in debian() if "download" in call]
    assert sorted(download.split()[2:]) == ["linux-binary-9.9", "linux-modules-9.9"]


OTHER_SUITE = """
case "$*" in
*indextargets*) case "$*" in *"Label: Debian"*) echo http://a.mirror/debian/ ;; esac ;;
*update*) cat ../suite.list >> $CALLS ;;
*) touch thing_1_all.deb ;;
esac"""


def test_a_package_of_another_suite_comes_from_the_machines_mirror(
    debian: Callable[[], list[str]], tool: Tool
) -> None:
    tool("apt-get", OTHER_SUITE)

    folder = package("thing", "bullseye")

    assert folder == cache() / "packages" / "thing_bullseye"
    (line,) = [call for call in debian() if call.startswith("deb ")]
    assert line.startswith("deb ") and line.endswith("http://a.mirror/debian/ bullseye main")
    asked, update, download = [call for call in debian() if call.startswith("apt-get")]
    assert "indextargets" in asked and "update" in update
    assert download.endswith(" download thing")
    for part in ("sourcelist=", "sourceparts=/dev/null", "State::lists=", "Dir::Cache="):
        assert part in update and part in download


def test_the_machines_mirror_is_looked_for_where_its_lists_are_not_there(
    debian: Callable[[], list[str]], tool: Tool
) -> None:
    quiet = 'case "$*" in *indextargets*) case "$*" in *lists=*) ;; *) exit ;; esac ;; esac\n'
    tool("apt-get", quiet + OTHER_SUITE.replace("cat ../suite.list", "echo x"))

    assert package("thing", "bullseye").is_dir()
    assert sum(" update" in call for call in debian()) == 2


def test_without_a_mirror_there_is_no_other_suite(
    debian: Callable[[], list[str]], tool: Tool
) -> None:
    tool("apt-get", "")

    with pytest.raises(MissingError, match="thing of bullseye: apt knows no mirror"):
        package("thing", "bullseye")


def test_two_processes_at_once_get_the_same_folder(
    debian: Callable[[], list[str]], tool: Tool
) -> None:
    tool("apt-get", "sleep 0.5; touch thing_1_all.deb")
    script = "from vsk.linux.packages import package; print(package('thing'))"
    both = [
        subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) for _ in range(2)
    ]
    answers = {process.communicate()[0] for process in both}

    assert [process.returncode for process in both] == [0, 0]
    assert answers == {f"{package('thing')}\n".encode()}
    assert debian().count("apt-get download thing") == 2
    assert os.listdir(cache() / "packages") == ["thing"]


def test_lists_of_our_own_help_where_the_machines_do_not(
    debian: Callable[[], list[str]], tool: Tool
) -> None:
    tool("apt-get", 'case "$*" in *update*) ;; *lists=*) touch x.deb ;; *) exit 100 ;; esac')

    assert package("thing").is_dir()


def test_what_apt_says_is_told_where_it_fails(tool: Tool) -> None:
    tool("apt-cache", "")
    tool("dpkg-deb", "")
    tool("apt-get", 'echo "E: Temporary failure resolving" >&2; exit 100')

    with pytest.raises(MissingError, match=r"package thing .*network.*\n?.*Temporary failure"):
        package("thing")
    assert os.listdir(cache() / "packages") == []


def test_tools_that_are_missing_are_named(tool: Tool) -> None:
    tool("apt-get", "")

    with pytest.raises(MissingError, match=r"apt-cache, dpkg-deb .*unpack it into .*/thing"):
        package("thing")


def test_a_cache_that_cannot_be_written_is_named(
    tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))

    with pytest.raises(MissingError, match="file/vsk/packages/thing cannot be made"):
        package("thing")


def test_the_cache_is_where_the_user_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/users/one")
    monkeypatch.setenv("XDG_CACHE_HOME", "/elsewhere")
    assert cache() == Path("/elsewhere/vsk")

    for ignored in ("", "not/absolute"):
        monkeypatch.setenv("XDG_CACHE_HOME", ignored)
        assert cache() == Path("/users/one/.cache/vsk")


# ---- kernels ----


def module(tree: Path, name: str, depends: str, *, packed: bool = False) -> None:
    """Write a module as far as anybody looks at it here."""
    file = tree / "9.9/kernel" / f"{name}.ko"
    file.parent.mkdir(parents=True, exist_ok=True)
    data = f"{name} begins\0license=GPL\0depends={depends}\0name={name}\0".encode()
    if packed:
        file.with_suffix(".ko.xz").write_bytes(lzma.compress(data))
    else:
        file.write_bytes(data)


def order(found: list[bytes]) -> list[str]:
    return [data.split(b" ")[0].decode() for data in found]


def test_modules_come_behind_those_that_they_depend_on(tmp_path: Path) -> None:
    module(tmp_path, kernels.TRANSPORT, "common,vsock,virtio-ring")
    module(tmp_path, "common", "vsock", packed=True)
    module(tmp_path, "vsock", "")
    module(tmp_path, "virtio_ring", "")
    module(tmp_path, "unrelated", "")

    found = kernels.modules(tmp_path, ["built_in", kernels.TRANSPORT])

    assert order(found) == ["vsock", "common", "virtio_ring", kernels.TRANSPORT]


def test_a_module_that_is_missing_is_named(tmp_path: Path) -> None:
    module(tmp_path, kernels.TRANSPORT, "vsock")

    with pytest.raises(MissingError, match="no module vsock"):
        kernels.modules(tmp_path, [kernels.TRANSPORT])


def test_a_tree_without_vsock_is_refused(tmp_path: Path) -> None:
    module(tmp_path, "vsock", "")

    with pytest.raises(MissingError, match=kernels.TRANSPORT):
        kernels.modules(tmp_path, [kernels.TRANSPORT])


def test_a_module_packed_in_an_unknown_way_is_refused(tmp_path: Path) -> None:
    file = tmp_path / f"{kernels.TRANSPORT}.ko.zst"
    file.write_bytes(b"")

    with pytest.raises(MissingError, match=r"\.ko\.zst is compressed"):
        kernels.modules(tmp_path, [kernels.TRANSPORT])


def test_folders_without_a_kernel_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"no usr/bin/linux\.uml"):
        kernels.uml_kernel(tmp_path)
    with pytest.raises(MissingError, match="no boot/vmlinuz"):
        kernels.qemu_kernel(tmp_path)


def test_a_kernel_may_lie_with_its_modules(tmp_path: Path) -> None:
    module(tmp_path / "usr/lib/modules", kernels.TRANSPORT, "")
    image = tmp_path / "usr/lib/modules/9.9/vmlinuz"
    image.touch()

    found = kernels.qemu_kernel(tmp_path)

    assert found.image == image
    assert order(found.modules) == [kernels.TRANSPORT]


@pytest.mark.parametrize(
    ("version", "asked"),
    [
        (None, ("linux-image-cloud-amd64",)),
        ("6.12", ("linux-image-6.12-cloud-amd64",)),
        ("bullseye", ("linux-image-cloud-amd64", "bullseye")),
        ("trixie-backports", ("linux-image-cloud-amd64", "trixie-backports")),
    ],
)
def test_a_kernel_is_named_by_its_version_or_a_suite(
    version: str | None, asked: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fake(*arguments: str) -> Path:
        raise MissingError(repr(arguments))

    monkeypatch.setattr(kernels, "package", fake)

    with pytest.raises(MissingError, match=re.escape(repr(asked))):
        kernels.qemu_kernel(version)


@pytest.mark.parametrize("word", ["", "Bullseye", "a b", "sid main\ndeb", "-x"])
def test_what_is_no_suite_is_refused(word: str) -> None:
    with pytest.raises(MissingError, match="neither a version of Linux nor a suite"):
        kernels.qemu_kernel(word)


# ---- machines ----


def test_without_qemu_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(MissingError, match=r"apt-get install .* qemu-system-x86"):
        machine.qemu(tmp_path / "socket", tmp_path)


def test_the_programs_are_static_and_the_agent_runs_in_guests_alone(tmp_path: Path) -> None:
    for name, data in machine.programs().items():
        assert b"/lib64/ld-linux" not in data
        file = tmp_path / name
        file.write_bytes(data)
        file.chmod(0o755)

    done = subprocess.run([tmp_path / "vsk-agent"], capture_output=True, text=True)

    assert (done.returncode, "first process" in done.stderr) == (2, True)


def test_vsock_cat_explains_itself_and_refuses_what_it_does_not_know() -> None:
    program = Path(machine.__file__).with_name("programs") / "vsock-cat"
    wrong = (
        ["2"],
        ["-l"],
        ["-k", "2", "1"],
        ["2", "x"],
        ["2", "4294967296"],
        ["-s", "x", "2", "1"],
    )

    assert "Usage: vsock-cat" in subprocess.check_output([program, "-h"], text=True)
    for arguments in wrong:
        done = subprocess.run([program, *arguments], capture_output=True)
        assert (done.returncode, bool(done.stderr)) == (2, True), arguments
