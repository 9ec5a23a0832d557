"""A conversation that is changed in its middle goes on from there, and nothing that was said is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from chat import branches, services
from chat.history import load
from chat.models import Message, Session
from executions.errors import KeepsConversation, NotFound, SessionBusy
from executions.models import Execution
from tests.chat.test_rest import V1, finished, sent

pytestmark = pytest.mark.django_db


def talk(user: User, *prompts: str) -> list[Execution]:
    executions = []
    for prompt in prompts:
        executions.append(sent(user, prompt))
        finished(executions[-1], f"answer to {prompt}")
    return executions


def instead(user: User, execution: Execution, prompt: str) -> Execution:
    """Send a message in the place of one, and finish its run."""
    new, _ = services.send_message(user, execution.session_id, prompt, replaces=execution.pk)
    finished(new, f"answer to {prompt}")
    return new


def said(session_id: str) -> list[str]:
    return list(
        Message.objects.filter(session__session_id=session_id, role="user").in_order().values_list("content", flat=True)
    )


def versions(user: User, session_id: str = "web:chat") -> dict[int, branches.Versions]:
    return branches.versions_of(services.get_session(user, session_id))


def test_a_message_sent_instead_of_another_goes_on_from_before_it(user: User) -> None:
    _, two, _ = talk(user, "one", "two", "three")
    new, _ = services.send_message(user, "web:chat", "other", replaces=two.pk)
    assert [turn.prompt for turn in load(new)] == ["one"]
    assert said("web:chat") == ["one", "other"]
    session = services.get_session(user, "web:chat")
    assert (session.turns, session.message_count) == (2, 3)


def test_what_made_way_is_an_archived_session_that_remembers_and_can_go_on(user: User) -> None:
    _, two, _ = talk(user, "one", "two", "three")
    instead(user, two, "other")
    (old,) = [one for one in versions(user)[2].sessions if one != "web:chat"]
    assert said(old) == ["one", "two", "three"]
    kept = services.get_session(user, old)
    assert (kept.archived, kept.message_count, kept.turns) == (True, 6, 3)
    again = sent(user, "four", old)
    assert [turn.prompt for turn in load(again)] == ["one", "two", "three"]
    assert [turn.output for turn in load(again)] == [f"answer to {word}" for word in ("one", "two", "three")]
    kept.refresh_from_db()
    assert not kept.archived


def test_versions_lead_from_one_to_the_other_and_back(user: User) -> None:
    (one,) = talk(user, "one")
    second = instead(user, one, "two")
    instead(user, second, "three")
    here = versions(user)[1]
    assert (here.position, len(here.sessions), here.after) == (3, 3, "")
    before = versions(user, here.before)[1]
    assert (before.position, before.after) == (2, "web:chat")
    assert [said(session)[0] for session in here.sessions] == ["one", "two", "three"]
    # One of them is changed at the same place: they are all versions of one another.
    message = Message.objects.get(session__session_id=here.before, role="user")
    assert message.execution is not None
    services.send_message(user, here.before, "four", replaces=message.execution.pk)
    assert len(versions(user)[1].sessions) == 4


def test_a_later_place_with_versions_takes_them_along(user: User) -> None:
    one, two = talk(user, "one", "two")
    instead(user, two, "two again")
    instead(user, one, "one again")
    assert list(versions(user)) == [1]
    assert set(versions(user, versions(user)[1].before)) == {1, 2}


def test_nothing_makes_way_while_something_runs_or_of_somebody_else(user: User, other_user: User) -> None:
    (one,) = talk(user, "one")
    sent(user, "queued")
    with pytest.raises(SessionBusy, match="stop it first"):
        services.send_message(user, "web:chat", "other", replaces=one.pk)
    (theirs,) = talk(other_user, "theirs")
    for owner, session_id, execution in (
        (other_user, "web:chat", one.pk),
        (user, "web:chat", theirs.pk),
        (user, "no", 1),
    ):
        with pytest.raises(NotFound):
            services.send_message(owner, session_id, "other", replaces=execution)
    assert Message.objects.filter(content="other").count() == 0
    assert said("web:chat").count("one") == 1


def test_an_agent_that_keeps_the_conversation_is_not_made_to_pretend(user: User) -> None:
    one, two, _ = talk(user, "one", "two", "three")
    Execution.objects.filter(pk=two.pk).update(agent="claude", agent_session="of the CLI")
    for execution in (one, two):
        with pytest.raises(KeepsConversation):
            services.send_message(user, "web:chat", "other", replaces=execution.pk)
    session = services.get_session(user, "web:chat")
    assert branches.kept_by_agents(session) == [branches.Kept(2, 2)]
    assert said("web:chat") == ["one", "two", "three"]


def test_the_same_message_sent_twice_replaces_once(user: User) -> None:
    (one,) = talk(user, "one")
    sends: dict[str, Any] = {"replaces": one.pk, "client_id": "c1"}
    first, _ = services.send_message(user, "web:chat", "other", **sends)
    assert services.send_message(user, "web:chat", "other", **sends)[0].pk == first.pk
    assert Session.objects.count() == 2


def test_a_chat_that_is_deleted_takes_its_versions_but_not_those_that_went_on(user: User) -> None:
    one, two = talk(user, "one", "two")
    instead(user, two, "two again")
    old = versions(user)[2].before
    instead(user, one, "one again")
    services.delete_session(user, "web:chat")
    assert not Session.objects.exists()
    assert Execution.objects.count() == 4
    one, two = talk(user, "one", "two")
    instead(user, two, "two again")
    old = versions(user)[2].before
    finished(sent(user, "it went on", old), "yes")
    services.delete_session(user, "web:chat")
    assert list(Session.objects.values_list("session_id", flat=True)) == [old]
    assert versions(user, old) == {}


def test_setting_aside_costs_the_same_however_long_the_session_is(
    user: User, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    executions = talk(user, *(str(number) for number in range(30)))
    with django_assert_max_num_queries(30):
        services.send_message(user, "web:chat", "other", replaces=executions[20].pk)


def test_a_fork_up_to_an_answer_is_asked_for_by_its_execution(user: User, api: APIClient) -> None:
    one, _ = talk(user, "one", "two")
    body = api.post(f"{V1}/chat/fork", {"session_id": "web:chat", "execution_id": one.pk}, format="json").json()
    assert body["messages_copied"] == 2
    assert said(body["new_session_id"]) == ["one"]
    missing = api.post(f"{V1}/chat/fork", {"session_id": "web:chat", "execution_id": 10**6}, format="json")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")


def test_a_program_may_send_instead_too(user: User, api: APIClient) -> None:
    (one,) = talk(user, "one")
    response = api.post(f"{V1}/chat/messages", {"content": "other", "replaces": one.pk}, format="json")
    assert response.status_code == 201
    assert said("web:chat") == ["other"]
    busy = api.post(
        f"{V1}/chat/messages", {"content": "x", "replaces": response.json()["execution"]["id"]}, format="json"
    )
    assert (busy.status_code, busy.json()["code"]) == (409, "session_busy")
