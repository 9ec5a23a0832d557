"""Which queued executions a worker takes next, and the guarded UPDATE that takes them.

All limits live here: per worker (the ``slots`` asked for), per owner, and one at a time per session and per lock; what
holds up a worker or the queue is :mod:`executions.gate`'s. Order
is priority, then fairness between owners (those with the fewest running first, in turns), then age. Claims of several
workers are serialised, so limits hold across them; a claim is a few short queries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TypeAlias, cast

from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from executions import bus, gate, owner_limits
from executions.changes import announce, change_of
from executions.conf import conf
from executions.models import Execution, OwnerLimits
from executions.models.owner_limits import BUDGETS
from executions.prepared import Among, Param, Prepared, PreparedObjects
from executions.states import State

#: Of how many owners a worker remembers the last turn.
MAX_TURNS = 1_000

_ANY_QUEUED = Prepared(lambda: Execution.objects.queued().order_by().values_list("pk")[:1])

_CLAIMED = PreparedObjects(lambda: Execution.objects.held_by(Param("worker")).filter(Among("pk", "ids")).order_by("pk"))
_OWNERS = PreparedObjects(lambda: get_user_model().objects.filter(Among("pk", "ids")))

_LOCKS = Prepared(
    lambda: Execution.objects.filter(Among("pk", "ids")).exclude(lock="").order_by().values_list("pk", "lock")
)

#: How many each owner has running.
_RUNNING = Prepared(
    lambda: Execution.objects.active().filter(state=State.RUNNING).order_by().values_list("owner").annotate(Count("pk"))
)

#: Priority, owner, id; the owner's own limit (0 for one who may start nothing), and whether there is a budget.
_Head: TypeAlias = tuple[int, int, int, int | None, bool]

_TABLE = Execution._meta.db_table
_LIMITS = OwnerLimits._meta.db_table
_PEOPLE = get_user_model()._meta.db_table
_BUDGET = " OR ".join(f"limits.{name} IS NOT NULL" for name in BUDGETS)
_QUEUED = f"{_TABLE} WHERE state = '{State.QUEUED}' AND finished_at IS NULL"
#: For a column of the row a step starts from; not joined, since PostgreSQL would read the whole table for each step.
_LAST = f"FROM {_TABLE} last WHERE last.id = head.id"
#: Goes along the index of the queue from owner to owner, without reading what stands between: its cost grows with the
#: number of owners who have something queued, not with how much they have. (Neither database skips so by itself.)
_HEADS = f"""
    WITH RECURSIVE head(id) AS (
        SELECT (SELECT id FROM {_QUEUED} ORDER BY priority DESC, owner_id, id LIMIT 1)
        UNION ALL
        SELECT COALESCE(
            (SELECT id FROM {_QUEUED} AND priority = (SELECT priority {_LAST}) AND owner_id > (SELECT owner_id {_LAST})
             ORDER BY priority DESC, owner_id, id LIMIT 1),
            (SELECT id FROM {_QUEUED} AND priority < (SELECT priority {_LAST})
             ORDER BY priority DESC, owner_id, id LIMIT 1)
        )
        FROM head WHERE id IS NOT NULL
    )
    SELECT queued.priority, queued.owner_id, queued.id,
           CASE WHEN NOT person.is_active OR NOT limits.may_start THEN 0 ELSE limits.max_running END,
           COALESCE({_BUDGET}, FALSE)
    FROM {_TABLE} queued JOIN head ON queued.id = head.id JOIN {_PEOPLE} person ON person.id = queued.owner_id
         LEFT JOIN {_LIMITS} limits ON limits.owner_id = queued.owner_id
