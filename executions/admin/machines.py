"""How a worker is, as the staff see it: on the dashboard, in the list and on its own page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from executions.conf import conf
from executions.models import Worker


@dataclass(slots=True)
class Machine:
    """A worker, how long ago it was heard of, and how much it holds."""

    worker: Worker
    silent: timedelta
    held: int
    state: str

    @property
    def percent(self) -> float:
        """How much of its slots is in use."""
        return min(100.0, 100.0 * self.held / self.worker.slots) if self.worker.slots else 0.0


def machine(worker: Worker, held: int, now: datetime) -> Machine:
    """Return how a worker is.

    ``lost``, ``stopped``, ``silent`` (for longer than half its lease), ``draining``, ``drained``, or ``alive``.
    """
    silent = max(now - worker.heartbeat_at, timedelta())
    state = "alive"
    if worker.lost_at is not None:
        state = "lost"
    elif worker.stopped_at is not None:
        state = "stopped"
    elif silent.total_seconds() > conf.lease_seconds / 2:
        state = "silent"
    elif worker.draining_at is not None:
        state = "draining" if held else "drained"
    return Machine(worker, silent, held, state)
