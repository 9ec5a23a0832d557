"""How anybody follows an execution without missing or repeating an event.

Subscribe first, read the journal after the last ``seq`` seen, then follow; whatever leaves a gap (a lost doorbell, a
slow reader, a restart) is closed by reading the journal again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import closing
from functools import lru_cache

from django.db import InterfaceError, OperationalError

from executions.conf import conf
from executions.events import Change, Entry, Finished
from executions.hub import Hub, get_hub
from executions.models import EventRow, Execution
from executions.prepared import Param, Prepared, PreparedObjects

#: The most entries read from the journal at a time.
PAGE = 500


def read(execution_id: int, after: int = 0, limit: int | None = None) -> list[Entry]:
    """Return the entries with ``seq > after``, in order, at most ``limit``.

    A row that a compaction has joined from several is cut to what comes after ``after``.
    """
    entries = []
    for row in _rows(limit).all(execution=execution_id, after=after):
        entry = row.entry()
        if row.cuts and row.first_seq is not None and row.first_seq <= after:
            entry.data = {**entry.data, "text": entry.data["text"][row.cuts[after - row.first_seq] :]}
        entries.append(entry)
    return entries


@lru_cache(maxsize=16)
def _rows(limit: int | None) -> PreparedObjects[EventRow]:
    return PreparedObjects(
        lambda: EventRow.objects.filter(execution_id=Param("execution"), seq__gt=Param("after")).order_by("seq")[:limit]
    )


_UNFINISHED = Prepared(lambda: Execution.objects.unfinished().filter(pk=Param("pk")).order_by().values_list("pk"))


def _read_page(execution_id: int, after: int) -> tuple[list[Entry], bool]:
    """Return a page of entries, and whether there can be no more after it."""
    entries = read(execution_id, after, PAGE)
    if not entries:
        if _UNFINISHED.exists(pk=execution_id):
            return [], False
        # It may have finished between these two queries.
        entries = read(execution_id, after, PAGE)
    return entries, not entries or entries[-1].type == Finished.type


async def _next_page(hub: Hub, execution_id: int, after: int) -> tuple[list[Entry], bool]:
    """Return :func:`_read_page`, however long the database is away: a reader has all the time it needs."""
    while True:
        try:
            return await hub.database.run(_read_page, execution_id, after)
        except (OperationalError, InterfaceError) as error:
            hub.outage.complain(error)
            await asyncio.sleep(conf.poll_seconds)


async def follow(execution_id: int, after: int = 0) -> AsyncGenerator[list[Entry], None]:
    """Yield every entry with ``seq > after`` exactly once, in order, in batches, until the execution has finished.

    Whether the reader may see the execution is for the caller to decide. While the database is away the reader waits.
    Cancellation: ends the subscription.
    """
    hub = get_hub()
    with closing(hub.watch(execution_id)) as subscription:
        while True:
            entries, over = await _next_page(hub, execution_id, after)
            if entries:
                after = entries[-1].seq
                subscription.seen = max(subscription.seen, after)
                yield entries
            if over:
                return
            if len(entries) == PAGE:
                continue
            while (live := await subscription.next()) is not None:
                fresh = [entry for entry in live if entry.seq > after]
                if not fresh:
                    continue
                if fresh[0].seq != after + 1:
                    break
                after = fresh[-1].seq
                yield fresh
                if fresh[-1].type == Finished.type:
                    return


async def follow_changes(owner_id: int | None) -> AsyncGenerator[list[Change], None]:
    """Yield the life-cycle changes of one owner's executions, or of everybody's, from now on and without end.

    Changes are announcements, not a journal: after a pause, read the list anew. Cancellation: ends the subscription.
    """
    with closing(get_hub().watch_changes(owner_id)) as subscription:
        while True:
            yield await subscription.next()
