# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The man page of vsk and its completion say what the parsers say, and real shells take them."""

import argparse
import os
import pty
import re
import select
import shlex
import subprocess
import time
from pathlib import Path

import pytest
from tests.pages import pages

from vsk.command import _parser

BASH = pages.SHARE / "bash-completion" / "completions" / "vsk"
ZSH = pages.SHARE / "zsh" / "site-functions"
FISH = pages.SHARE / "fish" / "vendor_completions.d" / "vsk.fish"
PAGE = pages.SHARE / "man" / "man1" / "vsk.1"
# How each shell begins, and what it reads first: its command vsk tells its words and ends it.
TAKES = 'vsk() { echo "$*" >taken; exit; }; PS1="ready> "'
SHELLS = {
    "bash": ("bash --rcfile .zshrc -i", f". {BASH}; {TAKES}"),
    "zsh": (
        "zsh --no-global-rcs -i",
        f"fpath=({ZSH} $fpath); autoload compinit; compinit -u -D; {TAKES}",
    ),
    "fish": (
        "fish --no-config -i -C 'source .zshrc'",
        f"source {FISH}; function vsk; echo $argv >taken; exit; end; "
        "function fish_prompt; echo 'ready> '; end",
    ),
}


def verbs(
    parser: argparse.ArgumentParser, words: tuple[str, ...] = ()
) -> dict[tuple[str, ...], argparse.ArgumentParser]:
    """Every parser, by the words that lead to it."""
    found = {words: parser}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                found |= verbs(inner, (*words, name))
    return found


VERBS = verbs(_parser())


def options(parser: argparse.ArgumentParser) -> set[str]:
    return {name for action in parser._actions for name in action.option_strings}


def section(words: tuple[str, ...]) -> str:
    """What the page says of a verb, as it is printed."""
    rendered = subprocess.run(["mandoc", "-Tascii", PAGE], capture_output=True, check=True).stdout
    text = re.sub(r".\x08", "", rendered.decode())
    if not words:
        return text
    head = re.escape(" ".join(("vsk", *words)))
    (found,) = re.findall(rf"^ +{head}\n(.*?)(?=^ {{1,3}}vsk|\Z)", text, re.M | re.S)
    return str(found)


@pytest.mark.parametrize("name", pages.PAGES)
def test_the_page_is_what_the_parsers_say(name: str) -> None:
    written = (pages.SHARE / name).read_text()

    assert pages.body(written) == pages.body(pages.PAGES[name]()), "./run pages makes it anew"


@pytest.mark.parametrize("words", VERBS, ids=" ".join)
def test_the_man_page_names_each_option_under_its_verb(words: tuple[str, ...]) -> None:
    text = section(words)

    for name in options(VERBS[words]) - {"--help"}:
        assert re.search(rf"(?<![\w-]){name}(?![\w-])", text), name
    assert words or all(" ".join(("vsk", *verb)) in text for verb in VERBS)


def test_the_man_page_says_how_each_verb_ends() -> None:
    for words in [("check",), ("show",), ("serve",), ("guest",), ("linux",), ("torture",)]:
        said = " ".join(section(words).split())

        assert " ".join(str(VERBS[words].epilog).split()) in said


@pytest.mark.parametrize(
    "reader", ["mandoc -Tlint -W warning", "man -l --warnings=all -E UTF-8", "lexgrog"]
)
def test_readers_of_man_pages_take_it(reader: str) -> None:
    done = subprocess.run([*reader.split(), PAGE], capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("words", VERBS, ids=" ".join)
def test_bash_offers_every_verb_and_option(words: tuple[str, ...]) -> None:
    for start, wanted in [
        ("-", options(VERBS[words])),
        ("", {w[-1] for w in VERBS if w[:-1] == words and w}),
    ]:
        typed = ["vsk", *words, start]
        if words[:1] == ("guest",):
            typed.insert(2, "x.sock")
        script = f"COMP_WORDS=({shlex.join(typed)}) COMP_CWORD={len(typed) - 1}; . {BASH}; "
        script += "_shtab_vsk 2>&-; printf '%s\\n' \"${COMPREPLY[@]}\""
        offered = subprocess.check_output(["bash", "--norc", "-c", script], text=True).split()

        assert wanted <= set(offered)
        assert start == "" or wanted == set(offered)


def whole(path: Path) -> str:
    """The line of a file; empty until it is there to its end."""
    text = path.read_text() if path.exists() else ""
    return text.strip() if text.endswith("\n") else ""


def typed(shell: str, keys: str, folder: Path) -> str:
    """What the command got of a line that was typed into a shell, with tabs."""
    command, first = SHELLS[shell]
    (folder / ".zshrc").write_text(first + "\n")
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.environ |= {"TERM": "dumb", "HOME": str(folder), "ZDOTDIR": str(folder)}
        os.execvp("sh", ["sh", "-c", f"exec {command}"])
    shown, asked, until = "", False, time.monotonic() + 60
    while time.monotonic() < until and not whole(folder / "taken"):
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                shown += os.read(terminal, 4096).decode(errors="replace")
            except OSError:  # it has ended
                break
        if not asked and "ready> " in shown:
            os.write(terminal, f"vsk {keys}\r".encode())
            asked = True
    os.close(terminal)  # else it hears SIGHUP
    os.waitpid(pid, 0)
    return whole(folder / "taken") or shown


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ("tor\t", "torture"),
        ("serve --print-\t", "serve --print-capabilities"),
        ("linux --machine q\t", "linux --machine qemu"),
        ("guest x.sock con\t", "guest x.sock connect"),
        ("check talk\t", "check talk.pcapng"),
    ],
)
def test_a_shell_completes_what_is_typed(shell: str, keys: str, line: str, tmp_path: Path) -> None:
    (tmp_path / "talk.pcapng").touch()

    assert typed(shell, keys, tmp_path) == line


def test_bash_completes_an_option_of_an_act_behind_the_socket(tmp_path: Path) -> None:
    line = "guest x.sock raw --payload-hex"

    assert typed("bash", f"{line[:-2]}\t", tmp_path) == line


def test_fish_finds_it_where_the_wheel_puts_it(tmp_path: Path) -> None:
    (tmp_path / "vsk").touch(0o755)  # fish looks only for what is there

    found = subprocess.check_output(
        ["fish", "-c", "complete -C 'vsk tor'"],
        env={
            "PATH": f"{tmp_path}:/usr/bin:/bin",
            "XDG_DATA_DIRS": f"{pages.SHARE}:/usr/share",
            "HOME": str(tmp_path),
        },
        text=True,
    )

    assert found.startswith("torture\t")


def test_bash_completion_finds_it_where_the_wheel_puts_it(tmp_path: Path) -> None:
    script = ". /usr/share/bash-completion/bash_completion; _completion_loader vsk; complete -p vsk"

    found = subprocess.check_output(
        ["bash", "--norc", "-c", script],
        env={"PATH": "/usr/bin:/bin", "XDG_DATA_DIRS": str(pages.SHARE), "HOME": str(tmp_path)},
        text=True,
    )

    assert found.strip().endswith("-F _shtab_vsk vsk")
