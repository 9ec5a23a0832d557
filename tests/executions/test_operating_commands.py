"""The operator's commands: hold, release, drain, resume, limits, audit, prune-audit."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import User

from executions import owner_limits, services
from executions.models import AuditEntry, Execution, Hold, Worker
from tests.executions.api.conftest import make
from tests.executions.handmade import HandmadeWorker
from tests.executions.test_commands import run

pytestmark = pytest.mark.django_db


def test_the_queue_is_held_and_released_and_each_says_what_it_did(user: User) -> None:
    assert run("hold", "--reason", "maintenance")[:2] == (
        0, "The queue is held. Release it with: manage.py executions release\n",
    )  # fmt: skip
    code, out, _ = run("hold")
    assert (code, "already, by a command since" in out) == (0, True)
    assert run("release") == (0, "The queue is released.\n", "")
    code, _, said = run("release")
    assert (code, "not held" in said) == (1, True)
    assert Hold.objects.get().reason == "maintenance"


def test_stopping_everything_asks_where_somebody_can_answer_and_refuses_where_nobody_can(user: User) -> None:
    make(user, "running")
    code, _, said = run("hold", "--stop")
    assert (code, "would stop 1 run (1 running)" in said) == (2, True)
    assert not Hold.objects.exists()
    code, out, _ = run("hold", "--stop", "--yes")
    assert (code, "1 told to stop" in out) == (0, True)


def test_a_stop_that_is_not_confirmed_in_time_has_an_exit_status_of_its_own(user: User) -> None:
    make(user, "running")
    assert run("hold", "--stop", "--yes", "--wait", "0.2")[0] == 3


def test_what_was_stopped_is_queued_again_and_what_can_not_be_is_named(user: User, other_user: User) -> None:
    worker, mine, others = HandmadeWorker(), make(user), make(other_user)
    worker.claim(2)
    run("hold", "--stop", "--yes")
    for pk in (mine.pk, others.pk):
        worker.finish(pk, "canceled")
    owner_limits.change(other_user, {"may_start": False}, by=None)
    code, out, said = run("release", "--requeue")
    assert (code, "1 were queued again" in out) == (1, True)
    assert f"{others.pk} was not queued again" in said
    assert Execution.objects.queued().get().retry_of_id == mine.pk


def test_a_worker_is_drained_by_the_beginning_of_its_id_and_resumed(user: User) -> None:
    worker, _ = HandmadeWorker(), make(user)
    worker.claim(1)
    code, out, _ = run("drain", worker.id[:8], "--reason", "new kernel")
    assert (code, out) == (0, f"Worker {worker.id[:8]} takes nothing new; it holds 1.\n")
    assert "draining" in run("workers")[1]
    assert run("drain", worker.id[:8], "--wait", "0.2")[0] == 3
    assert json.loads(run("resume", worker.id, "--json")[1]) == {"id": worker.id, "changed": True}
    assert Worker.objects.get().draining_at is None
    assert run("drain", "zzzzzz")[0] == 1


def test_limits_are_shown_and_changed(user: User) -> None:
    code, out, _ = run("limits", "ada", "max_running=3", "usd_per_day=2.5", "may_start=no", "--reason", "trial")
    assert code == 0
    assert "usd_per_day       2.5" in out
    limits = owner_limits.limits_of(user)
    assert (limits.max_running, limits.may_start) == (3, False)
    assert json.loads(run("limits", "ada", "max_running=", "--json")[1])["own"]["max_running"] is None
    assert AuditEntry.objects.filter(action="limits_changed").count() == 2
    assert run("limits", "nobody")[0] == 1
    assert run("limits", "ada", "max_running=-1")[0] == 1


@pytest.mark.parametrize("wrong", ["speed=1", "max_running", "may_start=perhaps"])
def test_a_limit_that_is_none_is_refused_by_the_command_line(user: User, wrong: str) -> None:
    assert run("limits", "ada", wrong)[0] in (1, 2)
    assert not AuditEntry.objects.filter(action="limits_changed").exists()


def test_the_log_is_read_in_a_terminal_and_as_json(user: User) -> None:
    execution = services.start(owner=user, prompt="say hi")
    assert "started" in run("audit")[1]
    (line,) = run("audit", "--json", "--object", f"execution:{execution.pk}")[1].splitlines()
    assert json.loads(line)["actor"] == "ada"
    assert run("audit", "--actor", "nobody", "--since", "1h")[:2] == (0, "Nothing was recorded.\n")


def test_old_entries_are_pruned_by_a_command_that_refuses_what_is_new(user: User) -> None:
    services.start(owner=user, prompt="say hi")
    assert run("prune-audit", "--older-than", "1h")[0] == 2
    code, out, _ = run("prune-audit", "--older-than", "1d")
    assert (code, out.startswith("Removed 0 entries")) == (0, True)
    assert AuditEntry.objects.filter(action="started").exists()
