"""Empties the outbox: a loop of a worker that takes what is due and sends it, many at once, few for each receiver.

Invariants: an attempt that is not written down is made again by somebody, once its lease has ended; nothing here waits
for a receiver but its own task; the journal's thread and connection are not used.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import time

from executions.background import start_service
from executions.conf import conf
from executions.database import DatabaseThread
from executions.deliveries.posting import Poster
from executions.deliveries.pruning import forget_old
from executions.deliveries.settling import settle
from executions.deliveries.taking import Parcel, take
from executions.models.delivery import DeliveryQuerySet

logger = logging.getLogger(__name__)

#: Sent at once by one process.
AT_ONCE = 64
#: Seconds that a stop lets receivers answer; whom it cuts off is told again by others.
STOP_SECONDS = 2.0
#: Seconds between two looks for what is too old to be kept.
FORGET_EVERY = 3600.0


class Deliverer:
    """Sends what is due, from :meth:`start` to :meth:`stop`."""

    def __init__(self) -> None:
        self._database = DatabaseThread("deliveries")
        self._poster = Poster()
        self._bell = asyncio.Event()
        self._sending: dict[asyncio.Task[None], Parcel] = {}
        self._service: asyncio.Task[None] | None = None
        self._forget_at = 0.0

    def start(self) -> None:
        """Begin; belongs to the running loop."""
        self._service = start_service(self._run(), "deliveries")

    def wake(self) -> None:
        """There may be something to send."""
        self._bell.set()

    async def stop(self) -> None:
        """Take nothing more, let what is on its way arrive for a moment, and give back the rest."""
        if self._service is not None:
            self._service.cancel()
            await asyncio.gather(self._service, return_exceptions=True)
        if self._sending:
            await asyncio.wait(self._sending, timeout=STOP_SECONDS)
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)
        await self._poster.close()
        await self._database.close()

    async def _run(self) -> None:
        """Take what is due when the bell rings, and once a poll. Cancellation: what is taken is given back first."""
        loop = asyncio.get_running_loop()
        while True:
            timer = loop.call_later(conf.poll_seconds, self._bell.set)
            await self._bell.wait()
            timer.cancel()
            self._bell.clear()
            await self._take()
            if time.monotonic() >= self._forget_at:
                self._forget_at = time.monotonic() + FORGET_EVERY
                await self._database.try_run(forget_old)

    async def _take(self) -> None:
        free = AT_ONCE - len(self._sending)
        if free <= 0:
            return
        work = asyncio.ensure_future(self._database.try_run(take, free, list(self._sending.values())))
        try:
            parcels = await asyncio.shield(work) or []
        except asyncio.CancelledError:
            for parcel in await work or []:
                await self._release(parcel)
            raise
        for parcel in parcels:
            task = asyncio.get_running_loop().create_task(self._deliver(parcel), context=contextvars.Context())
            self._sending[task] = parcel
            task.add_done_callback(self._sent)

    def _sent(self, task: asyncio.Task[None]) -> None:
        del self._sending[task]
        self._bell.set()
        if not task.cancelled() and task.exception() is not None:
            logger.error("a delivery was not sent, and will be again", exc_info=task.exception())

    async def _deliver(self, parcel: Parcel) -> None:
        """Make one attempt and write down what came of it. Cancellation: the attempt is given back."""
        try:
            answer = await self._poster.post(parcel.outgoing)
        except asyncio.CancelledError:
            await self._release(parcel)
            raise
        if not answer.delivered:
            logger.info("%s %s: %s", parcel.channel.name, parcel.delivery.pk, answer.error or answer.status)
        await self._database.try_run(settle, parcel.channel, parcel.delivery, parcel.attempt, answer)

    async def _release(self, parcel: Parcel) -> None:
        rows: DeliveryQuerySet = parcel.channel.model.objects.all()
        await self._database.try_run(rows.release, parcel.delivery.pk, parcel.attempt)
