"""Members of the staff use the staff's pages about runs and chats without further ado; people are for superusers."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

OURS = [
    "executions/execution", "executions/worker", "executions/hold", "executions/ownerlimits", "executions/webhook",
    "executions/auditentry", "chat/session", "chat/message", "chat/token",
]  # fmt: skip


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_user("stan", is_staff=True))
    return client


@pytest.mark.django_db
@pytest.mark.parametrize("model", OURS)
def test_the_staff_opens_what_is_about_runs_and_chats(staff: Client, model: str) -> None:
    assert staff.get(f"/admin/{model}/").status_code == 200
    assert f'href="/admin/{model}/"' in staff.get("/admin/").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("model", ["auth/user", "auth/group"])
def test_people_need_a_permission_of_their_own(staff: Client, model: str) -> None:
    assert staff.get(f"/admin/{model}/").status_code == 403
    assert f'href="/admin/{model}/"' not in staff.get("/admin/").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("fields", [{"is_staff": False}, {"is_staff": True, "is_active": False}])
def test_nobody_else_gets_anything(fields: dict[str, bool]) -> None:
    user = User.objects.create_user("ann", **fields)
    assert not user.has_perm("executions.view_execution")
    assert not user.has_module_perms("executions")
