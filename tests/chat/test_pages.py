"""The chat's pages: what a session shows when it is opened."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from chat.models import Message, Role, Session
from chat.turns import PAGE, segments_of, turns_of
from executions import services

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(user: User, client: Client) -> Client:
    client.force_login(user)
    return client


def test_an_unfinished_run_is_shown_with_its_prompt_and_status(page: Client, user: User) -> None:
    services.start(owner=user, prompt="say <b>hello</b>", session_id="web:chat")
    content = page.get("/chat/web:chat").content.decode()
    assert 'data-status="queued"' in content
    assert "say &lt;b&gt;hello&lt;/b&gt;" in content


def test_a_session_of_somebody_else_is_not_there(page: Client, other_user: User) -> None:
    services.start(owner=other_user, prompt="a secret", session_id="web:chat")
    assert page.get("/chat/web:chat").status_code == 404
    assert page.get("/chat/no%2Fpath").status_code == 404
    assert "a secret" not in page.get("/?q=secret").content.decode()


def test_long_sessions_are_shown_page_by_page(page: Client, user: User) -> None:
    session = Session.objects.create(owner=user, session_id="web:chat", title="Long", turns=PAGE + 5)
    Message.objects.bulk_create(
        Message(session=session, turn=turn, role=role, content=f"{role} {turn}")
        for turn in range(1, PAGE + 6)
        for role in (Role.USER, Role.ASSISTANT)
    )
    turns, earlier = turns_of(session)
    assert [turn.number for turn in turns] == list(range(6, PAGE + 6))
    assert earlier == 6
    assert "?before=6" in page.get("/chat/web:chat").content.decode()
    before, none = turns_of(session, earlier)
    assert [turn.prompt for turn in before] == [f"user {turn}" for turn in range(1, 6)]
    assert none is None
    assert page.get("/chat/web:chat?before=x").status_code == 200


def test_sessions_are_found_by_title_and_by_what_was_said(page: Client, user: User) -> None:
    for name, said in (("one", "a pelican"), ("two", "nothing")):
        services.start(owner=user, prompt=said, session_id=f"web:{name}")
    Session.objects.filter(session_id="web:two").update(title="Pelicans")
    content = page.get("/?q=pelican").content.decode()
    assert "/chat/web:one" in content
    assert "/chat/web:two" in content
    assert "Nothing found" in page.get("/?q=albatross").content.decode()


def test_an_answer_is_cut_where_something_stands_between_its_pieces() -> None:
    events = [
        ("text", {"text": "**a"}), ("text", {"text": "b**"}), ("tool_started", {}), ("text", {"text": "<i>c"}),
        ("tool_finished", {}), ("text", {"text": "d"}), ("usage", {}), ("thinking", {"text": "hm"}),
        ("text", {"text": "e"}),
    ]  # fmt: skip
    assert [piece.strip() for piece in segments_of(events)] == [
        "<p><strong>ab</strong></p>",
        "<p>&lt;i&gt;cd</p>",
        "<p>e</p>",
    ]


def test_a_wrong_password_is_told_and_a_changed_one_ends_other_logins(user: User) -> None:
    here, there = Client(), Client()
    assert "correct" in here.post("/login", {"username": "ada", "password": "wrong"}).content.decode()
    for client in (here, there):
        client.force_login(user)
    new = "entirely different words"
    form = {"old_password": "correct horse battery", "new_password1": new, "new_password2": new}
    assert here.post("/settings", form).status_code == 302
    assert here.get("/settings").status_code == 200
    assert there.get("/settings").status_code == 302
