"""``executions limits``: what a user may, and changing it."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import CommandError

from executions import owner_limits
from executions.api.limits import as_json
from executions.management.executions_cli.exit_codes import FAILED, OK
from executions.management.executions_cli.subcommand import Subcommand
from executions.management.executions_cli.table import table

HEAD = ("LIMIT", "MAY", "USED", "SET FOR")
SWITCH = {"yes": True, "no": False}


class Limits(Subcommand):
    """What a user may, and has used of it."""

    help = (
        "Show what a user may and has used of it, or change it: limits ada max_running=4 usd_per_day=2.50 may_start=no."
    )

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument("user", metavar="USER", help="a user's name")
        names = ", ".join(owner_limits.NAMES)
        parser.add_argument(
            "changes", type=_change, nargs="*", metavar="NAME=VALUE",
            help=f"of {names}; an empty value is as for everybody",
        )  # fmt: skip
        parser.add_argument("--reason", default="", metavar="TEXT", help="kept in the audit log")

    def run(self, options: dict[str, Any]) -> int:
        user = User.objects.filter(username=options["user"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['user']!r}.", returncode=FAILED)
        if options["changes"]:
            owner_limits.change(user, dict(options["changes"]), by=None, reason=options["reason"])
        found = as_json(user, own=True)
        if options["json"]:
            self.write_json(found)
        else:
            self.out.write(
                table(("LIMIT", "MAY", "USED", "SET FOR"), [_row(name, found) for name in owner_limits.NAMES])
            )
        return OK


def _row(name: str, found: dict[str, Any]) -> tuple[object, ...]:
    used = found["used"].get(name.removeprefix("max_"), "")
    may = found["limits"][name]
    everybody = found["own"][name] is None or (name == "may_start" and found["own"][name])
    shown = {True: "yes", False: "no"}[may] if isinstance(may, bool) else "any" if may is None else may
    return name, shown, used, "everybody" if everybody else found["user"]


def _change(text: str) -> tuple[str, Any]:
    """Parse ``name=value`` for argparse."""
    name, sign, value = (part.strip() for part in text.partition("="))
    if not sign or name not in owner_limits.NAMES:
        raise ArgumentTypeError(f"{text!r} is not NAME=VALUE with one of {', '.join(owner_limits.NAMES)}")
    if name == "may_start" and value not in SWITCH:
        raise ArgumentTypeError(f"{text!r} must be may_start=yes or may_start=no")
    return name, SWITCH[value] if name == "may_start" else value or None
