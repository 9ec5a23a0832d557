"""Text that a terminal can be trusted with, and how wide it is there."""

from __future__ import annotations

import unicodedata

#: Turn the direction of what follows: they can make a line read as something else.
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_KEPT = frozenset("\n\t")


def clean(text: str) -> str:
    """Return ``text`` without control characters: what an agent prints must not steer the operator's terminal."""
    return "".join(
        "\ufffd" if char in _BIDI or (unicodedata.category(char) in ("Cc", "Cs") and char not in _KEPT) else char
        for char in text.replace("\r\n", "\n")
    )


def one_line(text: str) -> str:
    """Return ``text`` on one line, cleaned."""
    return clean(" ".join(text.split()))


def width(text: str) -> int:
    """Return how many columns ``text`` takes: two for Japanese and most emoji, none for combining marks."""
    return sum(_width(char) for char in text)


def fit(text: str, columns: int) -> str:
    """Return ``text`` cut (with ``…``) and padded to exactly ``columns``."""
    if width(text) > columns:
        kept, used = [], 0
        for char in text:
            used += _width(char)
            if used > columns - 1:
                break
            kept.append(char)
        text = "".join(kept) + "…"
    return text + " " * (columns - width(text))


def _width(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
