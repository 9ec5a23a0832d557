"""What a worker reads about the executions it holds: the columns behind the doorbells."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from executions.events import CancelRequested, Finished
from executions.finishing import finish_unheld
from executions.models import Execution
from executions.states import ACTIVE, Outcome, State


@dataclass(slots=True)
class News:
    """The ids a worker holds; those of them to be stopped; answers by execution id, with their question's id."""

    held: set[int] = field(default_factory=set)
    canceled: list[int] = field(default_factory=list)
    answers: dict[int, tuple[str, dict[str, Any]]] = field(default_factory=dict)


def news(worker_id: str) -> News:
    """Read what is new for a worker: two queries, whatever the number of executions elsewhere."""
    found = News(held=set(Execution.objects.held_by(worker_id).values_list("pk", flat=True)))
    wanted = Q(cancel_requested_at__isnull=False) | Q(state=State.RUNNING, answer__isnull=False)
    rows = Execution.objects.held_by(worker_id).filter(wanted)
    for pk, canceled, question, answer in rows.values_list("pk", "cancel_requested_at", "question", "answer"):
        if canceled is not None:
            found.canceled.append(pk)
        elif question is not None and answer is not None:
            found.answers[pk] = (question["question_id"], answer)
    return found


@dataclass(slots=True)
class CancelRequest:
    """Who wanted an execution stopped, and how long ago by the database's clock when it was read."""

    event: CancelRequested
    age_ms: float
    read_at: float

    def receipt(self, processes: list[dict[str, Any]], tool: str) -> dict[str, Any]:
        """Say what the cancellation did, now that it is done."""
        elapsed_ms = self.age_ms + (time.monotonic() - self.read_at) * 1000
        return {
            "by": self.event.by,
            "reason": self.event.reason,
            "source": self.event.source,
            "elapsed_ms": round(elapsed_ms, 1),
            "processes": processes,
            "tool": tool,
        }


def cancel_request(execution_id: int) -> CancelRequest | None:
    """Read who wants this execution stopped; ``None`` when nobody does."""
    row = (
        Execution.objects.filter(pk=execution_id, cancel_requested_at__isnull=False)
        .annotate(now=Now(), by=F("cancel_requested_by__username"))
        .values_list("cancel_requested_at", "now", "by", "cancel_reason", "cancel_source")
        .first()
    )
    if row is None:
        return None
    requested_at, now, by, reason, source = row
    assert requested_at is not None
    event = CancelRequested(requested_at.astimezone(UTC).isoformat(), by or "", reason, source)
    return CancelRequest(event, max(0.0, (now - requested_at).total_seconds() * 1000), time.monotonic())


def finish_orphans(worker_id: str, ids: set[int]) -> None:
    """Finish executions that a worker holds by their rows and does not run."""
    event = Finished(
        Outcome.LOST, error="The worker took this and could not run it; start it again.", error_code="never_begun"
    )
    for state in ACTIVE:
        with transaction.atomic():
            rows = Execution.objects.held_by(worker_id).filter(pk__in=ids, state=state)
            finish_unheld(list(rows.values_list("pk", flat=True)), state, event)
