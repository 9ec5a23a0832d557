"""Several workers share what there is to do."""

from __future__ import annotations

import time
from collections import Counter

import pytest

from tests.processes.distributed.site import Site

pytestmark = pytest.mark.services


def test_two_workers_run_two_thousand_short_executions_once_each(site: Site) -> None:
    site.queue(2000, "say hello")
    began = time.monotonic()
    site.start(webs=0, workers=2, KAKOCLAW_MAX_RUNNING="64")
    site.wait_for(2000, "outcome = 'succeeded'", timeout=100)
    seconds = time.monotonic() - began
    shares = Counter(worker for (worker,) in site.query("SELECT worker_id FROM executions_execution"))
    print(f"2,000 in {seconds:.1f} s, start of the workers included: {sorted(shares.values())}")
    assert len(shares) == 2
    assert site.query("SELECT count(*) FROM executions_eventrow WHERE type = 'started'") == [(2000,)]
    site.assert_each_has_one_story()


def test_a_rolling_restart_under_load_loses_and_repeats_nothing(site: Site) -> None:
    (web,), workers = site.start(webs=1, workers=2, KAKOCLAW_MAX_RUNNING="8", KAKOCLAW_DRAIN_SECONDS="60")
    client = site.client(web)
    site.queue(60, "count 10 every 100ms")
    started = 60
    for old in workers:
        site.wait_for(8, "state = 'running' AND worker_id = %s", site.worker_id(old))
        new = site.worker(wait=False, KAKOCLAW_MAX_RUNNING="8", KAKOCLAW_DRAIN_SECONDS="60")
        old.process.terminate()
        while old.process.poll() is None:
            answer = client.post("/api/v1/executions/", json={"prompt": "count 10 every 100ms"})
            assert answer.status_code == 201, answer.text
            started += 1
        assert old.wait() == 0
        site.wait_until_ready(new)
    print(f"{started} executions over a restart of both workers")
    site.wait_for(started, "outcome = 'succeeded'")
    site.assert_each_has_one_story()


def test_a_second_signal_ends_the_drain_and_says_so(site: Site) -> None:
    _, (worker,) = site.start(webs=0, KAKOCLAW_DRAIN_SECONDS="600")
    site.queue(10, "count 100000 every 50ms")
    site.wait_for(10, "state = 'running'")
    worker.process.terminate()
    worker.wait_for_line("letting 10 executions finish")
    assert site.query("SELECT count(*) FROM executions_worker WHERE draining_at IS NOT NULL") == [(1,)]
    later = site.queue(1, "say hello")
    began = time.monotonic()
    worker.process.terminate()
    assert worker.wait() == 0
    print(f"ended {time.monotonic() - began:.2f} s after the second signal")
    assert site.count("outcome = 'lost' AND error_code = 'shutdown' AND output <> ''") == 10
    assert site.count("state = 'queued' AND id = ANY(%s)", later) == 1
    site.assert_each_has_one_story()


def test_a_worker_runs_only_the_agents_it_is_told_to(site: Site) -> None:
    worker = site.worker("--agent", "llm")
    (execution_id,) = site.queue(1, "say hello")
    site.worker("--agent", "demo", "--agent", "llm")
    site.wait_for(1, "outcome = 'succeeded'")
    assert site.count("worker_id = %s", site.worker_id(worker)) == 0
    assert site.journal(execution_id)[0] == (1, "started")


def test_owners_take_turns_and_staff_moves_what_is_queued(site: Site) -> None:
    web = site.web()
    busy = site.queue(40, "wait 50ms", owner="ada")
    (single,) = site.queue(1, "wait 50ms", owner="bob")
    client, ada = site.client(web), site.client(web, "ada")
    urgent, late = busy[-1], busy[0]
    assert client.post(f"/api/v1/executions/{urgent}/priority/", json={"priority": 50}).status_code == 200
    assert client.post(f"/api/v1/executions/{late}/priority/", json={"priority": -1}).status_code == 200
    refused = ada.post(f"/api/v1/executions/{busy[1]}/priority/", json={"priority": 50})
    assert refused.status_code == 400, refused.text
    site.worker("--slots", "1")
    site.wait_for(41, "outcome = 'succeeded'")
    order = [pk for (pk,) in site.query("SELECT id FROM executions_execution ORDER BY started_at, id")]
    assert order[0] == urgent
    assert order[-1] == late
    # Both owners have something queued at the same priority: the one with a single execution need not wait for 38.
    assert order.index(single) <= 2, order
