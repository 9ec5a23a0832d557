"""Time to first token: from the message on the WebSocket to the first piece of the answer."""

from __future__ import annotations

from benchmarks.client import Client
from benchmarks.figures import Figure, Target, figure


async def measure(client: Client, samples: int, prompt: str = "say hi", model: str = "",
                  target: Target | None = None) -> list[Figure]:  # fmt: skip
    """Send messages one after the other, each in a session of its own."""
    accepted, started, first, over = [], [], [], []
    for _ in range(samples):
        sent = await client.start(prompt, model)
        heard = await client.hear("queued", "stream_start", "stream", "ready")
        accepted.append((heard["queued"].at - sent) * 1000)
        started.append((heard["stream_start"].at - sent) * 1000)
        first.append((heard["stream"].at - sent) * 1000)
        over.append((heard["ready"].at - sent) * 1000)
    return [
        figure("message to accepted", "ms", accepted),
        figure("message to started", "ms", started),
        figure("message to first token", "ms", first, target),
        figure("message to end of a short execution", "ms", over),
    ]
