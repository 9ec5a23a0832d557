"""Keeps sessions in step with executions, inside the transactions that start and finish them.

However an execution was started (chat, API, retry, command), its session shows it: the prompt as a message when the
row is made, the answer when it is finished, whichever process finishes it. Both are part of the same commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import F
from django.utils import timezone

from chat.models import Message, Role, Session
from chat.models.session import LAST_MESSAGE_CHARS, title_of
from chat.wording import error_of
from executions.models import Execution


def record_prompt(sender: type[Execution], instance: Execution, created: bool, **kwargs: Any) -> None:
    """Store the prompt of a new execution as the next turn of its session; makes the session when there is none."""
    if not created or not instance.session_id:
        return
    now = timezone.now()
    title = title_of(instance.prompt)
    # Locked: messages sent at the same moment get turns of their own.
    session, _ = Session.objects.select_for_update().get_or_create(
        owner_id=instance.owner_id, session_id=instance.session_id, defaults={"title": title}
    )
    Message.objects.create(
        session=session,
        execution=instance,
        turn=session.turns + 1,
        role=Role.USER,
        content=instance.prompt,
        created_at=now,
    )
    Session.objects.filter(pk=session.pk).update(
        turns=F("turns") + 1,
        message_count=F("message_count") + 1,
        last_message=instance.prompt[:LAST_MESSAGE_CHARS],
        updated_at=now,
        title=session.title or title,
        archived=False,  # who writes into an archived session wants to see it again
    )


def record_answers(sender: type[Execution], executions: Sequence[Execution], **kwargs: Any) -> None:
    """Store the answers of finished executions, partial ones too, in those sessions that still hold their prompt."""
    finished = {e.pk: e for e in executions if e.session_id}
    prompts = list(
        Message.objects.filter(execution__in=finished, role=Role.USER)
        .at_home()
        .values_list("execution_id", "session_id", "turn")
    )
    if not prompts:
        return
    sessions = Session.objects.filter(pk__in={session for _, session, _ in prompts})
    # In one order everywhere, so that two batches can't wait for each other.
    list(sessions.select_for_update().order_by("pk").values_list("pk"))
    Message.objects.bulk_create(
        [_answer(finished[execution], session, turn) for execution, session, turn in prompts], batch_size=200
    )
    sessions.summarize()


def _answer(execution: Execution, session_pk: int, turn: int) -> Message:
    return Message(
        session_id=session_pk,
        execution_id=execution.pk,
        turn=turn,
        role=Role.ASSISTANT,
        content=execution.output,
        outcome=execution.outcome,
        error=error_of(execution.outcome, execution.error),
        created_at=execution.finished_at or timezone.now(),
    )
