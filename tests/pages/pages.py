# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The man page of vsk and what shells complete, as files that packages put below share."""

import argparse
import datetime
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

import shtab
from argparse_manpage.manpage import Manpage

from vsk import __version__
from vsk.command import _parser

SHARE = Path(__file__).parents[2] / "python" / "share"
ARE_FILES = {"DEVICE", "FILE", "PATH", "SOCKET"}
NAME = "the virtio-vsock kit: devices, guests and captures of vsock"


def tree(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """A parser, and those of its verbs, each once."""
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner in dict.fromkeys(action.choices.values()):
                yield from tree(inner)


def verbs_last(parser: argparse.ArgumentParser) -> None:
    """Let a parser's own arguments stand before its verbs, which have a group of their own."""
    mine = parser._positionals._group_actions
    for action in [one for one in mine if isinstance(one, argparse._SubParsersAction)]:
        mine.remove(action)
        parser.add_argument_group("verbs")._group_actions.append(action)


def man() -> str:
    """The man page; its date is today's."""
    parser = _parser()
    for inner in tree(parser):
        # argparse-manpage leaves out how a verb ends, and --help of each.
        inner.description = f"{inner.description} {inner.epilog or ''}".strip()
        verbs_last(inner)
    with mock.patch.dict(os.environ, COLUMNS="72"):  # man indents
        page = Manpage(
            parser,
            {
                "project_name": "vsk",
                "version": __version__,
                "description": NAME,
                "manual_title": "User Commands",
            },
            format="single-commands-section",
        )
        # mandoc takes no date with escapes in it.
        page.date = datetime.date.today().strftime("%B %d, %Y")
        parser.epilog = None
        return str(page)


def completion(shell: str) -> str:
    """What a shell sources to complete the words of vsk."""
    parser = _parser()
    for inner in tree(parser):
        for action in inner._actions:
            if action.metavar in ARE_FILES:
                action.complete = shtab.FILE
            elif action.metavar == "FOLDER":
                action.complete = shtab.DIRECTORY
            elif isinstance(action, argparse._SubParsersAction):
                # A verb's line in the list, not its whole description.
                for choice in action._choices_actions:
                    action.choices[choice.dest].description = choice.help
    return str(shtab.complete(parser, shell))


PAGES: dict[str, Callable[[], str]] = {
    "man/man1/vsk.1": man,
    "bash-completion/completions/vsk": lambda: completion("bash"),
    "zsh/site-functions/_vsk": lambda: completion("zsh"),
    "fish/vendor_completions.d/vsk.fish": lambda: completion("fish"),
}


def body(text: str) -> str:
    """A page without the line that has the date."""
    return "\n".join(line for line in text.splitlines() if not line.startswith(".TH "))


def write(share: Path = SHARE) -> list[str]:
    """Make the pages that are not what they would be; give their names."""
    made = []
    for name, make in PAGES.items():
        path, text = share / name, make()
        if path.exists() and body(path.read_text()) == body(text):
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        made.append(name)
    return made
