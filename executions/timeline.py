"""Where the time of a run went, as the spans of a picture. Pure: no Django."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from executions import events
from executions.events import Entry

#: The most spans of one run that are drawn; a run of thousands of calls stays a picture.
MAX_SPANS = 400


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
                done.append(Span("queue", "Queued", 0.0, moment))
                free = moment
            case events.ToolStarted.type | events.Question.type:
                if free is not None:
                    done.append(Span("model", "Agent", free, moment))
                    free = None
                if entry.type == events.ToolStarted.type:
                    tools[data["call_id"]] = (data["name"], moment)
                else:
                    asked[data["question_id"]] = moment
            case events.ToolFinished.type if data["call_id"] in tools:
                name, start = tools.pop(data["call_id"])
                done.append(Span("tool", name, start, moment))
            case events.Answered.type if data["question_id"] in asked:
                done.append(Span("waiting", "Waiting for you", asked.pop(data["question_id"]), moment))
            case events.Finished.type:
                last = moment
        if begun and free is None and not tools and not asked:
            free = moment
    if not begun:
        return [Span("queue", "Queued", 0.0, last)]
    if free is not None:
        done.append(Span("model", "Agent", free, last))
    done += [Span("tool", name, start, last) for name, start in tools.values()]
    done += [Span("waiting", "Waiting for you", start, last) for start in asked.values()]
    return sorted((span for span in done if span.seconds > 0), key=lambda span: span.start)[:MAX_SPANS]
