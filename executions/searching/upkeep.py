"""Keeps the index of words complete: a worker looks through the history for what has no entry yet.

It begins with the newest executions and goes back to the first one, then follows what finishes. Several workers may do
it at once: an entry is made once. A search looks at the newest executions themselves, so nothing waits for this.
"""

from __future__ import annotations

import asyncio
import time

from executions.database import DatabaseThread
from executions.models import Execution
from executions.searching import index

#: Seconds between two looks at what has finished since.
PAUSE = 10.0
#: Ids that are looked at together, and executions whose entries are made by one statement: some 10 ms of work.
WINDOW = 2_000
BATCH = 20
#: How many times as long as a batch took, the next one waits: this is never urgent.
REST = 9.0


class Upkeep:
    """What one worker knows of the index."""

    def __init__(self, database: DatabaseThread) -> None:
        self._database = database
        #: Everything from here on is still to be looked at; ``None`` before the first look.
        self._next: int | None = None
        #: Ids before ``_next`` that had not finished when they were looked at.
        self._unfinished: set[int] = set()

    async def run(self) -> None:
        """Keep the index until canceled. Cancellation: leaves the rest to the next worker."""
        newest = await self._database.run_patiently(_newest)
        self._next = newest + 1
        await self._complete(*_windows(1, newest))
        while True:
            await asyncio.sleep(PAUSE)
            await self.follow()

    async def follow(self) -> None:
        """Make the entries of what has finished since the last time."""
        # A transaction may show its executions after those that were made later.
        first = max(1, (self._next or 1) - WINDOW)
        newest = await self._database.run_patiently(_newest)
        self._next = max(first, newest + 1)
        again, self._unfinished = sorted(self._unfinished), set()
        await self._complete(
            *(again[at : at + WINDOW] for at in range(0, len(again), WINDOW)), *_windows(first, newest)
        )

    async def _complete(self, *windows: range | list[int]) -> None:
        """Make the missing entries of these ids, the last ones first, without haste."""
        for ids in reversed(windows):
            missing, unfinished = await self._database.run_patiently(_missing, ids)
            self._unfinished |= unfinished
            for at in range(0, len(missing), BATCH):
                began = time.monotonic()
                await self._database.run_patiently(_add, missing[at : at + BATCH])
                await asyncio.sleep((time.monotonic() - began) * REST)


def _windows(first: int, last: int) -> list[range]:
    return [range(at, min(at + WINDOW, last + 1)) for at in range(first, last + 1, WINDOW)]


def _newest() -> int:
    return Execution.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def _missing(ids: range | list[int]) -> tuple[list[int], set[int]]:
    """Return which of ``ids`` have finished and have no entry, the newest first, and which have not finished."""
    rows = Execution.objects.order_by("-pk")
    rows = rows.filter(pk__gte=ids.start, pk__lt=ids.stop) if isinstance(ids, range) else rows.filter(pk__in=ids)
    found = rows.filter(search_entry=None).values_list("pk", "finished_at")
    missing, unfinished = [], set()
    for pk, finished_at in found:
        if finished_at is None:
            unfinished.add(pk)
        else:
            missing.append(pk)
    return missing, unfinished


def _add(ids: list[int]) -> None:
    index.add(Execution.objects.filter(pk__in=ids).only("owner_id", "prompt", "output", "error"))
