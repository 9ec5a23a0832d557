"""Languages as a person chooses and reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.utils import translation
from playwright.sync_api import Browser, Page, expect

from executions import wording
from tests.browser.chromium import PHONE, sign_in
from tests.browser.conftest import Visit
from tests.servers import Server

pytestmark = pytest.mark.browser

SECONDS = (0, 0.34, 1, 4.2, 9.94, 42, 59.9, 60, 185, 3599, 3725, 90_000)
#: What the pages' scripts make of the same seconds.
BY_SCRIPT = """async (seconds) => {
  const folder = document.querySelector("script[type=module]").src.replace(/[^/]*$/, "");
  const clock = await import(`${folder}clock.js`);
  const { number, dollars } = await import(`${folder}i18n.js`);
  return [seconds.map((each) => clock.fine(each * 1000)), seconds.map((each) => clock.whole(each * 1000)),
    [0, 12, 1234, 1234567].map((each) => number(each)), [0, 0.42, 0.0012, 12.5].map(dollars)];
}"""


#: What sticks out of the page or of its column.
WIDER = """() => [...document.querySelectorAll("html, main, .column, .composer, .rail")]
  .filter((node) => node.scrollWidth > node.clientWidth + 1).map((node) => node.className || node.localName)"""


@pytest.fixture
def stranger(site: Server, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(base_url=site.url, locale="en")
    yield context.new_page()
    context.close()


def test_a_language_is_chosen_before_signing_in_and_what_was_typed_stays(stranger: Page) -> None:
    stranger.goto("/login?next=/history")
    stranger.get_by_label("Username").fill("アダ")
    stranger.get_by_label("Language").select_option("ja")
    expect(stranger.get_by_role("button", name="サインイン")).to_be_visible()
    expect(stranger.locator("html")).to_have_attribute("lang", "ja")
    expect(stranger.get_by_label("ユーザー名")).to_have_value("アダ")
    assert stranger.url.endswith("/login?next=/history")
    assert stranger.evaluate("sessionStorage.length") == 0


def test_a_password_is_kept_nowhere(stranger: Page) -> None:
    stranger.goto("/login")
    stranger.get_by_label("Password").fill("correct horse")
    stranger.evaluate(
        "addEventListener('pagehide', () => localStorage.setItem('seen', sessionStorage['kakoclaw.typed']))"
    )
    stranger.get_by_label("Language").select_option("es")
    expect(stranger.get_by_role("button", name="Iniciar sesión")).to_be_visible()
    assert "correct horse" not in stranger.evaluate("localStorage.getItem('seen')")


def test_a_language_is_chosen_in_the_settings_and_forms_keep_what_was_typed(visit: Visit) -> None:
    page = visit("bob")
    page.goto("/settings")
    page.get_by_label("First name").fill("Roberto")
    page.get_by_label("Español").check()
    expect(page.get_by_role("heading", name="Ajustes")).to_be_visible()
    expect(page.get_by_label("Nombre", exact=True).first).to_have_value("Roberto")
    page.goto("/history")
    expect(page.get_by_role("heading", name="Historial")).to_be_visible()
    page.goto("/settings")
    page.get_by_label("Como el navegador").check()
    expect(page.get_by_role("heading", name="Settings")).to_be_visible()


@pytest.mark.parametrize("language", ["en", "ja", "es"])
def test_scripts_word_times_and_numbers_as_the_server_does(site: Server, visit: Visit, language: str) -> None:
    page = visit("bob")
    page.context.add_cookies([{"name": "language", "value": language, "url": site.url}])
    page.goto("/history")
    fine, whole, numbers, dollars = page.evaluate(BY_SCRIPT, SECONDS)
    with translation.override(language):
        assert whole == [wording.whole(seconds) for seconds in SECONDS]
        assert fine == [wording.duration(seconds) for seconds in SECONDS]
        assert numbers == [wording.number(each) for each in (0, 12, 1234, 1_234_567)]
        assert dollars == [wording.cost(each) for each in (0, 0.42, 0.0012, 12.5)]


def test_the_next_page_tells_times_by_the_readers_clock(site: Server, browser: Browser, visit: Visit) -> None:
    page = visit("bob")
    zone = page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone")
    assert {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}["zone"] == zone
    assert page.locator("body").get_attribute("data-zone") == zone


def test_the_words_of_scripts_are_fetched_once(visit: Visit) -> None:
    page = visit("bob")
    page.goto("/activity")
    page.goto("/history")
    fetched = "performance.getEntriesByType('resource').filter(({ name }) => name.includes('/words/'))"
    sizes = page.evaluate(f"{fetched}.map((entry) => entry.transferSize)")
    assert sizes == [0]


@pytest.mark.parametrize("language", ["en", "ja", "es"])
def test_a_time_reads_the_same_before_and_after_the_server_knows_the_zone(
    site: Server, browser: Browser, language: str
) -> None:
    context = browser.new_context(base_url=site.url, locale=language, timezone_id="Asia/Tokyo")
    page = context.new_page()
    page.goto("/login")
    sign_in(page, "bob")
    page.goto("/settings")
    expect(page.locator("body")).to_have_attribute("data-zone", "Asia/Tokyo")
    by_server = page.locator("[data-local]").all_inner_texts()
    context.clear_cookies(name="zone")
    page.goto("/settings")
    expect(page.locator("body")).not_to_have_attribute("data-zone", "Asia/Tokyo")
    by_script = page.locator("[data-local]").all_inner_texts()
    assert by_server
    # Month names in short differ by a dot or a letter in some languages; what matters is the day and the hour.
    assert [re.sub(r"[^0-9/:, ]", "", text) for text in by_script] == [
        re.sub(r"[^0-9/:, ]", "", text) for text in by_server
    ]
    context.close()


@pytest.mark.parametrize("language", ["ja", "es"])
def test_no_page_is_wider_than_a_phone_in_any_language(site: Server, browser: Browser, language: str) -> None:
    context = browser.new_context(base_url=site.url, viewport=PHONE, locale=language)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto("/login")
    sign_in(page, "bob")
    page.get_by_role("textbox").first.fill("xyzzy\nask one? | two\nsay three")
    page.locator("[data-send]").click()
    expect(page.locator(".turn[data-status=waiting]")).to_be_visible()
    wider = []
    for address in (page.url, "/", "/activity", "/history", "/settings", "/executions/1", "/nowhere"):
        page.goto(address)
        page.wait_for_load_state("load")
        wider += [f"{address}: {what}" for what in page.evaluate(WIDER)]
    assert wider == []
    page.goto("/activity")
    page.locator("[data-stop]").first.click()
    expect(page.locator("[data-key=none]")).to_be_visible()
    context.close()
