"""A reader that never gives up: it follows an execution and reconnects, to whichever web process is there."""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from itertools import cycle
from typing import Any

import httpx

from tests.processes.distributed.site import Site
from tests.servers import Server


class Reader:
    """Reads an execution's events in a thread of its own, as an EventSource would, over SSE.

    ``seqs`` are those it was sent, in order; ``connections`` counts how often it had to connect.
    """

    def __init__(self, site: Site, webs: list[Server], execution_id: int, user: str = "admin") -> None:
        self.execution_id = execution_id
        self.events: list[dict[str, Any]] = []
        self.connections = 0
        self._headers = {"Authorization": f"Bearer {site.services.tokens[user]}"}
        self._urls = cycle([web.url for web in webs])
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    @property
    def seqs(self) -> list[int]:
        return [event["seq"] for event in self.events]

    @property
    def text(self) -> str:
        return "".join(event["data"]["text"] for event in self.events if event["type"] == "text")

    @property
    def finished(self) -> bool:
        return bool(self.events) and self.events[-1]["type"] == "finished"

    def _follow(self) -> None:
        while not self.finished and not self._closed.is_set():
            self.connections += 1
            with suppress(httpx.TransportError):  # the process was killed: that is what this reader is for
                self._read(next(self._urls))
            self._closed.wait(0 if self.finished else 0.1)

    def _read(self, url: str) -> None:
        after = str(self.events[-1]["seq"]) if self.events else "0"
        path = f"{url}/api/v1/executions/{self.execution_id}/events/stream/"
        headers = self._headers | {"Last-Event-ID": after}
        with httpx.Client(timeout=30) as client, client.stream("GET", path, headers=headers) as stream:
            for line in stream.iter_lines():
                if self._closed.is_set():
                    return
                if line.startswith("data: "):
                    self.events.append(json.loads(line.removeprefix("data: ")))

    def wait(self, timeout: float = 60) -> None:
        """Wait for the ``finished`` event."""
        self._thread.join(timeout)
        assert self.finished, f"execution {self.execution_id}: {len(self.events)} events, {self.events[-1:]}"

    def wait_for_events(self, count: int, timeout: float = 30) -> None:
        """Wait until at least ``count`` events have come."""
        deadline = time.monotonic() + timeout
        while len(self.events) < count:
            assert time.monotonic() < deadline, f"{len(self.events)} events after {timeout} s"
            time.sleep(0.01)

    def assert_whole(self, site: Site) -> None:
        """It was sent every event once, in order: no gap, no repetition, the whole answer."""
        (output, last_seq) = site.query(
            "SELECT output, last_seq FROM executions_execution WHERE id = %s", self.execution_id
        )[0]
        assert self.seqs == sorted(set(self.seqs)), self.seqs
        assert self.seqs[-1] == last_seq
        assert self.text == output
        types = [event["type"] for event in self.events]
        assert (types.count("started"), types.count("finished")) == (1, 1)

    def close(self) -> None:
        """Stop reading."""
        self._closed.set()
        self._thread.join(60)
