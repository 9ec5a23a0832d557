"""``executions history``."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from executions.api.serializers import ExecutionListSerializer
from executions.management.executions_cli.exit_codes import OK
from executions.management.executions_cli.listing import listing
from executions.management.executions_cli.selection import add_owner_and_session, narrow
from executions.management.executions_cli.subcommand import Subcommand, count
from executions.models import Execution
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
        chosen = narrow(Execution.objects.select_related("owner", "cancel_requested_by").without_bodies(), options)
        newest = chosen.order_by("-id")[: options["limit"]]
        if options["json"]:
            self.write_json(ExecutionListSerializer(newest, many=True).data)
            return OK
        self.out.write(listing(newest) if newest else "Nothing matches.")
        return OK
