"""Clients that ask again and again: what has not changed is not told again, and waiting is not asking."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from executions import narrowing, services
from executions.models import Execution
from executions.states import State
from tests.executions.api.conftest import URL, client_of, make


def of(execution: Execution) -> str:
    return f"{URL}{execution.pk}/"


def test_an_unchanged_execution_is_a_304_that_reads_one_row(
    api: APIClient, user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    execution = make(user, "finished")
    etag = api.get(of(execution))["ETag"]
    assert etag.startswith('W/"')
    with django_assert_num_queries(1):
        again = api.get(of(execution), HTTP_IF_NONE_MATCH=etag)
    assert (again.status_code, again["ETag"], again.content) == (304, etag, b"")
    assert again["Cache-Control"] == "private, no-cache"
    assert api.get(of(execution), HTTP_IF_NONE_MATCH='W/"other"').status_code == 200


def test_every_change_has_another_name(api: APIClient, user: User) -> None:
    execution = make(user)
    changes: list[Callable[[], Any]] = [
        lambda: services.set_priority(execution, 3, by=user),
        lambda: make(user, priority=5),  # its place in the queue
        lambda: Execution.objects.filter(pk=execution.pk).update(state="running", started_at=timezone.now()),
        lambda: Execution.objects.begin_waiting(execution.pk, "w", {"question_id": "q"}),
        lambda: services.cancel_one(execution.pk, by=user),
    ]
    seen = {api.get(of(execution))["ETag"]}
    for number, change in enumerate(changes, 2):
        change()
        seen.add(api.get(of(execution))["ETag"])
        assert len(seen) in (number, number - 1 if number >= 5 else number)
    assert api.get(of(execution), HTTP_IF_NONE_MATCH=", ".join(seen)).status_code == 304


def test_what_runs_is_not_told_again_while_it_is_the_same(
    api: APIClient, user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    first = make(user, "running")
    etag = api.get(f"{URL}active/")["ETag"]
    with django_assert_num_queries(1):
        assert api.get(f"{URL}active/", HTTP_IF_NONE_MATCH=etag).status_code == 304
    assert api.get(f"{URL}active/?agent=llm", HTTP_IF_NONE_MATCH=etag).status_code == 200
    Execution.objects.filter(pk=first.pk).update(cancel_requested_at=timezone.now())
    assert api.get(f"{URL}active/", HTTP_IF_NONE_MATCH=etag).status_code == 200


def test_nobody_learns_of_anothers_execution_by_its_name(api: APIClient, other_user: User) -> None:
    theirs = make(other_user)
    etag = client_of(other_user).get(of(theirs))["ETag"]
    assert api.get(of(theirs), HTTP_IF_NONE_MATCH=etag).status_code == 404
    assert api.get(f"{of(theirs)}?wait=30").status_code == 404


def test_pages_are_always_told(api: APIClient, user: User) -> None:
    execution = make(user)
    etag = api.get(of(execution))["ETag"]
    page = api.get(of(execution), HTTP_IF_NONE_MATCH=etag, HTTP_ACCEPT="text/html")
    assert page.status_code == 200


@pytest.mark.parametrize("wait", ["31", "-1", "long", "nan"])
def test_a_wrong_wait_is_told(api: APIClient, user: User, wait: str) -> None:
    response = api.get(f"{of(make(user))}?wait={wait}")
    assert (response.status_code, response.json()["code"]) == (400, "invalid")


def test_who_waits_for_what_has_finished_or_is_new_to_him_does_not_wait(api: APIClient, user: User) -> None:
    finished, queued = make(user, "finished"), make(user)
    started = time.monotonic()
    assert api.get(f"{of(finished)}?wait=30").status_code == 200
    etag = api.get(of(finished))["ETag"]
    assert api.get(f"{of(finished)}?wait=30", HTTP_IF_NONE_MATCH=etag).status_code == 304
    assert api.get(f"{of(queued)}?wait=30", HTTP_IF_NONE_MATCH='W/"old"').json()["state"] == "queued"
    assert time.monotonic() - started < 20


@pytest.mark.django_db(transaction=True)
def test_when_nothing_happens_a_waiting_client_is_told_so(api: APIClient, user: User) -> None:
    queued = make(user)
    etag = api.get(of(queued))["ETag"]
    assert api.get(f"{of(queued)}?wait=0.1", HTTP_IF_NONE_MATCH=etag).status_code == 304
    assert api.get(f"{of(queued)}?wait=0.1").json()["state"] == "queued"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("announced", [True, False])
def test_a_change_ends_the_wait_whether_or_not_it_is_announced(user: User, announced: bool) -> None:
    queued = make(user)
    etag = client_of(user).get(of(queued))["ETag"]
    answers: list[Any] = []

    def wait() -> None:
        answers.append(client_of(user).get(f"{of(queued)}?wait=30", HTTP_IF_NONE_MATCH=etag))
        connections.close_all()

    waiting = threading.Thread(target=wait)
    waiting.start()
    if announced:
        services.cancel_one(queued.pk, by=user, reason="enough")
    else:
        Execution.objects.filter(pk=queued.pk).update(state=State.RUNNING, started_at=timezone.now())
    waiting.join(20)
    (answer,) = answers
    assert answer.json()["status"] == ("canceled" if announced else "running")


def test_waiting_counts_as_a_connection(api: APIClient, user: User, settings: Any) -> None:
    settings.EXECUTIONS = {**settings.EXECUTIONS, "MAX_CONNECTIONS_PER_USER": 0}
    response = api.get(f"{of(make(user))}?wait=1")
    assert (response.status_code, response.json()["code"]) == (429, "too_many_connections")


def test_the_history_can_be_asked_for_what_has_changed_since(
    api: APIClient, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    old, hour = now - timedelta(days=2), now - timedelta(hours=1)
    for state, changed in (("queued", old), ("running", old), ("queued", now), ("running", now)):
        make(user, state, created_at=old, changed_at=changed)
    make(user, "finished", created_at=old, changed_at=old, finished_at=old)
    ended = make(user, "finished", created_at=old, changed_at=now, finished_at=now)
    make(user, "finished", created_at=old, changed_at=old, finished_at=old, pruned=True)
    pruned = make(user, "finished", created_at=old, changed_at=now, finished_at=now, pruned=True)
    expected = [pruned.pk, ended.pk, ended.pk - 2, ended.pk - 3]
    for most in (narrowing.SEARCHED_ROWS, 1):
        monkeypatch.setattr(narrowing, "SEARCHED_ROWS", most)
        found = api.get(URL, {"updated_after": hour.isoformat()}).json()["results"]
        assert [execution["id"] for execution in found] == expected
    assert api.get(URL, {"updated_after": "yesterday"}).status_code == 400


def test_the_index_is_used_for_what_has_finished_since(user: User) -> None:
    make(user)
    for pruned, index in ((False, "execution_prunable"), (True, "execution_pruned")):
        rows = Execution.objects.filter(finished_at__gte=timezone.now(), pruned=pruned).order_by("finished_at")
        if connection.vendor == "sqlite":
            assert index in rows.explain()
