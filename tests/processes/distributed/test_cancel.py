"""Cancel reaches an execution wherever it runs."""

from __future__ import annotations

import time
from statistics import median

import pytest

from tests.processes.distributed.site import Site, processes_of
from tests.support import wait_until

pytestmark = pytest.mark.services

DAEMON = "run setsid sh -c 'sleep 1000 & sleep 1000' & sleep 1000"


def test_a_cancel_through_any_web_process_ends_the_process_tree_on_whichever_worker_holds_it(site: Site) -> None:
    # Neither worker has room for all of them.
    webs, _ = site.start(webs=2, workers=2, KAKOCLAW_MAX_RUNNING="2")
    starter, stopper = (site.client(web) for web in webs)
    ids = [starter.post("/api/v1/executions/", json={"prompt": DAEMON}).json()["id"] for _ in range(4)]
    wait_until(lambda: len(processes_of(site, ids)) >= 4 * 4, 20)
    assert len(site.query("SELECT DISTINCT worker_id FROM executions_execution")) == 2
    for execution_id in ids:
        answer = stopper.post(f"/api/v1/executions/{execution_id}/cancel/", json={"reason": "enough", "wait": 5})
        receipt = answer.json()["execution"]["receipt"]
        assert receipt["reason"] == "enough", answer.text
        assert receipt["processes"]
        assert not processes_of(site, [execution_id])
    assert site.outcomes() == {"canceled": 4}
    site.assert_each_has_one_story()


def test_cancels_stay_quick_while_five_hundred_others_run(site: Site) -> None:
    (web,), _ = site.start(webs=1, workers=2, KAKOCLAW_MAX_RUNNING="260")
    site.queue(500, "count 100000 every 1s")
    site.wait_for(500, "state = 'running'")
    client = site.client(web)
    ids = [
        client.post("/api/v1/executions/", json={"prompt": "run sleep 1000 & sleep 1000"}).json()["id"]
        for _ in range(20)
    ]
    wait_until(lambda: len(processes_of(site, ids)) >= 20 * 3, 30)
    confirmed, answered = [], []
    for execution_id in ids:
        began = time.monotonic()
        answer = client.post(f"/api/v1/executions/{execution_id}/cancel/", json={"wait": 10}).json()
        answered.append((time.monotonic() - began) * 1000)
        confirmed.append(answer["execution"]["receipt"]["elapsed_ms"])
        assert not processes_of(site, [execution_id])
    figures = (median(confirmed), max(confirmed), median(answered))
    print(
        "ms from the request to the receipt, median {:.0f}, most {:.0f}; to its answer, median {:.0f}".format(*figures)
    )
    assert median(confirmed) < 1000


def test_a_thousand_at_once_are_canceled_with_an_honest_outcome_each(site: Site) -> None:
    site.queue(1000, "wait 10m")
    (web,), _ = site.start(webs=1, workers=2, KAKOCLAW_MAX_RUNNING="250")
    site.wait_for(500, "state = 'running'")
    began = time.monotonic()
    report = site.client(web).post("/api/v1/executions/cancel/", json={"all": True, "reason": "closing"}).json()
    answered = time.monotonic() - began
    site.wait_for(1000, "outcome = 'canceled' AND receipt->>'reason' = 'closing'")
    print(f"1,000 canceled: answered after {answered:.2f} s, all confirmed after {time.monotonic() - began:.2f} s")
    assert (report["canceled"], report["requested"]) == (500, 500), report
    site.assert_each_has_one_story()
