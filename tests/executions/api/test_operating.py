"""The operator's part of the API: the queue, workers, limits, and the audit log."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.test import APIClient

from executions import audit, services
from executions.actions import Action
from executions.models import AuditEntry, Execution, Worker
from tests.executions.api.conftest import client_of, make
from tests.executions.handmade import HandmadeWorker

pytestmark = pytest.mark.django_db
V1 = "/api/v1/"


def post(client: APIClient, path: str, **body: Any) -> Any:
    return client.post(V1 + path, body, format="json")


STAFF_ONLY = [
    ("post", "queue/hold"), ("post", "queue/release"), ("get", "workers"), ("post", "workers/abcd/drain"),
    ("post", "workers/abcd/resume"), ("get", "users/1/limits"), ("put", "users/1/limits"), ("get", "audit"),
    ("get", "audit/export"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), STAFF_ONLY)
def test_it_is_for_staff(api: APIClient, method: str, path: str) -> None:
    response = getattr(api, method)(V1 + path, {}, format="json")
    assert (response.status_code, response.json()["code"]) == (403, "permission_denied")
    assert getattr(APIClient(), method)(V1 + path).status_code == 401


def test_a_token_that_may_not_administer_holds_nothing(admin: User) -> None:
    from chat import tokens

    _, token = tokens.create(admin, "CI", "run")
    client = APIClient(HTTP_AUTHORIZATION=f"Bearer {token}")
    assert post(client, "queue/hold").json()["code"] == "scope_missing"
    assert client.get(V1 + "queue").status_code == 200


# The queue -----------------------------------------------------------------------------------------------------------


def test_the_queue_is_held_shown_to_everybody_and_released(api: APIClient, staff: APIClient, user: User) -> None:
    make(user)
    assert api.get(V1 + "queue").json() == {"held": False, "holds": [], "queued": 1}
    held = post(staff, "queue/hold", reason="new model").json()
    assert (held["new"], held["stop"]) == (True, None)
    seen = api.get(V1 + "queue/").json()
    assert (seen["held"], seen["holds"][0]["held_by"], seen["holds"][0]["reason"]) == (True, "admin", "new model")
    assert post(api, "executions/", prompt="say hi").status_code == 201
    assert post(staff, "queue/hold").json()["new"] is False
    assert post(staff, "queue/release").status_code == 200
    again = post(staff, "queue/release")
    assert (again.status_code, again.json()["code"]) == (409, "not_held")


def test_everything_is_stopped_told_and_queued_again(api: APIClient, staff: APIClient, user: User) -> None:
    worker, execution = HandmadeWorker(), make(user)
    worker.claim(1)
    assert staff.get(V1 + "queue").json()["would_stop"] == "1 run (1 running)"
    stopped = post(staff, "queue/hold", stop=True, reason="stop it").json()["stop"]
    assert (stopped["requested"], stopped["message"]) == (1, "1 told to stop.")
    worker.finish(execution.pk, "canceled")
    released = post(staff, "queue/release", requeue=True).json()
    (again,) = released["requeued"]
    assert Execution.objects.get(pk=again).retry_of_id == execution.pk
    assert released["refused"] == {}


def test_an_agent_that_does_not_exist_is_refused(staff: APIClient) -> None:
    response = post(staff, "queue/hold", agent="nobody")
    assert (response.status_code, response.json()["code"]) == (400, "unknown_agent")


# Workers -------------------------------------------------------------------------------------------------------------


def test_a_worker_is_drained_and_resumed(staff: APIClient, user: User) -> None:
    worker, _ = HandmadeWorker(), make(user)
    worker.claim(1)
    drained = post(staff, f"workers/{worker.id}/drain", reason="new kernel").json()
    assert (drained["id"], drained["state"], drained["held"]) == (worker.id, "draining", 1)
    assert staff.get(V1 + "workers").json()["workers"] == [drained]
    assert post(staff, f"workers/{worker.id}/resume").json()["state"] == "running"
    Worker.objects.update(stopped_at=timezone.now())
    response = post(staff, f"workers/{worker.id}/drain")
    assert (response.status_code, response.json()["code"]) == (404, "no_such_worker")


# Limits --------------------------------------------------------------------------------------------------------------


def test_limits_are_set_as_a_whole_and_seen_by_their_user(api: APIClient, staff: APIClient, user: User) -> None:
    url = f"{V1}users/{user.pk}/limits"
    body = {"max_running": 2, "usd_per_day": 1.5, "reason": "trial"}
    changed = staff.put(url, body, format="json").json()
    assert (changed["limits"]["max_running"], changed["limits"]["usd_per_day"]) == (2, 1.5)
    assert (changed["own"]["max_running"], changed["own"]["max_queued"]) == (2, None)
    assert changed["own"]["usd_per_day"] == 1.5
    mine = api.get(V1 + "me/limits").json()
    assert mine["limits"] == changed["limits"]
    assert "own" not in mine
    assert staff.put(url, {}, format="json").json()["own"]["max_running"] is None
    assert staff.get(url).json()["limits"]["may_start"] is True
    assert AuditEntry.objects.filter(action="limits_changed").count() == 2


@pytest.mark.parametrize(
    "body", [{"max_running": -1}, {"max_priority": 900}, {"usd_per_day": "lots"}, {"may_start": "?"}]
)
def test_wrong_limits_are_refused_by_name(staff: APIClient, user: User, body: dict[str, Any]) -> None:
    response = staff.put(f"{V1}users/{user.pk}/limits", body, format="json")
    assert (response.status_code, list(response.json()["fields"])) == (400, list(body))


@pytest.mark.parametrize("user_id", ["0", "abc", "9" * 30])
def test_there_are_no_limits_of_nobody(staff: APIClient, user_id: str) -> None:
    assert staff.get(f"{V1}users/{user_id}/limits").status_code == 404


def test_a_refused_start_says_why_with_a_stable_code(api: APIClient, staff: APIClient, user: User) -> None:
    staff.put(f"{V1}users/{user.pk}/limits", {"may_start": False}, format="json")
    response = post(api, "executions/", prompt="say hi")
    assert (response.status_code, response.json()["code"]) == (403, "start_not_allowed")
    staff.put(f"{V1}users/{user.pk}/limits", {"tokens_per_day": 0}, format="json")
    response = post(api, "executions/", prompt="say hi")
    assert (response.status_code, response.json()["code"]) == (403, "budget_used_up")
    assert "tomorrow" in response.json()["detail"]


# The audit log -------------------------------------------------------------------------------------------------------


def entries(client: APIClient, query: str = "") -> list[dict[str, Any]]:
    response = client.get(f"{V1}audit/{query}")
    assert response.status_code == 200, response.json()
    results: list[dict[str, Any]] = response.json()["results"]
    return results


def test_the_log_is_read_in_pages_newest_first(staff: APIClient, user: User) -> None:
    for _ in range(3):
        services.start(owner=user, prompt="say hi")
    first = staff.get(f"{V1}audit/?limit=2&action=started").json()
    second = staff.get(first["next"]).json()
    ids = [entry["id"] for entry in [*first["results"], *second["results"]]]
    assert len(ids) == 3
    assert ids == sorted(ids, reverse=True)
    assert second["next"] is None
    assert first["results"][0]["at"].endswith("Z")


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("?action=started", 2), ("?action=started&action=stopped", 3), ("?actor=bob", 1), ("?actor=nobody", 0),
        ("?others=true&action=stopped", 1), ("?others_of=ada&action=stopped", 1), ("?kind=execution&object_id=0", 0),
        ("?action=started&after=2020-01-01T00:00:00Z", 2), ("?before=2020-01-01T00:00:00Z", 0),
        ("?action=started&before=2100-01-01T00:00:00Z", 2), ("?after=2100-01-01T00:00:00Z", 0),
        ("?action=stopped&source=api", 1), ("?address=192.0.2.1", 0),
    ],
)  # fmt: skip
def test_the_log_is_narrowed(
    staff: APIClient, user: User, other_user: User, admin: User, query: str, count: int
) -> None:
    services.start(owner=other_user, prompt="say hi")
    mine = services.start(owner=user, prompt="say hi")
    services.cancel_one(mine.pk, by=admin)
    assert len(entries(staff, query)) == count


@pytest.mark.parametrize("query", ["?actoin=started", "?action=flew", "?after=soon", "?object_id=1", "?cursor=x"])
def test_a_wrong_filter_is_refused_and_shows_nothing(staff: APIClient, query: str) -> None:
    assert staff.get(f"{V1}audit/{query}").status_code == 400


def read(response: Any) -> str:
    import asyncio

    async def whole() -> bytes:
        return b"".join([piece async for piece in response.streaming_content])

    return asyncio.run(whole()).decode()


@pytest.mark.django_db(transaction=True)
def test_the_log_is_exported_and_that_is_recorded(staff: APIClient, user: User, admin: User) -> None:
    audit.record(Action.STOPPED, by=user, kind="execution", object_id=7, reason='=1+1, "quoted"\nline')
    lines = read(staff.get(f"{V1}audit/export?action=stopped")).splitlines()
    assert [json.loads(line)["details"]["reason"] for line in lines] == ['=1+1, "quoted"\nline']
    rows = list(csv.DictReader(io.StringIO(read(staff.get(f"{V1}audit/export?as=csv&actor=ada")))))
    assert rows[0]["object_id"] == "7"
    assert staff.get(f"{V1}audit/export?as=xml").status_code == 400
    exported = AuditEntry.objects.filter(action="exported").order_by("pk")
    assert exported[0].details == {"format": "ndjson", "filter": {"action": ["stopped"]}}


def test_a_page_of_the_log_costs_the_same_however_long_it_is(
    admin: User, user: User, django_assert_max_num_queries: Any
) -> None:
    for _ in range(60):
        audit.record(Action.STARTED, by=user, kind="execution", object_id=1, owner=user)
    client = client_of(admin)
    with django_assert_max_num_queries(2):
        entries(client, "?action=started")
