"""``executions show``."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from executions import wording
from executions.management.executions_cli.backend import Row
from executions.management.executions_cli.exit_codes import OK
from executions.management.executions_cli.listing import moment
from executions.management.executions_cli.subcommand import Subcommand, execution_id
from executions.management.executions_cli.text import clean, one_line
from executions.status import look


class Show(Subcommand):
    """One execution with its request and its answer."""

    help = "One execution with its request and its answer."

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument("id", type=execution_id, metavar="ID")

    def run(self, options: dict[str, Any]) -> int:
        execution = self.backend.get(options["id"])
        if options["json"]:
            self.write_json(execution)
            return OK
        for name, value in _facts(execution):
            if value:
                self.out.write(f"{name:<10} {one_line(value)}")
        for title, text in (("Request", execution["prompt"]), ("Answer", execution["output"])):
            if text:
                self.out.write(f"\n{title}:\n{clean(text)}")
        return OK


def _facts(execution: Row) -> Iterator[tuple[str, str]]:
    yield "Execution", str(execution["id"])
    yield "Status", look(execution["status"]).word
    yield "In queue", _place(execution["queue_position"])
    yield "Owner", execution["owner"]
    yield "Session", execution["session_id"]
    yield "Agent", f"{execution['agent']} ({execution['model']})"
    for name in ("created", "started", "finished"):
        time = execution[f"{name}_at"]
        yield name.capitalize(), f"{moment(time):%Y-%m-%d %H:%M:%S} UTC" if time else ""
    milliseconds, usage = execution["duration_ms"], execution["usage"]
    yield "Took", wording.duration(None if milliseconds is None else milliseconds / 1000)
    yield "Priority", str(execution["priority"] or "")
    yield "Worker", execution["worker"] or ""
    yield "Retry of", str(execution["retry_of"] or "")
    tokens = f"{usage['input_tokens']:,} tokens in, {usage['output_tokens']:,} out"
    yield "Usage", ", ".join(filter(None, (tokens, wording.cost(usage["cost_usd"])))) if usage["requests"] else ""
    yield "Error", execution["error"]
    yield "Receipt", wording.receipt(execution["receipt"])
    yield "Journal", "removed to save space" if execution["journal_pruned"] else ""


def _place(place: int | None) -> str:
    return "" if place is None else "next" if place == 1 else f"{place - 1:,} before it"
