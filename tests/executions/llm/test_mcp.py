"""MCP servers as children of the execution."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from executions.agents.base import AgentFailure
from executions.agents.llm import LLMAgent, mcp
from executions.events import Notice, ToolFinished, ToolStarted
from executions.testing.runs import cancel_like_the_supervisor, run_to_end

from .conftest import said_by_server, tool

ROOT = Path(__file__).parents[3]
FAKE = {"command": sys.executable, "args": ["-m", "executions.testing.fake_mcp"], "env": {"PYTHONPATH": str(ROOT)}}


@pytest.fixture
def agent_with(agent, tmp_path):
    """Make an agent with one MCP server, named ``fake``, of that configuration."""

    def agent_with(**config):
        path = tmp_path / "mcp.json"
        path.write_text(json.dumps({"mcpServers": {"fake": config}}))
        return LLMAgent(mcp_config=path)

    return agent_with


async def test_its_tools_are_offered_called_and_told(agent_with, make, server):
    run, recorder = make({"tools": [tool("fake_add", a=1, b=2), tool("fake_fail", text="boo")]}, {"text": "Three."})
    await run_to_end(agent_with(**FAKE), run)
    assert [event.name for event in recorder.of(ToolStarted)] == ["fake_add", "fake_fail"]
    assert [(event.result, event.status) for event in recorder.of(ToolFinished)] == [
        ("3", "finished"),
        ("boo", "error"),
    ]
    assert said_by_server(server.requests[1].body["messages"], "tool")[0] == "3"
    offered = {each["function"]["name"] for each in server.requests[0].body["tools"]}
    assert {"fake_echo", "read_file"} <= offered
    assert await recorder.processes[0].wait() is not None


async def test_a_server_can_be_excluded_for_a_message(agent_with, make, server):
    run, recorder = make(prompt="hi", options={"exclude_tools": ["fake"]})
    await run_to_end(agent_with(**FAKE), run)
    assert recorder.processes == []


async def test_one_that_dies_in_a_call_is_an_error_of_that_tool(agent_with, make):
    run, recorder = make({"tools": [tool("fake_die"), tool("fake_echo", text="x")]}, {"text": "It is gone."})
    await run_to_end(agent_with(**FAKE), run)
    assert [event.status for event in recorder.of(ToolFinished)] == ["error", "error"]
    assert "The MCP server fake failed" in recorder.of(ToolFinished)[0].result
    assert recorder.text == "It is gone."


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({**FAKE, "args": [*FAKE["args"], "--die"]}, "told to die"),
        ({**FAKE, "args": [*FAKE["args"], "--silent"]}, "did not answer within 1 s"),
        ({"command": "/no/such/program"}, "not found"),
        ({"url": "http://127.0.0.1:9/mcp"}, "connection attempts failed"),
    ],
)
async def test_one_that_does_not_start_is_told_and_left_out(agent_with, make, monkeypatch, config, reason):
    monkeypatch.setattr(mcp, "START_SECONDS", 1.0)
    run, recorder = make(prompt="hi")
    await run_to_end(agent_with(**config), run)
    (notice,) = recorder.of(Notice)
    assert notice.level == "warning"
    assert reason in notice.text
    assert recorder.text == "You said: hi"


async def test_stop_in_a_call_ends_the_server_and_all_it_started(agent_with, make, tmp_path):
    run, recorder = make({"tools": [tool("fake_fork"), tool("fake_slow", seconds=60)]})
    task = asyncio.create_task(agent_with(**FAKE).run(run))
    await recorder.wait_for(lambda seen: len(seen.of(ToolStarted)) == 2)
    forked = int(recorder.of(ToolFinished)[0].result)
    assert await cancel_like_the_supervisor(task, recorder) < 0.5
    assert task.cancelled()
    await recorder.processes[0].gone()
    with pytest.raises(ProcessLookupError):
        os.kill(forked, 0)


async def test_failures_of_the_model_come_through_as_themselves(agent_with, make):
    run, _ = make({"status": 401, "text": "no"})
    with pytest.raises(AgentFailure, match="refused the API key"):
        await run_to_end(agent_with(**FAKE), run)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "is not JSON"),
        ("{}", "must look like"),
        ('{"mcpServers": {"a b": {"command": "x"}}}', "names are"),
        ('{"mcpServers": {"a": {}}}', 'either a "command" or a "url"'),
        ('{"mcpServers": {"a": {"command": "${NOT_SET_AT_ALL}"}}}', "NOT_SET_AT_ALL, which is not set"),
    ],
)
async def test_a_wrong_settings_file_says_what_is_wrong(agent, make, tmp_path, text, reason):
    path = tmp_path / "mcp.json"
    path.write_text(text)
    run, _ = make(prompt="hi")
    with pytest.raises(AgentFailure) as caught:
        await run_to_end(LLMAgent(mcp_config=path), run)
    assert caught.value.code == "mcp_config"
    assert reason in str(caught.value)
