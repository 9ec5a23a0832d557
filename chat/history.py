"""The conversation an execution continues: what its session says came before it.

Read from the session and not from the executions, so that a fork remembers what it was forked from.
"""

from __future__ import annotations

from chat.models import Message, Role
from executions.agents.base import Turn
from executions.models import Execution

#: The most earlier turns an agent is given.
MAX_TURNS = 50


def load(execution: Execution) -> list[Turn]:
    """Return the finished turns before ``execution`` in its session, oldest first; canceled ones included."""
    mine = Message.objects.at_home().filter(execution=execution, role=Role.USER).first()
    if mine is None or mine.turn == 1:
        return []
    earlier = Message.objects.filter(session=mine.session_id, turn__lt=mine.turn, turn__gte=mine.turn - MAX_TURNS)
    said = earlier.select_related("execution").defer("execution__prompt", "execution__output").in_order()
    turns: dict[int, list[Message]] = {}
    for message in said:
        turns.setdefault(message.turn, []).append(message)
    return [_turn(messages) for messages in turns.values() if _is_over(messages)]


def _is_over(messages: list[Message]) -> bool:
    return all(m.execution is None or bool(m.execution.outcome) for m in messages)


def _turn(messages: list[Message]) -> Turn:
    prompt = "\n\n".join(m.content for m in messages if m.role == Role.USER)
    answers = [m for m in messages if m.role != Role.USER]
    output = "\n\n".join(m.content for m in answers if m.content)
    # The answer's execution, not the prompt's: a fork at a prompt must not know the answer that was given elsewhere.
    source = next((m.execution for m in answers if m.execution is not None), None)
    outcome = next((m.outcome for m in answers if m.outcome), "")
    if source is None:
        return Turn(prompt, output, outcome)
    return Turn(prompt, output, outcome, source.agent, source.transcript)
