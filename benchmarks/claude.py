"""Abort of the real Claude CLI at twenty moments: until every process it started is gone, as the kernel tells."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks.figures import Figure, Target, figure
from benchmarks.scale import Scale
from executions.testing.claude_moments import Moment, leftovers, moments, prepare
from executions.testing.fake_anthropic import FakeAnthropic
from tests.servers import Server, manage
from tests.support import await_until

GONE = Target(median=50, worst=200)
#: How often the server itself is killed: each time takes a new one.
KILLED = ("a tool with a session", "a tool with a daemon", "a tool with a deaf", "text", "a question waits")


async def claude_suite(scale: Scale) -> list[Figure]:
    """Stop runs of the real CLI by the API, and by killing the server."""
    gone, receipts, killed = [], [], []
    async with FakeAnthropic() as model:
        with _site(model.url) as site:
            site.start()
            for _ in range(scale.claude):
                for moment in moments():
                    at = await site.reach(moment)
                    gone.append(await at.canceled())
                    receipts.append(await at.finished())
                    site.check()
            for _ in range(max(1, scale.claude // 5)):
                for moment in moments():
                    if moment.name in KILLED:
                        at = await site.reach(moment)
                        killed.append(await at.orphaned())
                        site.check()
                        site.start()
    return [
        figure("claude: cancel to all processes gone", "ms", gone, GONE),
        figure("claude: cancel to its receipt at the reader", "ms", receipts),
        figure("claude: server killed to all processes gone", "ms", killed, GONE),
    ]


class _Site:
    """A server with a project in which the CLI may run trees of processes."""

    def __init__(self, directory: Path, model: str) -> None:
        self.project = directory / "projects" / "app"
        self._home = directory / "home"
        self._variables = {
            "HOME": str(directory),
            "KAKOCLAW_PROJECT_ROOTS": str(directory / "projects"),
            "KAKOCLAW_CLAUDE_CONFIG_DIR": str(directory / "config"),
            "KAKOCLAW_LOG_LEVEL": "error",
            "ANTHROPIC_BASE_URL": model,
            "ANTHROPIC_API_KEY": "sk-scripted",
        }
        prepare(self.project, directory / "config")
        done = manage(self._home, "setup", **self._variables)
        if done.returncode:
            raise RuntimeError(f"the home could not be set up:\n{done.stderr}")
        self.server: Server | None = None

    def start(self) -> None:
        self.server = Server(self._home, [sys.executable, "manage.py", "serve"], self._variables)
        self.server.wait_until_healthy()

    def stop(self) -> None:
        if self.server is not None:
            self.server.kill()

    async def reach(self, moment: Moment) -> _Reached:
        """Start a run and wait for its moment."""
        assert self.server is not None
        headers = {"Authorization": f"Bearer {self.server.token()}"}
        client = httpx.AsyncClient(base_url=self.server.url, headers=headers, timeout=60)
        request = {"prompt": moment.prompt, "agent": "claude", "options": {"project": str(self.project)}}
        answer = await client.post("/api/v1/executions/", json=request)
        answer.raise_for_status()
        reached = _Reached(self.server, client, int(answer.json()["id"]))
        await reached.hear(moment.event)
        await asyncio.sleep(moment.delay)
        if moment.name.startswith("a tool with"):
            await await_until(lambda: any("tree.py" in line for line in leftovers(self.project)), 30)
        return reached

    def check(self) -> None:
        """Raise RuntimeError when anything is left."""
        if left := leftovers(self.project):
            raise RuntimeError(f"processes are left: {left}")


class _Reached:
    """A run at its moment."""

    def __init__(self, server: Server, client: httpx.AsyncClient, execution_id: int) -> None:
        self._server = server
        self._client = client
        self._execution_id = execution_id
        self._events = self._read()
        self._sent = 0.0

    async def canceled(self) -> float:
        """Cancel it; return the milliseconds until the last of its processes had ended."""
        # The last to go is the supervisor process: it ends when nothing is left below it.
        ends = self._ends()
        self._sent = time.monotonic()
        answer = await self._client.post(f"/api/v1/executions/{self._execution_id}/cancel/", json={})
        answer.raise_for_status()
        return (max(await asyncio.gather(*ends)) - self._sent) * 1000

    async def orphaned(self) -> float:
        """Kill the server; return the milliseconds until the last process of the run had ended."""
        ends = self._ends()
        sent = time.monotonic()
        self._server.process.send_signal(signal.SIGKILL)
        ended = max(await asyncio.gather(*ends))
        self._server.wait()
        await self._events.aclose()
        await self._client.aclose()
        return (ended - sent) * 1000

    async def finished(self) -> float:
        """Return the milliseconds from the cancel to its receipt."""
        event = await self.hear("finished")
        at = time.monotonic()
        if event["data"]["outcome"] != "canceled":
            raise RuntimeError(f"a canceled run ended otherwise: {event}")
        await self._events.aclose()
        await self._client.aclose()
        return (at - self._sent) * 1000

    async def hear(self, kind: str) -> dict[str, Any]:
        """Return the next event of that type. Raises RuntimeError when the run ends without one."""
        async with asyncio.timeout(60):
            async for event in self._events:
                if event["type"] == kind:
                    return event
        raise RuntimeError(f"execution {self._execution_id} ended without {kind}")

    async def _read(self) -> AsyncIterator[dict[str, Any]]:
        path = f"/api/v1/executions/{self._execution_id}/events/stream/"
        async with self._client.stream("GET", path) as stream, aclosing(stream.aiter_lines()) as lines:
            async for line in lines:
                if line.startswith("data: "):
                    yield json.loads(line.removeprefix("data: "))

    def _ends(self) -> list[asyncio.Task[float]]:
        processes = psutil.Process(self._server.process.pid).children(recursive=True)
        return [asyncio.create_task(end) for end in (_end_of(process.pid) for process in processes)]


async def _end_of(pid: int) -> float:
    """Return when a process has ended; now, when it has already."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return time.monotonic()
    loop = asyncio.get_running_loop()
    ended = loop.create_future()
    loop.add_reader(descriptor, lambda: ended.done() or ended.set_result(time.monotonic()))
    try:
        return await ended
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


@contextmanager
def _site(model: str) -> Iterator[_Site]:
    directory = Path(tempfile.mkdtemp(prefix="kakoclaw-bench-"))
    try:
        site = _Site(directory, model)
        try:
            yield site
        finally:
            site.stop()
    finally:
        shutil.rmtree(directory, ignore_errors=True)
