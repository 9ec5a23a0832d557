"""The one state language: each status people see has one word and one icon, here and nowhere else.

Colours hang on the same names in the style sheet (``[data-status=…]``).
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext, gettext_noop

from executions.states import Outcome, State


@dataclass(frozen=True, slots=True)
class Look:
    """How a status is shown: ``word`` for people, in the language in use, ``icon`` as its name in the sprite."""

    english: str
    icon: str

    @property
    def word(self) -> str:
        return gettext(self.english)


LOOKS: dict[str, Look] = {
    State.QUEUED.value: Look(gettext_noop("Queued"), "queued"),
    State.RUNNING.value: Look(gettext_noop("Running"), "ring"),
    State.WAITING.value: Look(gettext_noop("Waiting for you"), "hand"),
    "stopping": Look(gettext_noop("Stopping…"), "ring"),
    Outcome.SUCCEEDED.value: Look(gettext_noop("Succeeded"), "check"),
    Outcome.FAILED.value: Look(gettext_noop("Failed"), "cross"),
    Outcome.CANCELED.value: Look(gettext_noop("Canceled"), "square"),
    Outcome.TIMED_OUT.value: Look(gettext_noop("Timed out"), "hourglass"),
    Outcome.LOST.value: Look(gettext_noop("Lost"), "unplugged"),
}
UNKNOWN = Look(gettext_noop("Unknown"), "info")


def look(status: str) -> Look:
    """Return how ``status`` is shown; an unknown one is shown as such and not as something else."""
    return LOOKS.get(status, UNKNOWN)
