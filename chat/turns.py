"""A session as its page shows it: turn by turn, what you said and how it was answered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Max
from django.utils.safestring import SafeString, mark_safe

from chat.branches import Versions, kept_by_agents, versions_of
from chat.markdown import render
from chat.models import Message, Role, Session
from executions import wording
from executions.events import Notice, Question, Thinking, ToolStarted
from executions.models import EventRow, Execution
from executions.states import Outcome, State
from executions.told import in_words

#: How many turns a page shows at once.
PAGE = 40
#: What a reader can ask to see besides the answer.
STEPS = (Thinking.type, ToolStarted.type, Question.type, Notice.type)


@dataclass(slots=True)
class Turn:
    """One message of the owner and its answer. ``html`` is sanitised; ``note`` is the receipt or the model and cost.

    ``cli_session`` is the Claude CLI's, ``images`` are ids. ``kept`` says that an agent keeps the conversation from
    here on itself, so that nothing can take its place; ``forkable`` that a copy up to here would know no more.

    ``last_seq`` and ``heard_at`` belong to an unfinished one: what the journal held when the page was made.
    """

    number: int
    prompt: str = ""
    html: SafeString | str = ""
    status: str = ""
    error: str = ""
    note: str = ""
    cli_session: str = ""
    images: list[str] = field(default_factory=list)
    execution_id: int | None = None
    started_at: datetime | None = None
    duration: timedelta | None = None
    has_steps: bool = False
    last_seq: int = 0
    heard_at: datetime | None = None
    versions: Versions | None = None
    kept: bool = False
    forkable: bool = True


def turns_of(session: Session, before: int | None = None, after: int | None = None) -> tuple[list[Turn], int | None]:
    """Return the newest turns before the turn ``before``, oldest first, and the ``before`` of the page before them.

    ``after`` asks for the oldest turns after one instead.
    """
    if after is not None:
        following = session.messages.filter(turn__gt=after).order_by("turn").values_list("turn", flat=True)
        shown, more = list(following.distinct()[:PAGE]), True
    else:
        numbers = session.messages.filter(turn__lt=before) if before else session.messages.all()
        newest = list(numbers.order_by("-turn").values_list("turn", flat=True).distinct()[: PAGE + 1])
        shown, more = newest[:PAGE], len(newest) > PAGE
    messages = session.messages.filter(turn__in=shown).select_related("execution", "execution__cancel_requested_by")
    bodies = ("execution__prompt", "execution__output", "execution__transcript")
    turns: dict[int, Turn] = {}
    for message in messages.defer(*bodies).in_order():
        _add(turns.setdefault(message.turn, Turn(message.turn)), message, session.owner.get_username())
    _look_into_journals(turns.values())
    _look_beside(session, turns)
    return list(turns.values()), min(shown, default=None) if more else None


def _look_beside(session: Session, turns: dict[int, Turn]) -> None:
    """Find what a turn could be instead, and whether it can be something else."""
    for number, versions in versions_of(session).items():
        if number in turns:
            turns[number].versions = versions
    for kept in kept_by_agents(session):
        for turn in turns.values():
            turn.kept = turn.kept or turn.number <= kept.last
            turn.forkable = turn.forkable and not kept.first <= turn.number < kept.last


def _add(turn: Turn, message: Message, owner: str) -> None:
    if message.role == Role.USER:
        turn.prompt = "\n\n".join(filter(None, [turn.prompt, message.content]))
    else:
        turn.html = mark_safe(turn.html + render(message.content))  # noqa: S308 - sanitised by chat.markdown
        # What a stop did is told by its receipt.
        turn.error = "" if message.outcome == Outcome.CANCELED else in_words(message.error)
        turn.status = turn.status or message.outcome
    if message.execution is not None:
        _add_execution(turn, message.execution, owner)


def _add_execution(turn: Turn, execution: Execution, owner: str) -> None:
    turn.execution_id = execution.pk
    turn.status = execution.status
    turn.started_at = execution.started_at
    turn.cli_session = execution.agent_session
    turn.images = execution.options.get("images", [])
    turn.duration = execution.duration if execution.state == State.FINISHED else None
    what = wording.receipt(execution.receipt, owner) or execution.model or execution.agent
    turn.note = " · ".join(filter(None, [what, wording.cost(execution.cost_usd)]))


def _look_into_journals(turns: Iterable[Turn]) -> None:
    by_execution = {turn.execution_id: turn for turn in turns if turn.execution_id}
    rows = EventRow.objects.filter(execution_id__in=by_execution)
    for pk in rows.filter(type__in=STEPS).values_list("execution_id", flat=True).distinct():
        by_execution[pk].has_steps = by_execution[pk].status in list(Outcome)
    unfinished = [pk for pk, turn in by_execution.items() if turn.status not in list(Outcome)]
    newest = rows.filter(execution_id__in=unfinished).values("execution_id")
    for pk, seq, at in newest.annotate(seq=Max("seq"), at=Max("created_at")).values_list("execution_id", "seq", "at"):
        by_execution[pk].last_seq, by_execution[pk].heard_at = seq, at


def segments_of(events: Sequence[tuple[str, dict[str, str]]]) -> list[str]:
    """Return the pieces of an answer that tools, questions and thoughts stand between, as sanitised HTML.

    ``events`` are types and data in order; the pieces are the ones a reader of the live stream has seen.
    """
    pieces: list[str] = []
    open_ = False
    for kind, data in events:
        if kind == "text":
            if open_:
                pieces[-1] += data["text"]
            else:
                pieces.append(data["text"])
            open_ = True
        elif kind in STEPS:
            open_ = False
    return [render(piece) for piece in pieces]
