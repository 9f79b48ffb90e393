# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Lessons as notebooks: made of their text, run, and what they print as text."""

import re
import subprocess
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbclient import NotebookClient

TOP = Path(__file__).parents[2]
FOLDER = TOP / "docs" / "lessons"
SAID = Path(__file__).parent  # what each of them prints, as it is to be
SLOW = {"09_linux"}  # boots a kernel; it does not print the same twice
TIMEOUT = 120
CLAUSE = re.compile(r"\b[A-Z]+-(?:BOTH|DRV|DEV)-\d+\b")


def texts() -> list[Path]:
    """The text of each lesson, in order."""
    return sorted(FOLDER.glob("[0-9][0-9]_*.md"))


def scripts() -> list[Path]:
    """Each lesson in Lua, in order."""
    return sorted(FOLDER.glob("[0-9][0-9]_*.lua"))


def notebook(text: Path) -> Any:
    """Make a notebook of a text, the same one each time."""
    made = jupytext.read(text, fmt="md:myst")
    for number, cell in enumerate(made.cells, 1):
        cell.id = f"cell-{number}"
    made.metadata.pop("jupytext", None)
    return nbformat.from_dict(made)


def written(text: Path) -> str:
    """The notebook of a text as its file."""
    return str(nbformat.writes(notebook(text))) + "\n"


def run(text: Path) -> Any:
    """Run a lesson in a kernel of its own; an exception ends it, unless a cell says otherwise."""
    made = notebook(text)
    quiet = ["--log-level=ERROR"]
    NotebookClient(made, timeout=TIMEOUT, kernel_name="python3", extra_arguments=quiet).execute()
    return made


def output(cell: Any) -> str:
    """What a cell has printed, and the text of what it shows."""
    said = ""
    for each in cell.outputs:
        if each.output_type == "stream":
            said += each.text  # what one print prints may come in pieces
        elif each.output_type == "error":
            said += f"{each.ename}: {each.evalue}\n"
        else:
            said += each.data["text/plain"] + "\n"
    return said


def prompted(source: str) -> str:
    """Code as a reader knows it from the prompt."""
    return "\n".join(f">>> {line}".rstrip() for line in source.splitlines())


def cells(made: Any) -> list[str]:
    """Each cell with code, and what came of it."""
    return [
        f"{prompted(cell.source)}\n{output(cell)}".strip() + "\n"
        for cell in made.cells
        if cell.cell_type == "code"
    ]


def whole(made: Any) -> str:
    """A lesson as it is read in a terminal: text, code, and what came of it."""
    parts = iter(cells(made))
    return "\n".join(
        next(parts) if cell.cell_type == "code" else f"{cell.source}\n" for cell in made.cells
    )


def printed(script: Path) -> str:
    """What a lesson in Lua prints; LUA_PATH_5_4 leads to the kit."""
    done = subprocess.run(
        ["lua5.4", script], cwd=FOLDER, capture_output=True, text=True, timeout=TIMEOUT
    )
    return done.stdout + done.stderr


def said(lesson: Path) -> Path:
    """The file with what a lesson prints: NN_noun.txt, of one in Lua NN_noun.lua.txt."""
    return SAID / f"{lesson.name.removesuffix('.md')}.txt"


def write() -> list[Path]:
    """Write the notebooks, and what lessons print, where it is not so yet; give the files."""
    wanted = {text.with_suffix(".ipynb"): written(text) for text in texts()}
    for text in texts():
        if text.stem not in SLOW:
            wanted[said(text)] = "\n".join(cells(run(text)))
    wanted |= {said(script): printed(script) for script in scripts()}
    made = [p for p, words in wanted.items() if not p.exists() or p.read_text() != words]
    for path in made:
        path.write_text(wanted[path])
    return made


def find(word: str) -> Path:
    """A lesson by its number, or by its file."""
    if not re.fullmatch(r"\d+", word):
        return Path(word)
    (text,) = FOLDER.glob(f"{int(word):02}_*.md")
    return text
