"""A worker in the test's own event loop, on the real database."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
import pytest_asyncio
from asgiref.sync import SyncToAsync, sync_to_async
from django.contrib.auth import get_user_model
from django.db import connections

from executions import services
from executions.agents.base import Run
from executions.conf import conf
from executions.events import Entry
from executions.models import Execution
from executions.readers import follow
from executions.worker import EmbeddedWorker
from tests.executions import scripted


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


@pytest.fixture
def settings_of_engine(settings: Any) -> Callable[..., None]:
    """Change settings of the engine: ``settings_of_engine(POLL_SECONDS=0.1)``."""

    def change(**changes: Any) -> None:
        settings.EXECUTIONS = {**settings.EXECUTIONS, **changes}

    return change


@pytest.fixture(scope="session", autouse=True)
def _close_connections_of_threads(django_db_setup: None) -> Iterator[None]:
    """PostgreSQL drops no test database that somebody is connected to."""
    yield
    SyncToAsync.single_thread_executor.submit(connections.close_all).result()


Behave = Callable[..., Awaitable[Execution]]


@pytest.fixture
def behave(start: Start, settings_of_engine: Callable[..., None]) -> Behave:
    """Start an execution whose agent is a function: ``await behave(function)``."""
    settings_of_engine(AGENTS={**conf.agents, "scripted": "tests.executions.scripted.ScriptedAgent"})

    async def behave(function: Callable[[Run], Awaitable[None]], **options: Any) -> Execution:
        scripted.BEHAVIORS[function.__qualname__] = function
        return await start(function.__qualname__, **{"agent": "scripted", **options})

    return behave
