# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Links lead somewhere: within the tree to what is there, elsewhere to what links.txt has.

Links between pages are Sphinx's, which warns; tests have no network, so those that lead elsewhere
are looked at when somebody adds them to the list.
"""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from conftest import TOP

FRONT = [TOP / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")]
PAGES = [*FRONT, *sorted((TOP / "docs").rglob("*.md"))]
ADDRESS = re.compile(r"https?://[^\s)>\"`\]]+")


def test_every_address_elsewhere_is_one_of_the_list() -> None:
    known = Path(__file__).with_name("links.txt").read_text().split()
    found = {link for page in PAGES for link in ADDRESS.findall(page.read_text())}

    assert found == set(known)
    assert known == sorted(set(known))


def test_every_address_of_the_list_has_the_form_of_one() -> None:
    for link in Path(__file__).with_name("links.txt").read_text().split():
        parts = urlsplit(link)
        assert parts.scheme == "https"
        assert re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", parts.netloc), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(TOP)))
def test_every_relative_link_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s:#]+)(?:#[^)]*)?\)", page.read_text())

    assert [link for link in links if not (page.parent / link).exists()] == []
