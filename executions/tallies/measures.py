"""What is tallied, and for how long. Pure: no Django."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum


class Measure(StrEnum):
    """What a tally counts; its ``key`` and ``second`` are in brackets."""

    CREATED = "created"  # by the time it was asked for (agent)
    ENDED = "ended"  # (agent, outcome)
    FAILED = "failed"  # what did not succeed and was not canceled (error code, outcome)
    DURATION = "duration"  # a histogram of what ended by itself (outcome)
    WAIT = "wait"  # a histogram of the time in the queue, by the start ()
    CANCEL = "cancel"  # a histogram of the time from the request to its confirmation (queued or held)
    SPENT = "spent"  # tokens and cost (owner's id, model)


#: How long the stretches are for which everything is counted, and how long each is kept. A range that can be asked
#: for reads one kind of them, 90 at most.
KEPT: dict[int, timedelta] = {
    60: timedelta(hours=2),
    600: timedelta(hours=8),
    3_600: timedelta(hours=30),
    21_600: timedelta(days=9),
    86_400: timedelta(days=400),
}


def beginning(moment: datetime, span: int) -> datetime:
    """Return when the stretch of ``span`` seconds began that ``moment`` is in; days are UTC's."""
    return datetime.fromtimestamp(moment.timestamp() // span * span, UTC)
