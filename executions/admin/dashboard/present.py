"""What is going on now. Reads what is unfinished and what is alive, never the history."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.db.models import Count, Min, Q
from django.utils import timezone
from django.utils.translation import ngettext

from executions.admin.machines import Machine, machine
from executions.models import Execution, Worker
from executions.states import State

#: Of more that is unfinished, only so many are told apart by agent, owner and worker.
TOLD_APART = 5_000
#: Rows of a table; the rest is one more row.
SHOWN = 8
WORKERS_SHOWN = 200
#: How long a worker that was lost stays on the page.
LOST_SHOWN = timedelta(hours=1)
COLUMNS = ("running", "waiting", "stopping", "queued")


@dataclass(slots=True)
class Line:
    """A row of a table: whose or what, how many in each of :data:`COLUMNS`, and where there is more of it."""

    name: str
    counts: list[int]
    query: str = ""

    @property
    def total(self) -> int:
        return sum(self.counts)


@dataclass(slots=True)
class Present:
    """What is going on at ``at``."""

    at: datetime
    counts: dict[str, int]
    oldest: timedelta | None
    agents: list[Line] = field(default_factory=list)
    owners: list[Line] = field(default_factory=list)
    workers: list[Machine] = field(default_factory=list)
    complete: bool = True

    @property
    def slots(self) -> int:
        return sum(m.worker.slots for m in self.workers if m.state != "lost")

    @property
    def held(self) -> int:
        return sum(m.held for m in self.workers)


def present() -> Present:
    """Look at what is unfinished and who is alive, in eight queries."""
    now = timezone.now()
    states = Execution.objects.unfinished().order_by().values_list("state").annotate(n=Count("pk"))
    asked = Execution.objects.active().filter(cancel_requested_at__isnull=False).order_by()
    stopping = dict(asked.values_list("state").annotate(n=Count("pk")))
    counts = dict.fromkeys(COLUMNS, 0) | {state: n - stopping.get(state, 0) for state, n in states}
    counts["stopping"] = sum(stopping.values())
    oldest = Execution.objects.queued().order_by().aggregate(at=Min("created_at"))["at"]
    found = Present(now, counts, now - oldest if oldest else None, complete=sum(counts.values()) <= TOLD_APART)
    _tell_apart(found)
    return found


def _tell_apart(found: Present) -> None:
    agents: dict[str, Counter[str]] = defaultdict(Counter)
    owners: dict[int, Counter[str]] = defaultdict(Counter)
    held: Counter[str] = Counter()
    columns = ("state", "cancel_requested_at", "agent", "owner_id", "worker_id")
    # What is active comes first in the index; of the queue, as many as fit.
    active = list(Execution.objects.active().order_by().values_list(*columns)[:TOLD_APART])
    queued = Execution.objects.queued().order_by().values_list(*columns)[: TOLD_APART - len(active)]
    for state, asked, agent, owner, worker in [*active, *(queued if found.counts["queued"] else ())]:
        column = "stopping" if asked is not None and state != State.QUEUED else state
        agents[agent][column] += 1
        owners[owner][column] += 1
        if worker and state != State.QUEUED:
            held[worker] += 1
    names = dict(User.objects.filter(pk__in=owners).values_list("pk", "username")) if owners else {}
    found.agents = _lines((name, urlencode({"agent": name}), counts) for name, counts in agents.items())
    named = ((names.get(pk, str(pk)), counts) for pk, counts in owners.items())
    found.owners = _lines((name, urlencode({"q": name}), counts) for name, counts in named)
    recent = Q(stopped_at__isnull=True, lost_at__isnull=True) | Q(lost_at__gte=found.at - LOST_SHOWN)
    for worker in Worker.objects.filter(recent).order_by("-started_at")[:WORKERS_SHOWN]:
        found.workers.append(machine(worker, held[worker.pk], found.at))


def _lines(rows: Iterable[tuple[str, str, Counter[str]]]) -> list[Line]:
    lines = [Line(name, [counts[column] for column in COLUMNS], query) for name, query, counts in rows]
    lines.sort(key=lambda line: (-line.total, line.name))
    if len(lines) > SHOWN:
        rest = lines[SHOWN - 1 :]
        name = ngettext("%(count)s other", "%(count)s others", len(rest)) % {"count": len(rest)}
        lines[SHOWN - 1 :] = [Line(name, [sum(column) for column in zip(*(r.counts for r in rest), strict=True)])]
    return lines
