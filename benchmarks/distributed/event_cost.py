"""What an event costs in operations of the database and of Redis, with more executions and with more readers."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from benchmarks.distributed.installation import Installation
from benchmarks.distributed.operations import Counting, Operations
from benchmarks.distributed.processor_time import ProcessorTime
from benchmarks.figures import Figure, figure

SERVERS = ("web", "workers", "postgres", "redis")
#: Slow enough that two cores serve 500 executions with ten readers each, and then nothing waits for anything.
PROMPT = "count 100000 every 1s"
READY_SECONDS = 300


async def measure(installation: Installation, running: int, readers: int, seconds: float) -> list[Figure]:
    """Count while ``running`` executions stream, each with ``readers`` readers over both web processes.

    The executions must be running already, in the sessions ``cost:0`` and so on.
    """
    async with _watching(installation, running, readers) as watching:
        await asyncio.sleep(seconds / 5)  # what readers read at their beginning is not about the events to come
        counting, before = Counting(installation), ProcessorTime.of(installation)
        heard = await _mark(watching)
        await asyncio.sleep(seconds)
        found, after = counting.so_far(), ProcessorTime.of(installation)
        heard = await _mark(watching) - heard
    used = {kind: 1e6 * (after.seconds[kind] - before.seconds[kind]) for kind in before.seconds}
    return [
        *_per_event(found),
        *(figure(f"CPU of {kind} per event", "µs", used[kind] / max(1, found.events)) for kind in SERVERS),
        *([figure("CPU of web per delivery", "µs", used["web"] / heard)] if heard else []),
        figure("readers' deliveries", "1/s", heard / found.seconds),
    ]


async def rest(installation: Installation, seconds: float) -> list[Figure]:
    """Count what is asked while nothing runs: leases, polls, looking for lost workers."""
    counting = Counting(installation)
    await asyncio.sleep(seconds)
    found = counting.so_far()
    return [
        figure("database statements", "1/s", found.statements / found.seconds),
        figure("database time", "ms/s", found.database_ms / found.seconds),
        figure("Redis commands", "1/s", found.redis_commands / found.seconds),
    ]


async def start(installation: Installation, running: int) -> None:
    """Start executions that stream for the whole benchmark."""
    site = installation.site
    await asyncio.to_thread(site.queue, running, PROMPT, session="cost")
    await asyncio.to_thread(site.wait_for, running, "state = 'running'")


def _per_event(found: Operations) -> list[Figure]:
    events = max(1, found.events)
    return [
        figure("events", "1/s", found.events / found.seconds),
        figure("journal rows per event", "1", found.rows / events),
        figure("database statements per event", "1", found.statements / events),
        figure("database transactions per event", "1", found.transactions / events),
        figure("database time per event", "ms", found.database_ms / events),
        figure("write-ahead log per event", "bytes", found.wal_bytes / events),
        figure("Redis commands per event", "1", found.redis_commands / events),
        figure("Redis messages per event", "1", found.redis_messages / events),
        figure("Redis output per event", "bytes", found.redis_bytes / events),
        figure("database statements", "1/s", found.statements / found.seconds),
        figure("Redis commands", "1/s", found.redis_commands / found.seconds),
    ]


@asynccontextmanager
async def _watching(
    installation: Installation, running: int, readers: int
) -> AsyncIterator[asyncio.subprocess.Process | None]:
    """Start the process of the readers; when entered, all of them have heard something."""
    if not readers:
        yield None
        return
    pipe = asyncio.subprocess.PIPE
    given = {
        "urls": [f"{web.websocket_url}/ws/chat" for web in installation.webs],
        "token": installation.token,
        "sessions": [f"cost:{number}" for number in range(running)],
        "readers": readers,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.distributed.watching", stdin=pipe, stdout=pipe, limit=2**20
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(given).encode() + b"\n")
    try:
        async with asyncio.timeout(READY_SECONDS):
            await _answer(process)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _mark(process: asyncio.subprocess.Process | None) -> int:
    """Return how many pieces of answers all readers together have been sent so far."""
    if process is None:
        return 0
    assert process.stdin is not None
    process.stdin.write(b"mark\n")
    return await _answer(process)


async def _answer(process: asyncio.subprocess.Process) -> int:
    assert process.stdout is not None
    line = await process.stdout.readline()
    if not line:
        raise RuntimeError(f"the readers ended with status {await process.wait()}")
    return int(line)
