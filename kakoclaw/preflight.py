"""What must be there before a server starts, each looked at once and told in one line when it is not."""

from __future__ import annotations

from pathlib import Path

import redis
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError
from django.db import DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import ConnectionHandler

from kakoclaw.home import lock_home


def require_database() -> None:
    """Raise CommandError unless the database can be connected to.

    Asked without the pool, which would try again and again for a while and tell nobody why.
    """
    config = settings.DATABASES["default"]
    options = {name: value for name, value in config.get("OPTIONS", {}).items() if name != "pool"}
    connection = ConnectionHandler({"default": {**config, "OPTIONS": options}})["default"]
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        raise CommandError(f"The database cannot be used: {first_line(error)}") from error
    finally:
        connection.close()


def require_setup() -> None:
    """Raise CommandError unless ``manage.py setup`` has been done with this version."""
    try:
        executor = MigrationExecutor(connections["default"])
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    finally:
        connections.close_all()
    if pending or not (Path(settings.STATIC_ROOT) / "staticfiles.json").is_file():
        raise CommandError("This home is not set up for this version yet: run `manage.py setup` first.")


def require_redis() -> None:
    """Raise CommandError when REDIS_URL is set and nobody answers there."""
    if not settings.REDIS_URL:
        return
    client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=5, socket_timeout=5)
    try:
        client.ping()
    except (redis.RedisError, ValueError) as error:
        raise CommandError(f"Redis cannot be used, see REDIS_URL: {first_line(error)}") from error
    finally:
        client.close()


def require_home() -> None:
    """Raise CommandError when another server has the home and nothing connects the two."""
    if settings.REDIS_URL:
        return
    try:
        lock_home(settings.HOME)
    except ImproperlyConfigured as error:
        raise CommandError(str(error)) from error


def first_line(error: Exception) -> str:
    """Return the first line of an error's text: what drivers write below it helps nobody here."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
