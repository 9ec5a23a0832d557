"""Many streams of events, open for long."""

from __future__ import annotations

from contextlib import ExitStack

import httpx
import psutil

from tests.servers import Server

STREAMS = 60


def test_a_stream_holds_no_thread_and_no_connection_to_the_database(server: Server) -> None:
    running = server.start("count 100000 every 100ms")
    path = f"/api/v1/executions/{running}/events/stream/"
    limits = httpx.Limits(max_connections=None)
    headers = {"Authorization": f"Bearer {server.token()}"}
    process = psutil.Process(server.process.pid)
    with httpx.Client(base_url=server.url, headers=headers, limits=limits, timeout=30) as client, ExitStack() as stack:
        threads, files = process.num_threads(), process.num_fds()
        streams = [stack.enter_context(client.stream("GET", path)).iter_lines() for _ in range(STREAMS)]
        for lines in streams:
            assert any(line.startswith("data: ") for line in lines)
        assert process.num_threads() < threads + STREAMS / 4
        # Each has its socket.
        assert process.num_fds() < files + STREAMS + STREAMS / 4
        assert client.get(f"/api/v1/executions/{running}/").json()["state"] == "running"
