"""The staff pages."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from executions.models import Execution, Worker
from tests.executions.api.conftest import log, make

LIST = "/admin/executions/execution/"


@pytest.fixture
def page(admin: User) -> Client:
    client = Client()
    client.force_login(admin)
    return client


def select(page: Client, *ids: int, **more: Any) -> Any:
    return page.post(LIST, {"action": "cancel_selected", "_selected_action": ids, **more})


def confirm(page: Client, response: Any, reason: str = "") -> Any:
    found = re.search(r'name="ids" value="([0-9,]+)"', response.content.decode())
    assert found
    return page.post(f"{LIST}cancel/", {"ids": found[1], "reason": reason}, follow=True)


def test_the_list_shows_every_status_and_needs_few_queries(
    page: Client, user: User, django_assert_max_num_queries: Any
) -> None:
    for n in range(20):
        make(user, "finished", "lost", session_id=f"web:{n}", cost_usd="0.5")
    make(user, "running", cancel_requested_at=timezone.now())
    with django_assert_max_num_queries(6):
        content = page.get(LIST).content.decode()
    assert 'data-status="lost"' in content
    assert 'data-status="stopping"' in content
    assert "$0.50" in content


@pytest.mark.parametrize("query", ["q=abc", "q=1", "state=queued", "outcome=lost", "agent=demo", "q=%00", "o=2.-1"])
def test_the_list_can_be_searched_and_narrowed(page: Client, user: User, query: str) -> None:
    make(user)
    assert page.get(f"{LIST}?{query}").status_code == 200


def test_the_detail_shows_the_journal_and_the_receipt_and_escapes_what_an_agent_said(page: Client, user: User) -> None:
    execution = make(
        user, "finished", "canceled", output="<script>alert(1)</script>",
        receipt={"elapsed_ms": 3.1, "processes": [{"pid": 7, "command": "sleep 9"}], "by": "ada"},
    )  # fmt: skip
    log(execution, *[("text", {"text": f"<b>{n}"}) for n in range(201)])
    content = page.get(f"{LIST}{execution.pk}/change/").content.decode()
    assert "<script>alert" not in content
    assert "&lt;b&gt;200" in content
    assert "&lt;b&gt;0&quot;" not in content
    assert "7 sleep 9" in content
    assert 'name="_save"' not in content
    assert "style=" not in content


def test_nothing_can_be_added_and_only_a_finished_one_deleted(page: Client, user: User) -> None:
    running, finished = make(user, "running"), make(user, "finished")
    assert page.get(f"{LIST}add/").status_code == 403
    assert page.post(f"{LIST}{running.pk}/delete/", {"post": "yes"}).status_code == 403
    assert page.post(f"{LIST}{finished.pk}/delete/", {"post": "yes"}).status_code == 302
    assert list(Execution.objects.all()) == [running]
    assert "delete_selected" not in page.get(LIST).content.decode()


def test_canceling_asks_first_and_then_stops_exactly_those_that_were_shown(page: Client, user: User) -> None:
    queued, running, finished = make(user), make(user, "running"), make(user, "finished")
    response = select(page, queued.pk, running.pk, finished.pk)
    assert "2 unfinished executions" in response.content.decode()
    assert Execution.objects.unfinished().count() == 2
    later = make(user)
    done = confirm(page, response, "maintenance")
    assert "1 canceled, 1 told to stop" in done.content.decode()
    queued.refresh_from_db()
    running.refresh_from_db()
    later.refresh_from_db()
    assert (queued.outcome, later.state) == ("canceled", "queued")
    assert (running.cancel_reason, running.cancel_source) == ("maintenance", "admin")
    assert running.cancel_requested_by is not None
    assert running.cancel_requested_by.username == "admin"


def test_a_thousand_are_canceled_at_once(page: Client, user: User) -> None:
    Execution.objects.bulk_create(Execution(owner=user, agent="demo", prompt="x") for _ in range(1_000))
    response = select(page, Execution.objects.latest("pk").pk, select_across="1")
    confirm(page, response)
    assert Execution.objects.filter(outcome="canceled").count() == 1_000


def test_one_is_canceled_from_its_own_page(page: Client, user: User) -> None:
    execution = make(user, "running")
    content = page.get(f"{LIST}{execution.pk}/change/").content.decode()
    link = f"{LIST}cancel/?ids={execution.pk}"
    assert link in content
    done = confirm(page, page.get(link))
    assert done.redirect_chain[-1][0] == f"{LIST}{execution.pk}/change/"
    assert link not in done.content.decode()


def test_selecting_only_finished_ones_says_that_there_is_nothing_to_do(page: Client, user: User) -> None:
    response = page.post(
        LIST, {"action": "cancel_selected", "_selected_action": [make(user, "finished").pk]}, follow=True
    )
    assert "finished already" in response.content.decode()


@pytest.mark.parametrize("ids", ["", "abc", "1,,2", "1;2", "9" * 30, ",".join(["1"] * 10_001)])
def test_a_confirmation_that_was_tampered_with_cancels_nothing(page: Client, user: User, ids: str) -> None:
    make(user)
    for response in (
        page.get(f"{LIST}cancel/", {"ids": ids}, follow=True),
        page.post(f"{LIST}cancel/", {"ids": ids}, follow=True),
    ):
        assert response.status_code == 200
        assert re.search(r"Select 1 to 10,000 executions|This field is required", response.content.decode())
    assert Execution.objects.queued().count() == 1


def test_a_queued_ones_priority_can_be_changed_and_nothing_else(page: Client, user: User) -> None:
    execution = make(user)
    page.post(f"{LIST}{execution.pk}/change/", {"priority": "5", "state": "finished", "prompt": "x"})
    execution.refresh_from_db()
    assert (execution.priority, execution.state, execution.prompt) == (5, "queued", "say hello")
    assert "whole number" in page.post(f"{LIST}{execution.pk}/change/", {"priority": "500"}).content.decode()


def test_a_priority_that_comes_too_late_says_so(page: Client, user: User) -> None:
    execution = make(user, "running")
    response = page.post(f"{LIST}{execution.pk}/change/", {"priority": "5"})
    assert "no longer queued" in response.content.decode()
    execution.refresh_from_db()
    assert execution.priority == 0


def test_staff_with_the_view_permission_only_can_look_and_not_touch(user: User, other_user: User) -> None:
    other_user.is_staff = True
    other_user.save()
    other_user.user_permissions.add(Permission.objects.get(codename="view_execution"))
    client, execution = Client(), make(user)
    client.force_login(other_user)
    content = client.get(f"{LIST}{execution.pk}/change/").content.decode()
    assert "say hello" in content
    assert 'name="priority"' not in content
    assert "cancel/?ids" not in content
    assert client.get(f"{LIST}cancel/?ids={execution.pk}").status_code == 403
    assert client.post(f"{LIST}cancel/", {"ids": execution.pk}).status_code == 403


def test_workers_are_for_looking_at(page: Client) -> None:
    Worker.objects.create(id="w1", host="here", pid=1, process_started_at=0, version="1", slots=4)
    assert "here" in page.get("/admin/executions/worker/").content.decode()
    assert page.get("/admin/executions/worker/w1/change/").status_code == 200
    assert page.post("/admin/executions/worker/w1/change/", {"pid": 5}).status_code == 403
