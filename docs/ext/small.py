# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Cells of lessons with what they print; the table of all statuses; what is no link, no entry."""

import re
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.nodes import Element
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx import addnodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.directives.code import CodeBlock
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

SAID = Path(__file__).parents[2] / "tests" / "lessons"  # what each cell prints; tests hold it
LISTED = {"enum", "function", "struct", "type", "union"}


class CodeCell(CodeBlock):
    """code-cell LANGUAGE: a cell of a notebook."""

    option_spec: ClassVar = {**CodeBlock.option_spec, "tags": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        """Show it as the code that it is."""
        language = self.arguments[0] if self.arguments else "python"
        self.arguments[:] = [language.removeprefix("i").rstrip("3")]
        printed = self._printed()
        return super().run() + ([nodes.literal_block(printed, printed)] if printed else [])

    def _printed(self) -> str:
        """Give what it prints, where a test keeps that: code as at a prompt, then the output."""
        folder, _, name = self.env.docname.rpartition("/")
        file = SAID / f"{name}.txt"
        if folder != "lessons" or not file.exists():
            return ""
        self.env.note_dependency(str(file))
        code = "\n".join(f">>> {line}".rstrip() for line in self.content)
        cells = re.split(r"\n\n(?=>>>)", file.read_text())
        number = self.env.temp_data.get("cells", 0)
        self.env.temp_data["cells"] = number + 1
        if number >= len(cells) or not f"{cells[number]}\n".startswith(f"{code}\n"):
            raise self.error(f"{file} has not this cell: ./run lessons --write makes it anew")
        return cells[number].removeprefix(code).strip("\n")


class Statuses(SphinxDirective):
    """statuses: name, value, rule and clause of each."""

    def run(self) -> list[nodes.Node]:
        """Ask the core."""
        from vsk import Status, _core

        rows = [".. list-table::", "   :header-rows: 1", "", "   * - status", "     - value"]
        rows += ["     - what it says", "     - clause"]
        for status in Status:
            value, clause = status.value, _core.status_clause(status.value)
            rows += [f"   * - ``{status.name}``", f"     - {value}"]
            rows += [f"     - {_core.status_text(value)}", f"     - {clause}"]
        node = nodes.container()
        self.state.nested_parse(StringList(rows, source="statuses"), 0, node)
        return node.children


def plain(app: Sphinx, env: BuildEnvironment, node: pending_xref, words: Element) -> Element | None:
    """Leave names of headers and members as they are: Doxygen links them, breathe does not."""
    target = node.get("reftarget", "")
    return words if target.endswith("_8h") or target.startswith("struct") else None


def shorten(app: Sphinx, page: nodes.document) -> None:
    """Leave members and constants of C out of the contents of a page: breathe lists all it has."""
    for node in page.findall(addnodes.desc):
        listed = node["objtype"] in LISTED and not isinstance(node.parent, addnodes.desc_content)
        for sign in node.findall(addnodes.desc_signature):
            if not listed:
                sign["_toc_name"] = ""


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx of them."""
    app.add_directive("code-cell", CodeCell)
    app.add_directive("statuses", Statuses)
    app.connect("missing-reference", plain)
    app.connect("doctree-read", shorten, priority=100)  # before the contents are collected
    return {"parallel_read_safe": True}
