"""``executions workers``."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.db.models import Count
from django.utils import timezone

from executions.api.serializers import UtcField
from executions.management.executions_cli.exit_codes import OK
from executions.management.executions_cli.listing import ago
from executions.management.executions_cli.subcommand import Subcommand
from executions.management.executions_cli.table import table
from executions.models import Execution, Worker

HEAD = ("ID", "STATE", "HOST", "PID", "VERSION", "HELD", "SLOTS", "STARTED", "HEARD OF")
SHOWN = 50


class Workers(Subcommand):
    """The processes that run executions."""

    help = "The processes that run executions."

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument("--all", action="store_true", help=f"also those that have ended (the last {SHOWN})")

    def run(self, options: dict[str, Any]) -> int:
        workers = Worker.objects.all() if options["all"] else Worker.objects.alive()
        held = dict(Execution.objects.active().order_by().values_list("worker_id").annotate(Count("pk")))
        rows = [_describe(worker, held.get(worker.pk, 0)) for worker in workers.order_by("-started_at")[:SHOWN]]
        if options["json"]:
            self.write_json([{**row, **_times(row)} for row in rows])
            return OK
        now = timezone.now()
        lines = [
            (*list(row.values())[:7], ago(now - row["started_at"]), ago(now - row["heartbeat_at"])) for row in rows
        ]
        self.out.write(
            table(HEAD, lines) if lines else "No worker is running: start the server, or manage.py runworker."
        )
        return OK


def _describe(worker: Worker, held: int) -> dict[str, Any]:
    state = "lost" if worker.lost_at else "stopped" if worker.stopped_at else "running"
    return {
        "id": worker.pk, "state": state, "host": worker.host, "pid": worker.pid, "version": worker.version,
        "held": held, "slots": worker.slots, "started_at": worker.started_at, "heartbeat_at": worker.heartbeat_at,
    }  # fmt: skip


def _times(row: dict[str, Any]) -> dict[str, str | None]:
    return {name: UtcField().to_representation(row[name]) for name in ("started_at", "heartbeat_at")}
