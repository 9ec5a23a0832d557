"""Activity, history, a single run, and the settings, as a person uses them."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.test_chat import newest, send

pytestmark = pytest.mark.browser


def test_activity_follows_what_runs_and_stops_what_is_chosen(visit: Visit) -> None:
    page = visit("bob")
    page.goto("/activity")
    expect(page.get_by_text("Nothing runs right now")).to_be_visible()
    chat = page.context.new_page()
    chat.goto("/")
    send(chat, "wait 601")
    newest(chat, "running")
    chat.goto("/")
    send(chat, "wait 602")
    newest(chat, "running")
    chat.get_by_label("Message").fill("say waits in the queue")
    chat.get_by_label("Message").press("Enter")

    rows = page.locator("li.run")
    expect(rows).to_have_count(3)
    expect(page.locator("[data-count]")).to_have_text("3")
    expect(rows.nth(2)).to_contain_text("in line")
    rows.filter(has_text="wait 601").get_by_role("button", name="Stop").click()
    expect(rows).to_have_count(2)
    page.get_by_label("Select all").check()
    page.get_by_role("button", name="Stop selected").click()
    expect(page.locator("[data-confirm-text]")).to_contain_text("2 runs (1 running, 1 queued)")
    expect(page.locator("[data-confirm-text]")).to_contain_text("be undone")
    page.get_by_label("Reason (optional)").fill("tidying up")
    page.locator("[data-confirm-yes]").click()
    expect(page.get_by_text("Nothing runs right now")).to_be_visible()
    expect(page.locator("[data-count]")).to_be_hidden()

    page.goto("/history?outcome=canceled")
    expect(page.locator("li.run").first).to_contain_text("tidying up")


def test_the_queue_is_worked_on_by_keyboard_alone(visit: Visit) -> None:
    page = visit()
    page.goto("/")
    send(page, "run echo begun; sleep 600")
    newest(page, "running")
    for text in ("say second", "say third"):
        page.get_by_label("Message").fill(text)
        page.get_by_label("Message").press("Enter")
    newest(page, "queued")
    page.goto("/activity")
    rows = page.locator("li.run")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("exec: begun")
    expect(rows.nth(1)).to_contain_text("say second")
    rows.nth(0).get_by_role("checkbox").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("+")
    expect(rows.nth(1)).to_contain_text("say third")
    expect(rows.nth(1)).to_contain_text("priority 1")
    expect(rows.nth(1).get_by_role("checkbox")).to_be_focused()
    page.keyboard.press("Delete")
    expect(rows).to_have_count(2)
    page.get_by_role("button", name="Stop all").press("Enter")
    expect(page.locator("[data-confirm-text]")).to_contain_text("1 with a shell command in flight")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing runs right now")).to_be_visible()


def test_a_queued_run_is_dragged_to_its_place(visit: Visit) -> None:
    page = visit()
    page.goto("/")
    send(page, "wait 600")
    newest(page, "running")
    for text in ("say second", "say third", "say fourth"):
        page.get_by_label("Message").fill(text)
        page.get_by_label("Message").press("Enter")
    newest(page, "queued")
    page.goto("/activity")
    rows = page.locator("li.run")
    expect(rows).to_have_count(4)
    grip, second = rows.nth(3).locator("[data-grip]").bounding_box(), rows.nth(1).bounding_box()
    assert grip is not None
    assert second is not None
    page.mouse.move(grip["x"] + 10, grip["y"] + 10)
    page.mouse.down()
    page.mouse.move(grip["x"] + 10, second["y"] + 4, steps=8)
    expect(rows.nth(1)).to_contain_text("say fourth")
    page.mouse.up()
    expect(rows.nth(1)).to_contain_text("priority 1")
    page.reload()
    expect(rows.nth(1)).to_contain_text("say fourth")
    page.get_by_role("button", name="Stop all").click()
    page.locator("[data-confirm-yes]").click()
    expect(page.get_by_text("Nothing runs right now")).to_be_visible()


def test_a_run_shows_where_its_time_went_and_can_be_run_again(visit: Visit) -> None:
    page = visit()
    send(page, "say first\nrun sleep 0.2; echo done\nsay last")
    newest(page, "succeeded")
    page.get_by_role("link", name="Details").click()
    expect(page.locator(".span[data-kind=tool]")).to_have_count(1)
    expect(page.locator(".span[data-kind=tool] title")).to_contain_text("exec: ")
    expect(page.locator(".events")).to_contain_text("exec is done")
    address = page.url
    page.get_by_role("button", name="Run again").click()
    expect(page.locator(".summary .status")).to_have_attribute("data-status", "succeeded")
    assert page.url != address
    expect(page.get_by_role("link", name="Open the chat")).to_be_visible()


def test_history_is_filtered_by_text_and_outcome_without_scripts(visit: Visit) -> None:
    page = visit()
    for text in ("say a rare albatross", "fail like an albatross"):
        page.goto("/")
        send(page, text)
        newest(page, "succeeded" if text.startswith("say") else "failed")
    page.goto("/history")
    page.get_by_label("Text").fill("albatross")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("li.run")).to_have_count(2)
    page.get_by_label("Outcome").select_option("failed")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("li.run")).to_have_count(1)
    expect(page.locator(".strip .bar")).to_have_count(1)
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert "fail like an albatross" in Path(download.value.path()).read_text()


def test_switches_of_the_settings_are_kept(visit: Visit) -> None:
    page = visit()
    page.goto("/settings")
    page.get_by_label("Soft sound when a run fails").check()
    page.reload()
    expect(page.get_by_label("Soft sound when a run fails")).to_be_checked()
    answer = page.goto("/nowhere")
    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()
