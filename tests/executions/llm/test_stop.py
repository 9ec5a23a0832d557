"""Stop reaches the model's server, at every moment of a run."""

import asyncio
import random
import time

import pytest

from executions.events import ToolFinished, ToolStarted, Usage
from executions.testing.runs import cancel_like_the_supervisor

from .conftest import tool

#: Generous for a machine that is busy; it takes one to two milliseconds on one that is not.
PROMPTLY = 0.5


async def stop(task, recorder, request):
    """Cancel the run; return after how many seconds the server saw its connection closed."""
    began = time.monotonic()
    await cancel_like_the_supervisor(task, recorder)
    assert task.cancelled()
    async with asyncio.timeout(5):
        await request.done.wait()
    return request.disconnected_at - began


@pytest.mark.parametrize("silence", ["start", "headers"])
async def test_before_the_model_has_said_anything(agent, make, server, silence):
    run, recorder = make({"hang": silence})
    task = asyncio.create_task(agent.run(run))
    request = await server.next_request()
    assert await stop(task, recorder, request) < PROMPTLY
    assert run.transcript[-1]["parts"][0]["content"].startswith("[The turn was interrupted")
    assert recorder.of(Usage)[-1].requests == 1


async def test_in_the_middle_of_an_answer(agent, make, server):
    run, recorder = make({"text": "one two three four five six", "hang": "middle"})
    task = asyncio.create_task(agent.run(run))
    await recorder.wait_for(lambda seen: seen.text)
    assert await stop(task, recorder, server.requests[0]) < PROMPTLY
    assert recorder.text.startswith("one")


async def test_in_the_middle_of_a_fast_answer_the_rest_is_not_paid_for(agent, make, server):
    run, recorder = make({"count": 20_000, "chunk_delay": 0.001})
    task = asyncio.create_task(agent.run(run))
    await recorder.wait_for(lambda seen: len(seen.events) > 100)
    assert await stop(task, recorder, server.requests[0]) < PROMPTLY
    assert server.requests[0].sent < 5_000


async def test_in_a_tool_the_later_tools_never_run(agent, make, server, tmp_path):
    run, recorder = make({"tools": [tool("exec", command="sleep 60"), tool("write_file", path="late", content="x")]})
    task = asyncio.create_task(agent.run(run))
    await recorder.wait_for(lambda seen: seen.processes)
    assert await cancel_like_the_supervisor(task, recorder) < PROMPTLY
    assert task.cancelled()
    assert [event.name for event in recorder.of(ToolStarted)] == ["exec"]
    assert not (tmp_path / "late").exists()
    assert len(server.requests) == 1


async def test_between_two_tools(agent, make, tmp_path):
    run, recorder = make({"tools": [tool("list_dir", path="."), tool("write_file", path="late", content="x")]})
    task = asyncio.create_task(agent.run(run))
    await recorder.wait_for(lambda seen: seen.of(ToolFinished))
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
    assert not (tmp_path / "late").exists()


async def test_while_it_asks_its_owner(agent, make):
    run, recorder = make({"tools": [tool("ask_user", question="Well?")]})
    task = asyncio.create_task(agent.run(run))
    await recorder.wait_for(lambda seen: seen.questions)
    assert await cancel_like_the_supervisor(task, recorder) < PROMPTLY
    assert task.cancelled()


async def test_at_any_moment_of_many_runs_nothing_is_left_open(agent, make, server):
    """The runs share connections: stopping some must neither harm the others nor leak."""
    moments = random.Random(7)
    kinds = [{"hang": "start"}, {"hang": "headers"}, {"text": "a b c d", "hang": "middle"}, {"count": 50_000}]

    async def one() -> None:
        run, recorder = make(moments.choice(kinds))
        task = asyncio.create_task(agent.run(run))
        await asyncio.sleep(moments.random() * 0.1)
        await cancel_like_the_supervisor(task, recorder)
        assert task.cancelled()
        assert run.transcript is None or run.transcript[-1]["kind"] == "response"

    async def unharmed() -> str:
        run, recorder = make({"text": "still here", "chunk_delay": 0.05})
        await agent.run(run)
        return recorder.text

    await agent.run(make(prompt="warm up")[0])
    finished = asyncio.gather(*(unharmed() for _ in range(5)))
    await asyncio.gather(*(one() for _ in range(60)))
    assert await finished == ["still here"] * 5
    async with asyncio.timeout(5):
        for request in server.requests:
            await request.done.wait()
