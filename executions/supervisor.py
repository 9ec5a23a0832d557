"""Owns the tasks of one worker: claims executions, runs their agents, stops them, writes what became of them.

Invariants: an execution's task is owned here and nowhere else; it is known why each was stopped before it is
canceled; a canceled task is canceled again until it has ended or its grace is over; the outcome is written after the
agent has ended and its processes are gone, by code that nobody cancels.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

from django.db import Error, InterfaceError, OperationalError
from django.utils.module_loading import import_string

from executions import held
from executions.agents.base import Agent, AgentFailure, Limits, Run
from executions.agents.registry import load_agent
from executions.background import start_service
from executions.claiming import claim, release
from executions.compaction import COMPACT_FROM_ROWS, compact
from executions.conf import conf
from executions.database import DatabaseThread
from executions.events import Started
from executions.journal import Journal
from executions.log import Log
from executions.models import Execution, Worker
from executions.outcomes import finished_event
from executions.processes import ProcessGroup
from executions.running import Running, StopReason
from executions.threads import in_thread
from executions.watchers import Watchers
from executions.workspaces import workspace_of
from executions.writing import Finish

P = ParamSpec("P")
T = TypeVar("T")

logger = logging.getLogger(__name__)

#: Seconds between two attempts to cancel a task that has not ended: on Python 3.11 ``asyncio.wait_for`` in a library
#: can swallow one.
CANCEL_AGAIN_SECONDS = 0.1
#: Seconds between two claims while many executions are started at once.
MAX_CLAIM_PAUSE = 0.02
#: Seconds to wait for processes that were sent SIGKILL; they outlive it only in uninterruptible sleep.
GONE_SECONDS = 2.0
DELETED = "Its row was deleted while it ran."
#: Seconds that a stop waits for a database that is away; what is not written then, others finish as lost.
STOP_SECONDS = 10.0


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
            await self._in_database(self.database.run(Worker.objects.begin_draining, self.worker_id))
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
                await self._in_database(self.database.run(release, self.worker_id, [e.pk for e in claimed]))
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
            self._in_database(self.database.run(claim, self.worker_id, self.free_slots, self.agents, self._turns))
        )
        try:
            return await asyncio.shield(work) or []
        except asyncio.CancelledError:
            claimed = await work
            if claimed:
                await self._in_database(self.database.run(release, self.worker_id, [e.pk for e in claimed]))
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
            news = await self._in_database(self.database.run(held.news, self.worker_id))
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
            await self._in_database(self.database.run(held.finish_orphans, self.worker_id, again))

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
            await self._in_database(self.database.run(compact, execution_id))

    async def _in_database(self, work: Awaitable[T]) -> T | None:
        """Await database work of a loop that comes back anyway; ``None`` while the database is away."""
        try:
            return await work
        except Error as error:
            logger.error("the worker can't reach the database: %s", error)
            return None

    async def _patiently(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Do database work for one execution, however long the database is away. Cancellation: gives it up."""
        while True:
            try:
                return await self.database.run(work, *args, **kwargs)
            except (OperationalError, InterfaceError) as error:
                logger.error("the worker can't reach the database: %s", error)
                await asyncio.sleep(conf.poll_seconds)

    # One execution ----------------------------------------------------------------------------------------------------

    def _begin(self, execution: Execution) -> None:
        limits = replace(Limits(**conf.limits), **execution.options.get("limits", {}))
        running = Running(
            execution=execution,
            journal=self.journal,
            log=Log(execution.pk),
            processes=ProcessGroup(execution.pk, workspace_of(execution)),
            limits=limits,
        )
        self._held[execution.pk] = running
        self.journal.begin(running.log, Started(self.worker_id))
        loop = asyncio.get_running_loop()
        # A fresh context: one that a request left behind would keep its database connection and thread alive.
        task = loop.create_task(self._run(running), name=f"execution-{execution.pk}", context=contextvars.Context())
        self._tasks[execution.pk] = task
        task.add_done_callback(lambda task: self._ended(execution.pk, task))

    def _ended(self, execution_id: int, task: asyncio.Task[None]) -> None:
        self._held.pop(execution_id, None)
        self._tasks.pop(execution_id, None)
        if not task.cancelled() and task.exception() is not None:
            logger.error("execution %s could not be finished", execution_id, exc_info=task.exception())
        self.wake()

    async def _run(self, running: Running) -> None:
        loop = asyncio.get_running_loop()
        running.clock.run()
        try:
            running.agent_task = loop.create_task(self._agent(running), context=contextvars.Context())
            if running.stop_reason is not None:
                running.agent_task.cancel()
            stop = loop.create_task(running.stop_requested.wait())
            await asyncio.wait({running.agent_task, stop}, return_when=asyncio.FIRST_COMPLETED)
            stop.cancel()
            request = await self._cancel_request(running)
            await self._outlast(running)
        finally:
            running.clock.stop()
        await self._finish(running, request)

    async def _cancel_request(self, running: Running) -> held.CancelRequest | None:
        """Read who wanted a canceled execution stopped, and why, and put it into its journal."""
        if running.stop_reason is not StopReason.CANCELED:
            return None
        request = await self._in_database(self.database.run(held.cancel_request, running.pk))
        if request is not None:
            self.journal.append(running.log, request.event, urgent=True)
        return request

    async def _cancel_request_at_last(self, running: Running) -> held.CancelRequest | None:
        """Read it however long the database is away: without it there is no receipt."""
        return None if self.lease_lost.is_set() else await self._patiently(held.cancel_request, running.pk)

    async def _outlast(self, running: Running) -> None:
        """Wait until a stopped agent has ended, canceling it again, for its grace at most."""
        task = running.agent_task
        assert task is not None
        deadline = running.stopped_at + conf.cancel_grace_seconds
        while not task.done() and time.monotonic() < deadline:
            await asyncio.wait({task}, timeout=CANCEL_AGAIN_SECONDS)
            if not task.done():
                task.cancel()
        if not task.done():
            logger.warning("execution %s ignores its cancellation; it goes on without effect", running.pk)
            task.add_done_callback(_retrieve)

    async def _agent(self, running: Running) -> None:
        execution = running.execution
        # The first import of an agent may take a second; it must not hold up the others. A thread of its own: the
        # loop's pool may be full of agents' blocking calls.
        workspace = workspace_of(execution)
        agent = await in_thread(_prepare, conf.agents[execution.agent], workspace)
        running.run = Run(
            execution_id=execution.pk,
            owner=execution.owner.get_username(),
            session_id=execution.session_id,
            prompt=execution.prompt,
            model=execution.model,
            options={
                **execution.options,
                "allow_private_addresses": conf.allow_private_addresses,
                "search_url": conf.search_url,
                "mcp_config": conf.mcp_config,
            },
            workspace=workspace,
            limits=running.limits,
            agent_session=execution.agent_session,
            history=partial(self._patiently, import_string(conf.history), execution),
            emit=running.emit,
            ask=running.ask,
            spawn=running.spawn,
        )
        try:
            await agent.run(running.run)
        except (SystemExit, KeyboardInterrupt) as error:
            # An agent that exits must not take the server with it: asyncio lets these two through its loop.
            raise AgentFailure(f"The agent tried to end the server ({error!r}).") from error

    async def _finish(self, running: Running, request: held.CancelRequest | None) -> None:
        running.close()
        running.processes.kill()
        processes = await running.processes.gone(GONE_SECONDS)
        if running.stop_reason is StopReason.LEASE_LOST:
            return
        if running.stop_reason is StopReason.CANCELED and request is None:
            request = await self._cancel_request_at_last(running)
        event = finished_event(running)
        if request is not None:
            event = replace(event, receipt=request.receipt(processes, running.tool))
        transcript = running.run.transcript if running.run is not None else None
        step = Finish(running.pk, event, running.output, running.usage, transcript)
        if not await self.journal.finish(running.log, step):
            logger.warning("execution %s was finished by somebody else", running.pk)
        elif running.log.next_seq > COMPACT_FROM_ROWS:
            self._to_compact.put_nowait(running.pk)


def _prepare(agent: str, workspace: Path) -> Agent:
    """Make the workspace and import the agent. Raises AgentFailure when the workspace can't be made."""
    try:
        workspace.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AgentFailure(f"The session's workspace can't be made: {error.strerror}.", "workspace") from error
    return load_agent(agent)


def _retrieve(task: asyncio.Task[None]) -> None:
    """Note how an agent that had been given up ended at last."""
    if not task.cancelled() and task.exception() is not None:
        logger.warning("an agent that ignored its cancellation ended with %r", task.exception())
