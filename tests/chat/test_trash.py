"""A chat that was thrown away can be brought back for a while, whole."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from chat import branches, services, trash
from chat.models import Message, Session
from executions.errors import NotFound
from executions.models import Execution
from tests.chat.test_branches import instead, talk
from tests.chat.test_rest import V1, sent

pytestmark = pytest.mark.django_db
ADDRESS = f"{V1}/chat/sessions/web:chat"


def test_it_is_nowhere_and_what_ran_in_it_is_stopped(user: User, api: APIClient, client: Client) -> None:
    talk(user, "a pelican")
    waiting = sent(user, "queued")
    assert api.patch(ADDRESS, {"deleted": True}, format="json").status_code == 200
    waiting.refresh_from_db()
    assert waiting.outcome == "canceled"
    assert api.get(ADDRESS).status_code == 404
    assert api.get(f"{V1}/chat/sessions").json()["sessions"] == []
    assert api.get(f"{V1}/chat/search?q=pelican").json()["messages"] == []
    client.force_login(user)
    assert client.get("/chat/web:chat").status_code == 404
    assert "pelican" not in client.get("/?q=pelican").content.decode().replace('value="pelican"', "").replace(
        "Nothing found for “pelican”", ""
    )


def test_it_comes_back_with_all_that_was_in_it(user: User, other_user: User, api: APIClient) -> None:
    one, _ = talk(user, "one", "two")
    instead(user, one, "other")
    trash.throw_away(user, "web:chat")
    assert Session.objects.owned_by(user).count() == 0
    with pytest.raises(NotFound):
        trash.bring_back(other_user, "web:chat")
    assert api.patch(ADDRESS, {"deleted": False}, format="json").json()["message_count"] == 2
    assert len(branches.versions_of(services.get_session(user, "web:chat"))[1].sessions) == 2
    again = api.patch(ADDRESS, {"deleted": False}, format="json")
    assert (again.status_code, again.json()["code"]) == (404, "not_found")


def test_writing_into_it_brings_it_back(user: User) -> None:
    talk(user, "one")
    trash.throw_away(user, "web:chat")
    sent(user, "two")
    assert services.get_session(user, "web:chat").turns == 2


def test_after_an_hour_it_is_gone_for_good_and_its_runs_are_kept(user: User) -> None:
    talk(user, "one")
    Execution.objects.update(agent_session="of the CLI")
    trash.throw_away(user, "web:chat")
    assert trash.empty(timezone.now() - trash.KEPT_FOR) == 0
    Session.objects.update(deleted_at=timezone.now() - trash.KEPT_FOR - timedelta(seconds=1))
    talk(user, "kept")  # brings the row back: nothing of it may go
    assert trash.empty(timezone.now() - trash.KEPT_FOR) == 0
    trash.throw_away(user, "web:chat")
    assert trash.empty(timezone.now() + timedelta(seconds=1)) == 1
    assert not Session.objects.exists()
    assert not Message.objects.exists()
    assert set(Execution.objects.values_list("agent_session", flat=True)) == {""}
