"""The agent ``claude`` without a CLI: its options are checked as always, and a test's function does the work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from executions.agents.base import Run
from executions.agents.claude import ClaudeAgent, options
from executions.events import CliSession

BEHAVIORS: dict[str, Callable[[Run], Awaitable[None]]] = {}
PATH = "tests.chat.commands.agent.ScriptedClaude"


class ScriptedClaude(ClaudeAgent):
    """Runs the function whose name is the last word of the prompt."""

    def validate_options(self, given: Mapping[str, Any]) -> dict[str, Any]:
        return options.validate(given)

    async def run(self, run: Run) -> None:
        await run.emit(CliSession(run.agent_session, str(run.options["project"]), resumed="resume" in run.options))
        await BEHAVIORS[run.prompt.split()[-1]](run)
