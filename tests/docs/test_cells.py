# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A lesson, as jupytext writes it, is a page of the site: its cells are shown as code."""

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