"""  # noqa: S608 - names of ours


def claim(
    worker_id: str, slots: int, agents: Sequence[str] = (), turns: dict[int, int] | None = None
) -> list[Execution]:
    """Take up to ``slots`` queued executions for a worker that serves ``agents`` (all when empty).

    ``turns`` is the worker's memory of who has had a turn when, by owner's id: of owners with equally many running,
    the one whose last turn is longest ago comes first. Takes none when the worker's lease is gone, while it is drained,
    and while the queue is held.
    """
    turns = {} if turns is None else turns
    if slots <= 0 or not _ANY_QUEUED.exists():
        return []
    with transaction.atomic():
        gate.lock()
        heads = _heads()
        if not heads:  # another worker was quicker
            return []
        may = gate.look(worker_id)
        if not may.open:
            return []
        ids = _one_per_lock(_within_agent_limits(_choose(heads, slots, _served(agents, may.held), turns)))
        if not ids:
            return []
        Execution.objects.claim(ids, worker_id)
        claimed = _CLAIMED.all(ids=ids, worker=worker_id)
        owners = {user.pk: user for user in _OWNERS.all(ids={e.owner_id for e in claimed})}
        for execution in claimed:
            execution.owner = owners[execution.owner_id]
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


@dataclass(frozen=True, slots=True)
class _Served:
    """Which agents' executions a claim may take: ``only`` these (all when empty), but none of ``not_now``."""

    only: tuple[str, ...] = ()
    not_now: tuple[str, ...] = ()

    def queued(self) -> QuerySet[Execution]:
        queued = Execution.objects.queued()
        if self.only:
            queued = queued.filter(agent__in=self.only)
        return queued.exclude(agent__in=self.not_now) if self.not_now else queued


def _served(agents: Sequence[str], held: Sequence[str]) -> _Served:
    """Return the agents that a worker serves, without those at their own limit and those that are held."""
    return _Served(tuple(agents), (*held, *(name for name, room in _room_of_agents().items() if room == 0)))


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


def _one_per_lock(ids: list[int]) -> list[int]:
    """Leave out what would hold the same lock as another one of this claim; it stays queued for the next."""
    holders: dict[str, int] = {}
    lock_of = dict(_LOCKS.rows(ids=ids)) if len(ids) > 1 else {}
    return [pk for pk in ids if pk not in lock_of or holders.setdefault(lock_of[pk], pk) == pk]


def _eligible(queued: QuerySet[Execution]) -> QuerySet[Execution]:
    """Queued executions that are first in their session, with nothing active there, and whose lock nobody holds."""
    same_session = Execution.objects.filter(owner=OuterRef("owner"), session_id=OuterRef("session_id"))
    return queued.alias(
        busy=Exists(same_session.active().exclude(session_id="")),
        older=Exists(same_session.queued().exclude(session_id="").filter(pk__lt=OuterRef("pk"))),
        locked=Exists(Execution.objects.active().filter(lock=OuterRef("lock")).exclude(lock="")),
    ).filter(busy=False, older=False, locked=False)


@lru_cache(maxsize=256)
def _line(served: _Served, room: int) -> Prepared:
    """Return the statement for the first ``room`` that one owner can have claimed in one priority."""
    return Prepared(
        lambda: (
            _eligible(served.queued())
            .filter(priority=Param("priority"), owner=Param("owner"))
            .order_by("pk")
            .values_list("pk")[:room]
        )
    )


def _heads() -> list[_Head]:
    """Return the oldest queued execution of each owner in each priority."""
    with connection.cursor() as cursor:
        cursor.execute(_HEADS)
        return cast("list[_Head]", cursor.fetchall())


def _most_running(heads: Sequence[_Head]) -> dict[int, int]:
    """Return how many each owner may have running at once; none where a budget is used up."""
    everybody = conf.max_running_per_owner
    most = {owner: everybody if own is None else own for _, owner, _, own, _ in heads}
    with_budget = set(most) if conf.budgets else {owner for _, owner, _, _, budget in heads if budget}
    if with_budget:
        most |= dict.fromkeys(owner_limits.used_up(with_budget), 0)
    return most


def _choose(heads: Sequence[_Head], slots: int, served: _Served, turns: Mapping[int, int]) -> list[int]:
    running: dict[int, int] = dict(_RUNNING.rows())
    most = _most_running(heads)
    chosen: list[int] = []
    for priority in sorted({head[0] for head in heads}, reverse=True):
        owners = [(owner, first) for p, owner, first, *_ in heads if p == priority]
        owners.sort(key=lambda item: (running.get(item[0], 0), turns.get(item[0], 0), item[1]))
        lines: list[tuple[int, list[int]]] = []
        for owner, _ in owners:
            room = min(most[owner] - running.get(owner, 0), slots - len(chosen))
            if room > 0:
                rows = _line(served, room).rows(priority=priority, owner=owner)
                lines.append((owner, [pk for (pk,) in rows]))
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
