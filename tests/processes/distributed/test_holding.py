"""The panic button and drains, with workers of several processes that claim as fast as they can."""

from __future__ import annotations

import time

import pytest

from tests.processes.distributed.site import Site
from tests.support import wait_until

pytestmark = pytest.mark.services


def moment(site: Site) -> object:
    """Return the database's time."""
    return site.query("SELECT clock_timestamp()")[0][0]


def wait_until_workers_looked(site: Site, since: object) -> None:
    """Return once each worker has polled for two seconds after that moment: heartbeats are two polls apart."""
    before = "SELECT id FROM executions_worker WHERE stopped_at IS NULL AND heartbeat_at < %s + interval '2 seconds'"
    wait_until(lambda: not site.query(before, since), timeout=20)


def running_again(site: Site) -> None:
    """Return once some executions have ended after now."""
    now = moment(site)
    wait_until(lambda: site.count("finished_at > %s", now) >= 20, timeout=20)


def test_once_a_hold_is_answered_no_worker_claims_anything_more(site: Site) -> None:
    (web,), _ = site.start(webs=1, workers=3, KAKOCLAW_MAX_RUNNING="16")
    client = site.client(web)
    site.queue(3000, "say hello")
    for _ in range(3):
        running_again(site)
        assert client.post("/api/v1/queue/hold", json={"reason": "proof"}).status_code == 200
        held_at = moment(site)
        assert client.post("/api/v1/executions/", json={"prompt": "say hello"}).status_code == 201
        wait_until_workers_looked(site, held_at)
        assert site.count("started_at > %s", held_at) == 0
        assert site.count("state = 'queued'") > 0
        assert site.count("state = 'running'") == 0  # what had been claimed before has gone on
        assert client.post("/api/v1/queue/release", json={}).status_code == 200
    site.wait_for(3003, "outcome = 'succeeded'", timeout=100)
    site.assert_each_has_one_story()


def test_a_thousand_that_run_are_stopped_held_back_and_queued_again(site: Site) -> None:
    (web,), _ = site.start(webs=1, workers=2, KAKOCLAW_MAX_RUNNING="500")
    client = site.client(web, timeout=60)
    site.queue(1000, "count 100000 every 1s")
    site.wait_for(1000, "state = 'running'", timeout=60)
    site.queue(5, "say hello")
    began = time.monotonic()
    answer = client.post("/api/v1/queue/hold", json={"stop": True, "reason": "panic"})
    answered = time.monotonic() - began
    assert answer.json()["stop"]["requested"] == 1000
    site.wait_for(1000, "outcome = 'canceled'", timeout=60)
    print(f"1,000 running: answered after {answered:.2f} s, all confirmed after {time.monotonic() - began:.2f} s")
    assert site.count("state = 'queued'") == 5
    released = client.post("/api/v1/queue/release", json={"requeue": True}).json()
    assert len(released["requeued"]) == 1000
    site.wait_for(1000, "state = 'running' AND retry_of_id IS NOT NULL", timeout=60)
    site.wait_for(5, "outcome = 'succeeded'")
    print(f"queued again: {time.monotonic() - began:.2f} s")
    assert client.post("/api/v1/queue/hold", json={"stop": True}).json()["stop"]["requested"] == 1000
    site.wait_for(2000, "outcome = 'canceled'", timeout=60)


def test_a_drained_worker_takes_nothing_more_finishes_what_it_has_and_works_again_when_resumed(site: Site) -> None:
    (web,), (first, second) = site.start(webs=1, workers=2, KAKOCLAW_MAX_RUNNING="4")
    client, drained = site.client(web), site.worker_id(first)
    site.queue(200, "wait 50ms")
    wait_until(lambda: site.count("worker_id = %s", drained) > 0)
    assert client.post(f"/api/v1/workers/{drained}/drain", json={"reason": "new kernel"}).status_code == 200
    drained_at = moment(site)
    site.wait_for(200, "outcome = 'succeeded'", timeout=60)
    assert site.count("worker_id = %s AND started_at > %s", drained, drained_at) == 0
    states = {worker["id"]: worker["state"] for worker in client.get("/api/v1/workers").json()["workers"]}
    assert states == {drained: "drained", site.worker_id(second): "running"}
    second.process.terminate()
    second.wait()
    (waiting,) = site.queue(1, "say hello")
    assert client.post(f"/api/v1/workers/{drained}/resume", json={}).status_code == 200
    site.wait_for(1, "id = %s AND worker_id = %s AND outcome = 'succeeded'", waiting, drained)
    site.assert_each_has_one_story()
