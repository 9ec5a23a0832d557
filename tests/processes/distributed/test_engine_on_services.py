"""The engine's own tests, on PostgreSQL and Redis: the state machine, races, claims, the journal, readers."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.processes.distributed.site import ROOT, Services

pytestmark = pytest.mark.services

FILES = (
    "state_machine", "races", "claiming", "life", "journal", "readers", "prepared", "services", "locks", "attachments",
)  # fmt: skip


@pytest.mark.timeout(300)
def test_the_state_machine_holds_on_postgresql_with_real_concurrency(services: Services) -> None:
    services.restore()
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            *(f"tests/executions/test_{name}.py" for name in FILES),
        ],
        cwd=ROOT,
        env=os.environ | {"TEST_DATABASE_URL": services.postgres.url, "TEST_REDIS_URL": services.redis.url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-10_000:]
    print(done.stdout.splitlines()[-1])
