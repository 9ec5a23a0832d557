"""Messages are changed, asked again and forked; versions lead to what was said before; long chats stay small."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.test_chat import newest, send
from tests.servers import Server, manage

pytestmark = pytest.mark.browser

LONG = """
from django.contrib.auth.models import User
from chat.models import Message, Session
bob = User.objects.get(username="bob")
session = Session.objects.create(owner=bob, session_id="long", title="Long", turns=300)
Message.objects.bulk_create(Message(session=session, turn=turn, role=role, content=f"{role} said {turn}\\n\\nand more")
    for turn in range(1, 301) for role in ("user", "assistant"))
"""


def talk(page: Page, *texts: str) -> None:
    for number, text in enumerate(texts, 1):
        send(page, f"say {text}")
        expect(page.locator("[data-turn]")).to_have_count(number)
        newest(page, "succeeded")


def test_a_changed_message_goes_on_from_there_and_the_version_before_is_kept(visit: Visit) -> None:
    page = visit()
    talk(page, "one", "two", "three")
    other = page.context.new_page()
    other.goto(page.url)
    turn = page.locator("[data-turn]").nth(1)
    turn.hover()
    turn.get_by_role("button", name="Edit").click()
    editor = page.get_by_label("What to send instead")
    expect(editor).to_be_focused()
    page.keyboard.press("Escape")
    expect(editor).to_have_count(0)
    turn.get_by_role("button", name="Edit").press("Enter")
    editor.fill("say another")
    editor.press("Control+Enter")
    for tab in (page, other):
        expect(tab.locator("[data-turn]")).to_have_count(2)
        expect(tab.locator("[data-turn] .blocks").last).to_have_text("another")
        newest(tab, "succeeded")
    expect(turn.locator(".versions")).to_contain_text("Version 2 of 2")
    turn.get_by_role("link", name="The version before").click()
    expect(page.locator("[data-turn]")).to_have_count(3)
    expect(page.locator("[data-turn] .blocks").last).to_have_text("three")
    page.get_by_role("link", name="Go to the newest version").click()
    expect(page.locator("[data-turn]")).to_have_count(2)
    expect(turn.locator(".versions")).to_contain_text("Version 2 of 2")


def test_retry_answers_again_in_the_same_place(visit: Visit) -> None:
    page = visit()
    talk(page, "one")
    page.locator("[data-turn]").get_by_role("button", name="Retry").click()
    expect(page.locator(".versions").last).to_contain_text("Version 2 of 2")
    newest(page, "succeeded")
    expect(page.locator("[data-turn]")).to_have_count(1)


def test_a_fork_goes_on_in_a_chat_of_its_own(visit: Visit) -> None:
    page = visit()
    talk(page, "one", "two")
    here = page.url
    page.locator("[data-turn]").first.get_by_role("button", name="Fork").click()
    page.wait_for_url(re.compile("fork"))
    expect(page.locator("[data-turn]")).to_have_count(1)
    send(page, "say elsewhere")
    newest(page, "succeeded")
    page.goto(here)
    expect(page.locator("[data-turn] .blocks").last).to_have_text("two")


def test_nothing_is_changed_while_something_runs(visit: Visit) -> None:
    page = visit()
    talk(page, "one")
    send(page, "wait 600")
    newest(page, "running")
    page.locator("[data-turn]").first.get_by_role("button", name="Retry").click()
    expect(page.locator("[data-toast]")).to_contain_text("Stop it first")
    expect(page.locator("[data-turn]")).to_have_count(2)
    page.keyboard.press("Escape")
    newest(page, "canceled")


def test_a_long_chat_is_read_to_its_beginning_and_the_page_stays_small(visit: Visit, site: Server) -> None:
    done = manage(site.home, "shell", "--command", LONG)
    assert done.returncode == 0, done.stderr
    page = visit("bob")
    page.goto("/chat/long")
    turns = page.locator("[data-turn]")
    expect(turns).to_have_count(40)
    expect(turns.last).to_contain_text("assistant said 300")
    page.mouse.move(640, 400)
    most = 0
    for _ in range(600):
        page.mouse.wheel(0, -900)
        page.wait_for_timeout(10)
        most = max(most, turns.count())
        if turns.first.get_attribute("data-number") == "1":
            break
    expect(turns.first).to_contain_text("user said 1")
    assert most <= 130
    # The way down leads over what has left the page.
    later = page.get_by_role("button", name="Later messages")
    expect(later).to_have_count(1)
    shown = [int(str(node.get_attribute("data-number"))) for node in turns.all()]
    assert shown == sorted(set(shown))
    page.get_by_role("button", name="Jump to the latest").click()
    expect(later).to_have_count(0)
    expect(turns.last).to_contain_text("assistant said 300")
    expect(turns.last).to_be_in_viewport()
    page.get_by_role("link", name="Earlier messages").press("Enter")
    expect(turns.first).to_contain_text("user said 251")
