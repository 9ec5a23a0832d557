"""Executions that a worker seems to have run, with the journal they would have."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from executions import services
from executions.events import Event
from executions.models import EventRow, Execution


def write(execution: Execution, *said: Event) -> None:
    """Write a journal, one event a second."""
    start = execution.started_at or execution.created_at
    EventRow.objects.bulk_create(
        EventRow(execution=execution, seq=seq, type=e.type, data=e.data(), created_at=start + timedelta(seconds=seq))
        for seq, e in enumerate(said, 1)
    )


def running(owner: User, *said: Event) -> Execution:
    """Store an execution that runs, and has said this so far."""
    execution = services.start(owner=owner, prompt="wait 600")
    Execution.objects.filter(pk=execution.pk).update(state="running", started_at=timezone.now())
    write(execution, *said)
    return execution
