"""Something that is to be told to the outside: a row of an outbox, and later of its log."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Any, Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

#: The newest attempts that a delivery remembers.
REMEMBERED_ATTEMPTS = 20


class DeliveryState(StrEnum):
    """What became of a delivery so far."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


#: "Pending", by a constraint and in words that the condition of an index can have on every database.
UNSETTLED = Q(settled_at__isnull=True)


class DeliveryQuerySet(models.QuerySet[Any]):
    """The guarded transitions of deliveries. The number of the attempt fences them: a late sender writes nothing."""

    def pending(self) -> Self:
        return self.filter(UNSETTLED)

    def due(self) -> Self:
        """Those to be sent now: their time has come, or the lease of whoever sent them last has ended."""
        return self.pending().filter(next_at__lte=Now())

    def claim(self, pk: int, attempts: int, lease: timedelta) -> bool:
        """Begin the attempt after ``attempts``, for the time of the lease; ``False`` when somebody else has."""
        changes = {"attempts": F("attempts") + 1, "claimed_at": Now(), "next_at": Now() + lease}
        return self.due().filter(pk=pk, attempts=attempts).update(**changes) == 1

    def attempted(self, pk: int, attempts: int) -> Self:
        """The delivery while this is its last attempt."""
        return self.pending().filter(pk=pk, attempts=attempts)

    def settle(self, pk: int, attempts: int, state: DeliveryState, log: list[dict[str, Any]]) -> bool:
        """``pending → delivered`` or ``failed``."""
        changes = {"state": state, "settled_at": Now(), "claimed_at": None, "next_at": None, "log": log}
        return self.attempted(pk, attempts).update(**changes) == 1

    def put_off(self, pk: int, attempts: int, delay: timedelta, log: list[dict[str, Any]]) -> bool:
        """Have it tried again after ``delay``."""
        return self.attempted(pk, attempts).update(next_at=Now() + delay, claimed_at=None, log=log) == 1

    def release(self, pk: int, attempts: int) -> bool:
        """Give back an attempt that was not made to its end."""
        changes = {"next_at": Now(), "claimed_at": None, "attempts": F("attempts") - 1}
        return self.attempted(pk, attempts).update(**changes) == 1

    def give_up(self) -> int:
        """``pending → failed`` of all of these; returns how many."""
        return self.pending().update(
            state=DeliveryState.FAILED, settled_at=Now(), claimed_at=None, next_at=None, attempts=F("attempts") + 1
        )


class Delivery(models.Model):
    """One message to one receiver. Concrete ones add ``target``, the receiver, which has an ``owner``.

    ``next_at`` is when it is tried next, by the database's clock; during an attempt, when that counts as lost.
    """

    message_id = models.CharField(max_length=40, help_text="the same however often it is sent")
    execution_id = models.BigIntegerField(null=True, blank=True, help_text="kept also when the execution is deleted")
    type = models.CharField(max_length=40)
    body = models.TextField()
    state = models.CharField(
        max_length=16, choices=[(s.value, s.value) for s in DeliveryState], default=DeliveryState.PENDING.value
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    next_at = models.DateTimeField(null=True, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True, help_text="since when somebody is sending it")
    settled_at = models.DateTimeField(null=True, blank=True)
    log = models.JSONField(default=list, blank=True, help_text="the attempts: {at, ms, status, error}")

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["-id"]
        indexes = [
            # By receiver first: whoever looks for what is due goes from receiver to receiver.
            models.Index(fields=["target", "next_at"], name="%(class)s_due", condition=UNSETTLED),
            models.Index(fields=["settled_at"], name="%(class)s_settled", condition=~UNSETTLED),
            models.Index(fields=["target", "-id"], name="%(class)s_log"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.message_id}"

    @property
    def last(self) -> dict[str, Any]:
        """The last attempt that is known; empty before there is one."""
        return dict(self.log[-1]) if self.log else {}

    @property
    def status(self) -> str:
        """The one word people see: ``waiting``, ``sending``, ``retrying``, ``delivered`` or ``failed``."""
        if self.state != DeliveryState.PENDING:
            return self.state
        if self.claimed_at is not None:
            return "sending"
        return "retrying" if self.attempts else "waiting"
