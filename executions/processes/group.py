"""All child processes of one execution."""

import asyncio
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from executions import reaper
from executions.processes.child import ChildProcess, start
from executions.processes.tags import kill_tagged
from executions.threads import in_thread


class ProcessGroup:
    """What an execution started; killed as one. The supervisor makes one for each execution.

    After :meth:`kill`, :meth:`spawn` raises CancelledError: nothing starts in a stopped execution.
    """

    def __init__(self, execution_id: int, cwd: Path) -> None:
        self.execution_id = execution_id
        self.cwd = cwd
        self.stopped = False
        self._children: list[ChildProcess] = []
        #: Those that :meth:`kill` found still there; what others left behind earlier is not its doing.
        self._condemned: list[ChildProcess] = []
        self._killed: dict[int, dict[str, Any]] = {}
        self._supervisor_lost = False

    async def spawn(
        self,
        argv: Sequence[str],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        stdin: bool = False,
        stderr: int = subprocess.STDOUT,
        linger: bool = False,
    ) -> ChildProcess:
        """Start a process of this execution; see :func:`executions.processes.child.start` for the arguments.

        Raises OSError when the command can't be started, CancelledError when the execution was stopped.
        Cancellation: what was started meanwhile is killed.
        """
        if self.stopped:
            raise asyncio.CancelledError("The execution was stopped.")
        self._forget_ended()
        child = start(
            argv, execution_id=self.execution_id, cwd=cwd or self.cwd, env=env, home=self.cwd,
            stdin=stdin, stderr=stderr, linger=linger,
        )  # fmt: skip
        self._children.append(child)
        try:
            await child.started()
        except BaseException as error:
            child.kill()
            child.close()
            if self.stopped:
                raise asyncio.CancelledError("The execution was stopped.") from error
            raise
        if self.stopped:
            raise asyncio.CancelledError("The execution was stopped.")
        return child

    def kill(self) -> list[dict[str, Any]]:
        """Kill all processes of this execution, now and for ever; returns ``[{pid, command}]`` of what was there.

        Takes about a millisecond for a process. It may be called again.
        """
        self.stopped = True
        self._condemned += [c for c in self._children if not c.is_gone and c not in self._condemned]
        found = [process for child in self._children for process in child.kill()]
        self._killed |= {process["pid"]: process for process in found}
        return found

    async def gone(self, timeout: float | None = None) -> list[dict[str, Any]]:  # noqa: ASYNC109 - a result, not an error
        """Wait until no process is left; return ``[{pid, command}]`` of all that :meth:`kill` brought to an end.

        Call it after :meth:`kill`. What has not ended after ``timeout`` seconds (the kernel may keep a process in an
        uninterruptible wait) is in the list with ``alive: True``. Ends by closing all pipes.
        Cancellation: may be called again.
        """
        late = False
        try:
            async with asyncio.timeout(timeout):
                for child in self._children:
                    await child.gone()
        except TimeoutError:
            late = True
        # A supervisor process says when nothing is left below it; only if one can't, the tag must find the rest.
        if late or self._supervisor_lost or any(child.supervisor_lost for child in self._children) or not reaper.LINUX:
            for process in await in_thread(kill_tagged, self.execution_id):
                known = self._killed.setdefault(process["pid"], process)
                known.update(process | {"command": known["command"] or process["command"]})
        for child in self._condemned:
            for process in child.killed:
                self._killed.setdefault(process["pid"], process)
        for child in self._children:
            child.close()
        return list(self._killed.values())

    def _forget_ended(self) -> None:
        for child in [child for child in self._children if child.is_gone]:
            self._supervisor_lost = self._supervisor_lost or child.supervisor_lost
            self._children.remove(child)


async def spawn(
    argv: Sequence[str],
    *,
    execution_id: int,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    stdin: bool = False,
) -> ChildProcess:
    """Start one process outside any group, for tests and tools; whoever calls it kills it.

    Raises OSError when the command can't be started. Cancellation: what was started is killed.
    """
    return await ProcessGroup(execution_id, cwd).spawn(argv, env=env, stdin=stdin)
