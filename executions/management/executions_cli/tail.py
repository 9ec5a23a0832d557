"""``executions tail``."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from executions.management.executions_cli.exit_codes import OK
from executions.management.executions_cli.subcommand import Subcommand, execution_id, sequence
from executions.management.executions_cli.transcript import Transcript


class Tail(Subcommand):
    """Follow an execution until it has finished."""

    help = "Follow an execution until it has finished. With --json: one event a line."

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument("id", type=execution_id, metavar="ID")
        parser.add_argument("--after", type=sequence, default=0, metavar="SEQ", help="only what came after this event")

    def run(self, options: dict[str, Any]) -> int:
        transcript = Transcript()
        for event in self.backend.follow(options["id"], options["after"]):
            self.show(event, transcript, as_json=options["json"])
        return OK
