# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Pages of traces in the system's Chromium, which no request may leave."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, sync_playwright

import vsk

PORT = 80
# As many steps at once.
TYPE = """count => {
    for (let i = 0; i < count; i++)
        document.body.dispatchEvent(new KeyboardEvent("keydown", {key: "j", bubbles: true}));
}"""
# All that a step changes: where each part stands, and what the panels say.
SEEN = """() => {
    const all = (place) => Array.from(document.querySelectorAll(place), (e) => e.innerText);
    const names = all("#packet dt"), values = all("#packet dd");
    return {
        places: [
            parseInt(all("#packet h2")[0].slice(1)),
            parseInt(all("#here")[0].slice(1)),
            Number(document.querySelector("#track").getAttribute("aria-valuenow")),
            Number(all("[role=option][aria-selected=true] .number")[0]),
        ],
        fields: Object.fromEntries(names.map((name, i) => [name, values[i]])),
        steps: all("#why li"),
        rules: all("#why dt"),
        credit: all("#credit td:not([colspan])"),
        rings: all("#rings h3"),
    };
}"""
Opener = Callable[..., "Shown"]


class Shown:
    """A page that is open, and what is seen of it."""

    def __init__(self, page: Page, path: Path) -> None:
        self.page = page
        self.path = path
        self.requests: list[str] = []
        self.errors: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda line: self.errors.append(line.text))
        page.goto(path.as_uri())

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def text(self, place: str) -> str:
        return self.page.locator(place).inner_text()

    def find(self, place: str) -> Locator:
        return self.page.locator(place)

    def click(self, place: str) -> None:
        self.page.locator(place).click()

    def number(self) -> int:
        """The entry that is chosen, by the panel of its packet."""
        return int(self.text("#packet h2").split()[0].removeprefix("#"))

    def seen(self) -> dict[str, Any]:
        """All that a step changes."""
        seen: dict[str, Any] = self.page.evaluate(SEEN)
        return seen

    def places(self) -> list[int]:
        """The entry that each part of the page stands at: packet, scale, timeline, list."""
        places: list[int] = self.seen()["places"]
        return places

    def steps_to(self, number: int) -> None:
        """Go to an entry by keys; all entries are shown."""
        self.press("Home")
        self.page.evaluate(TYPE, number - self.number())
        assert self.number() == number

    def shot(self, name: str) -> None:
        """Keep a screenshot for who wants to look."""
        folder = Path(os.environ["VSK_BUILD"]) / "browser"
        folder.mkdir(exist_ok=True)
        self.page.screenshot(path=folder / f"{name}.png")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium, without a window."""
    chromium = shutil.which("chromium")
    assert chromium is not None, "Debian's package chromium is missing"
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Opener]:
    """Open a page; at the end no script has failed, and nothing was asked of anybody."""
    opened: list[Shown] = []

    def opener(text: str, width: int = 1280, height: int = 800, scheme: str = "light") -> Shown:
        path = tmp_path / f"page{len(opened)}.html"
        path.write_text(text, encoding="utf-8")
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,  # type: ignore[arg-type]
            offline=True,
        )
        opened.append(Shown(context.new_page(), path))
        return opened[-1]

    yield opener
    for shown in opened:
        assert shown.errors == []
        assert shown.requests == [shown.path.as_uri()]
        shown.page.context.close()


class Slow(vsk.Device):
    """Sends back what comes; one that comes to its second port is not read."""

    def on_request(self, conn: vsk.Conn) -> None:
        conn.accept()

    def on_data(self, conn: vsk.Conn, data: memoryview) -> None:
        if conn.local_port == PORT:
            conn.send(data)
        else:
            conn.pause()


@pytest.fixture(scope="session")
def lab() -> vsk.Lab:
    """A lab in which something was said, refused, and never read."""
    lab = vsk.Lab(Slow(cid=3, buf_alloc=4096))
    conn = lab.guest.connect(2, PORT)
    conn.exchange(b"</script><script>alert(1)</script>")
    lab.guest.tx(op="RW", src_port=5555, dst=(2, PORT), payload=b"nobody asked", layout=[44, 1, 11])
    lab.guest.tx(op="RW", src_port=5556, dst=(2, PORT), len=77)
    for size in (1, 300, 5000):
        conn.exchange(b"x" * size)
    stuck = lab.guest.connect(2, 81)
    stuck.send(b"y" * 6000)
    lab.run(within=10)
    conn.close()
    lab.run(within=10)
    return lab


@pytest.fixture(scope="session")
def text(lab: vsk.Lab) -> str:
    """Its page."""
    return lab.trace.html(title="A lab")
