"""A real server with the real Claude CLI: what a killed server leaves, and what its next start finds."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from executions.testing.claude_moments import Moment, leftovers, moments, prepare
from executions.testing.script import script
from tests.claude import scripted_model, variables
from tests.processes.test_start_and_stop import until
from tests.servers import Server, Servers
from tests.support import wait_until

pytestmark = pytest.mark.slow

MOMENTS = {moment.name: moment for moment in moments()}


@pytest.fixture(scope="module")
def model() -> Iterator[str]:
    """The address of a scripted Messages API."""
    with scripted_model() as address:
        yield address


@pytest.fixture
def given(model: str, tmp_path: Path) -> dict[str, str]:
    """What a server is told; its project is ``tmp_path / "projects" / "shop"``."""
    given = variables(model, tmp_path) | {"KAKOCLAW_CLAUDE_PERMISSION_MODE": "default", "HOME": str(tmp_path)}
    prepare(tmp_path / "projects" / "shop", tmp_path / "config")
    return given


def begin(server: Server, project: Path, prompt: str) -> int:
    """Start a run in the project, and return its id."""
    options = {"project": str(project)}
    request = {"prompt": prompt, "session_id": "web:chat", "agent": "claude", "options": options}
    with server.client() as client:
        answer = client.post("/api/v1/executions/", json=request)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def reach(server: Server, project: Path, moment: Moment) -> int:
    """Start a run and wait for its moment."""
    execution = begin(server, project, moment.prompt)
    with closing(server.events(execution)) as events:
        until(events, moment.event)
    if moment.name.startswith("a tool with"):
        wait_until(lambda: any("tree.py" in line for line in leftovers(project)), 30)
    return execution


@pytest.mark.parametrize(
    "name",
    ["100 ms after the start", "text", "a tool with a session", "a tool with a daemon", "a tool with a deaf",
     "a tool with a storm", "a question waits"],
)  # fmt: skip
def test_a_killed_server_leaves_nothing_and_its_next_start_finds_nothing(
    servers: Servers, given: dict[str, str], tmp_path: Path, name: str
) -> None:
    project = tmp_path / "projects" / "shop"
    with subprocess.Popen(["sleep", "1000"], cwd=tmp_path) as bystander:
        server = servers.start(**given)
        execution = reach(server, project, MOMENTS[name])
        children = psutil.Process(server.process.pid).children(recursive=True)
        assert children
        server.kill()
        _, alive = psutil.wait_procs(children, timeout=10)
        assert alive == []
        assert leftovers(project) == []
        second = servers.start(server.home, **given)
        assert "leftover" not in second.log
        after = second.execution(execution)
        assert after["outcome"] == "lost"
        following = begin(second, project, f"Go on. {script({'text': 'Here I am.'})}")
        with closing(second.events(following)) as events:
            assert until(events, "finished")["data"]["outcome"] == "succeeded"
        assert second.execution(following)["output"] == "Here I am."
        assert second.stop() == 0
        assert bystander.poll() is None
        bystander.kill()


def test_without_the_cli_everything_else_works(servers: Servers, tmp_path: Path) -> None:
    (tmp_path / "projects").mkdir()
    server = servers.start(
        KAKOCLAW_CLAUDE_CLI=str(tmp_path / "missing"), KAKOCLAW_PROJECT_ROOTS=str(tmp_path / "projects")
    )
    with server.client() as client:
        request = {"prompt": "hi", "agent": "claude", "options": {"project": str(tmp_path / "projects")}}
        refused = client.post("/api/v1/executions/", json=request)
    assert (refused.status_code, refused.json()["code"]) == (503, "claude_missing")
    assert "make claude" in refused.json()["detail"]
    assert until(server.events(server.start("say hello")), "finished")["data"]["outcome"] == "succeeded"
