"""The same request, sent again: it starts one execution."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.utils import timezone
from rest_framework.test import APIClient

from executions import idempotency
from executions.models import Execution, StartKey
from tests.executions.api.conftest import URL, client_of

BODY = {"prompt": "say hi", "session_id": "ci"}


def start(api: APIClient, key: str | None = "k1", **body: Any) -> Any:
    headers = {} if key is None else {"HTTP_IDEMPOTENCY_KEY": key}
    return api.post(URL, BODY | body, format="json", **headers)


def test_the_same_key_and_request_give_the_same_execution(api: APIClient) -> None:
    first, again = start(api), start(api)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["id"] == first.json()["id"]
    assert again["Location"] == first["Location"]
    assert start(api, "k2").status_code == 201
    assert start(api, None).status_code == start(api, None).status_code == 201
    assert Execution.objects.count() == 4


def test_what_it_gives_is_how_it_is_now(api: APIClient) -> None:
    execution = start(api).json()["id"]
    api.post(f"{URL}{execution}/cancel/")
    assert start(api).json()["status"] == "canceled"


def test_another_request_with_the_same_key_is_refused(api: APIClient) -> None:
    start(api)
    response = start(api, prompt="say bye")
    assert (response.status_code, response.json()["code"]) == (422, "idempotency_key_reused")
    assert Execution.objects.count() == 1


def test_keys_are_ones_own(api: APIClient, other_user: User) -> None:
    assert start(api).status_code == start(client_of(other_user)).status_code == 201


def test_a_request_that_has_failed_can_be_sent_again(api: APIClient) -> None:
    assert start(api, model="none").json()["code"] == "unknown_model"
    assert not StartKey.objects.exists()
    assert start(api).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 201, "h\u00e9", "a\tb"])
def test_a_key_that_is_none_is_refused(api: APIClient, key: str) -> None:
    response = start(api, key)
    assert (response.status_code, response.json()["code"]) == (400, "invalid")
    assert "Idempotency-Key" in response.json()["detail"]


def test_a_key_is_forgotten_after_a_day_and_removed(api: APIClient) -> None:
    first = start(api).json()["id"]
    for number in range(15):
        start(api, f"old{number}")
    StartKey.objects.update(created_at=timezone.now() - idempotency.REMEMBERED - timedelta(seconds=1))
    assert start(api, prompt="say bye").json()["id"] != first
    assert StartKey.objects.count() <= 16 - idempotency.REMOVED_AT_ONCE + 1


@pytest.mark.django_db(transaction=True)
def test_requests_at_the_same_moment_start_one(user: User) -> None:
    together = threading.Barrier(6)
    answers: list[Any] = []

    def ask() -> None:
        together.wait(10)
        answers.append(start(client_of(user)))
        connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert Execution.objects.count() == 1
