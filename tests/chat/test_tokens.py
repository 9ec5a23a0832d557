"""Tokens that people make: named, scoped, with an end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.test import APIClient

from chat import tokens
from chat.models import Token
from executions.errors import InvalidInput
from executions.scopes import Scope

pytestmark = pytest.mark.django_db


def client_with(token: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def test_a_token_is_made_listed_and_ended(user: User, other_user: User) -> None:
    row, token = tokens.create(user, "  build server ", "run", 30)
    assert (row.name, row.scope) == ("build server", Scope.RUN)
    assert row.expiry is not None
    assert timedelta(days=29) < row.expiry - timezone.now() <= timedelta(days=30)
    assert token.startswith(row.token_key)
    assert token not in {row.digest, row.token_key}
    assert list(tokens.tokens_of(user)) == [row]
    assert not tokens.tokens_of(other_user).exists()
    with pytest.raises(tokens.NoSuchToken):
        tokens.end(other_user, row.pk)
    assert client_with(token).get("/api/v1/auth/me").status_code == 200
    tokens.end(user, str(row.pk))
    assert client_with(token).get("/api/v1/auth/me").status_code == 401


@pytest.mark.parametrize("key", ["", "x", "-1", "9" * 40, None, "\N{SNOWMAN}"])
def test_what_is_no_token_cannot_be_ended(user: User, key: Any) -> None:
    with pytest.raises(tokens.NoSuchToken):
        tokens.end(user, key)


@pytest.mark.parametrize(
    ("name", "scope", "days", "said"),
    [
        ("", "run", 1, "needs a name"),
        ("   ", "run", 1, "needs a name"),
        ("x" * 101, "run", 1, "at most 100"),
        ("x\0", "run", 1, "NUL"),
        (7, "run", 1, "must be text"),
        ("x", "everything", 1, "read, run, admin"),
        ("x", "run", 0, "from 1 to 366"),
        ("x", "run", 367, "from 1 to 366"),
        ("x", "run", True, "from 1 to 366"),
        ("x", "run", "9", "from 1 to 366"),
    ],
)
def test_what_is_wrong_with_a_token_is_said(user: User, name: Any, scope: Any, days: Any, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        tokens.create(user, name, scope, days)
    assert not Token.objects.exists()


def test_one_user_has_a_bounded_number_and_expired_ones_do_not_count(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "MAX_TOKENS", 2)
    Token.objects.create(user)  # a login
    old, _ = tokens.create(user, "old", "read", 1)
    tokens.create(user, "new", "read", 1)
    with pytest.raises(InvalidInput, match="end one"):
        tokens.create(user, "third", "read", 1)
    Token.objects.filter(pk=old.pk).update(expiry=timezone.now() - timedelta(seconds=1))
    tokens.create(user, "third", "read", 1)
    assert {token.name for token in tokens.tokens_of(user)} == {"", "new", "third"}


def test_use_is_noted_but_not_at_every_request(user: User, django_assert_num_queries: Any) -> None:
    row, token = tokens.create(user, "x", "read", 1)
    client = client_with(token)
    client.get("/api/v1/auth/me")
    row.refresh_from_db()
    first = row.last_used_at
    assert first is not None
    with django_assert_num_queries(2):  # the token and its user
        client.get("/api/v1/auth/me")
    row.refresh_from_db()
    assert row.last_used_at == first
    Token.objects.update(last_used_at=first - timedelta(minutes=6))
    client.get("/api/v1/auth/me")
    row.refresh_from_db()
    assert row.last_used_at is not None
    assert row.last_used_at >= first


def test_the_end_of_a_made_token_is_not_moved_by_its_use(user: User) -> None:
    row, token = tokens.create(user, "x", "read", 1)
    end = timezone.now() + timedelta(seconds=30)
    Token.objects.filter(pk=row.pk).update(expiry=end)
    assert client_with(token).get("/api/v1/auth/me").status_code == 200
    row.refresh_from_db()
    assert row.expiry == end
    Token.objects.filter(pk=row.pk).update(expiry=timezone.now() - timedelta(seconds=1))
    assert client_with(token).get("/api/v1/auth/me").status_code == 401
