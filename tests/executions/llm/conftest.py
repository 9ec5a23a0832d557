"""A real OpenAI-compatible server on loopback, and an agent that talks to it."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from executions.agents.base import Run
from executions.agents.llm import LLMAgent
from executions.processes import environment
from executions.testing.fake_openai import FakeOpenAI
from executions.testing.runs import Recorder, make_run, run_to_end
from executions.testing.script import script

KEY = "sk-not-a-real-key"


@pytest.fixture(autouse=True)
def instance(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes of these tests are not taken for leftovers by a server that starts on the same machine meanwhile."""
    monkeypatch.setattr(environment, "_instance", f"tests-{os.getpid()}")


@pytest_asyncio.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeOpenAI]:
    async with FakeOpenAI() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        yield server


@pytest_asyncio.fixture
async def agent(server: FakeOpenAI) -> AsyncIterator[LLMAgent]:
    agent = LLMAgent()
    yield agent
    await agent.aclose()
    assert len(asyncio.all_tasks()) <= 2 + server.open_connections, "the agent left tasks behind"


Make = Callable[..., tuple[Run, Recorder]]


@pytest_asyncio.fixture
async def make(tmp_path: Path) -> AsyncIterator[Make]:
    """Make a run whose model gives these replies."""
    recorders: list[Recorder] = []

    def make(*replies: dict[str, Any], **options: Any) -> tuple[Run, Recorder]:
        prompt = options.pop("prompt", "Do it.")
        prompt = f"{prompt} {script(*replies)}" if replies else prompt
        run, recorder = make_run(prompt, workspace=tmp_path, **options)
        recorders.append(recorder)
        return run, recorder

    yield make
    for recorder in recorders:
        await recorder.aclose()


@pytest.fixture
def complete(agent: LLMAgent, make: Make) -> Callable[..., Any]:
    """Run the agent on these replies to its end."""

    async def complete(*replies: dict[str, Any], **options: Any) -> tuple[Run, Recorder]:
        run, recorder = make(*replies, **options)
        await run_to_end(agent, run)
        return run, recorder

    return complete


def tool(name: str, **args: Any) -> dict[str, Any]:
    return {"name": name, "args": args}


def said_by_server(messages: list[dict[str, Any]], role: str) -> list[Any]:
    return [message.get("content") for message in messages if message["role"] == role]


def as_text(transcript: Any) -> str:
    return json.dumps(transcript, ensure_ascii=False)
