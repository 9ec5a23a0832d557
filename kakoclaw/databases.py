"""What DATABASE_URL means to Django."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from kakoclaw.postgresql.connection import Connection

SQLITE = "kakoclaw.sqlite"
POSTGRESQL = "kakoclaw.postgresql"
SCHEMES = ("sqlite", "postgres", "postgresql")
EXAMPLE = "postgres://user:password@localhost:5432/kakoclaw"

#: Writers take their turn at BEGIN (IMMEDIATE) and wait for it up to the timeout; readers never wait (WAL). Without
#: IMMEDIATE, a transaction that reads before it writes fails with "database is locked" as soon as another one wrote.
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-8000; "
        "PRAGMA temp_store=MEMORY; PRAGMA journal_size_limit=67108864;"
    ),
}

#: Threads keep their connection: opening one takes 0.65 ms, more than most of what it is opened for.
SQLITE_SITE: dict[str, Any] = {"ENGINE": SQLITE, "CONN_MAX_AGE": None}

POSTGRES_OPTIONS = {
    "connect_timeout": 5,
    # A host that vanishes sends no goodbye: found out within 15 s, on both sides, instead of after hours.
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 15_000,
    # A process that is frozen, or cut off, within a transaction must not keep its locks: others wait for them.
    "options": (
        "-c idle_in_transaction_session_timeout=8s "
        "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=2"
    ),
    # Threads come and go, and a server counts its connections: they are lent by a pool, and checked before they are
    # lent. The pool gives up a failed attempt soon, and the next request makes another: by itself it would wait twice
    # as long after each.
    "pool": {"connection_class": Connection, "min_size": 2, "max_size": 32, "timeout": 5, "reconnect_timeout": 1},
}


def database(url: str, home: Path) -> dict[str, Any]:
    """Return Django's settings of the database behind the URL; SQLite in the home when there is no URL."""
    if not url:
        return SQLITE_SITE | {"NAME": home / "kakoclaw.sqlite3", "OPTIONS": SQLITE_OPTIONS}
    config: dict[str, Any] = environ.Env.db_url_config(url)
    if not config.get("NAME"):
        raise ImproperlyConfigured(f"DATABASE_URL names no database: it must be an address such as {EXAMPLE}.")
    if config["ENGINE"] == "django.db.backends.sqlite3":
        return config | SQLITE_SITE | {"OPTIONS": SQLITE_OPTIONS | config.get("OPTIONS", {})}
    config["OPTIONS"] = POSTGRES_OPTIONS | config.get("OPTIONS", {})
    return config | {"ENGINE": POSTGRESQL, "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": True}
