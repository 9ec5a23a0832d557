"""Old journals: removed a few rows at a time, while everything else goes on."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from executions import pruning, readers, services
from executions.hub import get_hub
from executions.management.executions_cli import prune as command
from executions.management.executions_cli.progress import ProgressBar
from executions.models import EventRow, Execution
from tests.executions.api.conftest import client_of, log, make
from tests.executions.test_commands import run

ENDED = ("finished", {"outcome": "succeeded", "error": "", "error_code": "", "receipt": {}})


@pytest.fixture
def aged(user: User) -> Callable[..., Execution]:
    """Store a finished execution of some days ago, with a journal of ``rows`` rows."""

    def aged(days: float, rows: int = 3, **fields: Any) -> Execution:
        ended = timezone.now() - timedelta(days=days)
        execution = make(user, "finished", finished_at=ended, last_seq=rows, output="kept", **fields)
        log(execution, *[("text", {"text": f"{n} "}) for n in range(rows - 1)], ENDED)
        return execution

    return aged


def test_old_journals_go_and_everything_else_stays(aged: Callable[..., Execution], user: User) -> None:
    old, young = aged(40), aged(10)
    running = make(user, "running")
    log(running, ("started", {"worker": "w"}))
    code, out, _ = run("prune", "--older-than", "30d")
    assert (code, out) == (0, "Removed 3 events of 1 executions.\n")
    old.refresh_from_db()
    assert (old.pruned, old.output, old.events.count()) == (True, "kept", 0)
    assert (young.events.count(), running.events.count()) == (3, 1)
    assert "Nothing to do" in run("prune", "--older-than", "30d")[1]


def test_a_dry_run_counts_and_removes_nothing(aged: Callable[..., Execution]) -> None:
    old = aged(40)
    code, out, _ = run("prune", "--older-than", "4w", "--dry-run")
    assert (code, out) == (0, "Would have removed 3 events of 1 executions.\n")
    data = json.loads(run("prune", "--older-than", "30d", "--dry-run", "--json")[1])
    assert (data["executions"], data["events"], data["dry_run"], data["complete"]) == (1, 3, True, True)
    assert old.events.count() == 3


def test_no_transaction_removes_more_than_a_batch_and_the_oldest_go_first(aged: Callable[..., Execution]) -> None:
    long, short = aged(50, rows=25), aged(40, rows=4)
    steps = pruning.prune(timezone.now() - timedelta(days=30), batch=10)
    left = [EventRow.objects.count(), *(EventRow.objects.count() for _ in steps)]
    assert [before - after for before, after in itertools.pairwise(left)] == [10, 10, 9]
    assert Execution.objects.filter(pruned=True).count() == 2
    assert long.events.count() == short.events.count() == 0


def test_an_interrupted_pruning_is_continued_by_the_next(
    aged: Callable[..., Execution], monkeypatch: pytest.MonkeyPatch
) -> None:
    execution = aged(40, rows=9)
    steps = pruning.prune

    def interrupted(*arguments: Any) -> Any:
        yield next(steps(*arguments))
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(pruning, "prune", interrupted)
        code, out, _ = run("prune", "--older-than", "30d", "--batch", "4")
    assert (code, "run it again" in out) == (130, True)
    execution.refresh_from_db()
    assert (execution.pruned, execution.events.count()) == (False, 5)
    assert "5 events of 1 executions" in run("prune", "--older-than", "30d")[1]


@pytest.mark.parametrize("age", ["30", "d", "-1d", "1y", "30 d x", "0s", "59s", "999999w", "1.5d", "٣d"])
def test_an_age_that_means_nothing_is_refused_with_an_example(db: None, age: str) -> None:
    with pytest.raises(Exception, match=r"such as 30d|out of range|expected one argument"):
        command.age(age)


def test_the_api_says_that_a_journal_was_removed_and_readers_end(aged: Callable[..., Execution], user: User) -> None:
    execution = aged(40)
    api: APIClient = client_of(user)
    assert api.get(f"/api/v1/executions/{execution.pk}/").json()["journal_pruned"] is False
    run("prune", "--older-than", "30d")
    shown = api.get(f"/api/v1/executions/{execution.pk}/").json()
    assert (shown["journal_pruned"], shown["output"]) == (True, "kept")
    assert api.get(f"/api/v1/executions/{execution.pk}/events/").json() == {
        "results": [], "next_after": 0, "has_more": False, "finished": True,
    }  # fmt: skip
    assert run("tail", str(execution.pk)) == (0, "", "")
    assert "removed to save space" in run("show", str(execution.pk))[1]
    assert api.get(f"/api/v1/executions/{execution.pk}/events/stream/").status_code == 204


async def test_a_live_reader_of_a_pruned_journal_ends(aged: Callable[..., Execution], transactional_db: None) -> None:
    execution = await sync_to_async(aged)(40)
    await Execution.objects.filter(pk=execution.pk).aupdate(pruned=True)
    await EventRow.objects.all().adelete()
    assert [batch async for batch in readers.follow(execution.pk)] == []
    await get_hub().stop()


def test_the_page_of_a_pruned_run_says_so(aged: Callable[..., Execution], user: User) -> None:
    execution = aged(40)
    run("prune", "--older-than", "30d")
    client = Client()
    client.force_login(user)
    page = client.get(f"/executions/{execution.pk}").content.decode()
    assert "removed to save space" in page
    assert "kept" in page


def test_compact_joins_what_a_killed_worker_has_left(aged: Callable[..., Execution]) -> None:
    left, short, done = aged(1, rows=30), aged(1, rows=5), aged(1, rows=30, compacted=True)
    assert "joined 28 events of 1 executions" in run("compact")[1].lower()
    left.refresh_from_db()
    assert (left.compacted, left.events.count()) == (True, 2)
    assert (short.events.count(), done.events.count()) == (5, 30)
    assert [entry.seq for entry in readers.read(left.pk, 29)] == [30]
    assert "Nothing to do" in run("compact")[1]


def test_progress_is_drawn_on_a_terminal_only() -> None:
    class Terminal(StringIO):
        terminal = True

        def isatty(self) -> bool:
            return self.terminal

        def write(self, text: str, ending: str = "") -> int:  # type: ignore[override]
            return super().write(text)

    out = Terminal()
    bar = ProgressBar(out, 10)  # type: ignore[arg-type]
    bar.show(5, 1234)
    bar.show(10, 2000)
    assert "5 of 10 executions, 1,234 events" in out.getvalue()
    bar.clear()
    assert out.getvalue().endswith("\r")
    Terminal.terminal = False
    silent = Terminal()
    ProgressBar(silent, 10).show(5, 5)  # type: ignore[arg-type]
    assert silent.getvalue() == ""


def test_the_place_in_the_queue_is_told(user: User, other_user: User) -> None:
    first, second = make(other_user), make(user)
    assert client_of(user).get(f"/api/v1/executions/{second.pk}/").json()["queue_position"] == 2
    assert "1 before it" in run("show", str(second.pk))[1]
    assert json.loads(run("show", str(first.pk), "--json")[1])["queue_position"] == 1
    client = Client()
    client.force_login(user)
    assert "2nd in line" in client.get(f"/executions/{second.pk}").content.decode()
    services.set_priority(second, 5, by=user)
    assert client_of(user).get(f"/api/v1/executions/{second.pk}/").json()["queue_position"] == 1
    assert client_of(user).get(f"/api/v1/executions/{make(user, 'running').pk}/").json()["queue_position"] is None
