"""Threads with connections of their own, all at once: one winner each time, and nobody waits for ever."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier, Thread

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, connections

from executions import services
from executions.errors import NotWaiting, SessionBusy
from executions.events import Finished, Text
from executions.leases import finish_left_behind, overdue
from executions.models import EventRow, Execution
from executions.signals import executions_finished
from executions.states import State
from executions.writing import Finish, write
from tests.executions.handmade import HandmadeWorker, journal_of

pytestmark = pytest.mark.django_db(transaction=True)


def together(*works):
    """Run all ``works`` in threads that start at the same moment; returns their results."""
    barrier = Barrier(len(works))

    def run(work):
        try:
            barrier.wait()
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return [future.result(60) for future in [pool.submit(run, work) for work in works]]


def start_many(owner, count, **options):
    return [services.start(owner=owner, prompt="say hi", **options).pk for _ in range(count)]


@pytest.fixture
def told():
    counts = Counter()

    def count(executions, **kwargs):
        counts.update(e.pk for e in executions)

    executions_finished.connect(count)
    yield counts
    executions_finished.disconnect(count)


def test_workers_claiming_at_once_never_take_the_same_execution(owner, settings_of_engine):
    settings_of_engine(MAX_RUNNING_PER_OWNER=1000)
    ids = start_many(owner, 60)
    workers = [HandmadeWorker() for _ in range(4)]

    def claim_all(worker):
        taken = []
        while claimed := worker.claim(3):
            taken += [e.pk for e in claimed]
        return taken

    taken = [pk for part in together(*(lambda w=w: claim_all(w) for w in workers)) for pk in part]
    assert sorted(taken) == ids


def test_the_limit_of_an_owner_holds_when_workers_claim_at_once(owner, settings_of_engine):
    settings_of_engine(MAX_RUNNING_PER_OWNER=3)
    start_many(owner, 30)
    together(*(partial(worker.claim, 5) for worker in [HandmadeWorker() for _ in range(4)]))
    assert Execution.objects.active().count() == 3


def test_one_session_never_runs_two_when_workers_claim_at_once(owner):
    start_many(owner, 20, session_id="a")
    together(*(partial(worker.claim, 5) for worker in [HandmadeWorker() for _ in range(4)]))
    assert Execution.objects.active().count() == 1


def test_cancel_claim_and_finish_race_to_exactly_one_outcome(owner, told, settings_of_engine):
    settings_of_engine(MAX_RUNNING_PER_OWNER=1000)
    ids = start_many(owner, 60)
    worker = HandmadeWorker()
    dice = random.Random(7)

    def work():
        while claimed := worker.claim(5):
            pks = [e.pk for e in claimed]
            dice.shuffle(pks)
            steps = [Finish(pk, Finished("succeeded"), "") for pk in pks]
            batch = worker.batch(*pks, steps=steps)
            write(batch)
        return []

    def cancel_all():
        report = services.cancel(Execution.objects.all(), by=owner)
        return report.canceled

    def cancel_in_reverse():
        return [pk for pk in reversed(ids) if services.cancel(Execution.objects.filter(pk=pk), by=owner).canceled]

    _, canceled, also = together(work, cancel_all, cancel_in_reverse)
    assert not set(canceled) & set(also)
    for execution in Execution.objects.all():
        expected = "canceled" if execution.pk in canceled + also else "succeeded"
        assert (execution.state, execution.outcome) == (State.FINISHED, expected)
        assert [row.type for row in journal_of(execution.pk)].count("finished") == 1
    assert told == dict.fromkeys(ids, 1)


def test_a_worker_that_finishes_and_one_that_declares_it_lost_agree_on_one_outcome(owner, told, settings_of_engine):
    settings_of_engine(MAX_RUNNING_PER_OWNER=1000)
    ids = start_many(owner, 40)
    worker, other = HandmadeWorker(), HandmadeWorker()
    worker.claim(100)
    worker.expire()
    suspects = overdue(other.id)
    finished, lost = together(
        lambda: [pk for pk in ids if worker.finish(pk, "succeeded")], lambda: finish_left_behind(other.id, suspects)
    )
    assert sorted(finished + lost) == ids
    outcomes = dict(Execution.objects.values_list("pk", "outcome"))
    assert outcomes == dict.fromkeys(finished, "succeeded") | dict.fromkeys(lost, "lost")
    assert told == dict.fromkeys(ids, 1)
    assert EventRow.objects.filter(type="finished").count() == len(ids)


def test_of_many_answers_exactly_one_is_taken(owner):
    start_many(owner, 1)
    worker = HandmadeWorker()
    (execution,) = worker.claim()
    question_id = worker.ask(execution.pk)

    def give(text):
        try:
            services.answer(execution.pk, question_id=question_id, answer={"answers": {"?": text}}, by=owner)
        except NotWaiting:
            return None
        return text

    given = [text for text in together(*(lambda n=n: give(f"answer {n}") for n in range(6))) if text]
    assert len(given) == 1
    assert Execution.objects.get().answer == {"answers": {"?": given[0]}}


def test_of_many_that_reject_when_busy_exactly_one_starts(owner):
    def attempt():
        try:
            return services.start(owner=owner, prompt="say hi", session_id="a", on_busy="reject").pk
        except SessionBusy:
            return None

    assert len([pk for pk in together(*([attempt] * 6)) if pk]) == 1


def test_of_many_that_interrupt_exactly_one_is_left(owner):
    def attempt():
        return services.start(owner=owner, prompt="say hi", session_id="a", on_busy="interrupt").pk

    ids = together(*([attempt] * 6))
    assert len(set(ids)) == 6
    assert Execution.objects.queued().count() == 1
    assert Execution.objects.finished().filter(cancel_source="interrupt").count() == 5


def test_bulk_cancels_and_the_journal_never_wait_for_each_other_in_a_circle(owner, settings_of_engine):
    settings_of_engine(MAX_RUNNING_PER_OWNER=1000)
    ids = start_many(owner, 40)
    worker = HandmadeWorker()
    worker.claim(100)

    def write_in_reverse():
        for _ in range(10):
            write(worker.batch(*reversed(ids)))
        for first in range(0, 40, 10):
            pks = ids[first : first + 10][::-1]
            write(worker.batch(*pks, steps=[Finish(pk, Finished("succeeded"), "") for pk in pks]))
        return "written"

    def cancel_all():
        for _ in range(10):
            services.cancel(Execution.objects.all(), by=owner)
        return "canceled"

    assert together(write_in_reverse, cancel_all, cancel_all) == ["written", "canceled", "canceled"]
    assert Execution.objects.finished().count() == 40


DELETIONS = {
    "itself": lambda execution: execution.delete(),
    "as one of several": lambda execution: Execution.objects.filter(pk=execution.pk).delete(),
    "with its owner": lambda execution: get_user_model().objects.get(pk=execution.owner_id).delete(),
}


@pytest.mark.parametrize("delete", DELETIONS.values(), ids=DELETIONS)
def test_an_execution_is_deleted_while_its_worker_writes_and_the_worker_goes_on(owner, other_user, delete):
    (doomed,) = start_many(owner, 1)
    (other,) = start_many(other_user, 1)
    worker = HandmadeWorker()
    (execution, _) = worker.claim(2)
    worker.flush()
    for pk in (doomed, other):
        worker.emit(pk, Text("more"))
    written = []

    def write_more():
        written.append(worker.flush())
        connections.close_all()

    writer = Thread(target=write_more)

    def between(execute, sql, params, many, context):
        if sql.startswith('DELETE FROM "executions_execution"'):
            # The events are deleted, the execution is not: who can write now makes the deletion fail.
            writer.start()
            writer.join(0.5)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(between):
        delete(execution)
    writer.join(30)
    assert list(written[0].refused) == [doomed]
    assert [entry.execution_id for entry in written[0].entries] == [other]
    assert not journal_of(doomed)
    assert worker.finish(other, "succeeded")
