"""``executions drain`` and ``executions resume``: take a worker out of service, and put it back."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from executions import draining
from executions.management.executions_cli.cancel import MAX_WAIT_SECONDS
from executions.management.executions_cli.exit_codes import OK, UNCONFIRMED, USAGE
from executions.management.executions_cli.local import POLL_SECONDS
from executions.management.executions_cli.subcommand import Subcommand
from executions.models import Execution, Worker
from executions.states import Source


class Drain(Subcommand):
    """Let a worker take nothing new."""

    help = (
        "Let a worker take nothing new, on whichever host it is; it finishes what it has, then stays idle until it is "
        "resumed or its process ends."
    )

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument("worker", metavar="WORKER", help="the beginning of its id, see: executions workers")
        parser.add_argument("--reason", default="", metavar="TEXT", help="kept in the audit log")
        parser.add_argument("--wait", type=float, default=0, metavar="SECONDS", help="until it holds nothing more")

    def run(self, options: dict[str, Any]) -> int:
        if not 0 <= options["wait"] <= MAX_WAIT_SECONDS:
            raise CommandError(f"--wait must be from 0 to {MAX_WAIT_SECONDS:g} seconds.", returncode=USAGE)
        worker = draining.find(options["worker"])
        changed = draining.drain(worker.pk, by=None, reason=options["reason"], source=Source.COMMAND)
        left = _wait(worker, options["wait"])
        if options["json"]:
            self.write_json({"id": worker.pk, "changed": changed, "held": left})
        else:
            before = "" if changed else " already"
            self.out.write(f"Worker {worker.pk[:8]} takes nothing new{before}; it holds {left:,}.")
        return UNCONFIRMED if left and options["wait"] else OK


class Resume(Subcommand):
    """Let a drained worker work again."""

    help = "Let a drained worker take executions again."

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument("worker", metavar="WORKER", help="the beginning of its id, see: executions workers")

    def run(self, options: dict[str, Any]) -> int:
        worker = draining.find(options["worker"])
        changed = draining.resume(worker.pk, by=None, source=Source.COMMAND)
        if options["json"]:
            self.write_json({"id": worker.pk, "changed": changed})
        else:
            self.out.write(f"Worker {worker.pk[:8]} takes executions{' again' if changed else '; it was not drained'}.")
        return OK


def _wait(worker: Worker, seconds: float) -> int:
    """Wait until the worker holds nothing; returns how many it holds after at most ``seconds``."""
    end = time.monotonic() + seconds
    held = Execution.objects.held_by(worker.pk)
    while (left := held.count()) and time.monotonic() < end:
        time.sleep(POLL_SECONDS)
    return left
