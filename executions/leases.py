"""Workers' leases: register, renew, and finish what a worker that is gone has left behind.

A worker that was not heard of for a lease (by the database's clock), or whose process is gone from where its pid can be
seen, is declared lost by whoever notices first, who finishes its executions as ``lost``, with their partial output.
"""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, version

import psutil
from django.db import connection, transaction
from django.db.models.functions import Now

from executions.conf import conf
from executions.events import Finished
from executions.finishing import finish_unheld
from executions.models import Execution, Worker
from executions.processes.space import process_space
from executions.states import ACTIVE, Outcome

#: How many executions one transaction finishes.
BATCH = 500


def register(slots: int, agents: Sequence[str] = (), before: str = "") -> str:
    """Make the row of a worker in this process and return its id.

    One that was drained under its id ``before``, whose lease was lost, stays so under the new one.
    """
    drained = Worker.objects.filter(pk=before).values_list("draining_at", flat=True).first() if before else None
    process = psutil.Process()
    worker = Worker.objects.create(
        id=uuid.uuid4().hex,
        host=socket.gethostname(),
        pid=os.getpid(),
        process_space=process_space(),
        process_started_at=_started(process),
        version=_version(),
        slots=slots,
        agents=list(agents),
        draining_at=drained,
    )
    return worker.pk


def resign(worker_id: str) -> None:
    """Mark a worker as stopped in good order."""
    Worker.objects.alive().filter(pk=worker_id).update(stopped_at=Now())


def overdue(own_id: str) -> dict[str, datetime]:
    """Return the workers that were not heard of for a lease, each with its last heartbeat."""
    expired = Worker.objects.expired(timedelta(seconds=conf.lease_seconds)).exclude(pk=own_id)
    return dict(expired.values_list("pk", "heartbeat_at"))


def finish_left_behind(own_id: str, suspects: Mapping[str, datetime] | None = None) -> list[int]:
    """Finish what workers held that are gone; returns the ids of those executions.

    Gone is who was declared lost before, whose process is gone from among those that are seen here, and who of the
    ``suspects`` (from :func:`overdue`, a while ago) has still not been heard of: when the database was away or slow
    for all, everybody is overdue for a moment.
    """
    here = Worker.objects.alive().filter(process_space=process_space()).exclude(pk=own_id)
    for worker in here:
        if not _process_lives(worker):
            Worker.objects.declare_lost(worker.pk, worker.heartbeat_at)
    if suspects:
        _end_stuck_transactions()
    for worker_id, heartbeat_at in (suspects or {}).items():
        Worker.objects.declare_lost(worker_id, heartbeat_at)
    lost: list[int] = []
    # Whoever declared it: a process that died after that step is completed by any other.
    for worker_id in set(
        Execution.objects.active().exclude(worker__in=Worker.objects.alive()).values_list("worker_id", flat=True)
    ):
        lost += _finish_all_of(worker_id)
    return lost


def _end_stuck_transactions() -> None:
    """End the transactions in which PostgreSQL has waited for its client for a lease: their locks are in our way.

    Its own limit (``idle_in_transaction_session_timeout``) does not count while a client sends several statements at
    once, and a worker may be frozen, or its host cut off, in the middle of that.
    """
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND usename = current_user AND state = 'idle in transaction' "
            "AND state_change < clock_timestamp() - make_interval(secs => %s)",
            [conf.lease_seconds],
        )


def _finish_all_of(worker_id: str) -> list[int]:
    event = Finished(
        Outcome.LOST,
        error="The worker that ran this is gone; what it had written by then was kept.",
        error_code="worker_lost",
    )
    lost: list[int] = []
    for state in ACTIVE:
        while True:
            with transaction.atomic():
                held = list(
                    Execution.objects.held_by(worker_id).filter(state=state).values_list("pk", flat=True)[:BATCH]
                )
                lost += finish_unheld(held, state, event)
            if len(held) < BATCH:
                break
    return lost


def _process_lives(worker: Worker) -> bool:
    try:
        # A pid may have been given to another process since; its start time tells.
        return abs(_started(psutil.Process(worker.pid)) - worker.process_started_at) < 1
    except psutil.NoSuchProcess:
        return False


def _started(process: psutil.Process) -> float:
    """Return when a process was started, in seconds since the machine was: a clock that is set changes nothing."""
    return float(process.create_time() - psutil.boot_time())


def _version() -> str:
    try:
        return version("kakoclaw")
    except PackageNotFoundError:
        return "0.1.0"
