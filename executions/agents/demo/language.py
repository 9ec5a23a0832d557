"""The demo agent's language: a message is a list of steps, one a line; keywords are case-insensitive."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_COUNT = 100_000
MAX_SECONDS = 7 * 24 * 3600.0

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "": 1.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|)", re.IGNORECASE)
_COUNT = re.compile(r"(\d+)(?:\s+every\s+(\S+(?:\s+(?:ms|s|m))?))?", re.IGNORECASE)
_EDIT = re.compile(r'(\S+)\s+"((?:[^"\\]|\\.)*)"\s+"((?:[^"\\]|\\.)*)"')
_WITH_TEXT = {"say", "think", "run", "read", "fetch", "search", "plan", "fail"}


@dataclass(frozen=True, slots=True)
class Step:
    """One understood line: its keyword and its arguments."""

    keyword: str
    text: str = ""
    seconds: float = 0.0
    count: int = 0
    parts: tuple[str, ...] = ()


def parse(message: str) -> list[Step | str]:
    """Return a step for every line that is understood, the line itself for others; blank lines are left out."""
    return [step(line.strip()) or line.strip() for line in message.splitlines() if line.strip()]


def seconds(text: str) -> float | None:
    """Return ``250ms``, ``3s``, ``2m`` or a bare number in seconds; ``None`` for anything else."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        return None
    value = float(match[1]) * _UNITS[match[2].lower()]
    return value if value <= MAX_SECONDS else None


def step(line: str) -> Step | None:
    """Return the step that a line says, or ``None``."""
    keyword, _, rest = line.partition(" ")
    keyword, rest = keyword.lower(), rest.strip()
    match keyword:
        case "hang":
            return Step(keyword) if not rest else None
        case "list":
            return Step(keyword, text=rest or ".")
        case "wait":
            length = seconds(rest)
            return Step(keyword, seconds=length) if length is not None else None
        case "count":
            return _count(rest)
        case "ask":
            question, *options = (part.strip() for part in rest.split("|"))
            return Step(keyword, text=question, parts=tuple(filter(None, options))) if question else None
        case "write":
            path, _, text = rest.partition(" ")
            return Step(keyword, text=text, parts=(path,)) if path else None
        case "edit":
            edit = _EDIT.fullmatch(rest)
            return Step(keyword, parts=(edit[1], _unquote(edit[2]), _unquote(edit[3]))) if edit else None
    return Step(keyword, text=rest) if keyword in _WITH_TEXT and rest else None


def _count(rest: str) -> Step | None:
    match = _COUNT.fullmatch(rest)
    if match is None or int(match[1]) > MAX_COUNT:
        return None
    every = seconds(match[2]) if match[2] else 0.0
    return Step("count", count=int(match[1]), seconds=every) if every is not None else None


def _unquote(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] == "n" else match[1], text)
