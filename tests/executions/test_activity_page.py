"""The page of what runs now: what it says, what it costs, the queue, and what a stop would stop."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from executions import services
from executions.events import Started, Text, ToolStarted, Usage
from executions.models import Execution
from executions.pages.activity import MAX_ACTIVE
from tests.executions.finished import finished
from tests.executions.journals import running

pytestmark = pytest.mark.django_db
JSON = {"HTTP_ACCEPT": "application/json"}
SHELL = ToolStarted("c1", "exec", {"command": "sleep 600"})


@pytest.fixture
def page(user: User, client: Client) -> Client:
    client.force_login(user)
    return client


def preview(client: Client, **fields: Any) -> dict[str, Any]:
    answer = client.post("/activity/preview", fields, **JSON)
    assert answer.status_code == 200
    return dict(answer.json())


def test_a_row_says_what_it_did_last_and_needs_no_query_of_its_own(
    page: Client, user: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        running(user, Started("w"), SHELL, Usage(100, 20 + number, 1, 0.01), Text(f"word {number}"))
        services.start(owner=user, prompt=f"queued {number}")
    with django_assert_max_num_queries(13):
        content = page.get("/activity").content.decode()
    for said in ("Text: word 29", "149 tokens", "$0.0100", "4 events", "30th in line", "next in line"):
        assert said in content, said


def test_more_than_fit_are_counted_and_stopped_by_all(page: Client, user: User) -> None:
    for number in range(MAX_ACTIVE + 5):
        services.start(owner=user, prompt=f"queued {number}")
    content = page.get("/activity").content.decode()
    assert content.count('class="run"') == MAX_ACTIVE
    assert f"{MAX_ACTIVE + 5} in all" in content
    assert preview(page, all="1")["count"] == MAX_ACTIVE + 5


def test_a_preview_says_what_would_be_stopped_and_stops_nothing(page: Client, user: User, other_user: User) -> None:
    first = running(user, SHELL, Usage(1, 1, 1, 0.4))
    running(user, SHELL, Usage(1, 1, 1, 0.02))
    running(user, ToolStarted("c", "web_fetch", {}))
    queued = services.start(owner=user, prompt="later")
    theirs = running(other_user, SHELL)
    said = preview(page, all="1")
    assert said == {
        "count": 4,
        "text": "4 runs (3 running, 1 queued), 2 with a shell command in flight, 1 with web_fetch in flight, "
        "$0.42 so far",
    }
    said = preview(page, ids=[first.pk, theirs.pk, finished(user).pk])
    assert said["text"] == "1 run (1 running), 1 with a shell command in flight, $0.40 so far"
    assert preview(page, ids=["x"]) == {"count": 0, "text": "Nothing that could be stopped"}
    assert Execution.objects.filter(cancel_requested_at__isnull=False).count() == 0
    content = page.post("/activity/preview", {"ids": [queued.pk], "next": "https://elsewhere.example"}).content.decode()
    assert f'name="ids" value="{queued.pk}"' in content
    assert "be undone" in content
    assert "elsewhere" not in content


def test_a_place_in_the_queue_is_changed_by_buttons(page: Client, user: User, other_user: User) -> None:
    first, second = (services.start(owner=user, prompt=name) for name in ("one", "two"))
    content = page.get("/activity").content.decode()
    assert content.index(f"/executions/{first.pk}") < content.index(f"/executions/{second.pk}")
    answer = page.post(f"/executions/{second.pk}/priority", {"priority": "1"})
    assert answer.headers["Location"] == "/activity"
    content = page.get("/activity").content.decode()
    assert content.index(f"/executions/{second.pk}") < content.index(f"/executions/{first.pk}")
    for wrong in ("", "x", "11", "9" * 30, "--1", "-101"):
        answer = page.post(f"/executions/{second.pk}/priority", {"priority": wrong}, **JSON)
        assert answer.status_code == 400
        assert "whole number" in answer.json()["detail"]
    done = page.post(f"/executions/{finished(user).pk}/priority", {"priority": "1"}, **JSON)
    assert done.status_code == 409
    theirs = services.start(owner=other_user, prompt="theirs")
    assert page.post(f"/executions/{theirs.pk}/priority", {"priority": "1"}).status_code == 404


def test_scripts_are_told_what_a_stop_has_done(page: Client, user: User) -> None:
    queued = services.start(owner=user, prompt="later")
    answer = page.post("/activity/stop", {"ids": [queued.pk]}, **JSON)
    assert answer.json() == {"message": "1 taken out of the queue."}
    answer = page.post("/activity/stop", {"ids": [queued.pk], "reason": "x" * 501}, **JSON)
    assert answer.status_code == 400
    assert "501 characters" in answer.json()["detail"]


def test_what_has_ended_since_a_moment_is_told(page: Client, user: User, other_user: User) -> None:
    before = finished(user)
    now = page.get("/activity/count").json()["now"]
    after = finished(user, outcome="failed", session_id="web:chat")
    finished(other_user)
    services.start(owner=user, prompt="later")
    said = page.get("/activity/count", {"since": now}).json()
    assert said["count"] == 1
    assert said["ended"] == [{"id": after.pk, "session_id": "web:chat", "status": "failed"}]
    assert before.pk not in {row["id"] for row in said["ended"]}
    for wrong in ("", "x", "2026-13-99T00:00:00Z", "2026-01-01T00:00:00"):
        assert page.get("/activity/count", {"since": wrong}).json()["ended"] == []
