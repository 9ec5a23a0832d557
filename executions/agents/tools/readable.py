"""Turns a web page into text that is short and still has its structure: light Markdown.

Also a program, ``readable.py URL LENGTH``: so many bytes of HTML on standard input, text on standard output. Pages are
hostile: parsing nested elements takes quadratic time, and would hold up the whole server if it were done there. So it
stands alone, and imports nothing of this project.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from urllib.parse import urljoin

from selectolax.lexbor import LexborHTMLParser, LexborNode

SKIPPED = frozenset(
    {
        "script", "style", "noscript", "template", "svg", "math", "iframe", "object", "canvas", "audio", "video",
        "select", "button", "input", "textarea", "head", "dialog", "nav",
    }
)  # fmt: skip
BLOCKS = frozenset(
    {
        "address", "article", "aside", "blockquote", "dd", "details", "div", "dl", "dt", "fieldset", "figcaption",
        "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "ol", "p", "pre",
        "section", "summary", "table", "tbody", "thead", "tr", "ul",
    }
)  # fmt: skip
#: Blocks that follow each other line by line, without an empty line.
TIGHT = frozenset({"li", "tr", "dt", "dd", "div", "summary", "tbody", "thead"})
#: Longer addresses are left out: many short links on a page with a long address would become a huge text.
MAX_LINK_CHARS = 1000
_SPACES = re.compile(r"\s+")


def readable(html: str, url: str) -> tuple[str, str]:
    """Return the page's title and its main text, with links made absolute."""
    tree = LexborHTMLParser(html)
    heading = tree.css_first("title")
    title = _SPACES.sub(" ", heading.text()).strip() if heading is not None else ""
    root = next((node for node in (tree.css_first("main"), tree.css_first("article"), tree.body) if node), None)
    writer = _Writer()
    if root is not None:
        for node, entering in _walk(root):
            _write(writer, node, entering, url)
    return title, writer.text


def _walk(root: LexborNode) -> Iterator[tuple[LexborNode, bool]]:
    """Yield every node when it is entered and again when it is left; without recursion, pages can be deep."""
    stack = [(root, True)]
    while stack:
        node, entering = stack.pop()
        if entering and node.tag in SKIPPED:
            continue
        yield node, entering
        if entering and not node.is_text_node:
            stack.append((node, False))
            child = node.last_child
            while child is not None:
                stack.append((child, True))
                child = child.prev


def _write(writer: _Writer, node: LexborNode, entering: bool, url: str) -> None:
    tag = node.tag or ""
    if node.is_text_node:
        writer.add(node.text_content or "")
    elif tag == "br" and entering:
        writer.end_line(1)
    elif tag == "a":
        _link(writer, node, entering, url)
    elif tag in ("td", "th"):
        if not entering:
            writer.add(" | ")
    elif tag in BLOCKS:
        writer.end_line(1 if tag in TIGHT else 2)
        if tag == "pre":
            writer.preformatted += 1 if entering else -1
        elif entering and tag == "li":
            writer.add("- ")
        elif entering and len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            writer.add("#" * int(tag[1]) + " ")


def _link(writer: _Writer, node: LexborNode, entering: bool, url: str) -> None:
    target = node.attributes.get("href") or ""
    if target.startswith(("#", "javascript:", "data:", "mailto:")) or not target:
        return
    if entering:
        writer.add("[")
        return
    try:
        absolute = urljoin(url, target.strip())
    except ValueError:  # not an address at all
        absolute = ""
    writer.add(f"]({absolute})" if 0 < len(absolute) <= MAX_LINK_CHARS else "]")


class _Writer:
    """Collects text with the white space of HTML collapsed."""

    def __init__(self) -> None:
        self.preformatted = 0
        self._pieces: list[str] = []
        self._lines = 0
        self._space = False

    def add(self, text: str) -> None:
        if self.preformatted:
            self._put(text)
            return
        words = _SPACES.sub(" ", text)
        if words.startswith(" "):
            self._space = True
        if stripped := words.strip():
            self._put(stripped)
            self._space = words.endswith(" ")

    def end_line(self, lines: int) -> None:
        """End the line; the next text comes after so many line ends at least."""
        self._lines = max(self._lines, lines)
        self._space = False

    def _put(self, text: str) -> None:
        if self._pieces:
            self._pieces.append("\n" * self._lines or " " * self._space)
        self._lines, self._space = 0, False
        self._pieces.append(text)

    @property
    def text(self) -> str:
        return "".join(self._pieces).strip()


def main() -> None:
    url, length = sys.argv[1:]
    title, text = readable(sys.stdin.buffer.read(int(length)).decode(), url)
    heading = f"# {title}\n\n" if title else ""
    sys.stdout.buffer.write((heading + (text or "(the page has no text)")).encode("utf-8", "replace"))


if __name__ == "__main__":
    main()
