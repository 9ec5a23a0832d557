"""Owns the tasks of one worker: claims executions, has them run, stops them.

Invariants: an execution's task is owned here and nowhere else; nothing is claimed once the worker is to stop; what is
held by rows and not run here, or run here and not held, is ended.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import time
from collections.abc import Iterable, Sequence

from executions import held
from executions.background import start_service
from executions.claiming import claim, release
from executions.compaction import COMPACT_FROM_ROWS, compact
from executions.conf import conf
from executions.database import DatabaseThread
from executions.journal import Journal
from executions.models import Execution, Worker
from executions.runner import Runner
from executions.running import Running, StopReason
from executions.watchers import Watchers

logger = logging.getLogger(__name__)

#: Seconds between two claims while many executions are started at once.
MAX_CLAIM_PAUSE = 0.02
#: Seconds that a stop waits for a database that is away; what is not written then, others finish as lost.
STOP_SECONDS = 10.0

DELETED = "Its row was deleted while it ran."


class Supervisor:
    """Runs executions for the worker ``worker_id``."""

    def __init__(self, worker_id: str, slots: int, agents: Sequence[str] = ()) -> None:
        self.worker_id = worker_id
        self.slots = slots
        self.agents = tuple(agents)
        #: Set to end a drain before its time.
        self.hurry = asyncio.Event()
        self.watchers = Watchers()
        self.database = DatabaseThread("worker")
        self.journal = Journal(worker_id, self.database, self.watchers.publish, self.lose_lease, self._refuse)
        self.lease_lost = asyncio.Event()
        self.runner = Runner(worker_id, self.database, self.journal, self.lease_lost)
        self._held: dict[int, Running] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._background: list[asyncio.Task[None]] = []
        self._to_compact: asyncio.Queue[int] = asyncio.Queue()
        self._orphans: set[int] = set()
        self._bereft: set[int] = set()
        self._turns: dict[int, int] = {}
        self._wake = asyncio.Event()
        self._poll = asyncio.Event()
        self._stopping = asyncio.Event()

    # Life ------------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to claim and run; belongs to the running loop."""
        self.journal.start()
        self._background = [
            start_service(self._claim_forever(), "claim"),
            start_service(self._poll_forever(), "poll"),
            start_service(self._compact_forever(), "compact"),
        ]
        self.wake()

    async def stop(self, drain_seconds: float = 0.0) -> None:
        """Claim nothing more, let runs finish for ``drain_seconds``, then finish the rest as ``lost``."""
        self._stopping.set()
        if self._held and drain_seconds:
            logger.info("letting %s executions finish for up to %g s", len(self._held), drain_seconds)
            await self.database.try_run(Worker.objects.begin_draining, self.worker_id)
            await self._drain(drain_seconds)
        await self._end_background()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._stop_all(StopReason.SHUTDOWN)
                await self.journal.close()
        except TimeoutError:
            logger.error("%s executions could not be finished in the database; others will", len(self._held))
        await self.database.close()

    async def _drain(self, seconds: float) -> None:
        """Wait until nothing runs here, the time is over, or somebody is in a hurry. Cancels and answers still work."""
        hurry = asyncio.get_running_loop().create_task(self.hurry.wait())
        deadline = time.monotonic() + seconds
        while self._tasks and not self.hurry.is_set() and time.monotonic() < deadline:
            await asyncio.wait(
                {hurry, *self._tasks.values()},
                timeout=deadline - time.monotonic(),
                return_when=asyncio.FIRST_COMPLETED,
            )
        hurry.cancel()

    def lose_lease(self) -> None:
        """Drop everything and write nothing: somebody else has finished, or will finish, what this worker held."""
        self.lease_lost.set()
        for running in self._held.values():
            running.stop(StopReason.LEASE_LOST)

    async def abandon(self) -> None:
        """End all tasks of a worker that has lost its lease."""
        self._stopping.set()
        await self._end_background()
        await self._stop_all(StopReason.LEASE_LOST)
        await self.journal.close()
        await self.database.close()

    async def _end_background(self) -> None:
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)

    async def _stop_all(self, reason: StopReason) -> None:
        for running in list(self._held.values()):
            running.stop(reason)
        while self._tasks:
            await asyncio.wait(self._tasks.values())

    # Doorbells: synchronous and quick ---------------------------------------------------------------------------------

    def wake(self) -> None:
        """There may be something to claim."""
        self._wake.set()

    def poll_soon(self) -> None:
        """There may be an answer or a cancel in the columns."""
        self._poll.set()

    def cancel(self, execution_ids: Iterable[int]) -> None:
        """Stop those of ``execution_ids`` that are held here. Their rows say already that it is wanted."""
        for execution_id in execution_ids:
            running = self._held.get(execution_id)
            if running is not None:
                running.stop(StopReason.CANCELED)

    def _refuse(self, execution_id: int, why: str) -> None:
        running = self._held.get(execution_id)
        if running is not None:
            running.refusal = why
            running.stop(StopReason.REFUSED)

    # Loops ------------------------------------------------------------------------------------------------------------

    @property
    def free_slots(self) -> int:
        """Waiting executions hold no slot: they may wait for days."""
        return self.slots - sum(not running.waiting for running in self._held.values())

    async def _claim_forever(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self._stopping.is_set():
                continue
            began = time.monotonic()
            claimed = await self._claim()
            if self._stopping.is_set() and claimed:
                # Asked to stop while this was being claimed: others can run it.
                await self.database.try_run(release, self.worker_id, [e.pk for e in claimed])
                continue
            for execution in claimed:
                try:
                    self._begin(execution)
                except Exception:
                    # Held by its row and not run: it is found and finished as an orphan.
                    logger.exception("execution %s can't be begun", execution.pk)
            if len(claimed) > 1:
                # Many come at once: the next ones are claimed together.
                await asyncio.sleep(min(time.monotonic() - began, MAX_CLAIM_PAUSE))

    async def _claim(self) -> list[Execution]:
        """Claim what there is room for. Cancellation: waits for the answer first, so that nothing is claimed unseen."""
        work = asyncio.ensure_future(
            self.database.try_run(claim, self.worker_id, self.free_slots, self.agents, self._turns)
        )
        try:
            return await asyncio.shield(work) or []
        except asyncio.CancelledError:
            claimed = await work
            if claimed:
                await self.database.try_run(release, self.worker_id, [e.pk for e in claimed])
            raise

    async def _poll_forever(self) -> None:
        """Read the columns once a poll: for doorbells that were lost, and when one rang."""
        loop = asyncio.get_running_loop()
        while True:
            timer = loop.call_later(conf.poll_seconds, self._poll.set)
            await self._poll.wait()
            timer.cancel()
            self._poll.clear()
            self.wake()
            news = await self.database.try_run(held.news, self.worker_id)
            if news is not None:
                self.cancel(news.canceled)
                for execution_id, (question_id, answer) in news.answers.items():
                    if execution_id in self._held:
                        self._held[execution_id].give_answer(question_id, answer)
                self._stop_bereft(self._held.keys() - news.held)
                await self._finish_orphans(news.held - self._held.keys())

    async def _finish_orphans(self, orphans: set[int]) -> None:
        """Finish what this worker holds by its rows and does not run, seen so twice.

        It happens when a claim's commit got through and its answer did not.
        """
        again = orphans & self._orphans
        self._orphans = orphans
        if again:
            logger.error("finishing executions that were claimed and never begun: %s", sorted(again))
            await self.database.try_run(held.finish_orphans, self.worker_id, again)

    def _stop_bereft(self, bereft: set[int]) -> None:
        """Stop what runs here without a row that says so, seen so twice: its row was deleted.

        Seen once, it may have been claimed after the rows were read, or be about to end here.
        """
        for execution_id in bereft & self._bereft:
            self._refuse(execution_id, DELETED)
        self._bereft = bereft

    async def _compact_forever(self) -> None:
        while True:
            execution_id = await self._to_compact.get()
            await self.database.try_run(compact, execution_id)

    # Executions -------------------------------------------------------------------------------------------------------

    def _begin(self, execution: Execution) -> None:
        running = self.runner.begin(execution)
        self._held[execution.pk] = running
        loop = asyncio.get_running_loop()
        # A fresh context: one that a request left behind would keep its database connection and thread alive.
        task = loop.create_task(self._run(running), name=f"execution-{execution.pk}", context=contextvars.Context())
        self._tasks[execution.pk] = task
        task.add_done_callback(lambda task: self._ended(execution.pk, task))

    async def _run(self, running: Running) -> None:
        if await self.runner.run(running) and running.log.next_seq > COMPACT_FROM_ROWS:
            self._to_compact.put_nowait(running.pk)

    def _ended(self, execution_id: int, task: asyncio.Task[None]) -> None:
        self._held.pop(execution_id, None)
        self._tasks.pop(execution_id, None)
        if not task.cancelled() and task.exception() is not None:
            logger.error("execution %s could not be finished", execution_id, exc_info=task.exception())
        self.wake()
