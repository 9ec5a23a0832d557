"""``manage.py executions``."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.utils import timezone

from executions import readers, services
from executions.management.executions_cli import local, text
from executions.management.executions_cli.table import table
from executions.models import Execution, Worker
from executions.worker import EmbeddedWorker
from tests.executions.api.conftest import log, make
from tests.executions.conftest import Start, wait_for_event


def run(*arguments: str) -> tuple[int, str, str]:
    """Return exit code, output and complaints of ``manage.py executions …``."""
    out, err = StringIO(), StringIO()
    try:
        call_command("executions", *arguments, stdout=out, stderr=err)
    except CommandError as error:
        return error.returncode, out.getvalue(), f"{err.getvalue()}{error}"
    except SystemExit as exit_:
        return int(str(exit_.code)), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def test_active_lists_what_is_held_and_counts_what_is_queued(user: User) -> None:
    make(user)
    running = make(user, "running", session_id="web:chat", prompt="say hello\nsay again")
    code, out, _ = run("active")
    assert code == 0
    assert f"{running.pk}" in out
    assert "say hello say again" in out
    assert "1 queued" in out
    assert [row["id"] for row in json.loads(run("active", "--json")[1])] == [running.pk]


def test_an_empty_list_is_said_in_words_and_is_no_failure(db: None) -> None:
    assert run("active") == (0, "Nothing is running.\n", "")
    assert run("history") == (0, "Nothing matches.\n", "")
    assert run("history", "--json") == (0, "[]\n", "")
    assert run("workers")[0] == 0


def test_history_is_narrowed_by_its_options(user: User, other_user: User) -> None:
    make(other_user)
    lost = make(user, "finished", "lost", session_id="a")
    failed = make(user, "finished", "failed", session_id="b")
    queued = make(user)

    def ids(*options: str) -> list[int]:
        return [row["id"] for row in json.loads(run("history", "--owner", "ada", *options, "--json")[1])]

    assert ids() == [queued.pk, failed.pk, lost.pk]
    assert ids("--limit", "1") == [queued.pk]
    assert ids("--state", "queued") == [queued.pk]
    assert ids("--outcome", "lost", "--outcome", "failed") == [failed.pk, lost.pk]
    assert ids("--session", "a") == [lost.pk]


@pytest.mark.parametrize(
    "arguments",
    [["show", "77"], ["tail", "77"], ["retry", "77"], ["cancel", "77"], ["history", "--owner", "nobody"],
     ["cancel", "--all", "--yes"]],
)  # fmt: skip
def test_what_does_not_exist_is_exit_code_1_and_one_line(db: None, arguments: list[str]) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (1, "")
    assert len(err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [[], ["cancel"], ["cancel", "1", "--all"], ["cancel", "--all", "--owner", "ada"], ["cancel", "1", "--wait", "-1"],
     ["cancel", "1", "--wait", "nan"]],
)  # fmt: skip
def test_a_wrong_command_line_is_exit_code_2(repository: Path, arguments: list[str]) -> None:
    manage = [sys.executable, "manage.py", "executions", *arguments]
    done = subprocess.run(manage, cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments", [["show", "x"], ["show", "-5"], ["show", "9" * 30], ["tail", "1", "--after", "x"],
                  ["history", "--limit", "0"], ["history", "--state", "flying"]],
)  # fmt: skip
def test_a_value_of_the_wrong_kind_is_refused_by_name(db: None, arguments: list[str]) -> None:
    with pytest.raises(CommandError, match="argument"):
        call_command("executions", *arguments)


def test_show_tells_everything_once(user: User) -> None:
    execution = make(
        user, "finished", "canceled", prompt="count", output="1 2 3", session_id="web:chat",
        receipt={"elapsed_ms": 12, "reason": "enough"},
    )  # fmt: skip
    code, out, _ = run("show", str(execution.pk))
    assert code == 0
    for part in ("Canceled", "ada", "web:chat", "Stopped in 12 ms", "“enough”", "1 2 3"):
        assert part in out
    assert json.loads(run("show", str(execution.pk), "--json")[1])["output"] == "1 2 3"


def test_what_an_agent_said_cannot_steer_the_terminal(user: User) -> None:
    execution = make(user, "finished", prompt="\x1b[2Jhi\u202e", output="a\x1b]0;owned\x07b\r\nc", last_seq=1)
    log(execution, ("text", {"text": "\x1b[31mred"}), ("finished", {"outcome": "succeeded", "error": "\x9b1m"}))
    everything = "".join(run(*command.split(), str(execution.pk))[1] for command in ("show", "tail"))
    everything += run("history")[1]
    assert not {"\x1b", "\x07", "\x9b", "\r", "\u202e"} & set(everything)
    assert "red" in everything


def test_cancel_by_ids_reports_each(user: User) -> None:
    queued, running, done = make(user), make(user, "running"), make(user, "finished")
    code, out, err = run("cancel", str(queued.pk), str(running.pk), str(done.pk), "77", "--reason", "deploy")
    assert code == 1
    assert out.splitlines() == [
        f"{queued.pk} Canceled Stopped in 0 ms · “deploy”", f"{running.pk} Stopping…",
        f"{done.pk} already finished: Succeeded",
    ]  # fmt: skip
    assert "no execution 77" in err
    running.refresh_from_db()
    assert (running.cancel_reason, running.cancel_source) == ("deploy", "command")
    data = json.loads(run("cancel", str(queued.pk), "--json")[1])
    assert (data["executions"][0]["outcome"], data["not_found"]) == ("canceled", [])


def test_cancel_of_many_wants_a_yes_where_nobody_can_be_asked(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    make(user)
    monkeypatch.setattr(sys, "stdin", StringIO())
    code, _, err = run("cancel", "--all")
    assert (code, "--yes" in err) == (2, True)
    assert Execution.objects.queued().count() == 1


@pytest.mark.parametrize(("typed", "canceled"), [("y\n", 1), ("YES\n", 1), ("n\n", 0), ("\n", 0), ("", 0)])
def test_cancel_of_many_asks(user: User, monkeypatch: pytest.MonkeyPatch, typed: str, canceled: int) -> None:
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    make(user)
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    code, _, err = run("cancel", "--all")
    assert "Cancel 1 executions?" in err
    assert (code, Execution.objects.finished().count()) == (1 - canceled, canceled)


def test_cancel_of_an_owner_or_a_session_leaves_others_alone(user: User, other_user: User) -> None:
    make(other_user)
    make(user, session_id="a")
    make(user, session_id="b")
    assert run("cancel", "--owner", "ada", "--session", "a", "--yes")[0] == 0
    assert Execution.objects.queued().count() == 2
    assert run("cancel", "--owner", "ada", "--yes")[0] == 0
    assert Execution.objects.get(state="queued").owner == other_user


def test_cancel_that_is_not_confirmed_in_time_is_exit_code_3(user: User) -> None:
    execution = make(user, "running")
    code, out, err = run("cancel", str(execution.pk), "--wait", "0.05")
    assert (code, "Stopping" in out, "not confirmed" in err) == (3, True, True)


def test_retry_says_where_it_can_be_followed(user: User) -> None:
    execution = make(user, "finished", "failed")
    code, out, _ = run("retry", str(execution.pk))
    assert (code, f"tail {Execution.objects.latest('pk').pk}" in out) == (0, True)
    code, _, err = run("retry", str(make(user, "running").pk))
    assert (code, "not finished" in err) == (1, True)


def test_workers_shows_those_that_live_and_with_all_the_others_too(user: User) -> None:
    live = Worker.objects.create(id="w1", host="here", pid=1, process_started_at=0, version="1", slots=4)
    Worker.objects.create(
        id="w0", host="gone", pid=2, process_started_at=0, version="1", slots=4, lost_at=timezone.now()
    )
    make(user, "running", worker=live)
    [row] = json.loads(run("workers", "--json")[1])
    assert (row["id"], row["held"], row["slots"], row["state"]) == ("w1", 1, 4, "running")
    out = run("workers", "--all")[1]
    assert "here" in out
    assert "lost" in out


def test_tail_of_a_finished_one_writes_it_all_and_ends(user: User) -> None:
    execution = make(user, "finished", last_seq=7)
    log(
        execution, ("started", {"worker": "w"}), ("text", {"text": "one "}), ("text", {"text": "two"}),
        ("tool_started", {"call_id": "c", "name": "exec", "args": {"command": "ls"}}),
        ("tool_output", {"call_id": "c", "text": "file\n"}),
        ("tool_finished", {"call_id": "c", "name": "exec", "result": "ok", "status": "finished"}),
        ("finished", {"outcome": "succeeded", "error": "", "error_code": "", "receipt": {}}),
    )  # fmt: skip
    code, out, _ = run("tail", str(execution.pk))
    assert code == 0
    assert out == ('[started by worker w]\none two\n[exec {"command": "ls"}]\nfile\n[exec finished] ok\n[Succeeded]\n')
    lines = [json.loads(line) for line in run("tail", str(execution.pk), "--after", "5", "--json")[1].splitlines()]
    assert [line["seq"] for line in lines] == [6, 7]
    assert run("tail", str(execution.pk), "--after", "7") == (0, "", "")


async def test_tail_follows_a_running_one_to_its_end_and_cancel_waits_for_the_receipt(
    worker: EmbeddedWorker, start: Start
) -> None:
    execution = await start("say begun\nwait 1m")
    await wait_for_event(execution, "text")

    def in_a_thread(*arguments: str) -> tuple[int, str, str]:
        try:
            return run(*arguments)
        finally:
            connection.close()

    tailing = asyncio.create_task(asyncio.to_thread(in_a_thread, "tail", str(execution.pk)))
    code, out, _ = await asyncio.to_thread(in_a_thread, "cancel", str(execution.pk), "--wait", "10")
    assert code == 0
    assert "Canceled Stopped in" in out
    code, out, _ = await tailing
    assert code == 0
    assert "begun" in out
    assert "[Canceled" in out


def test_ctrl_c_ends_a_tail_with_130(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(local.time, "sleep", interrupt)
    assert run("tail", str(make(user, "running").pk)) == (130, "", "")


def test_a_database_that_is_not_ready_is_one_line(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OperationalError("no such table: executions_execution")

    monkeypatch.setattr(Execution.objects, "select_related", fail)
    code, _, err = run("active")
    assert code == 1
    assert "migrate" in err


def test_tables_are_aligned_and_fit_whatever_the_language() -> None:
    shown = table(
        ("ID", "REQUEST"), [(1, "天気を検索して、結果をまとめてください"), (20, "e\u0301te\u0301 👍 " * 9)], 30
    )
    lines = shown.splitlines()
    assert all(text.width(line) <= 30 for line in lines)
    assert lines[1].startswith("1   天気")
    assert lines[1].endswith("…")


def test_reading_and_canceling_are_not_done_behind_the_services(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []
    cancel = services.cancel
    monkeypatch.setattr(services, "cancel", lambda *a, **k: called.append("cancel") or cancel(*a, **k))
    read = readers.read
    monkeypatch.setattr(readers, "read", lambda *a, **k: called.append("read") or read(*a, **k))
    execution = make(user)
    run("cancel", str(execution.pk))
    run("tail", str(execution.pk))
    assert called == ["cancel", "read"]


def test_an_unknown_event_of_a_newer_version_is_passed_over(user: User) -> None:
    execution = make(user, "finished")
    log(execution, ("hologram", {"x": 1}))
    assert run("tail", str(execution.pk)) == (0, "", "")
