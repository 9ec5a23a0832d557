"""What a hub gives to one reader: bounded, and honest about what it left out."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from executions.counters import DOORBELLS_RECOVERED
from executions.events import Change, Entry

#: A reader with more unread batches than this is cut back to the journal.
MAX_BATCHES = 64
MAX_CHANGES = 1_000


class Subscription:
    """The live entries of one execution for one reader."""

    def __init__(self, execution_id: int, on_close: Callable[[Subscription], None]) -> None:
        self.execution_id = execution_id
        self._on_close = on_close
        self._batches: deque[list[Entry]] = deque()
        self._bell = asyncio.Event()
        self._behind = False
        #: The last ``seq`` that was put here or that the reader says it has.
        self.seen = 0

    def put(self, batch: list[Entry]) -> None:
        """Add entries; past the bound they are dropped and the reader is told to read the journal."""
        self.seen = max(self.seen, batch[-1].seq)
        if len(self._batches) >= MAX_BATCHES:
            self._batches.clear()
            self._behind = True
        elif not self._behind:
            self._batches.append(batch)
        self._bell.set()

    def check(self, last: int) -> None:
        """Tell the reader to read the journal when it has ``last`` and nobody said so; or when nothing is there."""
        if last > self.seen:
            DOORBELLS_RECOVERED.inc()
        if last > self.seen or last == 0:
            self.look()

    def look(self) -> None:
        """Tell the reader to read the journal."""
        self._behind = True
        self._bell.set()

    async def next(self) -> list[Entry] | None:
        """Return the next live entries, or ``None`` when the journal must be read.

        Cancellation: leaves the subscription usable.
        """
        while not self._batches and not self._behind:
            self._bell.clear()
            await self._bell.wait()
        if self._behind:
            self._behind = False
            self._batches.clear()
            return None
        batch = self._batches.popleft()
        while self._batches:
            batch = batch + self._batches.popleft()
        return batch

    def close(self) -> None:
        self._on_close(self)


class ChangeSubscription:
    """The life-cycle changes of one owner's executions (or everybody's) for one reader."""

    def __init__(self, owner_id: int | None, on_close: Callable[[ChangeSubscription], None]) -> None:
        self.owner_id = owner_id
        self._on_close = on_close
        self._changes: deque[Change] = deque(maxlen=MAX_CHANGES)
        self._bell = asyncio.Event()

    def put(self, change: Change) -> None:
        """Add a change; a reader that is further behind than the bound loses the oldest, and reloads its list."""
        self._changes.append(change)
        self._bell.set()

    async def next(self) -> list[Change]:
        """Return all changes since the last call, waiting for one. Cancellation: loses none."""
        while not self._changes:
            self._bell.clear()
            await self._bell.wait()
        changes = list(self._changes)
        self._changes.clear()
        return changes

    def close(self) -> None:
        self._on_close(self)
