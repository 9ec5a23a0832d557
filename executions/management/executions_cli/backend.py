"""Where the sub-commands get executions from: this site's own database, or a server elsewhere.

Both tell executions and events as the API's JSON does, so that what is written is the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

#: An execution or an event, as the API's JSON has it.
Row = dict[str, Any]

#: What is queued is counted up to this; more is "more than".
COUNTED = 1_000


@dataclass(frozen=True, slots=True)
class Selection:
    """Which executions: all, or those of an owner, a session, states, outcomes."""

    owner: str | None = None
    session: str | None = None
    states: Sequence[str] = ()
    outcomes: Sequence[str] = ()

    @classmethod
    def of(cls, options: dict[str, Any]) -> Selection:
        """Return what the options of a command line select."""
        states, outcomes = options.get("state") or (), options.get("outcome") or ()
        return cls(options.get("owner"), options.get("session"), tuple(states), tuple(outcomes))


@dataclass(frozen=True, slots=True)
class Stopped:
    """What a cancel has come to: the executions, which of them had finished before, and ids that are nowhere."""

    rows: list[Row]
    finished_before: set[int] = field(default_factory=set)
    missing: list[int] = field(default_factory=list)
    unconfirmed: int = 0


class Backend(Protocol):
    """Raises ExecutionError, CommandError, or errors of its own that the command knows."""

    def hint(self, *words: object) -> str:
        """Return a command line that does something with these executions."""
        ...

    def active(self, chosen: Selection) -> tuple[list[Row], int]:
        """Return what runs or waits, longest first, and how many are queued: at most :data:`COUNTED` plus one."""
        ...

    def history(self, chosen: Selection, limit: int) -> list[Row]:
        """Return the newest ``limit`` executions."""
        ...

    def get(self, execution: int) -> Row:
        """Return an execution with its answer."""
        ...

    def follow(self, execution: int, after: int) -> Iterator[Row]:
        """Yield every event after ``after``, until the last."""
        ...

    def start(self, prompt: str, owner: str | None, given: dict[str, Any]) -> Row:
        """Start an execution; ``given`` are the services' other arguments."""
        ...

    def answer(self, execution: int, question_id: str, answer: dict[str, Any]) -> None:
        """Answer the question that an execution asks."""
        ...

    def retry(self, execution: int) -> Row:
        """Start a finished execution's request again."""
        ...

    def unfinished(self, chosen: Selection) -> int:
        """Return how many a cancel of ``chosen`` would stop."""
        ...

    def cancel(self, chosen: Sequence[int] | Selection, reason: str, wait: float) -> Stopped:
        """Stop executions, and wait for at most ``wait`` seconds until they have stopped."""
        ...
