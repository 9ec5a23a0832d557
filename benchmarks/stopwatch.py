"""When the agents' code has ended, by their own clock: the monotonic clock, which all processes of a machine share."""

from __future__ import annotations

import os
import time
from pathlib import Path

from executions.agents.base import Agent, Run
from executions.agents.registry import load_agent
from executions.conf import conf

FILE = "stopwatch.txt"


class _Timed:
    """Runs another agent, and writes down when that was over, however it ended."""

    path = ""

    def __init__(self) -> None:
        self._agent: Agent = load_agent(self.path)
        self._file = os.open(conf.home / FILE, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)

    async def run(self, run: Run) -> None:
        """Run the agent. Cancellation: that of the agent, noted."""
        try:
            await self._agent.run(run)
        finally:
            os.write(self._file, f"{run.execution_id} {time.monotonic()!r}\n".encode())


class TimedDemoAgent(_Timed):
    path = "executions.agents.demo.DemoAgent"


class TimedLLMAgent(_Timed):
    path = "executions.agents.llm.LLMAgent"


class Stopwatch:
    """Reads what the agents of a server have written down."""

    def __init__(self, home: Path) -> None:
        self._path = home / FILE

    def ended(self, execution_id: int) -> float:
        """Return when the agent of an execution had ended. Raises KeyError when it has not."""
        for line in reversed(self._path.read_text().splitlines()):
            name, at = line.split()
            if int(name) == execution_id:
                return float(at)
        raise KeyError(execution_id)
