"""An end that has not been tallied yet."""

from __future__ import annotations

from django.db import models


class Ending(models.Model):
    """What the tallies need to know of an execution, written in the transaction that finishes it.

    It is a copy and refers to nothing: an execution may be deleted, with its owner, before its end is tallied. The
    transaction that adds it to the tallies removes it, so that each end counts exactly once, whenever that is.
    """

    owner_id = models.BigIntegerField()
    agent = models.CharField(max_length=64)
    model = models.CharField(max_length=200, blank=True)
    outcome = models.CharField(max_length=16)
    error_code = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField()
    cancel_requested_at = models.DateTimeField(null=True)
    input_tokens = models.PositiveBigIntegerField(default=0)
    output_tokens = models.PositiveBigIntegerField(default=0)
    cost_usd = models.DecimalField(max_digits=12, decimal_places=6, null=True)

    def __str__(self) -> str:
        return f"{self.outcome} at {self.finished_at}"
