"""Executions as a table."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.utils import timezone

from executions import wording
from executions.management.executions_cli.table import table
from executions.models import Execution
from executions.status import look

HEAD = ("ID", "STATUS", "OWNER", "SESSION", "MODEL", "CREATED", "TOOK", "COST", "REQUEST")
#: Characters of a request that are looked at for a line.
REQUEST_CHARS = 200


def listing(executions: Iterable[Execution]) -> str:
    """Return executions as a table."""
    return table(HEAD, [_row(execution) for execution in executions])


def ago(value: timedelta) -> str:
    """Return ``12 s ago``."""
    return f"{wording.duration(timedelta(seconds=int(value.total_seconds())))} ago"


def _row(execution: Execution) -> tuple[object, ...]:
    return (
        execution.pk,
        look(execution.status).word,
        execution.owner.get_username(),
        execution.session_id,
        execution.model,
        ago(timezone.now() - execution.created_at),
        wording.duration(execution.duration),
        wording.cost(execution.cost_usd),
        execution.prompt[:REQUEST_CHARS],
    )
