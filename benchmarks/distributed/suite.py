"""Throughput, cancel latency and the cost of an event, over two web processes and some workers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace

from benchmarks import cancel
from benchmarks.client import open_client
from benchmarks.distributed import event_cost, throughput
from benchmarks.distributed.installation import installation, running_services
from benchmarks.figures import Figure, Target
from benchmarks.scale import Scale
from tests.processes.distributed.site import Services

STOPPED, RECEIPT = "cancel to agent stopped", "cancel to receipt at the reader"
#: Slots of a worker where nothing is about them.
SLOTS = 64
TARGETS = {STOPPED: Target(median=50), RECEIPT: Target(median=50)}


async def distributed_suite(scale: Scale) -> list[Figure]:
    """All of it, on one PostgreSQL and one Redis, with a database for each part."""
    figures: list[Figure] = []
    with running_services() as services:
        for workers in scale.workers:
            figures += await _throughput(services, workers, scale)
        for running in scale.streams:
            figures += await _cancel(services, running, scale)
        for running in scale.costs:
            figures += await _event_cost(services, running, scale)
    return figures


async def _throughput(services: Services, workers: int, scale: Scale) -> list[Figure]:
    with installation(services, workers, SLOTS) as running:
        found = await throughput.drain(running, scale.queue)
        found += await throughput.converse(running, scale.clients, scale.seconds)
    return _under(found, f"{workers} worker{'s' if workers > 1 else ''}")


async def _cancel(services: Services, load: int, scale: Scale) -> list[Figure]:
    """Start and read at one web process, stop at the other, while others run on two workers."""
    # Room for half of the load and for what is measured, so that neither worker takes all.
    with installation(services, 2, load // 2 + 8) as running:
        if load:
            await asyncio.to_thread(running.site.queue, load, "count 100000 every 50ms")
            await asyncio.to_thread(running.site.wait_for, load, "state = 'running'")
        reading, stopping = running.webs
        async with open_client(reading) as reader, open_client(stopping) as stopper:
            await cancel.measure(reading, reader, 2, {}, stopper=stopper)  # warm up
            found = await cancel.measure(reading, reader, scale.samples, TARGETS, stopper=stopper)
    return _under(found, f"{load} running over 2 workers" if load else "2 workers, idle")


async def _event_cost(services: Services, count: int, scale: Scale) -> list[Figure]:
    found: list[Figure] = []
    with installation(services, 2, count // 2 + 1) as running:
        if count == min(scale.costs):
            found += _under(await event_cost.rest(running, scale.seconds), "2 web processes and 2 workers at rest")
        await event_cost.start(running, count)
        for readers in scale.readers:
            measured = await event_cost.measure(running, count, readers, scale.seconds)
            found += _under(measured, f"{count} running, {readers} reader{'' if readers == 1 else 's'} each")
    return found


def _under(figures: Iterable[Figure], load: str) -> list[Figure]:
    return [replace(figure, name=f"{load}: {figure.name}") for figure in figures]
