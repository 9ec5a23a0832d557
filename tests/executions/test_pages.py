"""The pages about executions: who may see them, what they show, and what a form without scripts does."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from executions import services
from executions.models import Execution
from tests.executions.finished import finished

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(user: User, client: Client) -> Client:
    client.force_login(user)
    return client


@pytest.mark.parametrize("address", ["/activity", "/activity/count", "/history", "/executions/1", "/settings", "/"])
def test_nobody_sees_a_page_without_signing_in(client: Client, address: str) -> None:
    assert client.get(address).headers["Location"].startswith("/login?next=")


def test_a_run_of_somebody_else_is_not_there(page: Client, other_user: User) -> None:
    theirs = finished(other_user, "a secret")
    queued = services.start(owner=other_user, prompt="another secret")
    assert page.get(f"/executions/{theirs.pk}").status_code == 404
    assert page.post(f"/executions/{theirs.pk}/retry").status_code == 404
    page.post("/activity/stop", {"ids": [queued.pk]})
    page.post("/activity/stop?who=all", {"all": "1"})
    queued.refresh_from_db()
    assert queued.state == "queued"
    for address in ("/history", "/history?who=all", "/activity?who=all"):
        assert "secret" not in page.get(address).content.decode()


def test_staff_sees_and_stops_everyones(client: Client, admin: User, user: User) -> None:
    client.force_login(admin)
    queued = services.start(owner=user, prompt="work of ada")
    assert "work of ada" not in client.get("/activity").content.decode()
    assert "work of ada" in client.get("/activity?who=all").content.decode()
    client.post("/activity/stop?who=all", {"all": "1", "reason": "maintenance"})
    queued.refresh_from_db()
    assert (queued.outcome, queued.cancel_reason, queued.cancel_requested_by) == ("canceled", "maintenance", admin)


def test_stop_and_retry_work_as_plain_forms(page: Client, user: User) -> None:
    queued = services.start(owner=user, prompt="say later", session_id="web:chat")
    answer = page.post("/activity/stop", {"ids": [queued.pk], "next": "/executions/1"}, follow=False)
    assert answer.headers["Location"] == "/executions/1"
    queued.refresh_from_db()
    assert queued.outcome == "canceled"
    again = page.post(f"/executions/{queued.pk}/retry")
    assert Execution.objects.get(pk=int(again.headers["Location"].rsplit("/", 1)[1])).retry_of == queued


@pytest.mark.parametrize("ids", ["", "x", "-1", "9" * 30, "\N{FULLWIDTH DIGIT ONE}"])
def test_ids_that_are_none_stop_nothing(page: Client, ids: str) -> None:
    assert (
        page.post("/activity/stop", {"ids": ids, "next": "https://elsewhere.example"}).headers["Location"]
        == "/activity"
    )


def test_history_pages_filters_and_bad_parameters(page: Client, user: User) -> None:
    for number in range(45):
        finished(user, f"number {number}", "failed" if number == 7 else "succeeded")
    first = page.get("/history").content.decode()
    assert "number 44" in first
    assert "number 4<" not in first
    older = page.get("/history", {"before": Execution.objects.order_by("pk")[5].pk}).content.decode()
    assert "number 4<" in older
    assert "number 7<" in page.get("/history?outcome=failed").content.decode()
    for query in ({"q": "\0"}, {"before": "x"}, {"outcome": "no"}, {"agent": "'"}, {"q": "%"}):
        assert page.get("/history", query).status_code == 200


def test_what_was_asked_is_shown_as_text(page: Client, user: User) -> None:
    run = finished(user, "<script>alert(1)</script>")
    for address in ("/history", f"/executions/{run.pk}"):
        assert "<script>alert" not in page.get(address).content.decode()
