"""The chat, as a person uses it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.conftest import PHONE, Visit

pytestmark = pytest.mark.browser

STOPPED = re.compile(r"Stopped in \d+")


def send(page: Page, text: str) -> None:
    page.get_by_label("Message").fill(text)
    page.get_by_role("button", name="Send").click()


def newest(page: Page, status: str) -> None:
    """Wait until the last turn has that status."""
    expect(page.locator("[data-turns] > [data-turn]").last).to_have_attribute("data-status", status)


def numbers(page: Page) -> list[int]:
    """What the last answer has counted so far."""
    return [int(word) for word in page.locator("[data-turn] .blocks").last.inner_text().split() if word.isdigit()]


def wait_for_number(page: Page, number: int) -> None:
    expect(page.locator("[data-turn] .blocks").last).to_contain_text(re.compile(rf"\b{number}\b"))


def test_stream_reload_in_the_middle_second_tab_and_stop(visit: Visit) -> None:
    page = visit()
    send_box = page.locator("[data-send]").bounding_box()
    send(page, "count 2000 every 50ms")
    wait_for_number(page, 5)
    stop = page.get_by_role("button", name="Stop", exact=True)
    expect(stop).to_be_enabled()
    assert page.locator("[data-stop]").bounding_box() == send_box

    page.reload()
    wait_for_number(page, 15)
    expect(stop).to_be_enabled()
    second = page.context.new_page()
    second.goto(page.url)
    wait_for_number(second, 25)
    expect(second.get_by_role("button", name="Stop", exact=True)).to_be_enabled()

    stop.click()
    for tab in (page, second):
        newest(tab, "canceled")
        expect(tab.locator("[data-turn] .foot").last).to_contain_text(STOPPED)
        expect(tab.locator("[data-send]")).to_be_visible()
        counted = numbers(tab)
        assert counted == list(range(1, len(counted) + 1)), "every number once, in order"
    assert numbers(page) == numbers(second)
    second.reload()
    expect(second.locator("[data-turn] .foot").last).to_contain_text(STOPPED)
    assert numbers(page) == numbers(second)


def test_escape_stops_and_the_receipt_names_what_was_killed(visit: Visit) -> None:
    page = visit()
    send(page, "run echo begun; sleep 600")
    expect(page.locator(".tool .output")).to_contain_text("begun")
    page.keyboard.press("Escape")
    newest(page, "canceled")
    foot = page.locator("[data-turn] .foot").last
    expect(foot).to_contain_text(re.compile(r"killed \d+ process"))
    expect(foot).to_contain_text("during exec")
    expect(page.locator(".tool")).to_have_attribute("data-status", "canceled")


def test_stop_with_a_reason_keeps_it(visit: Visit) -> None:
    page = visit()
    send(page, "wait 600")
    newest(page, "running")
    page.get_by_role("button", name="Stop with a reason").click()
    page.get_by_label("Why do you stop it?").fill("wrong question")
    page.get_by_label("Why do you stop it?").press("Enter")
    newest(page, "canceled")
    expect(page.locator("[data-turn] .foot").last).to_contain_text("“wrong question”")


def test_a_message_during_a_run_is_queued_and_runs_after_it(visit: Visit) -> None:
    page = visit()
    send(page, "count 40 every 50ms")
    newest(page, "running")
    page.get_by_label("Message").fill("say second")
    expect(page.get_by_role("button", name="Do this instead")).to_be_visible()
    page.get_by_label("Message").press("Enter")
    newest(page, "queued")
    newest(page, "succeeded")
    turns = page.locator("[data-turn]")
    expect(turns).to_have_count(2)
    expect(turns.nth(0)).to_have_attribute("data-status", "succeeded")
    expect(turns.nth(1).locator(".blocks")).to_have_text("second")


def test_an_interrupting_message_stops_the_run_and_runs_now(visit: Visit) -> None:
    page = visit()
    send(page, "wait 600")
    newest(page, "running")
    page.get_by_label("Message").fill("say now")
    page.get_by_role("button", name="Do this instead").click()
    newest(page, "succeeded")
    expect(page.locator("[data-turn]").first).to_have_attribute("data-status", "canceled")
    expect(page.locator("[data-turn] .blocks").last).to_have_text("now")


def test_a_question_is_answered_and_survives_a_reload(visit: Visit) -> None:
    page = visit()
    send(page, "ask Which way? | Left | Right")
    newest(page, "waiting")
    page.reload()
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_enabled()
    page.get_by_role("radio", name="Left").check()
    page.get_by_role("button", name="Answer").click()
    newest(page, "succeeded")
    expect(page.locator(".answered")).to_contain_text("Left")
    expect(page.locator("[data-turn] .blocks")).to_contain_text("You chose: Left")


def test_a_rejected_plan_is_not_carried_out(visit: Visit) -> None:
    page = visit()
    send(page, "plan Say something\nsay it was carried out")
    page.get_by_role("button", name="Reject").click()
    newest(page, "succeeded")
    expect(page.locator(".answered")).to_contain_text("Rejected")
    expect(page.locator("[data-turn] .blocks")).not_to_contain_text("it was carried out")


def test_text_between_tools_is_rendered_in_its_place_and_steps_are_shown_after_a_reload(visit: Visit) -> None:
    page = visit()
    send(page, "say **one**\nrun echo from the tool\nsay `two`")
    newest(page, "succeeded")
    blocks = page.locator("[data-turn] .blocks > *")
    expect(blocks).to_have_count(3)
    expect(blocks.nth(0).locator("strong")).to_have_text("one")
    expect(blocks.nth(1).locator(".output")).to_contain_text("from the tool")
    expect(blocks.nth(2).locator("code")).to_have_text("two")
    page.reload()
    page.get_by_role("button", name="Show steps").click()
    expect(page.locator(".steps .tool")).to_have_attribute("data-status", "succeeded")


def test_what_an_agent_says_is_never_markup(visit: Visit) -> None:
    page = visit()
    send(
        page,
        "say <img src=x onerror=document.title='owned'> <script>document.title='owned'</script>\nrun echo '<b id=bad>'",
    )
    newest(page, "succeeded")
    assert page.locator("[data-turns] img, [data-turns] script, #bad").count() == 0
    assert page.title() != "owned"


def test_a_run_goes_on_while_the_connection_is_away_and_nothing_is_lost(visit: Visit) -> None:
    page = visit()
    sockets: list[WebSocketRoute] = []

    def opened(socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        sockets.append(socket)

    here = page.url
    page.goto("about:blank")  # its first socket may still be about to open
    page.route_web_socket("**/ws/chat", opened)
    page.goto(here)
    send(page, "count 120 every 50ms")
    for number in (10, 40, 70):
        wait_for_number(page, number)
        sockets[-1].close(code=1001)
    newest(page, "succeeded")
    assert len(sockets) == 4
    assert numbers(page) == list(range(1, 121))


def test_sessions_are_renamed_found_and_deleted(visit: Visit) -> None:
    page = visit()
    send(page, "say a pelican")
    newest(page, "succeeded")
    page.locator("[data-session-menu]").click()
    page.get_by_role("menuitem", name="Rename").click()
    page.get_by_label("Name", exact=True).fill("Birds")
    page.get_by_label("Name", exact=True).press("Enter")
    expect(page.locator("[data-title]")).to_have_text("Birds")
    page.get_by_label("Search chats").fill("pelican")
    expect(page.locator("[data-found] a").first).to_contain_text("pelican")
    page.get_by_label("Search chats").fill("")
    address = page.url
    page.locator("[data-session-menu]").click()
    page.get_by_role("menuitem", name="Delete").click()
    expect(page.locator("[data-gone]")).to_be_visible()
    there = page.context.new_page()
    answer = there.goto(address)
    assert answer is not None
    assert answer.status == 404
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-gone]")).to_be_hidden()
    expect(page.locator("[data-session-list] a").first).to_contain_text("Birds")
    answer = there.goto(address)
    assert answer is not None
    assert answer.status == 200
    expect(there.locator("[data-turn] .blocks")).to_have_text("a pelican")


def test_nobody_sees_what_another_user_does(visit: Visit) -> None:
    ada, bob = visit("ada"), visit("bob")
    send(ada, "say the secret of ada")
    newest(ada, "succeeded")
    details = ada.get_by_role("link", name="Details").get_attribute("href")
    bob.reload()
    expect(bob.locator("[data-session-list]")).not_to_contain_text("secret")
    for address in (ada.url, details):
        answer = bob.goto(str(address))
        assert answer is not None
        assert answer.status == 404


def test_a_phone_has_no_horizontal_scroll_and_the_list_is_a_drawer(visit: Visit) -> None:
    page = visit(viewport=PHONE)
    send(page, "say " + "x" * 400 + "\nrun echo " + "y" * 400 + "\nwait 600")
    expect(page.locator(".tool .output")).to_contain_text("yyy")
    for address in (page.url, "/", "/activity", "/history", "/settings"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
    page.goto("/")
    expect(page.locator("[data-session-list]")).to_be_hidden()
    page.get_by_role("button", name="Chats").click()
    page.locator("[data-session-list] a").first.click()
    page.get_by_role("button", name="Stop", exact=True).click()
    newest(page, "canceled")
