"""``executions prune`` and ``executions compact``: keep the journal small."""

from __future__ import annotations

import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from executions import pruning
from executions.api.serializers import UtcField
from executions.management.executions_cli.ages import age
from executions.management.executions_cli.exit_codes import INTERRUPTED, OK
from executions.management.executions_cli.progress import ProgressBar
from executions.management.executions_cli.subcommand import Subcommand, count
from executions.models.execution import ExecutionQuerySet
from executions.pruning import Progress

MAX_BATCH = 100_000
#: A worker compacts what it has finished within seconds; what is older was left behind.
LEFT_BEHIND = timedelta(minutes=5)


class Tidying(Subcommand):
    """What both do: count, work with a bar, say what was done, also when it was interrupted."""

    verb = ""

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what would be done")

    def tidy(
        self, options: dict[str, Any], before: datetime, chosen: ExecutionQuerySet, steps: Iterator[Progress]
    ) -> int:
        began = time.monotonic()
        total, done, code = chosen.count(), Progress(), OK
        if options["dry_run"]:
            done = Progress(total, pruning.journal_rows(chosen))
        else:
            bar = ProgressBar(self.err, total)
            try:
                for done in steps:
                    bar.show(done.executions, done.rows)
            except KeyboardInterrupt:
                code = INTERRUPTED
            bar.clear()
        self._tell(options, before, done, code, time.monotonic() - began)
        return code

    def _tell(self, options: dict[str, Any], before: datetime, done: Progress, code: int, seconds: float) -> None:
        if options["json"]:
            self.write_json({
                "executions": done.executions, "events": done.rows, "finished_before":
                UtcField().to_representation(before), "dry_run": options["dry_run"], "complete": code == OK,
                "seconds": round(seconds, 3),
            })  # fmt: skip
            return
        would = "Would have " if options["dry_run"] else ""
        verb = self.verb if would else self.verb.capitalize()
        rest = "" if code == OK else " Interrupted: run it again for the rest."
        if not done.rows and not done.executions:
            self.out.write(f"Nothing to do: nothing that finished before {before:%Y-%m-%d %H:%M} UTC is left.{rest}")
            return
        self.out.write(f"{would}{verb} {done.rows:,} events of {done.executions:,} executions.{rest}")


class Prune(Tidying):
    """Remove the journals of old executions."""

    help = (
        "Remove the events of executions that finished long ago, a few at a time; what was asked, the answer and the "
        "receipt stay. May be interrupted and run again, also while the server works."
    )
    verb = "removed"

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--older-than", type=age, required=True, metavar="AGE", help="since their end: 90s, 15m, 12h, 30d, 8w"
        )
        parser.add_argument(
            "--batch", type=_batch, default=pruning.BATCH, metavar="N",
            help="events removed by one transaction (%(default)s)",
        )  # fmt: skip
        super().add_arguments(parser)

    def run(self, options: dict[str, Any]) -> int:
        before = timezone.now() - options["older_than"]
        return self.tidy(options, before, pruning.prunable(before), pruning.prune(before, options["batch"]))


class Compact(Tidying):
    """Compact the journals that a worker had no time to compact."""

    help = (
        "Join the pieces of answers in journals that a worker has left as they were, because it was killed or stopped. "
        "Nothing is lost by it."
    )
    verb = "joined"

    def run(self, options: dict[str, Any]) -> int:
        before = timezone.now() - LEFT_BEHIND
        return self.tidy(options, before, pruning.leftovers(before), pruning.compact_leftovers(before))


def _batch(text: str) -> int:
    number = count(text)
    if number > MAX_BATCH:
        raise ArgumentTypeError(f"{text!r} is more than {MAX_BATCH:,}, which would hold up other writers")
    return number
