"""A scriptable OpenAI-compatible chat-completions server on loopback, for tests, benchmarks and trying things out.

Run it with ``python -m executions.testing.fake_openai --port 8765`` and point the product at it::

    OPENAI_BASE_URL=http://127.0.0.1:8765/v1 OPENAI_API_KEY=any KAKOCLAW_MODEL=openai-chat:fake make run

What it answers is scripted in the prompt, see :mod:`executions.testing.script`: text, reasoning, tool calls, usage,
delays, silence, HTTP errors, broken streams. Without a script it repeats what it was told. It serves

- ``POST /v1/chat/completions``, streamed or not;
- ``POST /v1/messages`` as Anthropic does, streamed (set ``ANTHROPIC_BASE_URL`` to the address without ``/v1``);
- ``GET /v1/models``;
- ``GET /requests``: what was asked so far and when, with ``disconnected_at`` where the client closed the connection
  before the answer was complete. That is how a test proves that Stop reached the model's server.

In a test::

    async with FakeOpenAI() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        …
        assert server.requests[0].disconnected_at
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, field
from typing import Any, Self, cast

from executions.testing import anthropic_wire, chunks
from executions.testing.script import Reply, reply_to


@dataclass(slots=True)
class Request:
    """A request the server got; times are ``time.monotonic()`` seconds, ``None`` where it did not come to that."""

    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    received_at: float
    first_byte_at: float | None = None
    completed_at: float | None = None
    #: The client closed the connection before the answer was complete.
    disconnected_at: float | None = None
    #: Content chunks sent.
    sent: int = 0
    #: Set when the answer is complete or the client is gone.
    done: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    def as_json(self) -> dict[str, Any]:
        """Return everything but the credentials."""
        shown = {name: getattr(self, name) for name in self.__slots__ if name not in ("done", "headers")}
        return {**shown, "unfinished": not self.done.is_set()}


class FakeOpenAI:
    """The server, as an async context manager; ``url`` is what ``OPENAI_BASE_URL`` is set to."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self.host, self.port = host, port
        self.requests: list[Request] = []
        self._server: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._arrival = asyncio.Condition()

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}/v1"

    @property
    def open_connections(self) -> int:
        """Connections that clients keep open right now, idle ones included."""
        return len(self._connections)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        if self._server is not None:
            self._server.close()
        for writer in self._connections.values():
            writer.transport.abort()
        await asyncio.gather(*self._connections)

    async def next_request(self, number: int = 1) -> Request:
        """Wait until that many requests have arrived in all; return the last of them."""
        async with self._arrival:
            await self._arrival.wait_for(lambda: len(self.requests) >= number)
        return self.requests[number - 1]

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = cast("asyncio.Task[None]", asyncio.current_task())
        self._connections[task] = writer
        try:
            while request := await _read_request(reader):
                self.requests.append(request)
                async with self._arrival:
                    self._arrival.notify_all()
                await self._respond(request, reader, writer)
                if request.completed_at is None:
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            return  # The client is gone; what it left is recorded.
        finally:
            del self._connections[task]
            writer.close()

    async def _respond(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer while watching for the client to hang up, whichever comes first."""
        answer = asyncio.create_task(self._answer(request, writer))
        hung_up = asyncio.create_task(reader.read(1))
        try:
            await asyncio.wait({answer, hung_up}, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                request.disconnected_at = time.monotonic()
        finally:
            for task in (answer, hung_up):
                task.cancel()
            await asyncio.gather(answer, hung_up, return_exceptions=True)
            request.done.set()
        if answer.done() and not answer.cancelled() and (failure := answer.exception()):
            if isinstance(failure, ConnectionError):
                request.disconnected_at = time.monotonic()
            raise failure

    async def _answer(self, request: Request, writer: asyncio.StreamWriter) -> None:
        asked = request.path.partition("?")[0]
        if request.method == "POST" and asked.endswith(("/chat/completions", "/messages")):
            try:
                reply = reply_to(anthropic_wire.as_openai(request.body["messages"]))
            except (ValueError, KeyError, TypeError) as error:
                reply = Reply(status=400, text=f"The script in the prompt is not valid: {error}")
            await self._complete(request, reply, writer)
        elif request.path.endswith("/models"):
            await send_json(request, writer, 200, {"object": "list", "data": [{"id": "fake", "object": "model"}]})
        elif request.path == "/requests":
            await send_json(request, writer, 200, {"requests": [each.as_json() for each in self.requests[:-1]]})
        else:
            await send_json(request, writer, 404, {"error": {"message": f"There is no {request.path} here."}})

    async def _complete(self, request: Request, reply: Reply, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(reply.delay)
        if reply.hang == "start":
            await asyncio.Event().wait()
        if reply.status != 200:
            error = {"message": reply.text or "scripted error", "type": "fake_error", "code": None}
            await send_json(request, writer, reply.status, {"error": error})
        elif request.body.get("stream"):
            await self._stream(request, reply, writer)
        else:
            await send_json(request, writer, 200, chunks.whole(reply, request.body))

    async def _stream(self, request: Request, reply: Reply, writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\n"
            b"transfer-encoding: chunked\r\n\r\n"
        )
        await writer.drain()
        request.first_byte_at = time.monotonic()
        async for event in self._events(request, reply):
            writer.write(b"%x\r\n%s\r\n" % (len(event), event))
            await writer.drain()
            request.sent += 1
        if reply.broken == "cut":
            writer.transport.abort()
            request.done.set()
            return
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        request.completed_at = time.monotonic()

    async def _events(self, request: Request, reply: Reply) -> AsyncIterator[bytes]:
        if reply.hang == "headers":
            await asyncio.Event().wait()
        anthropic = "/messages" in request.path
        encode = anthropic_wire.encode if anthropic else chunks.encode
        events = (anthropic_wire if anthropic else chunks).events(reply, request.body)
        for position, event in enumerate(events):
            if position * 2 >= len(events) and (reply.hang or reply.broken):
                if reply.hang:
                    await asyncio.Event().wait()
                if reply.broken == "json":
                    yield b'data: {"id": "broken", "choices": [{"delta": \n\n'
                return
            if position and reply.chunk_delay:
                await asyncio.sleep(reply.chunk_delay)
            yield encode(event)
        if not anthropic:
            yield chunks.DONE


async def _read_request(reader: asyncio.StreamReader) -> Request | None:
    head = await reader.readuntil(b"\r\n\r\n") if not reader.at_eof() else b""
    if not head:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    raw = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, path, headers, json.loads(raw) if raw else {}, received_at=time.monotonic())


async def send_json(
    request: Request, writer: asyncio.StreamWriter, status: int, body: dict[str, Any], headers: str = ""
) -> None:
    """Answer with JSON, and with header lines that end in CRLF."""
    raw = json.dumps(body).encode()
    # The hint keeps the clients' own retries of 429 and 5xx quick.
    head = f"HTTP/1.1 {status} .\r\ncontent-type: application/json\r\nretry-after-ms: 5\r\ncontent-length: {len(raw)}"
    writer.write(f"{head}\r\n{headers}\r\n".encode() + raw)
    await writer.drain()
    request.first_byte_at = request.completed_at = time.monotonic()


async def _serve(host: str, port: int) -> None:
    async with FakeOpenAI(host, port) as server:
        print(f"Serving an OpenAI-compatible fake at {server.url} (Ctrl-C ends it).", flush=True)
        await asyncio.Event().wait()


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m executions.testing.fake_openai",
        description="A scriptable OpenAI-compatible chat server on loopback.",
        epilog=f"Script it in the prompt: <<fake [REPLY, ...]>>, with REPLY an object of {asdict(Reply())}",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8765, help="port to listen on, 0 for any (default: %(default)s)")
    options = parser.parse_args()
    try:
        asyncio.run(_serve(options.host, options.port))
    except KeyboardInterrupt:
        return
    except (OSError, OverflowError) as error:
        parser.exit(1, f"{parser.prog}: cannot listen on {options.host}:{options.port}: {error}\n")


if __name__ == "__main__":
    main()
