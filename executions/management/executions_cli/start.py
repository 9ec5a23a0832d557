"""``executions start``."""

from __future__ import annotations

import json
import signal
import sys
import threading
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn

from django.core.management.base import CommandError

from executions import wording
from executions.management.executions_cli.backend import Row
from executions.management.executions_cli.exit_codes import OK, UNSUCCESSFUL, USAGE
from executions.management.executions_cli.subcommand import Subcommand
from executions.management.executions_cli.transcript import Transcript
from executions.states import OnBusy
from executions.status import look

#: Seconds that a stop at the end of the command may take to be confirmed.
STOP_SECONDS = 10.0
GIVEN = ("session_id", "agent", "model", "priority", "on_busy", "options", "limits", "key")


class Start(Subcommand):
    """Start an execution; with --follow, be there until its end."""

    help = (
        "Start an execution. With --follow or --wait, the exit code says how it ended; Ctrl-C then leaves it running, "
        "unless --stop-on-exit was given."
    )

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument("prompt", nargs="+", metavar="PROMPT", help="what to do; - reads it from the input")
        parser.add_argument("--session", dest="session_id", default="", metavar="ID", help="continue this session")
        parser.add_argument("--agent", default="", metavar="NAME", help="chosen by the model otherwise")
        parser.add_argument("--model", default="", metavar="NAME", help="the default one otherwise")
        parser.add_argument("--priority", type=int, default=0, metavar="N", help="higher ones start first")
        parser.add_argument("--on-busy", default=OnBusy.QUEUE.value, choices=[str(way) for way in OnBusy],
                            help="when the session has an unfinished one (default %(default)s)")  # fmt: skip
        parser.add_argument("--options", type=_object, metavar="JSON", help="the agent's options, an object")
        parser.add_argument("--limits", type=_object, metavar="JSON", help='such as {"wall_seconds": 600}')
        parser.add_argument(
            "--key", default="", metavar="TEXT", help="starts nothing new within 24 hours when repeated"
        )
        parser.add_argument("--owner", metavar="NAME", help="whose it is; needed where there are several users")
        parser.add_argument("--follow", action="store_true", help="write what it does until its end")
        parser.add_argument("--wait", action="store_true", help="wait for its end, and write the answer")
        text = "stop it when this command ends first (Ctrl-C, SIGTERM, SIGHUP); for jobs of a CI"
        parser.add_argument("--stop-on-exit", action="store_true", help=text)

    def run(self, options: dict[str, Any]) -> int:
        if options["stop_on_exit"] and not (options["follow"] or options["wait"]):
            raise CommandError("--stop-on-exit goes with --follow or --wait.", returncode=USAGE)
        if options["follow"] and options["wait"]:
            raise CommandError("Say either --follow or --wait.", returncode=USAGE)
        given = {name: options[name] for name in GIVEN if options[name] not in ("", None)}
        with _signals(options["stop_on_exit"]):
            execution = self.backend.start(_prompt(options["prompt"]), options["owner"], given)
            if options["follow"] or options["wait"]:
                return self._stay(execution, options)
        if options["json"]:
            self.write_json(execution)
        else:
            pk = execution["id"]
            self.out.write(f"Queued as {pk}; follow it with: {self.backend.hint('tail', pk)}")
        return OK

    def _stay(self, execution: Row, options: dict[str, Any]) -> int:
        """Be there until the execution's end; returns the exit code that says how it ended."""
        pk, seen, over = execution["id"], 0, False
        transcript = Transcript()
        self.err.write(f"Execution {pk}.")
        try:
            for event in self.backend.follow(pk, 0):
                seen = event["seq"]
                if options["follow"]:
                    self.show(event, transcript, as_json=options["json"])
            over = True
        finally:
            if not over:
                self._leave(pk, seen, stop=options["stop_on_exit"])
        end = self.backend.get(pk)
        if options["wait"] and options["json"]:
            self.write_json(end)
        elif options["wait"]:
            self.out.write(transcript.add({"type": "text", "data": {"text": end["output"]}}))
        return OK if end["outcome"] == "succeeded" else self._complain(end)

    def _complain(self, end: Row) -> int:
        """Say on the side how it ended, where nobody has read that."""
        parts = (look(end["status"]).word, end["error"], wording.receipt(end["receipt"]))
        self.err.write(f"Execution {end['id']}: {': '.join(filter(None, parts))}")
        return UNSUCCESSFUL

    def _leave(self, pk: int, seen: int, *, stop: bool) -> None:
        """Stop what this command has started, or say that it goes on."""
        if not stop:
            hint = self.backend.hint
            self.err.write(f"\nExecution {pk} goes on. Follow it: {hint('tail', pk, '--after', seen)}")
            self.err.write(f"Stop it: {hint('cancel', pk)}")
            return
        stopped = self.backend.cancel([pk], "The command that had started it has ended", STOP_SECONDS)
        for row in stopped.rows:
            receipt = wording.receipt(row["receipt"])
            self.err.write(f"\nExecution {pk}: {look(row['status']).word}{': ' if receipt else ''}{receipt}")


@contextmanager
def _signals(stop_on_exit: bool) -> Iterator[None]:
    """Let what ends a command from outside be an exception, so that there is time to stop what it has started."""
    if not stop_on_exit or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _exit) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _exit(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)


def _prompt(words: list[str]) -> str:
    return sys.stdin.read() if words == ["-"] else " ".join(words)


def _object(text: str) -> dict[str, Any]:
    """Parse a JSON object for argparse."""
    try:
        value = json.loads(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise ArgumentTypeError(f'{text!r} is not an object such as {{"wall_seconds": 600}}')
    return value
