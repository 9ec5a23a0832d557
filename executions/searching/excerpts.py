"""Where in a text what was looked for stands. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from executions.searching.words import wanted

#: Characters shown before and after what was found.
BEFORE, AFTER = 50, 110


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A passage of a text, on one line: what was found, and what stands around it."""

    before: str
    found: str
    after: str


def excerpt(text: str, query: str) -> Excerpt | None:
    """Return the first place of ``query`` in ``text``, else that of its longest word there; ``None`` without any."""
    for sought in [query.strip(), *sorted((term.word for term in wanted(query)), key=len, reverse=True)]:
        match = re.search(re.escape(sought), text, re.IGNORECASE) if sought else None
        if match is not None:
            start, end = match.span()
            first, last = max(0, start - BEFORE), min(len(text), end + AFTER)
            return Excerpt(
                ("…" if first else "") + " ".join(text[first:start].split()) + _space(text[first:start], -1),
                match.group(),
                _space(text[end:last], 0) + " ".join(text[end:last].split()) + ("…" if last < len(text) else ""),
            )
    return None


def _space(text: str, place: int) -> str:
    """Return the space that stood at the edge towards what was found."""
    return " " if text and text[place].isspace() else ""
