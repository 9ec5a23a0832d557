"""Who is declared lost, and who is not."""

from __future__ import annotations

from typing import Any

import pytest

from executions.leases import finish_left_behind
from executions.models import Execution, Worker
from tests.executions.handmade import HandmadeWorker

pytestmark = pytest.mark.django_db(transaction=True)

GONE = 2**22 + 1  # greater than any pid


def running(owner: Any) -> tuple[HandmadeWorker, Execution]:
    execution = Execution.objects.create(owner=owner, agent="demo", prompt="hang")
    worker = HandmadeWorker()
    worker.claim()
    return worker, execution


def test_a_worker_whose_process_is_gone_is_lost_at_once(owner: Any) -> None:
    worker, execution = running(owner)
    Worker.objects.filter(pk=worker.id).update(pid=GONE)
    assert finish_left_behind("") == [execution.pk]


def test_a_worker_whose_pid_was_given_to_another_process_is_lost_at_once(owner: Any) -> None:
    worker, execution = running(owner)
    Worker.objects.filter(pk=worker.id).update(pid=1)
    assert finish_left_behind("") == [execution.pk]


@pytest.mark.parametrize("space", ["another boot pid:[4026531836]", ""])
def test_a_worker_of_the_same_host_name_whose_pids_are_not_ours_keeps_its_lease(owner: Any, space: str) -> None:
    worker, _ = running(owner)
    Worker.objects.filter(pk=worker.id).update(pid=GONE, process_space=space)
    assert finish_left_behind("") == []
    assert Worker.objects.alive().filter(pk=worker.id).exists()
