"""Writes down each end in the transaction that finishes an execution: whatever comes after, it counts once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from executions.models import Ending, Execution
from executions.prepared import PreparedInsert
from executions.signals import executions_finished

_insert = PreparedInsert(Ending)


def connect() -> None:
    """Begin to note what finishes."""
    executions_finished.connect(_finished, dispatch_uid="executions.tallies.noting")


def _finished(sender: Any, executions: Sequence[Execution], **kwargs: Any) -> None:
    note(executions)


def note(executions: Sequence[Execution]) -> None:
    """Write down the ends of ``executions``, in the caller's transaction."""
    endings = [_ending(execution) for execution in executions]
    if len(endings) == 1:
        _insert.execute(endings[0])  # one statement is quicker than a series of one
    else:
        _insert.execute_many(endings)


def _ending(execution: Execution) -> Ending:
    return Ending(
        owner_id=execution.owner_id,
        agent=execution.agent,
        model=execution.model,
        outcome=execution.outcome,
        error_code=execution.error_code,
        created_at=execution.created_at,
        started_at=execution.started_at,
        finished_at=execution.finished_at or execution.changed_at,
        cancel_requested_at=execution.cancel_requested_at,
        input_tokens=execution.input_tokens,
        output_tokens=execution.output_tokens,
        cost_usd=execution.cost_usd,
    )
