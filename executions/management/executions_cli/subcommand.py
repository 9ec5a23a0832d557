"""What a sub-command is."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any, ClassVar

from django.core.management.base import CommandError, OutputWrapper

from executions.management.executions_cli.backend import Backend, Row
from executions.management.executions_cli.exit_codes import USAGE
from executions.management.executions_cli.transcript import Transcript
from executions.validation import MAX_ID


class Subcommand:
    """Base of the sub-commands: ``run`` returns an exit code, or raises ExecutionError or CommandError."""

    help: ClassVar[str] = ""

    def __init__(self, out: OutputWrapper, err: OutputWrapper, backend: Backend) -> None:
        self.out, self.err, self.backend = out, err, backend

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        """Declare what comes after the sub-command's name."""

    def run(self, options: dict[str, Any]) -> int:
        """Do it."""
        raise NotImplementedError

    def agreed(self, what: str) -> bool:
        """Ask whether to do ``what``. Raises CommandError when nobody is there to be asked."""
        if not sys.stdin.isatty():
            raise CommandError(f"This would {what}; say --yes if you mean it.", returncode=USAGE)
        self.err.write(f"{what[0].upper()}{what[1:]}? [y/N] ", ending="")
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    def write_json(self, value: Any, *, indent: int | None = 2) -> None:
        """Write a value of a serializer."""
        self.out.write(json.dumps(value, ensure_ascii=False, indent=indent))

    def show(self, event: Row, transcript: Transcript, *, as_json: bool) -> None:
        """Write an event at once: JSON on a line of its own, or as the transcript has it."""
        if as_json:
            self.write_json(event, indent=None)
        else:
            self.out.write(transcript.add(event), ending="")
        self.out.flush()


def execution_id(text: str) -> int:
    """Parse an id for argparse."""
    return _whole_number(text, 1, "an id, a whole number from 1")


def count(text: str) -> int:
    """Parse a number of rows for argparse."""
    return _whole_number(text, 1, "a whole number from 1")


def sequence(text: str) -> int:
    """Parse a ``seq`` for argparse."""
    return _whole_number(text, 0, "a whole number from 0")


def _whole_number(text: str, least: int, kind: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < 20 and least <= int(text) <= MAX_ID:
        return int(text)
    raise ArgumentTypeError(f"{text!r} is not {kind}")
