"""One transaction of the journal: what is written, and under which guards."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from executions.changes import announce, change_of
from executions.cleaning import clean, clean_text
from executions.events import Entry, Finished, Question, Usage
from executions.finishing import cost, finish_unheld, tell, tell_finished
from executions.models import EventRow, Execution, Worker
from executions.prepared import Among, Param, PreparedObjects, PreparedUpdate
from executions.signals import executions_waiting
from executions.states import Outcome, State

logger = logging.getLogger(__name__)

REFUSED = "The database refused to store what happened."


@dataclass(slots=True)
class Wait:
    """``running → waiting``, with its question."""

    execution_id: int
    event: Question


@dataclass(slots=True)
class Finish:
    """The outcome of an execution and all that is stored with it; ``seq`` is set by the journal."""

    execution_id: int
    event: Finished
    output: str = ""
    usage: Usage = field(default_factory=Usage)
    transcript: list[Any] | None = None
    seq: int = 0


@dataclass(slots=True)
class Batch:
    """What goes into one transaction. ``repeated`` once an attempt failed with its commit's fate unknown."""

    worker_id: str
    entries: dict[int, list[Entry]] = field(default_factory=dict)
    steps: list[Finish | Wait] = field(default_factory=list)
    repeated: bool = False


@dataclass(slots=True)
class Written:
    """What became of a batch: entries in the database, steps that won, executions whose events were refused."""

    entries: list[Entry] = field(default_factory=list)
    won: set[int] = field(default_factory=set)
    #: Those of ``won`` that this very transaction changed (an earlier attempt may have got through).
    fresh: set[int] = field(default_factory=set)
    refused: dict[int, str] = field(default_factory=dict)
    lease_lost: bool = False


def write(batch: Batch) -> Written:
    """Write ``batch`` whole; where one execution's rows are refused, write the others without it.

    Raises OperationalError or InterfaceError when the database can't be reached; call it again with the same batch.
    """
    try:
        return _write(batch)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        # One execution of many is at fault: its row was deleted, or its data is refused. Which?
        if len(batch.entries) > 1:
            return _write_one_by_one(batch)
        logger.exception("what executions %s left behind is refused", list(batch.entries))
        return _finish_refused(batch) if batch.steps else Written(refused=dict.fromkeys(batch.entries, REFUSED))


def _finish_refused(batch: Batch) -> Written:
    """Finish an execution all the same when what it left behind can't be stored; its events are tried on their own."""
    written = write(Batch(batch.worker_id, batch.entries, repeated=batch.repeated))
    written.refused = dict.fromkeys(batch.entries, REFUSED)
    for step in batch.steps:
        if isinstance(step, Finish):
            outcome = Outcome.FAILED if step.event.outcome == Outcome.SUCCEEDED else step.event.outcome
            event = Finished(outcome, REFUSED, "refused")
            with transaction.atomic():
                if not Worker.objects.fence(batch.worker_id):
                    return Written(lease_lost=True)
                for execution in Execution.objects.held_by(batch.worker_id).filter(pk=step.execution_id):
                    written.won |= set(finish_unheld([execution.pk], State(execution.state), event))
    return written


def _write_one_by_one(batch: Batch) -> Written:
    whole = Written()
    for execution_id, entries in batch.entries.items():
        steps = [step for step in batch.steps if step.execution_id == execution_id]
        part = write(Batch(batch.worker_id, {execution_id: entries}, steps, batch.repeated))
        whole.entries += part.entries
        whole.won |= part.won
        whole.fresh |= part.fresh
        whole.refused |= part.refused
        whole.lease_lost |= part.lease_lost
    return whole


def _write(batch: Batch) -> Written:
    with transaction.atomic():
        if not Worker.objects.fence(batch.worker_id):
            return Written(lease_lost=True)
        written = Written()
        finishes = {step.execution_id: step for step in batch.steps if isinstance(step, Finish)}
        # In one order everywhere, so that two transactions can't wait for each other.
        for step in sorted(batch.steps, key=lambda step: step.execution_id):
            fresh = _finish(step, batch) if isinstance(step, Finish) else _wait(step, batch)
            if fresh:
                written.fresh.add(step.execution_id)
            if fresh or (batch.repeated and _stands(step, batch)):
                written.won.add(step.execution_id)
        for execution_id, entries in batch.entries.items():
            finish = finishes.get(execution_id)
            if finish is None:
                written.entries += entries
            elif execution_id in written.won:
                event = finish.event
                written.entries += entries
                written.entries.append(Entry(execution_id, finish.seq, event.type, clean(event.data()), timezone.now()))
        # After an attempt whose commit may have got through, the same rows may be there already.
        EventRow.objects.insert(written.entries, ignore_conflicts=batch.repeated)
        _tell(batch, written)
        return written


def _finish(step: Finish, batch: Batch) -> bool:
    event, usage = step.event, step.usage
    won = _FINISH.execute(
        pk=step.execution_id,
        worker=batch.worker_id,
        outcome=event.outcome,
        error=clean_text(event.error),
        error_code=event.error_code,
        receipt=clean(event.receipt),
        output=clean_text(step.output),
        transcript=None if step.transcript is None else clean(step.transcript),
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        requests=usage.requests,
        cost_usd=cost(usage.cost_usd),
        last_seq=step.seq,
    )
    return won == 1


def _wait(step: Wait, batch: Batch) -> bool:
    return Execution.objects.begin_waiting(step.execution_id, batch.worker_id, clean(step.event.data()))


def _stands(step: Finish | Wait, batch: Batch) -> bool:
    """Whether an earlier attempt of ours at this step got through."""
    held = Execution.objects.filter(pk=step.execution_id, worker_id=batch.worker_id)
    if isinstance(step, Finish):
        return held.finished().filter(last_seq=step.seq, outcome=step.event.outcome).exists()
    return held.filter(question__question_id=step.event.question_id).exists()


def _tell(batch: Batch, written: Written) -> None:
    """Let the applications above take part in the transaction, and lists hear of it after the commit."""
    if not written.fresh:
        return
    rows = {execution.pk: execution for execution in _CHANGED.all(ids=written.fresh)}
    finished = [rows[s.execution_id] for s in batch.steps if isinstance(s, Finish) and s.execution_id in rows]
    if finished:
        tell_finished(finished)
    waiting = [execution for execution in rows.values() if execution.state == State.WAITING]
    if waiting:
        tell(executions_waiting, waiting)
    announce([change_of(e, "finished" if e.state == State.FINISHED else "updated") for e in rows.values()])


#: What the agent and its supervisor say of a finished execution.
_SAID = (
    "outcome", "error", "error_code", "receipt", "output", "transcript", "last_seq",
    "input_tokens", "output_tokens", "requests", "cost_usd",
)  # fmt: skip
_FINISH = PreparedUpdate(
    lambda: Execution.objects.held_by(Param("worker")).filter(pk=Param("pk")),
    lambda: {
        "state": State.FINISHED,
        "question": None,
        "finished_at": Now(),
        "changed_at": Now(),
        **{field.name: Param(field.name, field) for field in Execution._meta.concrete_fields if field.name in _SAID},
    },
)
_CHANGED = PreparedObjects(lambda: Execution.objects.filter(Among("pk", "ids")))
