"""How far a token goes: over REST, event streams and sockets."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIClient

from chat import tokens
from chat.models import Token
from executions.models import Execution
from executions.services import start
from tests.chat.client import ChatClient

V1 = "/api/v1"
Connect = Callable[..., ChatClient]
#: Which no token is asked for, or which every token may do.
OPEN = {"/api/v1/health", "/api/v1/auth/login", "/api/v1/auth/logout"}


def client_of(user: User, scope: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.create(user, 'test', scope, 1)[1]}")
    return client


def addresses(patterns: Any = None, prefix: str = "/") -> Iterator[str]:
    """Yield an address for every pattern of the API, with 1 for every part that varies."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        text = re.sub(r"\(\?P<\w+>.*?\)(?=[/?.]|\\Z|\$)|<[^>]+>", "1", str(pattern.pattern))
        path = prefix + text.lstrip("^").rstrip("$").replace("/?", "").replace("\\Z", "")
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern) and path.startswith("/api/"):
            yield path


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_a_token_to_read_changes_nothing_anywhere(user: User, method: str) -> None:
    client = client_of(user, "read")
    paths = sorted(set(addresses()) - OPEN)
    assert len(paths) > 25
    for path in paths:
        response = getattr(client, method)(path, {}, format="json")
        assert response.status_code in (403, 405, 404), (path, response.status_code)
        if response.status_code == 403:
            assert response.json()["code"] == "scope_missing", path


@pytest.mark.django_db
def test_a_token_to_read_reads(user: User) -> None:
    execution = start(owner=user, prompt="say hi")
    client = client_of(user, "read")
    for path in ("executions", f"executions/{execution.pk}", f"executions/{execution.pk}/events", "chat/sessions",
                 "executions/active", "auth/me", "schema/"):  # fmt: skip
        assert client.get(f"{V1}/{path}").status_code == 200, path
    refused = client.post(f"{V1}/executions/{execution.pk}/cancel")
    assert refused.status_code == 403
    assert "'read'" in refused.json()["detail"]
    assert "make another one in the settings" in refused.json()["detail"]
    execution.refresh_from_db()
    assert execution.cancel_requested_at is None
    assert client.post(f"{V1}/auth/logout").status_code == 204
    assert client.get(f"{V1}/auth/me").status_code == 401


@pytest.mark.django_db
def test_a_token_to_run_starts_and_stops_but_makes_no_tokens(user: User) -> None:
    client = client_of(user, "run")
    started = client.post(f"{V1}/executions", {"prompt": "say hi"}, format="json")
    assert started.status_code == 201
    assert client.post(f"{V1}/executions/{started.json()['id']}/cancel").json()["canceled"] == 1
    for method, path in (
        ("get", "tokens"),
        ("post", "tokens"),
        ("delete", "tokens/1"),
        ("post", "auth/change-password"),
    ):
        refused = getattr(client, method)(f"{V1}/{path}", {}, format="json")
        assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing"), path


@pytest.mark.django_db
def test_tokens_are_made_listed_and_ended_over_the_api(user: User, other_user: User) -> None:
    client = client_of(user, "admin")
    made = client.post(f"{V1}/tokens/", {"name": "build", "scope": "read", "days": 7}, format="json")
    assert made.status_code == 201
    assert made["Cache-Control"] == "no-store"
    token = made.json()["token"]
    listed = client.get(f"{V1}/tokens").json()["tokens"]
    assert [(t["name"], t["scope"]) for t in listed] == [("build", "read"), ("test", "admin")]
    assert token not in str(listed)
    assert set(listed[0]) == {"id", "name", "scope", "beginning", "created_at", "expires_at", "last_used_at"}
    assert listed[0]["expires_at"].endswith("Z")
    theirs = client_of(other_user, "admin")
    assert theirs.delete(f"{V1}/tokens/{made.json()['id']}").status_code == 404
    holder = APIClient()
    holder.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    assert holder.get(f"{V1}/auth/me").status_code == 200
    assert client.delete(f"{V1}/tokens/{made.json()['id']}/").status_code == 204
    assert holder.get(f"{V1}/auth/me").status_code == 401
    assert client.delete(f"{V1}/tokens/{made.json()['id']}").json()["code"] == "not_found"


@pytest.mark.django_db
@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": "x", "scope": "root"}, {"name": "x", "days": 0}])
def test_a_wrong_token_is_not_made(user: User, body: dict[str, Any]) -> None:
    response = client_of(user, "admin").post(f"{V1}/tokens", body, format="json")
    assert (response.status_code, response.json()["code"]) == (400, "invalid")
    assert Token.objects.count() == 1


@pytest.mark.django_db
def test_a_login_and_a_browser_may_all(user: User, client: Client) -> None:
    answer = client.post(f"{V1}/auth/login", {"username": "ada", "password": "correct horse battery"})
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {answer.json()['token']}")
    assert api.get(f"{V1}/tokens").json()["tokens"][0]["scope"] == "admin"
    client.force_login(user)
    assert client.get(f"{V1}/tokens").status_code == 200


@pytest.mark.django_db(transaction=True)
async def test_a_socket_with_a_token_to_read_follows_and_does_not_act(user: User, connect: Connect) -> None:
    row, token = await sync_to_async(tokens.create)(user, "wall", "read", 1)
    reader, owner = await connect(None, token=token).open(), await connect(user).open()
    await reader.send(type="subscribe", session_id="web:chat")
    await reader.until("subscribed")
    for frame in (
        {"type": "message", "content": "say hi"},
        {"content": "say hi"},
        {"type": "cancel", "session_id": "web:chat"},
        {"type": "answer", "execution_id": 1, "question_id": "x", "answer": {"approved": True}},
    ):
        await reader.send(**frame)
        assert (await reader.until("error"))["code"] == "scope_missing"
    assert not await Execution.objects.aexists()
    execution = await owner.say("say hi")
    assert (await reader.until_ready(execution))[-1]["type"] == "ready"
    await sync_to_async(tokens.end)(user, row.pk)
    assert await reader.until_closed() == 4401
