"""One's limits as the settings show them: each with what is used of it."""

from __future__ import annotations

from typing import NamedTuple

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from executions import owner_limits, wording


class Row(NamedTuple):
    """A limit: its name, what is used, and how much there may be; empty where that is not counted."""

    name: str
    used: str
    most: str


def rows_of(user: User) -> list[Row]:
    """Return the limits of ``user``; budgets where there are some, and what is spent where something is."""
    limits, used = owner_limits.limits_of(user), owner_limits.used_by(user)
    number, dollars = wording.number, wording.cost
    rows = [
        Row(_("Runs at once"), number(used.running), number(limits.max_running)),
        Row(_("Runs in the queue"), number(used.queued), number(limits.max_queued)),
        Row(_("Dollars today"), dollars(used.usd_per_day), dollars(limits.usd_per_day)),
        Row(_("Dollars this month"), dollars(used.usd_per_month), dollars(limits.usd_per_month)),
        Row(_("Tokens today"), number(used.tokens_per_day), _number(limits.tokens_per_day)),
        Row(_("Tokens this month"), number(used.tokens_per_month), _number(limits.tokens_per_month)),
    ]
    if not user.is_staff:
        rows.insert(2, Row(_("Highest priority"), "", str(limits.max_priority)))
    return rows


def _number(value: int | None) -> str:
    return "" if value is None else wording.number(value)
