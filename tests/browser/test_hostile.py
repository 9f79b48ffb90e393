# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Text that wants to be markup, and a page that may load, ask and keep nothing."""

from pathlib import Path

import pytest
from conftest import Opener

import vsk

MARKUP = (
    "</script </script><script>window.pwned=1</script><!--<img src=x onerror=pwned=1>\"'&lt;b&gt;"
)


@pytest.fixture
def hostile(tmp_path: Path) -> str:
    """The page of a capture whose every text is markup."""
    path = tmp_path / "x.pcapng"
    with vsk.Capture(path, "w") as capture:
        request = vsk.Packet(src=(3, 1024), dst=(2, 1234), op="REQUEST", buf_alloc=100)
        capture.write(request, comment=MARKUP)
        packet = vsk.Packet(src=(3, 1024), dst=(2, 1234), op="RW", payload=MARKUP.encode())
        capture.write(packet, comment=MARKUP)
        big = vsk.Packet(src=(2**64 - 1, 2**32 - 1), dst=(2**63, 9), op=65535, type=65535)
        capture.write(big, comment="\u202e\x00")
    return vsk.Capture(path).html(title=MARKUP)


def test_hostile_text_is_text(show: Opener, hostile: str) -> None:
    shown = show(hostile)

    shown.press("j")
    assert shown.find("#packet p.code").all_inner_texts()[-1] == f"# {MARKUP}"
    shown.press("j")

    assert shown.text("#title") == MARKUP
    assert shown.page.title() == MARKUP
    assert shown.find("#packet dd").first.inner_text() == str(2**64 - 1)
    assert shown.page.evaluate("typeof pwned") == "undefined"
    assert shown.find("img").count() == 0
    assert shown.find("script").count() == 2


def test_a_capture_says_that_it_has_no_rings(show: Opener, hostile: str) -> None:
    shown = show(hostile)

    assert (
        shown.text("#rings") == "Rings\n\nA capture has packets alone: it knows nothing of rings."
    )


def test_the_policy_forbids_the_network(show: Opener, text: str) -> None:
    shown = show(text)

    told = shown.page.evaluate(
        """async () => {
            const told = [];
            addEventListener("securitypolicyviolation", (e) => told.push(e.effectiveDirective));
            await fetch("https://example.invalid/").catch(() => {});
            new Image().src = "https://example.invalid/x.png";
            const script = document.createElement("script");
            script.textContent = "pwned = 1";
            document.body.append(script);
            await new Promise((done) => setTimeout(done, 100));
            return [...told, typeof pwned];
        }"""
    )

    assert sorted(told) == ["connect-src", "img-src", "script-src-elem", "undefined"]
    # Chromium tells of each, and names what was not even asked for.
    shown.errors.clear()
    shown.requests.remove("https://example.invalid/x.png")


def test_nothing_is_stored(show: Opener, text: str) -> None:
    shown = show(text)
    shown.press("t", "j", " ")
    shown.page.wait_for_timeout(600)

    assert shown.page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [
        0,
        0,
        "",
    ]
