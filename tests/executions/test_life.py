"""An execution's way from the request to its one outcome, on a real worker."""

import asyncio

import pytest
from asgiref.sync import sync_to_async

from executions import services
from executions.errors import NotWaiting, SessionBusy
from executions.models import EventRow, Execution
from tests.executions.conftest import cancel, events_of, reload, wait_for_event

pytestmark = pytest.mark.usefixtures("worker")


async def test_an_execution_succeeds_and_keeps_its_answer(start):
    execution = await start("say hello world")
    entries = await events_of(execution)
    assert [e.seq for e in entries] == list(range(1, len(entries) + 1))
    assert entries[0].type == "started"
    assert "".join(e.data["text"] for e in entries if e.type == "text") == "hello world"
    done = await reload(execution)
    assert (done.state, done.outcome, done.output) == ("finished", "succeeded", "hello world")
    assert done.last_seq == len(entries)


async def test_canceling_keeps_the_partial_answer_and_gives_a_receipt(start, owner):
    execution = await start("count 1000 every 20ms")
    await wait_for_event(execution, "text")
    report = await cancel(execution, by=owner, reason="enough")
    assert report.requested == [execution.pk]
    entries = await events_of(execution)
    assert entries[-1].data["outcome"] == "canceled"
    receipt = entries[-1].data["receipt"]
    assert (receipt["by"], receipt["reason"]) == ("ann", "enough")
    assert receipt["elapsed_ms"] >= 0
    done = await reload(execution)
    assert done.output.startswith("1")
    assert "1000" not in done.output


async def test_canceling_twice_or_after_the_end_is_harmless(start):
    execution = await start("say done")
    await events_of(execution)
    report = await cancel(execution)
    assert report.already_finished == [execution.pk]
    assert (await reload(execution)).outcome == "succeeded"


async def test_a_stuck_agent_cannot_keep_a_cancel_from_being_confirmed(start):
    execution = await start("hang\nsay never")
    await wait_for_event(execution, "started")
    await cancel(execution)
    entries = await events_of(execution)
    assert entries[-1].data["outcome"] == "canceled"
    assert entries[-1].data["receipt"]["elapsed_ms"] < 2000


async def test_an_agent_that_never_rests_can_be_stopped(start):
    execution = await start("\n".join(["count 100000"] * 20))
    await wait_for_event(execution, "text")
    await cancel(execution)
    entries = await events_of(execution)
    assert entries[-1].data["outcome"] in {"canceled", "failed"}  # failed: the output limit was quicker
    assert len((await reload(execution)).output) <= 1_000_000


async def test_a_question_waits_for_exactly_one_answer(start, owner):
    execution = await start("ask Which? | Red | Blue\nsay bye")
    question = await wait_for_event(execution, "question")
    assert (await reload(execution)).state == "waiting"
    answer = sync_to_async(services.answer)
    given = {"question_id": question.data["question_id"], "answer": {"answers": {"Which?": "Red"}}, "by": owner}
    await answer(execution.pk, **given)
    with pytest.raises(NotWaiting):
        await answer(execution.pk, **given)
    await events_of(execution)
    assert (await reload(execution)).output == "You chose: Red\nbye"


async def test_a_waiting_execution_can_be_canceled(start):
    execution = await start("ask Which? | Red | Blue")
    await wait_for_event(execution, "question")
    await cancel(execution)
    assert (await events_of(execution))[-1].data["outcome"] == "canceled"
    assert (await reload(execution)).question is None


async def test_a_session_runs_one_at_a_time_in_order(start):
    first = await start("count 20 every 10ms", session_id="web:chat")
    second = await start("say second", session_id="web:chat")
    other = await start("say other", session_id="web:chat:2")
    await events_of(other)
    assert (await reload(second)).state == "queued"
    await events_of(second)
    first, second = await reload(first), await reload(second)
    assert first.outcome == second.outcome == "succeeded"
    assert first.finished_at <= second.started_at


async def test_interrupt_stops_the_running_one_and_runs_the_new_one(start):
    first = await start("count 1000 every 10ms", session_id="web:chat")
    await wait_for_event(first, "text")
    second = await start("say second", session_id="web:chat", on_busy="interrupt")
    await events_of(second)
    first = await reload(first)
    assert (first.outcome, first.cancel_source) == ("canceled", "interrupt")
    assert (await reload(second)).output == "second"


async def test_reject_refuses_and_stores_nothing(start):
    first = await start("wait 1m", session_id="web:chat")
    with pytest.raises(SessionBusy):
        await start("say no", session_id="web:chat", on_busy="reject")
    assert await Execution.objects.acount() == 1
    await cancel(first)


async def test_a_failing_agent_is_failed_with_its_text(start):
    execution = await start("say a\nfail out of paper")
    await events_of(execution)
    done = await reload(execution)
    assert (done.outcome, done.error, done.output) == ("failed", "out of paper", "a")


async def test_the_wall_time_limit_has_its_own_outcome(start):
    execution = await start("wait 1m", limits={"wall_seconds": 0.05})
    await events_of(execution)
    done = await reload(execution)
    assert (done.outcome, done.error_code) == ("timed_out", "wall_time")


async def test_a_late_reader_gets_the_compacted_journal_exactly_once(start):
    execution = await start("count 60 every 25ms")
    live = await events_of(execution)
    texts = [e for e in live if e.type == "text"]
    assert len(texts) > 20

    async def compacted() -> bool:
        return (await reload(execution)).compacted

    while not await compacted():
        pass
    assert await EventRow.objects.filter(execution=execution).acount() < 6
    for cut in (0, 1, 2, 10, len(live) - 2, len(live) - 1, len(live)):
        seen = "".join(e.data["text"] for e in live[:cut] if e.type == "text")
        rest = "".join(e.data["text"] for e in await events_of(execution, cut) if e.type == "text")
        assert seen + rest == "".join(e.data["text"] for e in texts)


async def test_the_wall_time_stands_still_while_the_owner_is_asked(start, owner):
    execution = await start("ask Which? | Red | Blue\nwait 1m", limits={"wall_seconds": 0.2})
    question = await wait_for_event(execution, "question")
    await asyncio.sleep(0.4)  # longer than the limit: what is tested is that nothing happens meanwhile
    assert (await reload(execution)).state == "waiting"
    given = {"question_id": question.data["question_id"], "answer": {"answers": {"Which?": "Red"}}, "by": owner}
    await sync_to_async(services.answer)(execution.pk, **given)
    await events_of(execution)
    assert (await reload(execution)).outcome == "timed_out"


async def test_a_workspace_that_cannot_be_made_fails_with_a_clear_text(start, settings_of_engine, tmp_path):
    (tmp_path / "file").write_text("in the way")
    settings_of_engine(WORKSPACES=tmp_path / "file")
    execution = await start("say never")
    await events_of(execution)
    done = await reload(execution)
    assert (done.outcome, done.error_code) == ("failed", "workspace")
    assert done.error == "The session's workspace can't be made: Not a directory."
