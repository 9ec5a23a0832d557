"""Cancel of a tool with a process tree: until every process of it is gone, as the kernel tells."""

from __future__ import annotations

import asyncio
import os
import time

import psutil

from benchmarks.client import Client
from benchmarks.figures import Figure, Target, figure

#: A shell with two children, one of them in a session of its own, as a daemon would be.
PROMPT = "run echo begun; setsid sleep {seconds} & sleep {seconds} & wait"
TREE = 2


async def measure(client: Client, samples: int, target: Target | None = None) -> list[Figure]:
    """Start process trees, and stop each; needs Linux 5.3 (process descriptors)."""
    gone, receipts = [], []
    for number in range(samples):
        seconds = str(100_000 + number)
        await client.start(PROMPT.format(seconds=seconds))
        execution_id = (await client.hear("tool_output"))["tool_output"].frame["execution_id"]
        pids = await _sleepers(seconds)
        ends = [asyncio.create_task(_end_of(pid)) for pid in pids]
        await asyncio.sleep(0.05)
        sent = await client.send(type="cancel", execution_id=execution_id)
        heard = await client.hear("stream_end", "ready")
        if heard["stream_end"].frame["outcome"] != "canceled":
            raise RuntimeError(f"a canceled process tree ended otherwise: {heard['stream_end'].frame}")
        gone.append((max(await asyncio.gather(*ends)) - sent) * 1000)
        receipts.append((heard["stream_end"].at - sent) * 1000)
    return [
        figure("cancel to all processes gone", "ms", gone, target),
        figure("cancel of a process tree to its receipt", "ms", receipts),
    ]


async def _sleepers(seconds: str) -> list[int]:
    """Return the processes of a tree, once all of them are there."""
    async with asyncio.timeout(10):
        while True:
            found = [
                p.pid
                for p in psutil.process_iter(["cmdline"])
                if (p.info["cmdline"] or [""])[-2:] == ["sleep", seconds]
            ]
            if len(found) == TREE:
                return found
            await asyncio.sleep(0.01)


async def _end_of(pid: int) -> float:
    """Return when a process has ended."""
    loop = asyncio.get_running_loop()
    ended = loop.create_future()
    descriptor = os.pidfd_open(pid)
    loop.add_reader(descriptor, lambda: ended.done() or ended.set_result(time.monotonic()))
    try:
        return await ended
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
