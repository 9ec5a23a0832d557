"""``executions history``."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from executions.management.executions_cli.backend import Selection
from executions.management.executions_cli.exit_codes import OK
from executions.management.executions_cli.listing import listing
from executions.management.executions_cli.selection import add_owner_and_session
from executions.management.executions_cli.subcommand import Subcommand, count
from executions.states import Outcome, State


class History(Subcommand):
    """Executions, newest first."""

    help = "Executions, newest first."

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        add_owner_and_session(parser)
        parser.add_argument("--state", action="append", choices=[str(s) for s in State], help="may be repeated")
        parser.add_argument("--outcome", action="append", choices=[str(o) for o in Outcome], help="may be repeated")
        parser.add_argument("--limit", type=count, default=20, metavar="N", help="how many (default 20)")

    def run(self, options: dict[str, Any]) -> int:
        rows = self.backend.history(Selection.of(options), options["limit"])
        if options["json"]:
            self.write_json(rows)
            return OK
        self.out.write(listing(rows) if rows else "Nothing matches.")
        return OK
