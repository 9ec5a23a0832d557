"""What a stop of several executions would stop, before it is asked for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext, pgettext

from executions import wording
from executions.models.execution import ExecutionQuerySet
from executions.ongoing import ongoing
from executions.states import State

#: Of more that run than this, only these are looked at for tools and costs.
LOOKED_AT = 500
#: Tools that run commands of a shell.
SHELLS = frozenset({"exec", "Bash"})
_WORDS = {
    State.RUNNING: gettext_noop("%(count)s running"),
    State.WAITING: gettext_noop("%(count)s waiting for you"),
    State.QUEUED: gettext_noop("%(count)s queued"),
}


@dataclass(slots=True)
class Preview:
    """How many are in which state, which tools run now, and what it has cost so far (``None``: not known)."""

    states: dict[str, int] = field(default_factory=dict)
    stopping: int = 0
    tools: Counter[str] = field(default_factory=Counter)
    cost_usd: float | None = None
    complete: bool = True

    @property
    def count(self) -> int:
        return sum(self.states.values())

    def __str__(self) -> str:
        """Say it in a line: ``7 runs (5 running, 2 queued), 2 with a shell command in flight, $0.42 so far``."""
        if not self.count:
            return _("Nothing that could be stopped")
        comma = pgettext("between the parts of a list", ", ")
        parts = [_(_WORDS[State(state)]) % {"count": wording.number(count)} for state, count in self.states.items()]
        parts += [_("%(count)s of them stopping already") % {"count": self.stopping}] if self.stopping else []
        runs = ngettext("%(count)s run (%(states)s)", "%(count)s runs (%(states)s)", self.count)
        said = [runs % {"count": wording.number(self.count), "states": comma.join(parts)}]
        shells = sum(count for tool, count in self.tools.items() if tool in SHELLS)
        if shells:
            said.append(self._at_least(_("%(count)s with a shell command in flight") % {"count": shells}))
        for tool, count in self.tools.items():
            if tool not in SHELLS:
                said.append(self._at_least(_("%(count)s with %(tool)s in flight") % {"count": count, "tool": tool}))
        if self.cost_usd is not None:
            said.append(self._at_least(_("%(cost)s so far") % {"cost": wording.cost(self.cost_usd)}))
        return comma.join(said)

    def _at_least(self, text: str) -> str:
        return text if self.complete else _("at least %(what)s") % {"what": text}


def preview(executions: ExecutionQuerySet) -> Preview:
    """Look at the unfinished ones of ``executions``; at most :data:`LOOKED_AT` journals."""
    unfinished = executions.prefetch_related(None).unfinished()
    asked = Count("pk", filter=Q(cancel_requested_at__isnull=False))
    states = unfinished.order_by().values("state").annotate(count=Count("pk"), asked=asked)
    counted = {state: (count, asked) for state, count, asked in states.values_list("state", "count", "asked")}
    active = list(unfinished.active().order_by("pk").values_list("pk", flat=True)[: LOOKED_AT + 1])
    found = Preview(
        {state: counted[state][0] for state in _WORDS if state in counted},
        sum(asked for _, asked in counted.values()),
        complete=len(active) <= LOOKED_AT,
    )
    for one in ongoing(active[:LOOKED_AT]).values():
        if one.tool:
            found.tools[one.tool] += 1
        if one.cost_usd is not None:
            found.cost_usd = (found.cost_usd or 0.0) + one.cost_usd
    return found
