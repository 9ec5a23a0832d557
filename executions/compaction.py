"""Joins the deltas of a finished execution into whole messages: fewer rows, the same story.

A joined row keeps the ``seq`` of its last part and, in ``cuts``, where each part ended; a reader that had seen some
of them still gets the rest exactly once.
"""

from __future__ import annotations

from django.db import transaction

from executions.events import DELTAS
from executions.models import EventRow, Execution

#: Journals with fewer rows are left as they are.
COMPACT_FROM_ROWS = 20
#: A joined row has at most about this many characters.
MAX_CHARS = 200_000


def compact(execution_id: int) -> int:
    """Compact the journal of one finished execution; returns how many rows that saved. Safe to repeat."""
    with transaction.atomic():
        won = Execution.objects.finished().filter(pk=execution_id, compacted=False).update(compacted=True)
        if not won:
            return 0
        rows = list(EventRow.objects.filter(execution_id=execution_id).order_by("seq"))
        doomed: list[int] = []
        joined: list[EventRow] = []
        for group in _groups(rows):
            text = ""
            cuts = []
            for row in group:
                text += row.data["text"]
                cuts.append(len(text))
            last = group[-1]
            last.first_seq, last.cuts = group[0].seq, cuts
            last.data = {**last.data, "text": text}
            joined.append(last)
            doomed += [row.pk for row in group[:-1]]
        for first in range(0, len(doomed), 500):
            EventRow.objects.filter(pk__in=doomed[first : first + 500]).delete()
        EventRow.objects.bulk_update(joined, ["first_seq", "cuts", "data"], batch_size=50)
    return len(doomed)


def _groups(rows: list[EventRow]) -> list[list[EventRow]]:
    """Split ``rows`` into runs of neighbouring deltas of one stream, and keep those of more than one."""
    groups: list[list[EventRow]] = []
    chars = 0
    for row in rows:
        last = groups[-1][-1] if groups else None
        size = len(row.data.get("text", ""))
        same = (
            last is not None
            and row.type in DELTAS
            and row.type == last.type
            and row.data.get("call_id") == last.data.get("call_id")
            and row.seq == last.seq + 1
            and chars + size <= MAX_CHARS
        )
        if same:
            groups[-1].append(row)
            chars += size
        else:
            groups.append([row])
            chars = size
    return [group for group in groups if len(group) > 1]
