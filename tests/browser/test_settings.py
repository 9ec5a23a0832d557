"""The settings, as a person uses them."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.servers import Server

pytestmark = pytest.mark.browser

BACKGROUND = "getComputedStyle(document.documentElement).backgroundColor"


def test_a_theme_is_used_at_once_on_every_page_and_kept(visit: Visit) -> None:
    page = visit("bob")
    page.goto("/settings")
    light = page.evaluate(BACKGROUND)
    page.get_by_label("Dark").check()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    dark = page.evaluate(BACKGROUND)
    assert dark != light
    page.goto("/history")
    assert page.evaluate(BACKGROUND) == dark
    page.goto("/settings")
    page.get_by_label("As the system").check()
    expect(page.locator("html")).not_to_have_attribute("data-theme", "dark")
    assert page.evaluate(BACKGROUND) == light


def test_a_token_is_made_copied_used_and_ended(visit: Visit, site: Server) -> None:
    page = visit("bob")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/settings")
    page.locator("#tokens").get_by_label("Name", exact=True).fill("deploy script")
    page.get_by_label("Days until it ends").fill("7")
    page.get_by_role("button", name="Make a token").click()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    token = page.evaluate("navigator.clipboard.readText()")
    headers = {"Authorization": f"Bearer {token}"}
    assert httpx.get(f"{site.url}/api/v1/auth/me", headers=headers).json()["username"] == "bob"
    page.get_by_role("link", name="Done").click()
    expect(page.locator("[data-secret]")).to_have_count(0)
    row = page.locator("#tokens .tokens li").filter(has_text="deploy script")
    row.get_by_role("button", name="End").click()
    expect(page.get_by_text("The token is ended")).to_be_visible()
    expect(page.locator("#tokens .tokens li").filter(has_text="deploy script")).to_have_count(0)
    assert httpx.get(f"{site.url}/api/v1/auth/me", headers=headers).status_code == 401


def test_a_profile_is_saved(visit: Visit) -> None:
    page = visit("bob")
    page.goto("/settings")
    page.get_by_label("First name").fill("ボブ")
    page.get_by_label("Email").fill("bob@example.org")
    page.get_by_role("button", name="Save the profile").click()
    expect(page.get_by_text("Your profile is saved")).to_be_visible()
    expect(page.get_by_label("First name")).to_have_value("ボブ")
