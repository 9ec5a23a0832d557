"""Something that was found to be wrong."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is: ``error`` for what does not work, ``warning`` for what will not, or should not be so."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, in a sentence, and what to do about it, in another one."""

    level: Level
    what: str
    remedy: str


def error(what: str, remedy: str) -> Finding:
    return Finding(Level.ERROR, what, remedy)


def warning(what: str, remedy: str) -> Finding:
    return Finding(Level.WARNING, what, remedy)
