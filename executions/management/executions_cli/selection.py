"""Options that narrow executions, the same in every sub-command."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError

from executions.management.executions_cli.exit_codes import FAILED
from executions.models.execution import ExecutionQuerySet


def add_owner_and_session(parser: ArgumentParser) -> None:
    parser.add_argument("--owner", metavar="NAME", help="only those of this user")
    parser.add_argument("--session", metavar="ID", help="only those of this session, such as web:chat")


def narrow(rows: ExecutionQuerySet, options: dict[str, Any]) -> ExecutionQuerySet:
    """Apply the options that were given. Raises CommandError for a user that does not exist."""
    if options.get("owner") is not None:
        user = get_user_model().objects.filter(username=options["owner"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['owner']!r}.", returncode=FAILED)
        rows = rows.filter(owner=user)
    if options.get("session") is not None:
        rows = rows.filter(session_id=options["session"])
    if options.get("state"):
        rows = rows.filter(state__in=options["state"])
    if options.get("outcome"):
        rows = rows.filter(outcome__in=options["outcome"])
    return rows
