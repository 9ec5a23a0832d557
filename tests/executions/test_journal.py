"""The journal under faults: nothing is lost, nothing is written twice, and one execution's fault is its own."""

import asyncio

import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.models import Session
from django.db import IntegrityError, OperationalError, connection
from django.utils import timezone

from executions import journal, leases, log, services, supervisor
from executions.events import Finished, Text, ToolFinished
from executions.models import Execution, Worker
from executions.processes import tagged
from executions.signals import executions_finished
from executions.writing import Batch, Finish, write
from tests.executions.conftest import cancel, events_of, reload, wait_for_event
from tests.executions.handmade import HandmadeWorker, Outage, commit_fails, journal_of, text_of
from tests.support import await_until


@pytest.fixture
def outage(monkeypatch):
    monkeypatch.setattr(journal, "RETRY_PAUSE", 0.02)
    outage = Outage()
    yield outage
    outage.end()


@pytest.fixture
def receiver():
    """Connect a receiver of ``executions_finished`` for this test."""
    connected = []

    def connect(function):
        executions_finished.connect(function)
        connected.append(function)

    yield connect
    for function in connected:
        executions_finished.disconnect(function)


async def test_an_execution_that_begins_while_the_database_is_away_begins_when_it_is_back(worker, start, outage):
    execution = await start("say hello")
    outage.begin()
    await await_until(lambda: outage.refused > 10)
    outage.end()
    await events_of(execution)
    assert (await reload(execution)).outcome == "succeeded"


async def test_nothing_is_lost_while_the_database_is_away(worker, start, outage):
    execution = await start("count 100 every 5ms")
    await wait_for_event(execution, "text")
    outage.begin()
    await await_until(lambda: outage.refused > 10)
    outage.end()
    await events_of(execution)
    done = await reload(execution)
    rows = await sync_to_async(journal_of)(execution.pk)
    assert (done.outcome, done.output) == ("succeeded", " ".join(map(str, range(1, 101))))
    assert text_of(rows) == done.output


async def test_a_cancel_of_before_an_outage_is_confirmed_after_it_with_its_receipt(worker, start, outage):
    execution = await start("count 1000 every 5ms")
    await wait_for_event(execution, "text")
    await sync_to_async(Execution.objects.request_cancel)([execution.pk], by=None, reason="enough", source="api")
    outage.begin()
    worker.supervisor.cancel([execution.pk])
    await await_until(lambda: outage.refused > 10)
    outage.end()
    entries = await events_of(execution)
    assert entries[-1].data["outcome"] == "canceled"
    assert entries[-1].data["receipt"]["reason"] == "enough"


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("times", [1, 2])
def test_a_commit_of_unknown_fate_writes_everything_once(transactional_db, owner, receiver, after, times):
    def count(executions, **kwargs):
        Session.objects.create(session_key=str(Session.objects.count()), expire_date=timezone.now())

    receiver(count)
    services.start(owner=owner, prompt="say hi")
    worker = HandmadeWorker()
    (execution,) = worker.claim()
    worker.emit(execution.pk, Text("hello"))
    step = Finish(execution.pk, Finished("succeeded"), "hello")
    batch = worker.batch(execution.pk, steps=[step])
    for _ in range(times):
        with commit_fails(after=after), pytest.raises(OperationalError):
            write(batch)
        batch.repeated = True
    written = write(batch)
    assert (written.won, len(written.entries)) == ({execution.pk}, 3)
    assert [row.type for row in journal_of(execution.pk)] == ["started", "text", "finished"]
    assert Session.objects.count() == 1
    assert Execution.objects.get().outcome == "succeeded"


async def test_an_execution_whose_row_is_deleted_stops_and_the_others_go_on(worker, start):
    doomed, other = await start("count 2000 every 5ms"), await start("count 50 every 10ms")
    await wait_for_event(doomed, "text")
    await doomed.adelete()
    await await_until(lambda: doomed.pk not in worker.supervisor._held)
    await events_of(other)
    assert (await reload(other)).outcome == "succeeded"
    assert not await sync_to_async(journal_of)(doomed.pk)


async def test_silent_executions_whose_rows_are_deleted_end_with_their_processes(worker, start):
    silent, busy = await start("hang"), await start("run sleep 1000 & sleep 1000")
    await wait_for_event(silent, "started")
    await await_until(lambda: len(tagged(busy.pk)) >= 3)
    await Execution.objects.filter(pk__in=[silent.pk, busy.pk]).adelete()
    await await_until(lambda: not worker.supervisor._held)
    assert not tagged(busy.pk)


async def test_what_the_user_runs_ends_when_the_user_is_deleted(worker, start, owner):
    doomed = [await start("hang"), await start("count 2000 every 5ms"), await start("ask Which? | this | that")]
    for execution in doomed:
        await wait_for_event(execution, "started")
    await owner.adelete()
    await await_until(lambda: not worker.supervisor._held, 1)
    assert not await Execution.objects.aexists()


