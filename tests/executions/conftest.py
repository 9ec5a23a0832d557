"""A worker in the test's own event loop, on the real database."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model

from executions import services
from executions.events import Entry
from executions.models import Execution
from executions.readers import follow
from executions.worker import EmbeddedWorker


@pytest_asyncio.fixture
async def worker(transactional_db: None) -> AsyncIterator[EmbeddedWorker]:
    worker = EmbeddedWorker(slots=50)
    await worker.start()
    yield worker
    await worker.stop()


@pytest.fixture
def owner(transactional_db: None) -> Any:
    return get_user_model().objects.create_user("ann", password="a long password")


Start = Callable[..., Awaitable[Execution]]


@pytest.fixture
def start(owner: Any) -> Start:
    """Start an execution from asynchronous code, for ``ann`` unless told otherwise."""

    async def start(prompt: str, **options: Any) -> Execution:
        return await sync_to_async(services.start)(**{"owner": owner, "prompt": prompt, **options})

    return start


async def events_of(execution: Execution, after: int = 0) -> list[Entry]:
    """Follow an execution to its end and return all its events."""
    return [entry async for batch in follow(execution.pk, after) for entry in batch]


async def wait_for_event(execution: Execution, kind: str) -> Entry:
    """Follow an execution until an event of that type."""
    async for batch in follow(execution.pk):
        for entry in batch:
            if entry.type == kind:
                return entry
    raise AssertionError(f"{execution} ended without {kind}")


async def reload(execution: Execution) -> Execution:
    return await Execution.objects.aget(pk=execution.pk)


async def cancel(execution: Execution, **options: Any) -> services.CancelReport:
    queryset = Execution.objects.filter(pk=execution.pk)
    return await sync_to_async(services.cancel)(queryset, **{"by": None, **options})
