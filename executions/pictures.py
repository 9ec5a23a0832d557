"""Geometry and words of the small pictures on the pages: the timeline of a run and the strip of durations."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from executions.status import look
from executions.timeline import Span, merged, totals
from executions.wording import duration, percent

WIDTH = 1000
LANES = {
    "queue": gettext_noop("Queued"),
    "model": gettext_noop("Model"),
    "tool": gettext_noop("Tools"),
    "waiting": gettext_noop("Waiting"),
}
LANE_HEIGHT = 22
#: More spans than this are joined where they are too near to be told apart.
MAX_BARS = 250
STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200,
         14400, 43200, 86400)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle of a picture that is :data:`WIDTH` wide, with what it says when pointed at."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    title: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Timeline:
    """The picture of a run: ``lanes`` are (kind, name, time in words, part of the whole), ``ticks`` are (x, label)."""

    bars: list[Bar]
    lanes: list[tuple[str, str, str, str]]
    ticks: list[tuple[float, str]]
    height: int


def timeline(spans: Sequence[Span]) -> Timeline:
    """Lay out ``spans``, one lane for each kind that occurs; a run of thousands of calls stays a picture."""
    total = max((span.end for span in spans), default=0.0) or 1.0
    names = [name for name in LANES if any(span.lane == name for span in spans)]
    rows = {name: index * LANE_HEIGHT for index, name in enumerate(names)}
    bars = [
        Bar(
            round(span.start / total * WIDTH, 2),
            rows[span.lane] + 4,
            round(max(span.seconds / total * WIDTH, 2.0), 2),
            LANE_HEIGHT - 8,
            span.lane,
            _("%(what)s: %(duration)s") % {"what": span.label, "duration": duration(span.seconds)},
        )
        for span in (spans if len(spans) <= MAX_BARS else merged(spans, total / MAX_BARS))
    ]
    spent = totals(spans)
    step = next((step for step in STEPS if total / step <= 6), total / 6)
    moments = [n * step for n in range(math.floor(total / step) + 1)]
    ticks = [(round(moment / total * WIDTH, 2), duration(moment) if moment else "0") for moment in moments]
    lanes = [(name, _(LANES[name]), duration(spent[name]), percent(spent[name] / total)) for name in names]
    return Timeline(bars, lanes, ticks, len(names) * LANE_HEIGHT)


STRIP_HEIGHT = 40


def strip(runs: Iterable[tuple[int, float, str]], places: int, address: Callable[[int], str]) -> list[Bar]:
    """Lay out the last runs (id, seconds, outcome), oldest first, as bars in at most ``places`` places.

    Heights are logarithmic: a run of an hour beside one of a second leaves both visible. ``address`` tells where the
    bar of an id leads to.
    """
    runs = list(runs)[-places:]
    most = math.log1p(max((seconds for _, seconds, _ in runs), default=0) * 10) or 1.0
    slot = WIDTH / places
    bars = []
    for index, (pk, seconds, outcome) in enumerate(runs, places - len(runs)):
        height = max(math.log1p(seconds * 10) / most * STRIP_HEIGHT, 3.0)
        said = {"id": pk, "outcome": look(outcome).word, "duration": duration(seconds)}
        title = _("Run %(id)s: %(outcome)s, %(duration)s") % said
        bars.append(Bar(round(index * slot, 2), round(STRIP_HEIGHT - height, 2), round(slot * 0.7, 2), round(height, 2),
                        outcome, title, address(pk)))  # fmt: skip
    return bars
