"""``executions workers``."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.utils import timezone

from executions.api.serializers import UtcField
from executions.management.executions_cli.exit_codes import OK
from executions.management.executions_cli.listing import ago
from executions.management.executions_cli.subcommand import Subcommand
from executions.management.executions_cli.table import table
from executions.models import Execution, Worker

HEAD = ("ID", "STATE", "HOST", "PID", "VERSION", "HELD", "SLOTS", "AGENTS", "STARTED", "HEARD OF", "RUNS")
SHOWN = 50
#: Of what a worker runs, this many are named in the table; JSON has all.
NAMED = 8


class Workers(Subcommand):
    """The processes that run executions."""

    help = "The processes that run executions."

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument("--all", action="store_true", help=f"also those that have ended (the last {SHOWN})")

    def run(self, options: dict[str, Any]) -> int:
        workers = Worker.objects.all() if options["all"] else Worker.objects.alive()
        held: dict[str | None, list[int]] = {}
        for pk, worker_id in Execution.objects.active().order_by("pk").values_list("pk", "worker_id"):
            held.setdefault(worker_id, []).append(pk)
        rows = [_describe(worker, held.get(worker.pk, [])) for worker in workers.order_by("-started_at")[:SHOWN]]
        if options["json"]:
            self.write_json([{**row, **_times(row)} for row in rows])
            return OK
        now = timezone.now()
        lines = [_line(row, now) for row in rows]
        self.out.write(
            table(HEAD, lines) if lines else "No worker is running: start the server, or manage.py runworker."
        )
        return OK


def _describe(worker: Worker, runs: list[int]) -> dict[str, Any]:
    ended = "lost" if worker.lost_at else "stopped" if worker.stopped_at else ""
    state = ended or ("running" if not worker.draining_at else "draining" if runs else "drained")
    return {
        "id": worker.pk, "state": state, "host": worker.host, "pid": worker.pid, "version": worker.version,
        "held": len(runs), "slots": worker.slots, "agents": worker.agents, "runs": runs,
        "started_at": worker.started_at, "heartbeat_at": worker.heartbeat_at, "draining_at": worker.draining_at,
    }  # fmt: skip


def _line(row: dict[str, Any], now: datetime) -> tuple[object, ...]:
    """Return a worker's line of the table."""
    more = len(row["runs"]) - NAMED
    named = " ".join(map(str, row["runs"][:NAMED])) + (f" and {more:,} more" if more > 0 else "")
    return (
        *(row[name] for name in ("id", "state", "host", "pid", "version", "held", "slots")),
        ", ".join(row["agents"]) or "all",
        ago(now - row["started_at"]),
        ago(now - row["heartbeat_at"]),
        named,
    )


def _times(row: dict[str, Any]) -> dict[str, str | None]:
    times = ("started_at", "heartbeat_at", "draining_at")
    return {name: UtcField().to_representation(row[name]) if row[name] else None for name in times}
