"""The settings: profile, tokens, theme."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from chat import tokens
from chat.models import Token

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(user: User, client: Client) -> Client:
    client.force_login(user)
    return client


@pytest.mark.parametrize("address", ["profile", "theme", "tokens", "tokens/1/end"])
def test_nothing_is_changed_without_signing_in_or_by_a_link(client: Client, user: User, address: str) -> None:
    assert client.post(f"/settings/{address}").headers["Location"].startswith("/login")
    client.force_login(user)
    assert client.get(f"/settings/{address}").status_code == 405


def test_a_profile_is_saved_and_a_wrong_one_is_told(page: Client, user: User) -> None:
    page.post("/settings/profile", {"first_name": "エイダ", "email": "a@example.org", "is_staff": "on"})
    user.refresh_from_db()
    assert (user.first_name, user.email, user.is_staff) == ("エイダ", "a@example.org", False)
    answer = page.post("/settings/profile", {"email": "nonsense"})
    assert answer.status_code == 400
    assert "valid email" in answer.content.decode()
    assert 'value="nonsense"' in answer.content.decode()
    user.refresh_from_db()
    assert user.email == "a@example.org"


def test_a_token_is_made_seen_once_used_and_ended(page: Client, user: User) -> None:
    answer = page.post("/settings/tokens", {"name": "<ci>", "scope": "read", "days": "7"})
    found = re.search(r"data-secret>([0-9a-f]+)<", answer.content.decode())
    assert found
    assert answer.headers["Cache-Control"] == "no-store"
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {found[1]}"}
    assert Client().get("/api/v1/auth/me", **bearer).status_code == 200
    again = page.get("/settings").content.decode()
    assert found[1] not in again
    assert "&lt;ci&gt;" in again
    row = Token.objects.get()
    assert page.post(f"/settings/tokens/{row.pk}/end").headers["Location"] == "/settings"
    assert Client().get("/api/v1/auth/me", **bearer).status_code == 401


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"name": " ", "scope": "read", "days": "7"}, "needs a name"),
        ({"name": "x", "scope": "root", "days": "7"}, "scope must be one of"),
        ({"name": "x", "scope": "run", "days": "0"}, "from 1 to 366"),
        ({"name": "x", "scope": "run", "days": "x"}, "from 1 to 366"),
    ],
)
def test_a_wrong_token_is_not_made(page: Client, fields: dict[str, str], why: str) -> None:
    answer = page.post("/settings/tokens", fields)
    assert answer.status_code == 400
    assert why in answer.content.decode()
    assert not Token.objects.exists()


def test_nobody_ends_somebody_elses_token(page: Client, other_user: User) -> None:
    theirs, _ = tokens.create(other_user, "theirs")
    assert page.post(f"/settings/tokens/{theirs.pk}/end").status_code == 404
    assert Token.objects.filter(pk=theirs.pk).exists()
    assert "theirs" not in page.get("/settings").content.decode()


def test_a_theme_is_kept_in_the_browser_and_an_unknown_one_is_none(page: Client) -> None:
    page.post("/settings/theme", {"theme": "dark"})
    for address in ("/settings", "/history", "/"):
        assert '<html lang="en" data-theme="dark">' in page.get(address).content.decode()
    page.post("/settings/theme", {"theme": '"><script>'})
    assert '<html lang="en">' in page.get("/settings").content.decode()
    page.cookies["theme"] = '"><script>'
    assert '<html lang="en">' in page.get("/settings").content.decode()
