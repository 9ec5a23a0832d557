"""``executions cancel``."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from executions import wording
from executions.management.executions_cli.backend import Selection, Stopped
from executions.management.executions_cli.exit_codes import FAILED, OK, UNCONFIRMED, USAGE
from executions.management.executions_cli.selection import add_owner_and_session
from executions.management.executions_cli.subcommand import Subcommand, execution_id
from executions.management.executions_cli.text import one_line
from executions.status import look

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
        chosen = options["ids"] or Selection.of(options)
        if isinstance(chosen, Selection) and not self._agreed(self.backend.unfinished(chosen), options):
            return FAILED
        stopped = self.backend.cancel(chosen, options["reason"], options["wait"])
        self._tell(stopped, as_json=options["json"])
        if stopped.unconfirmed:
            self.err.write(f"{stopped.unconfirmed:,} have not confirmed within {options['wait']:g} s.")
            return UNCONFIRMED
        return FAILED if stopped.missing else OK

    def _agreed(self, found: int, options: dict[str, Any]) -> bool:
        """Return whether to go on. Raises CommandError when nobody is there to be asked."""
        if not found:
            self.err.write("Nothing unfinished matches.")
            return False
        return options["yes"] or self.agreed(f"cancel {found:,} executions")

    def _tell(self, stopped: Stopped, *, as_json: bool) -> None:
        if as_json:
            self.write_json({"executions": stopped.rows, "not_found": stopped.missing})
            return
        for execution in stopped.rows:
            early = execution["id"] in stopped.finished_before
            text = "already finished: " if early else ""
            receipt = "" if early else wording.receipt(execution["receipt"])
            status = look(execution["status"]).word
            self.out.write(one_line(f"{execution['id']}  {text}{status}{'  ' if receipt else ''}{receipt}"))
        for pk in stopped.missing:
            self.err.write(f"There is no execution {pk}.")


def _check(options: dict[str, Any]) -> None:
    """Raise CommandError unless exactly one way of choosing was used."""
    narrowed = options["owner"] is not None or options["session"] is not None
    if [bool(options["ids"]), options["all"], narrowed].count(True) != 1:
        text = "Say what to cancel: either ids, or --all, or --owner and/or --session."
        raise CommandError(text, returncode=USAGE)
    if not 0 <= options["wait"] <= MAX_WAIT_SECONDS:
        raise CommandError(f"--wait must be from 0 to {MAX_WAIT_SECONDS:g} seconds.", returncode=USAGE)
