"""Removes the journals of executions that finished long ago, and tidies what a crash left uncompacted.

Both work in short transactions with pauses between them, so that every other writer gets its turn, and both may be
interrupted at any moment and begun again: an execution counts as pruned in the transaction that removes its last row.
The execution itself stays, with its request, its answer and its receipt.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from executions.attachments import UNUSED_FOR, forget_images_of, forget_unused
from executions.compaction import COMPACT_FROM_ROWS, compact
from executions.models import EventRow, Execution
from executions.models.execution import ExecutionQuerySet

#: Events removed by one transaction, unless told otherwise: some 20 ms of writing.
BATCH = 2_000
#: Executions whose rows are removed together, when they are few.
TOGETHER = 200
#: Seconds between two transactions, at least; they rest as long as they have worked, so half of the time is others'.
MIN_PAUSE = 0.02


@dataclass(slots=True)
class Progress:
    """What is done so far: executions, and rows of the journal."""

    executions: int = 0
    rows: int = 0


def prunable(before: datetime) -> ExecutionQuerySet:
    """Return the finished executions that ended before that moment and still have their journal."""
    return Execution.objects.filter(finished_at__lt=before, pruned=False)


def journal_rows(executions: ExecutionQuerySet) -> int:
    """Count the rows of their journals. Reads all of them: seconds for millions."""
    return EventRow.objects.filter(execution__in=executions.order_by()).count()


def prune(before: datetime, batch: int = BATCH) -> Iterator[Progress]:
    """Remove the journals of :func:`prunable` executions, the oldest first; yields after each transaction.

    A transaction removes at most ``batch`` rows. Stopping in between leaves the newest of them for the next time,
    one of them perhaps without its first events.
    """
    done = Progress()
    forget_unused(timezone.now() - UNUSED_FOR)
    while ids := list(prunable(before).order_by("finished_at", "pk").values_list("pk", flat=True)[:TOGETHER]):
        over = False
        while not over:
            began = time.monotonic()
            removed, over = _prune_some(ids, batch)
            done.rows += removed
            done.executions += len(ids) if over else 0
            yield done
            time.sleep(max(MIN_PAUSE, time.monotonic() - began))


def _prune_some(ids: list[int], batch: int) -> tuple[int, bool]:
    """Remove at most ``batch`` rows of these journals; returns how many, and whether none is left."""
    with transaction.atomic():
        # Two prunings at once take turns here, and so does a compaction of one of them.
        list(Execution.objects.filter(pk__in=ids).lock().values_list("pk"))
        rows = EventRow.objects.filter(execution__in=ids).order_by("execution", "seq").values_list("pk", flat=True)
        doomed = list(rows[:batch])
        for first in range(0, len(doomed), 500):
            EventRow.objects.filter(pk__in=doomed[first : first + 500]).delete()
        over = len(doomed) < batch
        if over:
            Execution.objects.finished().filter(pk__in=ids).update(pruned=True, compacted=True)
            forget_images_of(ids)
    return len(doomed), over


def leftovers(before: datetime) -> ExecutionQuerySet:
    """Return what finished before that moment and was not compacted: its worker was killed, or stopped first."""
    return prunable(before).filter(compacted=False, last_seq__gt=COMPACT_FROM_ROWS)


def compact_leftovers(before: datetime) -> Iterator[Progress]:
    """Compact the :func:`leftovers`, each in a transaction of its own; yields after each."""
    done = Progress()
    last = 0
    while ids := list(leftovers(before).filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:TOGETHER]):
        last = ids[-1]
        for pk in ids:
            began = time.monotonic()
            done.rows += compact(pk)
            done.executions += 1
            yield done
            time.sleep(max(MIN_PAUSE, time.monotonic() - began))
