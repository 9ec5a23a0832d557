"""Time zones by the names that browsers tell."""

from __future__ import annotations

from datetime import tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    return frozenset(available_timezones())


def zone_of(name: str) -> tzinfo | None:
    """Return the time zone of that name, ``None`` when there is none."""
    return ZoneInfo(name) if name in _names() else None
