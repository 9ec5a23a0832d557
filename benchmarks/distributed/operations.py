"""What is asked of the database and of Redis within a time, as they count it themselves."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import psycopg
import redis

from benchmarks.distributed.installation import Installation

RESET = "SELECT pg_stat_statements_reset()"
#: BEGIN and COMMIT are counted as transactions; PostgreSQL's own look at the execution of each new event is no
#: statement of ours.
STATEMENTS = """
    SELECT coalesce(sum(calls) FILTER (
            WHERE query NOT IN ('BEGIN', 'COMMIT', 'ROLLBACK') AND query NOT LIKE 'SELECT % FROM ONLY %'
        ), 0), coalesce(sum(total_exec_time), 0), coalesce(sum(wal_bytes), 0)
    FROM pg_stat_statements JOIN pg_database ON dbid = pg_database.oid
    WHERE datname = current_database() AND query NOT LIKE '%pg_stat%'
"""
TRANSACTIONS = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"
JOURNAL = """
    SELECT count(*), coalesce(sum(length(data->>'text') - length(replace(data->>'text', ' ', ''))), 0)
    FROM executions_eventrow WHERE type = 'text'
"""


@dataclass(frozen=True, slots=True)
class Operations:
    """Counts since the start of a count."""

    seconds: float
    events: int
    rows: int
    statements: int
    transactions: int
    database_ms: float
    wal_bytes: int
    redis_commands: int
    redis_messages: int
    redis_bytes: int


class Counting:
    """Counts from its creation until :meth:`so_far`."""

    def __init__(self, installation: Installation) -> None:
        self._database = installation.site.variables["DATABASE_URL"]
        self._redis = redis.Redis.from_url(installation.site.redis.url)
        with psycopg.connect(self._database, autocommit=True) as connection:
            (self._rows, self._events), (self._transactions,) = self._journal(connection)
            connection.execute(RESET)
        self._redis_before = self._redis_counts()
        #: What the counting itself makes Redis send.
        self._own_bytes = self._redis_counts()[2] - self._redis_before[2]
        self._began = time.monotonic()

    def so_far(self) -> Operations:
        """Return the counts up to now."""
        commands, messages, sent = (
            now - before for now, before in zip(self._redis_counts(), self._redis_before, strict=True)
        )
        seconds = time.monotonic() - self._began
        with psycopg.connect(self._database, autocommit=True) as connection:
            statements, milliseconds, wal = _row(connection, STATEMENTS)
            (rows, events), (transactions,) = self._journal(connection)
        return Operations(
            seconds=seconds,
            events=int(events - self._events),
            rows=int(rows - self._rows),
            statements=int(statements),
            transactions=int(transactions - self._transactions),
            database_ms=float(milliseconds),
            wal_bytes=int(wal),
            redis_commands=commands,
            redis_messages=messages,
            redis_bytes=sent - 2 * self._own_bytes,
        )

    def _journal(self, connection: psycopg.Connection[Any]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        return _row(connection, JOURNAL), _row(connection, TRANSACTIONS)

    def _redis_counts(self) -> tuple[int, int, int]:
        commands: dict[str, dict[str, int]] = self._redis.info("commandstats")
        calls = {name.removeprefix("cmdstat_"): int(found["calls"]) for name, found in commands.items()}
        calls.pop("info", None)
        sent = int(self._redis.info("stats")["total_net_output_bytes"])
        return sum(calls.values()), calls.get("publish", 0), sent


def _row(connection: psycopg.Connection[Any], sql: str) -> tuple[Any, ...]:
    row = connection.execute(sql).fetchone()
    assert row is not None
    return tuple(row)
