"""The worker's task that keeps the tallies up to date."""

from __future__ import annotations

import asyncio
import time

from executions.database import DatabaseThread
from executions.tallies import adding

#: Seconds between two looks at what was noted since.
PAUSE = 3.0
#: Seconds between two removals of what is too old.
FORGET_EVERY = 600.0


class Upkeep:
    """Adds what was noted to the tallies, and forgets old ones."""

    def __init__(self, database: DatabaseThread) -> None:
        self._database = database
        self._forgotten_at = 0.0

    async def run(self) -> None:
        """Keep the tallies until canceled. Cancellation: what is noted and not counted yet, the next worker counts."""
        while True:
            await self.catch_up()
            await asyncio.sleep(PAUSE)

    async def catch_up(self) -> None:
        """Count all that is noted by now; between two batches others write as long as one took."""
        began = time.monotonic()
        while await self._database.run_patiently(adding.add_some) == adding.BATCH:
            await asyncio.sleep(time.monotonic() - began)
            began = time.monotonic()
        if began - self._forgotten_at > FORGET_EVERY or not self._forgotten_at:
            self._forgotten_at = began
            await self._database.run_patiently(adding.forget_old)
