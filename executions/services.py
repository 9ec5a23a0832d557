"""What people do with executions: start, cancel, answer, retry, reprioritise.

Every service is synchronous ORM code in a transaction of its own; the doorbells ring after the commit. The database
has decided before anybody is told. Views, consumers, admin actions and commands call these and nothing deeper.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, NamedTuple, cast

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from executions import bus, validation
from executions.changes import announce, change_of
from executions.conf import conf
from executions.errors import InvalidInput, NotFinished, NotFound, NotQueued, NotWaiting, SessionBusy
from executions.events import Change, Finished
from executions.finishing import finish_unheld
from executions.models import Execution
from executions.models.execution import ExecutionQuerySet
from executions.prepared import Param, Prepared, PreparedInsert
from executions.signals import execution_queued
from executions.states import OnBusy, Outcome, Source, State
from executions.terms import terms_of

validate_session_id = validation.session_id

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

    @property
    def nothing(self) -> bool:
        """Whether there was no such execution at all."""
        return not (self.canceled or self.requested or self.already_requested or self.already_finished)


def start(
    *,
    owner: User,
    prompt: str,
    session_id: str = "",
    agent: str = "",
    model: str = "",
    options: dict[str, Any] | None = None,
    priority: int = 0,
    on_busy: OnBusy | str = OnBusy.QUEUE,
    source: Source | str = Source.API,
    retry_of: Execution | None = None,
    limits: dict[str, Any] | None = None,
) -> Execution:
    """Queue an execution and ring the workers.

    ``on_busy`` says what happens when the session has an unfinished one: ``queue`` behind it, ``interrupt`` (stop
    all that is unfinished there and run this, in one transaction), or ``reject``.

    Raises InvalidInput, UnknownAgent, UnknownModel, SessionBusy, ProjectBusy, and what the agent refuses (see
    :mod:`executions.terms`); nothing is stored then.
    """
    prompt = validation.prompt(prompt)
    session_id = validation.session_id(session_id) if session_id else ""
    busy = validation.choice(OnBusy, on_busy, "on_busy")
    model, agent = validation.model_and_agent(model, agent)
    # A retry keeps the priority that the staff may have given it.
    by_staff = getattr(owner, "is_staff", False) or retry_of is not None
    priority = validation.priority(priority, by_staff=by_staff)
    terms = terms_of(owner, agent, session_id, options or {})
    options = terms.options
    if limits:
        options["limits"] = validation.limits(limits)
    with transaction.atomic():
        if session_id and busy is not OnBusy.QUEUE:
            # Of two that come at once, one sees the other's execution.
            list(get_user_model().objects.select_for_update(no_key=True).filter(pk=owner.pk).values_list("pk"))
            unfinished = Execution.objects.unfinished().filter(owner=owner, session_id=session_id)
            if busy is OnBusy.REJECT and unfinished.exists():
                raise SessionBusy
            if busy is OnBusy.INTERRUPT:
                cancel(unfinished, by=owner, reason="A newer message took its place", source=Source.INTERRUPT)
        terms.check_lock()
        if _queue_is_full(conf.max_queued_per_owner).exists(owner=owner.pk):
            raise InvalidInput(f"You have {conf.max_queued_per_owner} executions queued; let some finish first.")
        execution = Execution(
            owner=owner,
            prompt=prompt,
            session_id=session_id,
            agent=agent,
            model=model,
            options=options,
            priority=priority,
            retry_of=retry_of,
            lock=terms.lock,
            agent_session=terms.agent_session,
        )
        _insert.execute(execution)
        execution_queued.send(sender=Execution, execution=execution)
        terms.keep(execution)
        announce([change_of(execution, "created")])
        transaction.on_commit(partial(bus.ring, bus.WORKERS, {"type": "execution.wake"}))
    return execution


@lru_cache
def _queue_is_full(limit: int) -> Prepared:
    queued = Execution.objects.queued().order_by()
    return Prepared(lambda: queued.filter(owner=Param("owner")).values_list("pk")[limit - 1 : limit])


_insert = PreparedInsert(Execution)


def cancel(
    executions: QuerySet[Execution],
    *,
    by: User | None,
    reason: str = "",
    source: Source | str = Source.API,
) -> CancelReport:
    """Stop every unfinished execution of ``executions`` (already narrowed to what ``by`` may stop).

    Queued ones are finished here. For running and waiting ones the request is stored and their worker told; it
    stops them and writes the receipt. Doing it twice is harmless. Raises InvalidInput for a bad reason.
    """
    reason = validation.reason(reason)
    source = validation.choice(Source, source, "source")
    report = CancelReport()
    last = 0
    while True:
        following = executions.filter(pk__gt=last).order_by("pk")
        last, count = _cancel_batch(following, report, by=by, reason=reason, source=source)
        if count < CANCEL_BATCH:
            return report


def _cancel_batch(
    executions: QuerySet[Execution], report: CancelReport, *, by: User | None, reason: str, source: Source
) -> tuple[int, int]:
    """Stop the first ones of ``executions``; returns the last id and how many there were."""
    with transaction.atomic():
        locked = cast("ExecutionQuerySet", executions.select_related(None)).lock()
        rows = [_Row(*row) for row in locked.values_list(*_Row._fields)[:CANCEL_BATCH]]
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
        # The workers first: an agent that is to stop comes before the lists that show it.
        transaction.on_commit(partial(_ring_workers, held))
        announce([Change(row.pk, row.owner_id, row.session_id, "updated", "stopping") for row in fresh])
    report.canceled += [row.pk for row in queued]
    report.requested += [row.pk for row in fresh]
    report.already_requested += [row.pk for row in held if row.cancel_requested_at is not None]
    report.already_finished += [row.pk for row in rows if row.state == State.FINISHED]
    return (rows[-1].pk, len(rows)) if rows else (0, 0)


class _Row(NamedTuple):
    """What a cancel has to know of an execution."""

    pk: int
    owner_id: int
    session_id: str
    state: str
    worker_id: str | None
    cancel_requested_at: datetime | None


def _ring_workers(held: Iterable[_Row]) -> None:
    by_worker: dict[str, list[int]] = defaultdict(list)
    for row in held:
        if row.worker_id is not None:
            by_worker[row.worker_id].append(row.pk)
    for worker_id, ids in by_worker.items():
        bus.ring(bus.worker_group(worker_id), {"type": "execution.cancel", "ids": ids})


def answer(execution_id: int, *, question_id: str, answer: dict[str, Any], by: User) -> None:
    """Answer the question a waiting execution has asked; exactly one answer ever reaches the agent.

    ``answer`` is ``{"answers": {question: label | [labels] | text}}`` or ``{"approved": bool, "comment": str}``.
    Raises NotFound, NotWaiting (another question, already answered, stopping or finished), InvalidInput.
    """
    answer = validation.answer(answer)
    question_id = validation.text(question_id, "question_id", 200)
    with transaction.atomic():
        execution = Execution.objects.visible_to(by).without_bodies().filter(pk=execution_id).first()
        if execution is None:
            raise NotFound
        question = execution.question or {}
        if execution.state == State.WAITING and question.get("question_id") == question_id:
            validation.kind_of_answer(answer, question["kind"])
        if not Execution.objects.give_answer(execution_id, question_id, answer):
            raise NotWaiting
        announce([change_of(execution, "updated", State.RUNNING)])
        group = bus.worker_group(execution.worker_id or "")
        transaction.on_commit(partial(bus.ring, group, {"type": "execution.answer", "ids": [execution_id]}))


def retry(execution: Execution, *, by: User, source: Source | str = Source.API) -> Execution:
    """Start the same request again, for the same owner. Raises NotFinished while the first one still runs."""
    if execution.state != State.FINISHED:
        raise NotFinished
    options = dict(execution.options)
    limits = options.pop("limits", None)
    return start(
        owner=execution.owner,
        prompt=execution.prompt,
        session_id=execution.session_id,
        agent=execution.agent,
        model=execution.model,
        options=options,
        priority=execution.priority,
        source=source,
        retry_of=execution,
        limits=limits,
    )


def set_priority(execution: Execution, priority: int, *, by: User) -> None:
    """Move a queued execution in the queue. Raises InvalidInput, NotQueued when it has left the queue."""
    priority = validation.priority(priority, by_staff=getattr(by, "is_staff", False))
    with transaction.atomic():
        won = Execution.objects.queued().filter(pk=execution.pk).update(priority=priority, changed_at=Now())
        if not won:
            raise NotQueued
        announce([change_of(execution, "updated", State.QUEUED)])
        transaction.on_commit(partial(bus.ring, bus.WORKERS, {"type": "execution.wake"}))
