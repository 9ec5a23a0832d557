"""Chromium in front of a real server. One server serves all tests of this folder; every test signs in anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright

from tests.browser.chromium import ARGUMENTS, CHROMIUM, PASSWORD, PHONE, WIDE, sign_in
from tests.servers import Server, Servers

__all__ = ["PASSWORD", "PHONE", "WIDE", "Visit"]

SECONDS = 15_000
expect.set_options(timeout=SECONDS)


@pytest.fixture(scope="session")
def site(prepared_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real server with the users ada and bob."""
    servers = Servers(prepared_home, tmp_path_factory.mktemp("browser"))
    server = servers.start()
    server.add_user("ada", PASSWORD)
    server.add_user("bob", PASSWORD)
    yield server
    servers.close()
    assert "Traceback" not in server.log, server.log


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium: the system's, or the one that Playwright has installed.

    Playwright's event loop runs in the tests' thread for as long as this lives; it ends with the module, because
    asynchronous tests that come after it need a loop of their own.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


Visit = Callable[..., Page]


@pytest.fixture
def visit(site: Server, browser: Browser) -> Iterator[Visit]:
    """Sign somebody in, in a browser of their own; what the pages complain about fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error" and "status of 404" not in message.text:
            complaints.append(message.text)

    def sent(request: Request) -> None:
        if not request.url.startswith((site.url, "data:", "blob:")):
            complaints.append(f"a request left the site: {request.url}")

    def visit(user: str = "ada", viewport: dict[str, int] | None = None) -> Page:
        context = browser.new_context(base_url=site.url, viewport=viewport or WIDE)  # type: ignore[arg-type]
        context.set_default_timeout(SECONDS)
        contexts.append(context)
        context.on("console", heard)
        context.on("weberror", lambda problem: complaints.append(str(problem.error)))
        context.on("request", sent)
        page = context.new_page()
        page.goto("/login")
        sign_in(page, user)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert complaints == []
