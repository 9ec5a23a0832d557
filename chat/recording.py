"""Keeps sessions in step with executions, inside the transactions that start and finish them.

However an execution was started (chat, API, retry, command), its session shows it: the prompt as a message when the
row is made, the answer when it is finished, whichever process finishes it. Both are part of the same commit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from chat.models import Message, Role, Session
from chat.wording import error_of
from executions.models import Execution
from executions.prepared import Among, Prepared, PreparedInsert

_insert_message = PreparedInsert(Message)
#: The prompts of executions, without the copies that forks have of them.
_PROMPTS = Prepared(
    lambda: (
        Message.objects.filter(Among("execution", "executions"), role=Role.USER)
        .at_home()
        .order_by("session", "turn")
        .values_list("execution_id", "session_id", "turn")
    )
)


def record_prompt(sender: type[Execution], execution: Execution, **kwargs: Any) -> None:
    """Store the prompt of a new execution as the next turn of its session; makes the session when there is none."""
    if not execution.session_id:
        return
    now = timezone.now()
    session_pk, turn = Session.objects.next_turn(execution.owner_id, execution.session_id, execution.prompt, now)
    _insert_message.execute(
        Message(
            session_id=session_pk,
            execution=execution,
            turn=turn,
            role=Role.USER,
            content=execution.prompt,
            created_at=now,
        )
    )


def record_answers(sender: type[Execution], executions: Sequence[Execution], **kwargs: Any) -> None:
    """Store the answers of finished executions, partial ones too, in those sessions that still hold their prompt."""
    finished = {e.pk: e for e in executions if e.session_id}
    prompts = _PROMPTS.rows(executions=list(finished)) if finished else []
    if not prompts:
        return
    sessions = Counter(session for _, session, _ in prompts)
    Session.objects.lock(sessions)
    _insert_message.execute_many(_answer(finished[execution], session, turn) for execution, session, turn in prompts)
    Session.objects.add_answers(sessions, timezone.now())


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
