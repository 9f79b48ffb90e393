# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Lessons say what they are to say, as notebooks and in Lua; what is made of them is not old."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from vsk.lesson import NAMES, Lesson
from vsk.view.clauses import CLAUSES

from . import notebooks

TEXTS = notebooks.texts()
SCRIPTS = notebooks.scripts()
SHOWN = """
```{code-cell} python
import vsk
queue = vsk.Queue(vsk.Memory(4096), 4)
queue.driver.send(vsk.Packet(payload=b"A"))
queue.show()
```

```{code-cell} python
vsk.Packet(payload=b"A").hexdump()
```

```{code-cell} python
lab = vsk.Lab(vsk.Device())
lab.guest.show("rx")
```

```{code-cell} python
import contextlib, io
with contextlib.redirect_stdout(io.StringIO()) as aside:
    queue.show()
len(aside.getvalue()) > 100
```
"""
OLD = "./run lessons --write makes it anew: read what has changed"


def name_of(value: Path) -> str:
    return value.name


@pytest.mark.parametrize("text", TEXTS, ids=name_of)
def test_the_notebook_is_that_of_the_text_and_has_no_output(text: Path) -> None:
    assert text.with_suffix(".ipynb").read_text() == notebooks.written(text), OLD


@pytest.mark.parametrize(
    "text", [text for text in TEXTS if text.stem not in notebooks.SLOW], ids=name_of
)
def test_what_a_reader_sees_is_what_was_read(text: Path) -> None:
    seen = "\n".join(notebooks.cells(notebooks.run(text)))

    assert seen == notebooks.said(text).read_text(), OLD


def test_what_is_shown_in_a_notebook_has_colours(tmp_path: Path) -> None:
    text = tmp_path / "00_shown.md"
    text.write_text(SHOWN)

    *shown, aside = notebooks.run(text).cells

    assert len(shown) == 3
    for cell in shown:
        (output,) = cell.outputs
        assert output.output_type == "display_data"
        assert 'style="color:' in output.data["text/html"]
        assert "A" in output.data["text/plain"]
    assert [output.data["text/plain"] for output in aside.outputs] == ["True"]


@pytest.mark.parametrize("script", SCRIPTS, ids=name_of)
def test_what_a_reader_of_lua_sees_is_what_was_read(script: Path) -> None:
    assert notebooks.printed(script) == notebooks.said(script).read_text(), OLD


@pytest.mark.parametrize("text", TEXTS, ids=name_of)
def test_a_lesson_has_each_exercise_and_a_thing_to_break(text: Path) -> None:
    words = text.read_text()
    number, noun = text.stem.split("_")
    count = len(Lesson(int(number))._exercises)

    assert NAMES[int(number) - 1] == noun
    assert 2 <= count <= 4
    assert re.findall(r"lesson\.check\((\d+)", words) == [str(n + 1) for n in range(count)]
    assert "## Break it\n" in words
    assert notebooks.CLAUSE.search(words.rpartition("\n## ")[2]), (
        "the end says where the specification has it"
    )


def checks(text: Path) -> Iterator[ast.Call]:
    """The calls of lesson.check in the cells of a lesson."""
    for cell in notebooks.notebook(text).cells:
        if cell.cell_type == "code":
            for node in ast.walk(ast.parse(cell.source)):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "lesson.check":
                    yield node


@pytest.mark.parametrize("text", TEXTS, ids=name_of)
def test_each_exercise_is_given_as_many_answers_as_it_takes(text: Path) -> None:
    exercises = Lesson(int(text.name[:2]))._exercises

    assert [len(call.args) - 1 for call in checks(text)] == [each.answers for each in exercises]


@pytest.mark.parametrize("text", [*TEXTS, *SCRIPTS], ids=name_of)
def test_every_clause_that_a_lesson_names_is_known(text: Path) -> None:
    assert set(notebooks.CLAUSE.findall(text.read_text())) - set(CLAUSES) == set()


def test_the_list_has_every_lesson() -> None:
    listed = re.findall(
        r"\]\((\d\d_\w+\.(?:md|lua))\)", (notebooks.FOLDER / "README.md").read_text()
    )

    assert sorted(listed) == sorted(path.name for path in [*TEXTS, *SCRIPTS])
