"""The page of the history: its filters, its pages, and what it costs."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from executions.models import Execution
from executions.pages.history import PAGE
from tests.executions.finished import finished

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(user: User, client: Client) -> Client:
    client.force_login(user)
    return client


def shown(client: Client, **filters: Any) -> list[int]:
    """Return the ids that the page lists."""
    answer = client.get("/history", filters)
    assert answer.status_code == 200
    return [int(pk) for pk in re.findall(r'data-run="(\d+)"', answer.content.decode())]


def test_every_filter_narrows_and_they_work_together(page: Client, user: User, other_user: User) -> None:
    now = timezone.now()
    plain = finished(user, "an albatross")
    failed = finished(user, "a pelican", "failed", agent="llm", model="openai-chat:x", error="no albatross")
    mine = finished(user, "x", "canceled", cancel_requested_by=user, cancel_requested_at=now, cancel_source="page")
    other = finished(
        user, "y", "canceled", cancel_requested_by=other_user, cancel_requested_at=now, cancel_source="api"
    )
    server = finished(user, "z", "canceled", cancel_requested_at=now, cancel_source="server")
    finished(other_user, "an albatross of somebody else")
    assert shown(page) == [server.pk, other.pk, mine.pk, failed.pk, plain.pk]
    assert shown(page, outcome="failed") == [failed.pk]
    assert shown(page, agent="llm") == [failed.pk]
    assert shown(page, model="openai-chat:x") == [failed.pk]
    assert shown(page, stopped="me") == [mine.pk]
    assert shown(page, stopped="others") == [other.pk]
    assert shown(page, stopped="server") == [server.pk]
    assert shown(page, q="ALBATROSS") == [failed.pk, plain.pk]
    assert shown(page, q="albatross", outcome="succeeded", agent="demo") == [plain.pk]
    assert shown(page, owner=other_user.username, who="all") == shown(page)


def test_days_are_days_of_the_readers_zone(page: Client, user: User) -> None:
    # 23:30 on the 1st in UTC is the 2nd in Tokyo.
    run = finished(user, created_at=datetime(2026, 3, 1, 23, 30, tzinfo=UTC))
    assert shown(page, since="2026-03-02") == []
    assert shown(page, until="2026-03-01") == [run.pk]
    assert shown(page, since="2026-03-02", until="2026-03-02", zone="Asia/Tokyo") == [run.pk]
    assert shown(page, since="2026-03-02", zone="../../etc/passwd") == []


@pytest.mark.parametrize(
    "wrong", [{"outcome": "no"}, {"since": "yesterday"}, {"stopped": "x"}, {"q": "\0"}, {"model": "m" * 201},
              {"since": "2026-03-02", "until": "2026-03-01"}]
)  # fmt: skip
def test_a_wrong_filter_is_not_used_and_said(page: Client, user: User, wrong: dict[str, str]) -> None:
    finished(user)
    answer = page.get("/history", wrong)
    assert answer.status_code == 200
    assert "Some filters are not used" in answer.content.decode()


def test_staff_narrows_by_owner(client: Client, admin: User, user: User) -> None:
    client.force_login(admin)
    finished(admin)
    theirs = finished(user)
    assert shown(client, owner="ada") == [theirs.pk]
    assert shown(client, owner="nobody") == []
    assert len(shown(client, who="all")) == 2


def test_pages_go_both_ways_and_meet_every_execution_once(page: Client, user: User) -> None:
    every = [finished(user, f"number {number}").pk for number in range(2 * PAGE + 5)][::-1]
    pages, address = [], "/history"
    while True:
        content = page.get(address).content.decode()
        pages.append([int(pk) for pk in re.findall(r'data-run="(\d+)"', content)])
        older = re.search(r'href="([^"]*)" rel="next"', content)
        if older is None:
            break
        address = "/history" + older[1]
    assert [pk for rows in pages for pk in rows] == every
    newer = re.search(r'href="([^"]*)" rel="prev"', content)
    assert newer
    content = page.get("/history" + newer[1]).content.decode()
    assert [int(pk) for pk in re.findall(r'data-run="(\d+)"', content)] == pages[1]


def test_a_row_needs_no_query_of_its_own(page: Client, admin: User, django_assert_max_num_queries: Any) -> None:
    client = Client()
    client.force_login(admin)
    for number in range(PAGE + 1):
        owner = User.objects.create_user(f"user{number}")
        finished(owner, "x", "canceled", cancel_requested_by=owner, cancel_source="page", receipt={"elapsed_ms": 14.2})
    with django_assert_max_num_queries(8):  # session, user, rows, owners, who stopped, strip, badge, holds
        answer = client.get("/history?who=all")
    assert "Stopped by user40 in 14 ms" in answer.content.decode()


def test_who_stopped_and_why_is_said(page: Client, user: User) -> None:
    finished(
        user, "x", "canceled", cancel_requested_by=user, cancel_source="page", cancel_reason="wrong <branch>",
        receipt={"elapsed_ms": 14.2},
    )  # fmt: skip
    assert "Stopped by you in 14 ms: “wrong &lt;branch&gt;”" in page.get("/history").content.decode()
    assert Execution.objects.count() == 1


def test_what_was_looked_for_is_shown_where_it_stands_in_the_answer(page: Client, user: User) -> None:
    finished(user, "birds", output="One\n<b>albatross</b>, another Albatross" + " and more" * 50)
    content = page.get("/history", {"q": "ALBATROSS"}).content.decode()
    assert "One &lt;b&gt;<mark>albatross</mark>&lt;/b&gt;, another Albatross and more" in content
    assert "<mark>" not in page.get("/history", {"q": "birds"}).content.decode()
