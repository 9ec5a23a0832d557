"""One execution in the hands of this worker: what its agent may call, and how it is stopped."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NoReturn

from executions.agents.base import Answer, LimitExceeded, Limits, Run
from executions.cleaning import clean_text
from executions.clock import Clock
from executions.events import Answered, Event, Question, Text, ToolFinished, ToolStarted, Usage
from executions.journal import Journal
from executions.log import Log
from executions.models import Execution
from executions.processes import ChildProcess, ProcessGroup
from executions.tracing import Trace
from executions.writing import Wait

#: After this many events, or seconds, without giving way, an agent that never awaits lets others run.
EVENTS_PER_TURN = 32
SECONDS_PER_TURN = 0.005
#: How long a stopped agent waits for each refusal.
LATE_PAUSE = 0.1


class StopReason(StrEnum):
    """Why the supervisor ended an agent before it was done."""

    CANCELED = "canceled"
    TIMED_OUT = "timed_out"
    SHUTDOWN = "shutdown"
    REFUSED = "refused"
    LEASE_LOST = "lease_lost"


@dataclass(eq=False)
class Running:
    """State and capabilities of one execution held by this worker."""

    execution: Execution
    journal: Journal
    log: Log
    processes: ProcessGroup
    limits: Limits
    trace: Trace | None = None
    run: Run | None = None
    agent_task: asyncio.Task[None] | None = None
    stop_reason: StopReason | None = None
    stop_requested: asyncio.Event = field(default_factory=asyncio.Event)
    stopped_at: float = 0.0
    #: After this nothing the agent does has an effect any more.
    closed: bool = False
    waiting: bool = False
    usage: Usage = field(default_factory=Usage)
    tools: dict[str, ToolStarted] = field(default_factory=dict)
    #: The tool that ran when it was stopped.
    tool: str = ""
    refusal: str = ""
    _text: list[str] = field(default_factory=list)
    _chars: int = 0
    _answer: asyncio.Future[dict[str, Any]] | None = None
    _question_id: str = ""
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _events: int = 0
    _turn_began: float = 0.0

    def __post_init__(self) -> None:
        self.clock = Clock(self.limits.wall_seconds, lambda: self.stop(StopReason.TIMED_OUT))

    @property
    def pk(self) -> int:
        return self.execution.pk

    @property
    def output(self) -> str:
        """The answer so far."""
        return "".join(self._text)

    # What the agent calls ---------------------------------------------------------------------------------------------

    async def emit(self, event: Event) -> None:
        """Record ``event``; gives way to others and waits for the database where that is needed.

        Raises LimitExceeded once the answer is too long. Cancellation: the event is recorded.
        """
        if self.closed:
            await self._too_late()
        match event:
            case Text(text):
                self._add_text(text)
            case ToolStarted():
                self.tools[event.call_id] = event
            case ToolFinished():
                self.tools.pop(event.call_id, None)
            case Usage():
                self.usage = event
        self._append(event)
        if self.log.full:
            await self.log.wait_for_room()
        self._events += 1
        now = time.monotonic()
        if self._events >= EVENTS_PER_TURN or now - self._turn_began > SECONDS_PER_TURN:
            self._events = 0
            await asyncio.sleep(0)
            self._turn_began = time.monotonic()

    def _append(self, event: Event, *, urgent: bool = False) -> None:
        self.journal.append(self.log, event, urgent=urgent)
        if self.trace is not None:
            self.trace.event(event)

    def _add_text(self, text: str) -> None:
        text = clean_text(text)
        room = self.limits.output_chars - self._chars
        if len(text) > room:
            kept = Text(text[:room])
            if kept.text:
                self._text.append(kept.text)
                self._chars += len(kept.text)
                self.journal.append(self.log, kept)
            raise LimitExceeded(
                f"The answer reached the limit of {self.limits.output_chars:,} characters.", "output_limit"
            )
        self._text.append(text)
        self._chars += len(text)

    async def ask(self, question: Question) -> Answer:
        """Store the question, wait for its answer. The execution is ``waiting`` meanwhile.

        Cancellation: the question stays in the journal, unanswered.
        """
        # One question at a time: tools that run side by side ask one after the other.
        async with self._asking:
            if self.closed or self.stop_reason is not None:
                await self._too_late()
            self._answer = asyncio.get_running_loop().create_future()
            self._question_id = question.question_id
            self.waiting = True
            self.clock.stop()
            try:
                if self.trace is not None:
                    self.trace.event(question)
                if not await self.journal.wait(self.log, Wait(self.pk, question)):
                    await self._too_late()
                answer = await self._answer
            finally:
                self.waiting = False
                self._answer = None
                self.clock.run()
            self._append(Answered(question.question_id, answer), urgent=True)
        return Answer(answer.get("answers", {}), answer.get("approved", False), answer.get("comment", ""))

    async def spawn(self, *args: Any, **kwargs: Any) -> ChildProcess:
        """Start a child process, see :meth:`executions.processes.ProcessGroup.spawn`."""
        if self.closed or self.stop_reason is not None:
            await self._too_late()
        return await self.processes.spawn(*args, **kwargs)

    async def _too_late(self) -> NoReturn:
        """Refuse what a stopped agent still wants; in its own time, so that one that tries for ever harms nobody."""
        await asyncio.sleep(LATE_PAUSE)
        raise asyncio.CancelledError

    def give_answer(self, question_id: str, answer: dict[str, Any]) -> None:
        """Hand the stored answer to the agent; a second delivery of it is ignored."""
        if self._answer is not None and not self._answer.done() and question_id == self._question_id:
            self._answer.set_result(answer)

    # What the supervisor calls ----------------------------------------------------------------------------------------

    def stop(self, reason: StopReason) -> bool:
        """End the agent: its processes first, then its task. Returns ``False`` when it has ended already."""
        if self.stop_reason is not None or (self.agent_task is not None and self.agent_task.done()):
            return False
        self.stop_reason = reason
        self.stopped_at = time.monotonic()
        if self.trace is not None:
            self.trace.stopping()
        started = next(reversed(self.tools.values()), None)
        self.tool = started.name if started is not None else ""
        self.processes.kill()
        if self.agent_task is not None:
            self.agent_task.cancel()
        self.stop_requested.set()
        return True

    def close(self) -> None:
        """Make the agent harmless, give tool calls without a result one, and freeze the answer."""
        self.closed = True
        for call_id, tool in self.tools.items():
            self.journal.append(
                self.log, ToolFinished(call_id, tool.name, "Interrupted before it had a result.", "canceled")
            )
        self.tools.clear()
