"""What Prometheus finds at a web process and at a worker of its own, and what both write into a log of JSON."""

from __future__ import annotations

import json
import socket
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.processes.distributed.site import Site
from tests.support import wait_until

pytestmark = [pytest.mark.services, pytest.mark.slow]

#: Counted by the process in which it happens.
OF_THE_WORKER = {
    "kakoclaw_executions_finished_total", "kakoclaw_execution_seconds_count", "kakoclaw_queue_wait_seconds_count",
    "kakoclaw_cancel_seconds_count", "kakoclaw_journal_lag_seconds_count", "kakoclaw_journal_rows_total",
}  # fmt: skip


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def scrape(url: str, **headers: str) -> dict[str, float]:
    """Return the sum of each metric's samples."""
    answer = httpx.get(url, headers=headers, timeout=30)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain")
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            found[sample.name] = found.get(sample.name, 0) + sample.value
    return found


def test_each_process_tells_what_it_has_counted_and_the_web_what_there_is(site: Site) -> None:
    port = free_port()
    worker = site.worker("--metrics", str(port), KAKOCLAW_LOG_FORMAT="json")
    web = site.web(KAKOCLAW_LOG_FORMAT="json")
    client = site.client(web)

    def start(prompt: str) -> int:
        return int(client.post("/api/v1/executions/", json={"prompt": prompt}).json()["id"])

    def finished(pk: int) -> dict[str, Any]:
        while (row := client.get(f"/api/v1/executions/{pk}/?wait=10").json())["state"] != "finished":
            pass
        return dict(row)

    first = start("say hello")
    assert finished(first)["outcome"] == "succeeded"
    long = start("wait 5m")
    site.wait_for(1, "state = 'running'")
    metrics = f"{web.url}/metrics"
    token = {"Authorization": f"Bearer {site.services.tokens['admin']}"}
    now = scrape(metrics, **token)
    assert (now["kakoclaw_executions"], now["kakoclaw_workers"]) == (1, 1)
    assert now["kakoclaw_executions_queued_total"] == 2
    assert client.post(f"/api/v1/executions/{long}/cancel/", json={"wait": 20}).json()["canceled"] == 1
    assert finished(start("fail because"))["outcome"] == "failed"

    there = f"http://127.0.0.1:{port}/metrics"
    wait_until(lambda: scrape(there).get("kakoclaw_executions_finished_total") == 3)
    counted = scrape(there)
    assert counted.keys() >= OF_THE_WORKER
    assert counted["kakoclaw_execution_seconds_count"] == counted["kakoclaw_queue_wait_seconds_count"] == 3
    assert counted["kakoclaw_cancel_seconds_count"] == 1
    assert counted["kakoclaw_executions_failed_total"] == 1
    assert counted["kakoclaw_journal_rows_total"] >= 6
    assert counted["kakoclaw_journal_lag_seconds_count"] > 0
    assert "kakoclaw_executions_finished_total" not in {
        name for name, value in scrape(metrics, **token).items() if value
    }, "counted once, where it happened"
    assert httpx.get(metrics, timeout=30).status_code == 401

    for process in (web, worker):
        assert process.stop() == 0
        lines = [json.loads(line) for line in process.lines if line.startswith("{")]
        assert all(list(line)[:5] == ["time", "level", "logger", "message", "process"] for line in lines)
    assert "Traceback" not in worker.log


def test_two_workers_at_one_port_are_told_apart_by_an_error(site: Site) -> None:
    port = str(free_port())
    site.worker("--metrics", port)
    second = site.worker("--metrics", port, wait=False)
    assert second.wait() != 0
    assert f"can't be served at {port}" in second.log
