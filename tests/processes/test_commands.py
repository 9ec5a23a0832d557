"""The command endpoints of a real server, with the real Claude CLI: leaving stops it, whenever that is."""

from __future__ import annotations

import json
import random
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from executions.testing.script import script
from tests.claude import scripted_model, variables
from tests.servers import Server, Servers
from tests.support import wait_until

pytestmark = pytest.mark.slow

SLOW = {"text": "word " * 200, "chunk_delay": 0.05}


@pytest.fixture(scope="module")
def model() -> Iterator[str]:
    """The address of a scripted Messages API."""
    with scripted_model() as address:
        yield address


@dataclass
class Site:
    """A server with a project."""

    server: Server
    project: Path
    client: httpx.Client

    def body(self, *replies: dict[str, Any], **more: Any) -> dict[str, Any]:
        return {"project": str(self.project), "command": "coding", "args": f"it {script(*replies)}", **more}

    def newest(self) -> dict[str, Any]:
        """Return the newest execution."""
        return dict(self.client.get("/api/v1/executions/?limit=1").json()["results"][0])

    def count(self) -> int:
        return len(self.client.get("/api/v1/executions/").json()["results"])

    def processes(self) -> list[str]:
        """Return the names of all processes at work in the project."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.cwd() == str(self.project) and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process.name())
            except (psutil.NoSuchProcess, psutil.AccessDenied, OSError):
                continue
        return found

    def stopped_by_leaving(self) -> dict[str, Any]:
        """Return the newest execution once it has been canceled, having seen that nothing of it is left."""
        wait_until(lambda: self.newest()["status"] == "canceled", 10)
        left = self.processes()
        assert left == []
        run = self.newest()
        assert (run["cancel"]["source"], run["cancel"]["by"]) == ("disconnect", "admin")
        return run

    @contextmanager
    def stream(self, path: str = "command/stream", *, last: int = 0, **body: Any) -> Iterator[Reader]:
        """Open a stream; leaving the block closes the connection."""
        headers = {"Last-Event-ID": str(last)} if last else {}
        with self.client.stream("POST", f"/api/{path}", json=body, headers=headers) as response:
            assert response.status_code == 200, response.read()
            yield Reader(response)


class Reader:
    """Reads a stream piece by piece."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.iter_lines()  # one that is forgotten closes the connection

    def read(self, until: str = "") -> list[dict[str, Any]]:
        """Return the frames up to the first one of a type, or to the end; each with its ``id``."""
        frames, last = [], None
        for line in self._lines:
            if line.startswith("id: "):
                last = int(line[4:])
            elif line.startswith("data: "):
                frames.append(json.loads(line[6:]) | {"id": last})
                if frames[-1]["type"] == until:
                    break
        return frames


@pytest.fixture(params=["daphne", "uvicorn"])
def site(request: pytest.FixtureRequest, servers: Servers, model: str, tmp_path: Path) -> Iterator[Site]:
    given = variables(model, tmp_path)
    if request.param == "daphne":
        server = servers.start(**given)
    else:
        command = [sys.executable, "-m", "uvicorn", "kakoclaw.asgi:application", "--port", "0"]
        server = servers.start_command(
            [*command, "--timeout-graceful-shutdown", "1"], None, wait=False, KAKOCLAW_MAX_RUNNING="8", **given
        )
        server.url = server.wait_for_line("running on").split("running on ")[1].split()[0]
    with server.client() as client:
        yield Site(server, tmp_path / "projects" / "shop", client)


def test_closing_the_stream_at_any_moment_stops_the_cli_and_all_it_started(site: Site) -> None:
    bash = {"tools": [{"name": "Bash", "args": {"command": "sh children.sh", "description": "Start children"}}]}
    for moment, replies in (("init", [SLOW]), ("text", [SLOW]), ("tool_use", [bash, {"text": "done"}])):
        with site.stream(**site.body(*replies)) as stream:
            frames = stream.read(until=moment)
            assert frames[-1]["type"] == moment
            if moment == "tool_use":
                wait_until(lambda: site.processes().count("sleep") >= 2, 10)
        left_at = time.monotonic()
        run = site.stopped_by_leaving()
        assert time.monotonic() - left_at < 5
        assert run["cancel"]["reason"]


