"""A chat client for tests: the real ASGI application, without a server in between."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from channels.db import database_sync_to_async
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import User
from knox.models import get_token_model

from chat.routing import websocket_urlpatterns
from kakoclaw.origins import SameOrigin

Frame = dict[str, Any]
application = SameOrigin(URLRouter(websocket_urlpatterns))


class ChatClient:
    """Keeps every frame it was sent in ``frames``; ``close_code`` is set once the server has closed it."""

    def __init__(
        self,
        user: User | None = None,
        *,
        path: str = "/ws/chat",
        token: str = "",
        headers: dict[str, str] | None = None,
    ) -> None:
        self.user, self.path, self.token = user, path, token
        self.headers = {"host": "testserver"} | (headers or {})
        self.frames: list[Frame] = []
        self.close_code: int | None = None
        self._socket: WebsocketCommunicator | None = None

    async def open(self) -> ChatClient:
        """Connect; raises AssertionError when the handshake is refused."""
        if self.user is not None and not self.token:
            _, self.token = await database_sync_to_async(get_token_model().objects.create)(self.user)
        query = f"?token={self.token}" if self.token else ""
        headers = [(name.encode(), value.encode()) for name, value in self.headers.items()]
        self._socket = WebsocketCommunicator(application, self.path + query, headers)
        accepted, code = await self._socket.connect(timeout=5)
        assert accepted, f"refused with {code}"
        return self

    @property
    def socket(self) -> WebsocketCommunicator:
        assert self._socket is not None
        return self._socket

    async def send(self, **frame: Any) -> None:
        await self.socket.send_to(text_data=json.dumps(frame))

    async def send_text(self, text: str) -> None:
        await self.socket.send_input({"type": "websocket.receive", "text": text})

    async def send_bytes(self, data: bytes) -> None:
        await self.socket.send_input({"type": "websocket.receive", "bytes": data})

    async def say(self, content: str, **fields: Any) -> int:
        """Send a message; returns the id of its execution."""
        await self.send(type="message", content=content, **fields)
        return (await self.until("queued"))["execution_id"]

    async def next(self) -> Frame:
        """Return the next frame. Raises AssertionError when the server closes the socket instead."""
        message = await self.socket.receive_output(timeout=10)
        if message["type"] == "websocket.close":
            self.close_code = message.get("code")
            raise AssertionError(f"closed with {self.close_code}")
        frame: Frame = json.loads(message["text"])
        self.frames.append(frame)
        return frame

    async def until(self, kind: str, matching: Callable[[Frame], bool] = lambda frame: True) -> Frame:
        """Read until a frame of that type comes."""
        while True:
            frame = await self.next()
            if frame["type"] == kind and matching(frame):
                return frame

    async def until_ready(self, execution_id: int) -> list[Frame]:
        """Read until an execution is over; returns its frames, of all that were ever read."""
        await self.until("ready", lambda frame: frame["execution_id"] == execution_id)
        return self.of(execution_id)

    def of(self, execution_id: int) -> list[Frame]:
        return [frame for frame in self.frames if frame.get("execution_id") == execution_id]

    async def until_closed(self) -> int:
        """Read until the server closes the socket; returns the code."""
        while True:
            message = await self.socket.receive_output(timeout=10)
            if message["type"] == "websocket.close":
                return int(message["code"])

    async def close(self) -> None:
        """Go away as a closed tab does."""
        if self._socket is not None and not self._socket.future.done():
            await self._socket.disconnect(timeout=5)
        self._socket = None

    async def drop(self) -> None:
        """Vanish: the server cancels the connection, no disconnect is heard."""
        self.socket.stop()
        await asyncio.gather(self.socket.future, return_exceptions=True)
        self._socket = None


def text_of(frames: list[Frame]) -> str:
    """Return what was streamed."""
    return "".join(frame["content"] for frame in frames if frame["type"] == "stream")
