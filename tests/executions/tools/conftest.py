"""A run with a workspace, and real web servers on this machine."""

import gzip
import http.server
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from executions.agents import tools
from executions.agents.base import Limits, Run
from executions.processes import ProcessGroup
from executions.testing.runs import Recorder, make_run


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (tmp_path / "secret.txt").write_text("the secret")
    return workspace


@dataclass
class Bench:
    """Calls tools in a run whose limits and options a test may change first."""

    workspace: Path
    options: dict[str, Any] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    processes: ProcessGroup = field(init=False)
    _made: tuple[Run, Recorder] | None = None

    def __post_init__(self) -> None:
        self.processes = ProcessGroup(4244, self.workspace)

    @property
    def run(self) -> Run:
        return self._make()[0]

    @property
    def recorder(self) -> Recorder:
        return self._make()[1]

    def _make(self) -> tuple[Run, Recorder]:
        if self._made is None:
            self._made = make_run("x", workspace=self.workspace, options=self.options, limits=self.limits)
            self._made[0].spawn = self.processes.spawn
        return self._made

    async def __call__(self, name: str, **args: Any) -> tools.ToolResult:
        return await tools.call(self.run, name, args)

    async def text(self, name: str, **args: Any) -> str:
        result = await self(name, **args)
        assert result.status == "finished", result.text
        return result.text

    async def error(self, name: str, **args: Any) -> str:
        result = await self(name, **args)
        assert result.status == "error", result.text
        return result.text


@pytest.fixture
async def use(workspace: Path) -> AsyncIterator[Bench]:
    bench = Bench(workspace)
    yield bench
    bench.processes.kill()
    await bench.processes.gone(10)


@dataclass
class Site:
    """A web server: ``pages`` maps a path to ``(status, headers, body)``; ``asked`` is what came, in order."""

    url: str = ""
    pages: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)

    def page(
        self, path: str, body: str | bytes, *, kind: str = "text/html", status: int = 200, zipped: bool = False
    ) -> None:
        data = body.encode() if isinstance(body, str) else body
        headers = {"Content-Type": kind} | ({"Content-Encoding": "gzip"} if zipped else {})
        self.pages[path] = (status, headers, gzip.compress(data) if zipped else data)

    def redirect(self, path: str, target: str) -> None:
        self.pages[path] = (302, {"Location": target}, b"")


@pytest.fixture
def make_site() -> Iterator[Callable[..., Site]]:
    servers = []

    def make(address: str = "127.0.0.1") -> Site:
        site = Site()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(self.path)
                site.hosts.append(self.headers["Host"])
                status, headers, body = site.pages.get(self.path.partition("?")[0], (404, {}, b"nothing here"))
                self.send_response(status)
                for name, value in (headers | {"Content-Length": str(len(body))}).items():
                    self.send_header(name, value)
                self.end_headers()
                try:
                    self.wfile.write(body)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True  # the reader had enough

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        server = http.server.ThreadingHTTPServer((address, 0), Handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        servers.append((server, thread))
        site.url = f"http://{address}:{server.server_port}"
        return site

    yield make
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    return make_site()
