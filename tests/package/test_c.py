# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What a C program finds after cmake --install."""

import re
import shutil
import sys
from pathlib import Path

import pytest
from conftest import TOP, Run

CONSUMER = TOP / "tests/consumer"
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wundef", "-Werror"]
PUBLIC = sorted(
    f"{folder}/{file.name}"
    for folder in ("vhost", "vsk")
    for file in (TOP / "core" / folder).glob("*.h")
    if not re.fullmatch(r"(le|shared|print|[a-z_]+_parts)\.h", file.name)  # the sources' own
)
# Each program, its library, and a word that it prints.
PROGRAMS = [("main", "vsk", "STREAM RW"), ("ends", "vsk-vhost", "SET_FEATURES")]


@pytest.fixture(scope="module")
def prefix(build: Path, run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installed tree that was moved after it was installed."""
    first = tmp_path_factory.mktemp("install") / "first"
    run("cmake", "--install", build, "--prefix", first)
    return Path(shutil.move(first, first.with_name("prefix")))


def pkg_config(run: Run, prefix: Path, *args: str, library: str = "vsk") -> list[str]:
    folder = next(prefix.rglob("vsk.pc")).parent
    return run("pkg-config", *args, library, PKG_CONFIG_PATH=folder).split()


def archives(run: Run, prefix: Path, library: str) -> list[str]:
    """The static library, and what it stands on."""
    (folder,) = pkg_config(run, prefix, "--variable=libdir")
    names = ["vsk"] if library == "vsk" else [library, "vsk"]
    return [f"{folder}/lib{name}.a" for name in names]


def test_the_headers_are_installed_and_nothing_else(prefix: Path) -> None:
    installed = sorted(str(file.relative_to(prefix / "include")) for file in prefix.rglob("*.h"))

    assert installed == PUBLIC


@pytest.mark.parametrize("header", PUBLIC)
@pytest.mark.parametrize("compiler", ["gcc -std=c11 -xc", "g++ -std=c++17 -xc++"])
def test_a_header_compiles_alone(
    run: Run, prefix: Path, tmp_path: Path, header: str, compiler: str
) -> None:
    source = tmp_path / "alone.c"
    source.write_text(f"#include <{header}>\n#include <{header}>\nextern int not_empty;\n")
    flags = [
        "-Wall",
        "-Wextra",
        "-Wpedantic",
        "-Wconversion",
        "-Wundef",
        "-Werror",
        "-fsyntax-only",
    ]

    run(*compiler.split(), *flags, f"-I{prefix}/include", source)


def test_find_package_gives_shared_and_static(run: Run, prefix: Path, tmp_path: Path) -> None:
    run("cmake", "-S", CONSUMER, "-B", tmp_path, f"-DCMAKE_PREFIX_PATH={prefix}")
    run("cmake", "--build", tmp_path)

    for suffix, word in (("", "STREAM RW"), ("-ends", "SET_FEATURES")):
        printed = {run(tmp_path / f"{kind}{suffix}") for kind in ("shared", "static")}
        assert len(printed) == 1 and word in printed.pop()
        assert "libvsk" not in run("ldd", tmp_path / f"static{suffix}")
    assert "libvsk.so.0" in run("ldd", tmp_path / "shared")
    assert "libvsk-vhost" not in run("ldd", tmp_path / "shared")
    assert "libvsk-vhost.so.0" in run("ldd", tmp_path / "shared-ends")


@pytest.mark.parametrize(("program", "library", "word"), PROGRAMS)
def test_pkg_config_gives_shared(
    run: Run, prefix: Path, tmp_path: Path, program: str, library: str, word: str
) -> None:
    flags = pkg_config(run, prefix, "--cflags", "--libs", library=library)

    run("gcc", "-std=c11", CONSUMER / f"{program}.c", *flags, "-o", tmp_path / "main")

    (folder,) = pkg_config(run, prefix, "--variable=libdir")
    assert word in run(tmp_path / "main", LD_LIBRARY_PATH=folder)
    assert f"lib{library}.so.0" in run("ldd", tmp_path / "main", LD_LIBRARY_PATH=folder)


@pytest.mark.parametrize(("program", "library", "word"), PROGRAMS)
def test_pkg_config_gives_static(
    run: Run, prefix: Path, tmp_path: Path, program: str, library: str, word: str
) -> None:
    flags = pkg_config(run, prefix, "--cflags", library=library)
    objects = archives(run, prefix, library)

    run("gcc", "-std=c11", CONSUMER / f"{program}.c", *objects, *flags, "-o", tmp_path / "m")

    assert word in run(tmp_path / "m")


@pytest.mark.parametrize(("program", "library", "word"), PROGRAMS)
def test_cxx_links_with_it(
    run: Run, prefix: Path, tmp_path: Path, program: str, library: str, word: str
) -> None:
    flags = pkg_config(run, prefix, "--cflags", library=library)
    objects = archives(run, prefix, library)

    run("g++", "-std=c++17", "-xc++", CONSUMER / f"{program}.c", *flags, "-xnone", *objects,
        "-o", tmp_path / "main")  # fmt: skip

    assert word in run(tmp_path / "main")


def test_python_runs_from_where_it_was_installed(run: Run, prefix: Path, tmp_path: Path) -> None:
    package = next(prefix.rglob("vsk/__init__.py")).parent
    example = TOP / "python/examples/02_queue.py"

    run(sys.executable, example, cwd=tmp_path, PYTHONPATH=package.parent)

    assert (package / "py.typed").exists()
    capture = TOP / "tests/vectors/linux-6.1-vsockmon.pcap"
    command = (sys.executable, "-m", "vsk", "show", capture, "--html", "-")
    page = run(*command, cwd=tmp_path, PYTHONPATH=package.parent)
    assert page.endswith("</html>\n")


def test_lua_runs_from_where_it_was_installed(run: Run, prefix: Path, tmp_path: Path) -> None:
    share, lib = prefix / "share/lua/5.4", prefix / "lib/lua/5.4"

    run(
        "lua5.4",
        TOP / "lua/examples/02_queue.lua",
        cwd=tmp_path,
        LUA_PATH_5_4=f"{share}/?.lua;{share}/?/init.lua",
        LUA_CPATH_5_4=f"{lib}/?.so",
    )
