"""Real servers for tests: a process of its own, on a free port, with a home of its own.

A home is set up once per test session and copied for each server, so that starting one takes about a second.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).resolve().parent.parent
ADMIN = ("admin", "admin battery horse")
READY = " serves http://"
START_SECONDS = 60
STOP_SECONDS = 60


def environment(home: Path, **variables: str) -> dict[str, str]:
    """Return a clean environment for a process of the site: nothing of the developer's own settings."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return kept | {
        "KAKOCLAW_ENV_FILE": os.devnull,
        "KAKOCLAW_HOME": str(home),
        "KAKOCLAW_ADMIN_PASSWORD": ADMIN[1],
        "KAKOCLAW_LOGINS_PER_MINUTE": "1000",
        "HOST": "127.0.0.1",
        "PORT": "0",
        "PYTHONUNBUFFERED": "1",
        **variables,
    }


def manage(home: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a management command to its end, and return its output and status, whatever that is."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment(home, **variables),
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )


class Server:
    """A running server process. ``url`` is where it is, ``log`` what it has written so far."""

    def __init__(self, home: Path, command: list[str], variables: Mapping[str, str]) -> None:
        self.home = home
        self.url = ""
        self.lines: list[str] = []
        self._arrived: queue.Queue[str | None] = queue.Queue()
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(home, **variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            self._arrived.put(line)
        self._arrived.put(None)

    @property
    def log(self) -> str:
        return "".join(self.lines)

    @property
    def websocket_url(self) -> str:
        return self.url.replace("http", "ws", 1)

    def wait_for_line(self, text: str) -> str:
        """Return the next line that contains the text; fails when the process ends before."""
        while (line := self._arrived.get(timeout=START_SECONDS)) is not None:
            if text in line:
                return line
        raise AssertionError(f"the server ended with status {self.process.wait()} and without {text!r}:\n{self.log}")

    def wait_until_healthy(self) -> None:
        line = self.wait_for_line(READY)
        self.url = line.split(" serves ")[1].split()[0]
        health = httpx.get(f"{self.url}/api/v1/health", timeout=START_SECONDS)
        assert health.status_code == 200, health.text

    def token(self, username: str = ADMIN[0], password: str = ADMIN[1]) -> str:
        """Log in over the API and return the token."""
        answer = httpx.post(
            f"{self.url}/api/v1/auth/login", json={"username": username, "password": password}, timeout=30
        )
        assert answer.status_code == 200, answer.text
        return str(answer.json()["token"])

    def client(self, username: str = ADMIN[0], password: str = ADMIN[1]) -> httpx.Client:
        """Return an HTTP client that is logged in by token."""
        headers = {"Authorization": f"Bearer {self.token(username, password)}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30)

    def add_user(self, username: str, password: str, *, staff: bool = False) -> None:
        """Make a user in the server's database."""
        code = (
            "from django.contrib.auth.models import User; "
            f"User.objects.create_user({username!r}, password={password!r}, is_staff={staff!r})"
        )
        done = manage(self.home, "shell", "--command", code)
        assert done.returncode == 0, done.stderr

    def start(self, prompt: str, session: str = "") -> int:
        """Start an execution as admin, and return its id."""
        with self.client() as client:
            answer = client.post("/api/v1/executions/", json={"prompt": prompt, "session_id": session})
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    def execution(self, execution: int) -> dict[str, Any]:
        """Return what the API tells admin about an execution."""
        with self.client() as client:
            return dict(client.get(f"/api/v1/executions/{execution}/").json())

    def events(self, execution: int) -> Iterator[dict[str, Any]]:
        """Yield the execution's events as they come, to the end of the stream. Reading is closed with the generator."""
        path = f"/api/v1/executions/{execution}/events/stream/"
        with self.client() as client, client.stream("GET", path) as stream:
            for line in stream.iter_lines():
                if line.startswith("data: "):
                    yield json.loads(line.removeprefix("data: "))

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send the signal, wait for the end, and return the exit status."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        status = self.process.wait(timeout=STOP_SECONDS)
        self._reader.join(timeout=STOP_SECONDS)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return status

    def kill(self) -> None:
        """Kill it as a crash would."""
        if self.process.poll() is None:
            self.process.kill()
        self.wait()


class Servers:
    """Starts servers, and ends those that a test leaves behind."""

    def __init__(self, prepared: Path, directory: Path) -> None:
        self._prepared = prepared
        self._directory = directory
        self._started: list[Server] = []

    def home(self) -> Path:
        """Return a new home, set up and empty, with the user admin."""
        home = self._directory / f"home-{len(list(self._directory.iterdir()))}"
        return Path(shutil.copytree(self._prepared, home))

    def start(self, home: Path | None = None, *, wait: bool = True, **variables: str) -> Server:
        """Start ``manage.py serve``; with ``wait``, return it once it is healthy."""
        return self.start_command([sys.executable, "manage.py", "serve"], home, wait=wait, **variables)

    def start_command(self, command: list[str], home: Path | None, *, wait: bool, **variables: str) -> Server:
        server = Server(home or self.home(), command, variables)
        self._started.append(server)
        if wait:
            server.wait_until_healthy()
        return server

    def close(self) -> None:
        for server in self._started:
            server.kill()


@pytest.fixture(scope="session")
def prepared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after ``manage.py setup``."""
    home = tmp_path_factory.mktemp("prepared") / "home"
    done = manage(home, "setup")
    assert done.returncode == 0, done.stderr
    return home


@pytest.fixture
def servers(prepared_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Starts real servers; all of them have ended after the test, and none has written a traceback."""
    servers = Servers(prepared_home, tmp_path_factory.mktemp("homes"))
    yield servers
    servers.close()
    logs = "\n".join(server.log for server in servers._started)
    assert "Traceback" not in logs, logs


@pytest.fixture
def server(servers: Servers) -> Server:
    """One real server, healthy."""
    return servers.start()
