"""Agents that do what agents must not do: each ends with exactly one outcome, and harms nobody else."""

import asyncio
import threading

import pytest
from asgiref.sync import sync_to_async

from executions.agents.base import AgentFailure
from executions.events import Finished, Notice, Question, Text, Thinking, ToolFinished, ToolStarted, Usage
from executions.readers import follow
from executions.services import answer
from tests.executions.conftest import cancel, events_of, reload, wait_for_event
from tests.support import await_until

pytestmark = pytest.mark.usefixtures("worker")


async def outcome_of(execution):
    entries = await events_of(execution)
    assert [entry.type for entry in entries].count(Finished.type) == 1
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    done = await reload(execution)
    assert (done.outcome, done.error, done.error_code) == tuple(
        entries[-1].data[name] for name in ("outcome", "error", "error_code")
    )
    return done.outcome, done.error_code


async def others_still_work(start):
    assert await outcome_of(await start("say hello")) == ("succeeded", "")


class Strange(BaseException):
    """Neither an error nor a cancellation."""


@pytest.mark.parametrize(
    "error",
    [SystemExit(3), KeyboardInterrupt(), Strange(), GeneratorExit(), RecursionError(), StopIteration(), MemoryError()],
    ids=lambda error: type(error).__name__,
)
async def test_whatever_an_agent_raises_it_has_failed(start, behave, error):
    async def raise_it(run):
        await run.emit(Text("so far"))
        raise error

    execution = await behave(raise_it)
    assert (await outcome_of(execution))[0] == "failed"
    assert (await reload(execution)).output == "so far"
    await others_still_work(start)


async def test_an_agent_that_cancels_itself_has_failed(behave):
    async def give_up(run):
        raise asyncio.CancelledError

    assert (await outcome_of(await behave(give_up)))[0] == "failed"


async def test_an_error_without_a_text_of_its_own_ends_the_run(start, behave):
    class Mute(Exception):
        def __str__(self):
            raise RuntimeError("no text")

    async def raise_it(run):
        raise Mute

    assert (await outcome_of(await behave(raise_it)))[0] == "failed"
    await others_still_work(start)


async def test_an_agent_that_swallows_every_cancellation_is_given_up(start, behave):
    attempts, over = 0, asyncio.Event()

    async def insist(run):
        nonlocal attempts
        while not over.is_set():
            try:
                await run.emit(Text("x"))
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                attempts += 1

    execution = await behave(insist)
    await wait_for_event(execution, "text")
    await cancel(execution)
    assert (await outcome_of(execution))[0] == "canceled"
    before = attempts
    await others_still_work(start)
    await await_until(lambda: attempts > before)  # it goes on, in its own time and without effect
    over.set()
    assert (await events_of(execution))[-1].type == "finished"


@pytest.mark.parametrize("wanted", ["emit", "ask", "spawn"])
async def test_an_agent_that_tries_for_ever_after_its_end_does_not_stop_the_others(start, behave, wanted):
    over = asyncio.Event()

    async def insist(run):
        await run.emit(Text("on"))
        while not over.is_set():
            try:
                if wanted == "emit":
                    await run.emit(Text("x"))
                elif wanted == "ask":
                    await run.ask(Question("q"))
                else:
                    await run.spawn(["sleep", "60"])
            except asyncio.CancelledError:
                pass

    execution = await behave(insist)
    await wait_for_event(execution, "text")
    await cancel(execution)
    assert (await outcome_of(execution))[0] == "canceled"
    await others_still_work(start)
    over.set()


async def test_an_agent_that_fails_while_it_is_canceled_is_canceled(behave):
    async def fail_at_last(run):
        try:
            await run.emit(Text("on"))
            await asyncio.sleep(60)
        finally:
            raise AgentFailure("while cleaning up")

    execution = await behave(fail_at_last)
    await wait_for_event(execution, "text")
    await cancel(execution)
    assert await outcome_of(execution) == ("canceled", "")


async def test_an_agent_that_returns_while_it_is_canceled_is_canceled_and_keeps_what_it_said(behave):
    async def say_goodbye(run):
        try:
            await run.emit(Text("on"))
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await run.emit(Text(" and off"))

    execution = await behave(say_goodbye)
    await wait_for_event(execution, "text")
    await cancel(execution)
    assert await outcome_of(execution) == ("canceled", "")
    assert (await reload(execution)).output == "on and off"


