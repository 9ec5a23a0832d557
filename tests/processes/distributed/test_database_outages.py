"""PostgreSQL is restarted under load: executions go on, and what they said meanwhile is written once it is back."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from kakoclaw.local_services import LocalPostgres
from tests.processes.distributed.reader import Reader
from tests.processes.distributed.site import Site
from tests.support import wait_until

pytestmark = pytest.mark.services

SHORT_LEASE = {"KAKOCLAW_LEASE_SECONDS": "3", "KAKOCLAW_HEARTBEAT_SECONDS": "1"}


@pytest.mark.parametrize(
    ("end", "seconds"), [(LocalPostgres.stop, 1), (LocalPostgres.kill, 10)], ids=["restarted", "crashed"]
)
def test_postgresql_is_away_under_load_and_nothing_is_lost_or_repeated(
    site: Site, end: Callable[[LocalPostgres], None], seconds: int
) -> None:
    # A lease that is shorter than the longer outage: nobody's heartbeat is fresh when it is over.
    webs, workers = site.start(webs=2, workers=2)
    ids = site.queue(30, f"count {20 * (seconds + 8)} every 50ms")
    site.wait_for(30, "state = 'running'")
    readers = [Reader(site, [webs[n % 2]], execution_id) for n, execution_id in enumerate(ids[:10])]
    for reader in readers:
        reader.wait_for_events(5)
    leases = {site.worker_id(worker) for worker in workers}

    end(site.postgres)
    down = time.monotonic()
    if seconds > 1:
        _the_site_says_so(webs[0].url, site.client(webs[0]))
    wait_until(lambda: time.monotonic() > down + seconds, seconds + 30)
    site.postgres.start()
    up = time.monotonic()
    wait_until(lambda: all(_healthy(web.url) for web in webs), 30)
    print(f"healthy {time.monotonic() - up:.1f} s after PostgreSQL was back")

    for reader in readers:
        reader.wait()
        reader.assert_whole(site)
        assert reader.connections == 1, "the stream did not go on by itself"
    site.wait_for(30, "outcome = 'succeeded'")
    assert {site.worker_id(worker) for worker in workers} == leases, "a worker has lost its lease"
    site.assert_each_has_one_story()


def test_a_worker_that_is_started_after_an_outage_takes_nobodys_lease(site: Site) -> None:
    _, (worker,) = site.start(webs=0, **SHORT_LEASE)
    site.queue(5, "count 200 every 50ms")
    site.wait_for(5, "state = 'running'")
    lease = site.worker_id(worker)
    site.postgres.kill()
    down = time.monotonic()
    wait_until(lambda: time.monotonic() > down + 4, 5)
    site.postgres.start()
    site.worker(**SHORT_LEASE)
    site.wait_for(5, "outcome = 'succeeded'")
    assert site.worker_id(worker) == lease


def _healthy(url: str) -> bool:
    return httpx.get(f"{url}/api/v1/health", timeout=30).status_code == 200


def _the_site_says_so(url: str, client: httpx.Client) -> None:
    login = {"username": "admin", "password": "x"}
    with ThreadPoolExecutor() as threads:  # each waits a while for the database, so all at once
        health = threads.submit(httpx.get, f"{url}/api/v1/health", timeout=30)
        page = threads.submit(httpx.get, f"{url}/history", cookies={"sessionid": "x" * 32}, timeout=30)
        calls = [
            threads.submit(client.get, "/api/v1/executions/"),
            threads.submit(client.post, "/api/v1/executions/", json={"prompt": "say hello"}),
            threads.submit(httpx.post, f"{url}/api/v1/auth/login", json=login, timeout=30),
        ]
    assert health.result().status_code == 503
    assert health.result().json()["failing"] == ["database"]
    assert page.result().status_code == 503
    assert "The database is away" in page.result().text
    for call in calls:
        answer = call.result()
        assert answer.status_code == 503, answer.text
        assert answer.json()["code"] == "database_unavailable"
        assert "Retry-After" in answer.headers


def test_a_worker_can_be_stopped_while_the_database_is_away(site: Site) -> None:
    _, (worker,) = site.start(webs=0, **SHORT_LEASE)
    site.queue(5, "count 100000 every 50ms")
    site.wait_for(5, "state = 'running'")
    site.postgres.kill()
    began = time.monotonic()
    assert worker.stop() == 0
    print(f"ended {time.monotonic() - began:.1f} s after the signal")
    assert "could not be finished in the database; others will" in worker.log
    site.postgres.start()
    site.worker(**SHORT_LEASE)
    site.wait_for(5, "outcome = 'lost'")
    site.assert_each_has_one_story()
