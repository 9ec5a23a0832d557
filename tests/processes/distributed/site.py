"""The distributed form for tests: web processes and workers on a PostgreSQL and a Redis of the tests' own."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg

from executions.processes import instance_of
from kakoclaw.databases import database
from kakoclaw.local_services import LocalPostgres, LocalRedis
from tests.servers import ROOT, Server, manage
from tests.support import wait_until

USERS = {"admin": True, "ada": False, "bob": False}
#: Makes the users, and a token for each, in the database that every test gets a copy of.
MAKE_USERS = """
from django.contrib.auth.models import User
from knox.models import get_token_model
for name, staff in {users!r}.items():
    user, _ = User.objects.get_or_create(username=name, defaults={{"is_staff": staff}})
    print("token", name, get_token_model().objects.create(user)[1])
"""
QUEUE = """
from django.contrib.auth.models import User
from executions.models import Execution
owner = User.objects.get(username={owner!r})
made = Execution.objects.bulk_create(
    Execution(owner=owner, prompt={prompt!r}, agent="demo", model="demo", priority={priority!r},
              session_id={session!r} and f"{session}:{{number}}")
    for number in range({count!r})
)
print("queued", *(execution.pk for execution in made))
"""
#: What one machine can take, and leases short enough for tests; heartbeats stay a third of the lease.
VARIABLES = {
    "KAKOCLAW_MAX_RUNNING": "1000",
    "KAKOCLAW_MAX_RUNNING_PER_OWNER": "10000",
    "KAKOCLAW_LEASE_SECONDS": "6",
    "KAKOCLAW_HEARTBEAT_SECONDS": "2",
}


@dataclass
class Services:
    """What is shared by all tests: the two services, a home that is set up, and a token for each user."""

    postgres: LocalPostgres
    redis: LocalRedis
    home: Path
    tokens: dict[str, str] = field(default_factory=dict)

    def prepare(self) -> None:
        """Set up the database that is copied for each test."""
        done = manage(self.home, "setup", **self.variables("kakoclaw"))
        assert done.returncode == 0, done.stderr
        done = manage(self.home, "shell", "-c", MAKE_USERS.format(users=USERS), **self.variables("kakoclaw"))
        assert done.returncode == 0, done.stderr
        for line in done.stdout.splitlines():
            if line.startswith("token "):
                _, name, token = line.split()
                self.tokens[name] = token

    def variables(self, database: str) -> dict[str, str]:
        return {**VARIABLES, "DATABASE_URL": self.database_url(database), "REDIS_URL": self.redis.url}

    def database_url(self, database: str) -> str:
        return f"{self.postgres.url.rpartition('/')[0]}/{database}"

    def copy(self, name: str) -> Site:
        """Return an installation on a new database of that name, without processes yet."""
        with psycopg.connect(self.database_url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE kakoclaw")
        return Site(self, name)

    def restore(self) -> None:
        """Start what a test has left stopped."""
        for service in (self.postgres, self.redis):
            if service.process is None or service.process.poll() is not None:
                service.start()


class Site:
    """One installation: a database of its own, any number of processes. All of them end with :meth:`close`."""

    def __init__(self, services: Services, database: str) -> None:
        self.services = services
        self.postgres, self.redis = services.postgres, services.redis
        self.variables = services.variables(database)
        self.processes: list[Server] = []
        self._clients: list[httpx.Client] = []

    # Processes --------------------------------------------------------------------------------------------------------

    def web(self, *, wait: bool = True, **variables: str) -> Server:
        """Start a web process."""
        return self._start(["serve"], variables, wait=wait)

    def worker(self, *arguments: str, wait: bool = True, prefix: Iterable[str] = (), **variables: str) -> Server:
        """Start a worker; ``prefix`` are words before its command."""
        return self._start(["runworker", *arguments], variables, wait=wait, prefix=prefix)

    def _start(
        self, arguments: list[str], variables: dict[str, str], *, wait: bool, prefix: Iterable[str] = ()
    ) -> Server:
        command = [*prefix, sys.executable, "manage.py", *arguments]
        server = Server(self.services.home, command, self.variables | variables)
        self.processes.append(server)
        if wait:
            self.wait_until_ready(server)
        return server

    def wait_until_ready(self, *servers: Server) -> None:
        """Return once processes that were started without waiting can be used."""
        for server in servers:
            if "serve" in server.process.args:  # type: ignore[operator]
                server.wait_until_healthy()
            else:
                server.wait_for_line(" serves ")

    def start(self, *, webs: int = 1, workers: int = 1, **variables: str) -> tuple[list[Server], list[Server]]:
        """Start web processes and workers side by side; returns them once all are ready."""
        web = [self.web(wait=False, **variables) for _ in range(webs)]
        worker = [self.worker(wait=False, **variables) for _ in range(workers)]
        self.wait_until_ready(*web, *worker)
        return web, worker

    def worker_id(self, worker: Server) -> str:
        """Return the id of the lease that a worker process holds now."""
        (row,) = self.query(
            "SELECT id FROM executions_worker WHERE pid = %s AND lost_at IS NULL AND stopped_at IS NULL",
            worker.process.pid,
        )
        return str(row[0])

    def close(self) -> None:
        for client in self._clients:
            client.close()
        for server in self.processes:
            server.kill()

    # What people do ---------------------------------------------------------------------------------------------------

    def client(self, web: Server, user: str = "admin", timeout: float = 30) -> httpx.Client:
        """Return a client of a web process, with the user's token."""
        headers = {"Authorization": f"Bearer {self.services.tokens[user]}"}
        client = httpx.Client(base_url=web.url, headers=headers, timeout=timeout)
        self._clients.append(client)
        return client

    def manage(self, *arguments: str) -> str:
        """Run a management command and return its output."""
        done = manage(self.services.home, *arguments, **self.variables)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def queue(
        self, count: int, prompt: str, *, owner: str = "admin", priority: int = 0, session: str = ""
    ) -> list[int]:
        """Queue many executions at once, unannounced; workers find them by looking.

        With a ``session``, the first is in ``<session>:0``, and so on; otherwise none is in any.
        """
        code = QUEUE.format(count=count, prompt=prompt, owner=owner, priority=priority, session=session)
        (line,) = [line for line in self.manage("shell", "-c", code).splitlines() if line.startswith("queued")]
        return [int(word) for word in line.split()[1:]]

    # What the database says -------------------------------------------------------------------------------------------

    def query(self, sql: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """Ask the database, past the product."""
        with psycopg.connect(self.variables["DATABASE_URL"], autocommit=True) as connection:
            return connection.execute(sql, arguments).fetchall()

    def count(self, condition: str, *arguments: Any) -> int:
        """Return how many executions there are with the SQL condition."""
        sql = f"SELECT count(*) FROM executions_execution WHERE {condition}"  # noqa: S608 - the tests' own words
        return int(self.query(sql, *arguments)[0][0])

    def outcomes(self) -> dict[str, int]:
        """Return how many executions have each outcome; ``""`` for unfinished ones."""
        return dict(self.query("SELECT outcome, count(*) FROM executions_execution GROUP BY outcome"))

    def wait_for(self, count: int, condition: str, *arguments: Any, timeout: float = 60) -> float:
        """Wait until exactly ``count`` executions have the SQL condition; returns the seconds that took."""
        began = time.monotonic()
        found = -1

        def reached() -> bool:
            nonlocal found
            found = self.count(condition, *arguments)
            time.sleep(0.05)
            return found == count

        try:
            wait_until(reached, timeout)
        except AssertionError as error:
            raise AssertionError(f"{found} instead of {count} executions: {condition}; {self.outcomes()}") from error
        return time.monotonic() - began

    def journal(self, execution_id: int) -> list[tuple[int, str]]:
        """Return ``(seq, type)`` of an execution's journal."""
        sql = "SELECT seq, type FROM executions_eventrow WHERE execution_id = %s ORDER BY seq"
        return self.query(sql, execution_id)

    def assert_each_has_one_story(self) -> None:
        """Every execution that began has one ``started``, every finished one ends with its only ``finished``."""
        wrong = self.query(
            """
            SELECT e.id, e.state, e.outcome, e.last_seq,
                count(*) FILTER (WHERE r.type = 'started') AS started,
                count(*) FILTER (WHERE r.type = 'finished') AS finished, max(r.seq) AS last
            FROM executions_execution e LEFT JOIN executions_eventrow r ON r.execution_id = e.id
            GROUP BY e.id
            HAVING count(*) FILTER (WHERE r.type = 'started') > 1
                OR count(*) FILTER (WHERE r.type = 'finished') <> (e.state = 'finished')::int
                OR (e.state = 'finished' AND max(r.seq) <> e.last_seq)
            """
        )
        assert not wrong, wrong


def processes_of(site: Site, execution_ids: Iterable[int]) -> list[int]:
    """Return the pids of all processes that carry the tag of one of these executions."""
    # Other tests on this machine may have executions of the same numbers.
    instance = instance_of(database(site.variables["DATABASE_URL"], site.services.home))
    tags = {f"{instance}:{execution_id}" for execution_id in execution_ids}
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            environ = (folder / "environ").read_bytes()
        except OSError:
            continue  # it has ended, or is not ours to look into
        for entry in environ.split(b"\0"):
            name, _, value = entry.decode(errors="replace").partition("=")
            if name == "KAKOCLAW_EXECUTION" and value in tags:
                found.append(int(folder.name))
    return found


__all__ = ["ROOT", "Services", "Site", "processes_of"]
