"""The conversation an execution continues, when no application above the engine keeps one of its own."""

from __future__ import annotations

from executions.agents.base import Turn
from executions.models import Execution

#: The most earlier turns an agent is given.
MAX_TURNS = 50


def load(execution: Execution) -> list[Turn]:
    """Return the finished executions of the same owner and session before this one, oldest first."""
    if not execution.session_id:
        return []
    earlier = (
        Execution.objects.finished()
        .filter(owner_id=execution.owner_id, session_id=execution.session_id, pk__lt=execution.pk)
        .order_by("-pk")[:MAX_TURNS]
    )
    return [Turn(e.prompt, e.output, e.outcome, e.agent, e.transcript) for e in reversed(earlier)]
