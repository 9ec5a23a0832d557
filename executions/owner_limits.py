"""How much each owner may: how many at once and in the queue, how urgent, and for how much money and how many tokens.

The settings say it for everybody, a row of :class:`OwnerLimits` for one user. Budgets count what has finished, by days
and months of UTC: a start beyond one is refused, what is queued waits until there is some left, and what runs is let
finish (its own limits bound it).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Case, Q, Sum, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _

from executions import audit, wording
from executions.actions import Action
from executions.conf import conf
from executions.errors import BudgetUsedUp, InvalidInput, StartNotAllowed
from executions.models import Execution, OwnerLimits, OwnerUsage
from executions.models.owner_limits import BUDGETS, COUNTS
from executions.prepared import Among, Param, Prepared
from executions.signals import executions_finished
from executions.states import State

#: All that can be changed.
NAMES = ("may_start", *COUNTS, *BUDGETS)

_OWN = Prepared(lambda: OwnerLimits.objects.filter(owner=Param("owner")).values_list(*NAMES))
_OWN_BUDGETS = Prepared(lambda: OwnerLimits.objects.filter(Among("owner", "ids")).values_list("owner", *BUDGETS))
_DAY = OwnerUsage._meta.get_field("day")
_IS_TODAY = Q(day=Param("today", _DAY))
_SPENT = Prepared(
    lambda: (
        OwnerUsage.objects.filter(Among("owner", "ids"), day__gte=Param("month", _DAY))
        .order_by()
        .values_list("owner")
        .annotate(
            usd_today=Sum(Case(When(_IS_TODAY, then="cost_usd"), default=Value(Decimal(0)))),
            usd=Sum("cost_usd"),
            tokens_today=Sum(Case(When(_IS_TODAY, then="tokens"), default=Value(0))),
            all_tokens=Sum("tokens"),
        )
    )
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one owner may; a budget of ``None`` is none."""

    may_start: bool
    max_running: int
    max_queued: int
    max_priority: int
    usd_per_day: Decimal | None = None
    usd_per_month: Decimal | None = None
    tokens_per_day: int | None = None
    tokens_per_month: int | None = None

    def budgets(self) -> dict[str, Any]:
        """Return the budgets that there are."""
        return {name: value for name in BUDGETS if (value := getattr(self, name)) is not None}


def limits_of(owner: User) -> Limits:
    """Return what ``owner`` may; one statement."""
    everybody = _for_everybody()
    rows = _OWN.rows(owner=owner.pk)
    own = {name: _exact(value) for name, value in zip(NAMES, rows[0], strict=True) if value is not None} if rows else {}
    own["may_start"] = bool(own.get("may_start", True)) and owner.is_active
    return Limits(**{**everybody, **own})


def _for_everybody() -> dict[str, Any]:
    return {
        "may_start": True,
        "max_running": conf.max_running_per_owner,
        "max_queued": conf.max_queued_per_owner,
        "max_priority": conf.max_owner_priority,
        **conf.budgets,
    }


def require_start(limits: Limits, owner: User) -> None:
    """Raise StartNotAllowed or BudgetUsedUp where ``owner`` may start nothing now."""
    if not limits.may_start:
        raise StartNotAllowed
    budgets = limits.budgets()
    if not budgets:
        return
    spent = spent_by([owner.pk]).get(owner.pk, _NOTHING)
    for name, budget in budgets.items():
        if spent[name] >= budget:
            raise BudgetUsedUp(_used_up_words()[name] % {"budget": _amount(name, budget)})


def _used_up_words() -> dict[str, str]:
    """Return what is told of each budget, with ``budget`` to be filled in."""
    return {
        "usd_per_day": _("The budget of %(budget)s a day is used up. It begins anew tomorrow at 00:00 UTC."),
        "usd_per_month": _("The budget of %(budget)s a month is used up. It begins anew with the next month."),
        "tokens_per_day": _("The budget of %(budget)s tokens a day is used up. It begins anew tomorrow at 00:00 UTC."),
        "tokens_per_month": _(
            "The budget of %(budget)s tokens a month is used up. It begins anew with the next month."
        ),
    }


def _amount(name: str, value: Any) -> str:
    return wording.cost(value) if name.startswith("usd") else wording.number(value)


_NOTHING: dict[str, Any] = dict.fromkeys(BUDGETS, 0)


def spent_by(owners: Collection[int], now: datetime | None = None) -> dict[int, dict[str, Any]]:
    """Return what owners have spent, by the names of the budgets; those who have spent nothing are left out."""
    today = (now or timezone.now()).date()
    rows = _SPENT.rows(ids=list(owners), today=today, month=today.replace(day=1))
    return {owner: dict(zip(BUDGETS, map(_exact, spent), strict=True)) for owner, *spent in rows}


