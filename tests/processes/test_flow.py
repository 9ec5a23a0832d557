"""A response does not run ahead of a client that does not read."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from tests.servers import ROOT

PIECES, SIZE = 1_000, 64 * 1024
#: A server with one application: /stream sends many pieces, anything else tells how many it has taken so far.
SITE = f"""
from kakoclaw.listening import listen
from kakoclaw.server import Server

sent = 0

async def site(scope, receive, send):
    global sent
    if scope["type"] == "lifespan":
        await receive()
        await send({{"type": "lifespan.startup.complete"}})
        await receive()
        await send({{"type": "lifespan.shutdown.complete"}})
        return
    await send({{"type": "http.response.start", "status": 200, "headers": []}})
    if scope["path"] == "/stream":
        for _ in range({PIECES}):
            await send({{"type": "http.response.body", "body": bytes({SIZE}), "more_body": True}})
            sent += 1
        await send({{"type": "http.response.body", "body": b""}})
    else:
        await send({{"type": "http.response.body", "body": str(sent).encode()}})

listener = listen("127.0.0.1", 0)
port = listener.getsockname()[1]
raise SystemExit(Server(site, listener, on_ready=lambda: print(port, flush=True), websocket_max_bytes=1000).run())
"""


@pytest.fixture
def port() -> Iterator[int]:
    with subprocess.Popen([sys.executable, "-c", SITE], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def sent(port: int) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/sent")
    count = int(connection.getresponse().read())
    connection.close()
    return count


@contextmanager
def stream(port: int) -> Iterator[http.client.HTTPResponse]:
    """Ask for the stream with a small buffer of one's own."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.connect()
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SIZE)
        connection.request("GET", "/stream")
        with connection.getresponse() as response:
            yield response


def test_a_reader_that_is_slow_holds_the_response_back_and_gets_all_of_it(port: int) -> None:
    with stream(port) as response:
        assert sent(port) < PIECES / 2
        assert len(response.read()) == PIECES * SIZE
    assert sent(port) == PIECES


def test_a_reader_that_leaves_keeps_nobody_waiting(port: int) -> None:
    with stream(port):
        pass
    with stream(port) as response:
        assert len(response.read()) == PIECES * SIZE
