"""What is misconfigured is found and told with what to do about it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from executions.models import Execution, Worker
from kakoclaw import __version__, preflight
from kakoclaw.doctor import machine, questions, services

pytestmark = pytest.mark.django_db


def said(findings: Any) -> str:
    found = list(findings)
    assert all(finding.remedy for finding in found)
    return " ".join(f"{finding.level}: {finding.what}" for finding in found)


def worker(version: str = __version__, **fields: Any) -> Worker:
    made = Worker.objects.create(
        id=f"w{Worker.objects.count()}", host="h", pid=1, process_started_at=0, slots=1, version=version,
        agents=fields.pop("agents", []),
    )  # fmt: skip
    Worker.objects.filter(pk=made.pk).update(**{"heartbeat_at": timezone.now(), **fields})
    return made


def queued(owner: User, agent: str = "demo", minutes: int = 0) -> None:
    made = timezone.now() - timedelta(minutes=minutes)
    Execution.objects.create(owner=owner, agent=agent, prompt="x", created_at=made)


def test_every_question_can_be_asked(admin: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "require_setup", lambda: None)
    assert [name for name, _ in questions.examine()] == list(questions.QUESTIONS)


@pytest.mark.parametrize(
    ("prepare", "expected"),
    [
        (lambda user: None, "warning: No worker is running"),
        (lambda user: worker(), ""),
        (lambda user: worker("0.0.1"), "warning: The worker h:1 runs version 0.0.1"),
        (lambda user: worker(heartbeat_at=timezone.now() - timedelta(minutes=1)), "was not heard of"),
    ],
)
def test_workers(user: User, prepare: Callable[[User], Any], expected: str) -> None:
    prepare(user)
    found = said(services.workers_run())
    assert expected in found if expected else not found


def test_the_queue(user: User) -> None:
    queued(user, minutes=10)
    assert not said(services.queue_moves())  # nobody is there, which is another finding
    worker(agents=["demo"])
    queued(user, "llm")
    found = said(services.queue_moves())
    assert "error: Executions of the agent llm are queued, and no worker serves it." in found
    assert "Nothing runs" in found
    Execution.objects.create(owner=user, agent="demo", prompt="x", state="running", started_at=timezone.now())
    assert "Nothing runs" not in said(services.queue_moves())


def test_people_and_clocks(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "No member of the staff" in said(services.somebody_can_sign_in())
    User.objects.create_superuser("root", password="root battery horse")
    assert not said(services.somebody_can_sign_in())
    assert not said(services.clocks_agree())
    monkeypatch.setattr(services, "CLOCKS_DIFFER", -1)
    assert "differ by" in said(services.clocks_agree())


def test_the_machine(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.HOME = tmp_path
    tmp_path.chmod(0o755)
    assert f"warning: KAKOCLAW_HOME {tmp_path} can be read" in said(machine.files_are_safe())
    tmp_path.chmod(0o700)
    assert not said(machine.files_are_safe())
    for free, expected in ((10**8 // 2, "error: "), (10**8 * 5, "warning: "), (10**10, "")):
        monkeypatch.setattr(machine.shutil, "disk_usage", lambda path, free=free: SimpleNamespace(free=free))
        assert said(machine.there_is_room()).startswith(expected)
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path / "none"))
    assert "PROMETHEUS_MULTIPROC_DIR" in said(machine.metrics_have_a_directory())
    monkeypatch.setattr(machine.resource, "getrlimit", lambda kind: (256, 1024))
    assert "1,024 files" in said(machine.limits_are_high_enough())


def test_without_a_database_nothing_is_asked_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise CommandError("The database cannot be used: no.")

    monkeypatch.setattr(preflight, "require_database", refuse)
    asked = dict(questions.examine())
    assert asked["database"][0].what == "The database cannot be used: no."
    assert "workers" not in asked


def test_the_command_tells_people_and_programs_and_ends_with_a_status(
    admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preflight, "require_setup", lambda: None)
    out = io.StringIO()
    call_command("doctor", stdout=out)
    assert "No worker is running" in out.getvalue()
    assert "→ Start one" in out.getvalue()
    with pytest.raises(SystemExit, match="1"):
        call_command("doctor", "--strict", stdout=out)
    queued(admin, "llm")
    worker(agents=["demo"])
    out = io.StringIO()
    with pytest.raises(SystemExit, match="1"):
        call_command("doctor", "--json", stdout=out)
    found = json.loads(out.getvalue())["findings"]
    assert {"question": "queue", "level": "error"}.items() <= next(f for f in found if f["question"] == "queue").items()
