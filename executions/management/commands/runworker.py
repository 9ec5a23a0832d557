"""``manage.py runworker``: a process that runs executions and serves no pages."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from channels.layers import get_channel_layer
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from prometheus_client import start_http_server

from executions import tracing
from executions.conf import conf
from executions.layers import EmbeddedChannelLayer
from executions.worker import EmbeddedWorker

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    """Runs a worker until SIGTERM or Ctrl-C; the second one ends its drain."""

    help = (
        "Run executions until SIGTERM or Ctrl-C: then take nothing new, let what runs finish for the drain time, and "
        "finish the rest as lost. A second signal ends the drain at once. Needs REDIS_URL."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--slots", type=int, default=conf.max_running, help="executions at once (%(default)s)")
        parser.add_argument("--agent", action="append", default=[], help="serve only this agent; may be repeated")
        parser.add_argument(
            "--drain", type=float, default=conf.drain_seconds, metavar="SECONDS", help="drain time (%(default)s)"
        )
        parser.add_argument(
            "--alive-file", type=Path, metavar="PATH", help="touched with every renewal of the lease, for health checks"
        )
        parser.add_argument(
            "--metrics", metavar="[HOST:]PORT", default="", help="serve Prometheus there (127.0.0.1 without HOST)"
        )

    def handle(
        self,
        *,
        slots: int,
        agent: Sequence[str],
        drain: float,
        alive_file: Path | None,
        metrics: str = "",
        **options: Any,
    ) -> None:
        unknown = set(agent) - set(conf.agents)
        if unknown:
            raise CommandError(
                f"There is no agent {min(unknown)!r}; choose from {', '.join(conf.agents)}.", returncode=2
            )
        if slots < 1 or drain < 0:
            raise CommandError("--slots must be at least 1, and --drain at least 0.", returncode=2)
        if isinstance(get_channel_layer(), EmbeddedChannelLayer):
            raise CommandError(
                "A worker of its own needs REDIS_URL, to hear of what there is to do; without it, the server runs "
                "executions itself (manage.py serve).",
                returncode=2,
            )
        _serve_metrics(metrics)
        worker = EmbeddedWorker(slots, agent, drain, alive_file)
        try:
            asyncio.run(_serve(worker, lambda: self._ready(worker, slots, agent)))
        except DatabaseError as error:
            raise CommandError(
                f"The database can't be used: {str(error).strip()}. Is it there, and migrated?"
            ) from error
        tracing.flush()
        # Threads that a stuck agent has left behind must not hold up the exit; all that matters is written.
        sys.stdout.flush()
        sys.stderr.flush()
        logging.shutdown()
        os._exit(0)

    def _ready(self, worker: EmbeddedWorker, slots: int, agent: Sequence[str]) -> None:
        served = ", ".join(agent) or "all agents"
        self.stdout.write(f"Worker {worker.worker_id[:8]} serves {served} with {slots} slots (Ctrl-C stops it).")
        self.stdout.flush()


def _serve_metrics(address: str) -> None:
    """Serve what this process counts at ``[host:]port``; at ``""`` nowhere. Raises CommandError."""
    if not address:
        return
    host, _, port = address.rpartition(":")
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise CommandError(f"--metrics must be a port, or HOST:PORT, not {address!r}.", returncode=2)
    try:
        start_http_server(int(port), host.strip("[]") or "127.0.0.1")
    except OSError as error:
        raise CommandError(f"Prometheus can't be served at {address}: {error}.") from error


async def _serve(worker: EmbeddedWorker, ready: Any) -> None:
    """Run ``worker`` until a signal; the second one ends its drain."""
    stop = asyncio.Event()

    def signaled() -> None:
        if stop.is_set():
            worker.hurry()
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, signaled)
    await worker.start()
    ready()
    await stop.wait()
    logger.info("stopping: nothing new is taken")
    await worker.stop()
