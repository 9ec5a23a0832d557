"""What has happened in a range of time, as the dashboard shows it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from executions.admin.dashboard import charts
from executions.admin.dashboard.charts import Chart
from executions.admin.dashboard.ranges import Range
from executions.states import Outcome
from executions.status import look
from executions.tallies.histogram import percentile
from executions.tallies.reading import Figures, Spent, read

#: Rows of a table; the rest is one more row.
SHOWN = 8


@dataclass(slots=True)
class Share:
    """A row of a table with its part of the greatest one."""

    name: str
    runs: int
    tokens: int
    cost_usd: float
    percent: float = 0.0


@dataclass(slots=True)
class Cause:
    """Why runs failed: the code, the outcome it led to, how often, and its part of the most frequent one."""

    code: str
    outcome: str
    count: int
    percent: float


@dataclass(slots=True)
class Past:
    """What happened in ``range`` until ``at``."""

    at: datetime
    range: Range
    figures: Figures
    charts: list[Chart]
    cancels: Chart
    owners: list[Share]
    models: list[Share]
    causes: list[Cause]

    @property
    def created(self) -> int:
        return sum(self.figures.created)

    @property
    def outcomes(self) -> list[tuple[str, str, int]]:
        """How what ended did so: (outcome, word, how many)."""
        return [(outcome, look(outcome).word, self.figures.total(outcome)) for outcome in charts.STACKED]

    @property
    def success_percent(self) -> float | None:
        """Of what ended by itself, how much succeeded: one that somebody stopped is neither a success nor a failure."""
        ended = sum(self.figures.total(outcome) for outcome in Outcome if outcome != Outcome.CANCELED)
        return 100 * self.figures.total(Outcome.SUCCEEDED) / ended if ended else None

    @property
    def median(self) -> float | None:
        whole: Counter[int] = sum(self.figures.durations, Counter())
        return percentile(whole, 0.5)

    @property
    def tokens(self) -> int:
        return sum(spent.input_tokens + spent.output_tokens for spent in self.figures.spent)

    @property
    def cost_usd(self) -> float:
        return sum(spent.cost_usd for spent in self.figures.spent)


def past(shown: Range) -> Past:
    """Read the tallies of a range, in seven queries, and draw them."""
    now = timezone.now()
    starts = shown.starts(now)
    figures = read(starts, shown.span)
    labels = [start.strftime(shown.form) for start in starts]
    return Past(
        now,
        shown,
        figures,
        [
            charts.outcomes(figures, labels),
            charts.percentiles("durations", _("Duration of what ended by itself"), figures.durations, labels),
            charts.percentiles("waits", _("Time in the queue"), figures.waits, labels),
        ],
        charts.cancels(figures),
        _name(_shares(figures.spent, lambda spent: spent.owner_id)),
        _shares(figures.spent, lambda spent: spent.model or _("no model")),
        _causes(figures),
    )


def _name(shares: list[Share]) -> list[Share]:
    """Put names in the place of owners' ids, of those that are shown."""
    ids = [int(share.name) for share in shares if share.name.isdecimal()]
    names = {str(pk): name for pk, name in User.objects.filter(pk__in=ids).values_list("pk", "username")}
    for share in shares:
        if share.name.isdecimal():
            share.name = names.get(share.name) or _("deleted (%(id)s)") % {"id": share.name}
    return shares


def _shares(spent: Iterable[Spent], key: Callable[[Spent], str]) -> list[Share]:
    sums: dict[str, Share] = defaultdict(lambda: Share("", 0, 0, 0.0))
    for one in spent:
        share = sums[key(one)]
        share.name = key(one)
        share.runs += one.runs
        share.tokens += one.input_tokens + one.output_tokens
        share.cost_usd += one.cost_usd
    shares = sorted(sums.values(), key=lambda share: (-share.cost_usd, -share.tokens, -share.runs, share.name))
    if len(shares) > SHOWN:
        rest = shares[SHOWN - 1 :]
        name = ngettext("%(count)s other", "%(count)s others", len(rest)) % {"count": len(rest)}
        amounts = (sum(s.runs for s in rest), sum(s.tokens for s in rest), sum(s.cost_usd for s in rest))
        shares = [*shares[: SHOWN - 1], Share(name, *amounts)]
    # By what most of them have: a price is not known of every model.
    most_usd, most_tokens = max((s.cost_usd for s in shares), default=0), max((s.tokens for s in shares), default=0)
    for share in shares:
        share.percent = 100 * (
            share.cost_usd / most_usd if most_usd else share.tokens / most_tokens if most_tokens else 0
        )
    return shares


def _causes(figures: Figures) -> list[Cause]:
    most = max((count for _, _, count in figures.failures), default=0)
    return [Cause(code, outcome, count, 100 * count / most) for code, outcome, count in figures.failures[:SHOWN]]
