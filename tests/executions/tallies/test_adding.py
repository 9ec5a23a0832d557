"""Every end counts once, in the stretch in which it happened, and stays counted."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from executions import services
from executions.finishing import tell_finished
from executions.models import Ending, Execution, Tally
from executions.states import Source
from executions.tallies import adding
from executions.tallies.measures import KEPT, Measure
from tests.executions.api.conftest import make

HOUR = 3_600


def end(owner: User, outcome: str = "succeeded", ago: timedelta = timedelta(), **fields: Any) -> Execution:
    """Store an execution that finished ``ago`` before now, having run for 4 s, and tell of it."""
    ended = timezone.now() - ago
    times = {
        "created_at": ended - timedelta(seconds=5),
        "started_at": ended - timedelta(seconds=4),
        "finished_at": ended,
    }
    execution = make(owner, "finished", outcome, **(times | fields))
    with transaction.atomic():
        tell_finished([execution])
    return execution


def count(measure: Measure, span: int = 86_400, **conditions: Any) -> int:
    rows = Tally.objects.filter(measure=measure, span=span, **conditions)
    return sum(rows.values_list("count", flat=True))


def test_an_end_counts_once_however_often_the_tallies_are_renewed(user: User) -> None:
    end(user)
    assert adding.add_some() == 1
    assert adding.add_some() == 0
    assert [count(Measure.ENDED, span) for span in KEPT] == [1] * len(KEPT)
    end(user)
    adding.add_some()
    assert count(Measure.ENDED) == count(Measure.CREATED) == count(Measure.DURATION) == count(Measure.WAIT) == 2


def test_what_is_deleted_or_pruned_stays_counted(user: User) -> None:
    noted, counted = end(user), end(user)
    noted.delete()
    adding.add_some()
    counted.delete()
    user.delete()
    assert adding.add_some() == 0
    assert count(Measure.ENDED) == 2


def test_a_late_end_counts_when_it_ended_and_its_start_when_it_was_asked_for(user: User) -> None:
    now = timezone.now()
    end(user, created_at=now - timedelta(hours=7), started_at=now - timedelta(hours=6))
    adding.add_some()
    created = Tally.objects.get(measure=Measure.CREATED, span=HOUR)
    ended = Tally.objects.get(measure=Measure.ENDED, span=HOUR)
    assert ended.begins_at - created.begins_at == timedelta(hours=7)


def test_nothing_is_added_to_a_stretch_that_is_no_longer_kept(user: User) -> None:
    end(user, ago=timedelta(days=3))
    adding.add_some()
    spans = Tally.objects.filter(measure=Measure.ENDED).values_list("span", flat=True)
    assert sorted(spans) == [21_600, 86_400]


@pytest.mark.parametrize("outcome", ["failed", "timed_out", "lost"])
def test_failures_are_counted_by_cause(user: User, outcome: str) -> None:
    end(user, outcome, error_code="provider_refused" if outcome == "failed" else "")
    adding.add_some()
    row = Tally.objects.get(measure=Measure.FAILED, span=HOUR)
    assert (row.key, row.second) == ("provider_refused" if outcome == "failed" else outcome, outcome)


def test_a_canceled_run_is_neither_a_failure_nor_has_it_a_duration(user: User) -> None:
    asked = timezone.now() - timedelta(seconds=1)
    end(user, "canceled", cancel_requested_at=asked)
    adding.add_some()
    assert count(Measure.FAILED) == count(Measure.DURATION) == 0
    assert count(Measure.CANCEL, key="held") == count(Measure.ENDED, second="canceled") == 1


def test_tokens_and_cost_are_added_up_by_owner_and_model(user: User, other_user: User) -> None:
    for owner in (user, user, other_user):
        end(owner, model="m", input_tokens=10, output_tokens=3, cost_usd=Decimal("0.000250"))
    end(user, model="unknown price", input_tokens=1)
    adding.add_some()
    row = Tally.objects.get(measure=Measure.SPENT, span=HOUR, key=str(user.pk), second="m")
    assert (row.count, row.input_tokens, row.output_tokens, row.cost_micros) == (2, 20, 6, 500)
    assert count(Measure.SPENT) == 4


def test_one_that_is_canceled_in_the_queue_is_noted_by_the_service(user: User) -> None:
    services.start(owner=user, prompt="x", agent="demo")
    services.cancel(Execution.objects.all(), by=user, source=Source.PAGE)
    assert Ending.objects.get().outcome == "canceled"
    adding.add_some()
    assert count(Measure.CANCEL, key="queued") == 1
    assert count(Measure.WAIT) == 0


def test_a_batch_is_bounded_and_the_rest_comes_next(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adding, "BATCH", 2)
    for _ in range(3):
        end(user)
    assert [adding.add_some(), adding.add_some(), adding.add_some()] == [2, 1, 0]
    assert count(Measure.ENDED) == 3


def test_what_no_range_reaches_is_forgotten(user: User) -> None:
    end(user, ago=timedelta(hours=1))
    adding.add_some()
    Tally.objects.filter(span=60).update(begins_at=timezone.now() - timedelta(hours=3))
    adding.forget_old()
    assert not Tally.objects.filter(span=60).exists()
    assert count(Measure.ENDED, HOUR) == 1
