"""The staff's dashboard: what it counts, what it asks of the database, and who may see it."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from executions.admin.dashboard.past import Past, past
from executions.admin.dashboard.present import TOLD_APART, present
from executions.admin.dashboard.ranges import RANGES, range_of
from executions.models import Execution, Worker
from executions.tallies import adding
from tests.executions.api.conftest import make
from tests.executions.tallies.test_adding import end

PARTS = ("/admin/dashboard/present/", "/admin/dashboard/past/")


@pytest.fixture
def page(admin: User) -> Client:
    client = Client()
    client.force_login(admin)
    return client


@pytest.fixture
def worker(db: None) -> Worker:
    return Worker.objects.create(id="w1", host="here", pid=7, process_started_at=0, version="1", slots=4)


def tallied(name: str = "day") -> Past:
    adding.add_some()
    return past(range_of(name))


def test_now_is_told_by_state_agent_owner_and_worker(user: User, other_user: User, worker: Worker) -> None:
    make(user, "running", worker=worker)
    make(user, "running", worker=worker, session_id="two", cancel_requested_at=timezone.now())
    make(other_user, "waiting", worker=worker, agent="llm")
    make(other_user, created_at=timezone.now() - timedelta(minutes=5))
    make(user, "finished")
    found = present()
    assert found.counts == {"running": 1, "waiting": 1, "stopping": 1, "queued": 1}
    assert found.oldest is not None
    assert found.oldest >= timedelta(minutes=5)
    assert {line.name: line.counts for line in found.agents} == {"demo": [1, 0, 1, 1], "llm": [0, 1, 0, 0]}
    assert {line.name: line.counts for line in found.owners} == {"ada": [1, 0, 1, 0], other_user.username: [0, 1, 0, 1]}
    assert [(machine.worker.pk, machine.held, machine.state) for machine in found.workers] == [("w1", 3, "alive")]
    assert (found.held, found.slots) == (3, 4)


def test_a_worker_is_shown_as_it_is_and_a_lost_one_for_an_hour(worker: Worker) -> None:
    now = timezone.now()
    for name, fields in {
        "silent": {"heartbeat_at": now - timedelta(seconds=9)},
        "draining": {"draining_at": now},
        "lost": {"lost_at": now - timedelta(minutes=5)},
        "forgotten": {"lost_at": now - timedelta(hours=2)},
        "stopped": {"stopped_at": now},
    }.items():
        values: dict[str, Any] = {"id": name, "host": name, "pid": 1, "process_started_at": 0, "slots": 1, **fields}
        Worker.objects.create(version="1", **values)
    found = {machine.worker.pk: machine.state for machine in present().workers}
    assert found == {"w1": "alive", "silent": "silent", "draining": "drained", "lost": "lost"}


def test_a_long_queue_is_counted_and_only_its_beginning_told_apart(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    assert TOLD_APART > 3
    monkeypatch.setattr("executions.admin.dashboard.present.TOLD_APART", 3)
    for _ in range(5):
        make(user)
    found = present()
    assert found.counts["queued"] == 5
    assert (found.complete, sum(found.agents[0].counts)) == (False, 3)


def test_more_owners_than_a_table_has_rows_are_others(db: None) -> None:
    for number in range(12):
        make(User.objects.create(username=f"user-{number:02}"))
    lines = present().owners
    assert (len(lines), lines[-1].name, lines[-1].total) == (8, "5 others", 5)


def test_what_somebody_stopped_is_neither_a_success_nor_a_failure(user: User) -> None:
    for outcome in ("succeeded", "succeeded", "succeeded", "failed", "canceled", "canceled"):
        end(user, outcome)
    found = tallied()
    assert found.success_percent == 75
    assert [(cause.code, cause.count) for cause in found.causes] == [("failed", 1)]
    assert {outcome: count for outcome, _, count in found.outcomes} == {
        "succeeded": 3, "canceled": 2, "failed": 1, "timed_out": 0, "lost": 0,
    }  # fmt: skip


def test_what_was_only_stopped_has_no_success_rate(user: User) -> None:
    end(user, "canceled")
    assert tallied().success_percent is None


@pytest.mark.parametrize("name", [one.name for one in RANGES])
def test_every_range_shows_what_ended_a_moment_ago_and_what_is_unfinished(user: User, name: str) -> None:
    end(user, "failed", error_code="provider_refused")
    make(user)
    found = tallied(name)
    assert found.created == 2
    assert [(cause.code, cause.outcome) for cause in found.causes] == [("provider_refused", "failed")]
    assert len(found.figures.starts) == range_of(name).count <= 90


def test_percentiles_are_of_the_runs_of_the_range(user: User) -> None:
    for _ in range(9):
        end(user)
    end(user, started_at=timezone.now() - timedelta(seconds=100), created_at=timezone.now() - timedelta(seconds=101))
    found = tallied()
    assert found.median == pytest.approx(4, rel=0.2)
    assert "p99" in found.charts[1].said
    assert found.charts[1].rows[-1][-1] == "10"


def test_the_time_to_stop_is_of_what_a_worker_held(user: User) -> None:
    now = timezone.now()
    for milliseconds in (10, 12, 300):
        end(user, "canceled", cancel_requested_at=now - timedelta(milliseconds=milliseconds), finished_at=now)
    end(user, "canceled", started_at=None, cancel_requested_at=now, finished_at=now)
    found = tallied()
    assert sum(found.figures.cancels.values()) == 3
    assert found.figures.canceled_in_queue == 1
    assert found.cancels.rows == [["≤ 16 ms", "2"], ["≤ 512 ms", "1"]]


def test_costs_are_by_owner_and_model_and_outlive_the_owner(user: User, other_user: User) -> None:
    end(user, model="a", cost_usd=Decimal("0.5"), input_tokens=10)
    end(other_user, model="b", cost_usd=Decimal("1.5"), output_tokens=5)
    gone = other_user.pk
    other_user.delete()
    found = tallied()
    assert [(share.name, share.cost_usd, share.percent) for share in found.owners] == [
        (f"deleted ({gone})", 1.5, 100.0), ("ada", 0.5, pytest.approx(33.3, abs=0.1)),
    ]  # fmt: skip
    assert [share.name for share in found.models] == ["b", "a"]
    assert (found.cost_usd, found.tokens) == (2.0, 15)


def test_what_is_asked_of_the_database_does_not_grow_with_what_there_is(
    page: Client, user: User, worker: Worker, django_assert_num_queries: Any
) -> None:
    page.get("/admin/")  # what the process remembers from then on
    counts = []
    for _ in range(2):
        for number in range(5):
            make(User.objects.create(username=f"u{Execution.objects.count()}{number}"), "running", worker=worker)
            end(user, "failed", model=f"m{number}")
        adding.add_some()
        with django_assert_num_queries(len(counts[0].captured_queries)) if counts else capture() as queries:
            assert page.get("/admin/?range=90-days").status_code == 200
        counts.append(queries)
    assert len(counts[0].captured_queries) <= 20


def capture() -> Any:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    return CaptureQueriesContext(connection)


def test_the_page_says_the_same_in_words_and_has_nothing_inline(page: Client, user: User) -> None:
    end(user, "canceled", cancel_requested_at=timezone.now() - timedelta(milliseconds=20))
    adding.add_some()
    content = page.get("/admin/?range=hour").content.decode()
    assert 'role="img" aria-label="Runs over time. Asked for: 1' in content
    assert "As a table" in content
    assert " style=" not in content
    assert "<style" not in content
    assert "onclick" not in content
    assert content.count("<script>") == 0


@pytest.mark.parametrize("address", PARTS)
def test_the_parts_are_for_the_staff(page: Client, user: User, address: str) -> None:
    assert "data-key" in page.get(address).content.decode()
    assert page.post(address).status_code == 405
    client = Client()
    client.force_login(user)
    assert client.get(address).status_code == 302
    user.is_staff = True
    user.save()
    assert client.get(address).status_code == 200


def test_an_unknown_range_is_a_day(page: Client) -> None:
    assert 'data-part="/admin/dashboard/past/?range=day"' in page.get("/admin/?range=%00nonsense").content.decode()


@pytest.mark.parametrize("address", PARTS)
def test_each_piece_of_a_part_has_a_name_of_its_own_to_be_renewed_by(page: Client, user: User, address: str) -> None:
    end(user, "canceled", cancel_requested_at=timezone.now())
    adding.add_some()
    names = re.findall(r'data-key="([^"]+)"', page.get(address).content.decode())
    assert len(names) > 3
    assert len(names) == len(set(names))
