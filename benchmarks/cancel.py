"""Cancel latency, in its parts: the answer, the agent's code stopped, the receipt at the reader."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping

from benchmarks.client import Client, Heard
from benchmarks.figures import Figure, Target, figure
from benchmarks.sites import Site
from benchmarks.streams import PROMPT

ROUTES = ("WebSocket", "REST")


async def measure(site: Site, client: Client, samples: int, targets: Mapping[str, Target], prompt: str = PROMPT,
                  model: str = "", stopper: Client | None = None) -> list[Figure]:  # fmt: skip
    """Start executions that stream, and stop each in the middle, by the WebSocket and by the API in turn.

    ``stopper`` is the client that stops them, when that is not the one that started them and reads.
    """
    times: dict[str, list[float]] = defaultdict(list)
    for number in range(2 * samples):
        route = ROUTES[number % 2]
        await client.start(prompt, model)
        execution_id = (await client.hear("stream"))["stream"].frame["execution_id"]
        await asyncio.sleep(0.1 + 0.01 * (number % 13))  # at any point between two writes of the journal
        sent, answered, receipt = await _cancel(client, stopper or client, execution_id, route)
        if receipt.frame["outcome"] != "canceled":
            raise RuntimeError(f"a canceled execution ended otherwise: {receipt.frame}")
        times[f"cancel by {route} to its answer"].append((answered - sent) * 1000)
        times["cancel to agent stopped"].append((site.stopwatch.ended(execution_id) - sent) * 1000)
        times["cancel to receipt at the reader"].append((receipt.at - sent) * 1000)
    return [figure(name, "ms", samples, targets.get(name)) for name, samples in times.items()]


async def _cancel(reader: Client, stopper: Client, execution_id: int, route: str) -> tuple[float, float, Heard]:
    """Return when the cancel was sent, when it was answered, and the end of the stream; ``ready`` has come then."""
    if route == "REST":
        (sent, answered), heard = await asyncio.gather(
            stopper.post(f"/api/v1/executions/{execution_id}/cancel/"), reader.hear("stream_end", "ready")
        )
        return sent, answered, heard["stream_end"]
    sent = await stopper.send(type="cancel", execution_id=execution_id)
    if reader is stopper:
        heard = await reader.hear("cancel_result", "stream_end", "ready")
        return sent, heard["cancel_result"].at, heard["stream_end"]
    answer, heard = await asyncio.gather(stopper.hear("cancel_result"), reader.hear("stream_end", "ready"))
    return sent, answer["cancel_result"].at, heard["stream_end"]
