"""The staff's pages in Chromium: nothing that the Content-Security-Policy refuses, live, by keyboard, in the theme."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from tests.browser.chromium import WIDE, sign_in
from tests.browser.conftest import SECONDS
from tests.servers import ADMIN, Server

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LIST = "/admin/executions/execution/"


@pytest.fixture
def page(site: Server, browser: Browser) -> Iterator[Page]:
    """A superuser's browser; whatever its console says, or leaves the site, fails the test."""
    context: BrowserContext = browser.new_context(base_url=site.url, viewport=WIDE)  # type: ignore[arg-type]
    context.set_default_timeout(SECONDS)
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(message.text)

    context.on("console", heard)
    context.on("weberror", lambda problem: complaints.append(str(problem.error)))
    context.on("request", lambda sent: complaints.append(sent.url) if not sent.url.startswith(site.url) else None)
    page = context.new_page()
    page.goto("/login")
    sign_in(page, *ADMIN)
    yield page
    context.close()
    assert complaints == []


def start(site: Server, *prompts: str) -> list[int]:
    with site.client(*ADMIN) as client:
        return [client.post("/api/v1/executions/", json={"prompt": prompt}).json()["id"] for prompt in prompts]


def stop_all(site: Server) -> None:
    with site.client(*ADMIN) as client:
        client.post("/api/v1/executions/cancel/", json={"all": True})


@pytest.mark.parametrize(
    "address",
    ["/admin/", LIST, f"{LIST}?created=2026", "/admin/executions/worker/", "/admin/executions/hold/",
     "/admin/executions/auditentry/", "/admin/chat/session/", "/admin/chat/message/", "/admin/chat/token/",
     "/admin/auth/user/", "/admin/auth/user/1/change/", "/admin/auth/user/add/", "/admin/password_change/"],
)  # fmt: skip
def test_no_page_needs_an_exception_from_the_policy(page: Page, address: str) -> None:
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 200
    assert "unsafe" not in answer.headers["content-security-policy"]
    # Alpine has begun: what it hides until then is seen.
    expect(page.locator("html[x-cloak]")).to_have_count(0)


def test_the_dashboard_is_live_without_a_reload(site: Server, page: Page) -> None:
    page.goto("/admin/")
    running = page.locator(".tile[data-status=running] strong").first
    before = int(running.inner_text())
    page.evaluate("window.sameDocument = true")
    try:
        start(site, "wait 300s")
        expect(running).to_have_text(str(before + 1))
        page.locator("summary").first.click()
        expect(page.locator("details[open]")).to_have_count(1)
    finally:
        stop_all(site)
    expect(running).to_have_text(str(before))
    assert page.evaluate("window.sameDocument")
    expect(page.locator("details[open]")).to_have_count(1)


def test_what_ended_is_on_the_dashboard_a_moment_later(site: Server, page: Page) -> None:
    page.goto("/admin/?range=hour")
    succeeded = page.locator("[data-key=outcomes] .tile[data-status=succeeded] strong")
    before = int(succeeded.inner_text())
    start(site, "say done")
    expect(succeeded).to_have_text(str(before + 1))


def test_a_signed_out_dashboard_says_that_it_is_not_live(page: Page) -> None:
    page.goto("/admin/")
    page.context.clear_cookies()
    expect(page.locator("[data-live]")).to_contain_text("Not live")


def test_a_selection_is_stopped_after_a_look_at_it(site: Server, page: Page) -> None:
    (execution,) = start(site, "run sleep 300")
    page.goto(f"{LIST}?q={execution}")
    page.locator("input.action-select").first.check()
    page.get_by_label("Select action to run").select_option("cancel_selected")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator(".staff-lead")).to_contain_text("1 run (1 running)")
    page.get_by_label("Reason").fill("the wrong branch")
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.locator("body")).to_contain_text(re.compile("1 (told to stop|canceled)"))
    page.goto(f"{LIST}{execution}/change/")
    expect(page.locator(".staff-head")).to_contain_text("the wrong branch")
    expect(page.locator(".staff-timeline svg").first).to_be_visible()


def test_the_keyboard_reaches_what_unfold_leaves_to_the_mouse(page: Page) -> None:
    page.goto(LIST)
    page.locator("[x-on\\:click='filterOpen = true']").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#changelist-filter")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#changelist-filter")).to_be_hidden()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_theme_is_the_one_that_was_chosen_for_the_panel(site: Server, page: Page, theme: str) -> None:
    page.context.add_cookies([{"name": "theme", "value": theme, "url": site.url}])
    page.goto("/admin/")
    expect(page.locator("html")).to_have_class(re.compile(rf"\b{theme}\b"))
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == theme


def test_the_navigation_stays_as_it_was_left(page: Page) -> None:
    page.goto("/admin/")
    expect(page.locator("#nav-sidebar")).to_be_visible()
    page.locator("[x-on\\:click*='sidebarDesktopOpen']").first.click()
    expect(page.locator("#nav-sidebar")).to_be_hidden()
    page.reload()
    expect(page.locator("#nav-sidebar")).to_be_hidden()


def test_the_search_opens_by_its_keys_and_leads_to_what_was_found(page: Page) -> None:
    page.goto("/admin/")
    page.keyboard.press("Control+k")
    expect(page.locator("#search-input-command")).to_be_focused()
    page.keyboard.type("worker")
    expect(page.locator("#command-results-list li")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    expect(page.locator("#command-results-list li.active")).to_contain_text("Workers")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/admin/executions/worker/$"))


def test_a_menu_opens_beside_its_button_and_closes_with_a_click_elsewhere(page: Page) -> None:
    page.goto("/admin/auth/user/1/change/")
    button = page.locator("[x-on\\:click='openRelatedWidgetWrapper = !openRelatedWidgetWrapper']").first
    menu = page.locator("body > [x-show=openRelatedWidgetWrapper]")
    button.click()
    expect(menu).to_be_visible()
    (beside, below) = (button.bounding_box(), menu.bounding_box())
    assert beside
    assert below
    assert abs(beside["y"] + beside["height"] - below["y"]) < 20
    page.locator("h1, h2").first.click()
    expect(menu).to_be_hidden()
