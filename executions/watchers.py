"""Which processes watch which executions, as a worker knows it, and how entries get to them."""

from __future__ import annotations

import time
from collections.abc import Iterable

from executions import bus
from executions.events import Entry
from executions.hub import WATCH_SECONDS, encode, get_hub


class Watchers:
    """Remembers who asked for what; forgets who no longer asks."""

    def __init__(self) -> None:
        self._until: dict[int, dict[str, float]] = {}
        self._swept = 0.0

    def watch(self, hub_id: str, execution_ids: Iterable[int]) -> None:
        """Note that a hub watches executions, for three reminders' time."""
        now = time.monotonic()
        for execution_id in execution_ids:
            self._until.setdefault(execution_id, {})[hub_id] = now + 3 * WATCH_SECONDS
        if now - self._swept > WATCH_SECONDS:
            self._swept = now
            self._forget(now)

    def publish(self, entries: list[Entry]) -> None:
        """Hand committed entries to this process's hub and send them, in one message each, to others that watch."""
        here = get_hub()
        here.deliver(entries)
        batches: dict[str, list[Entry]] = {}
        for entry in entries:
            for hub_id in self._until.get(entry.execution_id, ()):
                if hub_id != here.id:
                    batches.setdefault(hub_id, []).append(entry)
        for hub_id, batch in batches.items():
            bus.ring(bus.hub_group(hub_id), {"type": "journal.entries", "entries": encode(batch)})

    def _forget(self, now: float) -> None:
        for execution_id, hubs in list(self._until.items()):
            alive = {hub_id: until for hub_id, until in hubs.items() if until > now}
            if alive:
                self._until[execution_id] = alive
            else:
                del self._until[execution_id]
