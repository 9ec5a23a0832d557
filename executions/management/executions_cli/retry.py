"""``executions retry``."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from executions import services
from executions.api.serializers import ExecutionSerializer
from executions.management.executions_cli.exit_codes import OK
from executions.management.executions_cli.subcommand import Subcommand, execution_id, get
from executions.states import Source


class Retry(Subcommand):
    """Start a finished execution's request again, for its owner."""

    help = "Start a finished execution's request again, for its owner."

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument("id", type=execution_id, metavar="ID")

    def run(self, options: dict[str, Any]) -> int:
        execution = get(options["id"])
        again = services.retry(execution, by=None, source=Source.COMMAND)
        if options["json"]:
            self.write_json(ExecutionSerializer(get(again.pk)).data)
        else:
            self.out.write(f"Queued as {again.pk}; follow it with: manage.py executions tail {again.pk}")
        return OK
