"""Short executions per second: clients that send the next message when the last one is answered."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack

from benchmarks.client import Client, open_client
from benchmarks.figures import Figure, Target, figure
from benchmarks.sites import Site

#: Targets are for this many clients.
CLIENTS = 32


async def measure(site: Site, clients: int, seconds: float) -> list[Figure]:
    """Let clients send ``say hi`` for some seconds, each on a socket of its own and in a new session each time."""
    times: list[float] = []
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(open_client(site)) for _ in range(clients)]
        await asyncio.gather(*(_talk(client, time.monotonic() + 1, []) for client in sockets))  # warm up
        began, cpu = time.monotonic(), site.cpu_seconds()
        await asyncio.gather(*(_talk(client, began + seconds, times) for client in sockets))
        took, used = time.monotonic() - began, site.cpu_seconds() - cpu
    target = Target(at_least=120) if clients == CLIENTS else None
    return [
        figure(f"short executions by {clients} clients", "1/s", len(times) / took, target),
        figure("short execution under this load", "ms", times),
        figure("server CPU per short execution", "ms", 1000 * used / len(times)),
    ]


async def _talk(client: Client, until: float, times: list[float]) -> None:
    while time.monotonic() < until:
        sent = await client.start("say hi")
        times.append(((await client.hear("ready"))["ready"].at - sent) * 1000)
