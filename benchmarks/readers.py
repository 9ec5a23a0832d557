"""The process that reads streaming executions: ``python -m benchmarks.readers '{"url": …, "count": …}'``.

Writes a line of JSON once all of them stream, and another for every line it reads: how many tokens each has brought.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from websockets.asyncio.client import connect

#: Handshakes at a time: a server with two cores does some 90 a second.
HANDSHAKES = 16


class Reader:
    """One socket with one execution, and the tokens that came."""

    def __init__(self) -> None:
        self.tokens = 0
        self.streams = asyncio.Event()

    async def read(self, number: int, given: dict, handshakes: asyncio.Semaphore) -> None:
        headers = {"Authorization": f"Bearer {given['token']}"}
        await handshakes.acquire()
        async with connect(
            given["url"], additional_headers=headers, compression=None, max_size=None, proxy=None, open_timeout=120
        ) as socket:
            message = {"content": given["prompt"], "session_id": f"stream:{number}", "model": given["model"]}
            await socket.send(json.dumps(message))
            handshakes.release()
            async for text in socket:
                frame = json.loads(text)
                if frame["type"] == "stream":
                    self.tokens += frame["content"].count(" ")
                    self.streams.set()
                elif frame["type"] in ("error", "stream_end"):
                    raise RuntimeError(f"an execution ended before the benchmark: {text}")


async def main() -> None:
    """Read until killed, or until the parent's pipe is closed."""
    given = json.loads(sys.argv[1])
    readers = [Reader() for _ in range(given["count"])]
    handshakes = asyncio.Semaphore(HANDSHAKES)
    async with asyncio.TaskGroup() as group:
        for number, reader in enumerate(readers):
            group.create_task(reader.read(number, given, handshakes))
        for reader in readers:
            await reader.streams.wait()
        _say(readers)
        while await asyncio.to_thread(sys.stdin.readline):
            _say(readers)
        raise SystemExit


def _say(readers: list[Reader]) -> None:
    tokens = [reader.tokens for reader in readers]
    print(json.dumps({"at": time.monotonic(), "tokens": tokens, "cpu": time.process_time()}), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
