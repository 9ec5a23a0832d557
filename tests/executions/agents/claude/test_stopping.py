"""Abort at twenty moments: nothing is left of the CLI and of what it started, and the record says what is known."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio

from executions.models import Execution
from executions.testing.claude_moments import Moment, leftovers, moments, prepare
from executions.testing.fake_anthropic import FakeAnthropic
from executions.testing.script import script
from executions.worker import EmbeddedWorker
from tests.executions.conftest import Start, cancel, events_of, reload, wait_for_event
from tests.support import await_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest_asyncio.fixture
async def project(
    messages_api: FakeAnthropic, cli_environment: Callable[[str], None], tmp_path: Path
) -> AsyncIterator[Path]:
    """A project whose CLI may run a tree of processes; whatever a test leaves there is its failure."""
    cli_environment(messages_api.url)
    project = tmp_path / "projects" / "app"
    prepare(project, tmp_path / "config")
    bystander = await asyncio.create_subprocess_exec("sleep", "1000")
    yield project
    assert bystander.returncode is None
    bystander.kill()
    await bystander.wait()
    assert not leftovers(project)
    assert not [p for p in psutil.Process().children(recursive=True) if p.status() == psutil.STATUS_ZOMBIE]


def in_project(project: Path, **options: Any) -> dict[str, Any]:
    return {"agent": "claude", "session_id": "web:chat", "options": {"project": str(project), **options}}


@pytest.mark.parametrize("moment", [pytest.param(m, id=m.name.replace(" ", "-")) for m in moments()])
async def test_abort_leaves_nothing(project: Path, worker: EmbeddedWorker, start: Start, moment: Moment) -> None:
    execution = await start(moment.prompt, **in_project(project))
    await wait_for_event(execution, moment.event)
    await asyncio.sleep(moment.delay)
    if moment.name.startswith("a tool with"):
        await await_until(lambda: [line for line in leftovers(project) if "tree.py" in line], 15)
    before = leftovers(project)
    await cancel(execution, by=await execution_owner(execution), reason="Enough")
    events = await events_of(execution)
    assert not leftovers(project)
    execution = await reload(execution)
    assert (execution.outcome, execution.receipt["reason"], execution.receipt["by"]) == ("canceled", "Enough", "ann")
    assert any("claude" in process["command"] for process in execution.receipt["processes"])
    assert execution.question is None
    assert execution.transcript[0]["session_id"] == execution.agent_session
    assert {e.data["session_id"] for e in events if e.type == "cli_session"} == {execution.agent_session}
    if moment.event == "text":
        assert execution.output
        assert execution.requests
    assert before


async def test_after_an_abort_the_session_is_continued(
    project: Path,
    worker: EmbeddedWorker,
    start: Start,
    messages_api: FakeAnthropic,
) -> None:
    text = "Remember the fox."
    execution = await start(f"{text} {script({'count': 500, 'chunk_delay': 0.01})}", **in_project(project))
    await wait_for_event(execution, "text")
    await asyncio.sleep(0.5)
    await cancel(execution)
    await events_of(execution)
    following = await start(f"Go on. {script({'text': 'The fox.'})}", **in_project(project))
    await events_of(following)
    following = await reload(following)
    assert (following.outcome, following.output) == ("succeeded", "The fox.")
    assert following.agent_session == execution.agent_session
    assert text in str(messages_api.requests[-1].body["messages"])


async def test_what_was_used_until_the_abort_is_on_the_execution(
    project: Path,
    worker: EmbeddedWorker,
    start: Start,
) -> None:
    tool = {"name": "Bash", "args": {"command": "echo hi", "description": "quick"}}
    prompt = script({"tools": [tool], "usage": [1000, 10]}, {"text": "one two", "hang": "middle", "usage": [500, 5]})
    execution = await start(prompt, **in_project(project))
    await wait_for_event(execution, "text")
    await cancel(execution)
    await events_of(execution)
    execution = await reload(execution)
    assert (execution.input_tokens, execution.output_tokens, execution.requests) == (1500, 11, 2)
    assert execution.cost_usd
    assert execution.output.startswith("one")


async def execution_owner(execution: Execution) -> Any:
    return (await Execution.objects.select_related("owner").aget(pk=execution.pk)).owner
