"""Every page against WCAG 2.2 AA by axe-core, in light and dark, on a desktop and a phone; and what it can't see."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page

from tests.browser.chromium import PHONE, WIDE, sign_in
from tests.browser.conftest import SECONDS
from tests.browser.screenshots import pages, prepare
from tests.servers import Server, Servers

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RUN = "tags => axe.run(document, {runOnly: tags}).then(({violations}) => violations)"
#: What has the focus: what it is, and whether its outline can be seen.
FOCUSED = """() => {
  const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
  const name = document.activeElement.outerHTML.slice(0, 120);
  return [name, outlineStyle !== "none" && parseFloat(outlineWidth) > 0, document.activeElement === document.body];
}"""
#: How many steps of the Tab key are followed on a page; the history has many links that are alike.
STEPS = 40


@pytest.fixture(scope="module")
def examples(prepared_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, dict[str, str]]]:
    """A site with examples in it, and the addresses of its pages."""
    servers = Servers(prepared_home, tmp_path_factory.mktemp("accessibility"))
    server = servers.start()
    yield server, pages(prepare(server))
    servers.close()
    assert "Traceback" not in server.log, server.log


Open = Callable[..., Page]


@pytest.fixture
def enter(examples: tuple[Server, dict[str, str]], browser: Browser) -> Iterator[Open]:
    """Sign ada in, in a browser of her own: ``enter(color_scheme="dark")``."""
    contexts = []

    def enter(**options: Any) -> Page:
        context = browser.new_context(base_url=examples[0].url, **options)
        contexts.append(context)
        context.set_default_timeout(SECONDS)
        page = context.new_page()
        page.goto("/login")
        assert problems(page) == []
        sign_in(page, "ada")
        return page

    yield enter
    for context in contexts:
        context.close()


def problems(page: Page) -> list[str]:
    """Return what axe-core finds, a line each."""
    page.evaluate(AXE_SCRIPT)
    found = page.evaluate(RUN, TAGS)
    return [f"{rule['id']}: {node['html'][:200]} {node['failureSummary']}" for rule in found for node in rule["nodes"]]


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("part", ["panel", "staff"])
def test_no_page_breaks_the_rules(
    examples: tuple[Server, dict[str, str]], enter: Open, viewport: dict[str, int], scheme: str, part: str
) -> None:
    page = enter(viewport=viewport, color_scheme=scheme)
    found = {}
    for name, address in examples[1].items():
        if name.startswith("staff") != (part == "staff"):
            continue
        page.goto(address)
        found[name] = problems(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is too wide"
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_the_focus_can_be_seen_wherever_the_keyboard_goes(examples: tuple[Server, dict[str, str]], enter: Open) -> None:
    page = enter(viewport=WIDE)
    for name in ("activity", "history", "execution", "settings"):
        page.goto(examples[1][name])
        met = set()
        for _ in range(STEPS):
            page.keyboard.press("Tab")
            element, visible, outside = page.evaluate(FOCUSED)
            if outside:
                break
            assert visible, f"{name}: {element}"
            met.add(element)
        assert len(met) > 8, name


def test_nothing_moves_for_those_who_ask_for_it(examples: tuple[Server, dict[str, str]], enter: Open) -> None:
    page = enter(viewport=WIDE, reduced_motion="reduce")
    for name in ("activity", "chat-running"):
        page.goto(examples[1][name])
        assert page.evaluate("document.getAnimations().length") == 0, name
