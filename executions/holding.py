"""Holding the queue, for all agents or for one; stopping what runs; releasing the queue, with what was stopped.

While it is held, starts are accepted and wait; nothing is claimed (see :mod:`executions.gate`). What runs goes on,
unless everything is stopped as well: the hold comes first, so that nothing new begins behind the stop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from executions import audit, bus, gate, services, validation
from executions.actions import Action
from executions.changes import announce
from executions.conf import conf
from executions.errors import ExecutionError, NotHeld, UnknownAgent
from executions.events import Change
from executions.models import Execution, HeldStop, Hold
from executions.models.execution import ExecutionQuerySet
from executions.prepared import PreparedObjects
from executions.services import CancelReport
from executions.states import Source

_IN_FORCE = PreparedObjects(lambda: Hold.objects.in_force())


def in_force() -> list[Hold]:
    """Return the holds of now, the one of everything first; pages ask this, so it is a prepared statement."""
    return _IN_FORCE.all()


def hold(*, by: User | None, reason: str = "", agent: str = "", source: Source | str = Source.API) -> tuple[Hold, bool]:
    """Let nothing more be claimed, of ``agent`` or (``""``) of any; returns the hold, and whether it is a new one.

    Once this has returned, no worker claims anything more. Raises InvalidInput, UnknownAgent.
    """
    reason = validation.reason(reason)
    if agent and agent not in conf.agents:
        raise UnknownAgent(
            _("There is no agent %(agent)r; choose one of %(agents)s, or none for all.")
            % {"agent": agent, "agents": ", ".join(conf.agents)}
        )
    with transaction.atomic():
        gate.lock()
        held = Hold.objects.in_force().filter(agent=agent).first()
        if held is not None:
            return held, False
        held = Hold.objects.create(agent=agent, held_by=by.get_username() if by else "", reason=reason)
        audit.record(
            Action.QUEUE_HELD, by=by, kind="hold", object_id=held.pk, source=source, agent=agent, reason=reason
        )
        _tell_pages()
    held.refresh_from_db()
    return held, True


def to_stop(held: Hold) -> ExecutionQuerySet:
    """Return what a stop of everything would stop: what runs or waits. What is queued stays in the queue."""
    active = Execution.objects.active()
    return active.filter(agent=held.agent) if held.agent else active


def stop_everything(
    held: Hold, *, by: User | None, reason: str = "", source: Source | str = Source.API
) -> CancelReport:
    """Stop all that runs or waits behind a hold, and remember what of it was stopped by this. Raises InvalidInput."""
    remember = partial(_remember, held)
    return services.cancel(to_stop(held), by=by, reason=reason or held.reason, source=source, and_then=remember)


def _remember(held: Hold, ids: Sequence[int]) -> None:
    HeldStop.objects.bulk_create([HeldStop(execution_id=pk, hold=held) for pk in ids], ignore_conflicts=True)


@dataclass(slots=True)
class Requeued:
    """What became of what a hold had stopped: the new executions, and by id why some could not be queued again."""

    started: list[int] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)


def release(held: Hold, *, by: User | None, requeue: bool = False, source: Source | str = Source.API) -> Requeued:
    """Let workers claim again; with ``requeue``, what the hold had stopped is then queued again, behind what waited.

    A crash in between leaves the rest stopped, and remembered for :func:`requeue_stopped`. Raises NotHeld when it was
    released before.
    """
    with transaction.atomic():
        if not Hold.objects.release(held.pk, by.get_username() if by else ""):
            raise NotHeld
        about: dict[str, Any] = {"kind": "hold", "object_id": held.pk, "agent": held.agent}
        audit.record(Action.QUEUE_RELEASED, by=by, source=source, **about, requeue=requeue)
        _tell_pages()
        transaction.on_commit(partial(bus.ring, bus.WORKERS, {"type": "execution.wake"}))
    return requeue_stopped(held, by=by, source=source) if requeue else Requeued()


def requeue_stopped(held: Hold, *, by: User | None, source: Source | str = Source.API) -> Requeued:
    """Queue again, as retries, what a hold has stopped; each once, however often this is called.

    Some are refused for what their owners may no longer do, which is told and not an error. What had finished before it
    could be stopped is left alone.
    """
    done = Requeued()
    for pk in list(HeldStop.objects.to_requeue().filter(hold=held).values_list("pk", flat=True)):
        with transaction.atomic():
            if not HeldStop.objects.filter(pk=pk, requeued_at__isnull=True).update(requeued_at=Now()):
                continue  # another call was quicker
            try:
                with transaction.atomic():
                    execution = Execution.objects.select_related("owner").get(pk=pk)
                    done.started.append(services.retry(execution, by=by, source=source).pk)
            except ExecutionError as error:
                done.refused[pk] = error.message
    if done.started:
        audit.record(
            Action.REQUEUED, by=by, kind="hold", object_id=held.pk, count=len(done.started), source=source,
            others=True, first=done.started[0], last=done.started[-1], refused=len(done.refused),
        )  # fmt: skip
    return done


def _tell_pages() -> None:
    announce([Change(0, 0, "", "queue", "")])
