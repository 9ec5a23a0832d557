"""An installation of the distributed form for a benchmark: its services, its processes, and a database for each run."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from benchmarks.sites import VARIABLES
from benchmarks.sites import Site as WebSite
from kakoclaw.local_services import LocalPostgres, LocalRedis
from tests.processes.distributed.site import Services, Site
from tests.servers import Server

WEBS = 2
#: What counts statements; a part of PostgreSQL that some distributions package on its own (``postgresql-contrib``).
STATISTICS = {"shared_preload_libraries": "pg_stat_statements", "pg_stat_statements.max": "20000"}
#: The defaults of the site, where the tests' are shorter.
LEASE = {"KAKOCLAW_LEASE_SECONDS": "10", "KAKOCLAW_HEARTBEAT_SECONDS": "3"}

_numbers = itertools.count(1)


@contextmanager
def running_services() -> Iterator[Services]:
    """Start a PostgreSQL that counts its statements, and a Redis."""
    folder = Path(tempfile.mkdtemp(prefix="kakoclaw-bench-"))
    folder.chmod(0o755)  # as root, PostgreSQL runs as another user
    postgres = LocalPostgres(folder / "postgres", STATISTICS | {"shared_buffers": "256MB"})
    redis = LocalRedis(folder / "redis")
    try:
        postgres.start()
        redis.start()
        services = Services(postgres, redis, folder / "home")
        services.prepare()
        with psycopg.connect(services.database_url("kakoclaw"), autocommit=True) as connection:
            connection.execute("CREATE EXTENSION pg_stat_statements")
        yield services
    finally:
        postgres.stop()
        redis.stop()
        shutil.rmtree(folder)


class Installation:
    """Web processes and workers on a database of their own."""

    def __init__(self, site: Site, webs: list[Server], workers: list[Server]) -> None:
        self.site = site
        self.workers = workers
        self.web_servers = webs
        #: For the clients of other benchmarks, which know one server.
        self.webs = [WebSite(web) for web in webs]

    @property
    def token(self) -> str:
        return self.site.services.tokens["admin"]


@contextmanager
def installation(services: Services, workers: int, slots: int) -> Iterator[Installation]:
    """Start two web processes and some workers; they must end in good order."""
    site = services.copy(f"bench_{next(_numbers)}")
    site.variables |= VARIABLES | LEASE | {"KAKOCLAW_MAX_RUNNING": str(slots)}
    try:
        # A benchmark needs to know that they are there, and is told nothing at the level "warning".
        webs, running = site.start(webs=WEBS, workers=workers, KAKOCLAW_LOG_LEVEL="info")
        yield Installation(site, webs, running)
        # Workers first, while there is somebody to tell.
        for server in [*running, *webs]:
            status = server.stop()
            if status or "Traceback" in server.log:
                raise RuntimeError(f"a process ended with status {status}:\n{server.log}")
    finally:
        site.close()
