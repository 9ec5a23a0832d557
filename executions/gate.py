"""Whether a worker may claim anything: its lease, its drain, and whether the queue is held.

A claim takes the :func:`lock` first and looks then; whoever holds the queue takes the same lock before saying so. So a
claim either has committed before the hold has, or sees it: once a hold is in the database, nothing more is claimed.
"""

from __future__ import annotations

from typing import NamedTuple

from django.db import connection

from executions.models import Hold, Worker

#: Key of the advisory lock that serialises claims on PostgreSQL ("kako" in ASCII). SQLite has one writer anyway.
_CLAIM_LOCK = 0x6B616B6F

#: One statement for all three: a claim costs no more for being held up now and then.
_LOOK = f"""
    SELECT worker.draining_at IS NOT NULL, hold.agent
    FROM {Worker._meta.db_table} worker LEFT JOIN {Hold._meta.db_table} hold ON hold.released_at IS NULL
    WHERE worker.id = %s AND worker.stopped_at IS NULL AND worker.lost_at IS NULL
"""  # noqa: S608 - names of ours


class Gate(NamedTuple):
    """What a worker may claim: nothing when it is not ``open``, and of the agents in ``held`` nothing either."""

    open: bool
    held: tuple[str, ...] = ()


def lock() -> None:
    """Wait for the claim or the hold that is under way, and make others wait until this transaction ends."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_CLAIM_LOCK])


def look(worker_id: str) -> Gate:
    """Return what the worker may claim in this transaction, which has the :func:`lock`; its row is locked, too."""
    suffix = "FOR UPDATE OF worker" if connection.features.has_select_for_update_of else ""
    with connection.cursor() as cursor:
        cursor.execute(_LOOK + suffix, [worker_id])
        rows = cursor.fetchall()
    held = tuple(sorted(agent for _, agent in rows if agent is not None))
    return Gate(bool(rows) and not rows[0][0] and "" not in held, held)
