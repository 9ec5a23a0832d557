"""``manage.py executions``, also about a server elsewhere: ``--server`` with a token, and no database here."""

from __future__ import annotations

import argparse
import os
from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import CommandError

from executions.management.commands import executions
from executions.management.executions_cli import ANYWHERE
from executions.management.executions_cli.backend import Backend
from executions.management.executions_cli.exit_codes import FAILED, USAGE
from executions.management.executions_cli.subcommand import Subcommand
from kakoclaw.addresses import is_loopback
from kakoclaw.client import Client, ClientError, WrongAddress
from kakoclaw.client import token as tokens
from kakoclaw.remote import Remote

SERVER = "KAKOCLAW_SERVER"
#: Seconds that a server which was there may be away.
PATIENCE = 3600.0


class Command(executions.Command):
    """Chooses the backend; the sub-commands are the same for both."""

    help = "See, start and stop executions, here or on a server elsewhere, and keep the journal small."
    #: Without it, the sub-commands that need the database of the site are there as well.
    only_remote = False
    program = "manage.py executions"

    def subcommands(self) -> dict[str, type[Subcommand]]:
        return ANYWHERE if self.only_remote else super().subcommands()

    def add_common_arguments(self, parser: argparse.ArgumentParser, default: str | None = None) -> None:
        def add(name: str, metavar: str, text: str) -> None:
            group.add_argument(name, metavar=metavar, default=default, help=text)

        group = parser.add_argument_group("a server elsewhere")
        add("--server", "URL", f"such as https://kakoclaw.example.org (or {SERVER})")
        add("--token-file", "FILE", f"holds your token (or {tokens.TOKEN_FILE}; the token itself: {tokens.TOKEN})")
        add("--token", "TOKEN", "better not: others can read the arguments of a command")
        add("--ca-file", "FILE", "certificates to trust instead of the usual ones")

    def backend(self, options: dict[str, Any]) -> Backend:
        server = options["server"] if options["server"] is not None else os.environ.get(SERVER, "").strip()
        if not server and not self.only_remote:
            return super().backend(options)
        if not server:
            raise CommandError(f"Say which server: --server URL, or {SERVER}.", returncode=USAGE)
        if options["subcommand"] not in ANYWHERE:
            text = f"{options['subcommand']} needs the database: run it where the server is, without {SERVER}."
            raise CommandError(text, returncode=USAGE)
        token, remark = tokens.find(os.environ, options["token"] or "", options["token_file"] or "")
        client = Client(server, token, ca_file=options["ca_file"], on_trouble=self._trouble, patience=PATIENCE)
        if remark:
            self.stderr.write(f"Note: {remark}")
        parts = urlsplit(client.server)
        if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
            self.stderr.write("Note: without https, others in the network can read the token.")
        return Remote(client, self.program, ["--server", client.server] if options["server"] is not None else [])

    def _trouble(self, error: ClientError | None) -> None:
        """Say that the server is away, and that it is back."""
        self.stderr.write("It is back." if error is None else f"{error.message} Trying again …")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            super().handle(*args, **options)
        except ClientError as error:
            wrong = isinstance(error, WrongAddress) or error.code == "no_token"
            raise CommandError(error.message, returncode=USAGE if wrong else FAILED) from error
