"""Narrowing the list by when executions were made, year by year, month by month, day by day, without counting any.

Django's own date hierarchy reads the whole table to find out which days there are. Here they follow from the first and
the last row, and a day is entered at its id (see :mod:`executions.narrowing`).
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from executions.models import Execution
from executions.narrowing import created_before, created_from

PARAMETER = "created"
_PERIOD = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


@dataclass(frozen=True, slots=True)
class Period:
    """A year, a month of it, or a day of that."""

    year: int
    month: int = 0
    day: int = 0

    @classmethod
    def parse(cls, text: str) -> Period:
        """Read ``2026``, ``2026-11`` or ``2026-11-22``. Raises ValueError for anything else."""
        if (found := _PERIOD.fullmatch(text)) is None:
            raise ValueError(text)
        period = cls(*(int(part) for part in found.groups(default="0")))
        date(period.year, period.month or 1, period.day or 1)
        return period

    def __str__(self) -> str:
        parts = (f"{self.year:04}", f"{self.month:02}" if self.month else "", f"{self.day:02}" if self.day else "")
        return "-".join(filter(None, parts))

    @property
    def first(self) -> date:
        return date(self.year, self.month or 1, self.day or 1)

    @property
    def after(self) -> date:
        """The day after the last one."""
        if self.day:
            return self.first + timedelta(days=1)
        if self.month:
            return self.first + timedelta(days=calendar.monthrange(self.year, self.month)[1])
        return date(self.year + 1, 1, 1)

    @property
    def word(self) -> str:
        if self.day:
            return date_format(self.first, "MONTH_DAY_FORMAT")
        return date_format(self.first, "YEAR_MONTH_FORMAT") if self.month else str(self.year)

    def parts(self) -> list[Period]:
        """Return the months of a year, or the days of a month."""
        if not self.month:
            return [Period(self.year, month) for month in range(1, 13)]
        days = calendar.monthrange(self.year, self.month)[1] if not self.day else 0
        return [Period(self.year, self.month, day) for day in range(1, days + 1)]

    def whole(self) -> Period | None:
        """Return what it is a part of."""
        if self.day:
            return Period(self.year, self.month)
        return Period(self.year) if self.month else None


class CreatedFilter(admin.SimpleListFilter):
    """``?created=2026-11``; the list's own links lead there, so the panel of filters shows nothing of it."""

    title = gettext_lazy("day")
    parameter_name = PARAMETER
    template = "admin/executions/execution/no_filter.html"

    def has_output(self) -> bool:
        return True

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return []

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if not self.value():
            return queryset
        try:
            period = Period.parse(str(self.value()))
            begin, end = (datetime(d.year, d.month, d.day, tzinfo=UTC) for d in (period.first, period.after))
        except (ValueError, OverflowError) as error:
            raise IncorrectLookupParameters(error) from error
        return created_before(created_from(queryset, begin), end)


def links(request: HttpRequest) -> dict[str, Any]:
    """Return the way back and the periods that can be chosen next, in two queries."""
    made = Execution.objects.order_by("pk").values_list("created_at", flat=True)
    first, last = made.first(), made.last()
    if first is None or last is None:
        return {}
    # Ids are in the order of time but for clocks that differ.
    oldest, newest = min(first, last).astimezone(UTC).date(), max(first, last).astimezone(UTC).date()
    chosen: Period | None = None
    try:
        chosen = Period.parse(request.GET.get(PARAMETER, ""))
        steps = chosen.parts()
    except ValueError:
        steps = [Period(year) for year in range(oldest.year, newest.year + 1)]
        while len(steps) == 1 and not steps[0].day:  # one year, or one month: what it consists of
            steps = steps[0].parts()
            steps = [step for step in steps if step.first <= newest and step.after > oldest]
    shown = [step for step in steps if step.first <= newest and step.after > oldest]
    return {
        "chosen": chosen,
        "back": [(_("All days"), _query(request, None))] * (chosen is not None)
        + [(whole.word, _query(request, whole)) for whole in _wholes(chosen.whole() if chosen else None)],
        "steps": [(step.word, _query(request, step)) for step in shown],
    }


def _wholes(period: Period | None) -> list[Period]:
    return [*_wholes(period.whole()), period] if period is not None else []


def _query(request: HttpRequest, period: Period | None) -> str:
    query = request.GET.copy()
    for name in (PARAMETER, "p", "e"):
        query.pop(name, None)
    if period is not None:
        query[PARAMETER] = str(period)
    return f"?{query.urlencode()}"
