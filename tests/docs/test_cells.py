# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A lesson, as jupytext writes it, is a page of the site: its cells are code, with what they print.

Contents of a page of C name what is called and no members.
"""

import html
import re
import subprocess
import sys
from pathlib import Path

LESSON = """\
---
jupytext:
  text_representation: {extension: .md, format_name: myst}
kernelspec: {display_name: Python 3, language: python, name: python3}
---

# A lesson

```{code-cell} ipython3
:tags: [hide-output]

import vsk
```

+++

Behind a break.

```{code-cell}
print("hello")
```
"""


def test_cells_are_code_without_a_warning(top: Path, tmp_path: Path) -> None:
    (tmp_path / "index.md").write_text(LESSON)
    (tmp_path / "conf.py").write_text(
        f"import sys\nsys.path.insert(0, {str(top / 'docs' / 'ext')!r})\n"
        "extensions = ['myst_parser', 'small']\n"
    )
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "-b", "html", ".", "html"]

    subprocess.run(command, cwd=tmp_path, check=True)

    page = (tmp_path / "html" / "index.html").read_text()
    assert page.count('<div class="highlight">') == 2
    assert "hide-output" not in page


def test_each_cell_is_followed_by_what_it_prints(top: Path) -> None:
    for lesson in sorted((top / "docs" / "lessons").glob("[0-9]*.md")):
        file = top / "tests" / "lessons" / f"{lesson.stem}.txt"
        if not file.exists():
            assert lesson.stem == "09_linux"  # a kernel of another version prints something else
            continue
        page = (top / "build/docs/html/lessons" / f"{lesson.stem}.html").read_text()
        shown = html.unescape(re.sub(r"<[^>]*>", "", page))
        lines = [line for line in file.read_text().splitlines() if not line.startswith(">>>")]
        assert len(lines) > 20
        assert [line for line in lines if line not in shown] == []


def test_a_cell_that_was_changed_is_seen(top: Path, tmp_path: Path) -> None:
    lesson = (top / "docs" / "lessons" / "01_packet.md").read_text()
    (tmp_path / "lessons").mkdir()
    page = tmp_path / "lessons" / "01_packet.md"
    (tmp_path / "index.md").write_text("# Index\n\n```{toctree}\nlessons/01_packet\n```\n")
    (tmp_path / "conf.py").write_text(
        f"import sys\nsys.path.insert(0, {str(top / 'docs' / 'ext')!r})\n"
        "extensions = ['myst_parser', 'small']\n"
    )
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", ".", "html"]
    page.write_text(lesson.replace("packet.hexdump()", "packet.hexdump( )", 1))

    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True).stderr

    assert "has not this cell" in said


def test_contents_of_c_name_no_members(top: Path) -> None:
    page = (top / "build/docs/html/reference/c/queues.html").read_text()
    contents = page.partition('<div class="toc-tree">')[2].partition("</aside>")[0]

    assert "vsk_chain_walk()" in contents
    assert "VSK_DESC_SIZE" not in contents
    assert ">readable<" not in contents