def _exact(value: Any) -> Any:
    """Return a sum as a number that compares exactly; SQLite gives those of money as floats."""
    return Decimal(str(round(value, 6))) if isinstance(value, float) else value


def used_up(owners: Collection[int]) -> list[int]:
    """Return those of ``owners`` who have used up one of their budgets; two statements."""
    spent = spent_by(owners)
    own = {owner: dict(zip(BUDGETS, budgets, strict=True)) for owner, *budgets in _OWN_BUDGETS.rows(ids=list(owners))}
    found = []
    for owner in owners:
        given = {name: value for name, value in own.get(owner, {}).items() if value is not None}
        budgets = {**conf.budgets, **given}
        if any(spent.get(owner, _NOTHING)[name] >= _exact(budget) for name, budget in budgets.items()):
            found.append(owner)
    return found


# Looking and changing ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Used:
    """What an owner has of all that now."""

    running: int
    queued: int
    usd_per_day: Decimal
    usd_per_month: Decimal
    tokens_per_day: int
    tokens_per_month: int


def used_by(owner: User) -> Used:
    """Return what ``owner`` has running and queued, and has spent today and in this month."""
    unfinished = Execution.objects.unfinished().filter(owner=owner, state__in=(State.RUNNING, State.QUEUED))
    states = dict(_counts(unfinished.order_by().values_list("state", flat=True)))
    return Used(
        states.get(State.RUNNING, 0), states.get(State.QUEUED, 0), **spent_by([owner.pk]).get(owner.pk, _NOTHING)
    )


def _counts(values: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    return counts


def own_limits(owner: User) -> OwnerLimits:
    """Return what is set for ``owner`` alone; unsaved where nothing is."""
    return OwnerLimits.objects.filter(owner=owner).first() or OwnerLimits(owner=owner)


def change(owner: User, wanted: dict[str, Any], *, by: User | None, reason: str = "") -> OwnerLimits:
    """Set limits of ``owner``: ``None`` is as for everybody, what is not named stays. Raises InvalidInput."""
    if unknown := sorted(set(wanted) - set(NAMES)):
        raise InvalidInput(
            _("There is no limit %(name)r; there are %(names)s.") % {"name": unknown[0], "names": ", ".join(NAMES)}
        )
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=owner.pk)
        row = own_limits(owner)
        before = {name: getattr(row, name) for name in NAMES}
        for name, value in wanted.items():
            setattr(row, name, True if name == "may_start" and value is None else value)
        try:
            row.full_clean(validate_unique=False)
        except ValidationError as error:
            raise InvalidInput(_problems(error.message_dict)) from None
        record_change(owner, before, {name: getattr(row, name) for name in NAMES}, by=by, reason=reason)
        row.save()
    return row


def record_change(
    owner: User, before: dict[str, Any], after: dict[str, Any], *, by: User | None, reason: str = ""
) -> None:
    """Add a change of limits to the audit log, in its transaction; nothing where they are the same."""
    changed = audit.changes(_plain(before), _plain(after))
    if changed:
        about: dict[str, Any] = {"kind": "limits", "object_id": owner.pk, "owner": owner}
        audit.record(Action.LIMITS_CHANGED, by=by, **about, reason=reason, changes=changed)


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {name: float(value) if isinstance(value, Decimal) else value for name, value in values.items()}


def _problems(errors: dict[str, list[str]]) -> str:
    return " ".join(f"{name}: {' '.join(map(str, texts))}" for name, texts in errors.items())


def as_dict(limits: Limits | Used) -> dict[str, Any]:
    """Return limits, or what is used of them, by name."""
    return asdict(limits)


# Counting what is spent ----------------------------------------------------------------------------------------------


def count_usage(executions: Sequence[Execution], today: date | None = None) -> None:
    """Add what finished executions have used to their owners' days, in the transaction that finishes them."""
    day = today or timezone.now().date()
    sums: dict[int, tuple[Decimal, int]] = {}
    for execution in executions:
        tokens = execution.input_tokens + execution.output_tokens
        if tokens or execution.cost_usd:
            dollars, before = sums.get(execution.owner_id, (Decimal(0), 0))
            sums[execution.owner_id] = (dollars + (execution.cost_usd or 0), before + tokens)
    if sums:
        OwnerUsage.objects.add((owner, day, *sums[owner]) for owner in sorted(sums))


def connect() -> None:
    """Count what finishes from now on."""
    executions_finished.connect(_finished, dispatch_uid="executions.count_usage")


def _finished(sender: Any, executions: Sequence[Execution], **kwargs: Any) -> None:
    count_usage(executions)
