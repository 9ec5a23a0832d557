"""Finding processes by the tag in their environment: the net below the supervisor processes."""

import os
import time
from collections.abc import Callable, Iterable
from typing import Any

from executions.processes.environment import tag
from executions.reaper import command_of, kill, tagged_processes


def _scan(beginning: str = "") -> list[tuple[int, int]]:
    """Return ``(pid, execution id)`` of this instance's tagged processes, this process itself excepted."""
    prefix = tag("")
    found = []
    for pid, value in tagged_processes(prefix + beginning):
        number = value.rpartition(":")[2]
        if pid != os.getpid() and number.isdigit():
            found.append((pid, int(number)))
    return found


def tagged(execution_id: int) -> list[int]:
    """Return the pids that carry the tag of that execution. Reads the whole process table: some 10 ms."""
    return [pid for pid, number in _scan(str(execution_id)) if number == execution_id]


def _kill_until_none(find: Callable[[], Iterable[int]], timeout: float) -> list[dict[str, Any]]:
    """SIGKILL what ``find`` finds until it finds nothing; what is still there after the time is marked ``alive``."""
    killed: dict[int, str] = {}
    deadline = time.monotonic() + timeout
    while pids := [(pid, command_of(pid)) for pid in find()]:
        for pid, command in pids:
            if not killed.get(pid):
                killed[pid] = command
            kill(pid)
        if time.monotonic() > deadline:
            alive = {pid for pid, _ in pids}
            return [{"pid": p, "command": c} | ({"alive": True} if p in alive else {}) for p, c in killed.items()]
        time.sleep(0.001)  # the kernel ends them meanwhile
    return [{"pid": pid, "command": command} for pid, command in killed.items()]


def kill_tagged(execution_id: int, timeout: float = 2.0) -> list[dict[str, Any]]:
    """Kill every process with the tag of that execution; returns ``[{pid, command}]``. Blocks for milliseconds."""
    return _kill_until_none(lambda: tagged(execution_id), timeout)


def sweep(is_unfinished: Callable[[int], bool], timeout: float = 5.0) -> list[dict[str, Any]]:
    """Kill this instance's tagged processes whose execution is not unfinished; returns ``[{pid, command}]``.

    For start-up and after a worker was lost. ``is_unfinished`` is asked once for each execution that has a process.
    Blocks (call it in a thread); what did not end within ``timeout`` seconds is marked ``alive``.
    """
    known: dict[int, bool] = {}

    def leftovers() -> list[int]:
        pids = []
        for pid, execution_id in _scan():
            if execution_id not in known:
                known[execution_id] = is_unfinished(execution_id)
            if not known[execution_id]:
                pids.append(pid)
        return pids

    return _kill_until_none(leftovers, timeout)
