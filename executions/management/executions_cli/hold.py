"""``executions hold``: the panic button of a shell."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from executions import holding
from executions.api import confirmation
from executions.api.queue import HoldSerializer
from executions.management.executions_cli.cancel import MAX_WAIT_SECONDS
from executions.management.executions_cli.exit_codes import FAILED, OK, UNCONFIRMED, USAGE
from executions.management.executions_cli.local import wait_for
from executions.management.executions_cli.subcommand import Subcommand
from executions.management.executions_cli.text import one_line
from executions.models import Execution
from executions.preview import preview
from executions.states import Source


class Hold(Subcommand):
    """Let nothing more begin, and perhaps stop all that runs."""

    help = (
        "Hold the queue: nothing more begins until it is released; what is started waits in it. With --stop, all that "
        "runs or waits for an answer is stopped as well. Once this has returned, no worker takes anything."
    )

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument("--agent", default="", metavar="NAME", help="hold only this agent's executions")
        parser.add_argument("--reason", default="", metavar="TEXT", help="shown to everybody while it is held")
        parser.add_argument("--stop", action="store_true", help="also stop all that runs or waits for an answer")
        parser.add_argument("--wait", type=float, default=0, metavar="SECONDS", help="until they have really stopped")
        parser.add_argument("--yes", action="store_true", help="do not ask before stopping")

    def run(self, options: dict[str, Any]) -> int:
        if not 0 <= options["wait"] <= MAX_WAIT_SECONDS or (options["wait"] and not options["stop"]):
            raise CommandError(f"--wait goes with --stop, from 0 to {MAX_WAIT_SECONDS:g} seconds.", returncode=USAGE)
        if options["stop"] and not options["yes"]:
            active = Execution.objects.active()
            doomed = preview(active.filter(agent=options["agent"]) if options["agent"] else active)
            if doomed.count and not self.agreed(f"stop {doomed}"):
                return FAILED
        about: dict[str, Any] = {"by": None, "reason": options["reason"], "source": Source.COMMAND}
        held, new = holding.hold(agent=options["agent"], **about)
        report = holding.stop_everything(held, **about) if options["stop"] else None
        late = wait_for([*report.requested, *report.already_requested], options["wait"]) if report else 0
        stopped = confirmation.result_of_many(report, []) if report else None
        if options["json"]:
            self.write_json({"hold": HoldSerializer(held).data, "new": new, "stop": stopped})
        else:
            whose = f" of {held.agent}" if held.agent else ""
            before = (
                "" if new else f" already, by {held.held_by or 'a command'} since {held.held_at:%Y-%m-%d %H:%M} UTC"
            )
            back = f"manage.py executions release{f' --agent {held.agent}' if held.agent else ''}"
            self.out.write(one_line(f"The queue{whose} is held{before}. Release it with: {back}"))
            if stopped:
                self.out.write(stopped["message"])
        if late and options["wait"]:
            self.err.write(f"{late:,} have not confirmed within {options['wait']:g} s.")
            return UNCONFIRMED
        return OK
