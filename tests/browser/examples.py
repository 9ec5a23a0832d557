"""Executions as a busy user has them, for looking at the pages: every outcome, Japanese, and texts without an end."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from executions.events import Finished, Started, Text, ToolFinished, ToolOutput, ToolStarted, Usage
from executions.models import EventRow, Execution, Webhook
from executions.tallies.noting import note
from executions.webhooks.channel import message
from executions.webhooks.payload import of_execution

LONG = "supercalifragilisticexpialidocious" * 12
PROMPTS = (
    "Summarize the open pull requests and say which one to merge first",
    "買い物かごのテストが失敗する原因を調べて、直してください。ログは長いので、要点だけを教えてください。",
    f"What is {LONG}?",
    "Write release notes for 2.4",
    "<script>alert('no')</script> is what the ticket says; find out why",
    "¿Por qué tarda tanto la página de inicio? Mide antes de cambiar nada.",
)
OUTCOMES = ("succeeded", "succeeded", "succeeded", "failed", "canceled", "succeeded", "timed_out", "lost", "canceled")
ERRORS = {
    "failed": "The provider refused the request: 429 Too Many Requests. Wait a minute, then run it again.",
    "timed_out": "It took longer than the 3,600 seconds it may take.",
    "lost": "The worker was lost while it ran. What was written so far is kept; run it again.",
}


def fill(username: str, count: int = 60) -> None:
    """Give a user a history of ``count`` finished executions, the last one with 10,000 events."""
    owner = User.objects.get(username=username)
    other = User.objects.exclude(pk=owner.pk).earliest("pk")
    chance = random.Random(7)
    note([_finished(owner, other, number, count, chance) for number in range(count)])
    busy = Execution.objects.filter(owner=owner, outcome="succeeded").latest("pk")
    _journal(busy, 10_000)
    _webhook(owner, busy)


def _webhook(owner: User, execution: Execution) -> None:
    """A webhook that nothing is sent to, with a log."""
    webhook = Webhook.objects.create(
        owner=owner, name="Build server", url="https://ci.example.org/hooks/kakoclaw?branch=main", wanted="lost",
        key_id="examples", failures=2, failing_since=timezone.now() - timedelta(hours=1),
    )  # fmt: skip
    at = timezone.now().isoformat()
    silent = {"at": at, "ms": 10_004, "status": None, "error": "It did not answer within 10 s."}
    logs = {"failed": [silent] * 8, "delivered": [silent, {"at": at, "ms": 48, "status": 204, "error": ""}]}
    for state, log in logs.items():
        row = message(webhook.pk, "execution.lost", of_execution("lost", execution, {}), execution.pk)
        row.state, row.log, row.attempts, row.settled_at = state, log, len(log), timezone.now()
        row.save()


def promote(username: str) -> None:
    """Let a user see all pages of the staff."""
    User.objects.filter(username=username).update(is_superuser=True)


def _finished(owner: User, other: User, number: int, count: int, chance: random.Random) -> Execution:
    outcome = OUTCOMES[number % len(OUTCOMES)]
    began = timezone.now() - timedelta(minutes=37 * (count - number))
    ended = began + timedelta(seconds=chance.expovariate(1 / 40))
    values: dict[str, Any] = {}
    if outcome == "canceled":
        by, quick = owner if number % 2 else other, timedelta(milliseconds=chance.lognormvariate(3, 1))
        reason = "wrong branch" if number % 2 else "間違ったブランチでした"
        killed = [{"pid": 4711, "command": "/bin/sh -c sleep 600"}, {"pid": 4712, "command": "sleep 600"}]
        values = {
            "cancel_requested_at": ended - quick, "cancel_requested_by": by, "cancel_reason": reason,
            "cancel_source": "page",
            "receipt": {"elapsed_ms": 14.2, "by": by.username, "reason": reason, "source": "page", "tool": "exec",
                        "processes": killed},
        }  # fmt: skip
    return Execution.objects.create(
        owner=owner,
        session_id=f"web:chat:{number // 3}",
        agent="llm" if number % 3 else "demo",
        model="openai-chat:gpt-4.1" if number % 3 else "demo",
        prompt=PROMPTS[number % len(PROMPTS)],
        output="It is done.\n\n" + "A sentence of the answer, as answers are. " * 12,
        state="finished",
        outcome=outcome,
        error=ERRORS.get(outcome, ""),
        created_at=began - timedelta(seconds=1),
        started_at=began,
        finished_at=ended,
        changed_at=ended,
        requests=3,
        input_tokens=chance.randrange(200, 20_000),
        output_tokens=chance.randrange(50, 4_000),
        cost_usd=Decimal(str(round(chance.random() / 20, 6))) if number % 3 else None,
        last_seq=1,
        **values,
    )


def _journal(execution: Execution, count: int) -> None:
    """Give an execution a journal of ``count`` events: a start, tools with output and text between them, an end."""
    assert execution.started_at
    assert execution.finished_at
    step = (execution.finished_at - execution.started_at) / count
    rows = []
    for seq in range(1, count + 1):
        turn, place = divmod(seq, 50)
        call = {"call_id": f"c{turn}", "name": "exec" if turn % 3 else "web_fetch"}
        event: Any = Text(f"Word {seq} of what it says. ")
        if seq == 1:
            event = Started("worker-1")
        elif seq == count:
            event = Finished("succeeded")
        elif place == 10:
            event = ToolStarted(call["call_id"], call["name"], {"command": f"make test-{turn}"})
        elif 10 < place < 30:
            event = ToolOutput(call["call_id"], f"line {seq}\n")
        elif place == 30:
            event = ToolFinished(call["call_id"], call["name"], "ok")
        elif place == 40:
            event = Usage(100 * turn, 30 * turn, turn, 0.001 * turn)
        moment = execution.started_at + step * seq
        rows.append(EventRow(execution=execution, seq=seq, type=event.type, data=event.data(), created_at=moment))
    EventRow.objects.bulk_create(rows, batch_size=2000)
    Execution.objects.filter(pk=execution.pk).update(last_seq=count)
