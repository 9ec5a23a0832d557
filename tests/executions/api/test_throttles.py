"""How many requests there may be, and what is said of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from knox.models import get_token_model
from rest_framework.test import APIClient

from executions import buckets
from executions.api import throttles
from executions.buckets import Buckets
from tests.executions.api.conftest import URL, client_of


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("users", "addresses"):
        monkeypatch.setattr(throttles.RequestThrottle, kind, Buckets())


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(buckets.time, "monotonic", lambda: now[0])
    return now


def limits(settings: Any, user: int, address: int) -> None:
    settings.EXECUTIONS = {
        **settings.EXECUTIONS, "REQUESTS_PER_MINUTE": user, "REQUESTS_PER_MINUTE_PER_ADDRESS": address,
    }  # fmt: skip


def test_every_answer_says_how_many_are_left(api: APIClient, settings: Any, clock: list[float]) -> None:
    limits(settings, 3, 0)
    for left in (2, 1, 0):
        answer = api.get(URL)
        assert answer.status_code == 200
        assert (answer["RateLimit-Limit"], answer["RateLimit-Remaining"]) == ("3", str(left))
        assert answer["RateLimit-Reset"] == str(20 * (3 - left))
        assert answer["RateLimit-Policy"] == "3;w=60"
    refused = api.get(URL)
    assert (refused.status_code, refused.json()["code"]) == (429, "throttled")
    assert (refused["Retry-After"], refused["RateLimit-Remaining"]) == ("20", "0")
    clock[0] += float(refused["Retry-After"])
    assert api.get(URL).status_code == 200
    assert api.get(URL).status_code == 429


def test_users_do_not_take_from_each_other(api: APIClient, other_user: User, settings: Any) -> None:
    limits(settings, 1, 0)
    assert [api.get(URL).status_code for _ in range(2)] == [200, 429]
    assert client_of(other_user).get(URL).status_code == 200


def test_an_address_has_a_limit_for_all_its_users(api: APIClient, other_user: User, settings: Any) -> None:
    limits(settings, 100, 2)
    assert api.get(URL)["RateLimit-Limit"] == "2"
    theirs = client_of(other_user)
    assert [theirs.get(URL).status_code for _ in range(2)] == [200, 429]
    assert theirs.get(URL, REMOTE_ADDR="10.1.1.1").status_code == 200
    # What a sender writes into its header is not where it is.
    assert theirs.get(URL, HTTP_X_FORWARDED_FOR="10.9.9.9").status_code == 429


def test_the_panels_requests_count_as_well(api: APIClient, settings: Any) -> None:
    limits(settings, 1, 0)
    assert api.get("/api/v1/chat/sessions")["RateLimit-Remaining"] == "0"
    assert api.get(URL).status_code == 429


def test_zero_is_no_limit_and_says_nothing(api: APIClient, settings: Any) -> None:
    limits(settings, 0, 0)
    assert not api.get(URL).has_header("RateLimit-Limit")


def test_buckets_are_bounded_and_those_in_use_are_kept(monkeypatch: pytest.MonkeyPatch, clock: list[float]) -> None:
    monkeypatch.setattr(buckets, "MAX_BUCKETS", 3)
    some = Buckets()
    for name in "ab":
        some.take(name, 1)
    clock[0] += 70
    some.take("c", 1)
    assert some.take("d", 1).allowed
    assert not some.take("c", 1).allowed
    for name in "efgh":
        some.take(name, 1)
    assert len(some._levels) <= 3


@pytest.mark.parametrize("header", ["Bearer " + "f" * 64, "Bearer ä", ""])
def test_bad_tokens_are_refused_for_a_while_and_good_ones_of_the_same_address_are_not(
    user: User, client: Client, settings: Any, header: str
) -> None:
    settings.EXECUTIONS = {**settings.EXECUTIONS, "FAILURES_PER_MINUTE_PER_ADDRESS": 3}
    good = f"Bearer {get_token_model().objects.create(user)[1]}"
    bad = {"HTTP_AUTHORIZATION": header} if header else {}
    for left in (2, 1, 0):
        answer = client.get(URL, **bad)
        assert (answer.status_code, answer["RateLimit-Remaining"]) == (401, str(left))
        assert answer["WWW-Authenticate"] == "Bearer"
    refused = client.get(URL, **bad)
    assert (refused.status_code, refused["Retry-After"], refused["RateLimit-Limit"]) == (429, "20", "3")
    assert (refused.json()["code"], "valid token" in refused.json()["detail"]) == ("throttled", True)
    assert client.post(URL, {}, **bad).status_code == 429
    assert client.get(URL, HTTP_AUTHORIZATION=good).status_code == 200
    assert client.get(URL, REMOTE_ADDR="10.9.8.7", **bad).status_code == 401
    assert client.get("/api/v1/health").status_code == 200
