"""What browsers can be told of, in the words of the settings page, and the statuses of executions behind them."""

from __future__ import annotations

from enum import StrEnum

from executions.states import Outcome, State


class Kind(StrEnum):
    """Each can be switched."""

    FINISHED = "finished"
    FAILED = "failed"
    ASKS = "asks"


#: A stop is its owner's own doing, so nobody is told of it.
STATUSES: dict[Kind, tuple[str, ...]] = {
    Kind.FINISHED: (Outcome.SUCCEEDED,),
    Kind.FAILED: (Outcome.FAILED, Outcome.TIMED_OUT, Outcome.LOST),
    Kind.ASKS: (State.WAITING,),
}


def wanted_of(kinds: list[Kind]) -> str:
    """Return the statuses of these kinds, as a subscription keeps them."""
    return " ".join(status for kind in Kind if kind in kinds for status in STATUSES[kind])


def kinds_of(wanted: str) -> list[Kind]:
    """Return the kinds that a subscription wants."""
    statuses = wanted.split()
    return [kind for kind in Kind if STATUSES[kind][0] in statuses]
