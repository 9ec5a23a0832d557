"""One run of an agent for one owner in one session."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from executions.prepared import Among, Param, PreparedUpdate
from executions.states import ACTIVE, UNFINISHED, Outcome, Source, State

#: The same as "in one of the unfinished states", by a constraint. The indexes of what is unfinished have this as their
#: condition, since SQLite can't match ``state IN (?, ?)`` to the condition of an index; queries have to say it, too.
_NOT_FINISHED = Q(finished_at__isnull=True)


class ExecutionQuerySet(models.QuerySet["Execution"]):
    """Reads with the domain's names, and the guarded transitions. Nothing else writes ``state``."""

    # Reads ----------------------------------------------------------------------------------------------------------

    def visible_to(self, user: Any) -> Self:
        """What ``user`` may see: staff everything, others their own, anonymous nothing."""
        if not user.is_authenticated:
            return self.none()
        return self if user.is_staff else self.filter(owner=user)

    def queued(self) -> Self:
        return self.filter(_NOT_FINISHED, state=State.QUEUED)

    def active(self) -> Self:
        """Held by a worker: running or waiting for an answer."""
        return self.filter(_NOT_FINISHED, state__in=ACTIVE)

    def unfinished(self) -> Self:
        """Queued, running or waiting: all that can still be canceled."""
        return self.filter(_NOT_FINISHED)

    def finished(self) -> Self:
        return self.filter(state=State.FINISHED)

    def held_by(self, worker_id: str | Param) -> Self:
        return self.active().filter(worker_id=worker_id)

    def without_bodies(self) -> Self:
        """Leave the large columns in the database, for lists."""
        return self.defer("transcript", "output", "options")

    def forget_conversation(self) -> int:
        """Make later executions begin anew, not continue the agents' own conversations; returns how many had one."""
        return self.exclude(agent_session="").update(agent_session="")

    def lock(self) -> Self:
        """Lock these rows until the transaction ends, in one order everywhere; writing their events stays possible."""
        return self.select_for_update(of=("self",), no_key=True).order_by("pk")

    def lock_whole(self) -> Self:
        """Lock these rows so that nobody can write their events either: a commit with some waits for ours."""
        return self.select_for_update(of=("self",)).order_by("pk")

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete these rows and their journals, also while workers write there; those stop what they run of them."""
        with transaction.atomic():
            # Otherwise an event that is stored between the deletion of the events and that of its execution would make
            # this fail.
            ids = list(self.order_by().unfinished().values_list("pk", flat=True))
            list(Execution.objects.filter(pk__in=ids).lock_whole().values_list("pk"))
            return super().delete()

    # As of Django's own: not callable from templates, and not from the manager, where it would mean all there are.
    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    # Transitions: each is one guarded UPDATE that reports whether it won ----------------------------------------------

    @staticmethod
    def claim(ids: Sequence[int], worker_id: str) -> int:
        """``queued → running`` on ``worker_id``; returns how many."""
        return _CLAIM.execute(ids=ids, worker=worker_id)

    def begin_waiting(self, pk: int, worker_id: str, question: dict[str, Any]) -> bool:
        """``running → waiting`` with ``question`` (its event's data), by the worker that holds it.

        A newer question takes the place of one that the agent no longer waits for.
        """
        return (
            self.held_by(worker_id)
            .filter(pk=pk)
            .update(state=State.WAITING, question=question, answer=None, changed_at=Now())
            == 1
        )

    def give_answer(self, pk: int, question_id: str, answer: dict[str, Any]) -> bool:
        """``waiting → running`` with the answer to that very question, unless it is being canceled."""
        return (
            self.filter(
                pk=pk, state=State.WAITING, question__question_id=question_id, cancel_requested_at__isnull=True
            ).update(state=State.RUNNING, answer=answer, changed_at=Now())
            == 1
        )

    @staticmethod
    def request_cancel(ids: Iterable[int], *, by: int | None, reason: str, source: str) -> int:
        """Mark unfinished ones as wanted stopped by the user ``by``; returns how many were not so marked before."""
        return _REQUEST_CANCEL.execute(ids=ids, by=by, reason=reason, source=source)


class Execution(models.Model):
    """One run of an agent, from the request to its outcome.

    ``finished ⇔ outcome and finished_at are set`` is a constraint of the database, and so is "at most one active
    execution per owner and session", and the same per ``lock``.
    """

    # Every index is written at each of an execution's transitions, so the foreign keys have none where another index
    # begins with them, or where a partial one does for the few rows that have a value.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="executions", db_index=False
    )
    session_id = models.CharField(max_length=128, blank=True)
    agent = models.CharField(max_length=64)
    model = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=16, choices=[(s.value, s.value) for s in State], default=State.QUEUED)
    outcome = models.CharField(max_length=16, choices=[(o.value, o.value) for o in Outcome], blank=True)
    error_code = models.CharField(max_length=64, blank=True)
    priority = models.SmallIntegerField(default=0)
    lock = models.CharField(
        max_length=1000, blank=True, help_text="what only one active execution may hold, such as a project's directory"
    )
    agent_session = models.CharField(
        max_length=64, blank=True, help_text="the agent's own name of the conversation, such as the CLI's session id"
    )
    worker = models.ForeignKey(
        "executions.Worker",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="executions",
        db_index=False,
    )
    retry_of = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="retries", db_index=False
    )

    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(default=timezone.now)

    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    cancel_requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    cancel_reason = models.CharField(max_length=500, blank=True)
    cancel_source = models.CharField(max_length=16, choices=[(s.value, s.value) for s in Source], blank=True)

    input_tokens = models.PositiveBigIntegerField(default=0)
    output_tokens = models.PositiveBigIntegerField(default=0)
    requests = models.PositiveIntegerField(default=0, help_text="calls of the model")
    cost_usd = models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True)

    traceparent = models.CharField(max_length=55, blank=True, help_text="the trace of the request that started it")

    last_seq = models.PositiveIntegerField(default=0, help_text="seq of the last event; written when it finishes")
    compacted = models.BooleanField(default=False)
    pruned = models.BooleanField(default=False, help_text="its journal was removed to save space")

    # Large columns come last: SQLite then reads the ones before without following overflow pages.
    receipt = models.JSONField(default=dict, blank=True)
    question = models.JSONField(null=True, blank=True)
    answer = models.JSONField(null=True, blank=True)
    error = models.TextField(blank=True)
    options = models.JSONField(default=dict, blank=True)
    prompt = models.TextField()
    output = models.TextField(blank=True)
    transcript = models.JSONField(null=True, blank=True)

    objects = ExecutionQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="finished_has_one_outcome",
                condition=Q(state=State.FINISHED, finished_at__isnull=False, outcome__in=[o.value for o in Outcome])
                | Q(state__in=UNFINISHED, finished_at__isnull=True, outcome=""),
            ),
            models.UniqueConstraint(
                name="one_active_per_session",
                fields=["owner", "session_id"],
                condition=Q(state__in=ACTIVE) & ~Q(session_id=""),
            ),
            models.UniqueConstraint(
                name="one_active_per_lock", fields=["lock"], condition=Q(state__in=ACTIVE) & ~Q(lock="")
            ),
        ]
        indexes = [
            # What an owner's history is narrowed by is in its index, so that what does not match is passed over there.
            models.Index(fields=["owner", "-id", "outcome", "agent", "model"], name="execution_history"),
            models.Index(fields=["session_id", "owner", "-id"], name="execution_session"),
            models.Index(fields=["state", "-priority", "owner", "id"], name="execution_queue", condition=_NOT_FINISHED),
            models.Index(fields=["outcome", "-id"], name="execution_outcome"),
            models.Index(fields=["agent", "-id"], name="execution_agent"),
            models.Index(fields=["model", "-id"], name="execution_model"),
            models.Index(fields=["created_at"], name="execution_created"),
            models.Index(
                fields=["finished_at"],
                name="execution_prunable",
                condition=Q(finished_at__isnull=False, pruned=False),
            ),
            models.Index(
                fields=["finished_at"],
                name="execution_pruned",
                condition=Q(finished_at__isnull=False, pruned=True),
            ),
            models.Index(fields=["cancel_source", "-id"], name="execution_stopped", condition=~Q(cancel_source="")),
            models.Index(
                fields=["cancel_requested_by"],
                name="execution_stopped_by",
                condition=Q(cancel_requested_by__isnull=False),
            ),
            models.Index(fields=["retry_of"], name="execution_retried", condition=Q(retry_of__isnull=False)),
            models.Index(fields=["worker", "state"], name="execution_held", condition=_NOT_FINISHED),
            models.Index(fields=["lock", "state"], name="execution_locked", condition=_NOT_FINISHED & ~Q(lock="")),
            models.Index(
                fields=["agent_session", "owner"], name="execution_agent_session", condition=~Q(agent_session="")
            ),
            models.Index(fields=["owner", "session_id", "state"], name="execution_busy", condition=_NOT_FINISHED),
        ]

    def __str__(self) -> str:
        return _("execution %(id)s") % {"id": self.pk}

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the row and its journal, also while a worker writes there; it stops what it runs within two polls."""
        with transaction.atomic():
            list(Execution.objects.filter(pk=self.pk).lock_whole().values_list("pk"))
            return super().delete(*args, **kwargs)

    delete.alters_data = True  # type: ignore[attr-defined]

    @property
    def stopping(self) -> bool:
        """Whether a cancellation was requested and not confirmed yet."""
        return self.state in ACTIVE and self.cancel_requested_at is not None

    @property
    def status(self) -> str:
        """The one word people see: the outcome when finished, ``stopping``, else the state."""
        if self.state == State.FINISHED:
            return self.outcome
        return "stopping" if self.stopping else self.state

    @property
    def duration(self) -> timedelta | None:
        """From its start to its end (or to now); ``None`` before it started."""
        if self.started_at is None:
            return None
        end: datetime = self.finished_at or timezone.now()
        return max(end - self.started_at, timedelta())


_CLAIM = PreparedUpdate(
    lambda: Execution.objects.queued().filter(Among("pk", "ids")),
    lambda: {
        "state": State.RUNNING,
        "worker_id": Param("worker"),
        "started_at": Now(),
        "changed_at": Now(),
    },
)
_REQUEST_CANCEL = PreparedUpdate(
    lambda: Execution.objects.unfinished().filter(Among("pk", "ids"), cancel_requested_at__isnull=True),
    lambda: {
        "cancel_requested_at": Now(),
        "cancel_requested_by_id": Param("by"),
        "cancel_reason": Param("reason"),
        "cancel_source": Param("source"),
        "changed_at": Now(),
    },
)
