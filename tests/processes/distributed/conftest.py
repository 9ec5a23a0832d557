"""A PostgreSQL and a Redis for the whole session; a database, and the processes on it, for each test."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kakoclaw.local_services import LocalPostgres, LocalRedis
from tests.processes.distributed.site import Services, Site

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """The services, running; a test that stops one may leave it so."""
    # Not one of pytest's folders: as root, PostgreSQL runs as another user, who may not enter those.
    folder = Path(tempfile.mkdtemp(prefix="kakoclaw-services-"))
    folder.chmod(0o755)
    postgres, redis = LocalPostgres(folder / "postgres"), LocalRedis(folder / "redis")
    try:
        postgres.start()
        redis.start()
        services = Services(postgres, redis, tmp_path_factory.mktemp("distributed") / "home")
        services.prepare()
        yield services
    finally:
        postgres.stop()
        redis.stop()
        shutil.rmtree(folder)


@pytest.fixture
def site(services: Services) -> Iterator[Site]:
    """An installation without processes yet; afterwards all have ended, and none has written a traceback."""
    services.restore()
    site = services.copy(f"test_{next(_numbers)}")
    yield site
    site.close()
    logs = "\n".join(process.log for process in site.processes)
    print(logs)
    assert "Traceback" not in logs, logs
