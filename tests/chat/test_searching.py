"""Messages are found by what they say, however old they are."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from chat import searching, services
from chat.models import Message
from executions.models import Execution
from executions.searching import index


@pytest.fixture(autouse=True)
def _only_the_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if all sessions were too old to be looked through."""
    monkeypatch.setattr(searching, "SEARCHED_SESSIONS", 0)


def say(owner: User, session: str, text: str) -> None:
    services.send_message(owner, session, text)


def found(owner: User, query: str) -> set[str]:
    index.add(Execution.objects.all())
    return {message.content for message in searching.search(owner, query)}


def test_an_old_message_is_found_by_its_words(user: User) -> None:
    say(user, "web:chat:a", "Where does the albatross sleep?")
    say(user, "web:chat:b", "Where does the pelican sleep?")
    assert found(user, "albatross") == {"Where does the albatross sleep?"}
    assert found(user, "where sleep") == set(Message.objects.values_list("content", flat=True))
    assert found(user, "batross") == set()


def test_nobody_finds_what_others_say_or_what_is_in_the_trash(user: User, other_user: User) -> None:
    say(other_user, "web:chat:a", "albatross")
    assert found(user, "albatross") == set()
    assert found(other_user, "albatross") == {"albatross"}
