"""``executions active``."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from executions.management.executions_cli.backend import COUNTED, Selection
from executions.management.executions_cli.exit_codes import OK
from executions.management.executions_cli.listing import listing
from executions.management.executions_cli.selection import add_owner_and_session
from executions.management.executions_cli.subcommand import Subcommand


class Active(Subcommand):
    """What runs or waits for an answer now, longest first."""

    help = "What runs or waits for an answer now, longest first."

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        add_owner_and_session(parser)

    def run(self, options: dict[str, Any]) -> int:
        rows, queued = self.backend.active(Selection.of(options))
        if options["json"]:
            self.write_json(rows)
            return OK
        self.out.write(listing(rows) if rows else "Nothing is running.")
        if queued:
            self.out.write(f"{queued:,} queued." if queued <= COUNTED else f"More than {COUNTED:,} queued.")
        return OK
