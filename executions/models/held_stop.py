"""Which executions a hold has stopped, so that these and no others can be queued again."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q

from executions.states import Outcome


class HeldStopQuerySet(models.QuerySet["HeldStop"]):
    """Reads with the domain's names."""

    def to_requeue(self) -> Self:
        """Those that were really stopped (some finish first) and were not queued again yet, in the order of ids."""
        return self.filter(requeued_at__isnull=True, execution__outcome=Outcome.CANCELED).order_by("pk")


class HeldStop(models.Model):
    """One execution that was asked to stop by a hold, and by nobody before."""

    execution = models.OneToOneField(
        "executions.Execution", primary_key=True, on_delete=models.CASCADE, related_name="held_stop"
    )
    hold = models.ForeignKey("executions.Hold", on_delete=models.CASCADE, related_name="stopped", db_index=False)
    requeued_at = models.DateTimeField(null=True, blank=True)

    objects = HeldStopQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["hold", "execution"], name="held_stop", condition=Q(requeued_at__isnull=True))]

    def __str__(self) -> str:
        return f"{self.execution_id} by hold {self.hold_id}"
