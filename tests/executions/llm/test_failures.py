import socket

import pytest

from executions.agents.base import AgentFailure, LimitExceeded, Limits
from executions.events import Notice, Usage
from executions.testing.runs import run_to_end

from .conftest import KEY, tool


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        ({"status": 401, "text": f"Incorrect key {KEY}"}, "refused the API key (HTTP 401)"),
        ({"status": 404, "text": "no such model"}, "does not know this model or address (HTTP 404)"),
        ({"status": 429, "text": "slow down"}, "is limiting its rate"),
        ({"status": 500, "text": "oops"}, "failed (HTTP 500)"),
        ({"text": "a b c d", "broken": "json"}, "failed"),
        ({"text": "a b c d", "broken": "cut"}, "broke in the middle of the answer"),
        ({"text": ""}, "gave an empty answer"),
    ],
)
async def test_a_failing_server_is_one_clear_line(agent, make, reply, text):
    run, recorder = make(reply)
    with pytest.raises(AgentFailure) as caught:
        await run_to_end(agent, run)
    message = str(caught.value)
    assert caught.value.code == "model_error"
    assert text in message
    assert "\n" not in message
    assert len(message) < 500
    assert KEY not in message
    assert recorder.of(Usage)
    assert run.transcript[-1]["kind"] == "response"


async def test_a_server_that_is_not_there(agent, make, monkeypatch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{unused.getsockname()[1]}/v1")
        run, _ = make(prompt="hi")
        with pytest.raises(AgentFailure, match="cannot be reached"):
            await run_to_end(agent, run)


@pytest.mark.parametrize(
    ("model", "code", "text"),
    [
        ("gpt-5", "model_config", "is not the name of a model"),
        ("openai-chat:", "model_config", "is not the name of a model"),
        ("nobody:gpt-5", "model_config", "There is no provider 'nobody'"),
        ("anthropic:claude", "model_config", "needs ANTHROPIC_API_KEY"),
        ("gemini:flash", "model_config", "needs GOOGLE_API_KEY or GEMINI_API_KEY"),
        ("groq:llama", "model_unavailable", "pydantic-ai-slim[groq]"),
    ],
)
async def test_a_model_that_cannot_be_used_says_what_it_needs(agent, make, monkeypatch, model, code, text):
    for variable in ("ANTHROPIC_API_KEY", "GOOGLE_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.delenv(variable, raising=False)
    run, _ = make(prompt="hi", model=model)
    with pytest.raises(AgentFailure) as caught:
        await run_to_end(agent, run)
    assert caught.value.code == code
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("limits", "code", "requests"),
    [(Limits(steps=3), "step_limit", 3), (Limits(tokens=350), "token_limit", 2)],
)
async def test_an_endless_loop_of_tools_meets_its_limit(agent, make, server, limits, code, requests):
    run, _ = make({"tools": [tool("list_dir", path=".")], "usage": [100, 100]}, limits=limits)
    with pytest.raises(LimitExceeded) as caught:
        await run_to_end(agent, run)
    assert caught.value.code == code
    assert len(server.requests) == requests


async def test_an_answer_that_is_too_long_ends_the_connection(agent, make, server):
    run, recorder = make({"count": 20_000, "chunk_delay": 0.001}, limits=Limits(output_chars=1000))
    with pytest.raises(LimitExceeded) as caught:
        await run_to_end(agent, run)
    assert caught.value.code == "output_limit"
    assert server.requests[0].completed_at is None
    assert not recorder.of(Notice)
