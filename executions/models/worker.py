"""A process that runs executions, and its lease."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce, Now

from executions.models.execution import Execution
from executions.prepared import Param, Prepared

MILLISECOND = timedelta(milliseconds=1)


class WorkerQuerySet(models.QuerySet["Worker"]):
    """Reads and guarded transitions of workers. All times are the database's clock."""

    def alive(self) -> WorkerQuerySet:
        """Workers that have neither stopped nor been declared lost."""
        return self.filter(stopped_at__isnull=True, lost_at__isnull=True)

    def with_held(self) -> Self:
        """Each with how many executions it holds, as ``held``."""
        mine = Execution.objects.active().filter(worker=OuterRef("pk")).order_by().values("worker")
        count = Subquery(mine.annotate(count=Count("pk")).values("count"))
        return self.annotate(held=Coalesce(count, 0))

    def expired(self, lease: timedelta) -> WorkerQuerySet:
        """Workers that are believed alive and have not been heard of for ``lease``."""
        return self.alive().filter(heartbeat_at__lt=Now() - lease)

    def beat(self, worker_id: str) -> bool:
        """Renew the lease; ``False`` when it is gone and the worker must drop everything."""
        return self.alive().filter(pk=worker_id).update(heartbeat_at=Now()) == 1

    @staticmethod
    def fence(worker_id: str) -> bool:
        """Lock a worker's row until the transaction ends, so that nobody takes its lease; ``False`` when it is gone."""
        return _FENCE.exists(worker=worker_id)

    def begin_draining(self, worker_id: str) -> bool:
        """Note that a worker takes nothing new and lets what runs finish."""
        return self.alive().filter(pk=worker_id, draining_at__isnull=True).update(draining_at=Now()) == 1

    def declare_lost(self, worker_id: str, heartbeat_at: datetime) -> bool:
        """Take the lease away, unless it was renewed after ``heartbeat_at``; ``True`` for the one caller that did."""
        # Not compared for equality: SQLite writes its clock with three digits, and a parameter with six, as texts.
        unrenewed = self.alive().filter(
            pk=worker_id, heartbeat_at__gt=heartbeat_at - MILLISECOND, heartbeat_at__lt=heartbeat_at + MILLISECOND
        )
        return unrenewed.update(lost_at=Now()) == 1


class Worker(models.Model):
    """One run of a worker process; a restarted process is a new row, so an id fences what an old one may write."""

    id = models.CharField(primary_key=True, max_length=32, editable=False)
    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    process_space = models.CharField(max_length=128, blank=True, help_text="where that pid means something")
    process_started_at = models.FloatField(help_text="start of the process in seconds since that of its host")
    version = models.CharField(max_length=32)
    slots = models.PositiveIntegerField()
    agents = models.JSONField(default=list, blank=True, help_text="names of the agents it serves; empty means all")
    started_at = models.DateTimeField(db_default=Now())
    heartbeat_at = models.DateTimeField(db_default=Now())
    draining_at = models.DateTimeField(null=True, blank=True, help_text="since when it takes nothing new")
    stopped_at = models.DateTimeField(null=True, blank=True)
    lost_at = models.DateTimeField(null=True, blank=True)

    objects = WorkerQuerySet.as_manager()

    class Meta:
        ordering = ["-started_at"]

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"

    @property
    def state(self) -> str:
        """What it does, in a word; a drained one has nothing left (for rows :meth:`~WorkerQuerySet.with_held`)."""
        if self.lost_at or self.stopped_at:
            return "lost" if self.lost_at else "stopped"
        held = getattr(self, "held", 1)
        return "running" if self.draining_at is None else "draining" if held else "drained"


_FENCE = Prepared(
    lambda: Worker.objects.alive().order_by().select_for_update().filter(pk=Param("worker")).values_list("pk")
)
