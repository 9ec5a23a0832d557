"""Life-cycle changes of executions as the frames of ``/ws/tasks``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chat.duration import spoken
from chat.models.session import title_of
from chat.outbound import encode
from executions.events import Change
from executions.models import Execution


def task_of(execution: Execution) -> dict[str, Any]:
    """Return what lists show of an execution."""
    return {
        "id": execution.pk,
        "session_id": execution.session_id,
        "status": execution.status,
        "agent": execution.agent,
        "model": execution.model,
        "title": title_of(execution.prompt),
        "created_at": rfc3339(execution.created_at),
        "started_at": rfc3339(execution.started_at),
        "finished_at": rfc3339(execution.finished_at),
        "duration": spoken(execution.duration),
    }


def tasks_of(changes: Sequence[Change]) -> list[str]:
    """Return a frame for each change; where the row is gone, the frame says so."""
    rows = Execution.objects.without_bodies().in_bulk({change.execution_id for change in changes})
    return [_frame(change, rows.get(change.execution_id)) for change in changes]


def _frame(change: Change, execution: Execution | None) -> str:
    if change.kind == "queue":
        return encode({"type": "queue_changed"})
    if execution is None:
        return encode({"type": "task_deleted", "task_id": change.execution_id, "task": None})
    kind = "task_created" if change.kind == "created" else "task_updated"
    # The row may be newer than the change; what a change said is told all the same, in order.
    return encode({"type": kind, "task_id": execution.pk, "task": task_of(execution) | {"status": change.status}})


def rfc3339(moment: datetime | None) -> str | None:
    """Return a time in UTC with a ``Z``."""
    return moment.isoformat().replace("+00:00", "Z") if moment else None
