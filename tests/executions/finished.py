"""Finished executions, made without running anything."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from executions.models import Execution


def finished(owner: User, prompt: str = "say hello", outcome: str = "succeeded", **values: Any) -> Execution:
    """Store an execution that has ended just now."""
    now = timezone.now()
    values = {"agent": "demo", "model": "demo", "started_at": now, "finished_at": now, **values}
    return Execution.objects.create(owner=owner, prompt=prompt, state="finished", outcome=outcome, **values)
