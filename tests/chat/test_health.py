"""What load balancers are told."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from channels.layers import InMemoryChannelLayer, channel_layers
from django.db import OperationalError
from django.test import AsyncClient

from chat.api import health

pytestmark = pytest.mark.django_db(transaction=True)


class DeadLayer(InMemoryChannelLayer):
    """A layer whose server is gone."""

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        raise ConnectionError("nobody listens")


class SilentLayer(InMemoryChannelLayer):
    """A layer that loses everything."""

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        return None


@pytest.mark.parametrize("path", ["/api/v1/health", "/api/v1/health/"])
async def test_all_is_well(path: str) -> None:
    response = await AsyncClient().get(path)
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("layer", [DeadLayer, SilentLayer])
async def test_a_dead_or_silent_layer_is_named(layer: type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "TIMEOUT", 0.2)
    channel_layers.backends["default"] = layer()
    response = await AsyncClient().get("/api/v1/health")
    assert response.status_code == 503
    assert response.json()["failing"] == ["channel_layer"]
    assert response.json()["detail"] == response.json()["error"]


async def test_a_database_that_is_down_or_hangs_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang() -> None:
        await asyncio.Event().wait()

    def down() -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(health, "TIMEOUT", 0.2)
    for name, broken in (("_select", down), ("_database", hang)):
        with monkeypatch.context() as patch:
            patch.setattr(health, name, broken)
            response = await AsyncClient().get("/api/v1/health")
        assert response.status_code == 503
        assert response.json()["failing"] == ["database"]
