"""Runs made by hand, so that an agent can be tested without the engine.

``make_run("hello")`` returns a :class:`~executions.agents.base.Run` whose ``emit`` and ``ask`` record what the agent
does in a :class:`Recorder`, and whose ``spawn`` starts real processes.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from executions.agents.base import Agent, Answer, LimitExceeded, Limits, Process, Run, Turn
from executions.events import Event, Question, Text
from executions.processes import ChildProcess, ProcessGroup

E = TypeVar("E", bound=Event)
_ids = itertools.count(1_000_000)


@dataclass(slots=True)
class Recorder:
    """What an agent did: its events in order, its questions, its processes."""

    limits: Limits = field(default_factory=Limits)
    #: What the owner answers, in order; a callable gets the question.
    answers: list[Answer | Callable[[Question], Answer]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    #: ``time.monotonic()`` of each event.
    times: list[float] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    processes: list[ChildProcess] = field(default_factory=list)
    #: All of the run's processes.
    group: ProcessGroup | None = None
    #: Characters of the answer so far.
    said: int = 0
    _waiting: list[tuple[Callable[[Recorder], object], asyncio.Future[None]]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The whole answer so far."""
        return "".join(event.text for event in self.of(Text))

    def of(self, kind: type[E]) -> list[E]:
        """Return the events of that kind, in order."""
        return [event for event in self.events if isinstance(event, kind)]

    async def wait_for(self, condition: Callable[[Recorder], object]) -> None:
        """Wait until the condition holds; it is looked at after each event, question and process.

        Whoever waits is woken before the agent goes on.
        """
        if not condition(self):
            news: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append((condition, news))
            await news

    async def emit(self, event: Event) -> None:
        """Record an event as the supervisor would. Raises LimitExceeded past the limit of the output."""
        self.events.append(event)
        self.times.append(time.monotonic())
        await self._tell()
        if isinstance(event, Text):
            self.said += len(event.text)
        if self.said > self.limits.output_chars:
            raise LimitExceeded(f"The answer is longer than {self.limits.output_chars} characters.", "output_limit")

    async def ask(self, question: Question) -> Answer:
        """Give the next prepared answer; with none left, wait for ever as an absent owner would."""
        self.questions.append(question)
        await self._tell()
        if not self.answers:
            await asyncio.Event().wait()
        answer = self.answers.pop(0)
        return answer(question) if callable(answer) else answer

    async def aclose(self) -> None:
        """End what is left of the run's processes, as the supervisor does at the end of an execution."""
        if self.group is not None:
            self.group.kill()
            await self.group.gone()

    async def started(self, process: ChildProcess) -> None:
        """Record a process."""
        self.processes.append(process)
        await self._tell()

    async def _tell(self) -> None:
        """Wake those whose condition holds now, and give way to them."""
        for waiting in self._waiting[:]:
            condition, news = waiting
            if condition(self):
                self._waiting.remove(waiting)
                if not news.done():
                    news.set_result(None)
                await asyncio.sleep(0)


def make_run(
    prompt: str,
    *,
    workspace: Path,
    model: str = "openai-chat:fake",
    options: Mapping[str, Any] | None = None,
    history: Sequence[Turn] = (),
    limits: Limits | None = None,
    answers: Sequence[Answer | Callable[[Question], Answer]] = (),
) -> tuple[Run, Recorder]:
    """Return a run and what records it."""
    limits = limits or Limits()
    execution_id = next(_ids)
    group = ProcessGroup(execution_id, workspace)
    recorder = Recorder(limits=limits, answers=list(answers), group=group)

    async def spawn(argv: Sequence[str], **extra: Any) -> Process:
        process = await group.spawn(argv, **extra)
        await recorder.started(process)
        return process

    async def recall() -> Sequence[Turn]:
        return history

    run = Run(
        execution_id=execution_id,
        owner="tester",
        session_id="test:run",
        prompt=prompt,
        model=model,
        options=options or {},
        workspace=workspace,
        history=recall,
        limits=limits,
        emit=recorder.emit,
        ask=recorder.ask,
        spawn=spawn,
    )
    return run, recorder


async def cancel_like_the_supervisor(task: asyncio.Task[Any], recorder: Recorder) -> float:
    """Kill the run's processes, cancel its task until it has ended; return the seconds that took.

    On Python 3.11 a library may swallow a cancellation, so it is repeated, as the supervisor does.
    """
    began = time.monotonic()
    if recorder.group is not None:
        recorder.group.kill()
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=0.25)
    return time.monotonic() - began


def turn_of(run: Run, recorder: Recorder, outcome: str = "succeeded", agent: str = "llm") -> Turn:
    """Return what the session's next execution is told of this run."""
    return Turn(run.prompt, recorder.text, outcome, agent, run.transcript)


async def run_to_end(agent: Agent, run: Run, seconds: float = 30.0) -> None:
    """Run the agent; a hang is a failure of the test after that many ``seconds``."""
    async with asyncio.timeout(seconds):
        await agent.run(run)
