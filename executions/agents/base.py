"""What an agent is, and what it is given to work with. Pure: no Django, no Channels.

An agent is one coroutine function, ``run(run)``. It tells what happens by ``await run.emit(event)``, which is also
where backpressure is applied and where an agent that never awaits anything else can be stopped. (Emitting, rather
than yielding from an async generator, lets a tool deep inside a library's loop stream its output without a queue in
between, and leaves no half-consumed generator behind after a cancellation.)
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from executions.events import Event, Question


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier exchange of the same session, as :attr:`Run.history` returns them.

    ``transcript`` is what the agent of that turn left in :attr:`Run.transcript` (JSON), or ``None``; then ``prompt``
    and ``output`` (possibly partial) are all that is known of it.
    """

    prompt: str
    output: str
    outcome: str
    agent: str = ""
    transcript: list[Any] | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one execution. Wall time is the supervisor's; the others are checked by :meth:`Run.emit` and agents."""

    wall_seconds: float = 3600.0
    steps: int = 100
    tokens: int = 2_000_000
    output_chars: int = 1_000_000
    tool_seconds: float = 600.0
    tool_output_chars: int = 100_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What the owner said to a question.

    For ``kind="question"``: ``answers`` maps each question's text to the chosen label(s) or free text.
    For ``kind="plan"``: ``approved``, with an optional ``comment``.
    """

    answers: dict[str, Any] = field(default_factory=dict)
    approved: bool = False
    comment: str = ""


class AgentFailure(Exception):
    """The agent cannot go on; its text is shown to the owner as the execution's error.

    ``code`` is the stable ``error_code`` of the execution (``failed`` when the agent has none better).
    """

    def __init__(self, message: str, code: str = "failed") -> None:
        super().__init__(message)
        self.code = code


class LimitExceeded(AgentFailure):
    """A limit of the execution was reached: code ``step_limit``, ``token_limit`` or ``output_limit``."""


class Process(Protocol):
    """A child process of an execution, running below a child supervisor (see ``executions.processes``)."""

    pid: int

    async def read(self, size: int = 65536) -> bytes:
        """Return the next piece of its combined output, ``b""`` at the end."""
        ...

    async def write(self, data: bytes) -> None:
        """Write to its standard input (only when it was started with ``stdin=True``)."""
        ...

    def close_stdin(self) -> None:
        """End its standard input."""
        ...

    async def wait(self) -> int:
        """Return its exit status once it has ended."""
        ...

    def kill(self) -> list[dict[str, Any]]:
        """Kill it and all it started; returns ``[{pid, command}]`` of what was there."""
        ...


@dataclass(slots=True)
class Run:
    """What an agent sees of its execution. The supervisor makes it; tests make it by hand.

    Cancellation: the coroutine of the agent gets ``asyncio.CancelledError`` at its current await, and every
    process started by :attr:`spawn` is killed before that. After the execution has finished, ``emit`` and ``spawn``
    raise ``CancelledError``: a stuck agent that wakes up late can do no more harm.
    """

    execution_id: int
    owner: str
    session_id: str
    prompt: str
    model: str
    options: Mapping[str, Any]
    workspace: Path
    limits: Limits
    #: The agent's own name for the conversation (see :class:`ValidatingAgent`), known since the start; else empty.
    agent_session: str = field(default="", kw_only=True)
    #: Return the earlier turns of the session, oldest first: ``await run.history()``. Read when asked for.
    history: Callable[[], Awaitable[Sequence[Turn]]]
    #: Record an event. Raises LimitExceeded when the output limit is reached.
    emit: Callable[[Event], Awaitable[None]]
    #: Show a question, wait for its answer. The execution is ``waiting`` meanwhile.
    ask: Callable[[Question], Awaitable[Answer]]
    #: Start a child process: ``await run.spawn(argv, cwd=…, env={…}, stdin=False, stderr=…)``.
    spawn: Callable[..., Awaitable[Process]]
    #: JSON the agent wants back as ``Turn.transcript`` in the session's next execution; set at any time.
    transcript: list[Any] | None = None

    @property
    def excluded_tools(self) -> frozenset[str]:
        """Names of the tools that this message must not use."""
        return frozenset(self.options.get("exclude_tools", ()))


class Agent(Protocol):
    """Something that can be executed."""

    async def run(self, run: Run) -> None:
        """Do the work of one execution; return when it is done, raise :class:`AgentFailure` when it can't be."""
        ...


@runtime_checkable
class ValidatingAgent(Agent, Protocol):
    """An agent with options of its own, checked when an execution is started and before anything is stored.

    Each of its executions has an ``agent_session``, which names a conversation that a later one may continue.
    """

    def validate_options(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return the options it knows, checked. Raises errors of :mod:`executions.errors` that say what is wrong."""
        ...

    def lock_of(self, options: Mapping[str, Any]) -> str:
        """Return what only one active execution may hold, such as a directory; ``""`` for nothing."""
        ...


@runtime_checkable
class WarmAgent(Agent, Protocol):
    """An agent that prepares before its first run and keeps something open between runs."""

    async def warm_up(self, model: str) -> None:
        """Do what a first run with ``model`` would have to wait for. Raises AgentFailure when it can't be done."""
        ...

    async def aclose(self) -> None:
        """Close what this event loop keeps open for the next run."""
        ...
