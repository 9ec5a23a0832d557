"""``manage.py executions``: see and stop executions from a shell, also while the server is running."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import InterfaceError, OperationalError, ProgrammingError

from executions.errors import ExecutionError
from executions.management.executions_cli import ANYWHERE, on_the_server
from executions.management.executions_cli.backend import Backend
from executions.management.executions_cli.exit_codes import EPILOG, FAILED, INTERRUPTED, PIPE_CLOSED
from executions.management.executions_cli.subcommand import Subcommand


class Command(BaseCommand):
    """Parses, hands over to the sub-command, and turns what goes wrong into one line and an exit code."""

    help = "See and stop executions, and keep their journal small."
    requires_system_checks = ()  # quick to start, and of use while something else is misconfigured

    def subcommands(self) -> dict[str, type[Subcommand]]:
        """Return the sub-commands by name, in the order in which they are shown."""
        return ANYWHERE | on_the_server()

    def add_common_arguments(self, parser: argparse.ArgumentParser, default: str | None = None) -> None:
        """Declare what every sub-command takes, before its name and after."""

    def backend(self, options: dict[str, Any]) -> Backend:
        """Return where executions come from."""
        from executions.management.executions_cli.local import Local

        return Local()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = EPILOG
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        self.add_common_arguments(parser)
        commands = parser.add_subparsers(dest="subcommand", required=True, metavar="COMMAND", title="commands")
        for name, subcommand in self.subcommands().items():
            text = subcommand.help
            inner = commands.add_parser(
                name, help=text, description=text, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
            )
            inner.add_argument("--json", action="store_true", help="write JSON instead of text")
            # What was said before the sub-command's name stays said.
            self.add_common_arguments(inner, argparse.SUPPRESS)
            subcommand.add_arguments(inner)

    def handle(self, *args: Any, **options: Any) -> None:
        subcommand = self.subcommands()[options["subcommand"]]
        try:
            code = subcommand(self.stdout, self.stderr, self.backend(options)).run(options)
        except KeyboardInterrupt:
            code = INTERRUPTED
        except BrokenPipeError:
            # The reader (such as ``head``) has gone; flushing what is left at exit must not complain either.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = PIPE_CLOSED
        except ExecutionError as error:
            raise CommandError(error.message, returncode=FAILED) from error
        except (OperationalError, ProgrammingError, InterfaceError) as error:
            text = f"The database can't be used: {str(error).strip()}. Is it there, and migrated (manage.py migrate)?"
            raise CommandError(text, returncode=FAILED) from error
        if code:
            sys.exit(code)
