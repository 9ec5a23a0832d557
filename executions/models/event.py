"""One row of the journal."""

from __future__ import annotations

import json
from collections.abc import Sequence

from django.db import connection, models

from executions.events import Entry

COLUMNS = "execution_id, seq, type, data, created_at"
#: The same as arrays of PostgreSQL.
ARRAYS = "%s::bigint[], %s::integer[], %s::text[], %s::jsonb[], %s::timestamptz[]"


class EventRowManager(models.Manager["EventRow"]):
    """Adds the journal's own way to write rows."""

    def insert(self, entries: Sequence[Entry], *, ignore_conflicts: bool = False) -> None:
        """Write entries as rows; with ``ignore_conflicts``, those that are there already are left as they are.

        It is ``bulk_create`` without its models and expressions, which cost several times what the database does.
        """
        if not entries:
            return
        head = f"INSERT INTO {self.model._meta.db_table} ({COLUMNS})"
        tail = "ON CONFLICT DO NOTHING" if ignore_conflicts else ""
        time = connection.ops.adapt_datetimefield_value
        rows = [(e.execution_id, e.seq, e.type, json.dumps(e.data), time(e.created_at)) for e in entries]
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                # One statement, whatever the number of rows: twice as many rows a second as a statement for each.
                columns = [list(column) for column in zip(*rows, strict=True)]
                cursor.execute(f"{head} SELECT * FROM unnest({ARRAYS}) {tail}", columns)  # noqa: S608 - ours
            else:
                cursor.executemany(f"{head} VALUES (%s, %s, %s, %s, %s) {tail}", rows)


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

    objects = EventRowManager()

    class Meta:
        verbose_name = "event"
        ordering = ["execution_id", "seq"]
        constraints = [models.UniqueConstraint(fields=["execution", "seq"], name="event_once_per_seq")]

    def __str__(self) -> str:
        return f"{self.execution_id}/{self.seq} {self.type}"

    def entry(self) -> Entry:
        """Return this row as the value readers get."""
        return Entry(self.execution_id, self.seq, self.type, self.data, self.created_at)
