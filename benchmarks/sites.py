"""A real server for a benchmark: a process of its own with a home of its own, and room for thousands of executions."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from benchmarks.stopwatch import Stopwatch
from tests.servers import Server, manage

VARIABLES = {
    "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
    "KAKOCLAW_MAX_RUNNING": "10000",
    "KAKOCLAW_MAX_RUNNING_PER_OWNER": "10000",
    "KAKOCLAW_MAX_CONNECTIONS_PER_USER": "10000",
    "KAKOCLAW_REQUESTS_PER_MINUTE": "0",
    "KAKOCLAW_REQUESTS_PER_MINUTE_PER_ADDRESS": "0",
    "KAKOCLAW_LOG_LEVEL": "warning",
}


class Site:
    """A running server, and what can be seen of its process from outside."""

    def __init__(self, server: Server) -> None:
        self.url = server.url
        self.websocket_url = server.websocket_url
        self.token = server.token()
        self.stopwatch = Stopwatch(server.home)
        self.pid = server.process.pid
        self._process = psutil.Process(self.pid)

    def cpu_seconds(self) -> float:
        """Return how much processor time the server has used so far, without the processes of its executions."""
        times = self._process.cpu_times()
        return float(times.user + times.system)

    def memory_bytes(self) -> tuple[int, int]:
        """Return the server's resident and proportional set sizes (the same number where a system tells only one)."""
        info = self._process.memory_full_info()
        return info.rss, getattr(info, "pss", info.rss)


@contextmanager
def running_site(**variables: str) -> Iterator[Site]:
    """Set up a home and serve it; it must end in good order, and everything it wrote is shown when it does not."""
    directory = Path(tempfile.mkdtemp(prefix="kakoclaw-bench-"))
    given = VARIABLES | variables
    try:
        done = manage(directory / "home", "setup", **given)
        if done.returncode:
            raise RuntimeError(f"the home could not be set up:\n{done.stderr}")
        server = Server(directory / "home", [sys.executable, "manage.py", "serve"], given)
        try:
            server.wait_until_healthy()
            yield Site(server)
            status = server.stop()
            if status or "Traceback" in server.log:
                raise RuntimeError(f"the server ended with status {status}:\n{server.log}")
        finally:
            server.kill()
    finally:
        shutil.rmtree(directory)
