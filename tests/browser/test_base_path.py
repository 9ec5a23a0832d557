"""The panel at https://localhost/agents/, behind nginx, as a person uses it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, WebSocket, expect

from tests.browser.chromium import PASSWORD, WIDE, sign_in
from tests.proxies import Proxy, nginx
from tests.servers import Servers

pytestmark = [pytest.mark.browser, pytest.mark.services]

BASE = "/agents"


@pytest.fixture
def proxy(servers: Servers, tmp_path: Path) -> Iterator[Proxy]:
    server = servers.start(KAKOCLAW_BASE_PATH=BASE, KAKOCLAW_HTTPS="1")
    server.add_user("ada", PASSWORD, staff=True)
    with nginx(tmp_path, server.url) as proxy:
        yield proxy


@pytest.fixture
def page(proxy: Proxy, browser: Browser) -> Iterator[Page]:
    """A page of a browser that complains about everything that leaves the path, and about all that the console says."""
    complaints: list[str] = []
    context = browser.new_context(ignore_https_errors=True, viewport=WIDE)  # type: ignore[arg-type]
    context.set_default_timeout(15_000)

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(f"{message.text} {message.location}")

    def sent(address: str) -> None:
        below = (f"{proxy.origin}{BASE}/", f"{proxy.origin.replace('https', 'wss')}{BASE}/", "data:", "blob:")
        if not address.startswith(below):
            complaints.append(f"a request left the path: {address}")

    def asked(request: Request) -> None:
        sent(request.url)

    def opened(socket: WebSocket) -> None:
        sent(socket.url)

    context.on("console", heard)
    context.on("weberror", lambda problem: complaints.append(str(problem.error)))
    context.on("request", asked)
    page = context.new_page()
    page.on("websocket", opened)
    yield page
    context.close()
    assert complaints == []


def test_the_whole_panel_works_below_a_path_over_tls(proxy: Proxy, page: Page) -> None:
    home = f"{proxy.origin}{BASE}/"
    page.goto(home)
    expect(page).to_have_url(f"{home}login?next={BASE}/")
    sign_in(page, "ada")
    expect(page).to_have_url(home)
    assert {(cookie["path"], cookie["secure"]) for cookie in page.context.cookies()} == {(f"{BASE}/", True)}

    page.get_by_label("Message").fill("count 500 every 50ms")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("[data-turn]").last).to_contain_text("1 2 3")
    assert page.url.startswith(f"{home}chat/")
    page.get_by_role("button", name="Stop", exact=True).click()
    turn = page.locator("[data-turn]").last
    expect(turn.locator(".status[data-status=canceled]")).to_be_visible()
    page.reload()
    expect(page.locator("[data-turn]").last).to_contain_text("1 2 3")

    turn = page.locator("[data-turn]").last
    turn.get_by_role("link", name="Details").click()
    assert page.url.startswith(f"{home}executions/")
    for name in ("Activity", "History", "Settings"):
        page.get_by_role("link", name=name).first.click()
        expect(page).to_have_url(home + name.lower())
    page.goto(f"{home}admin/")
    expect(page.get_by_role("link", name="Back to the panel")).to_have_attribute("href", f"{BASE}/")
    page.goto(f"{home}api/v1/docs/")
    expect(page.get_by_text(f"{BASE}/api/v1/executions/").first).to_be_visible()
