"""Executions of this site's own database. Whoever may run the command may see and stop everything."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any, cast

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.core.management.base import CommandError

from executions import idempotency, readers, services
from executions.api.serializers import EventSerializer, ExecutionListSerializer, ExecutionSerializer
from executions.errors import NotFound
from executions.events import Finished
from executions.management.executions_cli.backend import COUNTED, Row, Selection, Stopped
from executions.management.executions_cli.exit_codes import FAILED, USAGE
from executions.models import Execution
from executions.models.execution import ExecutionQuerySet
from executions.states import Source

FOLLOW_SECONDS = 0.2
POLL_SECONDS = 0.1
PAGE = 500


class Local:
    """The backend on the models and services."""

    def hint(self, *words: object) -> str:
        return " ".join(map(str, ("manage.py executions", *words)))

    def active(self, chosen: Selection) -> tuple[list[Row], int]:
        rows = _narrowed(_listed(), chosen)
        queued = rows.queued().order_by().values("pk")[: COUNTED + 1].count()
        return _as_json(rows.active().order_by("started_at", "id")), queued

    def history(self, chosen: Selection, limit: int) -> list[Row]:
        return _as_json(_narrowed(_listed(), chosen).order_by("-id")[:limit])

    def get(self, execution: int) -> Row:
        return dict(ExecutionSerializer(_the_one(execution)).data)

    def follow(self, execution: int, after: int) -> Iterator[Row]:
        """Yield events; the journal is polled, as the worker is another process."""
        _the_one(execution)
        while True:
            # Asked for before reading: what is written last is then surely among what is read.
            over = not Execution.objects.unfinished().filter(pk=execution).exists()
            entries = readers.read(execution, after, PAGE)
            yield from cast("list[Row]", EventSerializer(entries, many=True).data)
            if entries:
                after = entries[-1].seq
                if entries[-1].type == Finished.type:
                    return
            elif over:
                return
            else:
                time.sleep(FOLLOW_SECONDS)

    def start(self, prompt: str, owner: str | None, given: dict[str, Any]) -> Row:
        person, key = _somebody(owner), given.pop("key", "")
        request = {"prompt": prompt, **given}
        if key:
            execution, _ = idempotency.start_once(person, key, request, source=Source.COMMAND)
        else:
            execution = services.start(owner=person, source=Source.COMMAND, **request)
        return self.get(execution.pk)

    def answer(self, execution: int, question_id: str, answer: dict[str, Any]) -> None:
        services.answer(execution, question_id=question_id, answer=answer, by=_the_one(execution).owner)

    def retry(self, execution: int) -> Row:
        return self.get(services.retry(_the_one(execution), by=None, source=Source.COMMAND).pk)

    def unfinished(self, chosen: Selection) -> int:
        return _narrowed(Execution.objects.unfinished(), chosen).count()

    def cancel(self, chosen: Sequence[int] | Selection, reason: str, wait: float) -> Stopped:
        if isinstance(chosen, Selection):
            rows, ids = _narrowed(Execution.objects.unfinished(), chosen), set()
        else:
            rows, ids = Execution.objects.filter(pk__in=chosen), set(chosen)
        report = services.cancel(rows, by=None, reason=reason, source=Source.COMMAND)
        unconfirmed = wait_for([*report.requested, *report.already_requested], wait) if wait else 0
        everything = sorted(report.canceled + report.requested + report.already_requested + report.already_finished)
        return Stopped(
            [row for batch in _batches(everything) for row in _as_json(_listed().filter(pk__in=batch).order_by("pk"))],
            set(report.already_finished),
            sorted(ids - set(everything)),
            unconfirmed,
        )


def _listed() -> ExecutionQuerySet:
    return Execution.objects.select_related("owner", "cancel_requested_by").without_bodies()


def _as_json(rows: Any) -> list[Row]:
    return list(ExecutionListSerializer(rows, many=True).data)


def _the_one(execution: int) -> Execution:
    """Return the execution. Raises NotFound."""
    found = Execution.objects.select_related("owner", "cancel_requested_by").filter(pk=execution).first()
    if found is None:
        raise NotFound(f"There is no execution {execution}.")
    return found


def _narrowed(rows: ExecutionQuerySet, chosen: Selection) -> ExecutionQuerySet:
    """Apply what was chosen. Raises CommandError for a user that does not exist."""
    if chosen.owner is not None:
        rows = rows.filter(owner=_user(chosen.owner))
    if chosen.session is not None:
        rows = rows.filter(session_id=chosen.session)
    if chosen.states:
        rows = rows.filter(state__in=chosen.states)
    if chosen.outcomes:
        rows = rows.filter(outcome__in=chosen.outcomes)
    return rows


def _user(name: str) -> User:
    user = get_user_model().objects.filter(username=name).first()
    if user is None:
        raise CommandError(f"There is no user {name!r}.", returncode=FAILED)
    return user


def _somebody(name: str | None) -> User:
    """Return the user of that name; without one, the only user there is. Raises CommandError."""
    if name is not None:
        return _user(name)
    users = list(get_user_model().objects.filter(is_active=True).order_by("pk")[:2])
    if len(users) == 1:
        return users[0]
    raise CommandError("Say whose execution it is: --owner NAME.", returncode=USAGE)


def _batches(ids: list[int]) -> list[list[int]]:
    return [ids[first : first + PAGE] for first in range(0, len(ids), PAGE)]


def wait_for(ids: list[int], seconds: float) -> int:
    """Wait until all have finished; returns how many have not within ``seconds``."""
    end, late = time.monotonic() + seconds, 0
    for batch in _batches(ids):
        rows = Execution.objects.unfinished().filter(pk__in=batch)
        while (unfinished := rows.count()) and time.monotonic() < end:
            time.sleep(POLL_SECONDS)
        late += unfinished
    return late
