"""What people do with executions: start, cancel, answer, retry, reprioritise, delete.

Every service is synchronous ORM code in a transaction of its own; the doorbells ring after the commit. The database
has decided before anybody is told. Views, consumers, admin actions and commands call these and nothing deeper.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from executions import audit, bus, owner_limits, tracing, validation
from executions.actions import Action
from executions.canceling import CancelReport, cancel, cancel_one
from executions.changes import announce, change_of
from executions.errors import NotFinished, NotFound, NotQueued, NotWaiting, QueueFull, SessionBusy
from executions.models import Execution
from executions.prepared import Param, Prepared, PreparedInsert
from executions.signals import execution_queued
from executions.states import OnBusy, Source, State
from executions.terms import terms_of

__all__ = [
    "CancelReport",
    "answer",
    "cancel",
    "cancel_one",
    "delete",
    "retry",
    "set_priority",
    "start",
    "validate_session_id",
]

validate_session_id = validation.session_id


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
    by: User | None = None,
    reason: str = "",
) -> Execution:
    """Queue an execution and ring the workers; a retry was asked for by ``by``, anything else by its owner.

    ``on_busy`` says what happens when the session has an unfinished one: ``queue`` behind it, ``interrupt`` (stop
    all that is unfinished there and run this, in one transaction), or ``reject``.

    Raises InvalidInput, UnknownAgent, UnknownModel, StartNotAllowed, BudgetUsedUp, QueueFull, SessionBusy, ProjectBusy,
    and what the agent refuses (see :mod:`executions.terms`); nothing is stored then.
    """
    prompt = validation.prompt(prompt)
    session_id = validation.session_id(session_id) if session_id else ""
    busy = validation.choice(OnBusy, on_busy, "on_busy")
    model, agent = validation.model_and_agent(model, agent)
    own = owner_limits.limits_of(owner)
    owner_limits.require_start(own, owner)
    # A retry keeps the priority that the staff may have given it.
    free = getattr(owner, "is_staff", False) or retry_of is not None
    priority = validation.priority(priority) if free else validation.priority(priority, highest=own.max_priority)
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
        if not own.max_queued or _queue_is_full(own.max_queued).exists(owner=owner.pk):
            raise QueueFull(
                _("You have %(max_queued_per_owner)s executions queued; let some finish first.")
                % {"max_queued_per_owner": own.max_queued}
            )
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
            traceparent=tracing.parent(),
        )
        _insert.execute(execution)
        execution_queued.send(sender=Execution, execution=execution)
        terms.keep(execution)
        _record_start(execution, owner if retry_of is None else by, source, validation.reason(reason))
        announce([change_of(execution, "created")])
        transaction.on_commit(partial(bus.ring, bus.WORKERS, {"type": "execution.wake"}))
    return execution


def _record_start(execution: Execution, by: User | None, source: str, reason: str) -> None:
    retried = execution.retry_of_id
    audit.record(
        Action.RETRIED if retried else Action.STARTED,
        by=by,
        kind="execution",
        object_id=execution.pk,
        owner=execution.owner,
        source=source,
        agent=execution.agent,
        model=execution.model,
        session=execution.session_id,
        retry_of=retried,
        reason=reason,
    )


@lru_cache
def _queue_is_full(limit: int) -> Prepared:
    queued = Execution.objects.queued().order_by()
    return Prepared(lambda: queued.filter(owner=Param("owner")).values_list("pk")[limit - 1 : limit])


_insert = PreparedInsert(Execution)


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
        _record(Action.ANSWERED, execution, by, question_id=question_id)
        announce([change_of(execution, "updated", State.RUNNING)])
        group = bus.worker_group(execution.worker_id or "")
        transaction.on_commit(partial(bus.ring, group, {"type": "execution.answer", "ids": [execution_id]}))


def retry(execution: Execution, *, by: User | None, source: Source | str = Source.API, reason: str = "") -> Execution:
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
        by=by,
        reason=reason,
    )


def set_priority(execution: Execution, priority: int, *, by: User, reason: str = "") -> None:
    """Move a queued execution in the queue. Raises InvalidInput, NotQueued when it has left the queue."""
    reason = validation.reason(reason)
    free = getattr(by, "is_staff", False)
    highest = validation.PRIORITIES[-1] if free else owner_limits.limits_of(by).max_priority
    priority = validation.priority(priority, highest=highest)
    with transaction.atomic():
        won = Execution.objects.queued().filter(pk=execution.pk).update(priority=priority, changed_at=Now())
        if not won:
            raise NotQueued
        changes = {"priority": [execution.priority, priority]}
        _record(Action.PRIORITY_CHANGED, execution, by, changes=changes, reason=reason)
        announce([change_of(execution, "updated", State.QUEUED)])
        transaction.on_commit(partial(bus.ring, bus.WORKERS, {"type": "execution.wake"}))


def delete(execution: Execution, *, by: User) -> None:
    """Remove a finished execution and its journal for good. Raises NotFinished."""
    with transaction.atomic():
        if not Execution.objects.finished().filter(pk=execution.pk).lock().values_list("pk"):
            raise NotFinished
        _record(Action.DELETED, execution, by, agent=execution.agent, outcome=execution.outcome)
        execution.delete()


def _record(action: Action, execution: Execution, by: User, **details: Any) -> None:
    audit.record(action, by=by, kind="execution", object_id=execution.pk, owner=execution.owner_id, **details)
