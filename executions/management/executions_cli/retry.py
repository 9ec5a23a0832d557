"""``executions retry``."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from executions.management.executions_cli.exit_codes import OK
from executions.management.executions_cli.subcommand import Subcommand, execution_id


class Retry(Subcommand):
    """Start a finished execution's request again, for its owner."""

    help = "Start a finished execution's request again, for its owner."

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument("id", type=execution_id, metavar="ID")

    def run(self, options: dict[str, Any]) -> int:
        again = self.backend.retry(options["id"])
        if options["json"]:
            self.write_json(again)
        else:
            self.out.write(f"Queued as {again['id']}; follow it with: {self.backend.hint('tail', again['id'])}")
        return OK
