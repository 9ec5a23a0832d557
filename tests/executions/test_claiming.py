"""Which execution runs next: priority, fairness, age; and every limit, on the real database."""

import time

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from executions.claiming import claim, queue_position
from executions.models import Execution, Worker
from executions.states import State
from tests.executions.handmade import HandmadeWorker

pytestmark = pytest.mark.django_db


@pytest.fixture
def owners():
    return [get_user_model().objects.create(username=f"owner{n}") for n in range(3)]


@pytest.fixture
def worker():
    return HandmadeWorker()


def queue(owner, count=1, **fields):
    make = Execution.objects.create
    return [make(owner=owner, agent="demo", prompt="say hi", **fields).pk for _ in range(count)]


def claimed(worker, slots):
    return [e.pk for e in worker.claim(slots)]


def test_the_oldest_comes_first(worker, owners):
    first, second, third = queue(owners[0], 3)
    assert claimed(worker, 2) == [first, second]
    assert claimed(worker, 2) == [third]
    assert claimed(worker, 2) == []


def test_priority_comes_before_age_and_fairness(worker, owners):
    low, normal, high = (queue(owners[0], priority=priority)[0] for priority in (-5, 0, 5))
    other = queue(owners[1])[0]
    assert claimed(worker, 1) == [high]
    assert claimed(worker, 1) == [other]  # of the same priority, from the owner with fewer running
    assert claimed(worker, 1) == [normal]
    assert claimed(worker, 1) == [low]


def test_one_owner_with_many_does_not_keep_others_waiting(worker, owners):
    many = queue(owners[0], 10)
    one, two = queue(owners[1], 2), queue(owners[2], 1)
    assert sorted(claimed(worker, 4)) == sorted([*many[:2], one[0], *two])
    assert claimed(worker, 1) == [one[1]]


def test_owners_with_fewer_running_come_first_in_turns(worker, owners):
    a, b = queue(owners[0], 6), queue(owners[1], 6)
    assert set(claimed(worker, 4)) == {*a[:2], *b[:2]}
    Execution.objects.filter(pk__in=b[:2]).update(state=State.WAITING)
    assert set(claimed(worker, 2)) == set(b[2:4])


def test_the_limit_of_an_owner_holds_over_all_workers_and_waiting_ones_do_not_count(worker, owners, settings_of_engine):
    settings_of_engine(MAX_RUNNING_PER_OWNER=2)
    ids = queue(owners[0], 6)
    assert claimed(worker, 5) == ids[:2]
    other = HandmadeWorker()
    assert claimed(other, 5) == []
    Execution.objects.filter(pk=ids[0]).update(state=State.WAITING)
    assert claimed(other, 5) == [ids[2]]


def test_a_session_runs_one_at_a_time_in_order_whatever_the_priority(worker, owners):
    first = queue(owners[0], session_id="a")[0]
    second = queue(owners[0], session_id="a", priority=50)[0]
    same_name = queue(owners[1], session_id="a")[0]
    assert claimed(worker, 9) == [first, same_name]
    Execution.objects.filter(pk=first).update(state=State.WAITING)
    assert claimed(worker, 9) == []
    worker.finish(first, "succeeded")
    assert claimed(worker, 9) == [second]


def test_without_a_session_nothing_waits_for_anything(worker, owners):
    ids = queue(owners[0], 3, session_id="")
    assert claimed(worker, 9) == ids


def test_a_blocked_session_does_not_block_its_owner(worker, owners):
    queue(owners[0], 20, session_id="a")
    free = queue(owners[0], 2, session_id="")
    assert len(claimed(worker, 9)) == 3
    assert set(free) <= set(Execution.objects.active().values_list("pk", flat=True))


def test_a_worker_without_a_lease_gets_nothing(worker, owners):
    queue(owners[0])
    Worker.objects.filter(pk=worker.id).update(lost_at=Now())
    assert claimed(worker, 9) == []
    assert claimed(HandmadeWorker(), 0) == []


def test_the_position_in_the_queue_counts_priority_and_age(owners):
    old, new, urgent = queue(owners[0])[0], queue(owners[1])[0], queue(owners[2], priority=1)[0]
    positions = {pk: queue_position(Execution.objects.get(pk=pk)) for pk in (old, new, urgent)}
    assert positions == {urgent: 1, old: 2, new: 3}


@pytest.mark.parametrize("sessions", ["", "one for all", "one each"])
def test_a_long_queue_takes_few_queries(worker, sessions, record_property):
    owners = get_user_model().objects.bulk_create(get_user_model()(username=f"u{n}") for n in range(50))
    Execution.objects.bulk_create(
        Execution(
            owner=owners[n % 50],
            agent="demo",
            prompt="say hi",
            session_id={"": "", "one for all": "a", "one each": f"s{n}"}[sessions],
        )
        for n in range(5_000)
    )
    timings = []
    for slots in (1, 1, 1, 8, 64):
        with CaptureQueriesContext(connection) as queries:
            began = time.perf_counter()
            left = 50 - 11 if sessions == "one for all" and slots == 64 else slots
            assert len(claim(worker.id, slots)) == left
            timings.append(round((time.perf_counter() - began) * 1000, 1))
        assert len(queries) <= 15 + 2 * 50
    record_property("milliseconds", timings)
    print(sessions, timings)
