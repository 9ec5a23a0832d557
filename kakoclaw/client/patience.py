"""How long a client goes on trying when its server is away."""

from __future__ import annotations

import time
from collections.abc import Callable

from kakoclaw.client.errors import ClientError, Throttled, Unavailable, Unreachable

FIRST_DELAY = 0.25
LAST_DELAY = 5.0

#: Called with the error when an outage begins, and with ``None`` when it is over.
Trouble = Callable[[ClientError | None], None]


class Patience:
    """One outage at a time: pauses that grow, and an end after ``seconds`` of it (``None``: never)."""

    def __init__(self, seconds: float | None, trouble: Trouble | None) -> None:
        self._seconds = seconds
        self._trouble = trouble
        self._since: float | None = None
        self._delay = FIRST_DELAY

    def over(self) -> None:
        """Note that the server is there."""
        if self._since is not None and self._trouble is not None:
            self._trouble(None)
        self._since, self._delay = None, FIRST_DELAY

    def bear(self, error: ClientError) -> None:
        """Wait before the next attempt. Raises ``error`` when it is none that passes, or has lasted too long."""
        if not isinstance(error, Unreachable | Unavailable | Throttled) or error.code == "tls":
            raise error
        now = time.monotonic()
        began = self._since if self._since is not None else now
        if self._seconds is not None and now - began >= self._seconds:
            raise error
        if self._since is None and self._trouble is not None:
            self._trouble(error)
        self._since = began
        asked = error.retry_after if isinstance(error, Throttled | Unavailable) else 0.0
        # Not sooner than the server asks for, and ever more seldom: all its clients come back at once.
        time.sleep(max(self._delay, asked))
        self._delay = min(self._delay * 2, LAST_DELAY)
