"""``executions active``."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from executions.api.serializers import ExecutionListSerializer
from executions.management.executions_cli.exit_codes import OK
from executions.management.executions_cli.listing import listing
from executions.management.executions_cli.selection import add_owner_and_session, narrow
from executions.management.executions_cli.subcommand import Subcommand
from executions.models import Execution


class Active(Subcommand):
    """What runs or waits for an answer now, longest first."""

    help = "What runs or waits for an answer now, longest first."

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        add_owner_and_session(parser)

    def run(self, options: dict[str, Any]) -> int:
        chosen = narrow(Execution.objects.select_related("owner", "cancel_requested_by").without_bodies(), options)
        active = chosen.active().order_by("started_at", "id")
        if options["json"]:
            self.write_json(ExecutionListSerializer(active, many=True).data)
            return OK
        self.out.write(listing(active) if active else "Nothing is running.")
        queued = chosen.queued().count()
        if queued:
            self.out.write(f"{queued:,} queued.")
        return OK
