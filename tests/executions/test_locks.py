"""One project, one active execution: the second queues, or is refused when that is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db import IntegrityError, connections, transaction

from chat import services as chat_services
from executions import attachments, leases, services
from executions.claiming import claim
from executions.errors import ClaudeMissing, InvalidInput, InvalidProject, ProjectBusy, UnknownImage
from executions.models import Execution
from executions.states import State
from tests.executions.test_attachments import image

pytestmark = pytest.mark.django_db(transaction=True)
Begin = Callable[..., Execution]


@pytest.fixture
def worker() -> str:
    """A worker's id, alive."""
    return str(leases.register(10, ()))


@pytest.fixture
def begin(settings: Any, tmp_path: Path, user: User) -> Begin:
    """Start an execution of the agent `claude` in one of two projects; the CLI is not run here."""
    for name in ("one", "two"):
        (tmp_path / "projects" / name).mkdir(parents=True)
    settings.EXECUTIONS = {
        **settings.EXECUTIONS, "HOME": tmp_path / "home", "PROJECT_ROOTS": (tmp_path / "projects",),
        "CLAUDE_CLI": "/bin/true",
    }  # fmt: skip

    def begin(project: str = "one", owner: User = user, session: str = "", **given: Any) -> Execution:
        options = {"project": str(tmp_path / "projects" / project), **given.pop("options", {})}
        return services.start(
            owner=owner, prompt="Do it.", agent="claude", session_id=session, options=options, **given
        )

    return begin


def claimed(worker: str) -> list[int]:
    return [execution.pk for execution in claim(worker, 10)]


def test_of_two_in_a_project_the_second_queues(begin: Begin, worker: str, other_user: User) -> None:
    first, second, elsewhere = begin(), begin(owner=other_user), begin("two")
    assert claimed(worker) == [first.pk, elsewhere.pk]
    assert claimed(worker) == []
    Execution.objects.filter(pk=first.pk).update(state=State.WAITING)
    assert claimed(worker) == []  # it still has the project to itself while it waits for an answer
    services.cancel(Execution.objects.filter(pk=first.pk), by=None)
    assert claimed(worker) == []  # and until its cancellation is confirmed
    leases.finish_left_behind(worker, {})
    Execution.objects.filter(pk=first.pk).delete()
    assert claimed(worker) == [second.pk]


def test_the_database_itself_allows_one_active_execution_in_a_project(begin: Begin, worker: str) -> None:
    first, second = begin(), begin()
    assert claimed(worker) == [first.pk]
    with pytest.raises(IntegrityError), transaction.atomic():
        Execution.objects.claim([second.pk], worker)


def test_a_start_that_does_not_queue_is_refused_while_the_project_is_busy(begin: Begin) -> None:
    rejecting = {"options": {"on_busy_project": "reject"}}
    begin(**rejecting)
    with pytest.raises(ProjectBusy) as refused:
        begin(**rejecting)
    assert (refused.value.code, refused.value.status) == ("project_busy", 409)
    begin("two", **rejecting)
    begin()
    assert Execution.objects.count() == 3


def test_two_links_to_one_directory_are_one_project(begin: Begin, worker: str, tmp_path: Path) -> None:
    (tmp_path / "projects" / "link").symlink_to(tmp_path / "projects" / "one")
    first, _ = begin("one"), begin("link")
    assert claimed(worker) == [first.pk]


def test_a_bad_request_is_refused_before_anything_is_stored(
    begin: Begin, other_user: User, settings: Any, tmp_path: Path
) -> None:
    foreign = attachments.save_image(other_user, "photo", image())
    for error, options in [
        (InvalidProject, {"project": "/etc"}),
        (InvalidProject, {"project": None}),
        (UnknownImage, {"images": [foreign]}),
        (InvalidInput, {"on_busy_project": "interrupt"}),
        (InvalidInput, {"resume": "--help"}),
    ]:
        with pytest.raises(error):
            begin(options=options)
    settings.EXECUTIONS = {**settings.EXECUTIONS, "CLAUDE_CLI": "/nonexistent"}
    with pytest.raises(ClaudeMissing):
        begin()
    assert not Execution.objects.exists()


def test_images_are_for_agents_that_can_look_at_them(user: User) -> None:
    image_id = attachments.save_image(user, "photo", image())
    with pytest.raises(InvalidInput, match="images"):
        services.start(owner=user, prompt="say hi", agent="demo", options={"images": [image_id]})


def test_images_belong_to_the_execution_and_to_its_retry(begin: Begin, user: User, worker: str) -> None:
    image_id = attachments.save_image(user, "photo", image())
    execution = begin(options={"images": [image_id]})
    assert attachments.find(user, image_id).execution_id == execution.pk
    services.cancel(Execution.objects.filter(pk=execution.pk), by=user)
    again = services.retry(Execution.objects.get(pk=execution.pk), by=user)
    assert again.options["images"] == [image_id]
    assert attachments.find(user, image_id).execution_id == again.pk


def test_a_conversation_has_one_name_for_session_and_project(begin: Begin, other_user: User) -> None:
    first = begin(session="web:chat")
    assert first.agent_session
    assert begin(session="web:chat").agent_session == first.agent_session
    names = [begin("two", session="web:chat"), begin(session="web:other"), begin()]
    names.append(begin(session="web:chat", owner=other_user))
    assert len({e.agent_session for e in (first, *names)}) == 5


def test_a_session_is_resumed_by_its_owner_only(begin: Begin, other_user: User) -> None:
    first = begin(session="web:chat")
    resumed = begin(session="web:later", options={"resume": first.agent_session})
    assert resumed.agent_session == first.agent_session
    foreign = begin(owner=other_user, options={"resume": first.agent_session})
    assert foreign.agent_session not in ("", first.agent_session)


async def test_starts_at_the_same_moment_do_not_both_get_the_project(begin: Begin) -> None:
    def begin_in_a_thread() -> Execution:
        try:
            return begin(options={"on_busy_project": "reject"})
        finally:
            connections.close_all()  # the threads live on, and PostgreSQL drops no database that they have open

    start = sync_to_async(begin_in_a_thread, thread_sensitive=False)
    found = await asyncio.gather(*(start() for _ in range(6)), return_exceptions=True)
    assert sum(isinstance(one, Execution) for one in found) == 1
    assert sum(isinstance(one, ProjectBusy) for one in found) == 5


def test_a_deleted_session_is_not_continued(begin: Begin, user: User) -> None:
    first = begin(session="web:chat")
    chat_services.delete_session(user, "web:chat")
    assert begin(session="web:chat").agent_session != first.agent_session
