"""A run ends with the connection that it is tied to, at whatever moment that is."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User

from chat.commands.ties import SCOPE_KEY, Tie, Ties
from executions import services
from executions.models import Execution
from tests.support import await_until

pytestmark = pytest.mark.django_db(transaction=True)


def queued(owner: User) -> Execution:
    return services.start(owner=owner, prompt="say hello")


async def outcome_of(execution: Execution) -> tuple[str, str]:
    row = await Execution.objects.aget(pk=execution.pk)
    return row.outcome, row.cancel_source


async def served(application: Any) -> None:
    await Ties(application)({"type": "http"}, None, None)  # type: ignore[typeddict-item, arg-type]


async def test_what_is_held_when_the_request_ends_is_canceled_by_its_owner(user: User) -> None:
    execution = await sync_to_async(queued)(user)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        scope[SCOPE_KEY].hold(execution.pk, user)

    await served(application)
    row = await Execution.objects.select_related("cancel_requested_by").aget(pk=execution.pk)
    assert (row.outcome, row.cancel_source, row.cancel_requested_by) == ("canceled", "disconnect", user)


async def test_what_was_released_goes_on(user: User) -> None:
    execution = await sync_to_async(queued)(user)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        scope[SCOPE_KEY].hold(execution.pk, user)
        scope[SCOPE_KEY].release()

    await served(application)
    assert await outcome_of(execution) == ("", "")


async def test_a_request_that_is_canceled_cancels_what_it_holds(user: User) -> None:
    execution = await sync_to_async(queued)(user)
    holding = asyncio.Event()

    async def application(scope: Any, receive: Any, send: Any) -> None:
        scope[SCOPE_KEY].hold(execution.pk, user)
        holding.set()
        await asyncio.Event().wait()

    task = asyncio.ensure_future(served(application))
    await holding.wait()
    task.cancel()
    await asyncio.wait({task})
    row = Execution.objects.filter(pk=execution.pk, outcome="canceled")
    await await_until(lambda: task.cancelled())
    assert await row.aexists()


async def test_a_run_that_is_held_too_late_is_canceled_at_once(user: User) -> None:
    execution = await sync_to_async(queued)(user)
    ties: list[Tie] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        ties.append(scope[SCOPE_KEY])

    await served(application)
    await sync_to_async(ties[0].hold)(execution.pk, user)
    assert await outcome_of(execution) == ("canceled", "disconnect")
