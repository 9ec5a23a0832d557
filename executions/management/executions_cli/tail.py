"""``executions tail``."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from executions import readers
from executions.api.serializers import EventSerializer
from executions.events import Entry, Finished
from executions.management.executions_cli.exit_codes import OK
from executions.management.executions_cli.subcommand import Subcommand, execution_id, get, sequence
from executions.management.executions_cli.transcript import Transcript
from executions.models import Execution

POLL_SECONDS = 0.2
PAGE = 500


class Tail(Subcommand):
    """Follow an execution until it has finished."""

    help = "Follow an execution until it has finished. With --json: one event a line."

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument("id", type=execution_id, metavar="ID")
        parser.add_argument("--after", type=sequence, default=0, metavar="SEQ", help="only what came after this event")

    def run(self, options: dict[str, Any]) -> int:
        execution = get(options["id"])
        transcript = Transcript()
        for entry in follow(execution.pk, options["after"]):
            if options["json"]:
                self.write_json(EventSerializer(entry).data, indent=None)
            else:
                self.out.write(transcript.add(entry), ending="")
            self.out.flush()
        return OK


def follow(execution: int, after: int) -> Iterator[Entry]:
    """Yield every entry after ``after`` until the last; the journal is polled, as the worker is another process."""
    while True:
        # Asked for before reading: what is written last is then surely among what is read.
        over = not Execution.objects.unfinished().filter(pk=execution).exists()
        entries = readers.read(execution, after, PAGE)
        yield from entries
        if entries:
            after = entries[-1].seq
            if entries[-1].type == Finished.type:
                return
        elif over:
            return
        else:
            time.sleep(POLL_SECONDS)
