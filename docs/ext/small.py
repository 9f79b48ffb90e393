# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Cells of lessons, shown and not run; the table of all statuses; words that are no links."""

from typing import ClassVar

from docutils import nodes
from docutils.nodes import Element
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.directives.code import CodeBlock
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective


class CodeCell(CodeBlock):
    """code-cell LANGUAGE: a cell of a notebook."""

    option_spec: ClassVar = {**CodeBlock.option_spec, "tags": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        """Show it as the code that it is."""
        language = self.arguments[0] if self.arguments else "python"
        self.arguments[:] = [language.removeprefix("i").rstrip("3")]
        return super().run()


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


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx of them."""
    app.add_directive("code-cell", CodeCell)
    app.add_directive("statuses", Statuses)
    app.connect("missing-reference", plain)
    return {"parallel_read_safe": True}
