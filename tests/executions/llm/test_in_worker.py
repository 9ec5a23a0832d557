"""The whole way: started as a user's message, run by a worker on the real database, stopped, continued."""

import asyncio

import pytest

from executions.models import Execution
from executions.testing.script import script
from tests.executions.conftest import cancel, events_of, reload, wait_for_event

from .conftest import tool

MODEL = "openai-chat:fake"


@pytest.fixture(autouse=True)
def engine(settings, tmp_path):
    settings.EXECUTIONS = {**settings.EXECUTIONS, "MODELS": ["demo", MODEL], "WORKSPACES": tmp_path / "workspaces"}


async def test_an_answer_with_tools_is_recorded_with_its_usage(agent, worker, start):
    replies = (
        {"tools": [tool("write_file", path="a.txt", content="hi")], "usage": [10, 1]},
        {"text": "Done.", "usage": [20, 2]},
    )
    execution = await start(script(*replies), session_id="web:chat", model=MODEL)
    kinds = [entry.type for entry in await events_of(execution)]
    execution = await reload(execution)
    assert (execution.outcome, execution.output, execution.agent) == ("succeeded", "Done.", "llm")
    assert (execution.input_tokens, execution.output_tokens, execution.requests) == (30, 3, 2)
    assert kinds.index("tool_started") < kinds.index("tool_finished") < kinds.index("text") < kinds.index("finished")


async def test_stop_closes_the_connection_and_the_next_message_continues(agent, worker, start, server):
    stopped = await start(script({"text": "one two three four", "hang": "middle"}), session_id="web:chat", model=MODEL)
    await wait_for_event(stopped, "text")
    await cancel(stopped)
    await events_of(stopped)
    stopped = await reload(stopped)
    assert (stopped.outcome, stopped.output.split()[0]) == ("canceled", "one")
    async with asyncio.timeout(5):
        await server.requests[0].done.wait()
    assert server.requests[0].disconnected_at
    following = await start("Go on.", session_id="web:chat", model=MODEL)
    await events_of(following)
    assert (await reload(following)).outcome == "succeeded"
    roles = [message["role"] for message in server.requests[1].body["messages"]]
    assert roles == ["system", "user", "assistant", "user"]


async def test_a_failing_server_is_the_error_of_the_execution(agent, worker, start):
    execution = await start(script({"status": 401, "text": "no"}), session_id="web:chat", model=MODEL)
    await events_of(execution)
    execution = await Execution.objects.aget(pk=execution.pk)
    assert (execution.outcome, execution.error_code) == ("failed", "model_error")
    assert "refused the API key" in execution.error
