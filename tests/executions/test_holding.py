"""Holding the queue, stopping everything, releasing it, and queueing again what was stopped."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from executions import holding, services
from executions.errors import NotHeld, UnknownAgent
from executions.models import AuditEntry, Execution, HeldStop, Hold
from tests.executions.api.conftest import make
from tests.executions.handmade import HandmadeWorker

pytestmark = pytest.mark.django_db


@pytest.fixture
def worker() -> HandmadeWorker:
    return HandmadeWorker()


def claimed(worker: HandmadeWorker, slots: int = 10) -> list[int]:
    return [execution.pk for execution in worker.claim(slots)]


def test_nothing_is_claimed_while_the_queue_is_held_and_starts_wait_in_it(
    user: User, admin: User, worker: HandmadeWorker
) -> None:
    held, new = holding.hold(by=admin, reason="maintenance")
    assert new
    execution = services.start(owner=user, prompt="say hi")
    assert claimed(worker) == []
    assert execution.state == "queued"
    holding.release(held, by=admin)
    assert claimed(worker) == [execution.pk]


def test_a_hold_of_one_agent_lets_the_others_pass(user: User, admin: User, worker: HandmadeWorker) -> None:
    first, second = make(user, agent="llm"), make(user, agent="demo")
    held, _ = holding.hold(by=admin, agent="llm")
    assert claimed(worker) == [second.pk]
    holding.release(held, by=admin)
    assert claimed(worker) == [first.pk]


def test_holding_twice_is_one_hold_and_one_entry(admin: User, user: User) -> None:
    first, _ = holding.hold(by=admin, reason="first")
    second, new = holding.hold(by=user, reason="second")
    assert (first, new, second.reason) == (second, False, "first")
    assert AuditEntry.objects.filter(action="queue_held").count() == 1
    assert [hold.held_by for hold in holding.in_force()] == ["admin"]


def test_a_hold_is_released_once(admin: User) -> None:
    held, _ = holding.hold(by=admin)
    holding.release(held, by=admin)
    with pytest.raises(NotHeld):
        holding.release(held, by=admin)
    assert list(AuditEntry.objects.filter(kind="hold").order_by("pk").values_list("action", flat=True)) == [
        "queue_held", "queue_released",
    ]  # fmt: skip


def test_there_is_no_hold_of_an_agent_that_does_not_exist(admin: User) -> None:
    with pytest.raises(UnknownAgent):
        holding.hold(by=admin, agent="nobody")
    assert not Hold.objects.exists()


def test_a_stop_of_everything_asks_what_runs_and_waits_and_leaves_the_queue(user: User, admin: User) -> None:
    running, waiting, queued = make(user, "running"), make(user, "waiting"), make(user)
    make(user, "finished")
    held, _ = holding.hold(by=admin, reason="it goes wild")
    report = holding.stop_everything(held, by=admin)
    assert report.requested == [running.pk, waiting.pk]
    running.refresh_from_db()
    queued.refresh_from_db()
    assert (running.cancel_reason, queued.state) == ("it goes wild", "queued")


def test_a_stop_behind_the_hold_of_an_agent_leaves_other_agents_alone(user: User, admin: User) -> None:
    mine, _ = make(user, "running", agent="llm"), make(user, "running", agent="demo")
    held, _ = holding.hold(by=admin, agent="llm")
    assert holding.stop_everything(held, by=admin).requested == [mine.pk]


def test_only_what_the_hold_itself_has_stopped_is_queued_again_and_once(
    user: User, admin: User, worker: HandmadeWorker
) -> None:
    ids = [make(user, prompt=f"say {number}").pk for number in range(5)]
    worker.claim(5)
    services.cancel_one(ids[0], by=user)  # stopped by somebody else before
    held, _ = holding.hold(by=admin)
    holding.stop_everything(held, by=admin)
    for pk in ids[:4]:
        worker.finish(pk, "canceled")
    worker.finish(ids[4], "succeeded")  # was quicker than the stop
    done = holding.release(held, by=admin, requeue=True)
    assert (
        list(Execution.objects.filter(pk__in=done.started).order_by("pk").values_list("retry_of", flat=True))
        == (ids[1:4])
    )
    assert holding.requeue_stopped(held, by=admin).started == []
    entry = AuditEntry.objects.get(action="requeued")
    assert (entry.count, entry.details["first"], entry.actor_name) == (3, done.started[0], "admin")


def test_what_an_owner_may_no_longer_start_is_told_and_the_rest_is_queued(
    user: User, other_user: User, admin: User, worker: HandmadeWorker
) -> None:
    mine, others = make(user), make(other_user)
    worker.claim(2)
    held, _ = holding.hold(by=admin)
    holding.stop_everything(held, by=admin)
    for pk in (mine.pk, others.pk):
        worker.finish(pk, "canceled")
    User.objects.filter(pk=user.pk).update(is_active=False)
    done = holding.release(held, by=admin, requeue=True)
    assert (len(done.started), list(done.refused)) == (1, [mine.pk])


def test_a_second_stop_behind_the_same_hold_adds_what_it_stops(user: User, admin: User) -> None:
    first = make(user, "running")
    held, _ = holding.hold(by=admin)
    holding.stop_everything(held, by=admin)
    second = make(user, "running")
    assert holding.stop_everything(held, by=admin).requested == [second.pk]
    assert set(HeldStop.objects.values_list("pk", flat=True)) == {first.pk, second.pk}


def test_a_deleted_execution_is_forgotten_by_its_hold(user: User, admin: User) -> None:
    running = make(user, "running")
    held, _ = holding.hold(by=admin)
    holding.stop_everything(held, by=admin)
    running.delete()
    assert holding.release(held, by=admin, requeue=True).started == []


def test_a_claim_asks_no_more_statements_for_holds_drains_and_limits(
    user: User, worker: HandmadeWorker, django_assert_max_num_queries: Any
) -> None:
    make(user)
    worker.claim(1)  # statements that are prepared once
    make(user)
    with django_assert_max_num_queries(11):
        worker.claim(1)
