"""The time an execution may take. It stands still while the execution waits for its owner."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Clock:
    """Calls ``expire`` once it has run for ``seconds``; belongs to the running loop."""

    def __init__(self, seconds: float, expire: Callable[[], object]) -> None:
        self._left = seconds
        self._expire = expire
        self._timer: asyncio.TimerHandle | None = None

    def run(self) -> None:
        """Let time pass."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._left, self._expire)

    def stop(self) -> None:
        """Stop it where it is; :meth:`run` goes on from there."""
        if self._timer is not None:
            self._left = max(0.0, self._timer.when() - asyncio.get_running_loop().time())
            self._timer.cancel()
            self._timer = None
