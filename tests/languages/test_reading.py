"""Pages and the API in the language of who reads, and by their clock."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from executions.models import Execution

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)


@pytest.fixture
def page(user: User, client: Client) -> Client:
    client.force_login(user)
    return client


@pytest.fixture
def run(user: User) -> Execution:
    times = dict.fromkeys(("created_at", "started_at", "finished_at", "changed_at"), NOON)
    return Execution.objects.create(
        owner=user, session_id="web:chat", agent="demo", prompt="hello", state="finished", outcome="failed",
        error="It took longer than the limit of 60 seconds.", input_tokens=12_345, requests=2, **times,
    )  # fmt: skip


def text_of(page: Client, path: str, **headers: str) -> str:
    return page.get(path, **headers).content.decode()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "language", "heading"),
    [("", "en", "History"), ("ja,en;q=0.5", "ja", "履歴"), ("es-AR", "es", "Historial"), ("fr-FR,fr", "en", "History")],
)
def test_a_page_is_in_the_language_that_the_browser_asks_for(
    page: Client, asked: str, language: str, heading: str
) -> None:
    content = text_of(page, "/history", HTTP_ACCEPT_LANGUAGE=asked)
    assert f'<html lang="{language}"' in content
    assert f"<h1>{heading}</h1>" in content


def test_a_choice_is_kept_for_a_year_and_wins(page: Client) -> None:
    answer = page.post("/language", {"language": "ja", "next": "/settings"})
    assert answer.headers["Location"] == "/settings"
    cookie = answer.cookies["language"]
    assert (cookie.value, cookie["samesite"], bool(cookie["httponly"])) == ("ja", "Lax", True)
    assert cookie["max-age"] == 365 * 24 * 3600
    assert '<html lang="ja"' in text_of(page, "/history", HTTP_ACCEPT_LANGUAGE="es")
    page.post("/language", {"language": ""})
    assert '<html lang="es"' in text_of(page, "/history", HTTP_ACCEPT_LANGUAGE="es")


def test_it_can_be_chosen_before_signing_in(client: Client) -> None:
    client.post("/language", {"language": "es", "next": "/login?next=/history"})
    assert "Iniciar sesión" in text_of(client, "/login")


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_the_choice_leads_nowhere_else(client: Client, wanted: str) -> None:
    assert client.post("/language", {"language": "ja", "next": wanted}).headers["Location"] == "/"


@pytest.mark.parametrize("wanted", ["xx", "de", "../../etc", "ja;q=1"])
def test_a_language_that_there_is_not_is_not_kept(client: Client, wanted: str) -> None:
    assert client.post("/language", {"language": wanted}).cookies["language"].value == ""


def test_the_words_of_scripts_are_small_and_kept_for_ever(page: Client) -> None:
    for language in dict(settings.LANGUAGES):
        found = re.search(r'<script src="(/words/[^"]+)"', text_of(page, "/history", HTTP_ACCEPT_LANGUAGE=language))
        assert found is not None
        answer = page.get(found[1])
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["Content-Type"].startswith("text/javascript")
        assert len(answer.content) < 30_000
        assert "Set-Cookie" not in answer.headers


def test_words_of_another_version_are_not_kept_and_of_no_language_are_not_there(client: Client) -> None:
    assert client.get("/words/ja.0123456789ab.js").headers["Cache-Control"] == "no-cache"
    assert client.get("/words/xx.0123456789ab.js").status_code == 404


def test_times_are_by_the_readers_clock(page: Client, run: Execution) -> None:
    assert "1 Mar 2026, 12:00:05 UTC" in text_of(page, f"/executions/{run.pk}")
    page.cookies["zone"] = "Asia/Tokyo"
    assert "1 Mar 2026, 21:00:05<" in text_of(page, f"/executions/{run.pk}")
    page.cookies["language"] = "ja"
    assert "2026/03/01 21:00:05<" in text_of(page, f"/executions/{run.pk}")
    page.cookies["zone"] = "Nowhere/At_All"
    assert "2026/03/01 12:00:05 UTC<" in text_of(page, f"/executions/{run.pk}")


def test_times_of_the_api_are_in_utc_for_everybody(page: Client, run: Execution) -> None:
    page.cookies["zone"], page.cookies["language"] = "Asia/Tokyo", "ja"
    assert page.get(f"/api/v1/executions/{run.pk}/").json()["created_at"].startswith("2026-03-01T12:00:05")


def test_numbers_and_stored_failures_are_worded_for_the_reader(page: Client, run: Execution) -> None:
    page.cookies["language"] = "es"
    content = text_of(page, f"/executions/{run.pk}")
    assert "12.345 de entrada" in content
    assert "Tardó más que el límite de 60 segundos." in content
    run.refresh_from_db()
    assert run.error == "It took longer than the limit of 60 seconds."


def test_the_api_answers_in_english_unless_it_is_asked_otherwise(page: Client) -> None:
    english = page.get("/api/v1/executions/99/").json()
    japanese = page.get("/api/v1/executions/99/", HTTP_ACCEPT_LANGUAGE="ja").json()
    assert english["detail"] == "There is no execution 99."
    assert japanese["detail"] == "実行99はありません。"
    assert english["code"] == japanese["code"] == "not_found"


@pytest.mark.parametrize("language", ["ja", "es"])
def test_error_pages_have_no_english_left(client: Client, language: str) -> None:
    client.cookies["language"] = language
    content = text_of(client, "/nowhere")
    assert "There is nothing here" not in content
    assert f'<html lang="{language}"' in content
