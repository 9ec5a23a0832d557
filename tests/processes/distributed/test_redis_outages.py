"""Redis goes and comes back under load: everything takes a little longer, and nothing is lost."""

from __future__ import annotations

import time

import httpx
import pytest

from tests.processes.distributed.reader import Reader
from tests.processes.distributed.site import Site
from tests.servers import ADMIN
from tests.support import wait_until

pytestmark = pytest.mark.services


@pytest.mark.parametrize("seconds", [1, 15])
def test_redis_is_killed_under_load_and_nothing_is_lost_or_repeated(site: Site, seconds: int) -> None:
    webs, _ = site.start(webs=2, workers=2)
    clients = [site.client(web) for web in webs]
    # Longer than the outage, so that streams go on before, during and after it.
    ids = site.queue(30, f"count {20 * (seconds + 8)} every 50ms")
    doomed = site.queue(6, "wait 10m")
    site.wait_for(36, "state = 'running'")
    readers = [Reader(site, [webs[n % 2]], execution_id) for n, execution_id in enumerate(ids[:10])]
    for reader in readers:
        reader.wait_for_events(5)

    site.redis.kill()
    down = time.monotonic()
    during = _cancels(clients, doomed) if seconds > 1 else []
    if seconds > 1:
        _the_site_says_so_and_works(webs[0].url, clients[0])
        for reader in readers:
            reader.wait_for_events(len(reader.events) + 10)
    wait_until(lambda: time.monotonic() > down + seconds, seconds + 1)
    site.redis.start()
    wait_until(lambda: httpx.get(f"{webs[0].url}/api/v1/health").status_code == 200, 10)
    after = _cancels(clients, doomed[len(during) :])
    print(f"cancels confirmed during the outage after {during} s, after it after {after} s")

    for reader in readers:
        reader.wait()
        reader.assert_whole(site)
        assert reader.connections == 1, "the stream did not go on by itself"
    site.wait_for(30, "outcome = 'succeeded' AND id = ANY(%s)", ids)
    assert site.count("outcome = 'canceled'") == len(during) + len(after)
    site.assert_each_has_one_story()


def _cancels(clients: list[httpx.Client], ids: list[int]) -> list[float]:
    """Cancel up to three, alternately through each web process; returns how long each took to be confirmed."""
    taken = []
    for number, execution_id in enumerate(ids[:3]):
        began = time.monotonic()
        answer = clients[number % 2].post(f"/api/v1/executions/{execution_id}/cancel/", json={"wait": 10})
        assert answer.json()["execution"]["outcome"] == "canceled", answer.text
        taken.append(round(time.monotonic() - began, 2))
    return taken


def _the_site_says_so_and_works(url: str, client: httpx.Client) -> None:
    health = httpx.get(f"{url}/api/v1/health", timeout=10)
    assert health.status_code == 503
    assert health.json()["failing"] == ["channel_layer"]
    login = {"username": ADMIN[0], "password": ADMIN[1]}
    assert httpx.post(f"{url}/api/v1/auth/login", json=login, timeout=10).status_code == 200
    wrong = httpx.post(f"{url}/api/v1/auth/login", json=login | {"password": "no"}, timeout=10)
    assert wrong.status_code == 401
    started = client.post("/api/v1/executions/", json={"prompt": "say hello"}).json()
    wait_until(lambda: client.get(f"/api/v1/executions/{started['id']}/").json()["outcome"] == "succeeded", 10)
