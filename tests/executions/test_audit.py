"""The audit log: what is recorded, from where, and that nobody can rewrite it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from executions import accounts, audit, audit_pruning, origin, services
from executions.actions import Action
from executions.errors import NotQueued
from executions.models import AuditEntry, Execution
from executions.models.audit import Unchangeable
from executions.origin import Origin
from executions.states import Source
from tests.executions.api.conftest import client_of, make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_entries_of_fixtures(user: User, other_user: User, admin: User) -> None:
    """Users that fixtures make are recorded as well; with them gone, a test sees only its own."""
    with audit_pruning.opened(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM executions_auditentry")
    accounts._failures._levels.clear()


def only() -> AuditEntry:
    return AuditEntry.objects.get()


def refused() -> Any:
    return pytest.raises(DatabaseError, match="neither be changed nor removed")


def test_a_start_is_recorded_with_its_owner_and_what_it_started(user: User) -> None:
    execution = services.start(owner=user, prompt="say hi", session_id="web:chat")
    entry = only()
    assert (entry.action, entry.kind, entry.object_id) == ("started", "execution", str(execution.pk))
    assert (entry.actor_id, entry.actor_name, entry.owner_id, entry.others) == (user.pk, "ada", user.pk, False)
    assert entry.details == {"agent": "demo", "model": "demo", "session": "web:chat"}
    assert abs(entry.at - timezone.now()) < timedelta(seconds=5)


def test_what_is_rolled_back_leaves_no_entry(user: User) -> None:
    execution = make(user, "running")
    with pytest.raises(NotQueued):
        services.set_priority(execution, 5, by=user)
    with transaction.atomic():
        services.start(owner=user, prompt="say hi")
        transaction.set_rollback(True)
    assert not AuditEntry.objects.exists()


def test_a_stop_by_staff_of_anothers_run_says_whose_it_is_and_why(user: User, admin: User) -> None:
    execution = make(user, "running")
    services.cancel_one(execution.pk, by=admin, reason="maintenance")
    entry = only()
    assert (entry.action, entry.actor_name, entry.owner_name, entry.others) == ("stopped", "admin", "ada", True)
    assert entry.details == {"state": "running", "reason": "maintenance"}


def test_a_stop_of_many_is_one_entry_that_names_them(user: User, other_user: User, admin: User) -> None:
    ids = [make(user).pk, make(other_user, "running").pk, make(user, "finished").pk]
    services.cancel(Execution.objects.all(), by=admin)
    entry = only()
    assert (entry.count, entry.object_id, entry.owner_id, entry.others) == (2, "", None, True)
    assert entry.details == {"ids": ids[:2], "owners": 2}


def test_a_stop_that_stops_nothing_is_not_recorded(user: User) -> None:
    execution = make(user, "running")
    services.cancel_one(execution.pk, by=user)
    services.cancel_one(execution.pk, by=user)
    services.cancel(Execution.objects.filter(pk=make(user, "finished").pk), by=user)
    assert AuditEntry.objects.count() == 1


def test_a_retry_by_staff_is_theirs_and_names_the_first_run(user: User, admin: User) -> None:
    first = make(user, "finished")
    again = services.retry(first, by=admin)
    entry = only()
    assert (entry.action, entry.object_id, entry.actor_name, entry.others) == ("retried", str(again.pk), "admin", True)
    assert entry.details["retry_of"] == first.pk


def test_answers_priorities_and_deletions_are_recorded(user: User) -> None:
    question = {"question_id": "q1", "kind": "question", "questions": []}
    waiting, queued = make(user, "waiting", question=question), make(user, priority=1)
    services.answer(waiting.pk, question_id="q1", answer={"answers": {"Which?": "this"}}, by=user)
    services.set_priority(queued, 7, by=user)
    services.delete(make(user, "finished"), by=user)
    answered, moved, deleted = AuditEntry.objects.order_by("pk")
    assert (answered.action, answered.details) == ("answered", {"question_id": "q1"})
    assert (moved.action, moved.details) == ("priority_changed", {"changes": {"priority": [1, 7]}})
    assert deleted.action == "deleted"


def test_a_request_is_recorded_with_its_address_its_client_and_its_token(user: User) -> None:
    client = Client(REMOTE_ADDR="192.0.2.7", HTTP_USER_AGENT="test/1")
    client.force_login(user)
    execution = make(user)
    client.post("/activity/stop", {"ids": execution.pk})
    entry = AuditEntry.objects.get(action="stopped")
    assert (entry.source, entry.address, entry.client) == ("page", "192.0.2.7", "test/1")
    assert entry.request_id
    from chat import tokens

    _, token = tokens.create(user, "CI")
    program = APIClient(REMOTE_ADDR="192.0.2.8", HTTP_AUTHORIZATION=f"Bearer {token}")
    assert program.post("/api/v1/executions/", {"prompt": "say hi"}, format="json").status_code == 201
    entry = AuditEntry.objects.get(action="started")
    assert (entry.source, entry.address, entry.details["by_token"]) == ("api", "192.0.2.8", "CI")


def test_a_forwarded_address_counts_only_behind_a_proxy_of_ours(user: User, settings: Any) -> None:
    client = client_of(user)
    client.post("/api/v1/executions/", {"prompt": "say hi"}, format="json", HTTP_X_FORWARDED_FOR="203.0.113.9")
    assert only().address == "127.0.0.1"
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": 1}
    client.post("/api/v1/executions/", {"prompt": "say hi"}, format="json", HTTP_X_FORWARDED_FOR="203.0.113.9")
    assert AuditEntry.objects.first().address == "203.0.113.9"  # type: ignore[union-attr]


def test_what_nobody_has_asked_for_over_the_net_is_a_command_with_its_systems_user(user: User) -> None:
    services.cancel(Execution.objects.filter(pk=make(user).pk), by=None, source=Source.COMMAND)
    entry = only()
    assert (entry.source, entry.actor_name, entry.address) == ("command", "", "")
    assert "@" in entry.client


def test_whoever_is_signed_in_acts_where_nothing_else_is_said(admin: User) -> None:
    with origin.coming_from(lambda: Origin("admin", "192.0.2.1", "browser", admin)):
        audit.record(Action.QUEUE_HELD, kind="queue")
    assert only().actor_name == "admin"


@pytest.mark.parametrize("text", ["a\0b", "half \ud83d an emoji", "x" * 5_000, "日本語 🙂"])
def test_any_text_can_be_recorded(user: User, text: str) -> None:
    audit.record(Action.STARTED, by=user, note=text)
    assert len(only().details["note"]) <= audit.MAX_TEXT_CHARS


# Accounts ------------------------------------------------------------------------------------------------------------


def test_signing_in_and_out_is_recorded_by_page_and_by_api(user: User) -> None:
    client = Client()
    given = {"username": "ada", "password": "correct horse battery"}
    client.post("/login", given)
    client.post("/logout")
    token = APIClient().post("/api/v1/auth/login", given).json()["token"]
    APIClient(HTTP_AUTHORIZATION=f"Bearer {token}").post("/api/v1/auth/logout")
    found = AuditEntry.objects.order_by("pk").values_list("action", "source", "details__how", "security")
    assert list(found) == [
        ("signed_in", "page", "session", True),
        ("signed_out", "page", "session", True),
        ("signed_in", "api", "token", True),
        ("signed_out", "api", "token", True),
    ]
    assert AuditEntry.objects.security_of(user).count() == 4


def test_a_failed_sign_in_keeps_neither_the_password_nor_the_name_of_nobody(user: User) -> None:
    for name in ("ada", "hunter2-typed-in-the-wrong-field"):
        APIClient().post("/api/v1/auth/login", {"username": name, "password": "hunter2-the-password"})
    known, unknown = AuditEntry.objects.order_by("pk")
    assert (known.action, known.owner_name, known.actor_name) == ("sign_in_failed", "ada", "")
    assert (unknown.owner_id, unknown.details) == (None, {"name": "unknown"})
    assert "hunter2" not in str(list(AuditEntry.objects.values()))


def test_failed_sign_ins_are_bounded_and_those_left_out_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "FAILURES_PER_MINUTE", 2)
    for _ in range(5):
        accounts._failed(None, {"username": "ada"})
    assert AuditEntry.objects.count() == 2
    accounts._failures._levels.clear()
    accounts._failed(None, {"username": "ada"})
    assert AuditEntry.objects.values_list("count", flat=True)[0] == 4


def test_passwords_and_rights_are_recorded_as_old_and_new_without_the_password(user: User, admin: User) -> None:
    user.set_password("another long password")
    user.save()
    user.is_staff = True
    user.save()
    user.first_name = "Ada"
    user.save()
    user.check_password("another long password")
    changed, rights = AuditEntry.objects.order_by("pk")
    assert changed.action == "password_changed"
    assert rights.details == {"changes": {"is_staff": [False, True]}}
    assert "password" not in str(changed.details)


def test_tokens_are_recorded_by_what_they_begin_with(user: User) -> None:
    from chat import tokens

    row, text = tokens.create(user, "CI", "read", 7)
    tokens.end(user, row.pk)
    made, ended = AuditEntry.objects.order_by("pk")
    assert made.details == {"name": "CI", "beginning": row.beginning, "scope": "read", "days": 7}
    assert ended.action == "token_ended"
    assert text not in str(list(AuditEntry.objects.values()))


def test_deleting_a_user_neither_fails_nor_alters_an_entry(user: User, admin: User) -> None:
    services.start(owner=user, prompt="say hi")
    before = list(AuditEntry.objects.values())
    user.delete()
    *rest, gone = AuditEntry.objects.order_by("pk").values()
    assert rest == before
    assert (gone["action"], gone["owner_name"]) == ("user_deleted", "ada")


# Nobody edits --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    ["UPDATE executions_auditentry SET actor_name = 'eve'", "DELETE FROM executions_auditentry"],
)
def test_the_database_itself_refuses_to_change_or_remove_an_entry(user: User, statement: str) -> None:
    services.start(owner=user, prompt="say hi")
    with refused(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert only().actor_name == "ada"


def test_an_opened_guard_lets_entries_be_removed_but_never_changed(user: User) -> None:
    services.start(owner=user, prompt="say hi")
    with refused(), audit_pruning.opened(), connection.cursor() as cursor:
        cursor.execute("UPDATE executions_auditentry SET actor_name = 'eve'")
    assert only().actor_name == "ada"


def test_postgresql_refuses_to_truncate_it(user: User) -> None:
    if connection.vendor != "postgresql":
        return  # SQLite has no such statement
    with refused(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE executions_auditentry")


def test_models_refuse_before_the_database_does(user: User) -> None:
    services.start(owner=user, prompt="say hi")
    entry = only()
    for act in (entry.save, entry.delete, AuditEntry.objects.all().delete, lambda: AuditEntry.objects.update(count=2)):
        with pytest.raises(Unchangeable):
            act()


def test_pruning_removes_the_old_ones_and_is_recorded(user: User) -> None:
    for _ in range(3):
        services.start(owner=user, prompt="say hi")
    (*_, last) = audit_pruning.prune(timezone.now() + timedelta(minutes=1))
    assert last == 3
    assert only().action == "log_pruned"
    services.start(owner=user, prompt="say hi")
    list(audit_pruning.prune(timezone.now() - timedelta(days=1)))
    assert AuditEntry.objects.count() == 2
    assert list(audit_pruning.prune(timezone.now() - timedelta(days=1))) == []


def test_what_is_pruned_is_said_by_an_entry_that_stays(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_pruning, "BATCH", 2)
    for _ in range(5):
        services.start(owner=user, prompt="say hi")
    before = AuditEntry.objects.latest("pk").at + timedelta(milliseconds=1)
    list(audit_pruning.prune(before))
    pruned = AuditEntry.objects.get()
    assert (pruned.action, pruned.count, pruned.details) == ("log_pruned", 5, {"before": before.isoformat()})


def test_recording_takes_one_statement(user: User, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        audit.record(Action.STARTED, by=user, kind="execution", object_id=1, owner=user)
    with django_assert_num_queries(1):
        audit.record(Action.STARTED, by=user, kind="execution", object_id=1, owner=user.pk)
