"""Clocks of hosts differ: leases are by the database's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.processes.distributed.site import Site

pytestmark = pytest.mark.services

SHORT_LEASE = {"KAKOCLAW_LEASE_SECONDS": "3", "KAKOCLAW_HEARTBEAT_SECONDS": "1"}


@pytest.fixture(scope="module")
def faketime() -> dict[str, str]:
    """Variables under which a process has a clock of its own. The program of that name would be one process more."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    assert found, "libfaketime is missing: install faketime"
    return {"LD_PRELOAD": str(found[0]), "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


def test_workers_whose_clocks_are_wrong_keep_their_leases_and_take_nobody_elses(
    site: Site, faketime: dict[str, str]
) -> None:
    right = site.worker("--slots", "10", wait=False, **SHORT_LEASE)
    ahead = site.worker("--slots", "10", wait=False, FAKETIME="+2h", **faketime, **SHORT_LEASE)
    behind = site.worker("--slots", "10", wait=False, FAKETIME="-2h", **faketime, **SHORT_LEASE)
    site.wait_until_ready(right, ahead, behind)
    site.queue(30, "wait 8s\nsay done")
    site.wait_for(30, "state = 'running'")
    site.wait_for(30, "outcome = 'succeeded'")
    assert site.query("SELECT count(*) FROM executions_worker WHERE lost_at IS NULL") == [(3,)]
    assert site.query("SELECT count(DISTINCT worker_id) FROM executions_execution") == [(3,)]
    assert site.count("finished_at < started_at OR finished_at > now() OR started_at > now()") == 0
    # Their clocks were wrong indeed: the log's times are by them.
    hours = {worker: worker.log.split(" INFO")[0][-23:-10] for worker in (right, ahead, behind)}
    assert len(set(hours.values())) == 3, hours
