"""A worker makes the entries of what it finds in the history, and of what finishes later."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.utils import timezone

from executions.database import DatabaseThread
from executions.models import Execution
from executions.searching import index, upkeep
from tests.executions.api.conftest import make


@pytest_asyncio.fixture
async def keep(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Any]:
    """Start the upkeep, without its rests; it is canceled at the end."""
    monkeypatch.setattr(upkeep, "PAUSE", 0.01)
    monkeypatch.setattr(upkeep, "REST", 0)
    monkeypatch.setattr(upkeep, "WINDOW", 3)
    monkeypatch.setattr(upkeep, "BATCH", 2)
    database = DatabaseThread("words")
    tasks: list[asyncio.Task[None]] = []

    async def keep() -> None:
        tasks.append(asyncio.create_task(upkeep.Upkeep(database).run()))

    yield keep
    for task in tasks:
        task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    await database.close()
    assert all(isinstance(end, asyncio.CancelledError) for end in ended), ended


async def found(ids: list[int]) -> None:
    """Wait until exactly these are found, the newest first."""
    find = sync_to_async(index.find)
    async with asyncio.timeout(10):
        while await find("cart", None, 2**62, 100) != sorted(ids, reverse=True):  # noqa: ASYNC110 - no bell is rung
            await asyncio.sleep(0.01)


@sync_to_async
def store(owner: User, state: str = "finished", count: int = 1) -> list[int]:
    return [make(owner, state, prompt="the cart").pk for _ in range(count)]


@sync_to_async
def finish(ids: list[int]) -> None:
    Execution.objects.filter(pk__in=ids).update(state="finished", outcome="canceled", finished_at=timezone.now())


async def test_an_old_history_is_found_after_the_first_look(keep: Any, user: User) -> None:
    old = await store(user, count=10)
    await store(user, "queued")
    await keep()
    await found(old)


async def test_what_finishes_later_is_found_in_whatever_order(keep: Any, user: User) -> None:
    slow, slower = await store(user, "running"), await store(user, "queued")
    quick = await store(user, count=8)
    await keep()
    await found(quick)
    new = await store(user, count=8)
    await finish(slower)
    await found(quick + new + slower)
    await finish(slow)
    await found(quick + new + slower + slow)


async def test_two_workers_make_each_entry_once(keep: Any, user: User) -> None:
    old = await store(user, count=30)
    await keep()
    await keep()
    await found(old)
