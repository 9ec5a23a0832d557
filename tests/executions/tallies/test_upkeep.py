"""Workers keep the tallies: of what was noted before they began, of what ends later, and several at once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db import connection

from executions.database import DatabaseThread
from executions.models import Ending
from executions.tallies import adding, upkeep
from executions.tallies.measures import Measure
from tests.executions.tallies.test_adding import count, end


@pytest.fixture
def many(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> User:
    """An owner of 60 ends that were noted, of which 7 fit into a batch."""
    monkeypatch.setattr(adding, "BATCH", 7)
    owner = User.objects.create_user("eve")
    for number in range(60):
        end(owner, model=f"m{number % 3}")
    return owner


def add_all(failed: list[BaseException]) -> None:
    try:
        while adding.add_some():
            pass
    except BaseException as error:
        failed.append(error)
        raise
    finally:
        connection.close()


@pytest.fixture
def failed() -> Iterator[list[BaseException]]:
    """What went wrong in threads; it fails the test."""
    failed: list[BaseException] = []
    yield failed
    assert failed == []


def test_workers_that_count_at_the_same_time_count_each_end_once(many: User, failed: list[BaseException]) -> None:
    workers = [threading.Thread(target=add_all, args=[failed]) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    # Whoever found the others' rows locked has left them to the others.
    add_all(failed)
    assert not Ending.objects.exists()
    assert count(Measure.ENDED) == count(Measure.SPENT) == 60


@pytest.mark.django_db(transaction=True)
async def test_a_worker_counts_what_was_noted_before_and_what_ends_later(
    many: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "PAUSE", 0.01)
    database = DatabaseThread("tallies")
    task: asyncio.Task[Any] = asyncio.create_task(upkeep.Upkeep(database).run())
    try:
        await counted(60)
        await sync_to_async(end)(many)
        await counted(61)
    finally:
        task.cancel()
        (ended,) = await asyncio.gather(task, return_exceptions=True)
        await database.close()
    assert isinstance(ended, asyncio.CancelledError)


async def counted(wanted: int) -> None:
    """Wait until that many ends are counted."""
    async with asyncio.timeout(30):
        while await sync_to_async(count)(Measure.ENDED) != wanted:  # noqa: ASYNC110 - no bell is rung
            await asyncio.sleep(0.01)
