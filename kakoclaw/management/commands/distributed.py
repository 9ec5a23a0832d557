"""``manage.py distributed``: the whole distributed form on one machine, to try it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from kakoclaw.local_services import (
    LocalPostgres,
    LocalRedis,
    LocalService,
    ServiceUnavailable,
    services_folder,
)

STOP_SECONDS = 60.0


class Command(BaseCommand):
    """Starts services and processes, says where they are, and ends them together."""

    help = (
        "Start web processes and workers against PostgreSQL and Redis: those of DATABASE_URL and REDIS_URL, or "
        "private ones on free ports, whose data is kept for the next time. Ctrl-C stops everything."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--web", type=int, default=2, help="web processes, on PORT and above (%(default)s)")
        parser.add_argument("--workers", type=int, default=2, help="worker processes (%(default)s)")

    def handle(self, *, web: int, workers: int, **options: Any) -> None:
        services: list[LocalService] = []
        processes: dict[str, subprocess.Popen[bytes]] = {}
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            environment = os.environ | self._services(services) | {"KAKOCLAW_HOME": str(settings.HOME)}
            self._manage(["setup"], environment).wait()
            for number in range(web):
                port = {"PORT": str(settings.SERVE_PORT + number), "HOST": settings.SERVE_HOST}
                processes[f"web {number + 1}"] = self._manage(["serve"], environment | port)
            for number in range(workers):
                processes[f"worker {number + 1}"] = self._manage(["runworker"], environment)
            ended = _first_to_end(processes)
            raise CommandError(f"{ended} ended with status {processes[ended].returncode}; the others were stopped.")
        except ServiceUnavailable as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            self.stdout.write("Stopping")
        finally:
            _stop(processes)
            for service in reversed(services):
                service.stop()

    def _services(self, started: list[LocalService]) -> dict[str, str]:
        """Return the variables that name the services, starting those that are not given."""
        variables = {}
        folder = services_folder(Path(settings.HOME))
        for name, kind in (("DATABASE_URL", LocalPostgres), ("REDIS_URL", LocalRedis)):
            variables[name] = os.environ.get(name, "")
            if not variables[name]:
                service = kind(folder / kind.__name__.removeprefix("Local").lower())
                service.start()
                started.append(service)
                variables[name] = service.url
                self.stdout.write(f"{kind.__name__.removeprefix('Local')} is at {service.url}")
        return variables

    def _manage(self, arguments: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
        # A session of its own: Ctrl-C comes here, and is passed on in the right order.
        return subprocess.Popen(  # noqa: S603
            [sys.executable, sys.argv[0], *arguments], env=environment, start_new_session=True, stdin=subprocess.DEVNULL
        )


def _first_to_end(processes: dict[str, subprocess.Popen[bytes]]) -> str:
    while True:
        for name, process in processes.items():
            if process.poll() is not None:
                return name
        time.sleep(0.2)


def _stop(processes: dict[str, subprocess.Popen[bytes]]) -> None:
    """Ask all to end, the workers while the web processes can still tell their readers."""
    for name in sorted(processes, reverse=True):
        if processes[name].poll() is None:
            processes[name].terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for process in processes.values():
        try:
            process.wait(timeout=max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
