"""How much somebody may still do: buckets that fill by themselves and that every request takes from.

They are of this process: a request costs a microsecond and no way to another server. With several server processes,
each counts for itself.
"""

from __future__ import annotations

import threading
import time
from typing import NamedTuple

MINUTE = 60.0
#: Buckets kept; beyond that, those that are full again are forgotten, which is the same as keeping them.
MAX_BUCKETS = 10_000


class Allowance(NamedTuple):
    """What a request was told: whether it may, of how many a minute, how many are left, and when (in seconds)."""

    allowed: bool
    limit: int
    remaining: int
    #: Until the bucket is full again.
    reset: float
    #: Until there is one more.
    retry: float


class Buckets:
    """The buckets of one kind, by whose they are."""

    def __init__(self) -> None:
        self._levels: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def take(self, whose: str, limit: int) -> Allowance:
        """Take one from a bucket that holds ``limit`` and gets as many a minute."""
        now, rate = time.monotonic(), limit / MINUTE
        with self._lock:
            level, at = self._levels.get(whose, (float(limit), now))
            level = min(limit, level + (now - at) * rate)
            allowed = level >= 1
            level -= allowed
            if len(self._levels) >= MAX_BUCKETS and whose not in self._levels:
                self._forget(now)
            self._levels[whose] = (level, now)
        return Allowance(allowed, limit, int(level), (limit - level) / rate, 0 if allowed else (1 - level) / rate)

    def _forget(self, now: float) -> None:
        """Remove what is full again; when nothing is, everybody begins anew."""
        self._levels = {whose: kept for whose, kept in self._levels.items() if now - kept[1] < MINUTE}
        if len(self._levels) >= MAX_BUCKETS:
            self._levels.clear()
