"""The staff pages."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib import admin as staff_pages
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client, RequestFactory
from django.utils import timezone

from executions.admin.filters import AgentFilter, ModelFilter, OneOf, OutcomeFilter, SourceFilter, StateFilter
from executions.models import AuditEntry, Execution, Worker
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
    # Who asks (2), the first and the last day (2), the number beside the page's name, the count, the page, its owners.
    with django_assert_max_num_queries(8):
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
    log(execution, *[("text", {"text": f"<b>{n}."}) for n in range(201)])
    content = page.get(f"{LIST}{execution.pk}/change/").content.decode()
    assert "<script>alert" not in content
    assert "&lt;b&gt;0." in content
    assert "&lt;b&gt;200." not in content
    assert "7 sleep 9" in content
    last = page.get(f"{LIST}{execution.pk}/change/?end=1").content.decode()
    assert "&lt;b&gt;200." in last
    assert "&lt;b&gt;0." not in last
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


def test_staff_needs_no_permission_to_look_and_to_stop(user: User, other_user: User) -> None:
    other_user.is_staff = True
    other_user.save()
    client, execution = Client(), make(user)
    client.force_login(other_user)
    content = client.get(f"{LIST}{execution.pk}/change/").content.decode()
    assert "say hello" in content
    assert "cancel/?ids" in content
    client.post(f"{LIST}cancel/", {"ids": execution.pk})
    execution.refresh_from_db()
    assert (execution.outcome, execution.cancel_requested_by) == ("canceled", other_user)


def test_workers_are_for_looking_at(page: Client) -> None:
    Worker.objects.create(id="w1", host="here", pid=1, process_started_at=0, version="1", slots=4)
    assert "here" in page.get("/admin/executions/worker/").content.decode()
    assert page.get("/admin/executions/worker/w1/change/").status_code == 200
    assert page.post("/admin/executions/worker/w1/change/", {"pid": 5}).status_code == 403


def test_the_page_of_one_needs_few_queries_however_long_its_journal(
    page: Client, user: User, django_assert_max_num_queries: Any
) -> None:
    execution = make(user, "finished")
    log(execution, *[("text", {"text": f"{n}."}) for n in range(500)])
    with django_assert_max_num_queries(12):
        page.get(f"{LIST}{execution.pk}/change/")


def test_runs_are_started_again_with_a_reason_after_a_look_at_what_they_cost(page: Client, user: User) -> None:
    failed = make(user, "finished", "failed", cost_usd="0.25", input_tokens=1_000, prompt="once more")
    lost, queued = make(user, "finished", "lost"), make(user)
    ids = [failed.pk, lost.pk, queued.pk]
    response = page.post(LIST, {"action": "retry_selected", "_selected_action": ids})
    content = response.content.decode()
    assert "2 runs start again" in content
    assert "1,000 tokens the last time, $0.25 the last time" in content
    done = page.post(f"{LIST}retry/", {"ids": f"{failed.pk},{lost.pk}", "reason": "the provider is back"}, follow=True)
    assert "2 runs start again." in done.content.decode()
    again = Execution.objects.get(retry_of=failed)
    assert (again.prompt, again.owner) == ("once more", user)
    entry = AuditEntry.objects.get(action="retried", object_id=again.pk)
    assert (entry.actor_name, entry.details["reason"]) == ("admin", "the provider is back")


def test_the_priority_of_queued_runs_is_changed_with_a_reason(page: Client, user: User, other_user: User) -> None:
    queued, other, running = make(user), make(other_user, priority=3), make(user, "running")
    ids = [queued.pk, other.pk, running.pk]
    response = page.post(LIST, {"action": "reprioritize_selected", "_selected_action": ids})
    assert "2 queued runs of 2 owners, priority 0 to 3 now" in response.content.decode()
    chosen = f"{queued.pk},{other.pk}"
    wrong = page.post(f"{LIST}priority/", {"ids": chosen, "priority": "500"})
    assert "less than or equal to 100" in wrong.content.decode()
    done = page.post(f"{LIST}priority/", {"ids": chosen, "priority": "7", "reason": "a demo at noon"}, follow=True)
    assert "2 runs have a new priority." in done.content.decode()
    assert set(Execution.objects.queued().values_list("priority", flat=True)) == {7}
    assert AuditEntry.objects.filter(action="priority_changed").latest("pk").details["reason"] == "a demo at noon"


def test_a_stop_is_previewed_with_what_is_in_flight(page: Client, user: User) -> None:
    running = make(user, "running")
    log(running, ("tool_started", {"call_id": "c", "name": "exec", "args": {}}))
    content = select(page, running.pk, make(user).pk).content.decode()
    assert "2 runs (1 running, 1 queued), 1 with a shell command in flight" in content


@pytest.mark.parametrize("act", ["cancel", "retry", "priority"])
def test_nobody_else_acts_on_these_pages(user: User, act: str) -> None:
    client, execution = Client(), make(user)
    client.force_login(user)
    answer = client.post(f"{LIST}{act}/", {"ids": execution.pk, "priority": 1})
    assert answer.headers["Location"].startswith("/admin/login/")


@pytest.mark.parametrize("period", ["2025", "2025-12", "2025-12-31"])
def test_a_year_a_month_and_a_day_are_entered_without_counting(page: Client, user: User, period: str) -> None:
    inside = make(user, created_at=datetime(2025, 12, 31, 23, 59, tzinfo=UTC))
    outside = make(user, created_at=datetime(2026, 1, 1, tzinfo=UTC))
    content = page.get(LIST, {"created": period}).content.decode()
    assert f"/execution/{inside.pk}/change/" in content
    assert f"/execution/{outside.pk}/change/" not in content
    assert "All days" in content


@pytest.mark.parametrize("period", ["2025-13", "2025-02-30", "9999", "x", "0000"])
def test_a_day_that_there_is_not_shows_the_list(page: Client, user: User, period: str) -> None:
    make(user)
    assert page.get(LIST, {"created": period}, follow=True).status_code == 200


@pytest.mark.parametrize(
    ("kind", "value", "index"),
    [(StateFilter, "running", "execution_"), (StateFilter, "stopping", "execution_"),
     (OutcomeFilter, "failed", "execution_outcome"), (AgentFilter, "demo", "execution_agent"),
     (ModelFilter, "demo", "execution_model"), (SourceFilter, "page", "execution_stopped")],
)  # fmt: skip
def test_every_filter_goes_along_an_index(user: User, kind: type[OneOf], value: str, index: str) -> None:
    make(user)
    request = RequestFactory().get(LIST)
    chosen = kind(request, {kind.parameter_name: [value]}, Execution, staff_pages.site._registry[Execution])
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")  # it would not use an index for a row
        plan = chosen.queryset(request, Execution.objects.order_by("-pk"))[:50].explain()
    assert index in plan
