"""What a run has come to, read from the database."""

from __future__ import annotations

from chat.commands.frames import CANCELED, Ending
from chat.commands.questions import questions_of
from chat.wording import error_of
from executions import events
from executions.events import Entry
from executions.models import EventRow, Execution
from executions.states import Outcome, State


def finished(execution_id: int, seq: int) -> Ending:
    """Return the ending of a finished run, whose last event is ``seq``."""
    columns = ("outcome", "error", "output", "cost_usd", "agent_session", "last_seq")
    execution = Execution.objects.only(*columns).filter(pk=execution_id).first()
    if execution is None:
        return Ending(execution_id, seq, "", error="The run was removed.")
    outcome = execution.outcome
    return Ending(
        execution_id,
        max(seq, execution.last_seq),
        execution.agent_session,
        execution.output,
        completed=outcome == Outcome.SUCCEEDED,
        cost_usd=None if execution.cost_usd is None else float(execution.cost_usd),
        error=CANCELED if outcome == Outcome.CANCELED else error_of(outcome, execution.error),
    )


def asked(entry: Entry) -> Ending | None:
    """Return the question of ``entry`` as an ending while it waits for its answer, else ``None``."""
    execution = Execution.objects.filter(pk=entry.execution_id).first()
    if execution is None or execution.state != State.WAITING or execution.stopping:
        return None
    if (execution.question or {}).get("question_id") != entry.data["question_id"]:
        return None
    said = EventRow.objects.filter(execution=execution, type=events.Text.type).order_by("seq")
    used = EventRow.objects.filter(execution=execution, type=events.Usage.type).order_by("seq").last()
    return Ending(
        execution.pk,
        entry.seq,
        execution.agent_session,
        "".join(data["text"] for data in said.values_list("data", flat=True)),
        questions_of(entry.data),
        cost_usd=used.data["cost_usd"] if used else None,
    )
