"""The same loop over another provider's wire."""

import asyncio

import pytest

from executions.agents.base import AgentFailure
from executions.events import Thinking, Usage
from executions.testing.runs import cancel_like_the_supervisor, run_to_end

from .conftest import tool

pytestmark = pytest.mark.filterwarnings("ignore:The model.*is deprecated:DeprecationWarning")
MODEL = "anthropic:claude-test"


@pytest.fixture(autouse=True)
def address(server, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url.removesuffix("/v1"))
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-not-real")


async def test_thinking_text_tools_and_usage(complete, server):
    replies = {"thinking": "Hm.", "text": "I look.", "tools": [tool("list_dir", path=".")]}, {"text": "Empty."}
    _, recorder = await complete(*replies, model=MODEL)
    assert recorder.of(Thinking)[0].text == "Hm."
    assert recorder.text == "I look.\n\nEmpty."
    assert recorder.of(Usage)[-1].requests == 2
    kinds = [part["type"] for part in server.requests[1].body["messages"][1]["content"]]
    assert kinds == ["thinking", "text", "tool_use"]


async def test_stop_closes_the_connection_and_keeps_the_usage_known_so_far(agent, make, server):
    run, recorder = make({"text": "one two three four", "hang": "middle", "usage": [50, 4]}, model=MODEL)
    task = asyncio.create_task(agent.run(run))
    await recorder.wait_for(lambda seen: seen.text)
    assert await cancel_like_the_supervisor(task, recorder) < 0.5
    async with asyncio.timeout(5):
        await server.requests[0].done.wait()
    assert server.requests[0].disconnected_at
    assert recorder.of(Usage)[-1].input_tokens == 50


async def test_a_wrong_key_is_one_clear_line(agent, make):
    run, _ = make({"status": 401, "text": "invalid x-api-key"}, model=MODEL)
    with pytest.raises(AgentFailure, match="refused the API key"):
        await run_to_end(agent, run)
