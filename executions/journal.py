"""The journal: the ordered, durable list of every execution's events. One writer per worker process.

Invariants: a reader is told of an event only after its commit; ``seq`` has no gaps; nothing is written twice, even
when it is unknown whether a commit got through; nothing is written for a worker that has lost its lease.

The writer collects the events of all executions of its worker and writes them in one transaction (group commit). The
first event after a quiet time is written at once; under load the pause between two writes grows with what the last
one took, so that the database stays mostly free and rows per second stay bounded.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db import InterfaceError, OperationalError

from executions.background import start_service
from executions.counters import JOURNAL_LAG, JOURNAL_ROWS
from executions.database import DatabaseThread
from executions.events import Entry, Event
from executions.log import Log
from executions.outages import Outage
from executions.writing import Batch, Finish, Wait, Written, write

logger = logging.getLogger(__name__)

#: Seconds between two writes that nothing is urgent about: at rest, and at most.
MIN_PAUSE = 0.02
MAX_PAUSE = 0.25
#: The part of the time the writer may spend writing before its pauses grow.
DUTY = 0.25
#: Seconds between two attempts while the database can't be reached.
RETRY_PAUSE = 0.5


@dataclass(slots=True)
class _Order:
    """An urgent write: events up to here, and a transition with them."""

    log: Log
    step: Finish | Wait | None
    done: asyncio.Future[bool] | None = field(default=None)


class Journal:
    """Writes the events of one worker's executions."""

    def __init__(
        self,
        worker_id: str,
        database: DatabaseThread,
        publish: Callable[[list[Entry]], None],
        on_lease_lost: Callable[[], None],
        on_refused: Callable[[int, str], None],
    ) -> None:
        self._worker_id = worker_id
        self._database = database
        self._publish = publish
        self._on_lease_lost = on_lease_lost
        self._on_refused = on_refused
        self._dirty: dict[int, Log] = {}
        self._orders: list[_Order] = []
        self._bell = asyncio.Event()
        self._urgent = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closing = False
        self.pause = MIN_PAUSE
        self.rows_written = 0
        self.flushes = 0

    def start(self) -> None:
        """Begin to write; belongs to the running loop."""
        self._task = start_service(self._run(), "journal")

    async def close(self) -> None:
        """Write what is left and end. Cancellation: what is left stays unwritten."""
        self._closing = True
        self._bell.set()
        self._urgent.set()
        if self._task is not None:
            await self._task

    def begin(self, log: Log, event: Event) -> None:
        """Add the first event of an execution: written with the one that follows, or after a short pause."""
        log.append(event)
        self._dirty[log.execution_id] = log
        asyncio.get_running_loop().call_later(MIN_PAUSE, self._bell.set)

    def append(self, log: Log, event: Event, *, urgent: bool = False) -> None:
        """Add an event; it is written within a pause, at once when ``urgent`` or among the first of its execution.

        What comes after the final event is dropped. Raises what :meth:`executions.log.Log.append` raises.
        """
        if log.closed:
            return
        log.append(event)
        if urgent or log.written < 2:
            self._order(_Order(log, None))
        else:
            self._dirty[log.execution_id] = log
            self._bell.set()

    async def wait(self, log: Log, step: Wait) -> bool:
        """Write all that is pending and ``running → waiting``; returns whether that was still possible."""
        return await self._ordered(log, step)

    async def finish(self, log: Log, step: Finish) -> bool:
        """Write all that is pending and the outcome; returns ``False`` when somebody else has finished it.

        Cancellation: the write happens all the same.
        """
        return await self._ordered(log, step)

    async def _ordered(self, log: Log, step: Finish | Wait) -> bool:
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._order(_Order(log, step, done))
        return await asyncio.shield(done)

    def _order(self, order: _Order) -> None:
        self._orders.append(order)
        self._bell.set()
        self._urgent.set()

    async def _run(self) -> None:
        last = 0.0
        while True:
            await self._bell.wait()
            if not self._orders and not self._closing:
                await self._rest(last + self.pause - time.monotonic())
            if not self._orders and not self._dirty:
                if self._closing:
                    return
                self._bell.clear()
                continue
            everything = time.monotonic() >= last + self.pause or self._closing
            began, orders = time.monotonic(), len(self._orders)
            await self._flush(everything=everything)
            took = time.monotonic() - began
            if everything:
                last = began + took
                self.pause = min(max(took / DUTY, MIN_PAUSE), MAX_PAUSE)
            if orders > 1 and not self._closing:
                # Many are in a hurry at once: the next ones are written together, which is sooner for all but one.
                await asyncio.sleep(min(took, MIN_PAUSE))

    async def _rest(self, seconds: float) -> None:
        """Wait for company, at most until the next write is due or something is urgent."""
        if seconds <= 0:
            return
        loop = asyncio.get_running_loop()
        timer = loop.call_later(seconds, self._urgent.set)
        await self._urgent.wait()
        timer.cancel()

    async def _flush(self, *, everything: bool) -> None:
        orders, self._orders = self._orders, []
        self._urgent.clear()
        logs = {order.log.execution_id: order.log for order in orders}
        if everything:
            logs |= self._dirty
        for execution_id in logs:
            self._dirty.pop(execution_id, None)
        # Once closing, the bell stays: it may have rung before this, and nobody rings it again.
        if not self._dirty and not self._orders and not self._closing:
            self._bell.clear()
        batch = Batch(self._worker_id)
        for order in orders:
            if isinstance(order.step, Wait):
                order.log.append(order.step.event)
        for log in logs.values():
            batch.entries[log.execution_id] = log.take()
        for order in orders:
            if isinstance(order.step, Finish):
                order.step.seq = order.log.next_seq
                order.log.closed = True
                order.log.next_seq += 1
            if order.step is not None:
                batch.steps.append(order.step)
        written = await self._write(batch)
        # The numbers of what was not stored are given again: ``seq`` has no gaps.
        for execution_id in written.refused.keys() - {entry.execution_id for entry in written.entries}:
            logs[execution_id].take_back(batch.entries[execution_id])
        self._settle(written, orders, logs)

    async def _write(self, batch: Batch) -> Written:
        """Write ``batch``, for as long as the database is away; agents wait when too much is pending."""
        outage = Outage(logger, "the journal can't be written and is kept in memory")
        while True:
            try:
                return await self._database.run(write, batch)
            except (OperationalError, InterfaceError) as error:
                outage.complain(error)
                batch.repeated = True
                await asyncio.sleep(RETRY_PAUSE)

    def _settle(self, written: Written, orders: list[_Order], logs: dict[int, Log]) -> None:
        self.flushes += 1
        self.rows_written += len(written.entries)
        if written.entries:
            self._publish(written.entries)
            JOURNAL_ROWS.inc(len(written.entries))
            oldest = min(entry.created_at for entry in written.entries)
            JOURNAL_LAG.observe(max(0.0, (datetime.now(UTC) - oldest).total_seconds()))
        for log in logs.values():
            log.made_room()
        for order in orders:
            if order.done is not None and not order.done.done():
                order.done.set_result(order.step is not None and order.step.execution_id in written.won)
        for execution_id, why in written.refused.items():
            self._on_refused(execution_id, why)
        if written.lease_lost:
            self._on_lease_lost()
