"""An agent that does what a test's function says."""

from collections.abc import Awaitable, Callable

from executions.agents.base import Run

BEHAVIORS: dict[str, Callable[[Run], Awaitable[None]]] = {}


class ScriptedAgent:
    """Runs the function whose name is the prompt."""

    async def run(self, run: Run) -> None:
        await BEHAVIORS[run.prompt](run)