def test_leaving_at_random_moments_leaves_nothing_behind(site: Site) -> None:
    chance = random.Random(4)
    for _ in range(8):
        before = site.count()
        body, seconds = site.body(SLOW), chance.uniform(0, 1.2)
        with pytest.raises(httpx.TimeoutException):
            site.client.post("/api/command", json=body, timeout=httpx.Timeout(30, read=max(seconds, 0.001)))
        wait_until(lambda before=before: site.count() == before + 1 or _nothing_was_started(site, before), 5)
        if site.count() > before:
            site.stopped_by_leaving()


def _nothing_was_started(site: Site, before: int) -> bool:
    """Whether the request was gone before it was read whole."""
    time.sleep(0.5)
    return site.count() == before


def test_closing_a_json_request_stops_it_too(site: Site) -> None:
    address = site.server.url.removeprefix("http://")
    host, port = address.rsplit(":", 1)
    body = json.dumps(site.body(SLOW)).encode()
    head = "\r\n".join(
        [
            "POST /api/command HTTP/1.1", f"Host: {address}", f"Authorization: {site.client.headers['Authorization']}",
            "Content-Type: application/json", f"Content-Length: {len(body)}", "", "",
        ]
    )  # fmt: skip
    with closing(socket.create_connection((host, int(port)), timeout=10)) as connection:
        connection.sendall(head.encode() + body)
        wait_until(lambda: site.count() == 1 and site.newest()["status"] == "running", 10)
        wait_until(site.processes, 10)
    site.stopped_by_leaving()


def test_a_run_that_was_told_to_goes_on_and_is_read_on_exactly_once(site: Site) -> None:
    body = site.body({"text": "word " * 40, "chunk_delay": 0.05}, on_disconnect="continue")
    with site.stream(**body) as stream:
        first = stream.read(until="text")
    last = first[-1]["id"]
    with site.stream(last=last, **body) as stream:
        rest = stream.read()
    assert site.count() == 1
    said = "".join(frame["message"] for frame in first + rest if frame["type"] == "text")
    assert rest[-1]["type"] == "complete"
    assert said.strip() == rest[-1]["result"]["output"].strip() == ("word " * 40).strip()
    assert site.newest()["outcome"] == "succeeded"


def test_after_leaving_the_session_is_continued(site: Site) -> None:
    with site.stream(**site.body(SLOW)) as stream:
        session = stream.read(until="text")[-2]["session_id"]
    site.stopped_by_leaving()
    given = {"project": str(site.project), "session_id": session, "answer": f"--model=x {script({'text': 'Again.'})}"}
    answer = site.client.post("/api/command/continue", json=given).json()
    assert answer["success"], answer
    assert answer["session_id"] == session
    assert answer["output"].endswith("Again.")


def test_a_question_waits_without_its_reader_and_is_answered_in_the_same_run(site: Site) -> None:
    asked = {"question": "Which color?", "header": "Color", "options": [{"label": "Red", "description": "Warm"},
             {"label": "Blue", "description": "Cold"}], "multiSelect": False}  # fmt: skip
    ask = {"text": "Well.", "tools": [{"name": "AskUserQuestion", "args": {"questions": [asked]}}]}
    body = site.body(ask, {"text": "Thanks."})
    with site.stream(**body) as stream:
        frames = stream.read()
    assert [frame["type"] for frame in frames[-2:]] == ["question", "complete"]
    assert frames[-1]["result"]["completed"] is False
    assert site.newest()["status"] == "waiting"
    given = {"project": str(site.project), "session_id": frames[-1]["session_id"], "answer": "--model=x"}
    with site.stream("command/continue/stream", **given) as stream:
        after = stream.read()
    assert after[-1]["type"] == "complete", after
    assert after[-1]["result"]["output"].endswith("Thanks.")
    assert site.count() == 1


