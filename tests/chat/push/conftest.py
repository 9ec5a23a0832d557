"""A push service on this machine, and browsers that somebody has signed in with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from chat.models import PushSubscription
from chat.push import keys
from executions.testing.fake_push import Browser, FakePush

URL = "/api/v1/push/"
ALL = ["finished", "failed", "asks"]
Subscribe = Callable[..., tuple[Client, Browser, PushSubscription]]


@pytest.fixture
def service() -> Iterator[FakePush]:
    with FakePush() as service:
        yield service


@pytest.fixture
def loopback(settings: Any) -> None:
    settings.EXECUTIONS = {
        **settings.EXECUTIONS, "ALLOW_PRIVATE_ADDRESSES": True, "DELIVERY_RETRY_SECONDS": 0.05, "POLL_SECONDS": 0.1,
    }  # fmt: skip


@pytest.fixture
def subscribe(service: FakePush, loopback: None) -> Subscribe:
    """Sign ``user`` in with a browser and subscribe it, for everything unless told otherwise."""

    def subscribe(user: User, kinds: list[str] = ALL, **headers: str) -> tuple[Client, Browser, PushSubscription]:
        client, browser = Client(headers=headers), service.browser(keys.public_key())
        client.force_login(user)
        answer = client.post(URL, {**browser.as_json(), "kinds": kinds}, content_type="application/json")
        assert answer.status_code == 201, answer.content
        return client, browser, PushSubscription.objects.get(pk=answer.json()["id"])

    return subscribe
