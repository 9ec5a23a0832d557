"""What all tests share: users, and a guard that keeps every test off the network."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from channels.layers import channel_layers
from django.conf import settings
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connections
from django.utils import translation

from executions import hub
from executions.api.throttles import LimitedView
from executions.buckets import Buckets
from tests.servers import prepared_home, server, servers  # noqa: F401 - fixtures

#: Nothing in the tests may find a key by accident.
PROVIDER_VARIABLES = ("OPENAI", "ANTHROPIC", "GEMINI", "GOOGLE", "GROQ", "MISTRAL", "OPENROUTER", "OLLAMA")


@pytest.fixture(scope="session", autouse=True)
def _home() -> Iterator[None]:
    yield
    shutil.rmtree(settings.HOME)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections to this machine only, and no provider's key: no test reaches a real model or a real page."""
    for name in list(os.environ):
        if name.startswith(PROVIDER_VARIABLES):
            monkeypatch.delenv(name)
    connect = socket.socket.connect

    def guarded(sock: socket.socket, address: Any) -> None:
        if sock.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test tried to connect to {address!r}")
        connect(sock, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    """The client of tests makes its requests in the test's own context, where their language would stay."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def _no_hub_is_left() -> Iterator[None]:
    """A hub that nobody has stopped outlives its loop, with a connection that PostgreSQL counts."""
    yield
    for left in list(hub._hubs.values()):
        left.database._executor.submit(connections.close_all).result()
        left.database._executor.shutdown()
    hub._hubs.clear()


@pytest.fixture(autouse=True)
def _fresh_layer_and_cache() -> Iterator[None]:
    """Groups of an in-memory layer and counts of a throttle outlive a test otherwise."""
    yield
    channel_layers.backends.clear()
    cache.clear()
    LimitedView.failures = Buckets()


@pytest.fixture
def user(db: None) -> User:
    """An ordinary user."""
    return User.objects.create_user("ada", password="correct horse battery")


@pytest.fixture
def other_user(db: None) -> User:
    """Another ordinary user, who must see nothing of the first."""
    return User.objects.create_user("bob", password="staple battery horse")


@pytest.fixture
def admin(db: None) -> User:
    """A member of the staff."""
    return User.objects.create_superuser("admin", password="admin battery horse")


@pytest.fixture
def repository() -> Path:
    """Where the project's files are."""
    return Path(__file__).resolve().parent.parent
