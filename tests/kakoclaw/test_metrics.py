"""Numbers for Prometheus: what is counted, who may read it, and what a scrape costs."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import DjangoAssertNumQueries

from chat import tokens
from executions import metrics, services
from executions.models import Execution, Worker
from executions.subscriptions import Subscription

pytestmark = pytest.mark.django_db


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def scraped(client: Client, **headers: Any) -> dict[tuple[str, ...], float]:
    response = client.get("/metrics", **headers)
    assert response.status_code == 200
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(response.content.decode())
        for sample in family.samples
    }


@pytest.fixture
def staff(client: Client, admin: User) -> Client:
    client.force_login(admin)
    return client


def test_only_the_staff_reads_them_with_a_token_of_any_scope(user: User, admin: User, client: Client) -> None:
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", HTTP_AUTHORIZATION="Bearer wrong").status_code == 401
    for person, status in ((user, 401), (admin, 200)):
        _, token = tokens.create(person, "prometheus", "read", 1)
        assert client.get("/metrics", HTTP_AUTHORIZATION=f"Bearer {token}").status_code == status
    client.force_login(user)
    assert client.get("/metrics").status_code == 401
    client.force_login(admin)
    assert client.get("/metrics").status_code == 200
    assert client.post("/metrics").status_code in (403, 405)


def test_a_setting_lets_this_machine_in_and_nothing_that_came_by_a_proxy(client: Client, settings: Any) -> None:
    settings.METRICS_WITHOUT_LOGIN = True
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="10.0.0.1").status_code == 401
    assert client.get("/metrics", HTTP_X_FORWARDED_FOR="127.0.0.1").status_code == 401


def test_what_is_there_now_is_told_by_state(staff: Client, user: User) -> None:
    services.start(owner=user, prompt="say hi")
    old = services.start(owner=user, prompt="say hi")
    Execution.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(seconds=100))
    Worker.objects.create(id="w", host="h", pid=1, process_started_at=0, version="1", slots=7)
    Worker.objects.filter(pk="w").update(heartbeat_at=timezone.now() - timedelta(seconds=5))
    found = scraped(staff)
    assert found["kakoclaw_executions", "demo", "queued"] == 2
    assert found["kakoclaw_executions", "", "running"] == 0
    assert 99 < found["kakoclaw_queue_oldest_seconds",] < 120
    assert (found["kakoclaw_workers",], found["kakoclaw_worker_slots",]) == (1, 7)
    assert 4 < found["kakoclaw_worker_silence_seconds",] < 20


def test_a_scrape_does_not_look_at_the_history(
    staff: Client, user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    staff.get("/metrics")
    for _ in range(2):
        with django_assert_num_queries(2 + 4):  # who asks; unfinished, stopping, oldest, workers
            staff.get("/metrics")
        services.start(owner=user, prompt="say hi")


def test_what_has_finished_is_counted_once(user: User, django_capture_on_commit_callbacks: Any) -> None:
    before = value("kakoclaw_executions_finished_total", agent="demo", outcome="canceled")
    queued = value("kakoclaw_executions_queued_total", agent="demo")
    canceled = value("kakoclaw_cancel_seconds_count")
    with django_capture_on_commit_callbacks(execute=True):
        execution = services.start(owner=user, prompt="say hi")
    with django_capture_on_commit_callbacks(execute=True):
        services.cancel_one(execution.pk, by=user)
    with django_capture_on_commit_callbacks(execute=True):
        services.cancel_one(execution.pk, by=user)
    assert value("kakoclaw_executions_finished_total", agent="demo", outcome="canceled") == before + 1
    assert value("kakoclaw_executions_queued_total", agent="demo") == queued + 1
    assert value("kakoclaw_cancel_seconds_count") == canceled + 1


def test_an_execution_with_a_model_counts_its_time_tokens_and_cost(user: User) -> None:
    now = timezone.now()
    execution = Execution(
        owner=user, agent="llm", model="m:1", state="finished", outcome="failed", error_code="rate_limited",
        created_at=now - timedelta(seconds=12), started_at=now - timedelta(seconds=10), finished_at=now,
        input_tokens=100, output_tokens=20, requests=2, cost_usd=0.5,
    )  # fmt: skip
    metrics.count([execution])
    assert value("kakoclaw_execution_seconds_sum", agent="llm", outcome="failed") == pytest.approx(10)
    assert value("kakoclaw_queue_wait_seconds_sum", agent="llm") == pytest.approx(2)
    assert value("kakoclaw_tokens_total", model="m:1", direction="input") == 100
    assert value("kakoclaw_tokens_total", model="m:1", direction="output") == 20
    assert value("kakoclaw_cost_usd_total", model="m:1") == 0.5
    assert value("kakoclaw_executions_failed_total", agent="llm", code="rate_limited") == 1


def test_a_lost_doorbell_that_a_look_finds_is_counted() -> None:
    before = value("kakoclaw_doorbells_recovered_total")
    subscription = Subscription(1, lambda closed: None)
    subscription.check(0)
    assert value("kakoclaw_doorbells_recovered_total") == before
    subscription.check(3)
    assert value("kakoclaw_doorbells_recovered_total") == before + 1


def test_the_dashboard_and_the_documentation_name_the_metrics_that_there_are(staff: Client, repository: Path) -> None:
    page = staff.get("/metrics").content.decode()
    there = {f"kakoclaw_{name}" for name in re.findall(r"^# TYPE kakoclaw_(\w+)", page, re.MULTILINE)}
    created = {name for name in there if name.endswith("_created")}
    text = (repository / "deploy" / "grafana" / "kakoclaw.json").read_text()
    assert json.loads(text)["panels"]
    shown = {re.sub("_bucket$", "", name) for name in re.findall(r"kakoclaw_\w+", text)}
    assert shown == there - created
    told = set(re.findall(r"`(kakoclaw_\w+)`", (repository / "docs" / "monitoring.md").read_text()))
    assert told == there - created
