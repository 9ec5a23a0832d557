"""``manage.py setup``: everything between an empty home and a server that can start. Doing it again is harmless."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection

from kakoclaw.home import one_at_a_time
from kakoclaw.preflight import first_line, require_database

#: What PostgreSQL calls it: any number that nobody else uses.
SETUP_LOCK = 0x6B616B6F
CREDENTIALS = """
  ┌──────────────────────────────────────────────────────────────┐
  │  Sign in as  admin                                           │
  │  Password    {password:<48}│
  │  It is shown this once. manage.py changepassword admin       │
  │  gives the user another one.                                 │
  └──────────────────────────────────────────────────────────────┘
"""


class Command(BaseCommand):
    help = (
        "Prepare the home: database, static files, and the user admin, whose password is KAKOCLAW_ADMIN_PASSWORD or "
        "else a random one, printed once. Safe to repeat; nothing that exists is changed."
    )

    def handle(self, **options: Any) -> None:
        _prepare_home()
        require_database()
        try:
            with one_at_a_time(settings.HOME), _one_at_a_time_in_the_database():
                call_command("migrate", interactive=False, verbosity=0)
                call_command("collectstatic", interactive=False, verbosity=0)
                self._make_admin()
        except (OSError, OperationalError) as error:
            raise CommandError(f"{settings.HOME} could not be set up: {first_line(error)}") from error

    def _make_admin(self) -> None:
        if User.objects.filter(is_superuser=True).exists():
            self.stdout.write(f"KakoClaw is set up in {settings.HOME}; all that was there is kept.")
            return
        given = os.environ.get("KAKOCLAW_ADMIN_PASSWORD", "")
        password = given or secrets.token_urlsafe(12)
        User.objects.create_superuser("admin", password=password)
        self.stdout.write(f"KakoClaw is set up in {settings.HOME}.")
        if given:
            self.stdout.write("Sign in as admin, with the password of KAKOCLAW_ADMIN_PASSWORD.")
            self._warn_if_weak(given)
        else:
            self.stdout.write(CREDENTIALS.format(password=password))

    def _warn_if_weak(self, password: str) -> None:
        try:
            validate_password(password)
        except ValidationError as error:
            self.stderr.write(f"KAKOCLAW_ADMIN_PASSWORD is weak: {' '.join(error.messages)}")


@contextmanager
def _one_at_a_time_in_the_database() -> Iterator[None]:
    """Wait until no other machine sets up the same database: of two that make its tables, one would fail."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [SETUP_LOCK])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [SETUP_LOCK])


def _prepare_home() -> None:
    """Make what must not be readable by others before anything is written to it."""
    (settings.HOME / "workspaces").mkdir(mode=0o700, exist_ok=True)
    if connection.vendor == "sqlite":
        name = connection.settings_dict["NAME"]
        try:
            os.close(os.open(name, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            raise CommandError(f"The database {name} cannot be written: {error.strerror}") from error
