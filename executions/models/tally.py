"""How often something happened in a stretch of time."""

from __future__ import annotations

from django.db import models


class Tally(models.Model):
    """A count of one measure (see ``executions/tallies``) in the ``span`` seconds from ``begins_at`` on.

    ``key`` and ``second`` say what of: an agent and an outcome, an owner and a model; ``bucket`` is a histogram's.
    It refers to nothing and is only ever added to, so that neither pruning nor deleting executions changes history.
    """

    span = models.PositiveIntegerField(help_text="seconds")
    measure = models.CharField(max_length=16)
    begins_at = models.DateTimeField()
    key = models.CharField(max_length=200, blank=True)
    second = models.CharField(max_length=200, blank=True)
    bucket = models.SmallIntegerField(default=0)
    count = models.BigIntegerField(default=0)
    input_tokens = models.BigIntegerField(default=0)
    output_tokens = models.BigIntegerField(default=0)
    cost_micros = models.BigIntegerField(default=0, help_text="millionths of a dollar")

    class Meta:
        verbose_name_plural = "tallies"
        constraints = [
            # Also the index that every reading of a range goes along.
            models.UniqueConstraint(
                name="tally_once", fields=["span", "measure", "begins_at", "key", "second", "bucket"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.measure} {self.key} {self.second} from {self.begins_at}"
