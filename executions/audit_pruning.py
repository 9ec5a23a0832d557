"""Removing old entries of the audit log: the one thing that its triggers let through, in a transaction that says so."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection, transaction

from executions import audit
from executions.actions import Action
from executions.models import AuditEntry
from executions.models.audit import AuditQuerySet
from executions.pruning import MIN_PAUSE

#: Entries removed by one transaction.
BATCH = 2_000

_TABLE = AuditEntry._meta.db_table
_OLDEST = f"SELECT id FROM {_TABLE} WHERE at < %s AND id < %s ORDER BY at LIMIT %s"  # noqa: S608 - names of ours
_DELETE = f"DELETE FROM {_TABLE} WHERE id IN ({_OLDEST})"  # noqa: S608


@contextmanager
def opened() -> Iterator[None]:
    """Let entries be removed within, in the present transaction and for nobody else; see the triggers' migration."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL kakoclaw.prune = 'on'")
            yield
            cursor.execute("SET LOCAL kakoclaw.prune = 'off'")
        else:
            cursor.execute("INSERT INTO executions_audit_prune VALUES (1)")
            yield
            cursor.execute("DELETE FROM executions_audit_prune")


def prunable(before: datetime) -> AuditQuerySet:
    """Return the entries that were written before that moment."""
    return AuditEntry.objects.filter(at__lt=before)


def prune(before: datetime) -> Iterator[int]:
    """Remove the :func:`prunable` entries, the oldest first; yields after each transaction how many are removed.

    That it was done is an entry itself, written first: whoever interrupts it leaves the rest, and the entry.
    """
    done = 0
    count = prunable(before).count()
    if not count:
        return
    entry = audit.record(Action.LOG_PRUNED, kind="audit", count=count, before=before.isoformat())
    moment = connection.ops.adapt_datetimefield_value(before)
    while True:
        began = time.monotonic()
        with opened(), connection.cursor() as cursor:
            cursor.execute(_DELETE, [moment, entry.pk, BATCH])
            removed = cursor.rowcount
        done += removed
        yield done
        if removed < BATCH:
            return
        time.sleep(max(MIN_PAUSE, time.monotonic() - began))
