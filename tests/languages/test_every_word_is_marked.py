"""All pages in a language that puts brackets around what is marked for translation: no word stands outside of them.

Names, and what people, models and programs have said, are no words of ours: they are made of :data:`DATA` here.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.chromium import ARGUMENTS, CHROMIUM, WIDE
from tests.languages import pseudo
from tests.servers import ADMIN, Server, Servers

pytestmark = pytest.mark.browser

#: Words of the data, of programs, and names; Unfold's icons are words of its font.
DATA = {
    "KakoClaw", "Claude", "CLI", "admin", "staff", "demo", "Demo", "llm", "claude", "exec", "say", "ask", "run",
    "fail", "count", "every", "ms", "sleep", "UTC", "web", "chat", "CSV", "NDJSON", "English", "Español", "API",
    "JSON", "Ctrl", "Admin", "read", "Control", "Command", "Mac", "LDAP", "Enter", "Esc", "Ollama", "vLLM",
    "llama", "cpp", "LM", "Studio", "Anthropic", "OpenAI", "Gemini", "arrow_back", "arrow_forward", "close",
    "dock_to_right", "monitoring", "progress_activity", "search", "unfold_more", "logout", "expand_more",
    "more_horiz", "check_circle", "cancel", "add", "delete", "edit", "filter_list", "chevron_right",
    "chevron_left", "checkbox",
} | {socket.gethostname()}  # fmt: skip
#: What programs call themselves.
PROGRAM = re.compile(r"Mozilla/|python-httpx/|https?://")
STARTED = {
    "一": "say 一",
    "二": "fail 二",
    "三": "ask 三? | 甲 | 乙",
    "四": "run sleep 600",
    "五": "run sleep 600",
}
PAGES = (
    "/", "/chat/web:chat:1", "/chat/web:chat:2", "/chat/web:chat:3", "/chat/web:chat:4", "/?archived=1",
    "/?q=zz", "/activity", "/activity?who=all", "/history", "/history?q=zz", "/history?since=zz", "/projects",
    "/settings", "/executions/1", "/executions/2", "/executions/3", "/executions/4", "/executions/5",
    "/executions/6", "/settings/webhooks/1", "/nowhere",
)  # fmt: skip
STAFF = (
    "/admin/", "/admin/executions/auditentry/", "/admin/executions/hold/", "/admin/executions/ownerlimits/",
    "/admin/executions/execution/", "/admin/executions/execution/1/change/", "/admin/executions/worker/",
    "/admin/chat/session/", "/admin/chat/message/", "/admin/chat/token/", "/admin/auth/user/",
    "/admin/auth/user/1/change/", "/admin/auth/user/add/", "/admin/executions/execution/cancel/?ids=4",
)  # fmt: skip
#: All text of the page, also of what is hidden and of templates, without what is data; and of attributes that are read.
TEXTS = """() => {
  const page = document.documentElement.cloneNode(true);
  for (const template of page.querySelectorAll("template")) template.replaceWith(template.content.cloneNode(true));
  for (const node of page.querySelectorAll("noscript")) {
    const shown = document.createElement("div");
    shown.innerHTML = node.textContent;
    node.replaceWith(shown);
  }
  for (const node of page.querySelectorAll("option[title]")) node.removeAttribute("title");
  const data = ["script, style, code, pre, kbd, .prose, [data-part=prompt], body [lang], .path, .worker",
    "[class*=user_permissions], [class*=field-password], .material-symbols-outlined, [class*=shown_details]"];
  for (const node of page.querySelectorAll(data.join())) node.remove();
  // A name that a library of the staff's pages gives to what scrolls.
  for (const node of page.querySelectorAll("[aria-label='scrollable content']")) node.removeAttribute("aria-label");
  const texts = [];
  for (const node of page.querySelectorAll("*")) {
    for (const name of ["title", "placeholder", "aria-label", "alt"]) texts.push(node.getAttribute(name) ?? "");
  }
  for (const node of page.querySelectorAll("*")) node.append("\\n");
  return texts.concat(page.textContent.split("\\n")).join("\\n");
}"""


def forgotten(page: Page) -> set[str]:
    """Return the words of a page that are in no brackets, by line."""
    found = set()
    for line in pseudo.outside(page.evaluate(TEXTS)).split("\n"):
        if not PROGRAM.search(line) and set(re.findall(r"(?<!\w)[a-zA-Z]{2,}(?:_[a-z]+)*(?!\w)", line)) - DATA:
            found.add(" ".join(line.split()))
    return found


@pytest.fixture(scope="module")
def site(prepared_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("pseudo")
    pseudo.write(folder / "locales")
    (folder / "projects" / "甲").mkdir(parents=True)
    servers = Servers(prepared_home, tmp_path_factory.mktemp("pseudo-homes"))
    server = servers.start(
        DJANGO_SETTINGS_MODULE="tests.languages.pseudo_settings",
        PSEUDO_LOCALES=str(folder / "locales"),
        KAKOCLAW_PROJECT_ROOTS=str(folder / "projects"),
        KAKOCLAW_ALLOW_PRIVATE_ADDRESSES="1",
    )
    with server.client() as client:
        hook = {"name": "七", "url": f"{server.url}/nowhere", "events": ["execution.failed", "execution.lost"]}
        client.post("/api/v1/webhooks/", json=hook).raise_for_status()
        for number, prompt in enumerate([*STARTED.values(), "run sleep 600"], 1):
            body = {"prompt": prompt, "session_id": f"web:chat:{min(number, 5)}"}
            client.post("/api/v1/executions/", json=body).raise_for_status()
        for run in (1, 2):
            client.get(f"/api/v1/executions/{run}/", params={"wait": 20}).raise_for_status()
        client.post("/api/v1/executions/5/cancel/", json={"reason": "六", "wait": 20}).raise_for_status()
    yield server
    servers.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(site: Server, browser: Browser) -> Iterator[Page]:
    context: BrowserContext = browser.new_context(base_url=site.url, viewport=WIDE, locale=pseudo.LANGUAGE)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto("/login")
    page.locator("#id_username").fill(ADMIN[0])
    page.locator("#id_password").fill(ADMIN[1])
    page.locator("button.main").click()
    page.wait_for_selector("[data-chat]")
    yield page
    context.close()


def looked_at(page: Page, addresses: tuple[str, ...]) -> str:
    """Return what was forgotten, by page."""
    found = []
    for address in addresses:
        page.goto(address)
        page.wait_for_load_state("load")
        found += [f"{address}: {words}" for words in sorted(forgotten(page))]
    return "\n".join(found)


def test_the_tool_finds_a_word_that_is_not_marked(page: Page) -> None:
    page.goto("/history")
    page.evaluate("document.querySelector('h1').append(' Forgotten')")
    assert any("Forgotten" in line for line in forgotten(page))


def test_on_the_pages_of_the_panel(page: Page) -> None:
    assert not (found := looked_at(page, PAGES)), found


def test_on_the_pages_of_the_staff(page: Page) -> None:
    assert not (found := looked_at(page, STAFF)), found


def test_on_the_page_to_sign_in(site: Server, browser: Browser) -> None:
    context = browser.new_context(base_url=site.url, locale=pseudo.LANGUAGE)
    page = context.new_page()
    page.goto("/login")
    assert forgotten(page) == set()
    page.locator("#id_username").fill("ada")
    page.locator("#id_password").fill("wrong")
    page.locator("button.main").click()
    expect(page.locator("[role=alert]")).to_be_visible()
    assert forgotten(page) == set()
    context.close()


def test_while_something_is_stopped(page: Page) -> None:
    page.goto("/activity")
    page.locator("[data-everything]").click()
    expect(page.locator("dialog[open]")).to_be_visible()
    assert forgotten(page) == set()
    page.keyboard.press("Escape")
    page.goto("/chat/web:chat:4")
    page.locator("[data-stop]").click()
    expect(page.locator(".turn[data-status=canceled]")).to_be_visible()
    assert forgotten(page) == set()


def test_when_the_connection_is_lost(page: Page) -> None:
    page.goto("/chat/web:chat:1")
    page.context.set_offline(True)
    expect(page.locator("[data-connection]")).not_to_be_empty()
    assert forgotten(page) == set()
