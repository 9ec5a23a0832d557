"""Start, cancel, answer, retry, priority."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.test import APIClient

from executions import services
from executions.models import Execution
from executions.services import CancelReport
from tests.executions.api.conftest import URL, make


def post(api: APIClient, path: str, data: Any) -> Any:
    return api.post(URL + path, data, format="json")


def test_starting_answers_201_with_where_it_is(api: APIClient, user: User) -> None:
    response = post(api, "", {"prompt": "say hi", "session_id": "web:chat", "priority": 3, "unknown": 1})
    data = response.json()
    assert response.status_code == 201
    assert (data["state"], data["owner"], data["priority"], data["agent"]) == ("queued", "ada", 3, "demo")
    assert api.get(response.headers["Location"]).json()["id"] == data["id"]


@pytest.mark.parametrize("path", ["", "cancel", "{}/cancel", "{}/answer", "{}/retry", "{}/priority"])
def test_no_post_is_ever_redirected(api: APIClient, user: User, path: str) -> None:
    path = (URL + path.format(make(user).pk)).rstrip("/")
    for address in (path, path + "/"):
        assert api.post(address, {}, format="json").status_code in (200, 201, 400, 409)


@pytest.mark.parametrize(
    ("body", "code", "status"),
    [
        ({}, "invalid", 400),
        ({"prompt": ""}, "invalid", 400),
        ({"prompt": " \n"}, "invalid", 400),
        ({"prompt": 5.5, "session_id": "a/b"}, "invalid", 400),
        ({"prompt": "hi", "model": "gpt-9"}, "unknown_model", 400),
        ({"prompt": "hi", "agent": "nobody"}, "unknown_agent", 400),
        ({"prompt": "hi", "on_busy": "wait"}, "invalid", 400),
        ({"prompt": "hi", "session_id": "web:busy", "on_busy": "reject"}, "session_busy", 409),
        ({"prompt": "hi", "priority": 10**30}, "invalid", 400),
        ({"prompt": "hi", "options": [1]}, "invalid", 400),
        ({"prompt": "hi", "limits": {"wall_seconds": -1}}, "invalid", 400),
        ({"prompt": ["hi"]}, "invalid", 400),
        ({"prompt": None}, "invalid", 400),
        ([], "invalid", 400),
        ("text", "invalid", 400),
        (None, "invalid", 400),
    ],
)
def test_a_start_that_is_wrong_stores_nothing_and_says_what_is_wrong(
    api: APIClient, user: User, body: Any, code: str, status: int
) -> None:
    make(user, "running", session_id="web:busy")
    response = post(api, "", body)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.json()["detail"] == response.json()["error"] != ""
    assert Execution.objects.count() == 1


def test_canceling_a_queued_one_finishes_it_at_once(api: APIClient, user: User) -> None:
    execution = make(user)
    data = post(api, f"{execution.pk}/cancel/", {"reason": "typo"}).json()
    assert (data["canceled"], data["requested"], data["message"]) == (1, 0, "Canceled.")
    assert data["execution"]["outcome"] == "canceled"
    assert data["execution"]["cancel"]["reason"] == data["execution"]["receipt"]["reason"] == "typo"


def test_one_that_is_deleted_while_it_is_canceled_is_not_found(
    api: APIClient, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    execution = make(user)
    cancel_one = services.cancel_one

    def cancel_and_lose(*args: Any, **kwargs: Any) -> CancelReport:
        report = cancel_one(*args, **kwargs)
        Execution.objects.filter(pk=execution.pk).delete()
        return report

    monkeypatch.setattr(services, "cancel_one", cancel_and_lose)
    response = post(api, f"{execution.pk}/cancel/", {})
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_canceling_a_running_one_tells_its_worker_once(api: APIClient, user: User) -> None:
    execution = make(user, "running")
    first = post(api, f"{execution.pk}/cancel/", {}).json()
    assert (first["canceled"], first["requested"], first["execution"]["status"]) == (0, 1, "stopping")
    second = post(api, f"{execution.pk}/cancel/", None).json()
    assert (second["canceled"], second["requested"]) == (0, 0)
    assert "already" in second["message"]


def test_canceling_too_late_says_how_it_ended(api: APIClient, user: User) -> None:
    execution = make(user, "finished")
    response = post(api, f"{execution.pk}/cancel/", {"wait": 5})
    assert response.status_code == 200
    assert response.json()["canceled"] == response.json()["requested"] == 0
    assert "already finished: succeeded" in response.json()["message"]


@pytest.mark.parametrize(
    "body", [{"reason": "x" * 501}, {"reason": ["x"]}, {"wait": 31}, {"wait": "long"}, {"wait": -1}]
)
def test_a_cancel_that_is_wrong_cancels_nothing(api: APIClient, user: User, body: Any) -> None:
    execution = make(user)
    assert post(api, f"{execution.pk}/cancel/", body).status_code == 400
    assert Execution.objects.get().state == "queued"


def test_canceling_by_ids_reports_those_that_one_cannot_see(api: APIClient, user: User, other_user: User) -> None:
    theirs, queued, running = make(other_user), make(user), make(user, "running")
    done, stopping = make(user, "finished"), make(user, "running", cancel_requested_at=timezone.now())
    ids = [theirs.pk, queued.pk, queued.pk, running.pk, done.pk, stopping.pk, 2**62]
    data = post(api, "cancel/", {"ids": ids, "reason": "all of it"}).json()
    assert data == {
        "canceled": 1, "requested": 1, "already_requested": 1, "already_finished": 1, "not_found": [theirs.pk, 2**62],
        "message": "1 canceled, 1 told to stop, 1 told to stop before, 1 already finished, 2 not found.",
    }  # fmt: skip
    theirs.refresh_from_db()
    assert theirs.state == "queued"


def test_canceling_by_filter_takes_the_lists_filters(api: APIClient, user: User) -> None:
    one, two, other = make(user, session_id="a"), make(user, session_id="a"), make(user, session_id="b")
    data = post(api, "cancel", {"filter": {"session_id": "a", "status": ["queued", "running"]}}).json()
    assert data["canceled"] == 2
    assert set(Execution.objects.finished().values_list("pk", flat=True)) == {one.pk, two.pk}
    other.refresh_from_db()
    assert other.state == "queued"


def test_canceling_all_leaves_other_peoples_alone(api: APIClient, user: User, other_user: User) -> None:
    make(other_user)
    make(user)
    make(user, "running")
    data = post(api, "cancel", {"all": True}).json()
    assert (data["canceled"], data["requested"]) == (1, 1)
    assert Execution.objects.queued().count() == 1
    assert post(api, "cancel", {"all": True, "reason": ""}).json()["canceled"] == 0


@pytest.mark.parametrize(
    "body",
    [{}, [], None, {"all": False}, {"ids": []}, {"filter": {}}, {"all": True, "ids": [1]}, {"ids": ["1"]},
     {"ids": [True]}, {"ids": [1.5]}, {"ids": "1"}, {"ids": [10**30]}, {"ids": [-1]}, {"ids": [[1]]}, {"ids": {"a": 1}},
     {"filter": {"sesion_id": "a"}}, {"filter": {"session_id": ["a"]}}, {"filter": {"status": []}},
     {"filter": {"session_id": ""}}, {"filter": {"session_id": None}}, {"filter": {"status": "flying"}},
     {"filter": [1]}, {"filter": "all"}, {"all": "maybe"}, {"ids": list(range(1, 10_002))}],
)  # fmt: skip
def test_a_cancel_of_many_that_is_not_clear_cancels_nothing(api: APIClient, user: User, body: Any) -> None:
    make(user)
    response = post(api, "cancel/", body)
    assert response.status_code == 400, response.json()
    assert Execution.objects.get().state == "queued"


def test_ten_thousand_ids_are_canceled_in_one_request(api: APIClient, user: User) -> None:
    Execution.objects.bulk_create(Execution(owner=user, agent="demo", model="demo", prompt="x") for _ in range(2_000))
    first = Execution.objects.earliest("pk").pk
    data = post(api, "cancel/", {"ids": list(range(first, first + 10_000))}).json()
    assert data["canceled"] == 2_000
    assert len(data["not_found"]) == 8_000


def test_an_answer_sets_a_waiting_one_going(api: APIClient, user: User) -> None:
    execution = make(user, "waiting", question={"question_id": "q1", "kind": "question"}, worker=None)
    response = post(api, f"{execution.pk}/answer/", {"question_id": "q1", "answers": {"Which?": "this"}})
    assert response.json()["state"] == "running"
    again = post(api, f"{execution.pk}/answer/", {"question_id": "q1", "answer": {"answers": {"Which?": "that"}}})
    assert (again.status_code, again.json()["code"]) == (409, "not_waiting")
    execution.refresh_from_db()
    assert execution.answer == {"answers": {"Which?": "this"}}


def test_a_plan_is_approved_or_rejected_with_a_comment(api: APIClient, user: User) -> None:
    execution = make(user, "waiting", question={"question_id": "q1", "kind": "plan"})
    body = {"question_id": "q1", "approved": False, "comment": "not yet"}
    assert post(api, f"{execution.pk}/answer/", body).status_code == 200
    execution.refresh_from_db()
    assert execution.answer == {"approved": False, "comment": "not yet"}


@pytest.mark.parametrize(
    "body",
    [{}, {"question_id": "q1"}, {"answers": {"a": "b"}}, {"question_id": "q1", "answers": []},
     {"question_id": "q1", "answers": {"a": 5}}, {"question_id": "q1", "answer": "yes"},
     {"question_id": ["q1"], "approved": True}, {"question_id": "q1", "approved": "perhaps"}],
)  # fmt: skip
def test_an_answer_that_is_wrong_leaves_it_waiting(api: APIClient, user: User, body: Any) -> None:
    execution = make(user, "waiting", question={"question_id": "q1", "kind": "question"})
    response = post(api, f"{execution.pk}/answer/", body)
    assert response.status_code == 400, response.json()
    execution.refresh_from_db()
    assert execution.state == "waiting"


def test_a_retry_is_a_new_execution_of_the_same_request(api: APIClient, user: User) -> None:
    execution = make(user, "finished", "failed", prompt="say again", session_id="web:chat")
    response = post(api, f"{execution.pk}/retry/", {})
    assert response.status_code == 201
    data = response.json()
    assert (data["prompt"], data["session_id"], data["retry_of"]) == ("say again", "web:chat", execution.pk)
    assert post(api, f"{data['id']}/retry/", {}).json()["code"] == "not_finished"


def test_only_a_queued_one_can_be_moved(api: APIClient, user: User) -> None:
    queued, running = make(user), make(user, "running")
    assert post(api, f"{queued.pk}/priority/", {"priority": 7}).json()["priority"] == 7
    assert post(api, f"{running.pk}/priority/", {"priority": 7}).status_code == 409
    for wrong in (101, -101, "high", None, [], 10**30):
        assert post(api, f"{queued.pk}/priority/", {"priority": wrong}).status_code == 400
