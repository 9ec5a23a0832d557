"""The real Claude CLI against a scripted Messages API: a project, a configuration and a temporary folder of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from executions.agents.base import Answer, Limits, Run, Turn
from executions.agents.claude import ClaudeAgent
from executions.events import Question
from executions.testing.fake_anthropic import FakeAnthropic
from executions.testing.runs import Recorder, make_run, run_to_end


class Claude:
    """Starts runs of the agent ``claude`` in ``project``, and remembers them to clean up."""

    def __init__(self, project: Path, server: FakeAnthropic) -> None:
        self.project = project
        self.server = server
        self.agent = ClaudeAgent()
        self._recorders: list[Recorder] = []

    def prepare(
        self,
        prompt: str,
        *,
        session: str = "",
        answers: Sequence[Answer | Callable[[Question], Answer]] = (),
        history: Sequence[Turn] = (),
        limits: Limits | None = None,
        **options: Any,
    ) -> tuple[Run, Recorder]:
        """Return a run in the project that has not begun."""
        options = {"project": str(self.project), **options}
        run, recorder = make_run(
            prompt, workspace=self.project, options=options, answers=answers, history=history, limits=limits
        )
        run.agent_session = session or str(uuid4())
        self._recorders.append(recorder)
        return run, recorder

    async def run(self, prompt: str, **given: Any) -> tuple[Run, Recorder]:
        """Run the CLI to its end; a failure is raised."""
        run, recorder = self.prepare(prompt, **given)
        await run_to_end(self.agent, run)
        return run, recorder

    async def close(self) -> None:
        for recorder in self._recorders:
            await recorder.aclose()


@pytest.fixture
def claude_settings(settings: Any, tmp_path: Path) -> Callable[..., None]:
    """Give the CLI a place of its own: ``claude_settings(CLAUDE_PERMISSION_MODE="plan")`` changes what is different."""
    for name in ("projects/app", "config", "temporary", "home", "person"):
        (tmp_path / name).mkdir(parents=True)

    def change(**changes: Any) -> None:
        settings.EXECUTIONS = {
            **settings.EXECUTIONS,
            "HOME": tmp_path / "home",
            "PROJECT_ROOTS": (tmp_path / "projects",),
            "CLAUDE_CONFIG_DIR": tmp_path / "config",
            "CLAUDE_ENV": ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "IS_SANDBOX"),
            **changes,
        }

    change()
    return change


@pytest_asyncio.fixture
async def messages_api() -> AsyncIterator[FakeAnthropic]:
    async with FakeAnthropic() as server:
        yield server


@pytest.fixture
def cli_environment(claude_settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """Set the variables with which the CLI finds the server at an address, and nothing else."""

    def point_at(url: str) -> None:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-scripted")
        monkeypatch.setenv("IS_SANDBOX", "1")  # root may only then let the CLI do everything
        # What a person's shell does when it starts is no business of a test, nor is ending it half-way.
        monkeypatch.setenv("HOME", str(tmp_path / "person"))
        monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))

    return point_at


@pytest_asyncio.fixture
async def claude(
    messages_api: FakeAnthropic, cli_environment: Callable[[str], None], tmp_path: Path
) -> AsyncIterator[Claude]:
    """The agent, whose CLI talks to the scripted server."""
    cli_environment(messages_api.url)
    claude = Claude(tmp_path / "projects" / "app", messages_api)
    yield claude
    await claude.close()
