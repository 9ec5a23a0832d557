"""Turns what was noted into counts: adds to the tallies and removes the notes, in one transaction.

Several workers may do it at once: each takes notes that no other has, and a count is added to by the database itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from executions.models import Ending, Tally
from executions.states import Outcome
from executions.tallies.histogram import bucket_of
from executions.tallies.measures import KEPT, Measure, beginning

#: Ends that one transaction counts: some 30 ms of writing where they are of a thousand owners.
BATCH = 2_000
#: What ended by itself, in time or not: how long it took says something about the work.
TIMED = frozenset({Outcome.SUCCEEDED, Outcome.FAILED, Outcome.TIMED_OUT})
#: What is neither a success nor somebody's wish.
FAILURES = frozenset({Outcome.FAILED, Outcome.TIMED_OUT, Outcome.LOST})


#: What is added to a tally, and what is added for something that costs nothing.
AMOUNTS = ("count", "input_tokens", "output_tokens", "cost_micros")
ONE = (1, 0, 0, 0)


class _What(NamedTuple):
    """What is tallied of an end, and when it happened."""

    measure: Measure
    at: datetime
    key: str = ""
    second: str = ""
    bucket: int = 0
    amounts: tuple[int, ...] = ONE


def add_some() -> int:
    """Count the oldest :data:`BATCH` of the ends that were noted; returns how many there were."""
    with transaction.atomic():
        unlocked = connection.features.has_select_for_update_skip_locked
        endings = list(Ending.objects.select_for_update(skip_locked=unlocked).order_by("pk")[:BATCH])
        if endings:
            _add(endings)
            Ending.objects.filter(pk__in=[ending.pk for ending in endings]).delete()
    return len(endings)


def forget_old() -> None:
    """Remove tallies that no range reaches any more."""
    now = timezone.now()
    for span, kept in KEPT.items():
        Tally.objects.filter(span=span, measure__in=list(Measure), begins_at__lt=now - kept).delete()


def _add(endings: Iterable[Ending]) -> None:
    now = timezone.now()
    sums: dict[tuple[int, str, datetime, str, str, int], list[int]] = defaultdict(lambda: [0] * len(AMOUNTS))
    for ending in endings:
        for what in _of(ending):
            for span, kept in KEPT.items():
                if now - what.at > kept:
                    continue
                key = (span, what.measure.value, beginning(what.at, span), what.key, what.second, what.bucket)
                for place, amount in enumerate(what.amounts):
                    sums[key][place] += amount
    time = connection.ops.adapt_datetimefield_value
    # In one order everywhere, so that two workers can't wait for each other.
    rows = [(*key[:2], time(key[2]), *key[3:], *amounts) for key, amounts in sorted(sums.items())]
    with connection.cursor() as cursor:
        cursor.executemany(_UPSERT, rows)


def _of(ending: Ending) -> Iterator[_What]:
    outcome, ended = ending.outcome, ending.finished_at
    yield _What(Measure.CREATED, ending.created_at, ending.agent)
    yield _What(Measure.ENDED, ended, ending.agent, outcome)
    if outcome in FAILURES:
        yield _What(Measure.FAILED, ended, ending.error_code or outcome, outcome)
    if ending.started_at is not None:
        yield _What(Measure.WAIT, ending.started_at, bucket=_bucket(ending.created_at, ending.started_at))
        if outcome in TIMED:
            yield _What(Measure.DURATION, ended, outcome, bucket=_bucket(ending.started_at, ended))
    if outcome == Outcome.CANCELED and ending.cancel_requested_at is not None:
        held = "held" if ending.started_at is not None else "queued"
        yield _What(Measure.CANCEL, ended, held, bucket=_bucket(ending.cancel_requested_at, ended))
    amounts = (1, ending.input_tokens, ending.output_tokens, int((ending.cost_usd or 0) * 1_000_000))
    yield _What(Measure.SPENT, ended, str(ending.owner_id), ending.model, amounts=amounts)


def _bucket(begin: datetime, end: datetime) -> int:
    return bucket_of(max(0.0, (end - begin).total_seconds()))


_KEY = "span, measure, begins_at, key, second, bucket"
_ADDED = ", ".join(f"{name} = {Tally._meta.db_table}.{name} + excluded.{name}" for name in AMOUNTS)
_UPSERT = f"""
    INSERT INTO {Tally._meta.db_table} ({_KEY}, {", ".join(AMOUNTS)})
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT ({_KEY}) DO UPDATE SET {_ADDED}
"""  # noqa: S608 - names of ours
