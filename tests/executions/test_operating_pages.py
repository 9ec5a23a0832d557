"""The operator's pages: the audit log, the queue, workers and limits for staff; what everybody sees of them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from executions import audit, holding, owner_limits, services
from executions.actions import Action
from executions.models import AuditEntry, Execution, Hold, OwnerLimits, Worker
from tests.executions.api.conftest import make
from tests.executions.handmade import HandmadeWorker

pytestmark = pytest.mark.django_db
LOG = "/admin/executions/auditentry/"
QUEUE = "/admin/executions/hold/"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def page(admin: User) -> Client:
    return signed_in(admin)


# The audit log -------------------------------------------------------------------------------------------------------


def test_the_log_can_be_read_narrowed_and_searched_and_by_nobody_changed(page: Client, user: User) -> None:
    execution = services.start(owner=user, prompt="say hi")
    audit.record(Action.STOPPED, by=user, kind="execution", count=2, ids=[1, 2], reason="<script>alert(1)</script>")
    for query in ("", "?action=started", "?days=7", "?others__exact=1", f"?q={execution.pk}", "?q=ada", "?q=192.0.2.1"):
        assert page.get(LOG + query).status_code == 200, query
    content = page.get(f"{LOG}?action=stopped").content.decode()
    assert "<script>alert" not in content
    entry = AuditEntry.objects.get(action="started")
    shown = page.get(f"{LOG}{entry.pk}/change/").content.decode()
    assert f"/admin/executions/execution/{execution.pk}/change/" in shown
    assert 'name="_save"' not in shown
    for act in ("add/", f"{entry.pk}/delete/"):
        assert page.post(LOG + act, {"post": "yes"}).status_code == 403
    page.post(f"{LOG}{entry.pk}/change/", {"actor_name": "eve"})
    page.post(LOG, {"action": "delete_selected", "_selected_action": [entry.pk], "post": "yes"})
    assert AuditEntry.objects.get(pk=entry.pk).actor_name == "ada"


def test_a_page_of_the_log_needs_few_queries_however_long_it_is(
    page: Client, user: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(60):
        audit.record(Action.STARTED, by=user, kind="execution", object_id=number, owner=user)
    with django_assert_max_num_queries(8):
        page.get(f"{LOG}?action=started")


def test_who_is_not_of_the_staff_reads_no_log(user: User) -> None:
    assert signed_in(user).get(LOG).headers["Location"].startswith("/admin/login/")


# The queue -----------------------------------------------------------------------------------------------------------


def test_the_panic_button_shows_what_it_would_stop_and_asks_then_holds_and_stops(page: Client, user: User) -> None:
    running, queued = make(user, "running"), make(user)
    asked = page.get(f"{QUEUE}panic/").content.decode()
    assert "1 run (1 running)" in asked
    assert not Hold.objects.exists()
    done = page.post(f"{QUEUE}panic/", {"agent": "", "stop": "on", "reason": "it goes wild"}, follow=True)
    content = done.content.decode()
    assert "1 run is told to stop" in content
    assert "held by admin" in content
    running.refresh_from_db()
    queued.refresh_from_db()
    assert (running.cancel_source, running.cancel_reason, queued.state) == ("admin", "it goes wild", "queued")


def test_a_release_queues_again_what_was_stopped_when_asked_to(page: Client, user: User) -> None:
    worker, execution = HandmadeWorker(), make(user)
    worker.claim(1)
    page.post(f"{QUEUE}panic/", {"stop": "on"})
    worker.finish(execution.pk, "canceled")
    (held,) = holding.in_force()
    address = f"{QUEUE}{held.pk}/release/"
    assert "Queue again the run" in page.get(address).content.decode()
    done = page.post(address, {"requeue": "1"}, follow=True).content.decode()
    assert "1 run was queued again" in done
    assert Execution.objects.queued().get().retry_of_id == execution.pk
    assert "not held" in page.post(address, follow=True).content.decode()


def test_only_staff_holds_the_queue(user: User) -> None:
    signed_in(user).post(f"{QUEUE}panic/", {"stop": "on"})
    assert not Hold.objects.exists()
    user.is_staff = True
    user.save()
    assert signed_in(user).post(f"{QUEUE}panic/", {}).status_code == 302
    assert Hold.objects.exists()


@pytest.mark.parametrize("address", ["/", "/activity", "/history", "/settings", "/activity/held"])
def test_every_page_says_who_holds_the_queue_and_why(admin: User, user: User, address: str) -> None:
    client = signed_in(user)
    assert "is held" not in client.get(address).content.decode()
    holding.hold(by=admin, reason="<b>maintenance</b>")
    content = client.get(address).content.decode()
    assert "The queue is held by admin since" in content
    assert "&lt;b&gt;maintenance&lt;/b&gt;" in content


def test_the_dashboard_says_so_too_and_leads_to_both(page: Client, admin: User) -> None:
    assert f"{QUEUE}panic/" in page.get("/admin/").content.decode()
    held, _ = holding.hold(by=admin, agent="demo")
    content = page.get("/admin/").content.decode()
    assert "The queue of demo is held by admin" in content
    assert f"{QUEUE}{held.pk}/release/" in content


# Workers -------------------------------------------------------------------------------------------------------------


def test_workers_are_drained_and_resumed_from_their_list(page: Client, admin: User) -> None:
    worker = HandmadeWorker()
    chosen = {"_selected_action": [worker.id]}
    page.post("/admin/executions/worker/", {"action": "drain", **chosen})
    assert Worker.objects.get().draining_at is not None
    assert "drained" in page.get("/admin/executions/worker/").content.decode()
    page.post("/admin/executions/worker/", {"action": "resume", **chosen})
    assert Worker.objects.get().draining_at is None
    assert AuditEntry.objects.filter(kind="worker", source="admin", actor_name="admin").count() == 2


# Limits --------------------------------------------------------------------------------------------------------------


def save_user(page: Client, user: User, **limits: Any) -> Any:
    form = {
        "username": user.username, "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00", "is_active": "on",
        "limits-TOTAL_FORMS": "1", "limits-INITIAL_FORMS": str(OwnerLimits.objects.filter(owner=user).count()),
        "limits-0-owner": user.pk, "limits-0-may_start": "on",
        **{f"limits-0-{name}": value for name, value in limits.items()},
    }  # fmt: skip
    return page.post(f"/admin/auth/user/{user.pk}/change/", form, follow=True)


def test_limits_are_changed_on_the_users_page_and_that_is_recorded(page: Client, user: User) -> None:
    assert save_user(page, user, max_running="3").status_code == 200
    assert save_user(page, user, max_running="4", usd_per_day="1.5").status_code == 200
    assert owner_limits.limits_of(user).max_running == 4
    entries = AuditEntry.objects.filter(action="limits_changed").order_by("pk")
    assert [entry.details["changes"]["max_running"] for entry in entries] == [[None, 3], [3, 4]]
    assert "ada" in page.get("/admin/executions/ownerlimits/").content.decode()


def test_saving_a_user_without_limits_makes_none(page: Client, user: User) -> None:
    save_user(page, user)
    assert not OwnerLimits.objects.exists()


def test_making_a_user_inactive_says_what_they_have_left_and_all_of_it_can_be_stopped(page: Client, user: User) -> None:
    make(user, "running")
    form = {
        "username": "ada", "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00",
        "limits-TOTAL_FORMS": "0", "limits-INITIAL_FORMS": "0",
    }  # fmt: skip
    done = page.post(f"/admin/auth/user/{user.pk}/change/", form, follow=True).content.decode()
    assert "1 run (1 running)" in done
    asked = page.post("/admin/auth/user/", {"action": "stop_runs", "_selected_action": [user.pk]}).content.decode()
    assert 'name="ids"' in asked


def test_a_user_sees_own_limits_and_recent_sign_ins_and_nobody_elses(user: User, other_user: User) -> None:
    owner_limits.change(user, {"usd_per_day": 7}, by=None)
    client = Client(REMOTE_ADDR="192.0.2.7")
    client.post("/login", {"username": "ada", "password": "correct horse battery"})
    Client(REMOTE_ADDR="192.0.2.66").post("/login", {"username": "bob", "password": "staple battery horse"})
    content = client.get("/settings").content.decode()
    assert "192.0.2.7" in content
    assert "192.0.2.66" not in content
    assert "$7.00" in content
