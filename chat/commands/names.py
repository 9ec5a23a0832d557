"""The commands there are, and what the CLI is told for each."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext as _

from executions.errors import InvalidInput

BUILT_IN = ("plan", "coding", "go", "nextjs", "discuss", "research", "init")
#: Commands that say all by themselves.
WITHOUT_ARGS = frozenset({"init"})


def commands() -> list[str]:
    """Return the names of all commands, the settings' additions last."""
    return list(dict.fromkeys([*BUILT_IN, *settings.COMMANDS]))


def prompt_of(command: str, args: str) -> str:
    """Return what the CLI is told. Raises InvalidInput for an unknown command, or one that needs arguments."""
    if command not in commands():
        raise UnknownCommand(
            _("There is no command %(command)s; there are %(choices)s.")
            % {"command": repr(command[:64]), "choices": ", ".join(commands())}
        )
    if not args.strip() and command not in WITHOUT_ARGS:
        raise MissingArgs(f"The command {command} needs args: say what it is about.")
    return f"/{command} {args}".rstrip()


class UnknownCommand(InvalidInput):
    """There is no such command."""

    code = "unknown_command"


class MissingArgs(InvalidInput):
    """This command needs args."""

    code = "missing_args"
