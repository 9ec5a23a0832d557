"""Messages and executions change together, and what an agent remembers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction

from chat import branches, services
from chat.history import MAX_TURNS, load
from chat.models import Message, Session
from executions import services as engine
from executions.agents.base import Turn
from executions.errors import InvalidInput, SessionBusy
from executions.events import Finished
from executions.finishing import finish_unheld
from executions.models import Execution
from executions.states import Outcome, State
from tests.chat.test_rest import finished, running, sent

pytestmark = pytest.mark.django_db


def test_a_message_and_its_execution_are_stored_together_or_not_at_all(user: User) -> None:
    with transaction.atomic():
        sent(user)
        transaction.set_rollback(True)
    with pytest.raises(InvalidInput):
        services.send_message(user, "web:chat", "x", exclude_tools=[1])  # type: ignore[list-item]
    assert not Message.objects.exists()
    assert not Session.objects.exists()
    assert not Execution.objects.exists()


def test_a_rejected_message_does_not_make_a_session(user: User) -> None:
    engine.start(owner=user, prompt="say api", session_id="web:chat:api")
    with pytest.raises(SessionBusy):
        services.send_message(user, "web:chat:api", "say two", on_busy="reject")
    assert [m.content for m in Message.objects.all()] == ["say api"]


def test_an_execution_without_a_session_is_no_chat(user: User) -> None:
    finished(engine.start(owner=user, prompt="say api"), "answer")
    assert not Session.objects.exists()


def test_what_a_lost_worker_had_written_is_kept_and_marked(user: User) -> None:
    execution = sent(user)
    running(execution, "half an ans")
    assert finish_unheld([execution.pk], State.RUNNING, Finished(Outcome.LOST, error_code="lost"))
    answer = Message.objects.get(role="assistant")
    assert (answer.content, answer.outcome) == ("half an ans", "lost")
    assert "worker" in answer.error
    assert Session.objects.get().message_count == 2


def test_many_executions_are_finished_in_few_queries(
    user: User, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    executions = [sent(user, "x", f"web:chat:{n % 20}") for n in range(60)]
    with django_assert_max_num_queries(25):
        finish_unheld([e.pk for e in executions], State.QUEUED, Finished(Outcome.CANCELED))
    assert Message.objects.filter(role="assistant").count() == 60
    assert set(Session.objects.values_list("message_count", flat=True)) == {6}


def test_the_title_is_the_first_line_that_says_something(user: User) -> None:
    sent(user, "\n\n  Plan   the trip \nto Rome")
    assert Session.objects.get().title == "Plan the trip"
    sent(user, "x " * 100, "web:chat:long")
    title = Session.objects.get(session_id="web:chat:long").title
    assert len(title) <= 80
    assert title.endswith("…")


def test_writing_into_an_archived_session_brings_it_back(user: User) -> None:
    sent(user)
    services.update_session(user, "web:chat", archived=True)
    sent(user)
    assert not services.get_session(user, "web:chat").archived


def test_history_holds_finished_turns_in_order_with_their_transcripts(user: User) -> None:
    first, second, third = sent(user, "one"), sent(user, "two"), sent(user, "three")
    finished(first, "1")
    Execution.objects.filter(pk=first.pk).update(transcript=[{"a": 1}])
    services.cancel(user, "web:chat")
    fourth = sent(user, "four")
    assert load(fourth) == [
        Turn("one", "1", "succeeded", "demo", [{"a": 1}]),
        Turn("two", "", "canceled", "demo", None),
        Turn("three", "", "canceled", "demo", None),
    ]
    assert [t.prompt for t in load(second)] == ["one"]
    assert load(first) == []
    assert [t.prompt for t in load(third)] == ["one", "two"]


def test_history_is_bounded_and_of_one_owner(user: User, other_user: User) -> None:
    finished(sent(other_user, "not yours"), "x")
    for number in range(MAX_TURNS + 5):
        finished(sent(user, str(number)), "x")
    turns = load(sent(user, "last"))
    assert [t.prompt for t in turns] == [str(n) for n in range(5, MAX_TURNS + 5)]


def test_a_fork_remembers_what_it_was_forked_from_and_no_more(user: User) -> None:
    first = sent(user, "one")
    finished(first, "1")
    Execution.objects.filter(pk=first.pk).update(transcript=[{"secret": "of the answer"}])
    question = Message.objects.get(role="user")
    everything, _ = branches.fork(user, "web:chat")
    assert load(sent(user, "two", everything.session_id))[0].transcript == [{"secret": "of the answer"}]
    prompt_only, count = branches.fork(user, "web:chat", question.pk)
    assert count == 1
    assert load(sent(user, "two", prompt_only.session_id)) == [Turn("one", "", "")]
    services.delete_session(user, "web:chat")
    assert load(sent(user, "three", everything.session_id))[0].prompt == "one"


def test_finishing_a_forked_turns_execution_answers_at_home_only(user: User) -> None:
    finished(sent(user, "one"), "1")
    fork, _ = branches.fork(user, "web:chat")
    again = engine.retry(Execution.objects.get(), by=user)
    running(again, "2")
    finished_count = fork.messages.count()
    services.cancel(user, "web:chat")
    assert fork.messages.count() == finished_count == 2


@pytest.mark.django_db(transaction=True)
def test_one_client_id_sent_by_many_at_once_is_one_message(user: User) -> None:
    ids: list[int] = []
    barrier = threading.Barrier(4)

    def send() -> None:
        barrier.wait()
        ids.append(services.send_message(user, "web:chat", "say hi", client_id="same")[0].pk)
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 4
    assert len(set(ids)) == 1
    assert Message.objects.count() == Execution.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_messages_sent_at_once_get_turns_of_their_own(user: User) -> None:
    barrier = threading.Barrier(4)

    def send(number: int) -> None:
        barrier.wait()
        services.send_message(user, "web:chat", f"say {number}")
        connection.close()

    threads = [threading.Thread(target=send, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(Message.objects.values_list("turn", flat=True)) == [1, 2, 3, 4]
    assert Session.objects.get().message_count == 4
