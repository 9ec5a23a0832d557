"""Short executions per second with one worker and with more, and where the time goes."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack

from benchmarks.client import Client, open_client
from benchmarks.distributed.installation import Installation
from benchmarks.distributed.processor_time import ProcessorTime
from benchmarks.figures import Figure, figure

#: By the database's clock, so that the start of the processes is not in it.
SPAN = """
    SELECT extract(epoch FROM max(finished_at) - min(started_at))::float, count(*) FROM executions_execution
    WHERE id = ANY(%s) AND outcome = 'succeeded'
"""


async def drain(installation: Installation, count: int) -> list[Figure]:
    """Let the workers run a queue of short executions that nobody reads."""
    site = installation.site
    # In a thread: the connections to the servers are kept alive meanwhile.
    ids = await asyncio.to_thread(site.queue, count, "say hi")
    before = ProcessorTime.of(installation)
    await asyncio.to_thread(site.wait_for, count, "outcome = 'succeeded' AND id = ANY(%s)", ids, timeout=300)
    after = ProcessorTime.of(installation)
    ((seconds, done),) = site.query(SPAN, ids)
    return [
        figure("queue, short executions", "1/s", done / seconds),
        *before.figures(after, count, "queue"),
    ]


async def converse(installation: Installation, clients: int, seconds: float) -> list[Figure]:
    """Let clients of both web processes send ``say hi``, each in a new session, the next when one is answered."""
    times: list[float] = []
    async with AsyncExitStack() as stack:
        sockets = [
            await stack.enter_async_context(open_client(installation.webs[number % len(installation.webs)]))
            for number in range(clients)
        ]
        await asyncio.gather(*(_talk(client, time.monotonic() + 1, []) for client in sockets))  # warm up
        before = ProcessorTime.of(installation)
        await asyncio.gather(*(_talk(client, before.at + seconds, times) for client in sockets))
        after = ProcessorTime.of(installation)
    return [
        figure("clients, short executions", "1/s", len(times) / (after.at - before.at)),
        figure("clients, time of each", "ms", times),
        *before.figures(after, len(times), "clients"),
    ]


async def _talk(client: Client, until: float, times: list[float]) -> None:
    while time.monotonic() < until:
        sent = await client.start("say hi")
        times.append(((await client.hear("ready"))["ready"].at - sent) * 1000)
