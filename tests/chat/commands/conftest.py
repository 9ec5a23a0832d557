"""A project, an agent that does what a test says, and a client of the command endpoints."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.test import AsyncClient
from knox.models import get_token_model

from executions.agents.base import Run
from executions.conf import conf
from executions.worker import EmbeddedWorker
from tests.chat.commands import agent


@pytest.fixture
def project(tmp_path: Path, settings: Any) -> Path:
    """A project in the only root."""
    directory = tmp_path / "projects" / "shop"
    directory.mkdir(parents=True)
    agents = {**conf.agents, "claude": agent.PATH}
    settings.EXECUTIONS = {**settings.EXECUTIONS, "PROJECT_ROOTS": (directory.parent,), "AGENTS": agents}
    return directory


Behavior = Callable[[Run], Awaitable[None]]


@pytest.fixture
def behaviors() -> Iterator[dict[str, Behavior]]:
    """What the agent does, by the last word of the prompt."""
    yield agent.BEHAVIORS
    agent.BEHAVIORS.clear()


@pytest.fixture
async def running(transactional_db: None, project: Path) -> AsyncIterator[EmbeddedWorker]:
    """The embedded worker, with the settings of the project."""
    worker = EmbeddedWorker()
    await worker.start()
    yield worker
    await worker.stop()


class Page:
    """The command page of somebody: posts what it does, and reads answers and streams."""

    def __init__(self, user: User, project: Path) -> None:
        self.user, self.project = user, str(project)
        self.headers: dict[str, str] = {}

    async def _signed_in(self) -> dict[str, str]:
        if not self.headers:
            _, token = await sync_to_async(get_token_model().objects.create)(self.user)
            self.headers = {"Authorization": f"Bearer {token}"}
        return self.headers

    async def get(self, path: str, **query: Any) -> Any:
        """Return the response to a GET."""
        return await AsyncClient().get(f"/api/{path}", query, headers=await self._signed_in())

    async def post(self, path: str, body: dict[str, Any], **headers: str) -> Any:
        """Return the response to a POST; the project is the page's unless told otherwise."""
        given = json.dumps({"project": self.project, **body})
        headers = {**await self._signed_in(), **headers}
        return await AsyncClient().post(f"/api/{path}", given, content_type="application/json", headers=headers)

    async def answer(self, path: str = "command", /, status: int = 200, **body: Any) -> dict[str, Any]:
        """Return the JSON answer."""
        response = await self.post(path, body)
        assert response.status_code == status, response.content
        content = b"".join([piece async for piece in response]) if response.streaming else response.content
        return dict(json.loads(content))

    async def stream(
        self, path: str = "command/stream", /, until: str = "", last: int | None = None, **body: Any
    ) -> list[dict[str, Any]]:
        """Return the frames of a stream with their ``id``, up to and including the first of type ``until``."""
        headers = {} if last is None else {"Last-Event-ID": str(last)}
        response = await self.post(path, body, **headers)
        assert response.status_code == 200, response.content
        assert response["Content-Type"] == "text/event-stream"
        frames = []
        async for piece in response:
            for text in piece.decode().split("\n\n"):
                head, _, data = text.partition("data: ")
                if data:
                    frames.append(json.loads(data) | {"id": int(head[4:]) if head else None})
            if until and frames and frames[-1]["type"] == until:
                break
        return frames


@pytest.fixture
def page(user: User, project: Path, running: EmbeddedWorker) -> Page:
    """The command page of ``user``."""
    return Page(user, project)
