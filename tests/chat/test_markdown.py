"""Markdown becomes HTML that is safe and made in bounded time."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.markdown import MAX_MARKDOWN_CHARS, plain, render

PIECES = st.sampled_from(
    [
        "<script>", "</p>", "[x](", "javascript:alert(1)", ")", "![", "](", "data:text/html,x", "`", "```html\n", "\n",
        "<img src=x onerror=y>", "<a href='javascript:x'>", "&lt;", '"', "'", "|a|\n|-|\n", "**", "onclick=",
        "<http://a b>", "[x]: javascript:y\n", "[x]", "\\",
    ]
)  # fmt: skip


@given(st.lists(PIECES, max_size=30).map("".join))
def test_nothing_that_runs_or_loads_gets_through(text: str) -> None:
    html = render(text)
    tags = re.findall(r"<[^>]*>", html)
    assert not [t for t in tags if re.match(r"</?(script|img|iframe|style|form|svg|object)\b", t, re.IGNORECASE)]
    assert not [t for t in tags if re.search(r"\s(on\w+|style|src)\s*=", re.sub(r'"[^"]*"', '""', t), re.IGNORECASE)]
    assert not re.search(r'href="\s*(javascript|data|vbscript):', html, re.IGNORECASE)


def test_links_cannot_reach_back_and_images_become_links() -> None:
    html = render("[a](https://example.org/) ![pic](https://example.org/x.png)")
    assert html.count('rel="noopener noreferrer nofollow"') == 2
    assert "<img" not in html
    assert ">pic</a>" in html


def test_code_is_colored_by_classes_and_tables_are_aligned_by_classes() -> None:
    html = render("```python\nreturn '<b>'\n```\n\n|a|\n|-:|\n|1|\n")
    assert 'data-language="python"' in html
    assert '<span class="hl-k">return</span>' in html
    assert "&lt;b&gt;" in html
    assert '<td class="align-right">1</td>' in html
    assert "style=" not in html


def test_unknown_languages_and_raw_html_are_shown_as_they_are() -> None:
    assert "&lt;x&gt;" in render("```klingon\n<x>\n```")
    assert render("<b>hi</b>") == "<p>&lt;b&gt;hi&lt;/b&gt;</p>\n"
    assert plain("<b>\n") == '<p class="plain">&lt;b&gt;\n</p>'


HOSTILE = ["[", "![", "*a ", "_a_", "> ", "- a\n", "|a", "a\n-\n", "```python\n(((\n", "<a ", "[[]"]


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_texts_are_rendered_up_to_the_limit_and_shown_plain_beyond_it(piece: str) -> None:
    # Quadratic work at the limit would run into the test's time limit.
    render((piece * MAX_MARKDOWN_CHARS)[:MAX_MARKDOWN_CHARS])
    beyond = piece * MAX_MARKDOWN_CHARS * 10
    assert render(beyond) == plain(beyond)
