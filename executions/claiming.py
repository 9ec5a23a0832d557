"""Which queued executions a worker takes next, and the guarded UPDATE that takes them.

All limits live here: per worker (the ``slots`` asked for), per owner, and one at a time per session. Order is
priority, then fairness between owners (those with the fewest running first, in turns), then age. Claims of several
workers are serialised, so limits hold across them; a claim is a few short queries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from django.db import connection, transaction
from django.db.models import Count, Exists, Min, OuterRef, QuerySet
from django.db.models.functions import Now

from executions import bus
from executions.changes import announce, change_of
from executions.conf import conf
from executions.models import Execution, Worker
from executions.states import State

#: Key of the advisory lock that serialises claims on PostgreSQL ("kako" in ASCII). SQLite has one writer anyway.
_CLAIM_LOCK = 0x6B616B6F

#: Of how many owners a worker remembers the last turn.
MAX_TURNS = 1_000


def claim(
    worker_id: str, slots: int, agents: Sequence[str] = (), turns: dict[int, int] | None = None
) -> list[Execution]:
    """Take up to ``slots`` queued executions for a worker that serves ``agents`` (all when empty).

    ``turns`` is the worker's memory of who has had a turn when, by owner's id: of owners with equally many running,
    the one whose last turn is longest ago comes first. Takes none when the worker's lease is gone.
    """
    turns = {} if turns is None else turns
    if slots <= 0 or not Execution.objects.queued().exists():
        return []
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_CLAIM_LOCK])
        if not Worker.objects.alive().select_for_update().filter(pk=worker_id).exists():
            return []
        ids = _within_agent_limits(_choose(slots, _servable(agents), turns))
        Execution.objects.queued().filter(pk__in=ids).update(
            state=State.RUNNING, worker_id=worker_id, started_at=Now(), changed_at=Now()
        )
        claimed = list(
            Execution.objects.active().filter(pk__in=ids, worker_id=worker_id).select_related("owner").order_by("pk")
        )
        announce([change_of(execution, "updated") for execution in claimed])
    _take_turns(turns, claimed)
    return claimed


def _take_turns(turns: dict[int, int], claimed: Sequence[Execution]) -> None:
    turn = max(turns.values(), default=0) + 1
    turns.update({execution.owner_id: turn for execution in claimed})
    for owner in sorted(turns, key=turns.__getitem__)[:-MAX_TURNS]:
        del turns[owner]


def release(worker_id: str, ids: Sequence[int]) -> int:
    """Give back executions that were claimed and never begun; returns how many."""
    with transaction.atomic():
        held = Execution.objects.held_by(worker_id).filter(pk__in=ids, state=State.RUNNING)
        released = held.update(state=State.QUEUED, worker=None, started_at=None, changed_at=Now())
        transaction.on_commit(partial(bus.ring, bus.WORKERS, {"type": "execution.wake"}))
    return released


def _room_of_agents() -> dict[str, int]:
    """How many more executions of each limited agent may run."""
    limits: dict[str, int] = conf.max_running_per_agent
    if not limits:
        return {}
    running = Execution.objects.active().filter(state=State.RUNNING, agent__in=limits).order_by()
    counts = dict(running.values_list("agent").annotate(Count("pk")))
    return {name: max(0, limit - counts.get(name, 0)) for name, limit in limits.items()}


def _servable(agents: Sequence[str]) -> QuerySet[Execution]:
    """Queued executions of the agents that a worker serves, without those at their own limit."""
    queued = Execution.objects.queued()
    if agents:
        queued = queued.filter(agent__in=agents)
    full = [name for name, room in _room_of_agents().items() if room == 0]
    return queued.exclude(agent__in=full) if full else queued


def _within_agent_limits(ids: list[int]) -> list[int]:
    """Leave out what would take an agent over its limit within one claim; it stays queued for the next."""
    room = _room_of_agents()
    if not room:
        return ids
    agent_of = dict(Execution.objects.filter(pk__in=ids).values_list("pk", "agent"))
    kept = []
    for pk in ids:
        agent = agent_of[pk]
        if room.get(agent, 1) > 0:
            kept.append(pk)
            if agent in room:
                room[agent] -= 1
    return kept


def _eligible(queued: QuerySet[Execution]) -> QuerySet[Execution]:
    """Queued executions that are first in their session, with nothing active there."""
    same_session = Execution.objects.filter(owner=OuterRef("owner"), session_id=OuterRef("session_id"))
    return queued.alias(
        busy=Exists(same_session.active().exclude(session_id="")),
        older=Exists(same_session.queued().exclude(session_id="").filter(pk__lt=OuterRef("pk"))),
    ).filter(busy=False, older=False)


def _choose(slots: int, queued: QuerySet[Execution], turns: Mapping[int, int]) -> list[int]:
    running = dict(
        Execution.objects.active().filter(state=State.RUNNING).order_by().values_list("owner").annotate(Count("pk"))
    )
    waiting_owners = list(
        queued.order_by().values("priority", "owner").annotate(first=Min("pk"))
        .values_list("priority", "owner", "first")
    )  # fmt: skip
    chosen: list[int] = []
    for priority in sorted({priority for priority, _, _ in waiting_owners}, reverse=True):
        owners = [(owner, first) for p, owner, first in waiting_owners if p == priority]
        owners.sort(key=lambda item: (running.get(item[0], 0), turns.get(item[0], 0), item[1]))
        lines: list[tuple[int, list[int]]] = []
        for owner, _ in owners:
            room = min(conf.max_running_per_owner - running.get(owner, 0), slots - len(chosen))
            if room > 0:
                line = (
                    _eligible(queued).filter(priority=priority, owner=owner).order_by("pk").values_list("pk", flat=True)
                )
                lines.append((owner, list(line[:room])))
            if len(lines) >= slots and all(ids for _, ids in lines):
                break
        # One each in turn; an owner with fewer running begins.
        rank = {
            pk: (running.get(owner, 0) + turn, position)
            for position, (owner, ids) in enumerate(lines)
            for turn, pk in enumerate(ids)
        }
        taken = sorted(rank, key=rank.__getitem__)[: slots - len(chosen)]
        chosen += taken
        for owner, ids in lines:
            running[owner] = running.get(owner, 0) + len(set(ids) & set(taken))
        if len(chosen) >= slots:
            break
    return chosen


def queue_position(execution: Execution) -> int | None:
    """Return its place in the queue by priority and age, 1 for the next; ``None`` when it is not queued.

    Owners take turns, so it may begin sooner or later than its place says.
    """
    if execution.state != State.QUEUED:
        return None
    queued = Execution.objects.queued()
    ahead = queued.filter(priority__gt=execution.priority) | queued.filter(
        priority=execution.priority, pk__lt=execution.pk
    )
    return ahead.count() + 1
