"""Chromium as the browser tests and the screenshots use it."""

from __future__ import annotations

import os
import shutil

from playwright.sync_api import Page

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
             "--disable-sync", "--no-first-run"]  # fmt: skip
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
PASSWORD = "correct horse battery"
WIDE = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}


def sign_in(page: Page, username: str, password: str = PASSWORD) -> None:
    """Sign in on the page that is shown, in whatever language, and wait for the chat."""
    page.locator("[name=username]").fill(username)
    page.locator("[name=password]").fill(password)
    page.locator("form button.main").click()
    page.wait_for_selector("[data-chat]")
