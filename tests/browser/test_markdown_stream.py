"""Markdown that arrives in pieces looks the same however it is cut, and much as the server renders it at the end."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from chat.markdown import render
from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser

ANSWER = """\
# A *title* with `code` ##

Some **bold _and both_ text**, ***three***, 2 * 3 * 4, snake_case_word, ~~gone~~ and ``a ` tick``.
A second line with a [link](https://example.org/a_(b) "t"), <https://example.org> and \\*no emphasis\\*.

Underlined
==========

- one
- two **b**
  with more

  and a paragraph
- three
  - nested `x`
    1. first
    2. second

3. third
4. fourth

> quoted
> - in it

| a | b |
|---|:-:|
| 1 | `2` |
| 3 \\| 4 | five |

```python
def f():
    return "```"

x = 1
```
After it, 買い物かごの**テスト**が失敗した。

---

- <script>alert(1)</script>

```
open
"""
#: Each of these makes a reader that looks back slow, and one that goes deeper without end fail.
HARD = [
    "# " + " " * 50_000 + "x", "```" + " " * 50_000 + "`", "`" * 50_000, "``a" * 10_000 + "`", "[" * 50_000,
    "[a](" * 20_000, "![" * 20_000, "*a " * 20_000, "**a_" * 10_000, "<http://" * 10_000, "> " * 20_000, "- " * 20_000,
    "1" * 50_000, "|" * 20_000 + "\n" + "|-" * 20_000, "- a\n" * 5_000, "a\n" * 20_000,
]  # fmt: skip
DRAW = """async ([url, pieces, ended]) => {
  const { MarkdownStream } = await import(url);
  const host = document.createElement("div");
  const stream = new MarkdownStream(() => host);
  for (const piece of pieces) stream.write(piece);
  if (ended) stream.close();
  return host.innerHTML;
}"""
Draw = Callable[..., str]


@pytest.fixture
def draw(visit: Visit) -> Draw:
    """Return what pieces of Markdown become in the page."""
    page: Page = visit()
    find = "[...document.querySelectorAll('link[rel=modulepreload]')].find(({ href }) => /chat.stream/.test(href)).href"
    url = page.evaluate(find)
    return lambda *pieces, ended=True: str(page.evaluate(DRAW, [url, pieces, ended]))


def cut(text: str, chance: random.Random) -> list[str]:
    places = sorted(chance.randrange(len(text)) for _ in range(chance.choice([1, 5, 50, 400])))
    return [text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True)]


def test_it_is_the_same_however_it_is_cut(draw: Draw) -> None:
    whole = draw(ANSWER)
    chance = random.Random(4)
    for _ in range(40):
        assert draw(*cut(ANSWER, chance)) == whole
    assert draw(*ANSWER) == whole


def outline(html: str) -> list[Any]:
    """Return elements and texts in order, without what only one of the two makes."""
    html = re.sub(r'<div class="codebar.*?</div>', "", html, flags=re.DOTALL)
    html = re.sub(r"</?(div|span)\b[^>]*>", "", html)
    # Items of a list whose paragraphs stand close together have no element for them.
    html = re.sub(r"</?p>", " ", html)
    parts = re.findall(r"<(/?\w+)|>?([^<>]+)(?=<|$)", html)
    return [tag or " ".join(text.split()) for tag, text in parts if tag or text.strip()]


def test_it_is_what_the_server_makes_of_it(draw: Draw) -> None:
    assert outline(draw(ANSWER)) == outline(render(ANSWER))


def test_what_has_begun_is_shown_before_it_ends(draw: Draw) -> None:
    begun = {
        "is **bo": "<p>is <strong>bo</strong></p>",
        "is `co": "<p>is <code>co</code></p>",
        "is *em": "<p>is *em</p>",
        "- it": "<ul><li><span>it</span></li></ul>",
    }
    for text, shown in begun.items():
        assert draw(text, ended=False) == shown


def test_only_addresses_of_the_web_become_links(draw: Draw) -> None:
    for address in ("javascript:hit()", "data:text/html,x", "//example.org", "vbscript:x", " javascript:x", "/x"):
        assert "href" not in draw(f"[a]({address}) ![b]({address}) <{address}>")


def test_no_text_is_too_hard(draw: Draw) -> None:
    for text in HARD:
        size = len(text) // 20
        assert draw(*(text[at : at + size] for at in range(0, len(text), size)))
