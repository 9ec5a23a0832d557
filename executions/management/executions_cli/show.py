"""``executions show``."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from executions import wording
from executions.api.serializers import ExecutionSerializer
from executions.claiming import queue_position
from executions.management.executions_cli.exit_codes import OK
from executions.management.executions_cli.subcommand import Subcommand, execution_id, get
from executions.management.executions_cli.text import clean, one_line
from executions.models import Execution
from executions.status import look


class Show(Subcommand):
    """One execution with its request and its answer."""

    help = "One execution with its request and its answer."

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument("id", type=execution_id, metavar="ID")

    def run(self, options: dict[str, Any]) -> int:
        execution = get(options["id"])
        if options["json"]:
            self.write_json(ExecutionSerializer(execution).data)
            return OK
        for name, value in _facts(execution):
            if value:
                self.out.write(f"{name:<10} {one_line(value)}")
        for title, text in (("Request", execution.prompt), ("Answer", execution.output)):
            if text:
                self.out.write(f"\n{title}:\n{clean(text)}")
        return OK


def _facts(execution: Execution) -> Iterator[tuple[str, str]]:
    yield "Execution", str(execution.pk)
    yield "Status", look(execution.status).word
    yield "In queue", _place(execution)
    yield "Owner", execution.owner.get_username()
    yield "Session", execution.session_id
    yield "Agent", f"{execution.agent} ({execution.model})"
    for name in ("created", "started", "finished"):
        time = getattr(execution, f"{name}_at")
        yield name.capitalize(), f"{time:%Y-%m-%d %H:%M:%S} UTC" if time else ""
    yield "Took", wording.duration(execution.duration)
    yield "Priority", str(execution.priority or "")
    yield "Worker", execution.worker_id or ""
    yield "Retry of", str(execution.retry_of_id or "")
    tokens = f"{execution.input_tokens:,} tokens in, {execution.output_tokens:,} out"
    yield "Usage", ", ".join(filter(None, (tokens, wording.cost(execution.cost_usd)))) if execution.requests else ""
    yield "Error", execution.error
    yield "Receipt", wording.receipt(execution.receipt)
    yield "Journal", "removed to save space" if execution.pruned else ""


def _place(execution: Execution) -> str:
    place = queue_position(execution)
    return "" if place is None else "next" if place == 1 else f"{place - 1:,} before it"
