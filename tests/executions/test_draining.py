"""Taking a worker out of service and putting it back."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from executions import draining, leases
from executions.errors import InvalidInput, NoSuchWorker
from executions.models import AuditEntry, Worker
from tests.executions.api.conftest import make
from tests.executions.handmade import HandmadeWorker

pytestmark = pytest.mark.django_db


def test_a_drained_worker_takes_nothing_more_and_others_do(user: User, admin: User) -> None:
    drained, other = HandmadeWorker(), HandmadeWorker()
    first, second = make(user), make(user)
    assert [e.pk for e in drained.claim(1)] == [first.pk]
    assert draining.drain(drained.id, by=admin, reason="new kernel")
    assert drained.claim(5) == []
    assert [e.pk for e in other.claim(5)] == [second.pk]
    assert drained.finish(first.pk, "succeeded")  # what it has, it finishes


def test_a_resumed_worker_takes_runs_again(user: User, admin: User) -> None:
    worker, execution = HandmadeWorker(), make(user)
    draining.drain(worker.id, by=admin)
    assert draining.resume(worker.id, by=admin)
    assert [e.pk for e in worker.claim(1)] == [execution.pk]


def test_draining_twice_is_recorded_once_and_so_is_resuming(admin: User) -> None:
    worker = HandmadeWorker()
    assert [draining.drain(worker.id, by=admin, reason="r") for _ in range(2)] == [True, False]
    assert [draining.resume(worker.id, by=admin) for _ in range(2)] == [True, False]
    entries = AuditEntry.objects.filter(kind="worker").order_by("pk")
    assert [(e.action, e.object_id) for e in entries] == [
        ("worker_drained", worker.id), ("worker_resumed", worker.id),
    ]  # fmt: skip
    assert entries[0].details["reason"] == "r"


def test_a_worker_that_has_ended_can_be_neither_drained_nor_resumed(admin: User) -> None:
    worker = HandmadeWorker()
    leases.resign(worker.id)
    for act in (draining.drain, draining.resume):
        with pytest.raises(NoSuchWorker):
            act(worker.id, by=admin)


def test_a_drained_worker_that_loses_its_lease_stays_drained_under_its_new_id(admin: User) -> None:
    worker = HandmadeWorker()
    draining.drain(worker.id, by=admin)
    again = leases.register(10, before=worker.id)
    assert Worker.objects.get(pk=again).draining_at is not None
    assert Worker.objects.get(pk=leases.register(10)).draining_at is None


def test_a_worker_is_found_by_the_beginning_of_its_id() -> None:
    worker = HandmadeWorker()
    assert draining.find(worker.id[:8]).pk == worker.id
    for wrong in ("", "abc", "zzzz", "%%%%", worker.id + "0"):
        with pytest.raises(NoSuchWorker):
            draining.find(wrong)
    for pk in ("feed1", "feed2"):
        Worker.objects.create(id=pk, host="h", pid=1, process_started_at=0, version="1", slots=1)
    with pytest.raises(InvalidInput, match="several"):
        draining.find("feed")
