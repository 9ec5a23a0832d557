"""``manage.py serve``: the web server with its embedded worker."""

from __future__ import annotations

import logging
import os
import socket
import sys
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from kakoclaw import __version__
from kakoclaw.addresses import is_loopback
from kakoclaw.descriptors import raise_descriptor_limit
from kakoclaw.listening import listen
from kakoclaw.preflight import require_database, require_home, require_redis, require_setup
from kakoclaw.terminal import take_terminal as take_the_terminal

WELCOME = """\
KakoClaw {version} serves {url} (Ctrl-C stops it)

  Open it and sign in as admin. Forgot the password? manage.py changepassword admin
  Try:             count 50 every 100ms      and press Stop
  Connect a model: set KAKOCLAW_MODEL and the provider's key in .env, then start again: see README.md
  Documentation:   docs/       API: {url}/api/v1/docs/
"""


class Command(BaseCommand):
    help = (
        "Serve the site and run its executions, until SIGTERM or Ctrl-C. The address comes from HOST and PORT "
        "(127.0.0.1 and 18880), everything else from the environment: see docs/configuration.md."
    )
    requires_system_checks = "__all__"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default=settings.SERVE_HOST, help="address to listen on (default: %(default)s)")
        parser.add_argument(
            "--port", type=int, default=settings.SERVE_PORT, help="port to listen on, 0 for any (default: %(default)s)"
        )
        parser.add_argument(
            "--take-terminal", action="store_true", help="let Ctrl-C reach the server only, not what started it (make)"
        )

    def handle(self, *, host: str, port: int, take_terminal: bool, **options: Any) -> NoReturn:
        if settings.COMMANDS_WITHOUT_LOGIN and not is_loopback(host):
            raise CommandError(
                f"KAKOCLAW_COMMANDS_WITHOUT_LOGIN=1 and --host {host} do not go together: see docs/commands.md."
            )
        require_database()
        require_setup()
        require_redis()
        require_home()
        raise_descriptor_limit()
        listener = _listen(host, port)
        if take_terminal:
            take_the_terminal()
        # Imported late: it installs Twisted's reactor, which only a server needs.
        from kakoclaw.asgi import application
        from kakoclaw.server import Server

        url = _url(host, listener)
        server = Server(
            application,
            listener,
            on_ready=lambda: self._say(WELCOME.format(version=__version__, url=url)),
            websocket_max_bytes=settings.WEBSOCKET_MAX_BYTES,
        )
        status = server.run()
        _exit(status)

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _listen(host: str, port: int) -> socket.socket:
    try:
        return listen(host, port)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise CommandError(
            f"Cannot listen on {host}:{port}: {reason}. Choose another address with HOST and PORT, "
            f"such as PORT={port + 1 if 0 < port < 65535 else 18881}."
        ) from error


def _url(host: str, listener: socket.socket) -> str:
    port = listener.getsockname()[1]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{shown}:{port}{settings.BASE_PATH}"


def _exit(status: int) -> NoReturn:
    """End the process, without the interpreter's own end.

    Everything is done: executions are finished, connections closed. On Python 3.11 the interpreter can crash while it
    takes Twisted's open connections apart (exit status 139 for a clean stop), and it would wait for a thread in which
    an agent hangs. So nothing is left to it but what is done here.
    """
    connections.close_all()
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
