"""Executions that stream while something else is measured, each read live by a socket of its own.

The readers are a process of their own, so that their work does not add to the times that others measure.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from benchmarks.figures import Figure, Target, figure
from benchmarks.sites import Site

TOKENS_PER_SECOND = 20
PROMPT = "count 100000 every 50ms"
READY_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Mark:
    """How many tokens each reader had heard at a moment, and the processor time used till then."""

    at: float
    tokens: list[int]
    server_cpu: float
    readers_cpu: float


class Streams:
    """``count`` executions that stream; ``mark`` looks at how far their readers are."""

    def __init__(self, site: Site, count: int, readers: asyncio.subprocess.Process | None) -> None:
        self.count = count
        self._site = site
        self._readers = readers

    async def mark(self) -> Mark:
        """Ask the readers how far they are."""
        answer = {"at": time.monotonic(), "tokens": [], "cpu": 0.0}
        if self._readers is not None:
            assert self._readers.stdin is not None
            self._readers.stdin.write(b"mark\n")
            answer = await _answer(self._readers)
        return Mark(answer["at"], answer["tokens"], self._site.cpu_seconds(), answer["cpu"])

    def figures(self, began: Mark, ended: Mark) -> list[Figure]:
        """Return the rates between two marks."""
        seconds = ended.at - began.at
        said = [after - before for before, after in zip(began.tokens, ended.tokens, strict=True)]
        server = ended.server_cpu - began.server_cpu
        # A mark falls somewhere between two deliveries: that much is not the executions' fault.
        slack = TOKENS_PER_SECOND * 0.98 - 2 * 0.25 * TOKENS_PER_SECOND / seconds
        return [
            figure("tokens per second and execution", "1/s", [n / seconds for n in said],
                   Target(at_least=round(slack, 1)) if self.count == 100 else None),
            figure("server CPU", "%", 100 * server / seconds),
            figure("server CPU per token", "µs", 1e6 * server / max(1, sum(said))),
            figure("readers CPU", "%", 100 * (ended.readers_cpu - began.readers_cpu) / seconds),
        ]  # fmt: skip


@asynccontextmanager
async def streaming(site: Site, count: int, prompt: str = PROMPT, model: str = "") -> AsyncIterator[Streams]:
    """Start ``count`` executions and their readers; when entered, all of them stream."""
    if not count:
        yield Streams(site, 0, None)
        return
    pipe = asyncio.subprocess.PIPE
    arguments = json.dumps({"url": f"{site.websocket_url}/ws/chat", "token": site.token, "count": count,
                            "prompt": prompt, "model": model})  # fmt: skip
    readers = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.readers", arguments, stdin=pipe, stdout=pipe, limit=2**24
    )
    try:
        async with asyncio.timeout(READY_SECONDS):
            await _answer(readers)
        yield Streams(site, count, readers)
    finally:
        if readers.returncode is None:
            readers.kill()
        await readers.wait()


async def _answer(readers: asyncio.subprocess.Process) -> dict:
    assert readers.stdout is not None
    line = await readers.stdout.readline()
    if not line:
        raise RuntimeError(f"the readers ended with status {await readers.wait()}")
    return json.loads(line)
