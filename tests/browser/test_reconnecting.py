"""Sleep, a lost network, and a killed server: the page says so, comes back by itself, and has everything once."""

from __future__ import annotations

import re
import socket as sockets_of_the_machine

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from tests.browser.chromium import PASSWORD, WIDE, sign_in
from tests.browser.conftest import SECONDS, Visit
from tests.browser.test_chat import newest, numbers, send, wait_for_number
from tests.servers import Servers

pytestmark = pytest.mark.browser


class Line:
    """The wire between a page and the server: it can be cut, and it can swallow what is sent."""

    def __init__(self, page: Page) -> None:
        self.dead = False
        self.opened = 0
        self.newest: WebSocketRoute | None = None
        page.route_web_socket("**/ws/chat", self._open)

    def _open(self, route: WebSocketRoute) -> None:
        self.opened += 1
        self.newest = route
        if self.dead:
            route.close(code=1001)
            return
        server = route.connect_to_server()
        route.on_message(lambda text: None if self.dead else server.send(text))
        server.on_message(lambda text: None if self.dead else route.send(text))

    def cut(self) -> None:
        assert self.newest is not None
        self.newest.close(code=1001)


@pytest.fixture
def line(visit: Visit) -> tuple[Page, Line]:
    page = visit()
    here = page.url
    page.goto("about:blank")  # its first socket may still be about to open
    line = Line(page)
    page.goto(here)
    return page, line


def test_a_network_that_is_gone_is_said_in_words_and_nothing_is_missed(line: tuple[Page, Line]) -> None:
    page, wire = line
    send(page, "count 150 every 50ms")
    wait_for_number(page, 10)
    wire.dead = True
    page.context.set_offline(True)
    wire.cut()
    words = page.locator("[data-connection] [data-words]")
    expect(words).to_contain_text("You are offline. What runs goes on.")
    wire.dead = False
    page.context.set_offline(False)
    expect(words).to_have_text("Connected again.")
    expect(words).to_have_text("")
    newest(page, "succeeded")
    assert numbers(page) == list(range(1, 151))


def test_a_stop_asked_for_without_a_connection_reaches_the_run(line: tuple[Page, Line]) -> None:
    page, wire = line
    send(page, "count 5000 every 50ms")
    wait_for_number(page, 10)
    wire.dead = True
    wire.cut()
    expect(page.locator("[data-connection] [data-words]")).to_contain_text("Not connected. What runs goes on.")
    page.keyboard.press("Escape")
    newest(page, "canceled")
    wire.dead = False
    page.get_by_role("button", name="Try now").click()
    expect(page.locator("[data-connection] [data-words]")).to_have_text("Connected again.")
    counted = numbers(page)
    assert counted == list(range(1, len(counted) + 1))


def test_ten_minutes_of_sleep_lose_nothing_though_nobody_closed_the_connection(visit: Visit) -> None:
    page = visit()
    here = page.url
    page.goto("about:blank")
    page.clock.install()
    wire = Line(page)
    page.goto(here)
    send(page, "count 100 every 30ms")
    page.clock.run_for(1000)
    expect(page.locator("[data-turn] .blocks").last).to_contain_text(re.compile(r"\b5\b"))
    wire.dead = True  # asleep: what comes is lost, and no end of the connection is ever heard
    page.wait_for_timeout(500)
    page.clock.fast_forward("10:00")
    wire.dead = False
    page.clock.run_for(20_000)
    newest(page, "succeeded")
    assert numbers(page) == list(range(1, 101))


def test_a_server_that_is_killed_and_started_again_loses_nothing_that_was_shown(
    servers: Servers, browser: Browser
) -> None:
    with sockets_of_the_machine.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    quick = {"KAKOCLAW_LEASE_SECONDS": "3", "KAKOCLAW_HEARTBEAT_SECONDS": "1"}
    server = servers.start(PORT=port, **quick)
    server.add_user("ada", PASSWORD)
    context = browser.new_context(base_url=server.url, viewport=WIDE)  # type: ignore[arg-type]
    context.set_default_timeout(SECONDS)
    page = context.new_page()
    page.goto("/login")
    sign_in(page, "ada")
    send(page, "count 5000 every 50ms")
    wait_for_number(page, 20)
    page.get_by_label("Message").fill("say it goes on")
    page.get_by_label("Message").press("Enter")
    newest(page, "queued")
    server.kill()
    words = page.locator("[data-connection] [data-words]")
    expect(words).to_contain_text("Not connected")
    shown = numbers_of(page, 0)
    servers.start(server.home, PORT=port, **quick)
    turns = page.locator("[data-turn]")
    expect(words).not_to_contain_text("Not connected", timeout=30_000)
    expect(turns.nth(0)).to_have_attribute("data-status", "lost", timeout=30_000)
    expect(turns.nth(1)).to_have_attribute("data-status", "succeeded", timeout=30_000)
    expect(turns.nth(1).locator(".blocks")).to_have_text("it goes on")
    kept = numbers_of(page, 0)
    assert kept == list(range(1, len(kept) + 1))
    assert len(kept) >= len(shown) - 1
    page.reload()
    expect(turns).to_have_count(2)
    assert numbers_of(page, 0) == kept
    context.close()


def numbers_of(page: Page, turn: int) -> list[int]:
    return [int(word) for word in page.locator("[data-turn] .blocks").nth(turn).inner_text().split() if word.isdigit()]
