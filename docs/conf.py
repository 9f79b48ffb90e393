# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The site, for Sphinx; ./run docs builds it with every warning an error."""

import subprocess
import sys
from pathlib import Path

from sphinx.application import Sphinx

import vsk

DOCS = Path(__file__).parent
TOP = DOCS.parent
XML = TOP / "build" / "docs" / "doxygen"
sys.path.insert(0, str(DOCS / "ext"))

project = "vsk"
author = "the vsk developers"
copyright = "the vsk developers. Apache-2.0 or BSD-3-Clause"
release = vsk.__version__
extensions = [
    "breathe",
    "lua_api",
    "myst_parser",
    "python_api",
    "small",
]
exclude_patterns = ["requirements.txt"]
highlight_language = "none"
nitpicky = True
nitpick_ignore_regex = [  # of the languages themselves: the built site asks nobody else's
    ("c:identifier", r"u?int\d+_t|size_t|ssize_t|va_list|.*@\d+"),
    (
        "py:class",
        r"(asyncio|collections|os|pathlib|subprocess|types|typing)\..*|Buffer|Iterator|Self|Sequence",
    ),
]
default_role = "code"
smartquotes = False  # words of docstrings are code as often as not

myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]

html_theme = "furo"
html_title = "vsk"
html_copy_source = False
html_show_sphinx = False

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
# Sphinx 9.0's new way fails where a signature comes from nowhere but an event: that is our stub.
autodoc_use_legacy_class_based = True
autodoc_docstring_signature = False
add_module_names = False
toc_object_entries = False  # headings are enough, and a third of the time

breathe_projects = {"vsk": str(XML / "xml")}
breathe_default_project = "vsk"
breathe_domain_by_extension = {"h": "c"}
breathe_show_include = False


def doxygen() -> None:
    """Let Doxygen read the headers."""
    XML.mkdir(parents=True, exist_ok=True)
    text = (DOCS / "Doxyfile").read_text()
    text += f"INPUT = {TOP / 'core/vsk'} {TOP / 'core/vhost'}\n"
    text += f"STRIP_FROM_PATH = {TOP / 'core'}\nOUTPUT_DIRECTORY = {XML}\n"
    subprocess.run(["doxygen", "-"], input=text, text=True, check=True)


def with_lessons(app: Sphinx, page: str, source: list[str]) -> None:
    """Put each lesson below their list, which is read outside of the site too."""
    if page == "lessons/README":
        source[0] += "\n```{toctree}\n:hidden:\n:glob:\n\n[0-9]*\n```\n"


def setup(app: Sphinx) -> None:
    """Be asked for each page that is read."""
    app.connect("source-read", with_lessons)


doxygen()
