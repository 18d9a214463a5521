"""A scripted twin for the page, and a real browser in front of it."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Browser, ConsoleMessage, Error, Page, Route, async_playwright

from servers import serving
from stage import Stage

CHROMIUM: Final = Path("/usr/bin/chromium")

# The browser's own word on connections and answers that a test made fail.
EXPECTED: Final = ("ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_CONNECTION", "status of 404", "of 503")


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """A scripted twin on a free loopback port."""
    stage = Stage()
    async with serving(stage.app()) as address:
        stage.url = f"{address}/"
        yield stage
        stage.drop()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium, headless."""
    if not CHROMIUM.exists():
        if os.environ.get("CI"):
            pytest.fail(f"no browser at {CHROMIUM}")
        pytest.skip(f"NO BROWSER at {CHROMIUM}: the page is not tested")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        await browser.close()


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A tab at a desk. No test may make it complain, or ask for anything beyond its own server."""
    tab = await browser.new_page(viewport={"width": 1440, "height": 900})
    complaints: list[str] = []
    elsewhere: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        known = any(word in message.text for word in EXPECTED)
        if message.type in {"error", "warning"} and not known:
            complaints.append(message.text)

    def fail(error: Error) -> None:
        complaints.append(str(error))

    async def gate(route: Route) -> None:
        if route.request.url.startswith("http://127.0.0.1:"):
            await route.continue_()
        else:
            elsewhere.append(route.request.url)
            await route.abort()

    tab.on("console", hear)
    tab.on("pageerror", fail)
    await tab.route("**/*", gate)
    yield tab
    await tab.close()
    await asyncio.sleep(0)
    assert not elsewhere, "a request left the origin"
    assert not complaints
