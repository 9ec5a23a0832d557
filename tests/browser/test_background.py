"""What a person learns of runs that they are not looking at: the badge, the mark, notifications, the sound."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.test_chat import newest, send
from tests.support import wait_until

pytestmark = pytest.mark.browser

#: Real notifications, with a note of each; and a note of each sound.
NOTED = """
window.noted = []; window.sounds = 0;
const Real = window.Notification;
window.Notification = class extends Real {
  constructor(heading, options) { super(heading, options); window.noted.push([heading, options.body]); }
};
const Audio = window.AudioContext;
window.AudioContext = class extends Audio { constructor() { super(); window.sounds += 1; } };
"""


def switch_on(page: Page) -> None:
    page.context.grant_permissions(["notifications"])
    page.context.add_init_script(NOTED)
    page.goto("/settings")
    for box in page.locator("[data-wanted]").all():
        box.check()
    expect(page.locator("[data-refused]")).to_be_hidden()


def noted(page: Page) -> list[list[str]]:
    return list(page.evaluate("window.noted"))


def test_the_badge_title_and_favicon_follow_in_every_tab(visit: Visit) -> None:
    page = visit("bob")
    other = page.context.new_page()
    other.goto("/settings")
    expect(other).to_have_title("Settings · KakoClaw")
    send(page, "wait 600")
    newest(page, "running")
    for tab in (page, other):
        expect(tab.locator("[data-count]")).to_have_text("1")
        expect(tab).to_have_title(re.compile(r"^\(1\) "))
        expect(tab.locator("link[rel=icon]")).to_have_attribute("href", re.compile("favicon-live"))
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(other.locator("[data-count]")).to_be_hidden()
    expect(other).to_have_title("Settings · KakoClaw")
    expect(other.locator("link[rel=icon]")).to_have_attribute("href", re.compile(r"favicon(\.[0-9a-f]+)?\.svg"))


def test_what_ended_unseen_is_marked_until_it_is_looked_at(visit: Visit) -> None:
    page = visit("bob")
    send(page, "wait 1")
    newest(page, "running")
    address = page.url
    page.goto("/settings")
    mark = page.locator("[data-unseen]")
    expect(mark).to_have_text("1")
    expect(page).to_have_title(re.compile("^● "))
    expect(page.locator("link[rel=icon]")).to_have_attribute("href", re.compile("favicon-news"))
    page.reload()
    expect(mark).to_have_text("1")
    page.goto(address)
    expect(mark).to_be_hidden()
    page.goto("/activity")
    expect(mark).to_be_hidden()
    expect(page).to_have_title("Activity · KakoClaw")


def test_the_history_shows_which_are_new_and_then_forgets(visit: Visit) -> None:
    page = visit("bob")
    send(page, "wait 1")
    newest(page, "running")
    page.goto("/settings")
    expect(page.locator("[data-unseen]")).to_have_text("1")
    page.goto("/history")
    expect(page.locator(".run.new")).to_have_count(1)
    expect(page.locator("[data-unseen]")).to_be_hidden()
    page.reload()
    expect(page.locator(".run").first).to_be_visible()
    expect(page.locator(".run.new")).to_have_count(0)


def test_notifications_are_for_what_is_not_in_view_and_come_once(visit: Visit) -> None:
    page = visit("bob")
    switch_on(page)
    chat = page.context.new_page()
    chat.goto("/")
    page.reload()
    send(chat, "say in view\nwait 1")
    newest(chat, "running")
    newest(chat, "succeeded")
    # What comes after it is told in order; this one is in no tab's view.
    with_nobody_looking = chat.context.new_page()
    with_nobody_looking.goto("/")
    send(with_nobody_looking, "say behind your back\nwait 1")
    newest(with_nobody_looking, "running")
    with_nobody_looking.goto("/activity")
    tabs = (page, chat, with_nobody_looking)
    expect(with_nobody_looking.get_by_text("Nothing runs right now")).to_be_visible()
    expect(page.locator("[data-unseen]")).to_have_text("1")
    told = [one for tab in tabs for one in noted(tab)]
    assert told == [["It has finished", "say behind your back"]]
    assert sum(tab.evaluate("window.sounds") for tab in tabs) == 1


@pytest.mark.parametrize(
    ("prompt", "heading", "kind"),
    [("wait 1\nfail no luck", "It failed", "failed"), ("wait 1\nask Which? | A | B", "It asks you something", "asks")],
)
def test_each_kind_has_its_own_switch(visit: Visit, prompt: str, heading: str, kind: str) -> None:
    page = visit("bob")
    switch_on(page)
    page.get_by_label(re.compile("^Soft sound when a run fails")).uncheck()
    page.get_by_label(re.compile("^Soft sound when a run asks")).uncheck()
    page.goto("/")
    send(page, prompt)
    newest(page, "running")
    page.goto("/settings")
    wait_until(lambda: noted(page), 15)
    assert [told for told, _ in noted(page)] == [heading]
    assert page.evaluate("window.sounds") == 0
    page.goto("/activity")
    if kind == "asks":
        page.locator("li.run").get_by_role("button", name="Stop").click()
        expect(page.get_by_text("Nothing runs right now")).to_be_visible()
