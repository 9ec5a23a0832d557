"""PostgreSQL hangs under load: its connections stay, nothing answers. Executions go on, nobody waits for ever."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import httpx
import pytest

from kakoclaw.postgresql.connection import ANSWER_SECONDS
from tests.processes.distributed.reader import Reader
from tests.processes.distributed.site import Services, Site, processes_of
from tests.support import wait_until

pytestmark = pytest.mark.services

#: Shorter than the hang: nobody's heartbeat is fresh when it is over.
SHORT_LEASE = {"KAKOCLAW_LEASE_SECONDS": "3", "KAKOCLAW_HEARTBEAT_SECONDS": "1"}
DAEMON = "say begun\nrun setsid sh -c 'sleep 1000 & sleep 1000' & sleep 1000"
#: A request asks several times; the first silence ends it, unless it has to wait for a connection of the pool before.
BOUND = ANSWER_SECONDS + 10


@pytest.fixture
def _thawed(services: Services) -> Iterator[None]:
    yield
    services.postgres.thaw()


@pytest.mark.usefixtures("_thawed")
@pytest.mark.parametrize("seconds", [5, 20], ids=["for a moment", "longer than anybody waits"])
def test_postgresql_hangs_under_load_and_nothing_is_lost_or_repeated(site: Site, seconds: int) -> None:
    webs, workers = site.start(webs=2, workers=2, **SHORT_LEASE)
    ids = site.queue(30, f"count {20 * (seconds + 8)} every 50ms")
    trees = site.queue(2, DAEMON)
    site.wait_for(32, "state = 'running'")
    wait_until(lambda: len(processes_of(site, trees)) >= 2 * 4, 20)
    readers = [Reader(site, [webs[n % 2]], execution_id) for n, execution_id in enumerate(ids[:10])]
    for reader in readers:
        reader.wait_for_events(5)
    leases = {site.worker_id(worker) for worker in workers}
    client = site.client(webs[0], timeout=60)

    assert client.post(f"/api/v1/executions/{trees[0]}/cancel/").status_code in (200, 202)
    site.postgres.freeze()
    began = time.monotonic()
    # It was told before; its processes need no database to end.
    wait_until(lambda: not processes_of(site, trees[:1]), 5)
    if seconds > ANSWER_SECONDS:
        _the_site_says_so(webs[1].url, site.client(webs[1], timeout=60), trees[1])
    wait_until(lambda: time.monotonic() > began + seconds, seconds + 30)
    site.postgres.thaw()
    thawed = time.monotonic()
    wait_until(lambda: all(_healthy(web.url) for web in webs), 30)
    print(f"healthy {time.monotonic() - thawed:.1f} s after PostgreSQL answered again")

    again = client.post(f"/api/v1/executions/{trees[1]}/cancel/", json={"wait": 10})
    assert again.json()["execution"]["outcome"] == "canceled", again.text
    assert not processes_of(site, trees)
    for reader in readers:
        reader.wait()
        reader.assert_whole(site)
        assert reader.connections == 1, "the stream did not go on by itself"
    site.wait_for(30, "outcome = 'succeeded'")
    site.wait_for(2, "outcome = 'canceled' AND id = ANY(%s)", trees)
    assert {site.worker_id(worker) for worker in workers} == leases, "a worker has lost its lease"
    site.assert_each_has_one_story()


def _healthy(url: str) -> bool:
    return httpx.get(f"{url}/api/v1/health", timeout=30).status_code == 200


def _the_site_says_so(url: str, client: httpx.Client, execution_id: int) -> None:
    """Every request is answered with 503 within the bound, however many there are."""
    began = time.monotonic()

    def timed(future: Future[httpx.Response]) -> httpx.Response:
        answer = future.result()
        answer.read()
        return answer

    with ThreadPoolExecutor(20) as threads:
        health = threads.submit(httpx.get, f"{url}/api/v1/health", timeout=60)
        page = threads.submit(httpx.get, f"{url}/history", cookies={"sessionid": "x" * 32}, timeout=60)
        calls = [
            *(threads.submit(client.get, "/api/v1/executions/") for _ in range(8)),
            threads.submit(client.post, "/api/v1/executions/", json={"prompt": "say hello"}),
            threads.submit(client.post, f"/api/v1/executions/{execution_id}/cancel/"),
        ]
        assert timed(health).status_code == 503
        assert time.monotonic() - began < 5
        for call in calls:
            answer = timed(call)
            assert answer.status_code == 503, answer.text
            assert answer.json()["code"] == "database_unavailable"
        assert timed(page).status_code == 503
    seconds = time.monotonic() - began
    print(f"all was answered within {seconds:.1f} s")
    assert seconds < BOUND
