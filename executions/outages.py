"""Says that something is away: at once, and then now and then, for as long as it lasts."""

from __future__ import annotations

import logging
import time

#: Seconds between two lines about the same outage.
QUIET_SECONDS = 10.0


class Outage:
    """One thing that may be away, and the words for it. What is tried every second must not bury the log."""

    def __init__(self, logger: logging.Logger, words: str) -> None:
        self._logger = logger
        self._words = words
        self._quiet_until = 0.0

    def complain(self, error: Exception) -> None:
        """Log the words and the first line of the error, unless that was done a moment ago."""
        now = time.monotonic()
        if now >= self._quiet_until:
            self._quiet_until = now + QUIET_SECONDS
            lines = str(error).strip().splitlines()
            self._logger.error("%s: %s", self._words, lines[0] if lines else type(error).__name__)
