import asyncio

import pytest

from executions.agents.base import Turn
from executions.agents.llm import LLMAgent, history
from executions.testing.runs import cancel_like_the_supervisor, make_run, run_to_end, turn_of

from .conftest import as_text, said_by_server, tool


def roles(request):
    return [message["role"] for message in request.body["messages"] if message["role"] != "system"]


async def test_the_next_turn_knows_the_whole_conversation_with_its_tools(complete, server):
    run, recorder = await complete({"tools": [tool("list_dir", path=".")]}, {"text": "It is empty."}, prompt="Look.")
    await complete(prompt="And now?", history=[turn_of(run, recorder)])
    assert roles(server.requests[2]) == ["user", "assistant", "tool", "assistant", "user"]


async def test_a_turn_of_another_agent_is_told_by_what_was_said(complete, server):
    past = [Turn("count 3", "1 2 3", "succeeded", "demo", None)]
    await complete(prompt="What was that?", history=past)
    messages = server.requests[0].body["messages"]
    assert said_by_server(messages, "user") == ["count 3", "What was that?"]
    assert said_by_server(messages, "assistant") == ["1 2 3"]


async def test_a_transcript_that_cannot_be_read_is_replaced_by_what_was_said(complete, server):
    past = [Turn("hello", "hi", "succeeded", "llm", [{"kind": "from another world"}])]
    await complete(prompt="Again.", history=past)
    assert said_by_server(server.requests[0].body["messages"], "assistant") == ["hi"]


async def test_after_a_stop_in_the_middle_the_next_message_continues(agent, make, server):
    run, recorder = make({"text": "one two three four", "hang": "middle"})
    task = asyncio.create_task(agent.run(run))
    await recorder.wait_for(lambda seen: "two" in seen.text or seen.text)
    await cancel_like_the_supervisor(task, recorder)
    following, _ = make(prompt="Go on.", history=[turn_of(run, recorder, "canceled")])
    await run_to_end(agent, following)
    assert roles(server.requests[1]) == ["user", "assistant", "user"]
    (partial,) = said_by_server(server.requests[1].body["messages"], "assistant")
    assert partial.startswith("one")
    assert history.INTERRUPTED in partial


async def test_after_a_stop_in_a_tool_every_call_has_a_result(agent, make, server):
    calls = [tool("list_dir", path="."), tool("exec", command="sleep 60"), tool("write_file", path="x", content="y")]
    run, recorder = make({"text": "I work.", "tools": calls})
    task = asyncio.create_task(agent.run(run))
    await recorder.wait_for(lambda seen: seen.processes)
    await cancel_like_the_supervisor(task, recorder)
    following, _ = make(prompt="Go on.", history=[turn_of(run, recorder, "canceled")])
    await run_to_end(agent, following)
    assert roles(server.requests[1]) == ["user", "assistant", "tool", "tool", "tool", "assistant", "user"]
    results = said_by_server(server.requests[1].body["messages"], "tool")
    assert [result == history.INTERRUPTED_CALL for result in results] == [False, True, True]


async def test_after_a_failure_the_next_message_continues(agent, make, server):
    run, recorder = make({"status": 400, "text": "no"})
    with pytest.raises(Exception, match="did not accept"):
        await run_to_end(agent, run)
    following, _ = make(prompt="Go on.", history=[turn_of(run, recorder, "failed")])
    await run_to_end(agent, following)
    assert roles(server.requests[1]) == ["user", "assistant", "user"]


async def test_the_oldest_turns_are_dropped_when_the_history_is_too_long(tmp_path, agent, server):
    past = [Turn(f"question {n} " + "x" * 900, f"answer {n}", "succeeded") for n in range(10)]
    run, _ = make_run("hi", workspace=tmp_path, history=past)
    await run_to_end(LLMAgent(history_chars=3000), run)
    users = said_by_server(server.requests[0].body["messages"], "user")
    assert [text.split(" x")[0] for text in users] == ["question 7", "question 8", "question 9", "hi"]


def test_one_turn_that_is_too_long_alone_is_cut():
    loaded = history.load([Turn("p" * 10_000, "a" * 10_000, "succeeded")], 1_000)
    text = as_text([message.parts[0].content for message in loaded])
    assert "cut" in text
    assert len(text) < 1_200


def test_tool_results_are_given_up_before_what_was_said(complete):
    messages = history.load([Turn("hello", "I looked.", "succeeded", "llm", _with_result("r" * 5_000))], 1_000)
    assert [message.kind for message in messages] == ["request", "response"]
    assert messages[1].parts[0].content == "I looked."


def _with_result(result):
    return [
        {"kind": "request", "parts": [{"part_kind": "user-prompt", "content": "hello"}]},
        {
            "kind": "response",
            "parts": [{"part_kind": "tool-call", "tool_name": "t", "args": "{}", "tool_call_id": "1"}],
        },
        {
            "kind": "request",
            "parts": [{"part_kind": "tool-return", "tool_name": "t", "content": result, "tool_call_id": "1"}],
        },
        {"kind": "response", "parts": [{"part_kind": "text", "content": "I looked."}]},
    ]
