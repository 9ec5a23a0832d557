"""What the server tells, as values with types. ``raw`` has everything as it came, what a newer server adds included."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any


@dataclass(frozen=True, slots=True)
class Usage:
    """What an execution has used; ``cost_usd`` is ``None`` when the price is not known."""

    input_tokens: int
    output_tokens: int
    requests: int
    cost_usd: float | None


@dataclass(frozen=True, slots=True)
class Execution:
    """One run of an agent. ``output`` is empty in lists; ``outcome`` is empty until it has finished."""

    id: int
    owner: str
    session_id: str
    agent: str
    model: str
    state: str
    status: str
    outcome: str
    prompt: str
    output: str
    error: str
    error_code: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    duration: timedelta | None
    question: dict[str, Any] | None
    receipt: dict[str, Any]
    usage: Usage
    last_seq: int
    raw: dict[str, Any] = field(repr=False, compare=False)

    @property
    def finished(self) -> bool:
        return self.state == "finished"

    @property
    def succeeded(self) -> bool:
        return self.outcome == "succeeded"

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Execution:
        """Make one of the API's JSON. Raises KeyError, TypeError or ValueError when it is none."""
        milliseconds, usage = data["duration_ms"], data["usage"]
        return cls(
            id=int(data["id"]),
            created_at=datetime.fromisoformat(data["created_at"]),
            started_at=_time(data["started_at"]),
            finished_at=_time(data["finished_at"]),
            duration=None if milliseconds is None else timedelta(milliseconds=milliseconds),
            usage=Usage(*(usage[name] for name in ("input_tokens", "output_tokens", "requests", "cost_usd"))),
            output=data.get("output", ""),
            raw=dict(data),
            **{name: data[name] for name in _AS_THEY_ARE},
        )


_AS_THEY_ARE = ("owner", "session_id", "agent", "model", "state", "status", "outcome", "prompt", "error", "error_code",
                "question", "receipt", "last_seq")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Event:
    """One event of an execution's journal; ``seq`` counts from 1 without gaps."""

    execution_id: int
    seq: int
    type: str
    data: dict[str, Any]
    created_at: datetime
    raw: dict[str, Any] = field(repr=False, compare=False)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Event:
        """Make one of the API's JSON. Raises KeyError, TypeError or ValueError when it is none."""
        return cls(
            execution_id=int(data["execution_id"]), seq=int(data["seq"]), type=str(data["type"]),
            data=dict(data["data"]), created_at=datetime.fromisoformat(data["created_at"]), raw=dict(data),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cancellation:
    """What a cancel did: how many are canceled now, how many were told to stop, and it in words."""

    canceled: int
    requested: int
    message: str
    execution: Execution | None = None


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