def test_many_streams_hold_up_nobody_else(site: Site) -> None:
    """Streams that wait take no thread that others need."""
    body = site.body(SLOW, on_busy_project="queue")
    leave = threading.Event()

    def read() -> None:
        with (
            httpx.Client(base_url=site.server.url, headers=dict(site.client.headers), timeout=30) as client,
            client.stream("POST", "/api/command/stream", json=body) as stream,
        ):
            next(stream.iter_bytes())
            leave.wait(20)

    readers = [threading.Thread(target=read) for _ in range(20)]
    for reader in readers:
        reader.start()
    wait_until(lambda: site.count() == 20, 15)
    assert site.client.get("/api/projects").json()["success"]
    leave.set()
    for reader in readers:
        reader.join()
    wait_until(lambda: not site.client.get("/api/v1/chat/active").json(), 15)
    assert site.processes() == []


def test_without_a_login_only_when_told_so_and_never_for_pages_of_other_sites(
    servers: Servers, model: str, tmp_path: Path
) -> None:
    server = servers.start(KAKOCLAW_COMMANDS_WITHOUT_LOGIN="1", **variables(model, tmp_path))
    assert httpx.get(f"{server.url}/api/projects").json()["projects"]
    for headers, status in (
        ({"Origin": server.url}, 200),
        ({"Origin": "https://elsewhere.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"X-Forwarded-For": "10.0.0.1"}, 401),
        ({"Host": "elsewhere.example"}, 400),
    ):
        assert httpx.get(f"{server.url}/api/projects", headers=headers).status_code == status, headers
    assert httpx.get(f"{server.url}/api/v1/executions/").status_code == 401
    refused = httpx.post(f"{server.url}/api/command", content="{}", headers={"Content-Type": "text/plain"})
    assert refused.status_code == 415
    answer = httpx.post(
        f"{server.url}/api/command",
        json={"project": str(tmp_path / "projects" / "shop"), "command": "init"},
        timeout=30,
    )
    assert answer.json()["success"], answer.text


def test_pages_of_trusted_origins_may_call_the_api(servers: Servers, model: str, tmp_path: Path) -> None:
    trusted = "http://localhost:3000"
    given = {"KAKOCLAW_COMMANDS_WITHOUT_LOGIN": "1", "KAKOCLAW_TRUSTED_ORIGINS": trusted}
    server = servers.start(**variables(model, tmp_path), **given)
    address = f"{server.url}/api/command/stream"
    for origin, allowed in ((trusted, trusted), ("https://elsewhere.example", None)):
        asked = {
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type,last-event-id",
        }
        preflight = httpx.options(address, headers={"Origin": origin, **asked})
        assert preflight.headers.get("Access-Control-Allow-Origin") == allowed
        body = {"project": str(tmp_path / "projects" / "shop"), "command": "init"}
        answer = httpx.post(address, json=body, headers={"Origin": origin}, timeout=30)
        assert (answer.status_code == 200) is (allowed is not None)
        assert answer.headers.get("Access-Control-Allow-Origin") == allowed


@pytest.mark.parametrize(
    "variable", ["HOST=0.0.0.0", "KAKOCLAW_HTTPS=1", "KAKOCLAW_ALLOWED_HOSTS=kakoclaw.example.org"]
)
def test_without_a_login_refuses_to_start_where_others_could_connect(servers: Servers, variable: str) -> None:
    name, _, value = variable.partition("=")
    server = servers.start_command(
        [sys.executable, "manage.py", "serve"], None, wait=False, KAKOCLAW_COMMANDS_WITHOUT_LOGIN="1", **{name: value}
    )
    assert server.wait() == 2
    assert "KAKOCLAW_COMMANDS_WITHOUT_LOGIN" in server.log


def test_without_the_cli_everything_else_works(servers: Servers, model: str, tmp_path: Path) -> None:
    given = variables(model, tmp_path) | {"KAKOCLAW_CLAUDE_CLI": "/nowhere/claude"}
    server = servers.start(**given)
    with server.client() as client:
        body = {"project": str(tmp_path / "projects" / "shop"), "command": "init"}
        refused = client.post("/api/command", json=body)
        assert (refused.status_code, refused.json()["code"]) == (400, "claude_missing")
        assert "Add it" in refused.json()["error"]
        assert client.get("/api/projects").json()["success"]
