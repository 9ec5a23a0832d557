"""Memory per execution that waits: for time to pass, or for its owner's answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from benchmarks.client import Client
from benchmarks.figures import Figure, Target, figure
from benchmarks.sites import Site

PROMPTS = {"in `wait`": "wait 10m", "in `ask`": "ask Which colour? | Red | Blue"}
AT_ONCE = 16
SETTLED_BYTES = 200_000
TARGET_COUNT = 2_000


async def measure(site: Site, client: Client, count: int, prompts: Mapping[str, str] = PROMPTS) -> list[Figure]:
    """Start executions by the API, let them settle, and compare the server's memory with what it was before."""
    figures = []
    target = Target(median=40) if count == TARGET_COUNT else None
    await _start(client, next(iter(prompts.values())), 20)  # warm up: threads, caches, statements
    for name, prompt in prompts.items():
        before = await _settled(site)
        await _start(client, prompt, count)
        await _all_begun(client)
        after = await _settled(site)
        for kind, was, now in zip(("RSS", "PSS"), before, after, strict=True):
            figures.append(figure(f"memory per execution {name} ({kind})", "KB", (now - was) / count / 1024, target))
    return figures


async def _start(client: Client, prompt: str, count: int) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one() -> None:
        async with gate:
            await client.post("/api/v1/executions/", prompt=prompt)

    await asyncio.gather(*(one() for _ in range(count)))


async def _all_begun(client: Client) -> None:
    async with asyncio.timeout(300):
        # Asked for as seldom as a dashboard would.
        while (await client.http.get("/api/v1/executions/stats/")).raise_for_status().json()["queued"]:  # noqa: ASYNC110
            await asyncio.sleep(0.5)


async def _settled(site: Site) -> tuple[int, int]:
    """Return the server's memory once it no longer changes."""
    last = site.memory_bytes()
    while True:
        await asyncio.sleep(1)
        now = site.memory_bytes()
        if abs(now[0] - last[0]) < SETTLED_BYTES:
            return now
        last = now
