"""The panel's REST: sessions, messages, what runs, what can be chosen."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from chat import services
from chat.models import Message
from executions.events import Finished
from executions.finishing import finish_unheld
from executions.models import EventRow, Execution
from executions.services import retry
from executions.states import Outcome, State
from tests.chat.conftest import client_of

pytestmark = pytest.mark.django_db
V1 = "/api/v1"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def sent(user: User, content: str = "say hi", session_id: str = "web:chat") -> Execution:
    return services.send_message(user, session_id, content)[0]


def finished(execution: Execution, output: str = "", outcome: Outcome = Outcome.SUCCEEDED, error: str = "") -> None:
    """Finish a queued execution as a worker would have."""
    if output:
        EventRow.objects.create(
            execution=execution, seq=1, type="text", data={"text": output}, created_at=execution.created_at
        )
    assert finish_unheld([execution.pk], State.QUEUED, Finished(outcome, error=error)) == [execution.pk]


def running(execution: Execution, output: str) -> None:
    Execution.objects.filter(pk=execution.pk).update(state=State.RUNNING, started_at=execution.created_at)
    EventRow.objects.create(
        execution=execution, seq=1, type="text", data={"text": output}, created_at=execution.created_at
    )


ADDRESSES = [
    ("get", "auth/me"),
    ("post", "auth/logout"),
    ("post", "auth/change-password"),
    ("post", "chat/cancel"),
    ("get", "chat/active"),
    ("get", "chat/sessions"),
    ("get", "chat/sessions/web%3Achat"),
    ("patch", "chat/sessions/web%3Achat"),
    ("delete", "chat/sessions/web%3Achat"),
    ("post", "chat/messages"),
    ("get", "chat/search"),
    ("post", "chat/fork"),
    ("get", "models"),
    ("get", "tools"),
]


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize(("method", "path"), ADDRESSES)
def test_every_address_needs_a_sign_in_and_takes_both_slashes(method: str, path: str, slash: str) -> None:
    response = getattr(APIClient(), method)(f"{V1}/{path}{slash}", {}, format="json")
    assert response.status_code == 401
    body = response.json()
    assert body["detail"] == body["error"]
    assert body["code"] == "not_authenticated"


@pytest.mark.parametrize("header", ["Bearer", "Bearer a b", "Bearer wrong", "Bearer \xff\xfe", "Bearer a\0b"])
def test_a_wrong_token_is_401(header: str) -> None:
    response = APIClient().get(f"{V1}/auth/me", HTTP_AUTHORIZATION=header)
    assert response.status_code == 401


def test_sessions_show_what_was_said_last_and_what_runs(api: APIClient, user: User) -> None:
    finished(sent(user, "say one\nmore", "web:chat:a"), "first answer")
    sent(user, "say two", "web:chat:b")
    sessions = api.get(f"{V1}/chat/sessions").json()["sessions"]
    assert [s["session_id"] for s in sessions] == ["web:chat:b", "web:chat:a"]
    b, a = sessions
    assert (a["title"], a["last_message"], a["message_count"], a["status"]) == ("say one", "first answer", 2, "")
    assert (b["last_message"], b["message_count"], b["status"], b["archived"]) == ("say two", 1, "queued", False)
    assert TIME.fullmatch(a["updated_at"])
    second = api.get(f"{V1}/chat/sessions?limit=1&offset=1").json()["sessions"]
    assert [s["session_id"] for s in second] == ["web:chat:a"]


def test_a_session_is_read_renamed_archived_and_deleted(api: APIClient, user: User) -> None:
    execution = sent(user, "say hi <b>", "web:chat:x1")
    finished(execution, "# Hello")
    path = f"{V1}/chat/sessions/{quote('web:chat:x1', safe='')}"
    question, answer = api.get(path).json()["messages"]
    assert (question["role"], question["content"]) == ("user", "say hi <b>")
    assert question["html"] == '<p class="plain">say hi &lt;b&gt;</p>'
    assert (answer["role"], answer["content"], answer["html"]) == ("assistant", "# Hello", "<h1>Hello</h1>\n")
    assert answer["session_id"] == "web:chat:x1"
    assert answer["execution_id"] == execution.pk
    assert TIME.fullmatch(answer["created_at"])
    assert isinstance(answer["id"], int)
    assert api.patch(path, {"title": "New  name"}, format="json").json()["title"] == "New name"
    assert api.patch(path + "/", {"archived": True}, format="json").json()["archived"] is True
    assert api.get(f"{V1}/chat/sessions").json()["sessions"] == []
    assert len(api.get(f"{V1}/chat/sessions?archived=true").json()["sessions"]) == 1
    assert api.delete(path).json() == {"status": "ok"}
    assert api.get(path).status_code == 404
    assert Execution.objects.filter(pk=execution.pk).exists()


def test_deleting_a_session_stops_what_runs_in_it(api: APIClient, user: User) -> None:
    execution = sent(user)
    assert api.delete(f"{V1}/chat/sessions/web:chat").status_code == 200
    execution.refresh_from_db()
    assert execution.outcome == "canceled"
    assert not Message.objects.exists()


def test_a_run_that_ends_after_its_session_was_deleted_does_not_bring_it_back(api: APIClient, user: User) -> None:
    execution = sent(user)
    running(execution, "part")
    api.delete(f"{V1}/chat/sessions/web:chat")
    assert finish_unheld([execution.pk], State.RUNNING, Finished(Outcome.LOST)) == [execution.pk]
    assert api.get(f"{V1}/chat/sessions").json()["sessions"] == []


def test_a_reload_during_a_run_gets_the_transcript_so_far(api: APIClient, user: User) -> None:
    finished(sent(user, "say one"), "first")
    second = sent(user, "say two")
    running(second, "so *far*")
    third = sent(user, "say three")
    messages = api.get(f"{V1}/chat/sessions/web:chat").json()["messages"]
    assert [m["content"] for m in messages] == ["say one", "first", "say two", "so *far*", "say three"]
    partial = messages[3]
    assert (partial["id"], partial["role"], partial["status"], partial["seq"]) == (0, "assistant", "running", 1)
    assert partial["execution_id"] == second.pk
    assert messages[4]["status"] == "queued"
    active = api.get(f"{V1}/chat/active").json()
    assert [(e["id"], e["status"]) for e in active] == [(second.pk, "running"), (third.pk, "queued")]
    assert re.fullmatch(r"\d+\.\ds", active[0]["duration"])
    assert all(TIME.fullmatch(e["started_at"]) for e in active)


def test_answers_stand_behind_their_questions_whatever_the_order_of_ids(api: APIClient, user: User) -> None:
    first, second = sent(user, "say one"), sent(user, "say two")
    finished(first, "first")
    finished(second, "second", Outcome.FAILED, "It broke.")
    messages = api.get(f"{V1}/chat/sessions/web:chat").json()["messages"]
    assert [m["content"] for m in messages] == ["say one", "first", "say two", "second"]
    assert (messages[3]["outcome"], messages[3]["error"]) == ("failed", "It broke.")
    newest = api.get(f"{V1}/chat/sessions/web:chat?limit=1").json()["messages"]
    assert [m["content"] for m in newest] == ["second"]
    older = api.get(f"{V1}/chat/sessions/web:chat?before={messages[2]['id']}").json()["messages"]
    assert [m["content"] for m in older] == ["say one", "first"]


@pytest.mark.parametrize("session_id", ["a/b", "a b", "é", "x" * 129, "..%2F..", "a%00b"])
def test_a_session_id_that_cannot_be_is_400(session_id: str, api: APIClient) -> None:
    path = f"{V1}/chat/sessions/{session_id if '%' in session_id else quote(session_id, safe='')}"
    assert api.get(path).status_code == 400
    assert api.delete(path).json()["code"] == "invalid"


@pytest.mark.parametrize("content", ["", "   ", None, 5, ["x"], "half \ud83d", "nul \0", "x" * 1_000_001])
def test_a_message_that_cannot_be_is_400_and_leaves_nothing(content: object, api: APIClient) -> None:
    if content == "half \ud83d":
        response = api.post(f"{V1}/chat/messages", '{"content": "half \\ud83d"}', content_type="application/json")
    else:
        response = api.post(f"{V1}/chat/messages", {"content": content}, format="json")
    if content == 5:  # a number is written as text, as forms do
        assert response.status_code == 201
        return
    assert response.status_code == 400
    assert response.json()["error"]
    assert not Message.objects.exists()


def test_a_message_can_be_sent_and_canceled_by_rest(api: APIClient, user: User) -> None:
    response = api.post(f"{V1}/chat/messages/", {"content": "say hi", "session_id": "web:chat:r"}, format="json")
    assert response.status_code == 201
    execution = response.json()["execution"]
    assert (execution["status"], execution["session_id"]) == ("queued", "web:chat:r")
    busy = api.post(
        f"{V1}/chat/messages", {"content": "x", "session_id": "web:chat:r", "on_busy": "reject"}, format="json"
    )
    assert (busy.status_code, busy.json()["code"]) == (409, "session_busy")
    canceled = api.post(f"{V1}/chat/cancel", {"session_id": "web:chat:r", "mode": "x"}, format="json")
    assert canceled.status_code == 200
    assert canceled.json()["canceled"] == 1
    assert canceled.json()["message"] == "Canceled 1 execution(s)"
    again = api.post(f"{V1}/chat/cancel/", {"session_id": "web:chat:r"}, format="json")
    assert (again.status_code, again.json()["canceled"]) == (200, 0)
    answer = api.get(f"{V1}/chat/sessions/web:chat:r").json()["messages"][-1]
    assert (answer["outcome"], answer["error"]) == ("canceled", "Execution canceled by user")


def test_cancel_without_or_with_a_wrong_session_is_400(api: APIClient) -> None:
    assert api.post(f"{V1}/chat/cancel", {}, format="json").status_code == 400
    assert api.post(f"{V1}/chat/cancel", {"session_id": "a b"}, format="json").status_code == 400
    assert api.post(f"{V1}/chat/cancel", "{", content_type="application/json").json()["code"] == "parse_error"


def test_nobody_reaches_into_anothers_session_not_even_staff(
    api: APIClient, user: User, other_user: User, admin: User
) -> None:
    execution = sent(user, "say hidden words")
    message = Message.objects.get()
    for stranger in (client_of(other_user), client_of(admin)):
        assert stranger.get(f"{V1}/chat/sessions/web:chat").status_code == 404
        assert stranger.patch(f"{V1}/chat/sessions/web:chat", {"title": "x"}, format="json").status_code == 404
        assert stranger.delete(f"{V1}/chat/sessions/web:chat").status_code == 404
        fork = {"session_id": "web:chat", "message_id": message.pk}
        assert stranger.post(f"{V1}/chat/fork", fork, format="json").status_code == 404
        assert stranger.post(f"{V1}/chat/cancel", {"session_id": "web:chat"}, format="json").json()["canceled"] == 0
        assert stranger.get(f"{V1}/chat/search?q=hidden").json() == {"messages": []}
        assert stranger.get(f"{V1}/chat/active").json() == []
        assert stranger.get(f"{V1}/chat/sessions").json() == {"sessions": []}
    execution.refresh_from_db()
    assert execution.state == State.QUEUED
    assert len(api.get(f"{V1}/chat/search?q=HIDDEN").json()["messages"]) == 1


@pytest.mark.parametrize("query", ["", "?q=", "?q=%20", "?q=%00", "?q=" + "x" * 201])
def test_a_search_for_nothing_is_400(query: str, api: APIClient) -> None:
    assert api.get(f"{V1}/chat/search{query}").status_code == 400


def test_a_fork_copies_up_to_a_message(api: APIClient, user: User) -> None:
    finished(sent(user, "say one"), "first")
    finished(sent(user, "say two"), "second")
    sent(user, "say unfinished")
    second = Message.objects.get(content="say two")
    body = api.post(f"{V1}/chat/fork", {"session_id": "web:chat", "message_id": second.pk}, format="json").json()
    assert (body["ok"], body["messages_copied"]) == (True, 3)
    assert re.fullmatch(r"web:chat:fork:\d+", body["new_session_id"])
    copies = api.get(f"{V1}/chat/sessions/{body['new_session_id']}").json()["messages"]
    assert [m["content"] for m in copies] == ["say one", "first", "say two"]
    everything = api.post(f"{V1}/chat/fork/", {"session_id": "web:chat", "message_id": 0}, format="json").json()
    assert everything["messages_copied"] == 4
    assert everything["new_session_id"] != body["new_session_id"]
    missing = api.post(f"{V1}/chat/fork", {"session_id": "web:chat", "message_id": 10**9}, format="json")
    assert missing.status_code == 404
    for wrong in (-1, "x", 2**70):
        response = api.post(f"{V1}/chat/fork", {"session_id": "web:chat", "message_id": wrong}, format="json")
        assert response.status_code == 400


def test_models_and_tools(api: APIClient) -> None:
    body = api.get(f"{V1}/models").json()
    assert body["current_model"] == "demo"
    assert body["providers"][0]["models"] == [{"id": "demo", "provider": "demo"}]
    assert body["providers"][0]["is_active"] is True
    assert "read_file" in api.get(f"{V1}/tools/").json()["tools"]


def test_retrying_an_execution_shows_in_its_session(api: APIClient, user: User) -> None:
    execution = sent(user)
    finished(execution, "first")
    execution.refresh_from_db()
    finished(retry(execution, by=user), "second")
    messages = api.get(f"{V1}/chat/sessions/web:chat").json()["messages"]
    assert [m["content"] for m in messages] == ["say hi", "first", "say hi", "second"]
