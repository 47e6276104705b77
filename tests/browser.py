"""A real Chromium that opens reports from the disk, without a network."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from reports.frames import read_frames
from reports.page import page as page_of
from reports.verdict import judge

BUILT = datetime(2026, 11, 24, 8, 41, tzinfo=UTC)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the Chromium of the machine; the test fails where there is none."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.fail("these tests need Chromium: apt-get install chromium", pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


def write_page(folder: Path) -> Path:
    """Build the page of a results folder beside it."""
    frames = read_frames(folder)
    path = folder.with_suffix(".html")
    path.write_text(page_of(frames, judge(frames), BUILT), encoding="utf-8")
    return path


@dataclass
class Opened:
    """An open page with everything that it said and asked for."""

    page: Page
    messages: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def run(self, script: str, argument: Any = None) -> Any:
        """Evaluate a function in the page."""
        return self.page.evaluate(script, argument)

    def traces(self, figure: str, what: str) -> list[dict[str, Any]]:
        """Return the traces of a kind that a figure draws now."""
        script = """([id, what]) => document.getElementById('figure-' + id).data
            .filter(trace => trace.meta && trace.meta.what === what)
            .map(trace => ({v: trace.meta.v, seed: trace.meta.seed,
                            x: Array.from(trace.x), y: Array.from(trace.y)}))"""
        found: list[dict[str, Any]] = self.run(script, [figure, what])
        return found

    def settle(self) -> None:
        """Wait until the controls' redrawing is done."""
        self.run("() => new Promise(done => setTimeout(done, 60))")


@contextmanager
def opened(
    browser: Browser,
    path: Path,
    *,
    width: int = 1440,
    scheme: str = "light",
    script: str = "on",
    fragment: str = "",
) -> Iterator[Opened]:
    """Open a page from the disk, offline, and draw all its figures."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        java_script_enabled=script == "on",
        offline=True,
    )
    page = context.new_page()
    seen = Opened(page)
    page.on("console", lambda message: seen.messages.append(message.text))
    page.on("pageerror", lambda error: seen.messages.append(str(error)))
    page.on("request", lambda request: seen.requests.append(request.url))
    page.on("dialog", lambda dialog: (seen.dialogs.append(dialog.message), dialog.dismiss()))
    page.goto(path.as_uri() + fragment)
    if script == "on":
        page.wait_for_selector("html[data-ready]", state="attached", timeout=60_000)
        assert seen.run("() => document.documentElement.dataset.ready") == "1", seen.messages
        seen.run("() => window.report.drawAll()")
    yield seen
    context.close()
