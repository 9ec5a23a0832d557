"""The readers of one process: one subscription to the channel layer, however many sockets.

A worker in this process hands its entries over directly; others send them here, to this hub's own group, because the
hub tells every worker what is watched. All of it only makes things sooner: a subscription that falls behind, or whose
doorbell was lost, is told to read the journal.
"""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
import weakref
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from channels.layers import get_channel_layer
from django.db import Error
from django.db.models import OuterRef, Subquery
from redis.exceptions import RedisError

from executions import bus
from executions.background import start_service
from executions.conf import conf
from executions.database import DatabaseThread
from executions.events import Change, Entry
from executions.models import EventRow, Execution
from executions.outages import Outage
from executions.subscriptions import ChangeSubscription, Subscription

logger = logging.getLogger(__name__)

#: How often workers are told again what is watched here; they forget it after three times as long.
WATCH_SECONDS = 5.0

_hubs: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = weakref.WeakKeyDictionary()


def get_hub() -> Hub:
    """Return the hub of the running event loop."""
    loop = asyncio.get_running_loop()
    hub = _hubs.get(loop)
    if hub is None:
        hub = _hubs[loop] = Hub()
    return hub


class Hub:
    """Hands entries and changes to the subscriptions of this process."""

    def __init__(self) -> None:
        self.id = uuid.uuid4().hex
        self.database = DatabaseThread("reader")
        self._watched: dict[int, set[Subscription]] = {}
        self._changes: dict[int | None, set[ChangeSubscription]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self.outage = Outage(logger, "readers can't reach the database")

    # Subscriptions ---------------------------------------------------------------------------------------------------

    def watch(self, execution_id: int) -> Subscription:
        """Subscribe to the entries of one execution; close the subscription when done."""
        self._start()
        subscription = Subscription(execution_id, self._unwatch)
        watchers = self._watched.setdefault(execution_id, set())
        watchers.add(subscription)
        if len(watchers) == 1:
            bus.ring(bus.WORKERS, {"type": "execution.watch", "hub": self.id, "ids": [execution_id]})
        return subscription

    def watch_changes(self, owner_id: int | None) -> ChangeSubscription:
        """Subscribe to the life-cycle changes of one owner's executions, or of everybody's (``None``)."""
        self._start()
        subscription = ChangeSubscription(owner_id, self._unwatch_changes)
        self._changes.setdefault(owner_id, set()).add(subscription)
        return subscription

    def _unwatch(self, subscription: Subscription) -> None:
        watchers = self._watched.get(subscription.execution_id, set())
        watchers.discard(subscription)
        if not watchers:
            self._watched.pop(subscription.execution_id, None)

    def _unwatch_changes(self, subscription: ChangeSubscription) -> None:
        watchers = self._changes.get(subscription.owner_id, set())
        watchers.discard(subscription)
        if not watchers:
            self._changes.pop(subscription.owner_id, None)

    # Deliveries ------------------------------------------------------------------------------------------------------

    def deliver(self, entries: Iterable[Entry]) -> None:
        """Hand committed entries, in order, to whoever watches their executions."""
        batches: dict[int, list[Entry]] = {}
        for entry in entries:
            if entry.execution_id in self._watched:
                batches.setdefault(entry.execution_id, []).append(entry)
        for execution_id, batch in batches.items():
            for subscription in self._watched[execution_id]:
                subscription.put(batch)

    def deliver_changes(self, changes: Iterable[Change]) -> None:
        """Hand life-cycle changes to whoever shows a list of them."""
        for change in changes:
            if change.kind == "finished":
                # A queued execution is finished by whoever cancels it: no worker hands its last entry over.
                for watcher in self._watched.get(change.execution_id, ()):
                    watcher.look()
            for key in list(self._changes) if change.kind == "queue" else (change.owner_id, None):
                for subscription in self._changes.get(key, ()):
                    subscription.put(change)

    # The channel layer -----------------------------------------------------------------------------------------------

    def _start(self) -> None:
        if not self._tasks:
            self._tasks = [
                start_service(self._listen(), "hub-listen"),
                start_service(self._remind(), "hub-remind"),
                start_service(self._check(), "hub-check"),
            ]

    async def stop(self) -> None:
        """End the hub's tasks and its database thread; subscriptions hear nothing more."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.database.close()
        _hubs.pop(asyncio.get_running_loop(), None)

    async def _listen(self) -> None:
        layer = get_channel_layer()
        if layer is None:
            return
        while True:
            try:
                channel = await layer.new_channel("hub")
                await layer.group_add(bus.hub_group(self.id), channel)
                await layer.group_add(bus.CHANGES, channel)
                while True:
                    self._hear(await layer.receive(channel))
            except (OSError, RedisError) as error:
                logger.warning("the channel layer is away, readers use the journal: %s", error)
                await asyncio.sleep(conf.poll_seconds)

    def _hear(self, message: dict[str, Any]) -> None:
        if message["type"] == "execution.changes":
            self.deliver_changes(Change(*change) for change in message["changes"])
        elif message["type"] == "journal.entries":
            self.deliver(decode(message["entries"]))

    async def _remind(self) -> None:
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            if self._watched:
                message = {"type": "execution.watch", "hub": self.id, "ids": list(self._watched)}
                await bus.send(bus.WORKERS, message)

    async def _check(self) -> None:
        """Once a poll: one query for all that is watched, for certainty."""
        while True:
            await asyncio.sleep(conf.poll_seconds)
            if not self._watched:
                continue
            try:
                last = await self.database.run(last_seqs, list(self._watched))
            except Error as error:
                self.outage.complain(error)
                continue
            for execution_id, subscriptions in list(self._watched.items()):
                for subscription in list(subscriptions):
                    subscription.check(last.get(execution_id, 0))


def last_seqs(ids: list[int]) -> dict[int, int]:
    """Return the last ``seq`` in the journal of each execution of ``ids`` that has any."""
    # One entry of the index for each execution; a GROUP BY would read their whole journals, once a second.
    newest = EventRow.objects.filter(execution=OuterRef("pk")).order_by("-seq").values("seq")[:1]
    rows = Execution.objects.filter(pk__in=ids).order_by().values_list("pk", Subquery(newest))
    return {pk: last for pk, last in rows if last is not None}


def encode(entries: Iterable[Entry]) -> str:
    """Encode entries for another process's hub."""
    return json.dumps([[e.execution_id, e.seq, e.type, e.data, e.created_at.isoformat()] for e in entries])


def decode(text: str) -> list[Entry]:
    """The inverse of :func:`encode`."""
    return [
        Entry(execution_id, seq, kind, data, datetime.fromisoformat(at))
        for execution_id, seq, kind, data, at in json.loads(text)
    ]
