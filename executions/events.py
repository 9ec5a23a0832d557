"""What can happen in an execution, as pure values: no Django, no Channels.

Every event is a frozen dataclass with a ``type``. The journal stores ``type`` and ``data()`` under a ``seq`` that
counts from 1 without gaps within one execution; :class:`Entry` is such a stored event. A reader that knows the last
``seq`` it has seen can always continue.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events; ``type`` is its stable name on the wire and in the database."""

    type: ClassVar[str] = ""

    def data(self) -> dict[str, Any]:
        """Return the JSON-serialisable fields of this event."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Text(Event):
    """A piece of the answer; neighbouring pieces are joined by the journal."""

    type: ClassVar[str] = "text"
    text: str


@dataclass(frozen=True, slots=True)
class Thinking(Event):
    """A piece of the agent's reasoning; neighbouring pieces are joined by the journal."""

    type: ClassVar[str] = "thinking"
    text: str


@dataclass(frozen=True, slots=True)
class ToolStarted(Event):
    """A tool call began; ``call_id`` is unique within the execution."""

    type: ClassVar[str] = "tool_started"
    call_id: str
    name: str
    args: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ToolOutput(Event):
    """A piece of what a running tool prints; neighbouring pieces of one call are joined by the journal."""

    type: ClassVar[str] = "tool_output"
    call_id: str
    text: str


@dataclass(frozen=True, slots=True)
class ToolFinished(Event):
    """A tool call ended; ``status`` is ``finished``, ``error`` or ``canceled``."""

    type: ClassVar[str] = "tool_finished"
    call_id: str
    name: str
    result: str
    status: str = "finished"


@dataclass(frozen=True, slots=True)
class Question(Event):
    """The agent waits for its owner.

    ``kind`` is ``question`` (``questions`` has items of ``{question, header, options: [{label, description}],
    multiSelect}``) or ``plan`` (``plan`` is the text to approve or reject).
    """

    type: ClassVar[str] = "question"
    question_id: str
    kind: str = "question"
    questions: list[dict[str, Any]] = field(default_factory=list)
    plan: str = ""


@dataclass(frozen=True, slots=True)
class Answered(Event):
    """The owner answered; ``answer`` is as :class:`executions.agents.base.Answer` describes it."""

    type: ClassVar[str] = "answered"
    question_id: str
    answer: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Usage(Event):
    """What the execution has used *so far* (cumulative). ``cost_usd`` is ``None`` when the price is not known."""

    type: ClassVar[str] = "usage"
    input_tokens: int = 0
    output_tokens: int = 0
    requests: int = 0
    cost_usd: float | None = None


@dataclass(frozen=True, slots=True)
class CliSession(Event):
    """The conversation that a CLI keeps itself, told when it begins; a later execution can continue it by its id.

    ``project`` is the directory it works in, ``resumed`` whether there was a conversation before. The same id is on the
    execution as ``agent_session``.
    """

    type: ClassVar[str] = "cli_session"
    session_id: str
    project: str = ""
    model: str = ""
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class Notice(Event):
    """Something the reader should know that is not part of the answer."""

    type: ClassVar[str] = "notice"
    text: str
    level: str = "info"


@dataclass(frozen=True, slots=True)
class Started(Event):
    """A worker began to run the execution."""

    type: ClassVar[str] = "started"
    worker: str


@dataclass(frozen=True, slots=True)
class CancelRequested(Event):
    """The worker heard that somebody wants the execution stopped. Times are RFC 3339."""

    type: ClassVar[str] = "cancel_requested"
    requested_at: str
    by: str = ""
    reason: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Finished(Event):
    """The last event of every execution.

    ``receipt`` is empty unless a cancellation was confirmed: then it says ``elapsed_ms`` (requested to confirmed),
    ``processes`` (``[{pid, command}]`` that were killed), ``tool`` (what was running), ``by``, ``reason``, ``source``.
    """

    type: ClassVar[str] = "finished"
    outcome: str
    error: str = ""
    error_code: str = ""
    receipt: dict[str, Any] = field(default_factory=dict)


#: Events whose neighbours the journal may join into one.
DELTAS = frozenset({Text.type, Thinking.type, ToolOutput.type})


@dataclass(slots=True)
class Entry:
    """An event as the journal stores it: ``seq`` counts from 1 without gaps within one execution."""

    execution_id: int
    seq: int
    type: str
    data: dict[str, Any]
    created_at: datetime
    #: Wire encodings made so far, by format: every reader in this process shares one encoding.
    encoded: dict[str, str] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Change:
    """A step in the life of an execution, for lists and badges.

    ``kind`` is ``created``, ``updated`` or ``finished``; ``status`` is ``Execution.status`` after it. It is ``queue``
    where the queue was held or released, which is about no execution and of interest to everybody.
    """

    execution_id: int
    owner_id: int
    session_id: str
    kind: str
    status: str
