"""The ranges that the dashboard shows: each is a number of stretches of one of the lengths that are tallied."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from executions.tallies.measures import beginning


@dataclass(frozen=True, slots=True)
class Range:
    """``count`` stretches of ``span`` seconds, up to now; the page asks again every ``seconds``."""

    name: str
    word: str | Promise
    span: int
    count: int
    seconds: int
    #: How the beginning of a stretch is written, as ``strftime`` takes it.
    form: str

    def starts(self, now: datetime) -> list[datetime]:
        """Return when each stretch begins, the oldest first; the last one is not over yet."""
        last = beginning(now, self.span)
        return [last - timedelta(seconds=self.span * back) for back in reversed(range(self.count))]


RANGES = (
    Range("hour", _("Hour"), 60, 60, 5, "%H:%M"),
    Range("6-hours", _("6 hours"), 600, 36, 10, "%H:%M"),
    Range("day", _("Day"), 3_600, 24, 15, "%H:%M"),
    Range("week", _("Week"), 21_600, 28, 60, "%d %H:%M"),
    Range("30-days", _("30 days"), 86_400, 30, 60, "%m-%d"),
    Range("90-days", _("90 days"), 86_400, 90, 60, "%m-%d"),
)
DEFAULT = RANGES[2]


def range_of(name: str) -> Range:
    """Return the range of that name, the default one for any other text."""
    return next((one for one in RANGES if one.name == name), DEFAULT)
