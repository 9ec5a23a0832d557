"""Which benchmarks share a server, and what is asked of each on two cores."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from benchmarks import cancel, first_token, processes, short, waiting
from benchmarks.client import open_client
from benchmarks.fake_model import SILENT, STREAM, fake_model
from benchmarks.figures import Figure, Target
from benchmarks.scale import Scale
from benchmarks.sites import running_site
from benchmarks.streams import streaming

STOPPED, RECEIPT = "cancel to agent stopped", "cancel to receipt at the reader"
ANSWERS = ("cancel by WebSocket to its answer", "cancel by REST to its answer")
IDLE = {STOPPED: Target(median=5)} | dict.fromkeys(ANSWERS, Target(median=9.9))
BUSY = {STOPPED: Target(median=20, p99=100)}
FIRST_TOKEN = Target(median=20)


async def streaming_suite(scale: Scale) -> list[Figure]:
    """First token, cancel and process trees, at rest and while executions stream."""
    figures = []
    for count in scale.streams:
        with running_site() as site:
            async with streaming(site, count) as streams, open_client(site) as client:
                await first_token.measure(client, 3)  # warm up
                began = await streams.mark()
                found = await first_token.measure(client, scale.samples, target=FIRST_TOKEN if count <= 100 else None)
                targets = {0: IDLE, 100: BUSY}.get(count, {})
                found += await cancel.measure(site, client, scale.samples, targets)
                found += await processes.measure(
                    client, max(3, scale.samples // 4), Target(median=50) if not count else None
                )
                await asyncio.sleep(max(0.0, began.at + scale.seconds - asyncio.get_running_loop().time()))
                if count:
                    found += streams.figures(began, await streams.mark())
        figures += [_under(figure, f"{count} streaming" if count else "idle") for figure in found]
    return figures


async def short_suite(scale: Scale) -> list[Figure]:
    """Throughput of short executions."""
    with running_site() as site:
        return await short.measure(site, scale.clients, scale.seconds)


async def waiting_suite(scale: Scale) -> list[Figure]:
    """Memory of executions that wait."""
    with running_site() as site:
        async with open_client(site) as client:
            return await waiting.measure(site, client, scale.waiting)


async def llm_suite(scale: Scale) -> list[Figure]:
    """The same questions of the agent with a model, against a fake model server on loopback."""
    async with fake_model() as variables:
        with running_site(**variables) as site:
            async with open_client(site) as client:
                await first_token.measure(client, 3, "hello")  # warm up: imports, the first connection
                found = await first_token.measure(client, scale.samples, "hello")
                found += await cancel.measure(site, client, scale.samples, {}, STREAM)
                found += await waiting.measure(site, client, scale.llm_waiting, {"that waits for the model": SILENT})
        with running_site(**variables) as site:
            async with streaming(site, scale.llm_streams, STREAM) as streams:
                began = await streams.mark()
                await asyncio.sleep(scale.seconds)
                under = [
                    _under(f, f"{scale.llm_streams} streaming") for f in streams.figures(began, await streams.mark())
                ]
    return [_under(figure, "model") for figure in found + under]


def _under(figure: Figure, load: str) -> Figure:
    return replace(figure, name=f"{load}: {figure.name}")
