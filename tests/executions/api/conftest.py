"""Clients of the API, and executions in any state without an engine."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.test import APIClient

from executions.models import EventRow, Execution

URL = "/api/v1/executions/"


@pytest.fixture
def api(user: User) -> APIClient:
    """A client signed in as ``user``."""
    return client_of(user)


@pytest.fixture
def staff(admin: User) -> APIClient:
    """A client signed in as a member of the staff."""
    return client_of(admin)


def client_of(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def make(owner: User, state: str = "queued", outcome: str = "", **fields: Any) -> Execution:
    """Store an execution in ``state``, as if an engine had brought it there."""
    now = timezone.now()
    if state != "queued":
        fields.setdefault("started_at", now)
    if state == "finished":
        fields.setdefault("finished_at", now)
        outcome = outcome or "succeeded"
    fields.setdefault("agent", "demo")
    fields.setdefault("model", "demo")
    fields.setdefault("prompt", "say hello")
    return Execution.objects.create(owner=owner, state=state, outcome=outcome, **fields)


def log(execution: Execution, *events: tuple[str, dict[str, Any]]) -> None:
    """Append events to the journal of ``execution``."""
    first = execution.events.count() + 1
    EventRow.objects.bulk_create(
        EventRow(execution=execution, seq=seq, type=kind, data=data, created_at=timezone.now())
        for seq, (kind, data) in enumerate(events, first)
    )
