"""The one state language: each status people see has one word and one icon, here and nowhere else.

Colours hang on the same names in the style sheet (``[data-status=…]``). Pure: no Django.
"""

from __future__ import annotations

from dataclasses import dataclass

from executions.states import Outcome, State


@dataclass(frozen=True, slots=True)
class Look:
    """How a status is shown: ``word`` for people, ``icon`` as its name in the sprite."""

    word: str
    icon: str


LOOKS: dict[str, Look] = {
    State.QUEUED.value: Look("Queued", "queued"),
    State.RUNNING.value: Look("Running", "ring"),
    State.WAITING.value: Look("Waiting for you", "hand"),
    "stopping": Look("Stopping…", "ring"),
    Outcome.SUCCEEDED.value: Look("Succeeded", "check"),
    Outcome.FAILED.value: Look("Failed", "cross"),
    Outcome.CANCELED.value: Look("Canceled", "square"),
    Outcome.TIMED_OUT.value: Look("Timed out", "hourglass"),
    Outcome.LOST.value: Look("Lost", "unplugged"),
}
UNKNOWN = Look("Unknown", "info")


def look(status: str) -> Look:
    """Return how ``status`` is shown; an unknown one is shown as such and not as something else."""
    return LOOKS.get(status, UNKNOWN)
