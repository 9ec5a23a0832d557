"""One row of the journal."""

from __future__ import annotations

from django.db import models

from executions.events import Entry


class EventRow(models.Model):
    """An event of an execution; ``seq`` counts from 1 without gaps until a compaction joins neighbours.

    A compacted row stands for the rows ``first_seq``..``seq``; ``cuts`` then holds the length of the joined text after
    each of them, so that a reader who has seen some of them gets the rest exactly once.
    """

    # No index of its own: the constraint's begins with it.
    execution = models.ForeignKey(
        "executions.Execution", on_delete=models.CASCADE, related_name="events", db_index=False
    )
    seq = models.PositiveIntegerField()
    first_seq = models.PositiveIntegerField(null=True, blank=True)
    type = models.CharField(max_length=32)
    data = models.JSONField(default=dict)
    cuts = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = "event"
        ordering = ["execution_id", "seq"]
        constraints = [models.UniqueConstraint(fields=["execution", "seq"], name="event_once_per_seq")]

    def __str__(self) -> str:
        return f"{self.execution_id}/{self.seq} {self.type}"

    def entry(self) -> Entry:
        """Return this row as the value readers get."""
        return Entry(self.execution_id, self.seq, self.type, self.data, self.created_at)