async def test_tasks_that_outlive_their_agent_have_no_effect(behave):
    ended = asyncio.Event()
    tasks = []

    async def haunt(run):
        await ended.wait()
        for attempt in (run.emit(Text("boo")), run.ask(Question("q")), run.spawn(["true"])):
            with pytest.raises(asyncio.CancelledError):
                await attempt

    async def leave_a_task(run):
        tasks.append(asyncio.create_task(haunt(run)))
        await run.emit(Text("bye"))

    execution = await behave(leave_a_task)
    assert await outcome_of(execution) == ("succeeded", "")
    ended.set()
    await asyncio.gather(*tasks)
    assert await outcome_of(execution) == ("succeeded", "")
    assert (await reload(execution)).output == "bye"


async def test_a_tool_call_without_a_result_gets_one(behave):
    async def forget(run):
        await run.emit(ToolStarted("1", "exec", {"command": "sleep"}))
        await run.emit(ToolStarted("2", "exec", {}))
        await run.emit(ToolFinished("1", "exec", "done"))

    execution = await behave(forget)
    finished = {e.data["call_id"]: e.data["status"] for e in await events_of(execution) if e.type == "tool_finished"}
    assert finished == {"1": "finished", "2": "canceled"}


async def test_questions_of_tools_side_by_side_are_asked_one_after_the_other(behave, owner):
    async def ask_two(run):
        answers = await asyncio.gather(run.ask(Question("one")), run.ask(Question("two")))
        await run.emit(Text(" ".join(a.answers["?"] for a in answers)))

    execution = await behave(ask_two)
    async for question_id in questions(execution):
        given = {"answers": {"?": f"to-{question_id}"}}
        await sync_to_async(answer)(execution.pk, question_id=question_id, answer=given, by=owner)
    assert (await reload(execution)).output == "to-one to-two"


async def questions(execution):
    async for batch in follow(execution.pk):
        for entry in batch:
            if entry.type == "question":
                yield entry.data["question_id"]


async def test_an_agent_that_stops_waiting_for_an_answer_may_ask_again(behave, owner):
    async def ask_twice(run):
        first = asyncio.create_task(run.ask(Question("one")))
        await wait_for_event(execution, "question")
        first.cancel()
        await run.emit(Text((await run.ask(Question("two"))).answers["?"]))

    execution = await behave(ask_twice)
    async for question_id in questions(execution):
        if question_id == "two":
            given = {"question_id": "two", "answer": {"answers": {"?": "yes"}}, "by": owner}
            await sync_to_async(answer)(execution.pk, **given)
    assert (await reload(execution)).output == "yes"


async def test_agents_that_fill_the_thread_pool_hold_up_nobody(start, behave):
    release = threading.Event()

    async def block(run):
        await run.emit(Text("on"))
        await asyncio.gather(*(asyncio.to_thread(release.wait) for _ in range(50)))

    execution = await behave(block)
    try:
        await wait_for_event(execution, "text")
        await others_still_work(start)
        await cancel(execution)
        assert (await outcome_of(execution))[0] == "canceled"
    finally:
        release.set()


class Explosive:
    def __str__(self):
        raise RuntimeError("boom")


@pytest.mark.parametrize(
    "event",
    [
        Text(b"bytes"),
        Text(None),
        Thinking(b"bytes"),
        Thinking(3),
        Notice(Explosive()),
        Usage(input_tokens="many"),
        Usage(input_tokens=-1),
        Usage(output_tokens=2**70),
        Usage(cost_usd=float("nan")),
        Usage(cost_usd=1e12),
        ToolStarted("1", "exec", {"n": 10**5000}),
    ],
)
async def test_an_event_that_cannot_be_stored_fails_its_execution_only(start, behave, event):
    bystander = await start("count 20 every 20ms")

    async def emit_it(run):
        await run.emit(Text("fine"))
        await run.emit(event)
        await run.emit(Text("!"))

    execution = await behave(emit_it)
    assert (await outcome_of(execution))[0] in {"failed", "succeeded"}
    assert (await reload(execution)).output.startswith("fine")
    assert await outcome_of(bystander) == ("succeeded", "")
    await others_still_work(start)


async def test_text_that_no_database_takes_is_made_storable(behave):
    async def emit_odd_text(run):
        await run.emit(Text("a\0b"))
        await run.emit(Text("\ud83d"))
        await run.emit(Text("\ude00"))
        await run.emit(ToolStarted("1", "x", {"\0": [float("nan"), float("inf"), {1: b"b", "s": {3}}, "\udcff"]}))
        await run.emit(ToolFinished("1", "x", "\0"))
        run.transcript = [{"text": "\0\ud800", "number": float("-inf")}]

    execution = await behave(emit_odd_text)
    entries = await events_of(execution)
    assert await outcome_of(execution) == ("succeeded", "")
    done = await reload(execution)
    assert done.output == "".join(e.data["text"] for e in entries if e.type == "text")
    assert "\0" not in done.output
    assert done.transcript == [{"text": "\ufffd\ufffd", "number": None}]
