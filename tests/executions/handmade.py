"""A worker without an event loop, so that a test decides what happens in which order; and faults of the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from django.db import OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.functions import Now

from executions import leases
from executions.claiming import claim
from executions.cleaning import clean_text
from executions.events import Event, Finished, Question, Started, Text
from executions.log import Log
from executions.models import EventRow, Execution, Worker
from executions.writing import Batch, Finish, Wait, Written, write

AWAY = "the test took the database away"


@contextmanager
def commit_fails(*, after: bool) -> Iterator[None]:
    """The next commit of this thread fails: before it does anything, or (``after``) when it has got through."""
    commit = connection._commit
    failed = False

    def failing() -> None:
        nonlocal failed
        if failed:
            return commit()
        failed = True
        if after:
            commit()
        raise OperationalError(AWAY)

    with patch.object(connection, "_commit", failing):
        yield


class Outage:
    """The database is away for every thread between :meth:`begin` and :meth:`end`."""

    def __init__(self) -> None:
        self.refused = 0
        self._cursor = BaseDatabaseWrapper.cursor
        self._patch = patch.object(BaseDatabaseWrapper, "cursor", self._refuse)
        self._begun = False

    def begin(self) -> None:
        self._patch.start()
        self._begun = True

    def end(self) -> None:
        """Bring it back; may be called again."""
        if self._begun:
            self._patch.stop()
        self._begun = False

    def _refuse(self, *args: Any, **kwargs: Any) -> Any:
        self.refused += 1
        raise OperationalError(AWAY)


class HandmadeWorker:
    """Holds executions as a worker does and writes what the test tells it to."""

    def __init__(self) -> None:
        self.id = leases.register(10)
        self.logs: dict[int, Log] = {}
        self.said: dict[int, str] = {}
        self.questions = 0

    def claim(self, slots: int = 1) -> list[Execution]:
        claimed = claim(self.id, slots)
        for execution in claimed:
            self.logs[execution.pk] = Log(execution.pk)
            self.said[execution.pk] = ""
            self.emit(execution.pk, Started(self.id))
        return claimed

    def emit(self, pk: int, event: Event) -> None:
        self.logs[pk].append(event)
        if isinstance(event, Text):
            self.said[pk] += clean_text(event.text)

    def batch(self, *pks: int, steps: list[Finish | Wait] | None = None) -> Batch:
        """Take what is pending, numbered as the journal numbers it."""
        batch = Batch(self.id, steps=steps or [])
        for step in batch.steps:
            if isinstance(step, Wait):
                self.emit(step.execution_id, step.event)
        for pk in pks:
            batch.entries[pk] = self.logs[pk].take()
        for step in batch.steps:
            if isinstance(step, Finish):
                step.seq = self.logs[step.execution_id].next_seq
                self.logs[step.execution_id].next_seq += 1
        return batch

    def flush(self, *pks: int) -> Written:
        return write(self.batch(*pks or self.logs))

    def ask(self, pk: int) -> str | None:
        """Ask something; returns the question's id when the execution waits now."""
        self.questions += 1
        question = Question(f"{self.id[:8]}-{self.questions}")
        return question.question_id if pk in write(self.batch(pk, steps=[Wait(pk, question)])).won else None

    def finish(self, pk: int, outcome: str, error: str = "") -> bool:
        event = Finished(outcome, error)
        return pk in write(self.batch(pk, steps=[Finish(pk, event, self.said[pk])])).won

    def expire(self) -> None:
        """Let this worker seem frozen for an hour."""
        Worker.objects.filter(pk=self.id).update(heartbeat_at=Now() - timedelta(hours=1))


def journal_of(pk: int) -> list[EventRow]:
    return list(EventRow.objects.filter(execution_id=pk).order_by("seq"))


def text_of(rows: list[EventRow]) -> str:
    return "".join(row.data["text"] for row in rows if row.type == Text.type)
