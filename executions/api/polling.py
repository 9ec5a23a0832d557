"""For clients that ask again and again: a name for what they were told, and waiting until it is something else.

The name (ETag) is made of the columns that change with an execution, before the rest of it is read. It is weak: of
one that runs, the duration goes on without a new name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import closing
from hashlib import blake2b
from typing import Any, NamedTuple

from channels.db import database_sync_to_async
from django.http import HttpResponseBase
from django.utils.cache import get_conditional_response
from rest_framework.request import Request

from executions import connections
from executions.claiming import queue_position
from executions.conf import conf
from executions.hub import get_hub
from executions.models import Execution
from executions.prepared import Param, PreparedObjects
from executions.states import State

MAX_WAIT_SECONDS = 30

#: What changes with an execution, and nothing large.
CHANGING = (
    "pk", "owner_id", "state", "priority", "changed_at", "cancel_requested_at", "cancel_requested_by_id", "worker_id",
    "last_seq", "pruned", "retry_of_id", "agent_session",
)  # fmt: skip


class Version(NamedTuple):
    """An execution at one moment, and its name then."""

    owner_id: int
    finished: bool
    etag: str


_CHANGING = PreparedObjects(lambda: Execution.objects.filter(pk=Param("pk")).order_by().only(*CHANGING))


def version_of(execution: Execution) -> Version:
    """Return what an execution is called as it is in memory."""
    row = (*changing(execution), queue_position(execution))
    return Version(execution.owner_id, execution.state == State.FINISHED, etag_of([row]))


def current(execution_id: int) -> Version | None:
    """Return what an execution is called now; ``None`` when there is none."""
    found = _CHANGING.all(pk=execution_id)
    return version_of(found[0]) if found else None


def changing(execution: Execution) -> tuple[Any, ...]:
    """Return what changes with an execution."""
    return tuple(getattr(execution, name) for name in CHANGING)


def etag_of(rows: Iterable[Any]) -> str:
    """Return the ETag of rows, which are the same exactly when their text is."""
    return f'W/"{blake2b(repr(list(rows)).encode(), digest_size=12).hexdigest()}"'


def unchanged(request: Request, etag: str) -> HttpResponseBase | None:
    """Return the 304 for a client that has just that; ``None`` when it needs to be told."""
    if getattr(request.accepted_renderer, "format", "") != "json":
        return None  # a page shows more than what the name is made of
    response: HttpResponseBase | None = get_conditional_response(request._request, etag=etag)
    if response is not None:
        name(response, etag)
    return response


def name(response: HttpResponseBase, etag: str) -> None:
    """Tell the client what it was told, and to ask for it again."""
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"


async def until_changed(execution_id: int, version: Version, seconds: float, reader_id: int) -> None:
    """Wait until the execution is no longer that version, for at most ``seconds``.

    It counts as a live connection of the reader. Cancellation: nothing is left behind.
    """
    with connections.counted(reader_id), closing(get_hub().watch_changes(version.owner_id)) as changes:
        try:
            async with asyncio.timeout(seconds):
                # Looked at after having subscribed; and now and then, because an announcement may be lost.
                while await database_sync_to_async(current)(execution_id) == version:
                    try:
                        async with asyncio.timeout(conf.poll_seconds):
                            while execution_id not in {change.execution_id for change in await changes.next()}:
                                pass
                    except TimeoutError:
                        continue
        except TimeoutError:
            return
