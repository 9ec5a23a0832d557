"""``executions cancel``."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from executions import services, wording
from executions.api.serializers import ExecutionListSerializer
from executions.management.executions_cli.exit_codes import FAILED, OK, UNCONFIRMED, USAGE
from executions.management.executions_cli.selection import add_owner_and_session, narrow
from executions.management.executions_cli.subcommand import Subcommand, execution_id
from executions.management.executions_cli.text import one_line
from executions.models import Execution
from executions.services import CancelReport
from executions.states import Source
from executions.status import look

POLL_SECONDS = 0.1
BATCH = 500
MAX_WAIT_SECONDS = 3600.0


class Cancel(Subcommand):
    """Stop executions, with all that they have started."""

    help = "Stop executions, with all that they have started: by id, or all, or those of an owner or a session."

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument("ids", type=execution_id, nargs="*", metavar="ID")
        parser.add_argument("--all", action="store_true", help="everything unfinished")
        add_owner_and_session(parser)
        parser.add_argument("--reason", default="", metavar="TEXT", help="kept with the execution and shown")
        parser.add_argument("--wait", type=float, default=0, metavar="SECONDS", help="until they have really stopped")
        parser.add_argument("--yes", action="store_true", help="do not ask before canceling more than given ids")

    def run(self, options: dict[str, Any]) -> int:
        _check(options)
        ids = options["ids"]
        chosen = Execution.objects.filter(pk__in=ids) if ids else narrow(Execution.objects.unfinished(), options)
        if not ids and not self._agreed(chosen.count(), options):
            return FAILED
        report = services.cancel(chosen, by=None, reason=options["reason"], source=Source.COMMAND)
        pending = [*report.requested, *report.already_requested]
        unconfirmed = wait(pending, options["wait"]) if options["wait"] else 0
        missing = sorted(set(ids) - set(_all(report)))
        self._tell(report, missing, as_json=options["json"])
        if unconfirmed:
            self.err.write(f"{unconfirmed:,} have not confirmed within {options['wait']:g} s.")
            return UNCONFIRMED
        return FAILED if missing else OK

    def _agreed(self, found: int, options: dict[str, Any]) -> bool:
        """Return whether to go on. Raises CommandError when nobody is there to be asked."""
        if not found:
            self.err.write("Nothing unfinished matches.")
            return False
        return options["yes"] or self.agreed(f"cancel {found:,} executions")

    def _tell(self, report: CancelReport, missing: list[int], *, as_json: bool) -> None:
        rows = Execution.objects.select_related("owner", "cancel_requested_by").without_bodies()
        executions = [row for batch in _batches(_all(report)) for row in rows.filter(pk__in=batch).order_by("pk")]
        if as_json:
            data = ExecutionListSerializer(executions, many=True).data
            self.write_json({"executions": data, "not_found": missing})
            return
        for execution in executions:
            early = execution.pk in report.already_finished
            text = "already finished: " if early else ""
            receipt = "" if early else wording.receipt(execution.receipt)
            status = look(execution.status).word
            self.out.write(one_line(f"{execution.pk}  {text}{status}{'  ' if receipt else ''}{receipt}"))
        for pk in missing:
            self.err.write(f"There is no execution {pk}.")


def _check(options: dict[str, Any]) -> None:
    """Raise CommandError unless exactly one way of choosing was used."""
    narrowed = options["owner"] is not None or options["session"] is not None
    if [bool(options["ids"]), options["all"], narrowed].count(True) != 1:
        text = "Say what to cancel: either ids, or --all, or --owner and/or --session."
        raise CommandError(text, returncode=USAGE)
    if not 0 <= options["wait"] <= MAX_WAIT_SECONDS:
        raise CommandError(f"--wait must be from 0 to {MAX_WAIT_SECONDS:g} seconds.", returncode=USAGE)


def _all(report: CancelReport) -> list[int]:
    return sorted(report.canceled + report.requested + report.already_requested + report.already_finished)


def _batches(ids: list[int]) -> list[list[int]]:
    return [ids[first : first + BATCH] for first in range(0, len(ids), BATCH)]


def wait(ids: list[int], seconds: float) -> int:
    """Wait until all have finished; returns how many have not within ``seconds``."""
    end, late = time.monotonic() + seconds, 0
    for batch in _batches(ids):
        rows = Execution.objects.unfinished().filter(pk__in=batch)
        while (unfinished := rows.count()) and time.monotonic() < end:
            time.sleep(POLL_SECONDS)
        late += unfinished
    return late
