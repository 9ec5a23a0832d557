"""Stops executions: what is queued is finished here, what a worker holds is marked, and the worker told.

The request is in the database before anybody is told of it, so a worker that hears nothing finds it at its next poll.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple, cast

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from executions import audit, bus, validation
from executions.actions import Action
from executions.changes import announce
from executions.errors import NotFound
from executions.events import Change, Finished
from executions.finishing import finish_unheld
from executions.models import Execution
from executions.models.execution import ExecutionQuerySet
from executions.prepared import Param, Prepared
from executions.states import Outcome, Source, State

#: How many rows one transaction of a bulk cancel takes: bounds how long others wait for the database.
CANCEL_BATCH = 500


@dataclass(slots=True)
class CancelReport:
    """What a cancel did, by execution id."""

    canceled: list[int] = field(default_factory=list)
    requested: list[int] = field(default_factory=list)
    already_requested: list[int] = field(default_factory=list)
    already_finished: list[int] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many this very call stopped or will see stopped."""
        return len(self.canceled) + len(self.requested)

    def add(self, other: CancelReport) -> None:
        """Let this report tell of what another one does, too."""
        self.canceled += other.canceled
        self.requested += other.requested
        self.already_requested += other.already_requested
        self.already_finished += other.already_finished


def cancel(
    executions: QuerySet[Execution],
    *,
    by: User | None,
    reason: str = "",
    source: Source | str = Source.API,
    and_then: Callable[[Sequence[int]], None] | None = None,
) -> CancelReport:
    """Stop every unfinished execution of ``executions`` (already narrowed to what ``by`` may stop).

    Queued ones are finished here. For running and waiting ones the request is stored and their worker told; it
    stops them and writes the receipt. Doing it twice is harmless. ``and_then`` is called with the ids of those that
    this call stops, in the transactions that do it. Raises InvalidInput for a bad reason.
    """
    reason = validation.reason(reason)
    source = validation.choice(Source, source, "source")
    report = CancelReport()
    last = 0
    while True:
        following = executions.filter(pk__gt=last).order_by("pk")
        with transaction.atomic():
            part, last, count = _cancel_batch(following, by=by, reason=reason, source=source)
            if and_then is not None and part.count:
                and_then(part.canceled + part.requested)
        report.add(part)
        if count < CANCEL_BATCH:
            return report


def cancel_one(execution_id: int, *, by: User, reason: str = "", source: Source | str = Source.API) -> CancelReport:
    """Stop one execution, like :func:`cancel`. Raises InvalidInput, and NotFound for what ``by`` may not see."""
    reason = validation.reason(reason)
    source = validation.choice(Source, source, "source")
    with transaction.atomic():
        rows = [_Row(*row) for row in _ONE.rows(pk=execution_id)]
        if not rows or not (by.is_staff or rows[0].owner_id == by.pk):
            raise NotFound(_("There is no execution %(execution_id)s.") % {"execution_id": execution_id})
        report = CancelReport()
        _stop(rows, report, by=by, reason=reason, source=source)
    return report


class _Row(NamedTuple):
    """What a cancel has to know of an execution."""

    pk: int
    owner_id: int
    session_id: str
    state: str
    worker_id: str | None
    cancel_requested_at: Any


_ONE = Prepared(lambda: Execution.objects.filter(pk=Param("pk")).lock().values_list(*_Row._fields))


def _cancel_batch(
    executions: QuerySet[Execution], *, by: User | None, reason: str, source: Source
) -> tuple[CancelReport, int, int]:
    """Stop the first ones of ``executions``; returns what became of them, the last id and how many there were."""
    locked = cast("ExecutionQuerySet", executions.select_related(None)).lock()
    rows = [_Row(*row) for row in locked.values_list(*_Row._fields)[:CANCEL_BATCH]]
    report = CancelReport()
    _stop(rows, report, by=by, reason=reason, source=source)
    return report, rows[-1].pk if rows else 0, len(rows)


def _stop(rows: Sequence[_Row], report: CancelReport, *, by: User | None, reason: str, source: Source) -> None:
    """Stop what ``rows`` are about, whose locks the caller's transaction holds, and say so in ``report``."""
    queued = [row for row in rows if row.state == State.QUEUED]
    held = [row for row in rows if row.state in (State.RUNNING, State.WAITING)]
    fresh = [row for row in held if row.cancel_requested_at is None]
    request = partial(Execution.objects.request_cancel, by=by.pk if by else None, reason=reason, source=source)
    if queued:
        request([row.pk for row in queued])
        receipt = {
            "by": by.get_username() if by else "",
            "reason": reason,
            "source": source,
            "elapsed_ms": 0.0,
            "processes": [],
            "tool": "",
        }
        finish_unheld([row.pk for row in queued], State.QUEUED, Finished(Outcome.CANCELED, receipt=receipt))
    if fresh:
        request([row.pk for row in fresh])
    _record([*queued, *fresh], by=by, reason=reason, source=source)
    # The workers first: an agent that is to stop comes before the lists that show it.
    transaction.on_commit(partial(_ring_workers, held))
    announce([Change(row.pk, row.owner_id, row.session_id, "updated", "stopping") for row in fresh])
    report.canceled += [row.pk for row in queued]
    report.requested += [row.pk for row in fresh]
    report.already_requested += [row.pk for row in held if row.cancel_requested_at is not None]
    report.already_finished += [row.pk for row in rows if row.state == State.FINISHED]


def _record(rows: Sequence[_Row], *, by: User | None, reason: str, source: Source) -> None:
    """Add the stop of ``rows`` to the audit log: one entry, however many."""
    if not rows:
        return
    owners = {row.owner_id for row in rows}
    why: dict[str, Any] = {"reason": reason}
    if source in (Source.DISCONNECT, Source.INTERRUPT):
        why["because"] = source.value
    if len(rows) == 1:
        (row,) = rows
        what: dict[str, Any] = {"object_id": row.pk, "state": row.state}
    else:
        what = {"ids": [row.pk for row in rows], "owners": len(owners)}
    why["others"] = by is None or owners != {by.pk}
    owner = owners.pop() if len(owners) == 1 else None
    audit.record(Action.STOPPED, by=by, kind="execution", owner=owner, count=len(rows), source=source, **what, **why)


def _ring_workers(held: Iterable[_Row]) -> None:
    by_worker: dict[str, list[int]] = defaultdict(list)
    for row in held:
        if row.worker_id is not None:
            by_worker[row.worker_id].append(row.pk)
    for worker_id, ids in by_worker.items():
        bus.ring(bus.worker_group(worker_id), {"type": "execution.cancel", "ids": ids})
