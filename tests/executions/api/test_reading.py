"""History, one execution, what is active, and numbers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from tests.executions.api.conftest import URL, make


def ids(response: object) -> list[int]:
    data = response.json()  # type: ignore[attr-defined]
    return [item["id"] for item in (data if isinstance(data, list) else data["results"])]


def test_nobody_reads_anything_without_signing_in(db: None) -> None:
    for path in ("", "active/", "stats/", "1/", "1/events/", "1/events/stream/"):
        response = APIClient().get(URL + path)
        assert response.status_code == 401, path
        assert response.json()["code"] == "not_authenticated"


def test_the_history_shows_ones_own_newest_first_and_without_answers(
    api: APIClient, user: User, other_user: User
) -> None:
    first, second = make(user), make(user, "finished", output="the answer")
    make(other_user)
    response = api.get(URL)
    assert ids(response) == [second.pk, first.pk]
    assert "output" not in response.json()["results"][0]
    assert api.get(f"{URL}{second.pk}/").json()["output"] == "the answer"


def test_the_staff_sees_everybodys_and_can_narrow_to_one_owner(staff: APIClient, user: User, other_user: User) -> None:
    mine, theirs = make(user), make(other_user)
    assert ids(staff.get(URL)) == [theirs.pk, mine.pk]
    assert ids(staff.get(URL, {"owner": "ada"})) == [mine.pk]


def test_somebody_elses_execution_does_not_exist(api: APIClient, other_user: User) -> None:
    theirs = make(other_user, "running")
    for path in ("", "events/", "events/stream/"):
        response = api.get(f"{URL}{theirs.pk}/{path}")
        assert response.status_code == 404, path
        assert response.json()["code"] == "not_found"
    for path in ("cancel/", "answer/", "retry/", "priority/"):
        assert api.post(f"{URL}{theirs.pk}/{path}", {}, format="json").status_code == 404, path


@pytest.mark.parametrize("wrong", ["abc", "0x1", "-1", "1.0", "99999999999999999999", "٣", "%00", "1%20"])
def test_an_id_that_is_none_is_a_404_as_json(api: APIClient, wrong: str) -> None:
    response = api.get(f"{URL}{wrong}/")
    assert response.status_code == 404
    assert response.json()["code"] == "not_found"


def test_an_execution_says_all_there_is_to_know(api: APIClient, user: User) -> None:
    start = timezone.now() - timedelta(seconds=10)
    execution = make(
        user, "finished", "canceled", session_id="web:chat", started_at=start, finished_at=start + timedelta(seconds=2),
        cancel_requested_at=start + timedelta(seconds=1), cancel_requested_by=user, cancel_reason="enough",
        cancel_source="page", cost_usd="0.25", input_tokens=3, receipt={"elapsed_ms": 4.2},
    )  # fmt: skip
    data = api.get(f"{URL}{execution.pk}").json()
    assert data["status"] == data["outcome"] == "canceled"
    assert data["duration_ms"] == 2000
    assert data["cancel"]["by"] == "ada"
    assert data["cancel"]["reason"] == "enough"
    assert data["usage"] == {"input_tokens": 3, "output_tokens": 0, "requests": 0, "cost_usd": 0.25}
    assert data["receipt"] == {"elapsed_ms": 4.2}
    assert data["created_at"].endswith("Z")


def test_times_are_utc_whatever_the_site_says(api: APIClient, user: User) -> None:
    make(user)
    with timezone.override("Asia/Tokyo"):
        assert api.get(URL).json()["results"][0]["created_at"].endswith("Z")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"state": "finished"}, {"done", "failed"}),
        ({"state": ["queued", "running"]}, {"queued", "running", "stopping"}),
        ({"outcome": "failed"}, {"failed"}),
        ({"status": "running"}, {"running"}),
        ({"status": ["stopping", "failed"]}, {"stopping", "failed"}),
        ({"session_id": "web:done"}, {"done"}),
        ({"agent": "llm"}, {"failed"}),
        ({"model": "m1"}, {"failed"}),
        ({"q": "NEEDLE"}, {"done"}),
        ({"owner": "bob"}, set()),
        ({"created_after": "2030-01-01T00:00:00Z"}, {"future"}),
        ({"created_before": "2030-01-01T00:00:00Z", "state": "waiting"}, set()),
    ],
)
def test_the_history_is_narrowed_by_its_filters(
    api: APIClient, user: User, query: dict[str, str], expected: set[str]
) -> None:
    now = timezone.now()
    names = {
        make(user, session_id="web:queued").pk: "queued",
        make(user, "running", session_id="web:running").pk: "running",
        make(user, "running", session_id="web:stopping", cancel_requested_at=now).pk: "stopping",
        make(user, "finished", session_id="web:done", output="a needle").pk: "done",
        make(user, "finished", "failed", agent="llm", model="m1").pk: "failed",
        make(user, "waiting", created_at=now.replace(year=2031)).pk: "future",
    }
    assert {names[pk] for pk in ids(api.get(URL, query))} == expected


@pytest.mark.parametrize(
    "query",
    ["statsu=running", "state=flying", "outcome=ok", "created_after=yesterday", "limit=0", "limit=201", "limit=many",
     "cursor=cD1hYmM=", "cursor=%F0%9F", "q=%00", "session_id=" + "x" * 200, "page=2"],
)  # fmt: skip
def test_a_filter_that_cannot_be_meant_is_a_400_that_names_it(api: APIClient, query: str) -> None:
    response = api.get(f"{URL}?{query}")
    assert response.status_code == 400
    assert query.partition("=")[0] in response.json()["detail"]


def test_pages_follow_each_other_without_gap_or_repetition_while_new_ones_arrive(api: APIClient, user: User) -> None:
    made = [make(user).pk for _ in range(7)]
    seen: list[int] = []
    url = f"{URL}?limit=3"
    while url:
        page = api.get(url).json()
        seen += [item["id"] for item in page["results"]]
        make(user)
        url = page["next"]
    assert seen == made[::-1]


def test_active_are_those_that_a_worker_holds_longest_first(api: APIClient, user: User) -> None:
    make(user)
    make(user, "finished")
    younger = make(user, "running")
    older = make(user, "waiting", started_at=timezone.now() - timedelta(hours=1))
    assert ids(api.get(f"{URL}active/")) == [older.pk, younger.pk]
    assert ids(api.get(f"{URL}active", {"state": "waiting"})) == [older.pk]


def test_stats_count_what_one_may_see(api: APIClient, user: User, other_user: User) -> None:
    make(other_user)
    make(user)
    make(user, "running", cancel_requested_at=timezone.now())
    make(user, "finished", cost_usd="0.5")
    make(user, "finished", "lost")
    data = api.get(f"{URL}stats/").json()
    assert (data["queued"], data["running"], data["waiting"], data["stopping"]) == (1, 1, 0, 1)
    assert data["recent"]["outcomes"] == {"succeeded": 1, "lost": 1}
    assert data["recent"]["cost_usd"] == 0.5
    assert data["workers"] == {"alive": 0, "slots": 0}


def test_the_number_of_queries_does_not_depend_on_the_number_of_rows(
    api: APIClient, user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(20):
        last = make(user, "running", cancel_requested_by=user, cancel_requested_at=timezone.now())
    with django_assert_num_queries(3):
        api.get(URL)
    with django_assert_num_queries(3):
        api.get(f"{URL}active/")
    with django_assert_num_queries(1):
        api.get(f"{URL}{last.pk}/")
    with django_assert_num_queries(3):
        api.get(f"{URL}stats/")
