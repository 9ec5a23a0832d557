"""The process of many readers of many executions: ``python -m benchmarks.distributed.watching``.

Its first line tells it what to read. Each reader reads every session, fifty on a socket, at the web processes in turn.
It writes a line once every reader has heard of every session, and another for every line it reads: how many pieces of
answers came so far.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from websockets.asyncio.client import connect

#: As many as one socket may follow.
SESSIONS_PER_SOCKET = 50
#: Handshakes at a time.
HANDSHAKES = 16


class Socket:
    """One connection, and the sessions that it reads."""

    pieces = 0

    def __init__(self, url: str, sessions: list[str]) -> None:
        self._url = url
        self._sessions = sessions
        self._silent = set(sessions)
        self.hears_all = asyncio.Event()

    async def read(self, token: str, handshakes: asyncio.Semaphore) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        await handshakes.acquire()
        async with connect(
            self._url, additional_headers=headers, compression=None, max_size=None, proxy=None, open_timeout=120
        ) as socket:
            for session in self._sessions:
                await socket.send(json.dumps({"type": "subscribe", "session_id": session}))
            handshakes.release()
            async for text in socket:
                frame = json.loads(text)
                if frame["type"] == "stream":
                    Socket.pieces += 1
                    self._silent.discard(frame["session_id"])
                    if not self._silent:
                        self.hears_all.set()
                elif frame["type"] in ("error", "stream_end"):
                    raise RuntimeError(f"an execution ended before the benchmark: {text!r}")


async def main() -> None:
    """Read until killed, or until the parent's pipe is closed."""
    given: dict[str, Any] = json.loads(sys.stdin.readline())
    sessions, urls = given["sessions"], given["urls"]
    parts = [sessions[n : n + SESSIONS_PER_SOCKET] for n in range(0, len(sessions), SESSIONS_PER_SOCKET)]
    sockets = [Socket(urls[n % len(urls)], part) for n in range(given["readers"]) for part in parts]
    handshakes = asyncio.Semaphore(HANDSHAKES)
    async with asyncio.TaskGroup() as group:
        for socket in sockets:
            group.create_task(socket.read(given["token"], handshakes))
        for socket in sockets:
            await socket.hears_all.wait()
        print(Socket.pieces, flush=True)
        while await asyncio.to_thread(sys.stdin.readline):
            print(Socket.pieces, flush=True)
        raise SystemExit


if __name__ == "__main__":
    asyncio.run(main())
