"""Workers in containers: other process ids behind the same host name, or another host altogether."""

from __future__ import annotations

import os
import time

import pytest

from tests.processes.distributed.reader import Reader
from tests.processes.distributed.site import Site
from tests.servers import Server
from tests.support import wait_until

pytestmark = pytest.mark.services

#: What a container runtime does to a process, as far as its pids and its host's name are concerned. It dies with it.
CONTAINER = ("unshare", *(() if os.getuid() == 0 else ("--user", "--map-root-user")),
             "--pid", "--fork", "--kill-child", "--mount-proc", "--uts",
             "sh", "-c", 'hostname "$0" && exec "$@"')  # fmt: skip
SHORT_LEASE = {"KAKOCLAW_LEASE_SECONDS": "3", "KAKOCLAW_HEARTBEAT_SECONDS": "1"}
DEFAULT_LEASE = {"KAKOCLAW_LEASE_SECONDS": "10", "KAKOCLAW_HEARTBEAT_SECONDS": "3"}
LOST = "outcome = 'lost' AND error_code = 'worker_lost'"
HEARTBEAT = "SELECT heartbeat_at FROM executions_worker WHERE host = 'elsewhere'"


def in_container(site: Site, host: str, *arguments: str, **variables: str) -> Server:
    return site.worker(*arguments, prefix=[*CONTAINER, host], wait=False, **variables)


def test_containers_of_the_same_host_name_do_not_take_each_others_leases(site: Site) -> None:
    workers = [in_container(site, "worker", "--slots", "5", **SHORT_LEASE) for _ in range(2)]
    site.wait_until_ready(*workers)
    identities = site.query("SELECT DISTINCT host, pid FROM executions_worker")
    assert identities == [("worker", 1)], "both look the same from outside"
    site.queue(10, "wait 5s\nsay done")
    site.wait_for(10, "outcome = 'succeeded'")
    assert site.query("SELECT count(DISTINCT worker_id) FROM executions_execution") == [(2,)]
    assert site.query("SELECT count(*) FROM executions_worker WHERE lost_at IS NULL") == [(2,)]


def test_executions_of_a_worker_killed_on_another_host_are_lost_within_fifteen_seconds(site: Site) -> None:
    # With the default settings, one process to notice it, and the longest wait: the lease has just been renewed.
    web = site.web(wait=False, **DEFAULT_LEASE)
    doomed = in_container(site, "elsewhere", "--slots", "50", **DEFAULT_LEASE)
    site.wait_until_ready(web, doomed)
    ids = site.queue(50, "count 100000 every 100ms")
    site.wait_for(50, "state = 'running'")
    reader = Reader(site, [web], ids[0])
    reader.wait_for_events(5)
    renewed = site.query(HEARTBEAT)
    wait_until(lambda: site.query(HEARTBEAT) != renewed, 10)
    began = time.monotonic()
    doomed.kill()
    site.wait_for(50, LOST)
    seconds = time.monotonic() - began
    print(f"50 executions of another host's worker were lost {seconds:.1f} s after it was killed")
    assert seconds < 15
    reader.wait()
    reader.assert_whole(site)
    assert site.count(f"{LOST} AND output <> ''") == 50
    site.assert_each_has_one_story()
