"""The staff's pages of sessions, messages and tokens."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from knox.models import get_token_model

from chat.models import Message, Session
from tests.chat.conftest import client_of
from tests.chat.test_rest import finished, sent

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(admin: User, client: Client) -> Client:
    """A browser of a member of the staff."""
    client.force_login(admin)
    return client


def test_sessions_and_messages_are_shown_and_not_rewritten(staff: Client, user: User) -> None:
    finished(sent(user, "say <i>hi</i>"), "hello")
    message = Message.objects.first()
    assert message is not None
    assert b"web:chat" in staff.get("/admin/chat/session/?q=ada").content
    page = staff.get(f"/admin/chat/session/{message.session_id}/change/")
    assert b"say &lt;i&gt;hi&lt;/i&gt;" in page.content
    assert staff.get("/admin/chat/message/?q=hello").status_code == 200
    assert staff.get(f"/admin/chat/message/{message.pk}/change/").status_code == 200
    assert staff.get("/admin/chat/message/add/").status_code == 403
    assert staff.post(f"/admin/chat/message/{message.pk}/change/", {"content": "forged"}).status_code == 403


def test_deleting_a_session_stops_what_runs_in_it(staff: Client, admin: User, user: User) -> None:
    execution = sent(user)
    session = Message.objects.get().session
    body = {"action": "delete_selected", "_selected_action": [session.pk], "post": "yes"}
    assert staff.post("/admin/chat/session/", body).status_code == 302
    execution.refresh_from_db()
    assert (execution.outcome, execution.cancel_requested_by, execution.cancel_source) == ("canceled", admin, "admin")


def test_tokens_can_be_revoked_and_not_read(staff: Client, user: User) -> None:
    api = client_of(user)
    token = get_token_model().objects.get(user=user)
    page = staff.get("/admin/chat/token/").content.decode()
    assert "ada" in page
    assert token.token_key not in page
    detail = staff.get(f"/admin/chat/token/{token.pk}/change/")
    assert detail.status_code == 200
    assert token.token_key not in detail.content.decode()
    body = {"action": "delete_selected", "_selected_action": [token.pk], "post": "yes"}
    assert staff.post("/admin/chat/token/", body).status_code == 302
    assert api.get("/api/v1/auth/me").status_code == 401


def test_others_have_no_business_there(client: Client, user: User) -> None:
    client.force_login(user)
    assert client.get("/admin/chat/session/").status_code == 302


def test_a_session_is_found_by_its_id_its_owner_and_words_of_its_title(staff: Client, user: User) -> None:
    finished(sent(user, "a very special request"), "hello")
    session = Session.objects.get()
    for words in (session.session_id, "ada", "SPECIAL"):
        assert f"/chat/session/{session.pk}/change/" in staff.get("/admin/chat/session/", {"q": words}).content.decode()
    nothing = staff.get("/admin/chat/session/", {"q": "nothing has this"}).content.decode()
    assert f"/chat/session/{session.pk}/change/" not in nothing


def test_a_long_session_is_shown_page_by_page_in_few_queries(
    staff: Client, user: User, django_assert_max_num_queries: Any
) -> None:
    finished(sent(user, "hi"), "hello")
    session = Session.objects.get()
    Message.objects.bulk_create(Message(session=session, turn=9, role="user", content=f"word{n}") for n in range(200))
    with django_assert_max_num_queries(10):
        content = staff.get(f"/admin/chat/session/{session.pk}/change/").content.decode()
    assert "word40" in content
    assert "word150" not in content


@pytest.mark.parametrize("address", ["session/", "message/", "token/?ended=no", "token/?ended=yes"])
def test_a_list_needs_as_many_queries_for_many_as_for_one(
    staff: Client, user: User, address: str, django_assert_max_num_queries: Any
) -> None:
    for number in range(5):
        finished(sent(user, "hi", session_id=f"web:{number}"), "hello")
        client_of(user)
    with django_assert_max_num_queries(7):
        assert staff.get(f"/admin/chat/{address}").status_code == 200


def test_a_token_that_has_ended_is_told_apart(staff: Client, user: User) -> None:
    client_of(user)
    get_token_model().objects.update(expiry=timezone.now() - timedelta(seconds=1))
    assert "ended" in staff.get("/admin/chat/token/?ended=yes").content.decode()
    assert "ada" not in staff.get("/admin/chat/token/?ended=no").content.decode()
