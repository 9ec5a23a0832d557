"""Where the time of a run went, as the spans of a picture, with their words in the language in use."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from executions import events
from executions.events import Entry

#: What the spans of a run are made from.
MARKS = (
    events.Started.type,
    events.ToolStarted.type,
    events.ToolFinished.type,
    events.Question.type,
    events.Answered.type,
    events.Finished.type,
)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time in a lane: ``queue``, ``model``, ``tool`` or ``waiting``. Seconds from the run's creation."""

    lane: str
    label: str
    start: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.start


def spans(entries: Iterable[Entry], created: datetime, end: datetime) -> list[Span]:
    """Return the spans of a run between ``created`` and ``end``; what is open at the end lasts until then.

    The model's (or the agent's own) time is what is left between tools and questions.
    """

    def at(moment: datetime) -> float:
        return max((moment - created).total_seconds(), 0.0)

    done: list[Span] = []
    tools: dict[str, tuple[str, float]] = {}
    asked: dict[str, float] = {}
    free: float | None = None  # since when nothing but the model is busy
    last = at(end)
    begun = False
    for entry in entries:
        moment, data = at(entry.created_at), entry.data
        match entry.type:
            case events.Started.type:
                begun = True
                done.append(Span("queue", _("Queued"), 0.0, moment))
                free = moment
            case events.ToolStarted.type | events.Question.type:
                if free is not None:
                    done.append(Span("model", _("Model"), free, moment))
                    free = None
                if entry.type == events.ToolStarted.type:
                    tools[data["call_id"]] = (data["name"], moment)
                else:
                    asked[data["question_id"]] = moment
            case events.ToolFinished.type if data["call_id"] in tools:
                name, start = tools.pop(data["call_id"])
                done.append(Span("tool", name, start, moment))
            case events.Answered.type if data["question_id"] in asked:
                done.append(Span("waiting", _("Waiting for you"), asked.pop(data["question_id"]), moment))
            case events.Finished.type:
                last = moment
        if begun and free is None and not tools and not asked:
            free = moment
    if not begun:
        return [Span("queue", _("Queued"), 0.0, last)]
    if free is not None:
        done.append(Span("model", _("Model"), free, last))
    done += [Span("tool", name, start, last) for name, start in tools.values()]
    done += [Span("waiting", _("Waiting for you"), start, last) for start in asked.values()]
    return sorted((span for span in done if span.seconds > 0), key=lambda span: span.start)


def merged(spans: Iterable[Span], gap: float) -> list[Span]:
    """Return ``spans`` (in order) with neighbours of one lane joined that are less than ``gap`` seconds apart."""
    joined: list[tuple[Span, int]] = []
    newest: dict[str, int] = {}
    for span in spans:
        place = newest.get(span.lane)
        before = joined[place] if place is not None else None
        if place is None or before is None or span.start - before[0].end >= gap:
            newest[span.lane] = len(joined)
            joined.append((span, 1))
        else:
            whole = Span(span.lane, before[0].label, before[0].start, max(before[0].end, span.end))
            joined[place] = (whole, before[1] + 1)
    return [
        Span(span.lane, _repeated(span.lane, count), span.start, span.end) if count > 1 else span
        for span, count in joined
    ]


def _repeated(lane: str, count: int) -> str:
    if lane == "tool":
        return ngettext("%(count)s call", "%(count)s calls", count) % {"count": count}
    return ngettext("%(count)s time", "%(count)s times", count) % {"count": count}


def totals(spans: Iterable[Span]) -> dict[str, float]:
    """Return the seconds of each lane; what happened side by side in a lane counts once."""
    seconds: dict[str, float] = {}
    ends: dict[str, float] = {}
    for span in spans:
        begin = max(span.start, ends.get(span.lane, 0.0))
        seconds[span.lane] = seconds.get(span.lane, 0.0) + max(span.end - begin, 0.0)
        ends[span.lane] = max(span.end, ends.get(span.lane, 0.0))
    return seconds
