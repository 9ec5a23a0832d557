"""Reads the tallies of a range: along one index, as many rows as there are stretches and things that were counted."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.db.models import QuerySet, Sum

from executions.models import Execution, Tally
from executions.tallies.measures import Measure, beginning

#: What is unfinished was asked for, too; more than this is not looked at.
UNFINISHED = 10_000


class Spent(NamedTuple):
    """What an owner has spent on a model."""

    owner_id: str
    model: str
    runs: int
    input_tokens: int
    output_tokens: int
    cost_usd: float


@dataclass(slots=True)
class Figures:
    """What happened in the stretches that begin at ``starts``; lists and their places go together."""

    starts: list[datetime]
    created: list[int]
    #: By outcome.
    ended: dict[str, list[int]] = field(default_factory=dict)
    #: Buckets of histograms, by stretch.
    durations: list[Counter[int]] = field(default_factory=list)
    waits: list[Counter[int]] = field(default_factory=list)
    #: Buckets of the time from a request to stop to its confirmation: of what a worker held; and how many were queued.
    cancels: Counter[int] = field(default_factory=Counter)
    canceled_in_queue: int = 0
    #: (error code, outcome, how many), the most frequent first.
    failures: list[tuple[str, str, int]] = field(default_factory=list)
    spent: list[Spent] = field(default_factory=list)

    def total(self, outcome: str) -> int:
        return sum(self.ended.get(outcome, ()))


def read(starts: Sequence[datetime], span: int) -> Figures:
    """Return what was counted in stretches of ``span`` seconds from each of ``starts`` on, in six queries."""
    places = {start: place for place, start in enumerate(starts)}
    figures = Figures(list(starts), [0] * len(starts))
    figures.durations = [Counter() for _ in starts]
    figures.waits = [Counter() for _ in starts]
    since = Tally.objects.filter(span=span, begins_at__gte=starts[0], begins_at__lte=starts[-1])
    _read_ends(since, places, figures)
    _read_times(since, places, figures)
    for key, bucket, count in _sums(since.filter(measure=Measure.CANCEL), "key", "bucket"):
        if key == "queued":
            figures.canceled_in_queue += count
        else:
            figures.cancels[bucket] += count
    failures = _sums(since.filter(measure=Measure.FAILED), "key", "second")
    figures.failures = sorted(failures, key=lambda row: (-row[2], row[0]))
    amounts = {name: Sum(name) for name in ("input_tokens", "output_tokens", "cost_micros")}
    spent = since.filter(measure=Measure.SPENT).values_list("key", "second").annotate(runs=Sum("count"), **amounts)
    figures.spent = [Spent(*row)._replace(cost_usd=row[5] / 1_000_000) for row in spent]
    for created_at in _still_unfinished():
        if (place := places.get(beginning(created_at, span))) is not None:
            figures.created[place] += 1
    return figures


def _read_ends(since: QuerySet[Tally], places: dict[datetime, int], figures: Figures) -> None:
    counted = since.filter(measure__in=(Measure.CREATED, Measure.ENDED))
    ended: dict[str, list[int]] = defaultdict(lambda: [0] * len(places))
    for measure, begins_at, outcome, count in _sums(counted, "measure", "begins_at", "second"):
        if measure == Measure.CREATED:
            figures.created[places[begins_at]] += count
        else:
            ended[outcome][places[begins_at]] += count
    figures.ended = dict(ended)


def _read_times(since: QuerySet[Tally], places: dict[datetime, int], figures: Figures) -> None:
    timed = since.filter(measure__in=(Measure.DURATION, Measure.WAIT))
    for measure, begins_at, bucket, count in _sums(timed, "measure", "begins_at", "bucket"):
        histograms = figures.durations if measure == Measure.DURATION else figures.waits
        histograms[places[begins_at]][bucket] += count


def _sums(rows: QuerySet[Tally], *by: str) -> list[tuple]:  # type: ignore[type-arg]  # as long as ``by``, and a count
    return list(rows.values_list(*by).annotate(n=Sum("count")))


def _still_unfinished() -> list[datetime]:
    return list(Execution.objects.unfinished().order_by().values_list("created_at", flat=True)[:UNFINISHED])
