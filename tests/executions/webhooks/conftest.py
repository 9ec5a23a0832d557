"""Something that receives, and webhooks that tell it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from executions.models import Webhook
from executions.testing.receiver import Receiver
from executions.webhooks import services
from executions.webhooks.events import WebhookEvent

Hook = Callable[..., Awaitable[tuple[Webhook, str]]]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def loopback(settings: Any) -> None:
    """Addresses of this machine are allowed, and what fails is soon tried again."""
    settings.EXECUTIONS = {
        **settings.EXECUTIONS, "ALLOW_PRIVATE_ADDRESSES": True, "DELIVERY_RETRY_SECONDS": 0.05,
        "DELIVERY_SECONDS": 2.0, "POLL_SECONDS": 0.1,
    }  # fmt: skip


@pytest.fixture
def hook(owner: Any, receiver: Receiver, loopback: None) -> Hook:
    """Make a webhook of ``ann`` for all events, unless told otherwise; returns it and its secret."""

    async def hook(**options: Any) -> tuple[Webhook, str]:
        given = {"name": "CI", "url": receiver.url, "events": list(WebhookEvent), **options}
        return await sync_to_async(services.create)(given.pop("owner", owner), **given)

    return hook
