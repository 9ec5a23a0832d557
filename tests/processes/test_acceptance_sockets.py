"""What a hostile or broken client can do to a real server over its connections: nothing, and it is told why."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from base64 import b64encode
from contextlib import ExitStack, closing
from typing import Any

import httpx
import pytest
from websockets import Origin
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.servers import ROOT, Server, Servers, environment, manage
from tests.support import wait_until

MEGABYTE = 1024 * 1024


def ping(chat: ClientConnection) -> None:
    chat.send('{"type": "ping"}')
    assert json.loads(chat.recv(timeout=30))["type"] == "pong"


def exchange(chat: ClientConnection, message: Any) -> None:
    chat.send(message)
    chat.recv(timeout=30)


def handshaken(server: Server, token: str) -> socket.socket:
    """Return a connection after the handshake, for frames that no library would send."""
    host, port = server.url.removeprefix("http://").split(":")
    raw = socket.create_connection((host, int(port)), timeout=30)
    key = b64encode(os.urandom(16)).decode()
    raw.sendall(
        f"GET /ws/chat?token={token} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += raw.recv(4096)
    assert answer.startswith(b"HTTP/1.1 101"), answer
    return raw


def test_too_much_is_answered_and_not_just_cut_off(server: Server) -> None:
    token = server.token()
    address = f"{server.websocket_url}/ws/chat?token={token}"
    with connect(address, max_size=None) as chat:
        chat.send(json.dumps({"content": "x" * 10_000_000}))
        assert json.loads(chat.recv(timeout=30))["code"] == "too_large"
        ping(chat)
    for message in ("x" * 17 * MEGABYTE, b"x" * 17 * MEGABYTE, ["x" * MEGABYTE] * 17):
        with connect(address, max_size=None) as chat, pytest.raises(ConnectionClosedError, match="1009"):
            exchange(chat, message)
    with connect(address) as chat:
        ping(chat)


MALFORMED = [
    (b"\x81\x83\0\0\0\0\xed\xa0\xbd", 1007),  # half an emoji, as bytes
    (b"\x81\x03abc", 1002),  # not masked
    (b"\xff\x83\0\0\0\0abc", 1002),  # reserved bits
    (b"\x81\xff\x7f" + b"\xff" * 7 + b"\0\0\0\0abc", 1009),  # says it has 2**63 - 1 bytes
]


def test_a_malformed_frame_ends_its_own_socket_with_a_code(server: Server) -> None:
    token = server.token()
    with connect(f"{server.websocket_url}/ws/chat?token={token}") as other:
        for frame, code in MALFORMED:
            with closing(handshaken(server, token)) as raw:
                raw.sendall(frame)
                answer = raw.recv(4096)
            assert answer[0] == 0x88, answer
            assert int.from_bytes(answer[2:4]) == code
        ping(other)


def test_pages_of_others_open_no_socket_and_leave_no_traceback(server: Server) -> None:
    port = server.url.rpartition(":")[2]
    others = ["https://evil.example", "null", "http://127.0.0.1:1", f"http://127.0.0.1:{port}.evil.example", "http://["]
    for origin in others:
        with pytest.raises(InvalidStatus, match=r"HTTP 40[03]"):
            connect(f"{server.websocket_url}/ws/chat?token={server.token()}", origin=Origin(origin))


def test_one_user_cannot_take_all_connections(servers: Servers) -> None:
    server = servers.start(KAKOCLAW_MAX_CONNECTIONS_PER_USER="5")
    server.add_user("ada", "staple battery horse")
    mine, others = server.token(), server.token("ada", "staple battery horse")
    stream = f"/api/v1/executions/{server.start('wait 300s')}/events/stream/"
    with ExitStack() as stack:
        sockets = [stack.enter_context(connect(f"{server.websocket_url}/ws/chat?token={mine}")) for _ in range(4)]
        for opened in sockets:
            ping(opened)
        client = stack.enter_context(server.client())
        events = stack.enter_context(client.stream("GET", stream)).iter_lines()
        assert next(events)
        with connect(f"{server.websocket_url}/ws/tasks?token={mine}") as refused:
            told = json.loads(refused.recv(timeout=30))
            assert told["code"] == "too_many_connections"
            assert "5 live connections" in told["content"]
            with pytest.raises(ConnectionClosedError, match="4429"):
                refused.recv(timeout=30)
        answer = client.get(stream)
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many_connections")
        with connect(f"{server.websocket_url}/ws/chat?token={others}") as other:
            ping(other)
        sockets[0].close()

        def is_let_in() -> bool:
            # A socket is counted until the server has dealt with its end, a moment after it was answered.
            with connect(f"{server.websocket_url}/ws/chat?token={mine}") as again:
                again.send(json.dumps({"type": "ping"}))
                return bool(json.loads(again.recv(timeout=30))["type"] == "pong")

        wait_until(is_let_in, 30)


LOGIN = b"POST /api/v1/auth/login HTTP/1.1\r\nHost: 127.0.0.1\r\n"
REQUESTS = [
    LOGIN + b"Transfer-Encoding: chunked\r\n\r\nZZZ\r\nabc\r\n",
    LOGIN + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
    LOGIN + b"Content-Length: -5\r\n\r\n",
    LOGIN + b"".join(b"X-%d: a\r\n" % number for number in range(5000)) + b"\r\n",
    b"GET /login HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: sessionid=\x00\r\n\r\n",
]


def test_malformed_requests_are_400(server: Server) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    for request in REQUESTS:
        with socket.create_connection((host, int(port)), timeout=30) as raw:
            raw.sendall(request)
            assert raw.recv(4096).startswith(b"HTTP/1.1 400"), request[:100]
    assert httpx.get(f"{server.url}/api/v1/health").status_code == 200


def test_a_second_server_on_one_home_says_in_one_line_who_has_it(server: Server) -> None:
    done = manage(server.home, "serve")
    assert done.returncode != 0
    lines = (done.stdout + done.stderr).strip().splitlines()
    assert len(lines) == 1, lines
    assert f"is in use by another server, process {server.process.pid}" in lines[0]
    assert manage(server.home, "executions", "active", "--json").returncode == 0


def test_a_server_whose_log_cannot_be_written_still_stops(servers: Servers) -> None:
    """The terminal is gone, or the disk is full: what cannot be logged must not be logged again and again."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "serve"],
        cwd=ROOT,
        env=environment(servers.home()),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        assert process.stdout is not None
        for line in process.stdout:
            if " serves http" in line:
                break
        process.stdout.close()
        process.terminate()
        try:
            assert process.wait(timeout=60) == 0
        finally:
            process.kill()
