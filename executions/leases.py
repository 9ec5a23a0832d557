"""Workers' leases: register, renew, and finish what a worker that is gone has left behind.

A worker that was not heard of for a lease (by the database's clock), or whose process is gone from this very host, is
declared lost by whoever notices first; that one finishes its executions as ``lost``, with their partial output.
"""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Sequence
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version

import psutil
from django.db import transaction
from django.db.models.functions import Now

from executions.conf import conf
from executions.events import Finished
from executions.finishing import finish_unheld
from executions.models import Execution, Worker
from executions.states import ACTIVE, Outcome

#: How many executions one transaction finishes.
BATCH = 500


def register(slots: int, agents: Sequence[str] = ()) -> str:
    """Make the row of a worker in this process and return its id."""
    process = psutil.Process()
    worker = Worker.objects.create(
        id=uuid.uuid4().hex,
        host=socket.gethostname(),
        pid=os.getpid(),
        process_started_at=process.create_time(),
        version=_version(),
        slots=slots,
        agents=list(agents),
    )
    return worker.pk


def resign(worker_id: str) -> None:
    """Mark a worker as stopped in good order."""
    Worker.objects.alive().filter(pk=worker_id).update(stopped_at=Now())


def finish_left_behind(own_id: str) -> list[int]:
    """Declare workers lost that are gone, and finish what they held; returns the ids of those executions."""
    lease = timedelta(seconds=conf.lease_seconds)
    gone = set(Worker.objects.expired(lease).exclude(pk=own_id).values_list("pk", flat=True))
    here = Worker.objects.alive().filter(host=socket.gethostname()).exclude(pk=own_id)
    gone |= {worker.pk for worker in here if not _process_lives(worker)}
    lost: list[int] = []
    for worker_id in gone:
        with transaction.atomic():
            if not Worker.objects.declare_lost(worker_id):
                continue
        lost += _finish_all_of(worker_id)
    # A helper that died between its two steps left executions with a lost worker: anybody completes it.
    for worker_id in set(
        Execution.objects.active().exclude(worker__in=Worker.objects.alive()).values_list("worker_id", flat=True)
    ):
        lost += _finish_all_of(worker_id)
    return lost


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
                held = list(Execution.objects.filter(worker_id=worker_id, state=state).without_bodies()[:BATCH])
                lost += finish_unheld(held, state, event)
            if len(held) < BATCH:
                break
    return lost


def _process_lives(worker: Worker) -> bool:
    try:
        # A pid may have been given to another process since; its start time tells.
        return abs(psutil.Process(worker.pid).create_time() - worker.process_started_at) < 1
    except psutil.NoSuchProcess:
        return False


def _version() -> str:
    try:
        return version("kakoclaw")
    except PackageNotFoundError:
        return "0.1.0"
