"""Ages on the command line: ``90s``, ``15m``, ``12h``, ``30d``, ``8w``."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from datetime import timedelta

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_AGE = re.compile(r"([0-9]{1,6})([smhdw])")
#: Readers of what has just finished still want its journal.
YOUNGEST = timedelta(minutes=1)
#: Nothing is older, and no date is reached by it that the databases do not know.
OLDEST = timedelta(days=36_500)


def age(text: str) -> timedelta:
    """Parse an age for argparse."""
    match = _AGE.fullmatch(text.strip().lower())
    value = timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else None
    if value is None:
        raise ArgumentTypeError(f"{text!r} is not an age: a whole number and s, m, h, d or w, such as 30d")
    if not YOUNGEST <= value <= OLDEST:
        raise ArgumentTypeError(f"{text!r} is out of range: at least 1m, at most {OLDEST.days}d")
    return value
