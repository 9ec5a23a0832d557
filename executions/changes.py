"""Tells lists and badges about life-cycle changes, once they are committed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from functools import partial

from django.db import transaction

from executions import bus
from executions.events import Change
from executions.models import Execution


def change_of(execution: Execution, kind: str, status: str | None = None) -> Change:
    """Describe a change of ``execution``; ``status`` where the row in memory is older than the change."""
    return Change(execution.pk, execution.owner_id, execution.session_id, kind, status or execution.status)


def announce(changes: Sequence[Change]) -> None:
    """Ring every process that shows lists, after the current transaction has committed."""
    if changes:
        message = {"type": "execution.changes", "changes": [astuple(change) for change in changes]}
        transaction.on_commit(partial(bus.ring, bus.CHANGES, message))
