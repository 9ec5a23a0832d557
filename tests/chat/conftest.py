"""A worker, and clients that talk to the chat as browsers and programs do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
from django.contrib.auth.models import User
from knox.models import get_token_model
from rest_framework.test import APIClient

from executions.worker import EmbeddedWorker
from tests.chat.client import ChatClient


@pytest.fixture
async def worker(transactional_db: None) -> AsyncIterator[EmbeddedWorker]:
    """The embedded worker, running on the test's loop."""
    worker = EmbeddedWorker()
    await worker.start()
    yield worker
    await worker.stop()


@pytest.fixture
async def connect(worker: EmbeddedWorker) -> AsyncIterator[Callable[..., ChatClient]]:
    """Makes clients (``connect(user)``); they are closed before the worker is."""
    clients: list[ChatClient] = []

    def make(user: User | None = None, **options: object) -> ChatClient:
        clients.append(ChatClient(user, **options))
        return clients[-1]

    yield make
    for client in clients:
        await client.close()


@pytest.fixture
def api(user: User) -> APIClient:
    """A REST client signed in as ``user`` by token."""
    return client_of(user)


def client_of(user: User) -> APIClient:
    """Return a REST client with a token of ``user``."""
    _, token = get_token_model().objects.create(user)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client
