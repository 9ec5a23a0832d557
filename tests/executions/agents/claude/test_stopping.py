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


PLAN = {"name": "Write", "args": {"file_path": "@PLANFILE@", "content": "# Plan\n1. Do it."}}
LARGE = {"name": "Write", "args": {"file_path": "large.txt", "content": "x" * 990_000}}
#: Besides the twenty: what the CLI is in the middle of when it is stopped.
MORE = [
    Moment(
        "a plan waits", f"/plan it {script({'tools': [PLAN]}, {'tools': [{'name': 'ExitPlanMode'}]})}", "question", 0.2
    ),
    Moment("a line of a megabyte", script({"tools": [LARGE]}), "usage"),
    Moment("a prompt of 150 kilobytes", f"{'word ' * 30_000}{script({'hang': 'start'})}", "cli_session", 0.05),
    Moment("an error is coming", script({"status": 529, "delay": 60}), "cli_session", 1.5),
]


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


@pytest.mark.parametrize("moment", [pytest.param(m, id=m.name.replace(" ", "-")) for m in (*moments(), *MORE)])
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


@pytest.mark.parametrize("delay", [0.0, 0.3, 0.8])
async def test_abort_of_a_resumed_session_leaves_nothing(
    project: Path, worker: EmbeddedWorker, start: Start, delay: float
) -> None:
    first = await start(f"Hello. {script({'text': 'Hello.'})}", **in_project(project))
    await events_of(first)
    second = await start(script({"hang": "start"}), **in_project(project))
    entry = await wait_for_event(second, "cli_session")
    assert entry.data["resumed"]
    await asyncio.sleep(delay)
    await cancel(second)
    await events_of(second)
    assert not leftovers(project)
    third = await start(f"Hello? {script({'text': 'Still here.'})}", **in_project(project))
    await events_of(third)
    assert (await reload(third)).output == "Still here."


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
