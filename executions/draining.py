"""Taking a worker out of service, and putting it back.

A drained worker claims nothing more, finishes what it has, and then stays idle, alive and to be seen, until it is
resumed or its process ends. The column is the truth: a claim locks the worker's row and reads it, so once a drain is
in the database the worker takes nothing more, on whichever host it is.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from executions import audit, bus, validation
from executions.actions import Action
from executions.errors import InvalidInput, NoSuchWorker
from executions.models import Worker
from executions.states import Source

#: As many characters of an id are enough where they name one worker.
SHORTEST = 4


def find(text: str) -> Worker:
    """Return the worker at work whose id begins with ``text``. Raises NoSuchWorker, InvalidInput where several do."""
    alive = Worker.objects.alive()
    found = list(alive.filter(pk__startswith=text)[:2]) if len(text) >= SHORTEST and text.isalnum() else []
    if not found:
        raise NoSuchWorker(_("There is no worker %(id)r at work.") % {"id": text[:32]})
    if len(found) > 1:
        raise InvalidInput(_("The ids of several workers begin with %(text)r; give more of it.") % {"text": text})
    return found[0]


def drain(worker_id: str, *, by: User | None, reason: str = "", source: Source | str = Source.API) -> bool:
    """Let a worker take nothing new; ``False`` when it was draining already. Raises NoSuchWorker, InvalidInput."""
    reason = validation.reason(reason)
    with transaction.atomic():
        worker = _locked(worker_id)
        changed = Worker.objects.begin_draining(worker_id)
        if changed:
            _record(Action.WORKER_DRAINED, worker, by=by, source=source, reason=reason)
    return changed


def resume(worker_id: str, *, by: User | None, source: Source | str = Source.API) -> bool:
    """Let a drained worker take runs again; ``False`` when it does. Raises NoSuchWorker."""
    with transaction.atomic():
        worker = _locked(worker_id)
        changed = Worker.objects.alive().filter(pk=worker_id, draining_at__isnull=False).update(draining_at=None) == 1
        if changed:
            _record(Action.WORKER_RESUMED, worker, by=by, source=source)
            transaction.on_commit(partial(bus.ring, bus.worker_group(worker_id), {"type": "execution.wake"}))
    return changed


def _locked(worker_id: str) -> Worker:
    worker = Worker.objects.alive().select_for_update().filter(pk=worker_id).first()
    if worker is None:
        raise NoSuchWorker(_("There is no worker %(id)r at work.") % {"id": worker_id[:32]})
    return worker


def _record(action: Action, worker: Worker, *, by: User | None, source: Source | str, reason: str = "") -> None:
    about: dict[str, Any] = {"kind": "worker", "object_id": worker.pk, "worker": str(worker)}
    audit.record(action, by=by, source=source, **about, reason=reason)