@pytest.mark.parametrize("error", [ValueError, IntegrityError], ids=lambda error: error.__name__)
async def test_a_receiver_that_fails_costs_its_own_work_only(worker, start, receiver, error):
    def fail(executions, **kwargs):
        Session.objects.create(session_key="never", expire_date=timezone.now())
        if any("bad" in e.prompt for e in executions):
            raise error("the application above is broken")

    receiver(fail)
    bad, waiting, good = await start("say bad"), await start("wait 1m\nsay bad"), await start("say good")
    await wait_for_event(waiting, "started")
    await cancel(waiting)
    for execution, outcome in ((bad, "succeeded"), (waiting, "canceled"), (good, "succeeded")):
        await events_of(execution)
        assert (await reload(execution)).outcome == outcome


async def test_a_receiver_that_fails_does_not_keep_a_queued_execution_from_being_canceled(owner, start, receiver):
    def fail(executions, **kwargs):
        raise ValueError

    receiver(fail)
    execution = await start("say never")
    assert (await cancel(execution)).canceled == [execution.pk]
    assert (await reload(execution)).outcome == "canceled"


async def test_an_outcome_that_cannot_be_stored_is_stored_without_what_is_refused(worker, behave):
    async def leave_a_number(run):
        await run.emit(Text("kept"))
        await wait_for_event(execution, "text")
        run.transcript = [float("1" * 5)]
        run.transcript = [{"deep": _nested(5_000)}]

    execution = await behave(leave_a_number)
    entries = await events_of(execution)
    done = await reload(execution)
    assert (done.outcome, done.error_code, done.output) == ("failed", "refused", "kept")
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))


def _nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


async def test_a_lease_lost_in_the_middle_writes_nothing_more(worker, start):
    execution = await start("count 1000 every 5ms")
    await wait_for_event(execution, "text")
    old = worker.supervisor
    await Worker.objects.filter(pk=old.worker_id).aupdate(lost_at=timezone.now())
    await await_until(lambda: worker.supervisor is not old)
    entries = await events_of(execution)
    done = await reload(execution)
    assert (done.outcome, done.error_code) == ("lost", "worker_lost")
    assert done.output == "".join(e.data["text"] for e in entries if e.type == "text")
    again = await start("say the new worker works")
    await events_of(again)
    assert (await reload(again)).worker_id == worker.supervisor.worker_id


async def test_an_agent_faster_than_the_database_waits_and_memory_stays_bounded(worker, behave, outage):
    emitted, flowing = 0, asyncio.Event()

    async def flood(run):
        nonlocal emitted
        await run.emit(Text("on"))
        await flowing.wait()
        for _ in range(2_000):
            await run.emit(ToolFinished("1", "exec", "x" * 10_000))
            emitted += 1

    execution = await behave(flood)
    await wait_for_event(execution, "text")
    outage.begin()
    flowing.set()
    running = worker.supervisor._held[execution.pk]
    await await_until(lambda: running.log.full)
    stuck_at = emitted
    await await_until(lambda: outage.refused > 5)
    assert emitted == stuck_at
    assert running.log.chars < log.MAX_PENDING_CHARS + 20_000
    outage.end()
    await cancel(execution)
    assert (await events_of(execution))[-1].data["outcome"] == "canceled"


async def test_deltas_are_joined_and_the_pause_grows_under_load(worker, start):
    executions = [await start("count 20000") for _ in range(5)]
    for execution in executions:
        await events_of(execution)
        assert (await reload(execution)).output.endswith(" 20000")
    assert worker.supervisor.journal.rows_written < 5_000


def test_nothing_is_written_for_a_worker_without_a_row(transactional_db, owner):
    services.start(owner=owner, prompt="say hi")
    worker = HandmadeWorker()
    (execution,) = worker.claim()
    Worker.objects.all().delete()
    assert worker.flush(execution.pk).lease_lost
    assert write(Batch(worker.id)).lease_lost
    assert not journal_of(execution.pk)
    assert connection.in_atomic_block is False


async def test_a_worker_stops_while_the_database_is_away(worker, start, outage, monkeypatch):
    monkeypatch.setattr(supervisor, "STOP_SECONDS", 0.2)
    execution = await start("wait 1m")
    await wait_for_event(execution, "started")
    outage.begin()
    await worker.supervisor.stop()
    outage.end()
    assert (await reload(execution)).state == "running"
    await Worker.objects.filter(pk=worker.worker_id).aupdate(lost_at=timezone.now())
    await sync_to_async(leases.finish_left_behind)("")
    assert (await reload(execution)).outcome == "lost"
