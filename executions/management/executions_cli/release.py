"""``executions release``."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from executions import holding
from executions.errors import NotHeld
from executions.management.executions_cli.exit_codes import FAILED, OK
from executions.management.executions_cli.subcommand import Subcommand
from executions.management.executions_cli.text import one_line
from executions.models import Hold
from executions.states import Source


class Release(Subcommand):
    """Let executions begin again."""

    help = "Release the queue: what waits in it begins. With --requeue, what the hold had stopped is queued again."

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument("--agent", default="", metavar="NAME", help="the hold of this agent's executions")
        parser.add_argument("--requeue", action="store_true", help="queue again, as retries, what the hold had stopped")

    def run(self, options: dict[str, Any]) -> int:
        held = Hold.objects.in_force().filter(agent=options["agent"]).first()
        if held is None:
            raise NotHeld
        done = holding.release(held, by=None, requeue=options["requeue"], source=Source.COMMAND)
        if options["json"]:
            self.write_json({"hold": held.pk, "requeued": done.started, "refused": done.refused})
        else:
            again = f" {len(done.started):,} were queued again." if options["requeue"] else ""
            self.out.write(f"The queue is released.{again}")
            for pk, why in done.refused.items():
                self.err.write(one_line(f"{pk} was not queued again: {why}"))
        return FAILED if done.refused else OK
