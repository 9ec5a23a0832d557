"""Django's backend, with connections that give up a server which no longer answers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import psycopg
from django.db.backends.postgresql import base

from kakoclaw.postgresql.connection import Connection


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection of our own class; those of the pool are told theirs by the settings."""

    #: The driver as Django uses it: its exceptions, and how to connect.
    Database: Any = SimpleNamespace(**{**vars(psycopg), "connect": Connection.connect})
