"""The supervisor with many executions, and stops that race with completion."""

import asyncio
import threading

import pytest
from asgiref.sync import sync_to_async

from executions import services
from executions.conf import conf
from executions.events import Question, Text
from executions.models import EventRow, Execution, Worker
from executions.worker import EmbeddedWorker
from tests.executions.conftest import cancel, events_of, reload, wait_for_event
from tests.support import await_until


def counts(**filters):
    return Execution.objects.filter(**filters).count


@pytest.fixture
def roomy(settings_of_engine):
    settings_of_engine(MAX_RUNNING_PER_OWNER=1_000)


@pytest.fixture
async def make_worker(transactional_db):
    """Make workers that are stopped at the end, unless the test has done so."""
    made = []

    async def make(**options):
        made.append(EmbeddedWorker(**options))
        await made[-1].start()
        return made[-1]

    yield make
    for worker in made:
        if not worker._stopping:
            await worker.stop()


async def start_many(owner, count, prompt, **options):
    def start_all():
        return [services.start(owner=owner, prompt=prompt, **options) for _ in range(count)]

    return await sync_to_async(start_all)()


async def test_a_cancel_before_the_first_step_still_finishes_the_run(worker, start):
    for _ in range(10):
        execution = await start("say never gets far")
        await cancel(execution)
        entries = await events_of(execution)
        assert [entry.type for entry in entries].count("finished") == 1
        assert (await reload(execution)).outcome in {"canceled", "succeeded"}


@pytest.mark.parametrize("delay", range(6))
async def test_a_cancel_in_the_same_tick_as_completion_leads_to_one_outcome(worker, behave, delay):
    async def cancel_and_return(run):
        await run.emit(Text("done"))
        loop = asyncio.get_running_loop()
        stop = lambda: worker.supervisor.cancel([run.execution_id])  # noqa: E731
        if delay == 0:
            stop()
        elif delay == 1:
            loop.call_soon(stop)
        else:
            loop.call_soon(lambda: loop.call_soon(stop) if delay == 2 else loop.call_later(delay / 5000, stop))

    execution = await behave(cancel_and_return)
    entries = await events_of(execution)
    done = await reload(execution)
    assert done.outcome == entries[-1].data["outcome"]
    assert done.outcome in {"succeeded", "canceled"}
    assert done.output == "done"


async def test_500_cancels_at_once(roomy, make_worker, owner):
    worker = await make_worker(slots=300)
    await start_many(owner, 500, "wait 1m")
    await await_until(lambda: len(worker.supervisor._held) == 300, timeout=30)
    everything = Execution.objects.filter(owner=owner)
    report = await sync_to_async(services.cancel)(everything, by=owner)
    assert (len(report.canceled), len(report.requested)) == (200, 300)
    await await_until(lambda: not worker.supervisor._held, timeout=30)
    assert await sync_to_async(counts(outcome="canceled"))() == 500
    assert await EventRow.objects.filter(type="finished").acount() == 500


async def test_stopping_a_worker_finishes_everything_it_runs_as_lost(roomy, make_worker, owner):
    worker = await make_worker(slots=300)
    await start_many(owner, 150, "say a\nwait 1m")
    await start_many(owner, 50, "ask Which? | Red")
    await start_many(owner, 10, "say queued", session_id="one:at:a:time")
    await await_until(lambda: len(worker.supervisor._held) >= 200, timeout=30)
    worker_id = worker.worker_id
    await worker.stop()
    assert await Execution.objects.active().acount() == 0
    lost = Execution.objects.filter(outcome="lost")
    assert await lost.acount() >= 200
    assert await lost.exclude(error_code="shutdown").acount() == 0
    assert await EventRow.objects.filter(type="finished").acount() == await Execution.objects.finished().acount()
    assert (await Worker.objects.aget(pk=worker_id)).stopped_at is not None


async def test_stopping_at_any_moment_leaves_nothing_running(roomy, make_worker, owner):
    for moment in range(8):
        worker = await make_worker(slots=20)
        await start_many(owner, 5, "wait 1m")
        for _ in range(moment * 3):
            await asyncio.sleep(0)
        await worker.stop()
        assert await Execution.objects.active().acount() == 0


async def test_slots_are_honored_and_waiting_executions_free_theirs(roomy, make_worker, owner, settings_of_engine):
    settings_of_engine(POLL_SECONDS=0.05)
    worker = await make_worker(slots=2)
    questions = await start_many(owner, 5, "ask Which? | Red")
    runs = await start_many(owner, 5, "wait 1m")
    await await_until(lambda: len(worker.supervisor._held) == 7)
    assert await Execution.objects.filter(state="waiting").acount() == 5
    assert await Execution.objects.filter(state="running").acount() == 2
    assert worker.supervisor.free_slots == 0
    await sync_to_async(services.cancel)(Execution.objects.filter(pk__in=[e.pk for e in questions + runs]), by=owner)


async def test_an_answer_and_a_cancel_at_once_lead_to_one_outcome(worker, behave, owner):
    async def ask(run):
        answer = await run.ask(Question("q"))
        await run.emit(Text(answer.answers["?"]))

    for _ in range(5):
        execution = await behave(ask)
        await wait_for_event(execution, "question")
        given = {"question_id": "q", "answer": {"answers": {"?": "yes"}}, "by": owner}
        await asyncio.gather(
            sync_to_async(services.answer, thread_sensitive=False)(execution.pk, **given),
            sync_to_async(services.cancel, thread_sensitive=False)(Execution.objects.filter(pk=execution.pk), by=owner),
            return_exceptions=True,
        )
        await events_of(execution)
        done = await reload(execution)
        assert done.outcome in {"succeeded", "canceled"}
        assert done.output in {"", "yes"}


async def test_a_lease_lost_while_stopping_starts_no_second_worker(make_worker, start):
    worker = await make_worker(slots=5, drain_seconds=30)
    execution = await start("wait 1m")
    await wait_for_event(execution, "started")
    supervisor = worker.supervisor
    stopping = asyncio.create_task(worker.stop())
    await await_until(lambda: supervisor._stopping)
    supervisor.lose_lease()
    await stopping
    assert worker.supervisor is supervisor
    assert await Worker.objects.acount() == 1


async def test_an_execution_that_was_claimed_and_never_begun_is_finished(make_worker, owner, settings_of_engine):
    settings_of_engine(POLL_SECONDS=0.05)
    worker = await make_worker(slots=5)
    row = await Execution.objects.acreate(
        owner=owner, agent="demo", prompt="x", state="running", worker_id=worker.worker_id
    )
    await events_of(row)
    assert (await reload(row)).error_code == "never_begun"


async def test_a_cancel_while_the_history_loads_is_heard(worker, behave, monkeypatch):
    loading, go = threading.Event(), threading.Event()

    def load_slowly(execution):
        loading.set()
        assert go.wait(10)
        return []

    async def remember(run):
        await run.history()
        await run.emit(Text("never"))

    monkeypatch.setattr(conf.history, load_slowly)
    execution = await behave(remember, session_id="a")
    await await_until(loading.is_set)
    await cancel(execution)
    supervisor = worker.supervisor
    await await_until(lambda: supervisor._held[execution.pk].stop_reason is not None)
    go.set()
    assert (await events_of(execution))[-1].data["outcome"] == "canceled"
    assert (await reload(execution)).output == ""
