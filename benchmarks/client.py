"""A client of the chat's WebSocket and of the API, which notes when it sent and heard what."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.sites import Site

#: No frame takes this long, however busy the server is.
HEAR_SECONDS = 60

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Heard:
    """A frame and when it came."""

    at: float
    frame: dict[str, Any]


class Client:
    """One signed-in WebSocket, and an HTTP connection kept open beside it."""

    def __init__(self, socket: ClientConnection, http: httpx.AsyncClient) -> None:
        self.socket = socket
        self.http = http

    async def send(self, **frame: Any) -> float:
        """Send a frame; returns when."""
        text = json.dumps(frame)
        at = time.monotonic()
        await self.socket.send(text)
        return at

    async def start(self, prompt: str, model: str = "") -> float:
        """Send a message in a new session; returns when."""
        return await self.send(type="message", content=prompt, session_id=f"bench:{next(_numbers)}", model=model)

    async def hear(self, *kinds: str) -> dict[str, Heard]:
        """Read until a frame of each kind has come, and return the first of each."""
        found: dict[str, Heard] = {}
        last: dict[str, Any] = {}
        try:
            async with asyncio.timeout(HEAR_SECONDS):
                while len(found) < len(kinds):
                    text = await self.socket.recv()
                    at = time.monotonic()
                    last = json.loads(text)
                    if last["type"] == "error":
                        raise RuntimeError(f"the server answered with an error: {last}")
                    if last["type"] in kinds:
                        found.setdefault(last["type"], Heard(at, last))
        except TimeoutError:
            raise RuntimeError(f"no {set(kinds) - found.keys()} came; the last frame was {last}") from None
        return found

    async def post(self, path: str, **body: Any) -> tuple[float, float]:
        """Post JSON to the API; returns when it was sent and when it was answered."""
        sent = time.monotonic()
        answer = await self.http.post(path, json=body)
        at = time.monotonic()
        answer.raise_for_status()
        return sent, at


@asynccontextmanager
async def open_client(site: Site) -> AsyncIterator[Client]:
    """Connect to a site as its admin."""
    headers = {"Authorization": f"Bearer {site.token}"}
    address = f"{site.websocket_url}/ws/chat"
    async with (
        httpx.AsyncClient(base_url=site.url, headers=headers, timeout=60) as http,
        connect(address, additional_headers=headers, compression=None, max_size=None, proxy=None) as socket,
    ):
        yield Client(socket, http)
