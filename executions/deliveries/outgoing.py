"""What is sent, and what came back: pure values."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A POST."""

    url: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Undeliverable:
    """Why there is nothing to send: the receiver is gone. It is not tried again."""

    reason: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an attempt: the status of the response, or why there is none.

    ``seconds`` is how long it took, ``retry_after`` how long the receiver wants to be left alone.
    """

    status: int | None = None
    error: str = ""
    seconds: float = 0.0
    retry_after: float = 0.0

    @property
    def delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        """Whether the receiver says that it wants nothing any more."""
        return self.status == 410
