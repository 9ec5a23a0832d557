"""One execution in the hands of a worker, from its claim to its outcome.

Invariants: it is known why an agent was stopped before it is canceled; a canceled task is canceled again until it has
ended or its grace is over; the outcome is written after the agent has ended and its processes are gone, by code that
nobody cancels.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

from django.utils.module_loading import import_string

from executions import held, tracing
from executions.agents.base import Agent, AgentFailure, Limits, Run
from executions.agents.registry import load_agent
from executions.conf import conf
from executions.database import DatabaseThread
from executions.events import Started
from executions.journal import Journal
from executions.log import Log
from executions.log_context import execution_id
from executions.models import Execution
from executions.outcomes import finished_event
from executions.processes import ProcessGroup
from executions.running import Running, StopReason
from executions.threads import in_thread
from executions.workspaces import workspace_of
from executions.writing import Finish

logger = logging.getLogger(__name__)

#: Seconds between two attempts to cancel a task that has not ended: on Python 3.11 ``asyncio.wait_for`` in a library
#: can swallow one.
CANCEL_AGAIN_SECONDS = 0.1
#: Seconds to wait for processes that were sent SIGKILL; they outlive it only in uninterruptible sleep.
GONE_SECONDS = 2.0


class Runner:
    """Runs executions and writes what became of them; whoever owns it owns their tasks.

    ``lease_lost`` is set when nothing may be written for this worker any more.
    """

    def __init__(self, worker_id: str, database: DatabaseThread, journal: Journal, lease_lost: asyncio.Event) -> None:
        self._worker_id = worker_id
        self._database = database
        self._journal = journal
        self._lease_lost = lease_lost

    def begin(self, execution: Execution) -> Running:
        """Make what stands for a claimed execution here, and write down that it has begun."""
        running = Running(
            execution=execution,
            journal=self._journal,
            log=Log(execution.pk),
            processes=ProcessGroup(execution.pk, workspace_of(execution)),
            limits=replace(Limits(**conf.limits), **execution.options.get("limits", {})),
            trace=tracing.begin(execution),
        )
        self._journal.begin(running.log, Started(self._worker_id))
        return running

    async def run(self, running: Running) -> bool:
        """Run the agent and write its outcome; ``False`` when somebody else has written one.

        Cancellation: never canceled; it is stopped by :meth:`executions.running.Running.stop`.
        """
        loop = asyncio.get_running_loop()
        execution_id.set(running.pk)
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
        return await self._finish(running, request)

    async def _cancel_request(self, running: Running) -> held.CancelRequest | None:
        """Read who wanted a canceled execution stopped, and why, and put it into its journal."""
        if running.stop_reason is not StopReason.CANCELED:
            return None
        request = await self._database.try_run(held.cancel_request, running.pk)
        if request is not None:
            self._journal.append(running.log, request.event, urgent=True)
        return request

    async def _cancel_request_at_last(self, running: Running) -> held.CancelRequest | None:
        """Read it however long the database is away: without it there is no receipt."""
        return (
            None if self._lease_lost.is_set() else await self._database.run_patiently(held.cancel_request, running.pk)
        )

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
        execution_id.set(running.pk)
        if running.trace is not None:
            running.trace.enter()
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
            history=partial(self._database.run_patiently, import_string(conf.history), execution),
            emit=running.emit,
            ask=running.ask,
            spawn=running.spawn,
        )
        try:
            await agent.run(running.run)
        except (SystemExit, KeyboardInterrupt) as error:
            # An agent that exits must not take the server with it: asyncio lets these two through its loop.
            raise AgentFailure(f"The agent tried to end the server ({error!r}).") from error

    async def _finish(self, running: Running, request: held.CancelRequest | None) -> bool:
        running.close()
        running.processes.kill()
        processes = await running.processes.gone(GONE_SECONDS)
        if running.stop_reason is StopReason.LEASE_LOST:
            if running.trace is not None:
                running.trace.drop()
            return False
        if running.stop_reason is StopReason.CANCELED and request is None:
            request = await self._cancel_request_at_last(running)
        event = finished_event(running)
        if request is not None:
            event = replace(event, receipt=request.receipt(processes, running.tool))
        transcript = running.run.transcript if running.run is not None else None
        step = Finish(running.pk, event, running.output, running.usage, transcript)
        won = await self._journal.finish(running.log, step)
        if not won:
            logger.warning("execution %s was finished by somebody else", running.pk)
        if running.trace is not None:
            running.trace.end(event, running.usage) if won else running.trace.drop()
        return won


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
