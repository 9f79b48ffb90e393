# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What pip makes of the tree on a machine with a C compiler and Python's headers alone."""

import json
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from conftest import TOP, Run

PAPERS = ("METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE")


@pytest.fixture(scope="module")
def offline(wheels: Path, bare_path: Path) -> dict[str, str | Path]:
    return {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": wheels, "PATH": bare_path}


@pytest.fixture(scope="module")
def installed(
    run: Run, tree: Path, offline: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """`pip install .`, in an environment with nothing in it: its Python."""
    folder = tmp_path_factory.mktemp("venv")
    run(sys.executable, "-m", "venv", folder)
    log = run(folder / "bin/python", "-m", "pip", "install", "-v", ".", cwd=tree, **offline)
    assert re.search(r"SWIG [\d.]+: .*pip-build-env", log), "another SWIG than the one asked for"
    return folder / "bin/python"


@pytest.fixture(scope="module")
def sdist(
    run: Run, tree: Path, offline: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """`python -m build`: an sdist, and a wheel made from it, in one folder."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", folder, cwd=tree, **offline)
    return folder


def ask(python: Path, expression: str) -> object:
    """What an expression about the installed distribution is, in that Python."""
    script = f"""if True:
        import importlib.metadata, json, sys
        vsk = importlib.metadata.distribution("virtio-vsock")
        json.dump({expression}, sys.stdout)
    """
    return json.loads(subprocess.check_output([python, "-I", "-c", script], text=True))


def test_examples_run_where_it_was_installed(run: Run, installed: Path, tmp_path: Path) -> None:
    for example in ("01_packet.py", "02_queue.py"):
        run(installed, "-I", TOP / "python/examples" / example, cwd=tmp_path)


def test_the_command_runs_where_it_was_installed(run: Run, installed: Path, tmp_path: Path) -> None:
    capture = TOP / "tests/vectors/linux-6.1-vsockmon.pcap"
    for command in ([installed.with_name("vsk")], [installed, "-I", "-m", "vsk"]):
        assert (
            run(*command, "check", capture, cwd=tmp_path) == f"{capture}: 12 packets, 0 findings\n"
        )
        page = run(*command, "show", capture, "--html", "-", cwd=tmp_path)
        assert page.startswith("<!doctype html>") and page.endswith("</html>\n")


def test_man_finds_the_page_where_the_command_is(run: Run, installed: Path) -> None:
    path = f"{installed.parent}:/usr/bin:/bin"

    page = run("man", "-w", "vsk", PATH=path).strip()

    assert Path(page).samefile(installed.parents[1] / "share/man/man1/vsk.1")


def test_nothing_is_required_at_run_time_but_rich_may_come(installed: Path) -> None:
    assert ask(installed, "vsk.requires") == ['rich; extra == "rich"']
    assert ask(installed, "vsk.metadata.get_all('Provides-Extra')") == ["rich"]


def test_the_version_is_the_modules(installed: Path) -> None:
    assert ask(installed, "vsk.version") == ask(installed, "__import__('vsk').__version__")


def test_the_wheel_holds_the_package_and_its_papers_alone(sdist: Path) -> None:
    (wheel,) = sdist.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())

    frontend = TOP / "python/vsk"
    package = {
        f"vsk/{file.relative_to(frontend)}"
        for file in frontend.rglob("*")
        if file.suffix in {".py", ".pyi", ".html", ".css", ".js"} or file.name == "py.typed"
    }
    binary = {name for name in names if re.fullmatch(r"vsk/_core\.[\w-]+\.so", name)}
    programs = {f"vsk/linux/programs/{name}" for name in ("vsk-agent", "vsock-cat")}
    info = "virtio_vsock-0.1.0.dist-info"
    papers = {f"{info}/{name}" for name in PAPERS}
    assert len(binary) == 1
    assert {"vsk/__init__.py", "vsk/py.typed"} < package
    assert any(name.endswith(".pyi") for name in package)
    pages = {
        f"virtio_vsock-0.1.0.data/data/share/{file.relative_to(TOP / 'python/share')}"
        for file in (TOP / "python/share").rglob("*")
        if file.is_file()
    }
    assert names == package | binary | programs | papers | pages


def test_the_sdist_makes_the_same_wheel(sdist: Path, installed: Path) -> None:
    (wheel,) = sdist.glob("*.whl")
    by_pip = {"INSTALLER", "REQUESTED", "direct_url.json"}

    files = ask(installed, "[str(file) for file in vsk.files]")

    assert isinstance(files, list)
    direct = {f for f in files if f.split("/")[-1] not in by_pip and "__pycache__" not in f}
    direct -= {f for f in direct if f.endswith("/bin/vsk")}  # pip makes it of the entry point
    data = "virtio_vsock-0.1.0.data/data/share"
    direct = {re.sub(r"^(\.\./)+share", data, f) for f in direct}
    assert set(zipfile.ZipFile(wheel).namelist()) == direct


def test_the_sdist_holds_the_whole_tree(sdist: Path) -> None:
    (archive,) = sdist.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        names = {name.split("/", 1)[1] for name in tar.getnames() if "/" in name}

    wanted = ["LICENSE", "README.md", "CMakePresets.json", "core/vsk/packet.c", "bindings/vsk.i"]
    wanted += ["lua/vsk/init.lua", "lua/virtio-vsock-scm-1.rockspec", "tests/CMakeLists.txt", "run"]
    assert set(wanted) <= names
    assert not {name for name in names if name.startswith("build/")}
