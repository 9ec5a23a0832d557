"""The page of projects, and what the chat page offers of the Claude CLI."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from PIL import Image
from rest_framework.test import APIClient

from chat.claude_offer import claude_offer
from chat.models import Session
from chat.projects import states_of
from executions import attachments, services
from executions.agents.claude.projects import list_projects
from executions.conf import conf
from executions.models import Execution
from executions.states import State
from tests.chat.commands import agent
from tests.chat.conftest import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def roots(tmp_path: Path, settings: Any) -> Path:
    """A root with the projects ``shop`` and ``api``."""
    for name in ("shop", "api"):
        (tmp_path / "projects" / name).mkdir(parents=True)
    agents = {**conf.agents, "claude": agent.PATH}
    roots = (tmp_path / "projects",)
    settings.EXECUTIONS = {**settings.EXECUTIONS, "PROJECT_ROOTS": roots, "AGENTS": agents}
    return roots[0]


def start(user: User, project: Path, prompt: str = "do it") -> Execution:
    options = {"project": str(project)}
    return services.start(owner=user, prompt=prompt, session_id="web:chat", agent="claude", options=options)


def run(execution: Execution, state: State = State.RUNNING) -> None:
    Execution.objects.filter(pk=execution.pk).update(state=state)


def test_a_project_is_idle_running_waiting_or_queued_for(user: User, roots: Path) -> None:
    def state() -> str:
        return states_of(list_projects(), user)[1].status

    assert state() == "idle"
    execution = start(user, roots / "shop")
    assert state() == "queued"
    for value, status in ((State.RUNNING, "running"), (State.WAITING, "waiting")):
        run(execution, value)
        assert state() == status
    services.cancel(Execution.objects.all(), by=user)
    assert state() == "stopping"


def test_what_somebody_else_does_is_known_only_as_being_busy(
    user: User, other_user: User, admin: User, roots: Path, client: Client
) -> None:
    theirs = start(other_user, roots / "shop", "the secret of bob")
    run(theirs)
    mine = start(user, roots / "shop", "my turn")
    state = states_of(list_projects(), user)[1]
    assert (state.status, state.run, state.taken, state.queued) == ("running", None, True, [mine])
    client.force_login(user)
    content = client.get("/projects").content.decode()
    assert "Somebody else works in it" in content
    assert "secret" not in content
    assert states_of(list_projects(), admin)[1].run == theirs


def test_the_last_run_of_a_project_is_remembered(user: User, roots: Path, client: Client) -> None:
    start(user, roots / "api", "explain <b>it</b>")
    services.cancel(Execution.objects.all(), by=user)
    client.force_login(user)
    content = client.get("/projects").content.decode()
    assert "explain &lt;b&gt;it&lt;/b&gt;" in content
    assert 'href="/chat/web:chat"' in content


def test_without_roots_the_page_says_how_to_begin(user: User, client: Client, settings: Any, tmp_path: Path) -> None:
    cli = tmp_path / "claude"
    cli.write_text("#!/bin/sh\necho '2.0.0 (Claude Code)'\n")
    cli.chmod(0o755)
    settings.EXECUTIONS = {**settings.EXECUTIONS, "CLAUDE_CLI": cli}
    client.force_login(user)
    page = client.get("/projects").content.decode()
    assert "KAKOCLAW_PROJECT_ROOTS" in page
    assert 'href="/projects"' not in page, "the rail leads there once there is something to see"
    assert "KAKOCLAW_PROJECT_ROOTS" in client.get("/").content.decode()


def test_the_chat_offers_the_project_used_last_and_one_that_is_asked_for(
    user: User, roots: Path, client: Client
) -> None:
    start(user, roots / "shop")
    offer = claude_offer(Session.objects.get())
    assert offer is not None
    assert offer.chosen == str(roots / "shop")
    client.force_login(user)
    page = client.get("/", {"project": str(roots / "api")}).content.decode()
    assert f'data-chosen="{roots / "api"}"' in page


def test_a_missing_cli_is_said_with_how_to_add_it(user: User, roots: Path, settings: Any, client: Client) -> None:
    settings.EXECUTIONS = {**settings.EXECUTIONS, "CLAUDE_CLI": "/nowhere/claude"}
    client.force_login(user)
    for path in ("/", "/projects"):
        assert "The Claude CLI is not installed here" in client.get(path).content.decode()


def test_bypassed_permissions_are_said(user: User, roots: Path, settings: Any, client: Client) -> None:
    client.force_login(user)
    assert "Permissions are off" not in client.get("/").content.decode()
    settings.EXECUTIONS = {**settings.EXECUTIONS, "CLAUDE_PERMISSION_MODE": "bypassPermissions"}
    for path in ("/", "/projects"):
        assert "Permissions are off" in client.get(path).content.decode()


def picture() -> BytesIO:
    data = BytesIO()
    Image.new("RGB", (3, 2), "red").save(data, "PNG")
    data.seek(0)
    data.name = "赤.png"
    return data


def test_an_image_is_kept_and_shown_to_its_owner_only(
    api: APIClient, user: User, other_user: User, settings: Any, tmp_path: Path
) -> None:
    settings.EXECUTIONS = {**settings.EXECUTIONS, "HOME": tmp_path}
    kept = api.post("/api/v1/attachments", {"image": picture()}, format="multipart")
    assert (kept.status_code, kept.json()["name"]) == (201, "赤.png")
    shown = api.get(f"/api/v1/attachments/{kept.json()['id']}")
    assert (shown.status_code, shown["Content-Type"], shown.content) == (200, "image/png", picture().getvalue())
    assert shown["X-Content-Type-Options"] == "nosniff"
    assert client_of(other_user).get(f"/api/v1/attachments/{kept.json()['id']}").status_code == 404
    assert APIClient().get(f"/api/v1/attachments/{kept.json()['id']}").status_code == 401
    assert attachments.find(user, kept.json()["id"]).name == "赤.png"


@pytest.mark.parametrize(("content", "says"), [(b"", "empty"), (b"<svg/>", "not an image"), (b"x" * 5_300_000, "MB")])
def test_what_is_no_image_is_refused_in_words(api: APIClient, content: bytes, says: str) -> None:
    data = BytesIO(content)
    data.name = "a.png"
    refused = api.post("/api/v1/attachments", {"image": data}, format="multipart")
    assert refused.status_code == 400
    assert says in refused.json()["detail"] or "at most" in refused.json()["detail"]
    assert api.get("/api/v1/attachments/..%2Fsecret").status_code == 404


def test_a_message_names_its_agent_project_and_images(api: APIClient, user: User, roots: Path) -> None:
    body = {"content": "do it", "agent": "claude", "agent_options": {"project": str(roots / "shop")}}
    sent = api.post("/api/v1/chat/messages", body, format="json")
    assert sent.status_code == 201, sent.content
    execution = Execution.objects.get()
    assert (execution.agent, execution.options["project"]) == ("claude", str(roots / "shop"))
    refused = api.post("/api/v1/chat/messages", body | {"agent_options": {"project": "/etc"}}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_project")
