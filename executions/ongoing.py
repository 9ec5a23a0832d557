"""What unfinished executions have done so far, read from the tails of their journals.

An execution's row knows its use and its last event only when it has finished. The cost does not grow with a journal's
length: only its last :data:`TAIL` entries are looked at.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Q, Subquery, TextField
from django.db.models.functions import Cast, Substr

from executions import events, wording
from executions.models import EventRow, Execution

TAIL = 100
#: Executions that are looked at by one statement.
AT_ONCE = 100
#: How much of an event's data is read to say what it was.
SHOWN = 2_000
UNNAMED = "?"


@dataclass(slots=True)
class Ongoing:
    """How far one execution is. ``tool`` is the name of what runs now, ``cost_usd`` is ``None`` where unknown.

    With ``prints``, the last event is a piece of what that tool prints.
    """

    seq: int
    heard_at: datetime
    doing: str = ""
    tool: str = ""
    prints: bool = False
    tokens: int = 0
    requests: int = 0
    cost_usd: float | None = None


def ongoing(ids: Iterable[int]) -> dict[int, Ongoing]:
    """Return how far those of the executions are that have any event."""
    wanted = list(ids)
    found: dict[int, Ongoing] = {}
    for begin in range(0, len(wanted), AT_ONCE):
        found |= _some(wanted[begin : begin + AT_ONCE])
    return found


def _some(ids: Sequence[int]) -> dict[int, Ongoing]:
    newest = EventRow.objects.filter(execution=OuterRef("pk")).order_by("-seq").values("seq")[:1]
    heads = Execution.objects.filter(pk__in=ids).order_by().annotate(last=Subquery(newest)).values_list("pk", "last")
    last: dict[int, int] = {pk: seq for pk, seq in heads if seq is not None}
    if not last:
        return {}
    found = _last_events(last)
    _look_back(last, found)
    _name_tools(found)
    for one in found.values():
        if one.prints:
            one.doing = f"{one.tool}: {one.doing}" if one.doing else one.tool
    return found


def _last_events(last: dict[int, int]) -> dict[int, Ongoing]:
    condition = Q()
    for pk, seq in last.items():
        condition |= Q(execution=pk, seq=seq)
    rows = EventRow.objects.filter(condition).annotate(raw=Substr(Cast("data", TextField()), 1, SHOWN + 1))
    found = {}
    for pk, seq, kind, moment, raw in rows.values_list("execution_id", "seq", "type", "created_at", "raw"):
        if kind == events.ToolOutput.type:
            found[pk] = Ongoing(seq, moment, _printed(raw), tool=UNNAMED, prints=True)
        else:
            found[pk] = Ongoing(seq, moment, _words(kind, raw))
    return found


def _words(kind: str, raw: str) -> str:
    """Return one line of what an event says; of one too long to read here, what kind it is."""
    if len(raw) > SHOWN:
        return wording.kind(kind)
    head, text = wording.event(kind, json.loads(raw))
    return f"{head}: {' '.join(text.split())}"[:200] if text.strip() else head


def _printed(raw: str) -> str:
    """Return one line of what a tool has printed, nothing of what is too long to read here."""
    return "" if len(raw) > SHOWN else " ".join(json.loads(raw)["text"].split())[:200]


def _look_back(last: dict[int, int], found: dict[int, Ongoing]) -> None:
    """Set what tool runs and what was used, as far as the tails say."""
    condition = Q()
    for pk, seq in last.items():
        condition |= Q(execution=pk, seq__gt=seq - TAIL)
    kinds = [events.ToolStarted.type, events.ToolFinished.type, events.Usage.type]
    fields = ("call_id", "name", "input_tokens", "output_tokens", "requests", "cost_usd")
    rows = EventRow.objects.filter(condition, type__in=kinds).order_by("execution_id", "seq")
    running: dict[int, dict[str, str]] = {pk: {} for pk in found}
    for pk, kind, *values in rows.values_list("execution_id", "type", *(f"data__{name}" for name in fields)):
        if pk not in found:
            continue
        data: dict[str, Any] = dict(zip(fields, values, strict=True))
        if kind == events.Usage.type:
            found[pk].tokens = (data["input_tokens"] or 0) + (data["output_tokens"] or 0)
            found[pk].requests, found[pk].cost_usd = data["requests"] or 0, data["cost_usd"]
        elif kind == events.ToolStarted.type:
            running[pk][data["call_id"]] = data["name"]
        else:
            running[pk].pop(data["call_id"], None)
    for pk, calls in running.items():
        if calls:
            found[pk].tool = list(calls.values())[-1]


def _name_tools(found: dict[int, Ongoing]) -> None:
    """Find the names of tools that print, and that have begun further back than a tail."""
    unnamed = [pk for pk, one in found.items() if one.tool == UNNAMED]
    if unnamed:
        starts = EventRow.objects.filter(execution=OuterRef("pk"), type=events.ToolStarted.type).order_by("-seq")
        rows = Execution.objects.filter(pk__in=unnamed).annotate(tool=Subquery(starts.values("data__name")[:1]))
        for pk, name in rows.order_by().values_list("pk", "tool"):
            found[pk].tool = str(name or "a tool")
