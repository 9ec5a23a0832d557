"""Markdown to HTML that is safe to put into a page, in bounded time whatever the text is.

What a model, a tool or a user wrote never reaches the page unsanitised: raw HTML is shown as text, the result goes
through an allow-list, remote images become links, and nothing needs inline styles.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from html import escape
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

#: Longer texts are shown as they are: parsing them would take noticeable time.
MAX_MARKDOWN_CHARS = 50_000
#: Longer code blocks are not coloured.
MAX_HIGHLIGHT_CHARS = 20_000
#: Longer texts are rendered anew each time, so that the cache stays small.
MAX_CACHED_CHARS = 20_000

_FORMATTER: HtmlFormatter[str] = HtmlFormatter(nowrap=True, classprefix="hl-")
_ALIGN = {"text-align:left": "align-left", "text-align:center": "align-center", "text-align:right": "align-right"}
_TAGS = {
    "a", "blockquote", "br", "code", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "s",
    "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_ATTRIBUTES = {
    "a": {"href", "title"},
    "code": {"class"},
    "span": {"class"},
    "pre": {"class", "data-language"},
    "p": {"class"},
    "ol": {"start"},
    "td": {"class"},
    "th": {"class"},
}


class _Renderer(RendererHTML):
    """HTML without inline styles, with images as links and a language on every code block."""

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        token = tokens[idx]
        text = self.renderInlineAsText(token.children or [], options, env) or "image"
        return f'<a href="{escape(str(token.attrGet("src") or ""))}">{escape(text)}</a>'

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        token = tokens[idx]
        language = (token.info.split() or [""])[0].lower()[:40]
        code = _colored(token.content, language)
        return f'<pre class="code" data-language="{escape(language)}"><code>{code}</code></pre>\n'

    def code_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return f'<pre class="code"><code>{escape(tokens[idx].content)}</code></pre>\n'

    @staticmethod
    def renderAttrs(token: Token) -> str:  # noqa: N802 - the library's name
        style = token.attrs.pop("style", None)
        if style in _ALIGN:
            token.attrSet("class", _ALIGN[str(style)])
        return RendererHTML.renderAttrs(token)


def _colored(code: str, language: str) -> str:
    if not language or len(code) > MAX_HIGHLIGHT_CHARS:
        return escape(code)
    try:
        lexer = get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        return escape(code)
    return highlight(code, lexer, _FORMATTER)


def _parser() -> MarkdownIt:
    options: dict[str, Any] = {"html": False, "breaks": False, "maxNesting": 20}
    return MarkdownIt("commonmark", options, renderer_cls=_Renderer).enable(["table", "strikethrough"])


_MARKDOWN = _parser()


def render(text: str) -> str:
    """Return the sanitised HTML of an answer written in Markdown."""
    if len(text) > MAX_MARKDOWN_CHARS:
        return plain(text)
    return _cached(text) if len(text) <= MAX_CACHED_CHARS else _render(text)


def plain(text: str) -> str:
    """Return HTML that shows ``text`` as it is, with its line breaks."""
    return f'<p class="plain">{escape(text)}</p>' if text else ""


def _render(text: str) -> str:
    return nh3.clean(
        _MARKDOWN.render(text),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )


_cached = lru_cache(maxsize=256)(_render)
