"""The ways to tell the outside. Applications register theirs when they are ready."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

from django.db.models import QuerySet

from executions.deliveries.outgoing import Answer, Outgoing, Undeliverable
from executions.models import Execution
from executions.models.delivery import Delivery


@dataclass(frozen=True, slots=True)
class News:
    """Something that happened to an execution, and a receiver that wants to know: ``kind`` is its status since then."""

    kind: str
    execution: Execution
    target_id: int


class Channel(ABC):
    """How one kind of receiver is told."""

    #: Its name in the log and in metrics.
    name: ClassVar[str]
    #: Where its messages are kept.
    model: ClassVar[type[Delivery]]
    #: After this many, a delivery has failed.
    max_attempts: ClassVar[int]
    #: How long what was sent stays in the log.
    kept_for: timedelta

    @abstractmethod
    def receivers(self) -> QuerySet[Any, Any]:
        """Return all that are to be told of something; each has an ``owner`` and a text ``wanted``, kinds of news."""

    @abstractmethod
    def write(self, news: Sequence[News]) -> None:
        """Put messages into the outbox, in the transaction in which it happened: quick, and one statement for all."""

    @abstractmethod
    def outgoing(self, delivery: Any) -> Outgoing | Undeliverable:
        """Return what to send now for a delivery with its ``target``; called with the database, before each attempt."""

    @abstractmethod
    def settled(self, delivery: Any, answer: Answer) -> None:
        """Take note of an attempt, in the transaction that writes it down."""


_channels: dict[str, Channel] = {}


def register(channel: Channel) -> None:
    """Have the engine serve a channel from now on."""
    _channels[channel.name] = channel


def channels() -> list[Channel]:
    """Return those that are served."""
    return list(_channels.values())


def channel_of(name: str) -> Channel:
    """Return the channel of that name."""
    return _channels[name]
